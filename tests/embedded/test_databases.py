"""Which databases apply, and what an operator reads when they cannot be used."""

import multiprocessing
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from moss_jamf_pipeline.engine.databases import (
    DatabaseUnreachableError,
    DatabaseUrlError,
    embedded_postgres,
    release_embedded,
    resolve_dagster_url,
    resolve_databases,
)
from moss_jamf_pipeline.moss.database import redacted
from moss_jamf_pipeline.settings import Settings
from tests.support.databases import DatabaseServer


def _settings(state: Path, *, moss: str | None = None, dagster: str | None = None) -> Settings:
    return Settings(
        state_directory=state,
        moss_database_url=SecretStr(moss) if moss else None,
        dagster_pg_url=SecretStr(dagster) if dagster else None,
    )


def _one_value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.SQL(query)).fetchone()
    return row[0] if row else None


@pytest.fixture
def embedded_state(tmp_path: Path) -> Iterator[Path]:
    """A state directory whose embedded server may be started; it is stopped after the test."""
    yield tmp_path
    release_embedded()
    embedded_postgres(_settings(tmp_path)).stop()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://moss:s3cret@db.example/moss",
        "s3cret",
        "postgresql://moss:s3cret@db.example",
        "postgresql://moss:s3/cret@db.example/moss",
        "postgresql://moss:s3@cret@db.example/moss",
        "postgresql://moss:%s3cret@db.example/moss",
        "postgresql://moss:s3cret@db.example:port/moss",
    ],
)
@pytest.mark.parametrize("variable", ["MOSS_DATABASE_URL", "DAGSTER_PG_URL"])
def test_a_malformed_url_is_named_by_its_variable_and_never_repeated(
    tmp_path: Path, url: str, variable: str
) -> None:
    settings = _settings(
        tmp_path,
        moss=url if variable == "MOSS_DATABASE_URL" else "postgresql://db.example/moss",
        dagster=url if variable == "DAGSTER_PG_URL" else "postgresql://db.example/dagster",
    )
    with pytest.raises(DatabaseUrlError, match=variable) as raised:
        resolve_databases(settings)
    assert "cret" not in str(raised.value)
    assert "postgresql://" in str(raised.value)


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"]
)
def test_every_usual_scheme_is_understood(tmp_path: Path, scheme: str) -> None:
    rest = "moss:s3cret@db.example:6000/moss?sslmode=require"
    databases = resolve_databases(
        _settings(tmp_path, moss=f"{scheme}://{rest}", dagster=f"{scheme}://{rest}")
    )
    assert databases.moss_url == databases.dagster_url == f"postgresql://{rest}"
    assert not databases.is_embedded


def test_what_people_read_holds_no_password(tmp_path: Path) -> None:
    databases = resolve_databases(
        _settings(
            tmp_path,
            moss="postgresql://moss:s3cret@db.example/moss",
            dagster="postgresql://dagster:s3cret@other.example:6000/runs",
        )
    )
    assert "s3cret" not in repr(databases)
    assert databases.where == (
        "db.example:5432, database moss (MOSS_DATABASE_URL); "
        "Dagster in other.example:6000, database runs (DAGSTER_PG_URL)"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://moss:s3cret@h/db", "postgresql://moss@h/db"),
        ("postgresql://moss:s3%40cr%2Fet@h/db", "postgresql://moss@h/db"),
        ("postgresql://moss@h:5432/db", "postgresql://moss@h:5432/db"),
        ("postgresql://h:5432/db?user=m&password=s3cret", "postgresql://m@h:5432/db"),
        (
            "postgresql://m@h/db?options=-c%20vault.token%3Ds3cret&sslpassword=s3cret",
            "postgresql://m@h/db",
        ),
        ("postgresql:///db?passfile=/etc/s3cret", "postgresql:///db"),
        ("postgresql://m:s3cret@h:port/db?x", "an address that cannot be read"),
    ],
)
def test_case_s11_of_a_database_url_only_user_host_port_and_database_are_shown(
    url: str, expected: str
) -> None:
    assert redacted(url) == expected


def test_with_a_moss_url_dagster_gets_a_schema_there_and_nothing_embedded_starts(
    tmp_path: Path, empty_database: Callable[[], str]
) -> None:
    moss_url = empty_database()
    settings = _settings(tmp_path / "state", moss=moss_url)
    databases = resolve_databases(settings)
    assert databases.moss_url == moss_url
    assert _one_value(databases.dagster_url, "select current_schema()") == "dagster"
    assert _one_value(moss_url, "select current_schema()") == "public"
    assert databases.dagster_url == resolve_dagster_url(settings)
    assert databases.where.endswith("Dagster in its schema dagster")
    assert not (tmp_path / "state").exists()


def test_options_of_a_given_url_stay_beside_the_search_path(
    tmp_path: Path, empty_database: Callable[[], str]
) -> None:
    url = f"{empty_database()}?options=-cwork_mem%3D9MB&application_name=us"
    databases = resolve_databases(_settings(tmp_path, moss=url))
    assert _one_value(databases.dagster_url, "select current_schema()") == "dagster"
    assert _one_value(databases.dagster_url, "select current_setting('work_mem')") == "9MB"
    assert _one_value(databases.dagster_url, "select current_setting('application_name')") == "us"


def test_without_the_right_to_create_a_schema_the_remedy_is_told(
    tmp_path: Path, postgres_server: DatabaseServer, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    role = f"reader_of_{conninfo_to_dict(url)['dbname']}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password 's3cret'").format(sql.Identifier(role))
        )
        try:
            address = url.rpartition("@")[2]
            with pytest.raises(DatabaseUnreachableError) as raised:
                resolve_databases(_settings(tmp_path, moss=f"postgresql://{role}:s3cret@{address}"))
        finally:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
    # The whole script, not this one statement: rights in it that are missing would end the next step.
    assert "may not create the schema `dagster`" in str(raised.value)
    assert "run all that `moss-jamf doctor` says under Rights" in str(raised.value)
    assert "DAGSTER_PG_URL" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_an_unreachable_server_is_named_with_host_port_and_database(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://moss:s3cret@127.0.0.1:{port}/inventory"
        with pytest.raises(DatabaseUnreachableError) as raised:
            resolve_databases(_settings(tmp_path, moss=url))
    assert f"127.0.0.1:{port}, database inventory (MOSS_DATABASE_URL)" in str(raised.value)
    assert "refused" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_without_urls_the_embedded_server_has_both(embedded_state: Path) -> None:
    databases = resolve_databases(_settings(embedded_state))
    assert databases.is_embedded
    assert _one_value(databases.moss_url, "select current_database()") == "moss"
    assert _one_value(databases.dagster_url, "select current_database()") == "dagster"
    assert str(embedded_state) in databases.where
    assert databases == resolve_databases(_settings(embedded_state))


def test_a_dagster_url_alone_leaves_the_embedded_server_alone(tmp_path: Path) -> None:
    url = "postgresql://dagster@db.example/runs"
    assert resolve_dagster_url(_settings(tmp_path / "state", dagster=url)) == url
    assert not (tmp_path / "state").exists()


def test_a_stopped_embedded_server_is_back_at_the_next_question(embedded_state: Path) -> None:
    settings = _settings(embedded_state)
    resolve_databases(settings)
    assert embedded_postgres(settings).stop()
    assert _one_value(resolve_databases(settings).moss_url, "select 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="fork is not safe elsewhere")
def test_a_forked_child_holds_the_server_by_itself(embedded_state: Path) -> None:
    settings = _settings(embedded_state)
    resolve_databases(settings)
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    child = fork.Process(target=_ask_in_child, args=(settings, theirs))
    child.start()
    assert ours.recv() == "leased"
    release_embedded()
    assert embedded_postgres(settings).status().is_running
    ours.send("ask")
    assert ours.recv() == 1
    child.join()


def _ask_in_child(
    settings: Settings, pipe: "multiprocessing.connection.Connection[object, object]"
) -> None:
    url = resolve_databases(settings).moss_url
    pipe.send("leased")
    pipe.recv()
    pipe.send(_one_value(url, "select 1"))
