"""Whose an address is."""

from ipaddress import IPv6Address, ip_address, ip_network

PREFIX = 64
"""Bits of an IPv6 address that tell one subscriber from another; the others each may choose at will."""


def network_of(address: str) -> str:
    """What counts as one where addresses are counted: an address, or of IPv6 the network that a host has to
    itself. What is no address stays as it is."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), PREFIX), strict=False))
