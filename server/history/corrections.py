"""What operators say of decisions that were wrong: acts of theirs, and what they mean. All functions raise
sqlalchemy.exc.SQLAlchemyError."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, select

from server.audit.operator_log import ActKind
from server.history.conditions import ALWAYS, Span, at
from server.history.kept import moment_at
from server.history.tables import ACT, DECISION


class CorrectionKind(str, Enum):
    """`NOT_HER`: somebody was granted who is another than the decision says. `WAS_HIM`: somebody enrolled was
    denied as unknown."""

    NOT_HER = "not_her"
    WAS_HIM = "was_him"


@dataclass(frozen=True)
class Correction:
    """`decision`: its id. `person`: who it was not, or who it was. `photo`: the one that is held since then.
    `added`: whether the picture was to become a photo of the person."""

    decision: str
    kind: CorrectionKind
    person: str
    photo: str | None
    added: bool
    operator: str
    moment: datetime


def corrections(connection: Connection, decisions: Collection[str]) -> dict[str, Correction]:
    """The last correction of each of these decisions that has one, by its id."""
    asked = select(ACT).where(
        ACT.c.kind == ActKind.DECISION_CORRECTED.value, ACT.c.subject.in_(sorted(decisions))
    )
    found = {}
    for row in connection.execute(asked.order_by(ACT.c.number)).mappings():
        details = json.loads(row["details"])
        if details.get("correction") in list(CorrectionKind):
            kind = CorrectionKind(details["correction"])
            found[row["subject"]] = Correction(
                decision=row["subject"],
                kind=kind,
                person=details.get("person", ""),
                photo=details.get("photo"),
                added=kind is CorrectionKind.WAS_HIM and details.get("added") != "no",
                operator=row["operator"],
                moment=moment_at(row["moment"], row["utc_offset"]),
            )
    return found


def correction_counts(
    connection: Connection, span: Span = ALWAYS, terminals: Collection[str] | None = None
) -> dict[CorrectionKind, int]:
    """How many decisions of that span, at these terminals, were corrected so."""
    acts = select(ACT.c.subject).where(ACT.c.kind == ActKind.DECISION_CORRECTED.value)
    wrong = select(DECISION.c.id).where(DECISION.c.id.in_(acts), *span.of(DECISION), *at(DECISION, terminals))
    found = corrections(connection, set(connection.scalars(wrong)))
    kinds = [correction.kind for correction in found.values()]
    return {kind: kinds.count(kind) for kind in CorrectionKind}


def dismissed_strangers(connection: Connection, since: datetime) -> set[str]:
    """Decisions about unknown faces that somebody has said since then to need nothing more."""
    acts = select(ACT.c.subject).where(
        ACT.c.kind == ActKind.STRANGER_DISMISSED.value, *Span(since).of(ACT), ACT.c.subject.is_not(None)
    )
    return set(connection.scalars(acts))
