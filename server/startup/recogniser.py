"""Which recogniser can be had, where the settings leave it open, and what looks at photos with it."""

import logging

from pydantic import ValidationError

from server.settings import Settings
from server.startup.announcements import Remark
from server.support.errors import StartError
from server.weights import SFACE, YUNET, WeightsError, read_weights

COST = (
    "faces are recognised with dlib's older network: residents are refused ten times as often, and the stated"
    " risk does not hold for everybody, least of all for East Asian faces"
)


def with_recogniser(settings: Settings) -> tuple[Settings, list[Remark]]:
    """The settings as they can be followed: with dlib's network where SFace's weights are missing or altered
    and nobody has asked for SFace by name. Raises StartError."""
    if settings.recogniser != "sface":
        return settings, []
    try:
        for weights in (SFACE, YUNET):
            read_weights(weights, settings.models)
    except WeightsError as error:
        if "recogniser" in settings.model_fields_set:
            raise StartError(f"recogniser: {error}") from error
        return _with_dlib(settings), [(logging.WARNING, f"{error}"), (logging.WARNING, COST)]
    return settings, []


def photo_pipeline(settings: Settings) -> str:
    """What the outcome of an enrolment photo depends on: `Recogniser.pipeline`, and whether YuNet is there to
    find what dlib's detector misses."""
    pipeline = settings.rules().recogniser.pipeline
    try:
        read_weights(YUNET, settings.models)
    except WeightsError:
        return f"{pipeline}/hog"
    return pipeline


def _with_dlib(settings: Settings) -> Settings:
    chosen = settings.model_dump(exclude_unset=True) | {"recogniser": "dlib"}
    try:
        return Settings.model_validate(chosen)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise StartError(f"recogniser: without SFace's weights dlib's distances hold: {reason}") from error
