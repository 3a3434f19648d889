"""Fixtures of the database tests: a bench whose work is rolled back, and one that commits."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from tests.db.support import Bench
from tests.support.databases import DatabaseServer
from tests.support.dialects import Dialect, as_people_see_it
from tests.support.shelf import Shelf


@pytest.fixture
def database(moss_database: str, shelf: Shelf) -> Iterator[MossDatabase]:
    """A M.O.S.S. database of the test's own; statements without a schema see it as people do."""
    if moss := shelf.taken(moss_database):
        yield moss.people
        return
    database = MossDatabase(as_people_see_it(moss_database))
    yield database
    database.dispose()


@pytest.fixture
def bench(database: MossDatabase, dialect: Dialect) -> Iterator[Bench]:
    """A bench on a database of its own, in autocommit mode: for what spans several transactions."""
    with database.connection() as connection:
        yield Bench(connection, find_integration(connection), dialect)


@pytest.fixture(scope="session")
def shared_connection(
    postgres_server: DatabaseServer, template_of: Callable[[Dialect], str], dialect: Dialect
) -> Iterator[psycopg.Connection]:
    """A connection to the database that tests share because each rolls back what it did."""
    name = postgres_server.create("moss_shared", template=template_of(dialect))
    database = MossDatabase(as_people_see_it(postgres_server.url_of(name)))
    with database.connection() as connection:
        yield connection
    database.dispose()
    postgres_server.drop(name)


@pytest.fixture
def rolled_back(shared_connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A connection inside a transaction that is rolled back after the test."""
    with shared_connection.transaction(force_rollback=True):
        yield shared_connection


@pytest.fixture
def trial(rolled_back: psycopg.Connection, dialect: Dialect) -> Bench:
    """A bench whose work is rolled back: for what one transaction can show, in milliseconds."""
    return Bench(rolled_back, find_integration(rolled_back), dialect)
