"""Databases as organisations have them: zones, date styles, time limits and encodings of their own."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from dagster import DagsterInstance
from psycopg import sql
from sqlalchemy import text

from moss_jamf_pipeline.engine.databases import DAGSTER_VARIABLE, connect_or_explain
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.statements import fetch_value
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.settings import Settings
from tests.e2e.conftest import SeparateWorld
from tests.support.databases import DatabaseServer
from tests.support.world import World

_DENVER = ZoneInfo("America/Denver")

# Each means something else than what statements are written for, or ends what takes a moment.
_ODD = {
    "timezone": "America/Denver",
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "row_security": "off",
    "default_transaction_isolation": "serializable",
    "statement_timeout": "20s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "20s",
    "idle_session_timeout": "20s",
    "client_encoding": "LATIN1",
    "search_path": "nowhere",
}
_SHOWN = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "standard_conforming_strings": "on",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "row_security": "on",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "1h",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "10min",
    "idle_session_timeout": "0",
    "client_encoding": "UTF8",
}


def _make_odd(url: str) -> None:
    """Gives a database all the odd settings, for every session that begins from now on."""
    with psycopg.connect(url, autocommit=True) as administrator:
        name = sql.Identifier(administrator.info.dbname)
        for setting, value in _ODD.items():
            administrator.execute(
                sql.SQL("alter database {} set {} = {}").format(name, sql.SQL(setting), value)
            )


@pytest.fixture(scope="module")
def odd_world(separate_world: SeparateWorld) -> Iterator[World]:
    """A world whose database has settings of its own, with one Mac."""
    with separate_world() as world:
        _make_odd(world.url)
        world.database.dispose()
        world.people.dispose()
        world.fleet.add_user(username="jörg", realname="Jörg Müller 🦊")
        world.fleet.add_computer(_computer("1", "C02AA0000001", "mac-1"))
        yield world


def _computer(jamf_id: str, serial: str, name: str) -> dict[str, Any]:
    return {
        "id": jamf_id,
        "general": {"name": name, "lastContact": "2026-03-04T05:06:07.123Z"},
        "hardware": {"serialNumber": serial},
        "userAndLocation": {"username": "jörg", "realname": "Jörg Müller 🦊"},
    }


def _shown(connection: psycopg.Connection) -> dict[str, str]:
    return {name: connection.execute(f"show {name}".encode()).fetchall()[0][0] for name in _SHOWN}


def test_case_t07_a_sync_means_the_same_on_a_database_with_settings_of_its_own(
    odd_world: World,
) -> None:
    odd_world.sync()

    assert [row["status"] for row in odd_world.history()] == ["success"]
    (contact,) = odd_world.query("select last_contact_at from jamf_sync.jamf_computer_contacts")
    assert contact["last_contact_at"] == datetime(2026, 3, 4, 5, 6, 7, 123000, tzinfo=UTC)
    assert odd_world.query("select full_name from people") == [{"full_name": "Jörg Müller 🦊"}]
    before = odd_world.row_versions()
    odd_world.sync()
    assert odd_world.row_versions() == before


def test_case_t05_the_times_of_moss_are_those_of_its_own_zone(odd_world: World) -> None:
    odd_world.sync()
    odd_world.fleet.update_computer("1", {"general": {"name": "mac-renamed"}})
    odd_world.sync()

    (device,) = odd_world.query("select created_at, updated_at from public.devices")
    here = datetime.now(_DENVER).replace(tzinfo=None)
    for moment in device.values():
        assert timedelta() <= here - moment < timedelta(minutes=5)
    (history, *_) = odd_world.query(
        "select sync_started_at, sync_completed_at from public.integration_sync_history"
        " order by sync_started_at desc"
    )
    for moment in history.values():
        assert timedelta() <= datetime.now(UTC) - moment < timedelta(minutes=5)


def test_case_t05_the_zone_of_the_log_in_that_owns_moss_goes_before_the_databases(
    odd_world: World, postgres_server: DatabaseServer
) -> None:
    with psycopg.connect(odd_world.url, autocommit=True) as administrator:
        administrator.execute("create role web_application")
        try:
            administrator.execute("alter table public.devices owner to web_application")
            administrator.execute("alter role web_application set timezone = 'Asia/Kathmandu'")
            odd_world.fleet.add_computer(_computer("2", "C02AA0000002", "mac-2"))
            odd_world.sync()
        finally:
            administrator.execute("reassign owned by web_application to current_user")
            administrator.execute("drop owned by web_application")
            administrator.execute("drop role web_application")

    (device,) = odd_world.query(
        "select created_at from public.devices where serial_number = 'C02AA0000002'"
    )
    here = datetime.now(ZoneInfo("Asia/Kathmandu")).replace(tzinfo=None)
    assert timedelta() <= here - device["created_at"] < timedelta(minutes=5)


def _zone_of_moss(url: str) -> str:
    database = MossDatabase(url)
    try:
        with database.connection() as connection, connection.transaction():
            return str(fetch_value(connection, "roles/begin_writing", {"role": "none"}))
    finally:
        database.dispose()


def test_case_t05_a_zone_of_our_own_log_in_is_not_mosss(
    empty_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = empty_database()
    log_in = f"nepali_{os.getpid()}"
    ours = f"postgresql://{log_in}:for-tests@{url.rpartition('@')[2]}"
    servers = _zone_of_moss(url)
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(f"create role {log_in} login password 'for-tests'".encode())
        name, role = sql.Identifier(administrator.info.dbname), sql.Identifier(log_in)
        try:
            for where in (sql.SQL(""), sql.SQL("in database {}").format(name)):
                administrator.execute(
                    sql.SQL("alter role {} {} set timezone = 'Asia/Kathmandu'").format(role, where)
                )
                assert _zone_of_moss(ours) == servers
                administrator.execute(
                    sql.SQL("alter role {} {} reset timezone").format(role, where)
                )
            monkeypatch.setenv("PGTZ", "Asia/Tokyo")
            assert _zone_of_moss(ours) == servers
            administrator.execute(
                sql.SQL("alter role {} set timezone = 'Asia/Kathmandu'").format(role)
            )
            administrator.execute(
                sql.SQL("alter database {} set timezone = 'America/Denver'").format(name)
            )
            assert _zone_of_moss(ours) == "America/Denver"
        finally:
            administrator.execute(sql.SQL("drop role {}").format(role))


def test_case_t05_every_session_of_ours_and_of_dagsters_is_pinned(
    postgres_server: DatabaseServer,
    dagster_template_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = postgres_server.create("dagster", template=dagster_template_database)
    url = f"{postgres_server.url_of(name)}?options=-csearch_path%3Dpublic"
    _make_odd(postgres_server.url_of(name))
    monkeypatch.setenv("DAGSTER_PG_URL", url)
    try:
        with closing(MossDatabase(url).dedicated_connection()) as connection:
            assert _shown(connection) == _SHOWN
        database = MossDatabase(url)
        with database.connection() as connection:
            assert _shown(connection) == _SHOWN
        database.dispose()
        with connect_or_explain(url, DAGSTER_VARIABLE) as looking:
            assert _shown(looking) == _SHOWN
        with open_instance(Settings(), captures_output=False) as instance:
            assert _shown_to(instance) == [_SHOWN] * 3
            instance.optimize_for_webserver(
                statement_timeout=15_000, pool_recycle=60, max_overflow=2
            )
            assert _shown_to(instance) == [{**_SHOWN, "statement_timeout": "15s"}] * 3
    finally:
        postgres_server.drop(name)


def _shown_to(instance: DagsterInstance) -> list[dict[str, str]]:
    """What each of Dagster's storages sees."""
    storages = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    found = []
    for storage in storages:
        with storage._engine.connect() as session:  # type: ignore[union-attr]
            found.append(
                {name: session.execute(text(f"show {name}")).scalar_one() for name in _SHOWN}
            )
    return found
