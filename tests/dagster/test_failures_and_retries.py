"""Which failures Dagster tries again: counted attempts of real runs, and what the failure says."""

import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest

from moss_jamf_pipeline.catalogue.ownership import OwnershipInvalid
from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.engine.databases import DatabaseUrlError
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.jamf.errors import (
    ConnectionTrouble,
    JamfBusy,
    JamfCredentialsRejected,
    JamfPrivilegeMissing,
    JamfUnreachable,
)
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import (
    AnotherApplyRuns,
    IntegrationMissing,
    MossUnreachable,
    OtherJamfServer,
)
from moss_jamf_pipeline.orchestration.assets import raw
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import Faults, ServerError
from tests.support.hurried import HurriedJamf
from tests.support.world import World

_RETRIES = 2

_TRANSIENT: list[Exception] = [
    MossUnreachable("The database does not answer.", "Check that the server runs."),
    AnotherApplyRuns("Another run is applying.", "Wait."),
    JamfUnreachable(
        "No answer.", "Check the network.", seen="hangs", trouble=ConnectionTrouble.WAITING
    ),
    JamfBusy("503 again and again.", "Wait.", seen="hangs", status=503, sheds_load=True),
    psycopg.errors.DeadlockDetected("deadlock detected"),
    psycopg.errors.SerializationFailure("could not serialize access"),
    psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
]
_PERMANENT: list[Exception] = [
    IntegrationMissing("No such integration.", "Create it."),
    OtherJamfServer("Another server.", "Name a new integration."),
    OwnershipInvalid("A bad override.", "Correct it."),
    JamfCredentialsRejected("JAMF refuses the credentials.", "Check them."),
    JamfPrivilegeMissing("JAMF refuses.", endpoint="/api/v1/users", privileges=["Read User"]),
    JamfUnreachable(
        "Bad certificate.", "Renew it.", seen="lies", trouble=ConnectionTrouble.CERTIFICATE
    ),
    ConfigurationMissing("No server.", "Set JAMF_BASE_URL."),
    DatabaseUrlError("MOSS_DATABASE_URL is no URL."),
    psycopg.errors.UndefinedTable('relation "devices" does not exist'),
    psycopg.errors.InsufficientPrivilege("permission denied for table devices"),
]


def _attempts(
    instance: dg.DagsterInstance, fail: Callable[[], Any]
) -> tuple[int, dg.ExecuteInProcessResult]:
    """How often Dagster runs a step that fails so, and the result of the run."""
    attempts: list[int] = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=_RETRIES, delay=0))
    def failing(context: dg.AssetExecutionContext) -> None:
        attempts.append(context.retry_number)
        with explained_failures():
            fail()

    job = dg.Definitions(assets=[failing]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return len(attempts), result


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", _TRANSIENT, ids=lambda error: type(error).__name__)
def test_what_may_pass_is_tried_again(
    ephemeral_instance: dg.DagsterInstance, error: Exception
) -> None:
    assert _attempts(ephemeral_instance, _raising(error))[0] == 1 + _RETRIES


@pytest.mark.parametrize("error", _PERMANENT, ids=lambda error: type(error).__name__)
def test_what_cannot_pass_by_itself_is_not_tried_again(
    ephemeral_instance: dg.DagsterInstance, error: Exception
) -> None:
    assert _attempts(ephemeral_instance, _raising(error))[0] == 1


def test_a_run_that_is_terminated_is_not_tried_again(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    attempts, result = _attempts(ephemeral_instance, lambda: signal.raise_signal(signal.SIGINT))
    assert attempts == 1
    assert "The run was terminated before it was done." in _error_of(result)


def test_what_is_not_foreseen_keeps_its_own_traceback_and_is_tried_again(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    attempts, result = _attempts(ephemeral_instance, _raising(ZeroDivisionError("a bug of ours")))
    assert attempts == 1 + _RETRIES
    assert "ZeroDivisionError" in _error_of(result)


def _error_of(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return str(event.step_failure_data.error)


def test_a_failure_says_what_happened_what_to_do_and_of_which_kind_it_is(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    error = JamfCredentialsRejected("JAMF refuses the credentials.", "Check JAMF_CLIENT_ID.")
    _, result = _attempts(ephemeral_instance, _raising(error))
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description == "JAMF refuses the credentials. Check JAMF_CLIENT_ID."
    assert failure.metadata["remedy"].value == "Check JAMF_CLIENT_ID."
    assert failure.metadata["kind"].value == "JamfCredentialsRejected"


def test_a_statement_that_the_database_refuses_is_told_in_its_own_words(
    ephemeral_instance: dg.DagsterInstance, moss_database: str
) -> None:
    database = MossDatabase(moss_database)

    def fail() -> None:
        with database.connection() as connection:
            connection.execute("select * from no_such_table")

    attempts, result = _attempts(ephemeral_instance, fail)
    database.dispose()
    assert attempts == 1
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description is not None
    assert 'relation "no_such_table" does not exist' in failure.description
    assert failure.metadata["sqlstate"].value == "42P01"


def test_a_connection_that_is_killed_is_made_anew_by_the_retry(
    ephemeral_instance: dg.DagsterInstance, moss_database: str
) -> None:
    database = MossDatabase(moss_database)
    kills = iter([True])

    def fail_once() -> None:
        with database.connection() as connection:
            if next(kills, False):
                with database.connection() as other:
                    other.execute(
                        "select pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,)
                    )
            connection.execute("select 1")

    attempts, result = _attempts(ephemeral_instance, fail_once)
    database.dispose()
    assert result.success
    assert attempts == 2


def test_a_database_that_cannot_be_reached_is_tried_again_and_told_without_its_password(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    database = MossDatabase("postgresql://moss:hush-hush@127.0.0.1:1/moss")

    def fail() -> None:
        with database.connection():
            pytest.fail("nobody listens there")

    attempts, result = _attempts(ephemeral_instance, fail)
    assert attempts == 1 + _RETRIES
    assert "MOSS_DATABASE_URL" in _error_of(result)
    assert "hush-hush" not in str(result.all_events)


def test_case_t14_a_server_that_fails_is_asked_no_more_by_a_run_that_tries_again_than_by_one_step(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the daemon runs it: each capture is tried three times, and the server once each time."""
    at_once = dg.RetryPolicy(max_retries=_RETRIES, delay=0)
    for name in ("RAW", "SERVER"):
        monkeypatch.setattr(raw, name, replace(getattr(raw, name), retries=at_once))
    job = build_definitions([Settings().integration], jamf=HurriedJamf()).resolve_job_def(
        "sync_jamf"
    )
    listings = "/(computers-inventory|users|computer-groups|buildings)"
    small_world.jamf.set_faults(Faults(server_error=ServerError(status=500, path=listings)))
    slot = slot_key_at(datetime.now(UTC))
    result = job.execute_in_process(
        instance=small_world.instance,
        partition_key=slot,
        run_config={
            **job.get_run_config_for_partition_key(slot),
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        raise_on_error=False,
    )
    assert not result.success
    assert small_world.jamf.requests.total <= 10 * (1 + _RETRIES)
    failed = [event for event in result.all_events if event.is_step_failure]
    for event in failed:
        told = event.step_failure_data.user_failure_data
        assert told is not None
        assert "500" in (told.description or "")
    (row,) = small_world.history()
    assert row["status"] == "failed"
