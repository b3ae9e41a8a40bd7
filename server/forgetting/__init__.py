"""Erases a person from everything that the server keeps. Needs the extra `web`."""
