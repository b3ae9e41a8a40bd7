"""The lines of the operator log: their exact form, and that they give back what was put in."""

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.operator_log import COMMAND_LINE, FILE, PATTERN, Act, ActKind, append, parse

MANUAL = (Path(__file__).parents[3] / "docs" / "history.md").read_text("utf-8")
MOMENT = datetime(2026, 11, 22, 9, 12, 3, 456000, timezone(timedelta(hours=1)))
ADDED = Act(
    MOMENT, "account:jane", ActKind.PHOTO_ADDED, "Ada Lovelace", "192.0.2.7", {"photo": "ada_lovelace_2.jpg"}
)
SHORT = Act(MOMENT, COMMAND_LINE, ActKind.SITE_EXPORTED)


def test_a_line() -> None:
    assert ADDED.line() == (
        '2026-11-22T09:12:03.456+01:00 photo_added account:jane "Ada Lovelace"'
        " source=192.0.2.7 photo=ada_lovelace_2.jpg"
    )
    assert SHORT.line() == '2026-11-22T09:12:03.456+01:00 site_exported "command line" -'


def test_lines_are_read_back() -> None:
    assert parse(ADDED.line()) == ADDED
    assert parse(SHORT.line()) == SHORT


def test_somebody_called_a_dash_is_not_nobody() -> None:
    act = Act(MOMENT, "-", ActKind.PERSON_ADDED, "-", "-")
    assert parse(act.line()) == act and act != Act(MOMENT, "-", ActKind.PERSON_ADDED, None, "-")


invisible = st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs"]))
texts = st.text() | invisible | st.sampled_from(['" "x=1', "a file's \udc80", "-"])
acts = st.builds(
    Act,
    st.datetimes(timezones=st.just(timezone.utc)).map(lambda moment: moment.replace(microsecond=0)),
    texts,
    st.sampled_from(ActKind),
    st.none() | texts,
    st.none() | texts,
    st.dictionaries(st.text("abc_", min_size=1), texts, max_size=3),
)


@given(acts)
def test_any_act_is_one_visible_line_and_comes_back(act: Act) -> None:
    line = act.line()
    assert len(line.splitlines()) == 1 and line.isprintable()
    assert PATTERN.match(line)
    assert parse(line) == act


@pytest.mark.parametrize("key", ["", "source", "Photo", "a b", "a=b", "a\n"])
def test_a_key_that_would_not_come_back_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        Act(MOMENT, "account:jane", ActKind.PHOTO_ADDED, details={key: "x"}).line()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        ADDED.line().replace("photo_added", "photo_eaten"),
        ADDED.line().replace("2026-11-22T", "2026-13-22T"),
        ADDED.line() + " ",
        ADDED.line() + ' "torn',
        ADDED.line() + "\n" + ADDED.line(),
        ADDED.line().replace('Lovelace"', 'Lovelace\\"'),
    ],
)
def test_anything_else_is_not_a_line(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse(text)


def test_the_manual_gives_the_regular_expression_and_lines_that_it_reads() -> None:
    shown = re.findall(r"^    (\S.*)$", MANUAL, re.MULTILINE)
    assert PATTERN.pattern in shown
    assert [parse(line) for line in shown if line.startswith("20")] == [
        ADDED,
        Act(datetime(2026, 11, 22, 9, 15, 40, 2000, MOMENT.tzinfo), COMMAND_LINE, ActKind.SITE_EXPORTED),
    ]


def test_the_manual_has_every_kind() -> None:
    table = MANUAL[MANUAL.index("| kind | what is done |") :]
    rows = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(kind.value for kind in ActKind)


def test_an_act_of_a_command_is_a_line_after_those_that_are_there(tmp_path: Path) -> None:
    append(tmp_path, ADDED)
    append(tmp_path, SHORT)
    lines = (tmp_path / FILE).read_text("utf-8").splitlines()
    assert [parse(line) for line in lines] == [ADDED, SHORT]


def test_the_words_of_the_vocabulary_are_told_apart_from_verdicts() -> None:
    assert all(kind.value == kind.name.lower() and kind.value.islower() for kind in ActKind)
