"""What the server tells of itself: where it works, what is kept of whom, and which doors a photo opens."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.access.liveness.proof import Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, SFACE
from server.access.orders import EMPTY, Roster, TerminalRules
from server.access.policy import Policy
from server.settings import Settings
from server.startup.announcements import (
    Changes,
    Remark,
    of_enrolling,
    of_network,
    of_recording,
    of_rules,
    of_the_beginning,
)
from server.tokens.accepted import AcceptedTokens

PEOPLE = Path("faces/people.toml")
OFF = TerminalRules(liveness=Liveness.OFF)
OPENS = "a photo of an enrolled person opens the door"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(**values: Any) -> Settings:
    return Settings.model_validate(values)


def sentences(remarks: list[Remark], level: int | None = None) -> list[str]:
    return [sentence for own, sentence in remarks if level in (None, own)]


def warnings(remarks: list[Remark]) -> list[str]:
    return sentences(remarks, logging.WARNING)


def test_the_first_lines_say_which_file_was_read_and_where_everything_is(folder: Path) -> None:
    file = folder / "doorward.toml"
    file.touch(mode=0o600)
    assert sentences(of_the_beginning(made(logs=Path("/var/log/doors")), Path("doorward.toml"))) == [
        f"settings: {file}",
        f"photos: {folder}/faces; logs: /var/log/doors",
    ]


def test_that_no_settings_file_was_read_is_told_with_where_one_would_be(folder: Path) -> None:
    first = sentences(of_the_beginning(made(), None))[0]
    assert first.startswith(f"settings: none, as there is no {folder}/doorward.toml: defaults")


@pytest.mark.parametrize(
    ("pictures", "what"), [(False, "identify it, is kept"), (True, ", and pictures, is kept")]
)
def test_that_strangers_are_recorded_is_a_warning(folder: Path, pictures: bool, what: str) -> None:
    settings = made(record=True, record_pictures=pictures, record_days=30)
    (told,) = warnings(of_recording(settings))
    assert told.startswith("RECORDING everybody who is seen, strangers too") and what in told
    assert told.endswith(f"in {folder}/logs/recordings for 30 days")
    assert told in warnings(
        of_the_beginning(made(record=True, record_pictures=pictures, record_days=30), None)
    )
    assert of_recording(made(record_pictures=pictures)) == []


def test_how_many_photos_are_looked_at_is_told_before_they_are(folder: Path) -> None:
    assert sentences(of_enrolling(made())) == ["enrolling 0 photos"]
    (folder / "faces").mkdir()
    (folder / "faces" / "jane.jpg").touch()
    (folder / "faces" / "notes.txt").touch()
    assert sentences(of_enrolling(made())) == ["enrolling 1 photo"]
    assert of_enrolling(made(faces=folder / "faces" / "jane.jpg")) == []


@pytest.mark.parametrize(
    ("liveness", "terminals", "warned"),
    [
        ("passive", {}, []),
        ("off", {}, [f"liveness is off: {OPENS}"]),
        ("passive", {"lab": OFF}, [f"liveness is off at terminal lab: {OPENS}"]),
        ("passive", {"default": OFF}, [f"liveness is off at all terminals: {OPENS}"]),
        ("off", {"lab": OFF, "default": TerminalRules(liveness=Liveness.PASSIVE)}, ["at terminal lab"]),
        ("off", {"lab": TerminalRules(liveness=Liveness.CHALLENGE)}, ["at all other terminals"]),
        ("passive", {"lab": OFF, "b b": OFF}, ['at terminal "b b"', "at terminal lab"]),
        ("off", {"default": TerminalRules(liveness=Liveness.CHALLENGE)}, []),
    ],
)
def test_every_door_that_a_photo_opens_is_warned_of(
    liveness: str, terminals: dict[str, TerminalRules], warned: list[str]
) -> None:
    told = warnings(of_rules(made(liveness=liveness).rules(), Roster(terminals=terminals), PEOPLE))
    assert len(told) == len(warned)
    assert all(expected in line for expected, line in zip(warned, told, strict=True))


def test_what_differs_at_a_terminal_is_told() -> None:
    entries = {
        "lab": TerminalRules(policy=Policy.ALL, attempts=0),
        "same": TerminalRules(policy=Policy.ANY, liveness=Liveness.PASSIVE),
    }
    assert sentences(of_rules(made().rules(), Roster(terminals=entries), PEOPLE)) == [
        "policy any; liveness passive",
        "terminal lab, by faces/people.toml: policy all; attempts 0",
    ]


def test_what_people_toml_changes_is_told_again() -> None:
    current = EMPTY
    gallery = Gallery.build(DLIB, 0, [])
    rules = made().rules()
    has_photo = ["ada.jpg"].__contains__
    changes = Changes(made(), lambda: rules, lambda: current, lambda: gallery, AcceptedTokens, has_photo)
    assert changes.look() == []
    current = Roster(terminals={"lab": OFF})
    assert warnings(changes.look()) == [f"liveness is off at terminal lab: {OPENS}"]
    assert changes.look() == []
    current = Roster()
    assert sentences(changes.look()) == ["policy any; liveness passive"]
    current = Roster(held=frozenset({"ada.jpg", "ida.jpg"}))
    assert warnings(changes.look()) == ["faces/people.toml holds 'ida.jpg', which is not there"]


def test_other_rules_are_told_as_a_start_would_tell_them() -> None:
    gallery = Gallery.build(SFACE, 0, [("Ada", np.eye(1, 128, dtype=np.float32))])
    rules = made().rules()
    changes = Changes(
        made(), lambda: rules, lambda: EMPTY, lambda: gallery, AcceptedTokens, {""}.__contains__
    )
    rules = made().rules()
    assert changes.look() == [], "the same"
    rules = made(threshold=1.1, liveness="off").rules()
    assert [(level, sentence) for level, sentence in changes.look()] == [
        (logging.WARNING, "with your 1 person: about 1 stranger in 110; threshold 1.10 (sface)"),
        (logging.INFO, "policy any; liveness off"),
        (logging.WARNING, f"liveness is off: {OPENS}"),
    ]
    assert changes.look() == []


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, []),
        ({"host": "0.0.0.0", "insecure": True}, ["INSECURE", "no TLS"]),
        ({"host": "0.0.0.0"}, ["no terminal has a token", "no TLS"]),
        ({"host": "0.0.0.0", "tokens": {"lab": "x" * 16}}, ["no TLS"]),
        ({"host": "0.0.0.0", "tokens": {"lab": "x" * 16}, "tls_cert": "c", "tls_key": "k"}, []),
    ],
)
def test_who_could_listen_in_or_pose_as_a_door_is_warned_of(
    values: dict[str, Any], warned: list[str]
) -> None:
    made_of = made(**values)
    accepted = AcceptedTokens.of(made_of.tokens, {}, made_of.needs_tokens)
    told = warnings(of_network(made_of, accepted))
    assert [line.startswith(start) for line, start in zip(told, warned, strict=True)] == [True] * len(warned)


def test_a_terminal_whose_certificate_nobody_asks_for_is_named() -> None:
    accepted = AcceptedTokens.of({}, {}, certificates={"front": frozenset({"ab"})})
    (told,) = warnings(of_network(made(), accepted))
    assert told.startswith("no certificate is asked for, so that 'front' cannot connect: tls_terminals")
    tls = {"tls_cert": "c", "tls_key": "k", "tls_terminals": "ca"}
    assert warnings(of_network(made(**tls), accepted)) == []
