"""Unknown faces that are proposed: few, for a day, and for a person to decide about."""

import asyncio
from collections.abc import Awaitable, Callable

from server.events import Events, FaceProposed
from server.terminals.proposals import KEPT_SECONDS, MOST, TERMINAL_MOST, TERMINAL_SECONDS, Proposals
from tests.support import virtual_time
from tests.support.service import Heard
from wire import Box, ProposalOutcome

SMALL, LARGE = Box(0, 50, 50, 0), Box(0, 200, 100, 100)
KEPT, TOO_MANY = ProposalOutcome.KEPT, ProposalOutcome.TOO_MANY


def run(test: Callable[[Proposals], Awaitable[None]]) -> Heard:
    heard = Heard(FaceProposed)
    events = Events([heard])

    async def with_proposals() -> None:
        await test(Proposals(events))

    virtual_time.run(with_proposals())
    events.close()
    return heard


def test_the_largest_unknown_face_is_kept_until_somebody_takes_it() -> None:
    async def test(proposals: Proposals) -> None:
        assert proposals.add("door", b"jpeg", [SMALL, LARGE]) is KEPT
        assert proposals.add("gate", b"other", [SMALL]) is KEPT
        other, kept = proposals.waiting()
        assert (kept.terminal, kept.jpeg, kept.box) == ("door", b"jpeg", LARGE)
        assert (other.terminal, other.box) == ("gate", SMALL)
        assert proposals.find(kept.id) is kept and proposals.take(kept.id) is kept
        assert proposals.find(kept.id) is None and proposals.take(kept.id) is None
        assert proposals.dismiss(other.id) and not proposals.dismiss(other.id)
        assert proposals.waiting() == []

    heard = run(test)
    assert [event.terminal for event in heard.events if isinstance(event, FaceProposed)] == ["door", "gate"]


def test_where_all_are_known_or_nobody_is_there_is_nothing_to_keep() -> None:
    async def test(proposals: Proposals) -> None:
        assert proposals.add("door", b"jpeg", []) is ProposalOutcome.NO_UNKNOWN_FACE
        assert proposals.waiting() == []

    assert run(test).events == []


def test_a_terminal_proposes_few_at_a_time_also_when_they_are_dismissed() -> None:
    async def test(proposals: Proposals) -> None:
        for _ in range(TERMINAL_MOST):
            assert proposals.add("door", b"jpeg", [SMALL]) is KEPT
            proposals.dismiss(proposals.waiting()[0].id)
        assert proposals.add("door", b"jpeg", [SMALL]) is TOO_MANY
        assert proposals.add("gate", b"jpeg", [SMALL]) is KEPT
        await asyncio.sleep(TERMINAL_SECONDS - 1)
        assert proposals.add("door", b"jpeg", [SMALL]) is TOO_MANY
        await asyncio.sleep(1)
        assert proposals.add("door", b"jpeg", [SMALL]) is KEPT

    run(test)


def test_all_terminals_together_propose_no_more_than_somebody_looks_at() -> None:
    async def test(proposals: Proposals) -> None:
        for number in range(MOST):
            assert proposals.add(f"door {number}", b"jpeg", [SMALL]) is KEPT
        assert proposals.add("gate", b"jpeg", [SMALL]) is TOO_MANY
        proposals.dismiss(proposals.waiting()[0].id)
        assert proposals.add("gate", b"jpeg", [SMALL]) is KEPT

    run(test)


def test_after_a_day_a_proposal_is_gone() -> None:
    async def test(proposals: Proposals) -> None:
        proposals.add("door", b"jpeg", [SMALL])
        await asyncio.sleep(KEPT_SECONDS - 1)
        assert len(proposals.waiting()) == 1
        await asyncio.sleep(2)
        assert proposals.waiting() == []

    run(test)
