"""Which recogniser a start ends up with, and what is said of it."""

import logging
from typing import Any

import pytest

from server.access.matching.recogniser import DLIB
from server.access.matching.recogniser import SFACE as SFACE_RECOGNISER
from server.settings import Settings
from server.startup import recogniser as under_test
from server.startup.recogniser import photo_pipeline, with_recogniser
from server.support.errors import StartError
from server.weights import SFACE, Weights, WeightsError


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


@pytest.fixture
def without_sface(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(weights: Weights, *_: object) -> bytes:
        if weights is SFACE:
            raise WeightsError("SFace: there is no such file")
        return b""

    monkeypatch.setattr(under_test, "read_weights", read)


@pytest.mark.parametrize("chosen", [{}, {"recogniser": "sface"}, {"recogniser": "dlib"}])
def test_with_all_weights_the_settings_stay(chosen: dict[str, str]) -> None:
    given = settings(**chosen)
    assert with_recogniser(given) == (given, [])


@pytest.mark.usefixtures("without_sface")
def test_without_them_dlib_takes_over_and_what_that_costs_is_told() -> None:
    given = settings(liveness="challenge", tokens={"front": "0123456789abcdef"}, margin=0.1)
    found, remarks = with_recogniser(given)
    assert found == given.model_copy(update={"recogniser": "dlib"})
    assert [level for level, _ in remarks] == [logging.WARNING] * 2
    assert "there is no such file" in remarks[0][1] and "residents are refused" in remarks[1][1]


@pytest.mark.usefixtures("without_sface")
def test_whoever_asked_for_dlib_misses_nothing() -> None:
    given = settings(recogniser="dlib")
    assert with_recogniser(given) == (given, [])


@pytest.mark.usefixtures("without_sface")
def test_whoever_asked_for_sface_by_name_gets_nothing_else() -> None:
    with pytest.raises(StartError, match=r"^recogniser: SFace: there is no such file"):
        with_recogniser(settings(recogniser="sface"))


@pytest.mark.usefixtures("without_sface")
def test_a_threshold_of_sface_is_never_taken_for_one_of_dlib() -> None:
    with pytest.raises(StartError, match=r"dlib's distances hold: write a number from 0\.1 to 0\.45"):
        with_recogniser(settings(threshold=1.0))


def test_photos_are_looked_at_again_when_yunet_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    assert photo_pipeline(settings(recogniser="dlib")) == DLIB.pipeline

    def read(*_: object) -> bytes:
        raise WeightsError("YuNet: there is no such file")

    monkeypatch.setattr(under_test, "read_weights", read)
    assert photo_pipeline(settings(recogniser="dlib")) not in (DLIB.pipeline, SFACE_RECOGNISER.pipeline)
