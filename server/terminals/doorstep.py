"""Who may come in as a stranger: decided when a connection is accepted, before it costs anything. Pure but
for the clock and the chance that it is given.

After OpenSSH's MaxStartups (start:rate:full) and PerSourcePenalties, but by network: what one does keeps out
itself. Nobody is kept out altogether, as terminals of a site may share an address with whoever does it, and a
network that a terminal came from before is spoken to always.
"""

import random
from collections.abc import Callable

from server.support.networks import network_of
from server.support.rate import RateLimit
from server.support.recent import Recent
from server.support.throttle import Throttle

START, RATE, FULL, MOST = 32, 0.3, 96, 0.8
"""Of the strangers of one network: from START on a newcomer is turned away with a chance of RATE, that grows
to MOST at FULL. More than that there are not: the oldest makes way."""
ARRIVALS_PER_SECOND, ARRIVALS_AT_ONCE = 50.0, 256.0
"""Connections of one network: terminals that share an address come back at once after a power cut."""
FAILURES_FREE = 50
"""Connections of one network that say no hello, or none that can be read, before it costs anything."""
FULL_PENALISED = 8
"""What FULL then is for a while, each time longer: of so few, whoever says hello at once gets in."""


class Doorstep:
    """Owned by the event loop."""

    def __init__(self, clock: Callable[[], float], draw: Callable[[], float] = random.random) -> None:
        """`clock`: monotonic seconds. `draw`: evenly from 0 to 1."""
        self._draw = draw
        self._arrivals = RateLimit(ARRIVALS_PER_SECOND, ARRIVALS_AT_ONCE, clock)
        self._failures = Throttle(clock, FAILURES_FREE)
        self._known: Recent[None] = Recent()

    def welcomed(self, address: str) -> None:
        """A terminal has been let in from there."""
        self._known[network_of(address)] = None

    def knows(self, address: str) -> bool:
        """Whether a terminal has been let in from its network."""
        return network_of(address) in self._known

    def turns_away(self, address: str, strangers: int) -> bool:
        """Whether not even to speak to a newcomer. `strangers`: how many of its network there are already."""
        network = network_of(address)
        if self.knows(address):
            return False
        if self._arrivals.take(network) > 0:
            return True
        return strangers >= START and self._draw() < chance(strangers)

    def most(self, address: str) -> int:
        """How many strangers its network may have."""
        return FULL_PENALISED if self._failures.wait(network_of(address)) > 0 else FULL

    def failed(self, address: str) -> None:
        """One of its network has said no hello, or none that can be read."""
        self._failures.failed(network_of(address))


def chance(strangers: int) -> float:
    """Of being turned away, where there are START strangers or more."""
    return min(MOST, RATE + (MOST - RATE) * (strangers - START) / (FULL - START))
