"""Rules with round distances, for synthetic embeddings, and without asking for proof of life."""

from typing import Any

from server.access.liveness.proof import Liveness
from server.access.rules import Rules


def rules(**changes: Any) -> Rules:
    """`Rules` by which a look at 0.25 is a good one, at 0.5 a poor one, and at 0.7 a stranger's."""
    chosen: dict[str, Any] = {
        "threshold": 0.45,
        "margin": 0.04,
        "contradiction": 0.55,
        "stranger": 0.6,
        "liveness": Liveness.OFF,
        "attempts": 0,
    }
    return Rules(**{**chosen, **changes})
