"""Dagster's own tables after an upgrade of Dagster: told, and brought up to date by `moss-jamf init`."""

import os

import psycopg
import pytest
from dagster import DagsterInstance
from pydantic import SecretStr

from moss_jamf_pipeline.orchestration.instance import migrate_storage, open_instance
from moss_jamf_pipeline.orchestration.storage_tables import dagster_revisions
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.moss_checks import look_at_dagster
from moss_jamf_pipeline.settings import Settings

# The revision before the one that added `concurrency_limits.using_default_limit`, which every run reads.
_FORMER = "6b7fb194ff9c"


@pytest.fixture
def storage_url(dagster_instance: DagsterInstance) -> str:
    """Dagster's database, with its tables."""
    dagster_instance.dispose()
    return os.environ["DAGSTER_PG_URL"]


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_case_t03_tables_of_an_older_dagster_are_told_and_brought_up_to_date(
    storage_url: str,
) -> None:
    _execute(
        storage_url,
        "alter table concurrency_limits drop column using_default_limit",
        f"update alembic_version set version_num = '{_FORMER}'",
    )
    with pytest.raises(ProblemFound, match=f"older Dagster: revision {_FORMER}") as told:
        look_at_dagster(storage_url, dagster_revisions())
    assert "moss-jamf init" in told.value.remedy
    with pytest.raises(ProblemFound, match="older Dagster"):
        open_instance(Settings())

    settings = Settings(dagster_pg_url=SecretStr(storage_url))
    assert migrate_storage(settings) == _FORMER
    assert migrate_storage(settings) is None

    look_at_dagster(storage_url, dagster_revisions())
    with open_instance(Settings()) as instance:
        assert instance.event_log_storage.get_concurrency_keys() == set()
    _execute(storage_url, "select using_default_limit from concurrency_limits")


def test_case_t03_tables_of_a_newer_dagster_are_left_alone(storage_url: str) -> None:
    _execute(storage_url, "update alembic_version set version_num = 'ffffffffffff'")
    settings = Settings(dagster_pg_url=SecretStr(storage_url))
    for attempt in (open_instance, migrate_storage):
        with pytest.raises(ProblemFound, match=r"newer Dagster.*revision ffffffffffff"):
            attempt(settings)
