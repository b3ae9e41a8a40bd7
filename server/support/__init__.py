"""What is not about doors: operating system, console, errors."""
