"""`people`: who is enrolled, who looks alike, what waits and what was rejected."""

import asyncio
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path, PurePath

import pytest

from server.access.liveness.proof import Liveness
from server.access.orders import Roster, TerminalRules
from server.access.permits import Permit, Window
from server.access.policy import Policy
from server.access.rules import Rules
from server.commands.people import limited, people, report, terminals
from server.gallery.admission import LookAlikes
from server.gallery.receipts import Receipt, Status
from server.roster.backup import BACKUP_FILE
from server.roster.terminals import rules_in_force
from server.settings import Settings
from tests.support.photos import jpeg
from tests.support.server_process import ROOT

SUNDAY = datetime(2026, 11, 22, 12, 0)


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
    assert report(
        receipts, pairs, "the odds", {"Ada": "disabled", "Bob": "", "June": "expired"}
    ) == "\n".join(
        [
            "enrolled: 2 people by 3 photos",
            "the odds",
            "  Ada: 1 photo; disabled",
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
    assert report([], [], "", {}) == "enrolled: 0 people by 0 photos"


@pytest.mark.parametrize(
    ("permit", "told"),
    [
        (Permit(), ""),
        (Permit(disabled=True, terminals=frozenset({"lab"})), "disabled"),
        (Permit(valid_until=date(2026, 11, 21)), "expired"),
        (Permit(valid_until=date(2026, 11, 22)), "until 2026-11-22"),
        (
            Permit(valid_from=date(2026, 11, 23), schedule=(Window.read("mon 7:00-8:00"),)),
            "not before 2026-11-23",
        ),
        (Permit(valid_from=date(2026, 11, 22)), ""),
        (Permit(schedule=(Window.read("mon-fri 07:00-19:00"),)), "outside schedule now"),
        (Permit(schedule=(Window.read("sun 07:00-19:00"),)), "within schedule now"),
        (Permit(terminals=frozenset({"lab", "a b"})), 'only at "a b", lab'),
        (
            Permit(
                terminals=frozenset({"lab"}),
                schedule=(Window.read("mon 07:00-19:00"),),
                valid_until=date(2027, 1, 1),
            ),
            "until 2027-01-01; outside schedule now; only at lab",
        ),
    ],
)
def test_what_is_laid_down_is_told_in_short(permit: Permit, told: str) -> None:
    assert limited({"Ada": permit}, SUNDAY) == {"Ada": told}


def test_what_holds_at_terminals_is_told_where_people_toml_says_something_of_them() -> None:
    roster = Roster(
        terminals={
            "lab": TerminalRules(liveness=Liveness.OFF, note='Ring "B"'),
            "back door": TerminalRules(policy=Policy.ALL),
            "default": TerminalRules(attempts=3),
        }
    )
    assert terminals(rules_in_force(roster, Rules())) == [
        "terminals: 3",
        '    terminal "back door": policy all; liveness passive; attempts 3',
        '    terminal lab: policy any; liveness off; attempts 3; note "Ring \\"B\\""',
        "    all other terminals: policy any; liveness passive; attempts 3",
    ]
    assert terminals(rules_in_force(Roster(), Rules())) == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.model_validate({"faces": tmp_path / "faces", "logs": tmp_path / "logs"})
    settings.faces.mkdir()
    return settings


def told(settings: Settings) -> list[str]:
    return asyncio.run(people(settings)).splitlines()


def test_the_rules_of_terminals_follow_the_people(settings: Settings) -> None:
    settings.people_file.write_text('[terminals.default]\nliveness = "challenge"\n')
    assert told(settings) == [
        "enrolled: 0 people by 0 photos",
        "terminals: 1",
        "    all terminals: policy any; liveness challenge; attempts 10",
    ]


def test_whoever_reads_may_stop_before_the_end(settings: Settings) -> None:
    """`| head`."""
    command = [sys.executable, "-m", "server", "people"]
    command += ["--faces", str(settings.faces), "--logs", str(settings.logs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert b"BrokenPipe" not in process.stderr.read()
    assert process.returncode == 0


def test_a_misspelt_name_is_told_of_and_nothing_is_written(settings: Settings) -> None:
    settings.people_file.write_text("[people.jane_do]\n")
    assert told(settings) == [
        f"{settings.people_file} names 'Jane Do', whom no photo enrols",
        "enrolled: 0 people by 0 photos",
    ]
    assert not settings.logs.exists()


def test_held_photos_are_told_and_a_misspelt_one_is_told_of(settings: Settings) -> None:
    (settings.faces / "ada.jpg").write_bytes(jpeg("obama"))
    (settings.faces / "joe.jpg").write_bytes(jpeg("biden"))
    settings.people_file.write_text('held = ["ada.jpg", "jo.jpg"]\n')
    said = told(settings)
    assert said[:2] == [
        f"{settings.people_file} holds 'jo.jpg', which is not there",
        "enrolled: 1 person by 1 photo",
    ]
    assert said[-2:] == [
        "held: 1",
        "    ada.jpg: the photo is held by faces/people.toml until it is released there",
    ]


def test_a_broken_people_file_is_told_and_the_last_good_one_shown(settings: Settings) -> None:
    settings.logs.mkdir()
    backup = settings.logs / BACKUP_FILE
    settings.people_file.write_text('[people.jane]\ndisabled = "no"\n')
    complaint = [
        f"{settings.people_file} CANNOT BE USED:",
        '  [people.jane] disabled: write true or false, not "no"',
    ]
    nobody = "enrolled: 0 people by 0 photos"
    said = told(settings)
    assert said[:2] == complaint and "no limits" in said[2] and said[3:] == [nobody]
    backup.write_text("[people.jane]\ndisabled = true\n")
    assert told(settings) == [
        *complaint,
        f"shown is {backup}",
        f"{settings.people_file} names 'Jane', whom no photo enrols",
        nobody,
    ]
    settings.people_file.unlink()
    said = told(settings)
    assert "an empty one" in said[1] and said[2] == f"shown is {backup}"
    backup.write_text("[")
    said = told(settings)
    assert f"nor can {backup}" in said[2] and said[-1] == nobody
    backup.unlink()
    assert told(settings) == [nobody]
