"""What one terminal takes of the workers."""

import pytest

from server.terminals.share import SECONDS_AT_ONCE, WORK_PER_SECOND, WorkShare


@pytest.mark.parametrize(("fps", "work"), [(15, 0.02), (30, 0.012), (2, 0.1)])
def test_a_door_as_it_is_used_never_takes_more_than_its_share(fps: int, work: float) -> None:
    share = WorkShare(0.0)
    for number in range(60 * fps):
        assert not share.used_up(number / fps)
        share.worked(work, number / fps + work)


def test_large_frames_as_fast_as_can_be_use_it_up_and_a_rest_brings_it_back() -> None:
    share, now = WorkShare(0.0), 0.0
    while not share.used_up(now):
        now += 0.15
        share.worked(0.15, now)
    assert now == pytest.approx(WORK_PER_SECOND * SECONDS_AT_ONCE / (1 - WORK_PER_SECOND), abs=0.2)
    assert not share.used_up(now + 0.5)
    share.worked(0.0, now + 3600)
    share.worked(WORK_PER_SECOND * SECONDS_AT_ONCE, now + 3600)
    assert share.used_up(now + 3600), "what was not used does not pile up"
