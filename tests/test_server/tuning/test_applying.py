"""Other rules into the settings file and to the doors: as a whole, or not at all."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from server.access.policy import Policy
from server.access.present_rules import PresentRules
from server.startup.sources import Sources
from server.tuning.applying import ApplyError, Applying, FileError, OtherValuesError, OverriddenError
from server.tuning.values import InvalidError

SETTINGS = """\
# How strict we are; see the minutes of June.
max_false_accept = 0.001  # agreed

# for the tablet
port = 5001

[tokens]
# the front door
front = "0123456789abcdef"
"""


class Site:
    """A settings file, and the rules that hold since the start."""

    def __init__(self, path: Path, text: str | None, flags: Any = None, environment: Any = None) -> None:
        self.path = path
        if text is not None:
            path.write_text(text, newline="")
        self.source = Sources(flags or {}, environment or {}, path)
        content = b"" if text is None else path.read_bytes()
        self.present = PresentRules(self.source.settings(content, "sface").rules())
        self.applying = Applying(self.source, self.present)

    def apply(self, **wanted: Any) -> dict[str, tuple[Any, Any]]:
        plan = self.applying.plan(wanted)
        self.applying.write(plan)
        self.applying.put_in_force(plan)
        return plan.changed

    def refused(self, **wanted: Any) -> str:
        """Nothing may change."""
        before, rules = self.path.read_bytes() if self.path.exists() else None, self.present.rules
        with pytest.raises(ApplyError) as refused:
            self.apply(**wanted)
        assert (self.path.read_bytes() if self.path.exists() else None) == before
        assert self.present.rules is rules
        assert not list(self.path.parent.glob("*.tmp"))
        return str(refused.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "doorward.toml"


def test_what_is_applied_holds_now_and_after_a_restart_and_comments_stay(path: Path) -> None:
    site = Site(path, SETTINGS)
    assert site.apply(margin=0.08, policy="all", max_false_accept=0.0005) == {
        "policy": ("any", "all"),
        "max_false_accept": (0.001, 0.0005),
        "margin": (None, 0.08),
    }
    assert site.present.rules.margin == 0.08 and site.present.rules.policy is Policy.ALL
    assert path.read_text() == SETTINGS.replace("0.001 ", "0.0005 ").replace(
        "port = 5001\n", 'port = 5001\nmargin = 0.08\npolicy = "all"\n'
    )
    assert site.source.settings(path.read_bytes(), "sface").rules() == site.present.rules


def test_what_is_the_default_is_taken_out_of_the_file(path: Path) -> None:
    site = Site(path, SETTINGS)
    site.apply(max_false_accept=None, frames=4)
    assert "max_false_accept" not in path.read_text() and "the minutes of June" in path.read_text()
    assert site.apply(frames=3) == {"frames": (4, 3)}
    assert "frames" not in path.read_text()
    assert site.present.rules.max_false_accept == 1e-4


def test_a_missing_file_is_made_for_the_servers_user_alone(path: Path) -> None:
    Site(path, None).apply(attempts=0, liveness="challenge")
    assert path.read_text() == 'attempts = 0\nliveness = "challenge"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="no modes, and links need a privilege")
def test_a_file_keeps_its_mode_and_a_link_leads_to_it_still(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "etc" / "settings.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_text("")
    elsewhere.chmod(0o640)
    path.symlink_to(elsewhere)
    Site(path, "").apply(frames=4)
    assert path.is_symlink() and elsewhere.read_text() == "frames = 4\n"
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o640


def test_what_windows_editors_write_stays_so(path: Path) -> None:
    Site(path, "\ufeff# strict\r\nport = 5001\r\n").apply(frames=4)
    assert path.read_bytes().decode() == "\ufeff# strict\r\nport = 5001\r\nframes = 4\r\n"


def test_what_a_flag_or_the_environment_sets_cannot_be_applied(path: Path) -> None:
    site = Site(path, "", {"margin": 0.1}, {"DOORWARD_FRAMES": "4"})
    told = site.refused(margin=0.08, frames=5, policy="all")
    assert told == (
        "The file would not decide: margin by flag --margin, frames by environment DOORWARD_FRAMES. Change it"
        " there, and restart."
    )
    with pytest.raises(OverriddenError) as refused:
        site.applying.plan({"margin": 0.08})
    assert refused.value.by == {"margin": "flag --margin"}
    assert site.apply(policy="all") == {"policy": ("any", "all")}, "the others can"
    assert site.present.rules.margin == 0.1


def test_an_invalid_value_changes_nothing(path: Path) -> None:
    site = Site(path, SETTINGS)
    with pytest.raises(InvalidError):
        site.applying.plan({"threshold": 0.1})
    assert path.read_text() == SETTINGS


def test_what_somebody_wrote_by_hand_since_the_start_does_not_come_into_force_unnoticed(path: Path) -> None:
    site = Site(path, SETTINGS)
    path.write_text("liveness = 'off'\n" + SETTINGS)
    told = site.refused(margin=0.08)
    assert told.startswith(f"{path} says liveness = off, which does not hold yet")
    assert site.apply(margin=0.08, liveness="off"), "unless it is asked for"


def test_a_file_that_a_start_would_refuse_is_not_added_to(path: Path) -> None:
    site = Site(path, SETTINGS)
    path.write_text("prot = 5001\n")
    assert site.refused(margin=0.08) == f"unknown setting: prot ({path})"
    path.write_text("= nonsense")
    assert "not valid TOML" in site.refused(margin=0.08)
    path.write_bytes(b"\xff")
    assert "not UTF-8" in site.refused(margin=0.08)


def test_what_other_settings_allow_is_checked_by_the_same_loader(path: Path) -> None:
    """A threshold for the recogniser that runs, and not for the one that a restart would take."""
    site = Site(path, SETTINGS)
    path.write_text(f'recogniser = "dlib"\n{SETTINGS}')
    assert site.apply(threshold=0.9)
    assert site.present.rules.recogniser.name == "sface"


def test_who_writes_meanwhile_is_not_overwritten(path: Path) -> None:
    site = Site(path, SETTINGS)
    plan = site.applying.plan({"margin": 0.08})
    path.write_text("# mine\n")
    with pytest.raises(OtherValuesError):
        site.applying.write(plan)
    assert path.read_text() == "# mine\n" and site.present.rules.margin is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_written_changes_nothing(path: Path) -> None:
    site = Site(path, SETTINGS)
    path.parent.chmod(0o500)
    try:
        assert "cannot be written" in site.refused(margin=0.08)
    finally:
        path.parent.chmod(0o700)


def test_a_disk_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(path, SETTINGS)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.tuning.applying.replace_private", fails)
    assert site.refused(margin=0.08) == f"{path} cannot be written: no space left on device."


def test_something_that_is_no_file_is_not_replaced(path: Path) -> None:
    site = Site(path, SETTINGS)
    path.unlink()
    path.mkdir()
    with pytest.raises(FileError):
        site.applying.plan({"margin": 0.08})
