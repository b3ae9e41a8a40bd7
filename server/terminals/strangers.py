"""Connections that have yet to say hello: they have a budget of their own, so that terminals keep theirs."""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from server.support.networks import network_of

K = TypeVar("K", bound=Hashable)

STRANGERS = 128
"""How many may be connected without having said hello: a large site may come back all at once after a power
cut. With TLS a flood of them takes 60 MB, and no more."""


class Strangers(Generic[K]):
    """Who has yet to say hello, by address. Where one is too many, the oldest of the address that has the
    most makes way: a flood from one address crowds out itself, not a terminal elsewhere."""

    def __init__(self, limit: int = STRANGERS) -> None:
        self._limit = limit
        self._networks: dict[K, str] = {}
        """In order of arrival."""

    def __len__(self) -> int:
        return len(self._networks)

    def of(self, address: str) -> int:
        """How many there are of its network."""
        network = network_of(address)
        return sum(each == network for each in self._networks.values())

    def arrive(self, stranger: K, address: str, most: int | None = None) -> K | None:
        """Count a newcomer. `most`: how many its network may have. Returns who is to be disconnected for it,
        and counts no more."""
        network = network_of(address)
        self._networks[stranger] = network
        crowds = Counter(self._networks.values())
        if most is not None and crowds[network] > most:
            crowd = network
        elif len(self._networks) > self._limit:
            crowd = max(crowds, key=crowds.__getitem__)
        else:
            return None
        oldest = next(stranger for stranger, each in self._networks.items() if each == crowd)
        del self._networks[oldest]
        return oldest

    def leave(self, stranger: K) -> None:
        """Count it no more: it has said hello, or has gone."""
        self._networks.pop(stranger, None)
