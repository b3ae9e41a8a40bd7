"""`people`: who is enrolled, who looks alike, what waits and what was rejected."""

from pathlib import PurePath

import pytest

from server.access.evidence import Rules
from server.enrolment import odds
from server.gallery.admission import LookAlikes
from server.gallery.receipts import Receipt, Status
from server.people import report


def receipt(path: str, person: str | None, status: Status, detail: str = "") -> Receipt:
    return Receipt(PurePath(path), person, status, "reason", detail)


def test_everything_is_reported() -> None:
    receipts = [
        receipt("bob/1.jpg", "Bob", Status.ACCEPTED),
        receipt("bob/2\x1b.jpg", "Bob", Status.ACCEPTED),
        receipt("ada.jpg", "Ada", Status.ACCEPTED, "not repeated here"),
        receipt("june.jpg", "June", Status.HELD, "June could be taken for Ada"),
        receipt("_.jpg", None, Status.REJECTED, "no name"),
        receipt("carl.jpg", "Carl", Status.REJECTED, "no face"),
    ]
    pairs = [LookAlikes(("Ada", "Bob"), 0.25, True), LookAlikes(("Bob", "Carl"), 0.3049, False)]
    assert report(receipts, pairs, "the odds") == "\n".join(
        [
            "enrolled: 2 people by 3 photos",
            "the odds",
            "  Ada: 1 photo",
            "    ada.jpg",
            "  Bob: 2 photos",
            "    bob/1.jpg",
            "    'bob/2\\x1b.jpg'",
            "look-alikes: 2",
            "    Ada and Bob, distance 0.25 (confirmed)",
            "    Bob and Carl, distance 0.30",
            "held: 1",
            "    june.jpg: June could be taken for Ada",
            "rejected: 2",
            "    _.jpg: no name",
            "    carl.jpg: no face",
        ]
    )


def test_nobody() -> None:
    assert report([], [], "") == "enrolled: 0 people by 0 photos"


@pytest.mark.parametrize("people", [1, 63, 2800])
def test_the_odds_are_those_that_were_asked_for(people: int) -> None:
    said = odds(Rules(max_false_accept=1e-3), people)
    who = "1 person" if people == 1 else f"{people} people"
    threshold = Rules(max_false_accept=1e-3).threshold_for(people, 1)
    assert said == f"with your {who}: about 1 stranger in 1,000; threshold {threshold:.2f}"


def test_the_odds_of_a_threshold_that_somebody_chose() -> None:
    few, many = odds(Rules(threshold=0.3), 10), odds(Rules(threshold=0.3), 1000)
    assert few != many and few.endswith("threshold 0.30") and many.endswith("threshold 0.30")
