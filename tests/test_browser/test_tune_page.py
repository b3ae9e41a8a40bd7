"""The page on which an administrator tries other rules, and applies them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.access.policy import Policy
from server.access.seen import Face
from server.events import DoorClosed, FrameObserved
from server.recording.files import FOLDER
from server.recording.recorder import Recorder
from tests.support import console
from tests.support.chromium import expect, needs_chromium
from tests.support.console import PASSWORD, Site, serving
from tests.support.embeddings import box, look
from tests.support.made_up_people import some_people
from tests.support.recorded import LiveDoor
from tests.support.server_process import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_chromium


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with console.site(tmp_path, liveness="off", record=True) as made:
        made.settings_file.write_text('liveness = "off"  # for the test\n')
        made.gallery, made.photos.enrolled = some_people()
        yield made


@pytest.fixture
def tune(site: Site, page: "Page") -> "Iterator[Page]":
    """The page, with the administrator signed in."""
    with serving(site) as served:
        page.goto(f"{served.address}/sign-in?next=/tune")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Tune")).to_be_visible()
        yield page


def record(site: Site) -> None:
    """Ada, less near than usual, is granted once."""
    rules = site.rules.rules
    recorder = Recorder.in_folder(site.running.settings.logs / FOLDER)
    door = LiveDoor(rules, site.gallery, terminal="front")
    for number in range(40):
        frame = door.see([Face(box(), look(0, 0.85, 5))] if number < 25 else [], number * 0.2)
        recorder.take(FrameObserved("s", "front", frame, rules))
    recorder.take(DoorClosed("s", "front", door.close(), rules))
    recorder.close()


def test_a_moved_value_shows_what_it_would_mean_and_changes_nothing(site: Site, tune: "Page") -> None:
    sentence = tune.locator("#sentence")
    expect(sentence).to_contain_text("about 1 stranger in 10,000")
    expect(tune.get_by_role("button", name="Apply")).to_be_disabled()
    tune.get_by_label("Threshold by hand").fill("1.1")
    expect(sentence).to_contain_text("threshold 1.10")
    expect(tune.get_by_text("This lets in more than one stranger in 1,000.")).to_be_visible()
    expect(tune.get_by_text("Bob: 0, then 2 of 2 photos")).to_be_visible()
    expect(tune.get_by_text("Ada and Carl")).to_be_visible()
    tune.get_by_label("Threshold by hand").fill("0.2")
    expect(tune.get_by_text("write a number from 0.6 to 1.15")).to_be_visible()
    expect(tune.get_by_role("button", name="Apply")).to_be_disabled()
    tune.get_by_role("button", name="Back to what holds").click()
    expect(sentence).to_contain_text("about 1 stranger in 10,000")
    assert site.rules.rules.threshold is None and "threshold" not in site.settings_file.read_text()


def test_the_slider_is_moved_by_keys_and_says_its_value(site: Site, tune: "Page") -> None:
    slider = tune.get_by_label("Strangers who may be let in")
    expect(slider).to_be_enabled()
    slider.focus()
    tune.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "1 in 5,000")
    expect(tune.locator("#sentence")).to_contain_text("about 1 stranger in 5,000")


def test_what_is_applied_is_confirmed_in_words_and_holds(site: Site, tune: "Page") -> None:
    tune.get_by_label("With several people in view").select_option("all")
    tune.get_by_label("Margin to the runner-up").fill("0.08")
    button = tune.get_by_role("button", name="Apply")
    expect(button).to_be_enabled()
    button.click()
    dialog = tune.get_by_role("dialog")
    expect(dialog).to_contain_text(
        "How much farther the runner-up must be: 0.05, the recogniser's own, then 0.08."
    )
    expect(dialog).to_contain_text("all must be known and allowed in")
    dialog.get_by_role("button", name="No").click()
    assert site.rules.rules.policy is Policy.ANY
    button.click()
    dialog.get_by_role("button", name="Yes").click()
    wait_for(lambda: site.rules.rules.margin == 0.08, what="what was applied")
    assert site.rules.rules.policy.value == "all"
    expect(tune.get_by_label("Margin to the runner-up")).to_have_value("0.08")
    expect(button).to_be_disabled()
    assert (
        site.settings_file.read_text() == 'liveness = "off"  # for the test\npolicy = "all"\nmargin = 0.08\n'
    )


def test_what_somebody_else_has_applied_meanwhile_is_not_overwritten(site: Site, tune: "Page") -> None:
    tune.get_by_label("Margin to the runner-up").fill("0.08")
    expect(tune.get_by_role("button", name="Apply")).to_be_enabled()
    site.browser("admin").put("/api/v1/tuning", json={"frames": 4})
    tune.get_by_role("button", name="Apply").click()
    tune.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(tune.get_by_text("Somebody else has changed this meanwhile; load it again.")).to_be_visible()
    assert site.rules.rules.margin is None


def test_what_was_recorded_is_replayed_under_the_rules_in_the_form(site: Site, tune: "Page") -> None:
    record(site)
    tune.get_by_label("Threshold by hand").fill("0.8")
    tune.get_by_role("button", name="Replay").click()
    expect(tune.get_by_text("Visits: 1; they end otherwise: 1")).to_be_visible(timeout=60_000)
    row = tune.get_by_role("row", name="Ada")
    expect(row.first).to_contain_text("loses")
    expect(tune.get_by_text("granted Ada (recognised")).to_be_visible()
    expect(tune.get_by_text("denied unknown (unknown_face")).to_be_visible()
    tune.reload()
    expect(tune.get_by_text("Visits: 1; they end otherwise: 1")).to_be_visible()


def test_the_charts_have_tables_that_say_the_same(site: Site, tune: "Page") -> None:
    expect(tune.get_by_text("Nobody came in the last 30 days.")).to_be_visible()
    expect(tune.get_by_text("4 photos against the same person's others")).to_be_visible()
    tune.get_by_text("As a table").first.click()
    expect(tune.locator("#grid-table").get_by_role("row", name="1 in 10,000").first).to_be_visible()
