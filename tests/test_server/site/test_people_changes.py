"""What is changed in people.toml is that person, terminal, pair or photo, however it is spelt there."""

from datetime import date

import pytest

from server.roster.people_file import parse
from server.site.errors import Kind, SiteError
from server.site.people_changes import (
    Change,
    add_missing,
    confirm,
    copy_person,
    drop_copy,
    erase_person,
    hold,
    release,
    rename_person,
    set_person,
    set_terminal,
    unconfirm,
)
from server.site.toml_text import Content


def content() -> Content:
    return {
        "confirmed": [["jane_doe", "June Doe"], ["June Doe", "Ada"]],
        "held": ["jane_doe_2.jpg", "zo\u00eb.jpg"],
        "people": {"jane_doe": {"disabled": True}, "Ada": {"valid_until": date(2026, 1, 1)}},
        "terminals": {"lab": {"attempts": 3}},
    }


def after(*changes: Change) -> Content:
    changed = content()
    for change in changes:
        change(changed)
    return changed


def refused(change: Change) -> SiteError:
    changed = content()
    with pytest.raises(SiteError) as caught:
        change(changed)
    assert changed == content()
    return caught.value


def test_a_limit_is_set_and_lifted_under_the_name_as_it_is_spelt() -> None:
    changed = after(set_person("Jane Doe", {"schedule": ["mon 07:00-08:00"], "disabled": None}))
    assert changed == {
        **content(),
        "people": {**content()["people"], "jane_doe": {"schedule": ["mon 07:00-08:00"]}},
    }


def test_an_entry_that_says_nothing_any_more_is_taken_out() -> None:
    assert list(after(set_person("Jane Doe", {"disabled": None}))["people"]) == ["Ada"]
    assert after(set_terminal("lab", {"attempts": None}))["terminals"] == {}


def test_who_had_no_limits_gets_an_entry_by_the_name_as_it_is_shown() -> None:
    changed = after(set_person("Bob B", {"terminals": ["lab"]}), set_terminal("door", {"policy": "any"}))
    assert changed["people"]["Bob B"] == {"terminals": ["lab"]}
    assert changed["terminals"] == {"lab": {"attempts": 3}, "door": {"policy": "any"}}
    assert after(set_person("Bob B", {"disabled": None})) == content()


def test_pairs_are_confirmed_once_and_unconfirmed_in_any_order() -> None:
    assert after(confirm("June Doe", "Jane Doe")) == content()
    assert after(confirm("Jane Doe", "Ada"))["confirmed"] == [*content()["confirmed"], ["Jane Doe", "Ada"]]
    assert after(unconfirm("June Doe", "Jane Doe"))["confirmed"] == [["June Doe", "Ada"]]
    error = refused(unconfirm("Jane Doe", "Ada"))
    assert (error.kind, str(error)) == (Kind.NOT_FOUND, "Jane Doe and Ada are not confirmed")


def test_photos_are_held_once_and_released_whatever_form_their_accents_have() -> None:
    assert after(hold("zoe\u0308.jpg")) == content()
    assert after(hold("ada.jpg"))["held"] == [*content()["held"], "ada.jpg"]
    assert after(release("zoe\u0308.jpg"))["held"] == ["jane_doe_2.jpg"]
    assert refused(release("ada.jpg")).kind is Kind.NOT_FOUND
    assert "rename the file" in str(refused(hold("ada\udcff.jpg")))


def test_whoever_is_erased_stands_nowhere_any_more() -> None:
    assert after(erase_person("Jane Doe")) == {
        "confirmed": [["June Doe", "Ada"]],
        "held": ["zo\u00eb.jpg"],
        "people": {"Ada": {"valid_until": date(2026, 1, 1)}},
        "terminals": {"lab": {"attempts": 3}},
    }
    assert after(erase_person("Nobody")) == content()


PATHS = {"jane_doe_2.jpg": "jane_roe_2.jpg", "jane_doe.jpg": "jane_roe.jpg"}


def test_before_a_rename_both_names_have_the_limits_and_are_no_pair() -> None:
    changed = after(copy_person("Jane Doe", "Jane Roe", PATHS))
    assert changed["people"]["Jane Roe"] == changed["people"]["jane_doe"] == {"disabled": True}
    assert changed["confirmed"] == [*content()["confirmed"], ["Jane Roe", "June Doe"]]
    assert changed["held"] == [*content()["held"], "jane_roe_2.jpg"]
    assert after(copy_person("Nobody", "Jane Roe", {})) == content()


def test_what_was_laid_down_for_both_names_can_be_taken_back() -> None:
    copied = copy_person("Jane Doe", "Jane Roe", PATHS), drop_copy("Jane Doe", "Jane Roe", PATHS)
    assert after(*copied) == content()
    changed = after(
        copied[0],
        set_person("Jane Roe", {"valid_until": date(2027, 1, 1)}),
        drop_copy("Jane Doe", "Jane Roe", {}),
    )
    assert changed["people"]["Jane Roe"] == {"disabled": True, "valid_until": date(2027, 1, 1)}


def test_after_a_rename_all_stands_under_the_new_name_in_the_same_place() -> None:
    changed = after(
        copy_person("Jane Doe", "Jane Roe", PATHS),
        drop_copy("Jane Doe", "Jane Roe", PATHS),
        rename_person("Jane Doe", "Jane Roe", PATHS),
    )
    assert changed == {
        **content(),
        "confirmed": [["Jane Roe", "June Doe"], ["June Doe", "Ada"]],
        "held": ["jane_roe_2.jpg", "zo\u00eb.jpg"],
        "people": {"Ada": {"valid_until": date(2026, 1, 1)}, "Jane Roe": {"disabled": True}},
    }


def test_two_who_were_a_pair_are_none_under_one_name() -> None:
    assert after(rename_person("Jane Doe", "June Doe", {}))["confirmed"] == [["June Doe", "Ada"]]


def test_what_has_been_laid_down_for_the_new_name_stays() -> None:
    changed = after(rename_person("Jane Doe", "Ada", {}))
    assert changed["people"] == {"Ada": {"valid_until": date(2026, 1, 1)}}


def test_a_merge_takes_no_rule_that_is_laid_down_here_for_all_terminals_or_for_that_one() -> None:
    theirs = {
        "terminals": {
            "default": {"liveness": "off"},
            "door": {"liveness": "off", "note": "Ring"},
            "gate": {"liveness": "off"},
            "lab": {"liveness": "off"},
        }
    }
    ours = set_terminal("default", {"liveness": "challenge"})
    assert after(ours, add_missing(theirs, ()))["terminals"] == {
        "lab": {"attempts": 3},
        "default": {"liveness": "challenge"},
        "door": {"note": "Ring"},
    }


def test_the_content_that_is_changed_here_is_a_valid_one() -> None:
    from server.site.toml_text import rewritten

    assert parse(rewritten("", {}, content()).encode()).permits.keys() == {"Jane Doe", "Ada"}
