"""Another content, and every comment that does not belong to what is gone stays."""

import re
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.site.toml_text import LINE_ITEMS, Content, rewritten
from server.support.toml_file import document

TEXT = """\
# Our site.

# Look-alikes
confirmed = [
  ["Jane Doe", "june_doe"],  # sisters
  ["A B", "C D"],
]

# Jane: contractor
[people."Jane Doe"]  # since May
# for now
disabled = true  # he said
schedule = [
  "mon 07:00-08:00",  # early
  "sat 07:00-08:00",
]
# until HR decides

# The board

# Bob
[people.bob]
disabled = true
[terminals.lab]
attempts = 3  # three

# The last
[people.c]
"""


def edited(text: str, **changes: Any) -> str:
    """With other values at the top, by their keys; a list goes on below what stands there."""
    before = document(text.encode())
    after = {key: value for key, value in {**before, **changes}.items() if value is not None}
    new = rewritten(text, before, after)
    assert {key: value for key, value in document(new.encode()).items() if value != {}} == after
    return new


def people(**entries: Any) -> Content:
    """The people of `TEXT`, some of them otherwise; None takes one out."""
    content = {**document(TEXT.encode())["people"], **entries}
    return {key: value for key, value in content.items() if value is not None}


def test_the_same_content_gives_the_same_text() -> None:
    assert edited(TEXT) == TEXT


def test_a_value_is_changed_where_it_stands() -> None:
    assert edited(TEXT, terminals={"lab": {"attempts": 5}}) == TEXT.replace("= 3  #", "= 5  #")


def test_a_new_value_stands_behind_the_others_and_before_the_comments_of_what_follows() -> None:
    jane = people()["Jane Doe"] | {"valid_until": date(2026, 12, 31)}
    until = "valid_until = 2026-12-31\n# until HR"
    assert edited(TEXT, people=people(**{"Jane Doe": jane})) == TEXT.replace("# until HR", until)
    assert edited(TEXT, people=people(c={"disabled": True})) == TEXT + "disabled = true\n"


def test_a_value_that_is_taken_out_leaves_the_rest() -> None:
    jane = people()["Jane Doe"]
    del jane["schedule"]
    new = edited(TEXT, people=people(**{"Jane Doe": jane}))
    assert new == re.sub(r"schedule = \[.*?\]\n(?=# until)", "", TEXT, flags=re.DOTALL)


def test_an_item_comes_and_another_goes_and_the_others_keep_their_comments() -> None:
    pairs = [["Jane Doe", "june_doe"], ["E", "F"]]
    assert edited(TEXT, confirmed=pairs) == TEXT.replace('["A B", "C D"]', '["E", "F"]')
    added = TEXT.replace('"C D"],\n', '"C D"],\n  ["E", "F"],\n')
    assert edited(TEXT, confirmed=[*pairs[:1], ["A B", "C D"], pairs[1]]) == added
    assert edited(TEXT, confirmed=pairs[:1]) == TEXT.replace('  ["A B", "C D"],\n', "")


def test_an_entry_goes_with_its_own_comments_only() -> None:
    gone = re.sub(r"# Jane: .*?# until HR decides\n\n", "", TEXT, flags=re.DOTALL)
    assert edited(TEXT, people=people(**{"Jane Doe": None})) == gone
    assert edited(TEXT, people=people(bob=None)) == TEXT.replace("# Bob\n[people.bob]\ndisabled = true\n", "")
    assert edited(TEXT, people=people(c=None)) == TEXT.replace("\n# The last\n[people.c]\n", "")


def test_all_entries_can_go() -> None:
    assert edited(TEXT, people=None, terminals=None, confirmed=None) == (
        "# Our site.\n\n# Look-alikes\n\n# The board\n"
    )
    assert edited("[people.a]\n", people=None) == ""


def test_a_new_entry_stands_behind_the_last_one_of_its_section() -> None:
    text = '# a\n[people.a]\ndisabled = true\n\n# lab\n[terminals.lab]\n\n[people."b c"]\n# b\n\n# end\n'
    new = edited(text, people={"a": {"disabled": True}, "b c": {}, 'Ž "x"': {"terminals": ["lab"]}})
    entry = '\n[people."Ž \\"x\\""]\nterminals = ["lab"]\n'
    assert new == text.replace('[people."b c"]\n', f'[people."b c"]\n{entry}')
    assert edited("x = 1", people={"a": {}}) == "x = 1\n\n[people.a]\n"
    assert edited("", people={"a": {"disabled": True}}) == "[people.a]\ndisabled = true\n"


def test_an_entry_that_has_another_name_only_keeps_everything() -> None:
    jane = people()
    jane["Jane Smith"] = jane.pop("Jane Doe")
    assert edited(TEXT, people=jane) == TEXT.replace('[people."Jane Doe"]', '[people."Jane Smith"]')


def test_a_new_value_at_the_top_stands_above_the_first_section_and_its_comment() -> None:
    held = 'held = ["a.jpg"]\n'
    assert edited(TEXT, held=["a.jpg"]) == TEXT.replace("]\n\n# Jane:", f"]\n{held}\n# Jane:")
    for head, body in [
        ("# Our site.\n\n", "# a\n[people.a]\n"),
        ("", "# a\n[people.a]\n"),
        ("# Our site.\n# Take care.\n\n", "[people.a]\n"),
        ("", "# nothing yet\n"),
    ]:
        assert edited(head + body, held=["a.jpg"]) == f"{head}{held}\n{body}"
    assert edited("", held=["a.jpg"]) == held
    assert edited("held = [] # none\n", held=["a.jpg"]) == 'held = ["a.jpg"] # none\n'


def test_a_long_list_gets_a_line_for_each_item() -> None:
    text, names = "held = []\n", [f"{at}.jpg" for at in range(LINE_ITEMS + 1)]
    short = edited(text, held=names[:-1])
    assert short.count("\n") == 1
    assert edited(short, held=names) == "held = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n"
    assert edited("", held=names).count("\n") > LINE_ITEMS


def test_line_ends_stay_those_of_the_text() -> None:
    new = edited(TEXT.replace("\n", "\r\n"), held=["a.jpg"], people=people(d={"disabled": True}))
    assert new.count("\n") == new.count("\r\n")


@pytest.mark.parametrize(
    "text",
    [
        '[people]\n# c\njane.disabled = true\n"Bob B" = {disabled = true}\n[people.x]\n# t\n',
        'people.jane.disabled = true\npeople."Bob B".disabled = true\n[people.x]\n',
        'people = {jane = {disabled = true}, "Bob B" = {disabled = true}, x = {}}\n',
    ],
)
@pytest.mark.parametrize("name", ["jane", "Bob B", "x"])
def test_other_ways_of_writing_are_changed_or_refused(text: str, name: str) -> None:
    before = document(text.encode())
    for values in (None, {"disabled": False}, {"disabled": True, "valid_until": date(2026, 1, 1)}):
        after = deepcopy(before)
        after["people"].pop(name)
        if values is not None:
            after["people"][name] = values
        assert document(rewritten(text, before, after).encode()) == after
    renamed = {"people": {"Ada" if key == name else key: value for key, value in before["people"].items()}}
    assert document(rewritten(text, before, renamed).encode()) == renamed


def test_a_list_can_get_another_order_and_lose_items_at_once() -> None:
    text = 'held = ["a.jpg", "b.jpg", "c.jpg"]  # three\n'
    assert edited(text, held=["c.jpg", "a.jpg"]) == 'held = ["c.jpg", "a.jpg"]  # three\n'


entries = st.fixed_dictionaries(
    {},
    optional={
        "disabled": st.booleans(),
        "valid_until": st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        "schedule": st.lists(st.sampled_from(["mon", "tue", "wed"]), min_size=1, unique=True),
        "note": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    },
)
sections = st.dictionaries(st.sampled_from(["jane", "Jane Doe", "b.c", "ö", ""]), entries, max_size=4)
lists = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)
contents = st.fixed_dictionaries(
    {}, optional={"confirmed": lists, "held": lists, "people": sections, "terminals": sections}
)


def filled(content: Content) -> Content:
    return {key: value for key, value in content.items() if value != {}}


def written(content: Content, comments: st.DataObject, end: str) -> tuple[str, list[str]]:
    """A text with that content, and the comments in it that belong to no entry."""
    own: list[str] = []

    def comment() -> str:
        if not comments.draw(st.booleans()):
            return ""
        own.append(f"# comment {len(own)}.")
        return f"\n{own[-1]}\n\n"

    text = ""
    for key, value in content.items():
        if not isinstance(value, dict):
            text += f"{comment()}{key} = {value!r}  # list\n"
    tables = [
        (f"{key}.{name!r}", rows)
        for key in ("terminals", "people")
        for name, rows in content.get(key, {}).items()
    ]
    for header, rows in comments.draw(st.permutations(tables)):
        text += f"{comment()}# of it\n[{header}]  # of it\n"
        for name, value in rows.items():
            text += f"# of it\n{rewritten('', {}, {name: value}).strip()}  # of it\n"
    text += comment()
    return text.replace("\n", end), own


@given(contents, contents, st.data(), st.sampled_from(["\n", "\r\n"]))
def test_whatever_changes_the_content_is_right_and_comments_stay(
    before: Content, after: Content, data: st.DataObject, end: str
) -> None:
    text, comments = written(before, data, end)
    assert filled(document(text.encode())) == filled(before)
    new = rewritten(text, document(text.encode()), after)
    assert filled(document(new.encode())) == filled(after)
    assert [line for line in new.splitlines() if line in comments] == comments
    assert not text or new.count("\n") == new.count(end)
