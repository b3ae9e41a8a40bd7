"""Somebody's name is taken out of the history; whoever is called alike stays."""

import json

import pytest
from sqlalchemy import select

from server.access.decision import Nearest
from server.database.database import Database
from server.history.erasing import erase_in_acts, erase_name
from server.history.rows import act_row
from server.history.tables import ACT, DECISION
from server.history.writing import add
from tests.support.histories import act, decision, fill


@pytest.mark.parametrize("name", ["Ada", 'Ada "the 1_%"', "Ada Ünlü", "A\\da"])
def test_a_name_is_gone_from_decisions_and_from_who_came_near(database: Database, name: str) -> None:
    other = f"{name}x"
    near = [Nearest(name, 0.5), Nearest(other, 0.9)]
    fill(
        database,
        decision(1, name, nearest=near),
        decision(2, other, nearest=near),
        decision(3, other, nearest=near[1:]),
    )
    assert database.write_here(lambda sql: erase_name(sql, name, "erased:1")) == 3
    rows = database.read_here(lambda sql: sql.execute(select(DECISION).order_by(DECISION.c.number)).all())
    assert [row.name for row in rows] == ["erased:1", other, other]
    assert [json.loads(row.nearest) for row in rows] == [[[other, 0.9]]] * 3


def test_who_was_near_alone_leaves_nobody_behind(database: Database) -> None:
    fill(database, decision(1, None, nearest=[Nearest("Ada", 1.2)]))
    database.write_here(lambda sql: erase_name(sql, "Ada", "erased:1"))
    assert database.read_here(lambda sql: sql.execute(select(DECISION.c.nearest)).scalar()) is None


def test_acts_are_of_nobody_as_in_the_log(database: Database) -> None:
    acts = [act(1, subject="Ada"), act(2, subject="Adam")]
    database.write_here(lambda sql: add(sql, [(ACT, act_row(each)) for each in acts]))
    assert database.write_here(lambda sql: erase_in_acts(sql, lambda text: text.replace("2.jpg", "x"))) == 1
    rows = database.read_here(lambda sql: sql.execute(select(ACT).order_by(ACT.c.number)).all())
    assert [(row.subject, row.details) for row in rows] == [
        ("Ada", '{"photo": "1.jpg"}'),
        ("Adam", '{"photo": "x"}'),
    ]
