"""Dagster on PostgreSQL as dagster.yaml configures it, by real commands in real processes."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Engine

from moss_jamf_pipeline.engine.databases import (
    DatabaseUrlError,
    embedded_postgres,
    release_embedded,
)
from moss_jamf_pipeline.orchestration.instance import (
    PooledEventLogStorage,
    PooledRunStorage,
    open_instance,
    prepare_dagster_home,
)
from moss_jamf_pipeline.orchestration.sessions import url_for_dagster
from moss_jamf_pipeline.settings import Settings, project_file

_DEFINITIONS = """
import dagster as dg

@dg.asset
def noted() -> dg.MaterializeResult:
    print("printed by the step")
    return dg.MaterializeResult(metadata={"rows": 3})

defs = dg.Definitions(assets=[noted], executor=dg.in_process_executor)
"""

_OPEN_INSTANCE = """
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.settings import Settings
with open_instance(Settings()) as instance:
    print(instance.get_runs_count())
"""


@dg.asset
def noted() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory like a fresh clone: dagster.yaml, a code location, no environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOSS_JAMF_STATE_DIR")
    shutil.copy(project_file("dagster.yaml"), tmp_path)
    (tmp_path / "trial_definitions.py").write_text(_DEFINITIONS)
    yield tmp_path
    release_embedded()
    embedded_postgres(Settings()).stop()


def test_events_of_a_run_are_stored_in_postgresql(dagster_instance: dg.DagsterInstance) -> None:
    result = dg.materialize([noted], instance=dagster_instance)
    assert result.success
    with psycopg.connect(os.environ["DAGSTER_PG_URL"]) as connection:
        rows = connection.execute(
            "select asset_key from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION'"
        ).fetchall()
        assert rows == [('["noted"]',)]
        assert connection.execute("select status from runs").fetchall() == [("SUCCESS",)]


def test_hooks_that_had_nothing_to_do_are_not_logged(dagster_instance: dg.DagsterInstance) -> None:
    @dg.failure_hook
    def told(context: dg.HookContext) -> None: ...

    job = dg.define_asset_job("hooked", selection="*", hooks={told})
    definitions = dg.Definitions(assets=[noted], jobs=[job], executor=dg.in_process_executor)
    assert (
        definitions.resolve_job_def("hooked").execute_in_process(instance=dagster_instance).success
    )
    with psycopg.connect(os.environ["DAGSTER_PG_URL"]) as connection:
        kinds = connection.execute("select distinct dagster_event_type from event_logs").fetchall()
    assert ("STEP_SUCCESS",) in kinds
    assert ("HOOK_SKIPPED",) not in kinds


def _engines(instance: dg.DagsterInstance) -> list[Engine]:
    runs, events = instance.run_storage, instance.event_log_storage
    assert isinstance(runs, PooledRunStorage)
    assert isinstance(events, PooledEventLogStorage)
    return [runs._engine, events._engine]


def _servers_of(instance: dg.DagsterInstance) -> set[int]:
    """The server processes behind the kept connections of an instance."""
    pids = set()
    for engine in _engines(instance):
        with engine.connect() as connection:
            pids.add(connection.exec_driver_sql("select pg_backend_pid()").scalar_one())
    return pids


def test_a_run_does_not_connect_for_every_statement(dagster_instance: dg.DagsterInstance) -> None:
    connected: list[object] = []
    for engine in _engines(dagster_instance):
        sqlalchemy.event.listen(engine, "connect", lambda *_: connected.append(_))
    assert dg.materialize([noted], instance=dagster_instance).success
    with psycopg.connect(os.environ["DAGSTER_PG_URL"]) as connection:
        stored = connection.execute("select count(*) from event_logs").fetchone()
    assert stored is not None
    assert stored[0] > 10
    assert len(connected) <= 4, "two storages keep two connections each"


def test_a_kept_connection_that_the_server_ended_is_replaced(
    dagster_instance: dg.DagsterInstance,
) -> None:
    before = _servers_of(dagster_instance)
    with psycopg.connect(os.environ["DAGSTER_PG_URL"]) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 10000) from unnest(%s) as pid", (list(before),)
        )
    assert dg.materialize([noted], instance=dagster_instance).success
    assert not _servers_of(dagster_instance) & before


def test_closing_the_instance_ends_its_connections(dagster_instance: dg.DagsterInstance) -> None:
    with open_instance(Settings()) as another:
        pids = _servers_of(another)
    with psycopg.connect(os.environ["DAGSTER_PG_URL"], autocommit=True) as connection:
        deadline = time.monotonic() + 10
        while connection.execute(
            "select from pg_stat_activity where pid = any (%s)", (list(pids),)
        ).fetchone():
            assert time.monotonic() < deadline, "its servers still run"


def test_the_instance_has_the_settings_of_dagster_yaml(
    dagster_instance: dg.DagsterInstance,
) -> None:
    assert dagster_instance.run_monitoring_enabled
    assert dagster_instance.run_monitoring_max_runtime_seconds == 7200
    assert dagster_instance.run_retries_enabled
    assert not dagster_instance.telemetry_enabled
    assert dagster_instance.global_op_concurrency_default_limit == 1
    reference = dagster_instance.get_ref()
    assert "postgresql" not in str(reference.to_dict())


def test_a_dagster_command_in_a_fresh_clone_uses_the_embedded_server(checkout: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "dagster", "asset", "materialize"),
            *("--select", "*", "-m", "trial_definitions"),
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with open_instance(Settings()) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        assert instance.get_latest_materialization_event(dg.AssetKey("noted"))
    printed = list((checkout / ".moss-jamf" / "dagster" / "storage").rglob("*.out"))
    assert [file.read_text() for file in printed] == ["printed by the step\n"]
    assert not list(checkout.glob(".tmp_dagster_home_*"))


def test_processes_that_open_an_empty_database_at_once_do_not_collide(
    empty_database: Callable[[], str], tmp_path: Path
) -> None:
    environment = {**os.environ, "DAGSTER_PG_URL": empty_database()}
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN_INSTANCE],
            env={**environment, "MOSS_JAMF_STATE_DIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    for opener in openers:
        output, errors = opener.communicate()
        assert (opener.returncode, output) == (0, "0\n"), errors
        assert "Retrying" not in errors


def test_beside_moss_dagster_keeps_its_tables_in_its_own_schema(
    empty_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = empty_database()
    monkeypatch.setenv("MOSS_DATABASE_URL", url)
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path))
    with open_instance(Settings()) as instance:
        assert dg.materialize([noted], instance=instance).success
    with psycopg.connect(url) as connection:
        schemas = connection.execute(
            "select distinct schemaname from pg_tables where tablename in ('runs', 'event_logs')"
        ).fetchall()
        assert schemas == [("dagster",)]


def test_a_given_dagster_home_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert prepare_dagster_home(Settings()) == tmp_path
    assert not list(tmp_path.iterdir())


def test_our_own_dagster_home_gets_the_current_dagster_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", "state")
    home = prepare_dagster_home(Settings())
    assert home == tmp_path / "state" / "dagster"
    (home / "dagster.yaml").write_text("old")
    prepare_dagster_home(Settings())
    assert (home / "dagster.yaml").read_bytes() == project_file("dagster.yaml").read_bytes()


def test_dagster_gets_the_driver_that_it_can_work_with() -> None:
    url = "postgresql://m:p%40ss@h:6000/db?options=-csearch_path%3Ddagster"
    assert url_for_dagster(url) == url.replace("postgresql", "postgresql+moss_jamf", 1)
    with pytest.raises(DatabaseUrlError, match="one host only"):
        url_for_dagster("postgresql://m:s3cret@one:5432,two:5432/db")
