"""Erases a person from everything that the server keeps."""
