"""A database of each kind: PostgreSQL where it is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.database.database import Database, address_of, opened
from tests.support.postgresql import private_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[str | None]:
    with private_cluster() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database, or none yet."""
    if request.param == "sqlite":
        return address_of(tmp_path, None)
    found: str | None = request.getfixturevalue("cluster")
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    engine = create_engine(found.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return found


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with opened(address) as database:
        yield database
