"""Rules with round distances, for synthetic embeddings, and without asking for proof of life."""

from dataclasses import replace
from typing import Any

from server.access.liveness.proof import Liveness
from server.access.matching.recogniser import DLIB
from server.access.rules import Rules

ROUND = replace(DLIB, margin=0.04, contradiction=0.55, stranger=0.6)
"""By which a look at 0.25 is a good one, at 0.5 a poor one, and at 0.7 a stranger's."""


def rules(**changes: Any) -> Rules:
    """`Rules` by `ROUND`; a change may also be one of the recogniser's distances."""
    distances = {name: changes.pop(name) for name in ("contradiction", "stranger") if name in changes}
    chosen: dict[str, Any] = {
        "recogniser": replace(ROUND, **distances),
        "threshold": 0.45,
        "liveness": Liveness.OFF,
        "attempts": 0,
    }
    return Rules(**{**chosen, **changes})
