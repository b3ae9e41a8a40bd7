"""A database of each kind: PostgreSQL where it is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from server.database.database import Database, address_of, opened
from tests.support.postgresql import private_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[str | None]:
    with private_cluster() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with nothing in it, or none yet."""
    if request.param == "sqlite":
        return address_of(tmp_path, None)
    found: str | None = request.getfixturevalue("cluster")
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    engine = create_engine(found.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        if tables:
            connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
    engine.dispose()
    return found


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with opened(address) as database:
        yield database
