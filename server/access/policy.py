"""Whom a grant depends on when several faces are in view."""

from enum import Enum


class Policy(str, Enum):
    """Whom a grant depends on when several faces are in view."""

    ANY = "any"
    FLAG = "flag"
    ALL = "all"
    LARGEST = "largest"
