"""The door terminal: camera in, verdict on the screen, nothing heavier than OpenCV."""
