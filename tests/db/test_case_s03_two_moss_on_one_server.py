"""S3: two M.O.S.S. on one server of PostgreSQL have nothing to do with each other (docs/security.md)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.moss.contract.installation import READER, WRITER
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.moss_checks import look_at_security
from tests.support.contract import ROLES, role_of
from tests.support.databases import DatabaseServer
from tests.support.dialects import Dialect
from tests.support.schema import create_moss

pytestmark = pytest.mark.every_dialect

_READS: tuple[str, ...] = (
    "select credentials_encrypted from public.integration_configs",
    "select hostname from public.devices",
    "select id from moss_contract.devices()",
    "select moss_contract.active_encryption_key()",
    "select plan_id from jamf_sync.plans",
    "select 1 from moss_contract.fill_empty('device', 1, 1, 1)",
    "update public.devices set hostname = 'theirs'",
)


class Neighbours(NamedTuple):
    """Two databases of one server, and the log-in that syncs the second."""

    production: str
    staging: str
    log_in: str

    def enter(self, database: str) -> psycopg.Connection:
        """Connects to one of them as the log-in."""
        place = database.rpartition("@")[2]
        return psycopg.connect(f"postgresql://{self.log_in}:for-tests@{place}", autocommit=True)


@pytest.fixture
def neighbours(
    postgres_server: DatabaseServer, empty_database: Callable[[], str], dialect: Dialect
) -> Iterator[Neighbours]:
    """Production and staging, both prepared, and staging's log-in, a member of staging's roles and no more."""
    urls = empty_database(), empty_database()
    for url in urls:
        create_moss(url, dialect)
    log_in = f"staging_{uuid4().hex}"
    with psycopg.connect(urls[1], autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password 'for-tests' in role {}").format(
                sql.Identifier(log_in),
                sql.SQL(", ").join(sql.Identifier(role_of(connection, role)) for role in ROLES),
            )
        )
    yield Neighbours(*urls, log_in)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(log_in)))


def test_case_s03_the_log_in_of_one_moss_can_do_nothing_in_the_other(
    neighbours: Neighbours,
) -> None:
    with (
        psycopg.connect(neighbours.production) as production,
        psycopg.connect(neighbours.staging) as staging,
    ):
        theirs = [role_of(production, role) for role in ROLES]
        own = [role_of(staging, role) for role in ROLES]
    with neighbours.enter(neighbours.staging) as connection:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(own[0])))
        connection.execute("select id from moss_contract.devices()")
    with neighbours.enter(neighbours.production) as connection:
        for role in theirs:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        for role in ("none", *own):
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            for statement in _READS:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_case_s03_who_syncs_a_database_does_not_get_into_a_copy_of_it(
    neighbours: Neighbours, postgres_server: DatabaseServer
) -> None:
    """A neighbour: a copy has the rights of the original in it, until `init` gives it roles of its own."""
    original = neighbours.staging.rpartition("/")[2]
    name = postgres_server.create("copy", template=original)
    url = postgres_server.url_of(name)
    try:
        with neighbours.enter(url) as connection:
            connection.execute("select id from moss_contract.devices()")
        with psycopg.connect(url, autocommit=True) as connection:
            with pytest.raises(ProblemFound, match="this one was renamed or copied"):
                look_at_security(connection)
            report = prepare(connection, may_create_moss=False)
            assert report.left_behind == (neighbours.log_in,)
            assert role_of(connection, WRITER) != role_of(connection, READER)
        with neighbours.enter(url) as connection:
            for statement in _READS:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        with neighbours.enter(neighbours.staging) as connection:
            connection.execute("select id from moss_contract.devices()")
    finally:
        postgres_server.drop(name)
