"""From faces/people.toml to one immutable snapshot of who may come in where and when."""

from server.access.orders import EMPTY, Orders, Roster

__all__ = ["EMPTY", "Orders", "Roster"]
