"""The tables as the steps of the database make them, and texts that databases do not take."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from server.database.database import Database
from server.database.plain_text import INDEXED
from server.database.schema import METADATA
from server.history.queries import decision_by_id, decisions
from server.history.tables import DECISION, TABLES
from tests.support.histories import decision, fill


def test_the_first_step_makes_what_the_tables_are_here(database: Database) -> None:
    own = MetaData(naming_convention=METADATA.naming_convention)
    for table in TABLES:
        table.to_metadata(own)
    names = {table.name for table in TABLES}

    def differences(connection: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, parents: kind != "table" or name in names}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), own))

    assert database.read_here(differences) == []


def test_texts_that_a_database_would_not_take_are_kept_escaped(database: Database) -> None:
    fill(database, decision(1, name="A\0da \udc80", terminal="front\ud800"))
    (kept,) = database.read_here(decisions)
    assert (kept.name, kept.terminal) == ("A\\x00da \\udc80", "front\\ud800")


def test_a_text_that_no_index_would_hold_is_kept_shortened(database: Database) -> None:
    hostile = "".join(chr(0x4E00 + number % 20000) for number in range(5000))
    fill(database, decision(1, name=hostile))
    (kept,) = database.read_here(decisions)
    assert kept.name == hostile[:INDEXED]


def test_no_number_is_given_twice(database: Database) -> None:
    fill(database, decision(1), decision(2))
    (last, *_) = database.read_here(decisions)
    database.write_here(lambda connection: connection.execute(DECISION.delete()))
    fill(database, decision(3))
    (kept,) = database.read_here(lambda connection: decision_by_id(connection, "d3"))
    assert kept.place.number == last.place.number + 1
