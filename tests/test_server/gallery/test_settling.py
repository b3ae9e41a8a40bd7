"""Files that may be half copied are tried again until they have settled."""

from pathlib import PurePath

import pytest

from server.gallery.folder import PhotoFile, Signature
from server.gallery.settling import SETTLE_SECONDS, Settling
from tests.support.clock import Clock


def file(size: int = 1) -> PhotoFile:
    return PhotoFile(PurePath("ada.jpg"), "Ada", Signature(size, 0, 0, 0))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_file_that_does_not_change_has_settled_after_a_while(clock: Clock) -> None:
    settling = Settling(clock)
    assert not settling.waits_for(file())
    assert settling.may_be_half_copied(file()) and settling.waits_for(file())
    clock.now = SETTLE_SECONDS - 0.01
    assert settling.may_be_half_copied(file())
    clock.now = SETTLE_SECONDS
    assert not settling.may_be_half_copied(file())


def test_every_change_starts_the_time_anew(clock: Clock) -> None:
    settling = Settling(clock)
    for size in (1, 2, 3):
        assert settling.may_be_half_copied(file(size))
        clock.now += SETTLE_SECONDS
    assert not settling.waits_for(file(2)) and settling.waits_for(file(3))


def test_a_file_that_is_gone_is_forgotten(clock: Clock) -> None:
    settling = Settling(clock)
    assert settling.may_be_half_copied(file())
    settling.keep_only([PurePath("ada.jpg")])
    assert settling.waits_for(file())
    settling.keep_only([])
    assert not settling.waits_for(file())
    assert settling.may_be_half_copied(file())
    settling.forget(PurePath("ada.jpg"))
    assert not settling.waits_for(file())
