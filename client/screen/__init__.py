"""What the visitor sees: the words, the picture around them, the window."""
