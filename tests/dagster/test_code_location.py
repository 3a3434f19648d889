"""The code location by Dagster's own commands, in processes of their own, as an operator runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.settings import PROJECT_ROOT, project_file
from tests.support.forked import run_forked
from tests.support.world import PREFIX, World


def _dagster(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run_forked(arguments, directory=PROJECT_ROOT, environment=environment, module="dagster")


def _dagster_anew(
    *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dagster", *arguments],
        cwd=PROJECT_ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_fresh_interpreter_loads_the_code_location_of_the_workspace_with_an_empty_environment(
    tmp_path: Path,
) -> None:
    try:
        result = _dagster_anew(
            *("definitions", "validate", "-w", str(project_file("workspace.yaml"))),
            environment={
                "PATH": os.environ["PATH"],
                "MOSS_JAMF_STATE_DIR": str(tmp_path / "state"),
            },
        )
    finally:
        # Dagster opens its instance for this command, and that is the embedded server.
        EmbeddedPostgres(tmp_path / "state" / "postgres").stop()
    shown = result.stdout + result.stderr
    assert result.returncode == 0, shown
    assert "Validation successful for code location moss_jamf_pipeline" in shown


@pytest.fixture
def environment(small_world: World, dagster_instance: dg.DagsterInstance) -> dict[str, str]:
    """What a process needs to reach the world of the test; the simulator runs in this one."""
    names = (
        *("DAGSTER_PG_URL", "MOSS_JAMF_STATE_DIR", "MOSS_JAMF_FIRST_SLOT"),
        *("MOSS_DATABASE_URL", "JAMF_BASE_URL"),
    )
    return {
        name: os.environ[name] for name in (*names, "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET", "PATH")
    }


def test_single_assets_are_materialized_by_the_command_line(
    environment: dict[str, str], small_world: World, dagster_instance: dg.DagsterInstance
) -> None:
    slots = ["2026-11-02-00:00", "2026-11-02-06:00", "2026-11-02-12:00"]
    names = [f"{PREFIX}/raw_jamf_computers", f"{PREFIX}/jamf_computers_snapshot"]
    result = _dagster(
        *("asset", "materialize", "-m", "moss_jamf_pipeline.definitions"),
        *("--select", " or ".join(f'key:"{name}"' for name in names)),
        *("--partition-range", f"{slots[0]}...{slots[-1]}"),
        environment=environment,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert small_world.query(
        "select serial_number from jamf_sync.jamf_computers_snapshot order by 1"
    ) == [
        {"serial_number": "C02ABC000001"},
        {"serial_number": "C02ABC000002"},
    ]
    # An outage of three slots is one run and one reading of JAMF.
    assert small_world.query("select count(*) from jamf_sync.captures") == [{"count": 1}]
    assert small_world.query("select count(*) from jamf_sync.slot_captures") == [{"count": 3}]
    assert len(dagster_instance.get_runs()) == 1
    for name in names:
        key = dg.AssetKey(name.split("/"))
        assert dagster_instance.get_materialized_partitions(key) == set(slots)

    # A past slot is staged again from its stored capture: the snapshot alone, without asking JAMF.
    requests = small_world.jamf.requests.total
    again = _dagster(
        *("asset", "materialize", "-m", "moss_jamf_pipeline.definitions"),
        *("--select", f'key:"{names[1]}"', "--partition", slots[0]),
        environment=environment,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert small_world.jamf.requests.total == requests


def test_a_slot_without_a_capture_fails_with_what_to_do(
    environment: dict[str, str], dagster_instance: dg.DagsterInstance
) -> None:
    result = _dagster(
        *("asset", "materialize", "-m", "moss_jamf_pipeline.definitions"),
        *("--select", f'key:"{PREFIX}/jamf_computers_snapshot"', "--partition", "2026-11-02-00:00"),
        environment=environment,
    )
    assert result.returncode == 1
    shown = result.stdout + result.stderr
    assert "No capture of JAMF's computers covers 2026-11-02-00:00" in shown
    assert "Materialise raw_jamf_computers for these slots" in shown
    assert environment["JAMF_CLIENT_SECRET"] not in shown
    (run,) = dagster_instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert "JAMF_CLIENT_SECRET" not in json.dumps(run.run_config)
