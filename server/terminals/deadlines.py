"""How long a peer may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deadlines:
    """How long a peer may take, in seconds."""

    hello: float = 5.0
    """From the first moment to a complete, valid hello."""
    message: float = 10.0
    """From the beginning of a message to its end."""
    idle: float = 60.0
    """Between messages: a terminal that says nothing for so long is gone; ours pings every few seconds."""
    farewell: float = 1.0
    """To read why it is being disconnected."""


DEADLINES = Deadlines()
