"""Connections that have yet to say hello: they have a budget of their own, so that terminals keep theirs."""

from collections import Counter
from collections.abc import Hashable
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

STRANGERS = 128
"""How many may be connected without having said hello: a large site may come back all at once after a power
cut. With TLS a flood of them takes 60 MB, and no more."""
HOST_BITS = 64
"""An IPv6 host has all addresses of such a network to itself, and counts once."""


class Strangers(Generic[K]):
    """Who has yet to say hello, by address. Where one is too many, the oldest of the address that has the
    most makes way: a flood from one address crowds out itself, not a terminal elsewhere."""

    def __init__(self, limit: int = STRANGERS) -> None:
        self._limit = limit
        self._origins: dict[K, str] = {}
        """In order of arrival."""

    def __len__(self) -> int:
        return len(self._origins)

    def arrive(self, stranger: K, address: str) -> K | None:
        """Count a newcomer. Returns who is to be disconnected for it, and counts no more."""
        self._origins[stranger] = origin(address)
        if len(self._origins) <= self._limit:
            return None
        crowds = Counter(self._origins.values())
        crowd = max(crowds, key=crowds.__getitem__)
        oldest = next(stranger for stranger, origin in self._origins.items() if origin == crowd)
        del self._origins[oldest]
        return oldest

    def leave(self, stranger: K) -> None:
        """Count it no more: it has said hello, or has gone."""
        self._origins.pop(stranger, None)


def origin(address: str) -> str:
    """What counts as one: an address, or the network that an IPv6 host has to itself."""
    parsed = ip_address(address.partition("%")[0])
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> HOST_BITS << HOST_BITS))
