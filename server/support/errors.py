"""Failures of the server or of a command as a whole."""


class StartError(Exception):
    """The server cannot start; the message says what to do about it."""


class CrashError(Exception):
    """A part of the server ended that must run for ever."""


class WrongError(Exception):
    """A command that looks whether all is well has found that it is not; the message is its whole answer."""
