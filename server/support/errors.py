"""Failures of the server as a whole."""


class StartError(Exception):
    """The server cannot start; the message says what to do about it."""


class CrashError(Exception):
    """A part of the server ended that must run for ever."""
