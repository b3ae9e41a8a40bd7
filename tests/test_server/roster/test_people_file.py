"""people.toml is read as an administrator means it, and every mistake is named with what would be right."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.liveness.proof import Liveness
from server.access.orders import TerminalRules
from server.access.permits import Permit, Window
from server.access.policy import Policy
from server.roster import EMPTY, Roster
from server.roster.people_file import PeopleFileError, display_name, parse
from server.support.explain import MAX_PROBLEMS

DOCS = Path(__file__).parents[3] / "docs" / "people.md"

EVERYTHING = """
confirmed = [["Jane Doe", "june_doe"]]
held = ["jane_doe_2.jpg", "john/3.jpg"]

[people."Jane Doe"]
disabled = false
valid_from = 2026-01-01
valid_until = 2026-12-31
schedule = ["mon-fri 07:00-19:00", "sat 09:00-12:00"]
terminals = ["front-door", "lab"]

[people.barack_obama]
disabled = true

[terminals.front-door]
policy = "all"
liveness = "challenge"
attempts = 5
note = "Ring the bell for reception"

[terminals.default]
attempts = 0
"""


def problems(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(PeopleFileError) as refused:
        parse(text.encode() if isinstance(text, str) else text)
    return tuple(refused.value.problems)


def problem(text: str | bytes) -> str:
    (only,) = problems(text)
    return only


def test_everything_that_can_be_laid_down() -> None:
    assert parse(EVERYTHING.encode()) == Roster(
        {
            "Jane Doe": Permit(
                date(2026, 1, 1),
                date(2026, 12, 31),
                (Window.read("mon-fri 07:00-19:00"), Window.read("sat 09:00-12:00")),
                frozenset({"front-door", "lab"}),
            ),
            "Barack Obama": Permit(disabled=True),
        },
        {
            "front-door": TerminalRules(Policy.ALL, Liveness.CHALLENGE, 5, "Ring the bell for reception"),
            "default": TerminalRules(attempts=0),
        },
        frozenset({frozenset({"Jane Doe", "June Doe"})}),
        frozenset({"jane_doe_2.jpg", "john/3.jpg"}),
    )


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"\xef\xbb\xbf", b"[people]\n[terminals]\n"])
def test_a_file_that_lays_nothing_down_lifts_all_limits(data: bytes) -> None:
    assert parse(data) == EMPTY


def test_a_person_without_keys_has_no_limits() -> None:
    assert parse(b'[people."Jane Doe"]').permits == {"Jane Doe": Permit()}


def test_the_mark_that_windows_editors_set_and_their_line_ends_are_taken() -> None:
    data = b"\xef\xbb\xbf" + EVERYTHING.replace("\n", "\r\n").encode()
    assert parse(data) == parse(EVERYTHING.encode())


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("liveness", Liveness)
def test_every_policy_and_every_liveness_can_be_written(policy: Policy, liveness: Liveness) -> None:
    text = f'[terminals.lab]\npolicy = "{policy.value}"\nliveness = "{liveness.value}"'
    assert parse(text.encode()).terminals == {"lab": TerminalRules(policy, liveness)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jane Doe", "Jane Doe"),
        ("jane_doe", "Jane Doe"),
        ("lin-manuel_miranda", "Lin-Manuel Miranda"),
        ("Joan McDonald", "Joan McDonald"),
        ("jane_doe_2", "Jane Doe 2"),
        ("José", "José"),
        ("李 小龍", "李 小龍"),
        ("J. R. Doe", "J. R. Doe"),
    ],
)
def test_names_are_compared_as_the_gallery_shows_them(text: str, name: str) -> None:
    assert display_name(text) == name
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("person", "complaint"),
    [
        ('disabled = "no"', ' disabled: write true or false, not "no"'),
        ("disabled = 1", " disabled: write true or false, not 1"),
        ('valid_from = "2026-01-01"', ' valid_from: write a date without quotes, like 2026-01-31, not "2026'),
        ("valid_until = 2026-01-01T10:00:00", " valid_until: write a date without quotes"),
        ("valid_until = 20261231", " valid_until: write a date without quotes"),
        ("valid_from = 2026-02-01\nvalid_until = 2026-01-31", ": valid_until, 2026-01-31, is before"),
        ('schedule = "mon 07:00-19:00"', " schedule: write a list of windows"),
        ("schedule = []", " schedule: write a list of windows"),
        (
            'schedule = ["mon-fri 07:00-19:00", "mom 07:00-08:00"]',
            ' schedule, entry 2: "mom 07:00-08:00": there',
        ),
        ("schedule = [7]", " schedule, entry 1: write a list of windows"),
        ('terminals = "lab"', " terminals: write a list of names"),
        ("terminals = []", " terminals: write a list of names"),
        ('terminals = ["lab", ""]', " terminals, entry 2: a terminal's name has 1 to 64 characters"),
        (f'terminals = ["{"x" * 65}"]', " terminals, entry 1: a terminal's name has"),
        ('terminals = ["../lab"]', " terminals, entry 1: a terminal's name has"),
        (
            "disable = true",
            ": there is no key disable; the keys are disabled, valid_from, valid_until, schedule,",
        ),
        ('confirmed = [["A", "B"]]', "; confirmed stands at the top of the file, above the first table"),
        ('held = ["a.jpg"]', "; held stands at the top of the file, above the first table"),
    ],
)
def test_a_mistake_about_a_person_is_named(person: str, complaint: str) -> None:
    told = problem(f'[people."Jane Doe"]\n{person}')
    assert told.startswith('[people."Jane Doe"]') and complaint in told


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ('policy = "most"', ' policy: write "any", '),
        ("liveness = true", ' liveness: write "off", "passive" or "challenge", not true'),
        ("attempts = -1", " attempts: write a whole number from 0 (never lock) to 100, not -1"),
        ("attempts = 101", " attempts: write a whole number"),
        ("attempts = 5.0", " attempts: write a whole number"),
        ("attempts = true", " attempts: write a whole number"),
        ('attempts = "5"', " attempts: write a whole number"),
        (f"attempts = 0x{'f' * 9000}", "not so large a number"),
        ("note = 5", " note: write a text of at most 200 characters, not 5"),
        (f'note = "{"x" * 201}"', " note: the note has 201 characters; at most 200 are shown"),
        (r'note = "a\nb"', " note: a note is one line of text"),
        (r'note = "a\u202eb"', " note: a note is one line of text"),
        (r'note = "a\u001bb"', " note: a note is one line of text"),
        ("Note = 5", ": there is no key Note; the keys are policy, liveness, attempts, note"),
    ],
)
def test_a_mistake_about_a_terminal_is_named(rules: str, complaint: str) -> None:
    told = problem(f"[terminals.front-door]\n{rules}")
    assert told.startswith("[terminals.front-door]") and complaint in told


def test_what_is_just_within_the_limits_is_taken() -> None:
    roster = parse(
        f'[terminals.{"x" * 64}]\nattempts = 100\nnote = "{"é" * 200}"\n'
        "[people.jane]\nvalid_from = 2026-01-01\nvalid_until = 2026-01-01".encode()
    )
    assert roster.terminals["x" * 64] == TerminalRules(attempts=100, note="é" * 200)
    assert roster.permits["Jane"].valid_from == roster.permits["Jane"].valid_until


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "person = 1",
            "there is no key person at the top of the file; the keys are confirmed, held, people, terminals",
        ),
        ("people = 3", 'people: write a table for each person, like [people."Jane Doe"], not 3'),
        ("[people]\njane = 3", "[people.jane]: write a table for each person"),
        ("[people.Dr.Smith]", "[people.Dr]: there is no key Smith;"),
        ('[people.""]', '[people.""]: this is no person\'s name'),
        ('[people."."]', "this is no person's name"),
        ('[people."a/b"]', "a person's name has no slash"),
        (f"[people.{'x' * 101}]", "the name has 101 characters"),
        ("terminals = []", "terminals: write a table for each terminal, like [terminals.front-door], not []"),
        ("[terminals]\nlab = 1", "[terminals.lab]: write a table for each terminal"),
        ('[terminals.""]', "a terminal's name has 1 to 64 characters"),
        (f"[terminals.{'x' * 65}]", "a terminal's name has 1 to 64 characters"),
        ('[terminals.".."]', "a terminal's name has 1 to 64 characters"),
        ("confirmed = 3", "confirmed: write a list of pairs"),
        ('confirmed = ["Jane Doe", ["A", "B"]]', "confirmed, pair 1: write a list of pairs"),
        (
            'confirmed = [["A", "B"], ["Jane Doe", "jane_doe"]]',
            "confirmed, pair 2: a pair is two different people",
        ),
        ('confirmed = [["A", "B", "A"]]', "confirmed, pair 1: a pair is two different people"),
        ('confirmed = [["A", ""]]', "confirmed, pair 1: this is no person's name"),
        ("held = 3", 'held: write a list of photos, like ["jane_doe_2.jpg", "jane_doe/3.jpg"], not 3'),
        ('held = ["a.jpg", 3]', "held, photo 2: write a list of photos"),
        ('held = [""]', 'held, photo 1: "" is no photo\'s path; write it like "jane_doe_2.jpg" or'),
        *(
            (f'held = ["{path}"]', "is no photo's path")
            for path in (".", "/a.jpg", "../a.jpg", "a/../b.jpg", "a/b/c.jpg", "a//b.jpg", "a/", "a\\u0000")
        ),
        ('[people."Jane Doe"]\n[people.jane_doe]', '[people.jane_doe]: "Jane Doe" has an entry already'),
    ],
)
def test_a_mistake_about_the_file_is_named(text: str, complaint: str) -> None:
    assert complaint in problem(text)


def test_a_table_for_a_name_with_a_dot_gets_a_hint() -> None:
    assert problem("[people.Dr.Smith]").endswith("a name with a dot stands in quotes")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"[people.Jane Doe]", r"not valid TOML: .*line 1, column 14.*a name with spaces stands in quotes"),
        (b"\n\nattempts =", r"not valid TOML: .*end of document"),
        (b"[people.a]\n[people.a]", r"not valid TOML: .*twice.*line 2"),
        (b"[people.a]\nvalid_from = 2026-02-31", r"not valid TOML: .*line 2"),
        (b"a\n\n\xff\n", r"line 3 is not UTF-8 text; save the file as UTF-8"),
        ("[people.José]".encode("latin-1"), r"line 1 is not UTF-8"),
        (EVERYTHING.encode("utf-16"), r"not UTF-8"),
        (b"\x00\x01\x02", r"not valid TOML"),
        (b"x = " + b"[" * 100_000, r"not valid TOML: brackets too deep"),
        (b"x = " + b"9" * 5000, r"not valid TOML"),
        (b"\n" + b"a." * 400_000 + b"a = 1", r"line 2 has more than 50 dots"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(data: bytes, complaint: str) -> None:
    assert re.search(complaint, problem(data))


def test_a_comment_may_have_as_many_dots_as_it_likes() -> None:
    assert parse(b"  # " + b"." * 100) == EMPTY


def test_all_problems_are_told_at_once() -> None:
    told = problems(
        'x = 1\nconfirmed = [["A"]]\n[people."Jane Doe"]\ndisabled = 1\nvalid_from = 1\n[people.jane_doe]\n'
        '[people."A/B"]\n[terminals.lab]\nattempts = -1\nnote = 1'
    )
    places = ["confirmed", '"Jane Doe"] disabled', '"Jane Doe"] valid_from', "no slash", "attempts", "note"]
    for place in [*places, "no key x", "jane_doe]"]:
        assert any(place in line for line in told), place
    assert len(told) == 8


def test_the_first_problems_are_not_buried_under_many() -> None:
    told = problems("[people]\n" + "\n".join(f"p{number} = 1" for number in range(MAX_PROBLEMS + 7)))
    assert len(told) == MAX_PROBLEMS + 1 and told[-1] == "and 7 more"
    assert "and" not in problems("[people]\n" + "\n".join(f"p{at} = 1" for at in range(MAX_PROBLEMS)))[-1][:3]


def test_what_is_shown_of_a_value_is_short_and_visible() -> None:
    told = problem(f'[people."\\u202e\\u001b{"x" * 90}"]\ndisabled = "\\n\\u202e{"y" * 500}"')
    assert told.isprintable() and len(told) < 250


def _check(error: PeopleFileError) -> None:
    assert error.problems and all(line and line.isprintable() for line in error.problems)


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_whatever_the_file_holds_it_is_a_roster_or_a_named_problem(data: bytes) -> None:
    try:
        assert isinstance(parse(data), Roster)
    except PeopleFileError as error:
        _check(error)


_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from("ab"), children, max_size=2)
    ),
    max_leaves=6,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(item)}' for key, item in value.items())}}}"
    return repr(value)


_KEYS = [
    "disabled",
    "valid_from",
    "valid_until",
    "schedule",
    "terminals",
    "policy",
    "liveness",
    "attempts",
    "note",
]


@given(st.sampled_from(["people.a.", "terminals.a.", "people.", "", "confirmed."]), st.data())
def test_whatever_a_key_is_given_nothing_but_a_named_problem_comes_out(
    table: str, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from([*_KEYS, "people", "confirmed"]))
    value = data.draw(_VALUES.filter(lambda value: "\ud800" not in str(value)))
    try:
        parse(f"{table}{key} = {_toml(value)}".encode("utf-8", "replace"))
    except PeopleFileError as error:
        _check(error)


def test_the_examples_of_the_documentation_are_valid() -> None:
    examples = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert examples and all(parse(example.encode()) != EMPTY for example in examples)


def test_mistakes_are_told_as_the_documentation_shows() -> None:
    text = DOCS.read_text("utf-8")
    schedule = '["mon 07:00-08:00", "mom 07:00-08:00"]'
    for line in problems(f'[people."Jane Doe"]\ndisabled = "no"\nschedule = {schedule}'):
        assert f"      {line}\n" in text


def test_the_windows_of_the_documentation_are_valid() -> None:
    windows = re.findall(r'^\| `"(.*?)"` \|', DOCS.read_text("utf-8"), re.MULTILINE)
    assert len(windows) == 5 and all(Window.read(window) for window in windows)


def test_the_documentation_names_every_key() -> None:
    text = DOCS.read_text("utf-8")
    assert [key for key in _KEYS if f"| `{key}` |" not in text] == []


def test_the_months_of_a_permit_are_local_dates() -> None:
    permit = parse(b"[people.jane]\nvalid_until = 2026-12-31").permits["Jane"]
    assert permit.valid_until == date(2026, 12, 31) and not isinstance(permit.valid_until, datetime)
