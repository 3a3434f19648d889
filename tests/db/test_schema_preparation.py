"""Preparing a database: idempotent, one process at a time, and clear about a database it does not know."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from moss_jamf_pipeline.catalogue.collections import collection_named
from moss_jamf_pipeline.catalogue.dialects import DIALECTS, RELEASE, STRATEGY, Dialect
from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.schema import SchemaReport, pending_migrations, prepare
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.statements import statement
from moss_jamf_pipeline.staging import SNAPSHOT_COLUMNS
from tests.support.schema import create_released_tables

pytestmark = pytest.mark.every_dialect

MakeDatabase = Callable[[], str]


def _prepare(url: str, *, may_create_moss: bool = True) -> SchemaReport:
    with psycopg.connect(url, autocommit=True) as connection:
        return prepare(connection, may_create_moss=may_create_moss)


def _create_moss(connection: psycopg.Connection, dialect: Dialect) -> None:
    """Makes the tables of a M.O.S.S. that the pipeline has not seen yet."""
    if dialect is RELEASE:
        create_released_tables(connection)
    else:
        connection.execute(statement("moss/create_strategy_schema"))


def _catalogue(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    return connection.execute(
        """select table_schema || '.' || table_name, column_name, data_type from information_schema.columns
           where table_schema in ('public', 'jamf_sync', 'moss_contract') order by 1, ordinal_position"""
    ).fetchall()


def test_an_empty_database_gets_moss_our_schema_and_the_contract(
    empty_database: MakeDatabase,
) -> None:
    url = empty_database()
    report = _prepare(url)
    assert report.created_moss
    assert report.dialect is STRATEGY
    assert report.migrations[0] == "0001_text_functions"
    with psycopg.connect(url) as connection:
        assert detect(connection).is_usable
        assert pending_migrations(connection) == []


def test_preparing_again_changes_nothing(empty_database: MakeDatabase) -> None:
    url = empty_database()
    _prepare(url)
    with psycopg.connect(url, autocommit=True) as connection:
        before = _catalogue(connection)
        connection.execute("insert into devices (hostname, device_type) values ('mac', 'Laptop')")
        report = prepare(connection, may_create_moss=True)
        assert _catalogue(connection) == before
        assert connection.execute("select hostname from devices").fetchall() == [("mac",)]
    assert report == SchemaReport(STRATEGY, migrations=(), created_moss=False)


def test_preparing_again_keeps_what_the_contract_says(empty_database: MakeDatabase) -> None:
    url = empty_database()
    _prepare(url)
    with psycopg.connect(url, autocommit=True) as connection:
        words = "select domain, canonical, accepted from moss_contract.vocabulary order by 1, 2"
        before = connection.execute(words).fetchall()
        prepare(connection, may_create_moss=False)
        assert connection.execute(words).fetchall() == before
        assert len(before) > 0


def test_processes_that_start_together_prepare_one_after_the_other(
    empty_database: MakeDatabase,
) -> None:
    url = empty_database()
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(_prepare, [url] * 4))
    assert sorted(report.created_moss for report in reports) == [False, False, False, True]
    assert sorted(bool(report.migrations) for report in reports) == [False, False, False, True]


def test_an_empty_database_that_is_not_ours_is_refused_and_left_alone(
    empty_database: MakeDatabase,
) -> None:
    url = empty_database()
    with pytest.raises(MossNotPrepared) as caught:
        _prepare(url, may_create_moss=False)
    assert "holds no M.O.S.S. tables" in str(caught.value)
    assert "MOSS_DATABASE_URL" in caught.value.remedy
    with psycopg.connect(url) as connection:
        assert _catalogue(connection) == []
        assert connection.execute("select to_regnamespace('jamf_sync')").fetchone() == (None,)


def test_a_foreign_database_is_never_given_moss_tables(empty_database: MakeDatabase) -> None:
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table devices (id uuid, name text)")
        with pytest.raises(MossNotPrepared, match=r"people.*devices\.asset_tag"):
            prepare(connection, may_create_moss=True)
        assert connection.execute("select to_regclass('people')").fetchone() == (None,)


@pytest.mark.parametrize("known", DIALECTS, ids=lambda known: known.name)
def test_a_moss_that_lacks_one_column_is_refused_by_its_name(
    known: Dialect, empty_database: MakeDatabase
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        _create_moss(connection, known)
        connection.execute("alter table devices drop column notes")
        with pytest.raises(MossNotPrepared, match=r"lacks devices\.notes\."):
            prepare(connection, may_create_moss=True)


def test_a_released_moss_from_before_the_integration_is_told_to_update(
    empty_database: MakeDatabase,
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        create_released_tables(connection)
        connection.execute(
            "drop table integration_object_mappings, integration_sync_history, integration_configs cascade"
        )
        connection.execute("delete from schema_migrations where migration_number > 23")
        with pytest.raises(MossNotPrepared, match=r"migration 23.*lacks integration_") as caught:
            prepare(connection, may_create_moss=True)
        assert "db:migrate" in caught.value.remedy
        assert connection.execute("select to_regnamespace('jamf_sync')").fetchone() == (None,)


def test_a_released_moss_that_is_too_new_is_not_told_to_update(
    empty_database: MakeDatabase,
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        create_released_tables(connection)
        connection.execute(
            "insert into schema_migrations (migration_number, filename) values (31, '031_renames.sql')"
        )
        assert prepare(connection, may_create_moss=False).dialect is RELEASE
        connection.execute("alter table devices rename column asset_tag to asset_label")
        with pytest.raises(
            MossNotPrepared, match=r"migration 31\) lacks devices\.asset_tag\. It is newer"
        ) as caught:
            prepare(connection, may_create_moss=False)
        assert "Update the pipeline" in caught.value.remedy
        assert "db:migrate" not in caught.value.remedy


def test_a_released_moss_stopped_at_migration_27_is_used_as_it_is(
    empty_database: MakeDatabase,
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        create_released_tables(connection, stopped_at_migration_27=True)
        assert prepare(connection, may_create_moss=False).dialect is RELEASE
        connection.execute(
            "insert into integration_configs (integration_type, name) values ('jamf', 'JAMF Pro')"
        )
        assert connection.execute(
            "select environment, access_scope from moss_contract.integration_configs()"
        ).fetchone() == ("production", {})
        assert connection.execute("select moss_contract.active_encryption_key()").fetchone() == (
            None,
        )


def test_migrations_go_forward_only_and_each_once(empty_database: MakeDatabase) -> None:
    url = empty_database()
    every = _prepare(url).migrations
    assert list(every) == sorted(every)
    with psycopg.connect(url, autocommit=True) as connection:
        stored = connection.execute(
            "select name from jamf_sync.schema_migrations order by name"
        ).fetchall()
        assert [name for (name,) in stored] == list(every)
        # A database that a newer release has migrated further is not taken back.
        connection.execute(
            "insert into jamf_sync.schema_migrations (name) values ('9999_from_the_future')"
        )
        assert prepare(connection, may_create_moss=True).migrations == ()
        (count,) = connection.execute(
            "select count(*) from jamf_sync.schema_migrations"
        ).fetchone() or (0,)
        assert count == len(every) + 1


def test_what_was_staged_in_columns_of_its_own_moves_into_the_described_fields(
    empty_database: MakeDatabase,
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        every = pending_migrations(connection)
        connection.execute("create schema jamf_sync")
        connection.execute(statement("generated/vocabularies"))
        place = every.index("0016_described_fields")
        for name in every[:place]:
            connection.execute(statement(f"migrations/{name}"))
        connection.execute(
            "insert into jamf_sync.jamf_computers_snapshot "
            "(version_id, jamf_id, hostname, model, model_identifier, os_name, os_build, barcode_2, "
            "is_usable, staging_rules) "
            "values (1, '7', 'mac-7', 'MacBook Air', 'Mac14,2', 'macOS', '24F74', 'B-7', true, 1)"
        )
        for name in every[place:]:
            connection.execute(statement(f"migrations/{name}"))
        row = connection.execute(
            "select hostname, described from jamf_sync.jamf_computers_snapshot"
        ).fetchone()
    assert row is not None
    hostname, described = row
    assert hostname == "mac-7"
    assert {name: value for name, value in described.items() if value is not None} == {
        "model": "MacBook Air",
        "operating_system": "macOS",
        "os_build": "24F74",
        "barcode_2": "B-7",
    }
    assert {"manufacturer", "os_version", "form_factor", "barcode_1", "asset_tag"} < set(described)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database: MakeDatabase) -> None:
    url = empty_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema jamf_sync")
        connection.execute("create table jamf_sync.captures (note text)")
        with pytest.raises(psycopg.errors.DuplicateTable):
            prepare(connection, may_create_moss=True)
        assert connection.execute(
            "select to_regclass('jamf_sync.schema_migrations')"
        ).fetchone() == (None,)
        assert connection.execute("select to_regclass('devices')").fetchone() == (None,)


@pytest.mark.parametrize("collection", sorted(SNAPSHOT_COLUMNS))
def test_the_snapshot_tables_have_the_staged_columns(
    collection: str, rolled_back: psycopg.Connection
) -> None:
    rows = rolled_back.execute(
        """select attname, format_type(atttypid, atttypmod) from pg_attribute
           where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum""",
        (f"jamf_sync.{collection_named(collection).row_table}",),
    ).fetchall()
    spelled = {"timestamptz": "timestamp with time zone"}
    # In any order: they are copied by name, and a column that came later lies at the end of its table.
    assert dict(rows) == {
        **{
            column.name: spelled.get(column.type, column.type)
            for column in SNAPSHOT_COLUMNS[collection]
        },
        "staging_rules": "integer",
    }


@pytest.mark.parametrize("collection", sorted(SNAPSHOT_COLUMNS))
def test_what_staging_always_gives_is_required_and_the_rest_may_be_null(
    collection: str, rolled_back: psycopg.Connection
) -> None:
    rows = rolled_back.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and attnotnull",
        (f"jamf_sync.{collection_named(collection).row_table}",),
    ).fetchall()
    required = {"version_id", "jamf_id", "is_usable", "staging_rules"}
    if collection in ("computers", "mobile_devices"):
        required |= {"is_out_of_scope", "described"}
    assert {name for (name,) in rows} == required


def test_statistics_are_renewed_only_of_our_own_tables(rolled_back: psycopg.Connection) -> None:
    rolled_back.execute("select jamf_sync.refresh_statistics('jamf_sync.captures')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no table of jamf_sync"):
        rolled_back.execute("select jamf_sync.refresh_statistics('public.devices')")
