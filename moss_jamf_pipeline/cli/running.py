"""Runs a scope of the sync as a Dagster run in this process, on the configured instance, and says how it ended.

The run is like any other: the UI shows it under its job with slot, steps, checks and metadata. What it is called and
what it syncs is `engine.scopes.SCOPES`.
"""

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import dagster as dg
import psycopg
from dagster import DagsterEvent, DagsterEventType

from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.recovery import close_dead_runs, marked_as_alive, wait_for_pools
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.definitions import defs
from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.engine.scopes import SyncScope, job_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.jamf import JamfAddressInvalid, JamfCredentialsRejected, JamfUnreachable
from moss_jamf_pipeline.moss.apply.validation import plan_problems
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.moss.integration.history import close_history
from moss_jamf_pipeline.moss.integration.integrations import Integration, require_enabled
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts_by_kind
from moss_jamf_pipeline.moss.plan.guard import HeldChanges, held_changes
from moss_jamf_pipeline.moss.plan.planning import Plan, read_plan
from moss_jamf_pipeline.moss.statements import Row, fetch_one
from moss_jamf_pipeline.orchestration.assets.triggers import TRIGGERED_BY_TAG
from moss_jamf_pipeline.orchestration.dagster_internals import (
    PARTITION_NAME_TAG,
    REPOSITORY_LABEL_TAG,
    InMemoryJob,
    SerializableErrorInfo,
    execute_run,
    pop_captured_interrupt,
)
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.services.explanations import Explanation, separated
from moss_jamf_pipeline.settings import Settings

# Failures that every capture of a run would meet alike: waiting and trying the next step only delays the message.
_FATAL = {
    kind.__name__
    for kind in (JamfUnreachable, JamfCredentialsRejected, JamfAddressInvalid, ConfigurationMissing)
}
_INTERRUPTS = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}

# By which the UI finds the runs of a job: the only repository of workspace.yaml's code location.
_REPOSITORY = "__repository__@moss_jamf_pipeline"

_PROBLEMS_SHOWN = 10

_INTERRUPTED = Explanation(
    "The run was interrupted before it was done.",
    "Run it again: what was written stays, the rest is planned anew.",
)


class _EndOfRun(BaseException):
    """Ends a run at once, from inside its event listener; like an interrupt it is no step's business to handle."""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """The step that ended a run.

    Attributes:
        step: its key.
        explanation: what happened and what to do.
        trace: the Python error behind it, for a developer.
    """

    step: str
    explanation: Explanation
    trace: str


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A statement about an asset that is not true this time.

    Attributes:
        asset: the asset's name.
        check: the check's name, which is true when it passes.
        description: what it means.
        facts: its numbers.
        is_blocking: whether it ended the run.
    """

    asset: str
    check: str
    description: str
    facts: dict[str, object]
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended.

    Attributes:
        status: `success`, `partial` or `failed`, as the history row has it.
        message: why it is partial; None for a success.
        plan: the plan it made or applied, as far as this run went; None if it did not get that far.
        applies: whether the plan was to be applied, or only made.
        failed_checks: the statements that are not true this time.
        failures: the steps that failed, one per distinct reason, or that the run was interrupted; empty if it did not
            fail.
        open_conflicts: how many conflicts wait for a person.
        held: what the guard holds of the plan.
        problems: of a dry run, the first changes that M.O.S.S. would not take as they are; each has their `total`.
    """

    run_id: str
    job: str
    slot: str
    status: str
    message: str | None
    seconds: float
    applies: bool
    plan: Plan | None
    failed_checks: tuple[FailedCheck, ...]
    failures: tuple[StepFailure, ...]
    open_conflicts: int
    held: tuple[HeldChanges, ...] = ()
    problems: tuple[Row, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the command ends with: 1 it failed, 3 something waits for an approval, else 0."""
        return 1 if self.failures else 3 if self.held else 0


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is asked to do beyond its scope.

    Attributes:
        slot: the slot of its partition; None: the one that contains now.
        plan_id: the plan to apply; 0: the one it makes.
        approve: kinds of held changes to let through.
        sweep: how computers are captured, where they are.
    """

    slot: str | None = None
    plan_id: int = 0
    approve: tuple[str, ...] = ()
    sweep: SweepMode = "full"


_NOTHING_SPECIAL = Order()


class RunObserver(Protocol):
    """Who watches a run; `progress.RunProgress` is one."""

    def see(self, event: DagsterEvent) -> None:
        """Takes note of an event of the run."""

    def say(self, sentence: str) -> None:
        """Takes note of what happens before it."""


@dataclass(slots=True)
class _Witness:
    """Collects from a run's events what its report needs."""

    failed_checks: list[FailedCheck] = field(default_factory=list)
    failures: list[StepFailure] = field(default_factory=list)

    def see(self, event: DagsterEvent) -> None:
        match event.event_type:
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation = event.asset_check_evaluation_data
                if not evaluation.passed:
                    self.failed_checks.append(_failed_check(evaluation))
            case DagsterEventType.STEP_FAILURE:
                failure = self._failure_of(event)
                if all(failure.explanation != known.explanation for known in self.failures):
                    self.failures.append(failure)
                self._end_if_fatal(event, event.step_failure_data.error)
            case DagsterEventType.STEP_UP_FOR_RETRY:
                self._end_if_fatal(event, event.step_retry_data.error)
            case _:
                pass

    def _end_if_fatal(self, event: DagsterEvent, error: SerializableErrorInfo | None) -> None:
        """Ends the run on an interrupt, which Dagster takes for a reason to try the step again, and on a fatal failure.

        Raises:
            KeyboardInterrupt: the step was interrupted.
            _EndOfRun: no other step can succeed.
        """
        chain = list(_causes(error))
        if any(_class_name(cause) in _INTERRUPTS for cause in chain):
            self.failures[:] = [StepFailure(str(event.step_key), _INTERRUPTED, "")]
            raise KeyboardInterrupt
        fatal = next((cause for cause in chain if _class_name(cause) in _FATAL), None)
        if fatal is None:
            return
        if not self.failures:
            explanation = separated(_message(fatal), "")
            self.failures.append(StepFailure(str(event.step_key), explanation, fatal.to_string()))
        raise _EndOfRun("Every other capture would fail alike.")

    def _failure_of(self, event: DagsterEvent) -> StepFailure:
        data = event.step_failure_data
        trace = data.error.to_string() if data.error else ""
        blocking = next((check for check in self.failed_checks if check.is_blocking), None)
        if data.user_failure_data is not None and data.user_failure_data.description:
            remedy = data.user_failure_data.metadata.get("remedy")
            explanation = separated(
                data.user_failure_data.description, str(remedy.value) if remedy is not None else ""
            )
        elif blocking is not None:
            explanation = Explanation(
                f"{blocking.asset}: the check {blocking.check} failed, and nothing after it was done. "
                f"It says: {blocking.description}",
                "Look at the asset's check in the Dagster UI (`moss-jamf up`).",
            )
        else:
            reason = _message(data.error) if data.error else "no reason was given"
            explanation = Explanation(
                f"The step {event.step_key} failed: {reason}", "Show the details with --verbose."
            )
        return StepFailure(str(event.step_key), explanation, trace)


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause


def _class_name(error: SerializableErrorInfo) -> str:
    return (error.cls_name or "").rpartition(".")[2]


def _message(error: SerializableErrorInfo) -> str:
    """An error's message, without the class that Python puts before it."""
    text = error.message.strip()
    first, separator, rest = text.partition(": ")
    return rest if separator and " " not in first else text


def innermost_message(error: SerializableErrorInfo) -> str:
    """The message of the error that a chain of errors began with."""
    *_, first = _causes(error)
    return _message(first)


def execute_scope(
    scope: SyncScope,
    settings: Settings,
    *,
    observer: RunObserver,
    triggered_by: str | None = None,
    order: Order = _NOTHING_SPECIAL,
) -> RunReport:
    """Runs a scope, and returns when it has ended, however it ended.

    Args:
        scope: what to sync.
        settings: the environment.
        observer: is told of every event of the run, in this thread.
        triggered_by: who started it; the operating system's user by default.
        order: the slot, by default the one that contains now; the plan to apply.

    Raises:
        MossError: the database is not reachable or not prepared, or the integration is switched off; no run was
            started.
    """
    slot = order.slot or slot_key_at(datetime.now(UTC))
    run_id = str(uuid.uuid4())
    witness = _Witness()
    with prepared_moss(settings) as (_, integration):
        # Else the run would fail in its first step, and leave a run to look at.
        require_enabled(integration)
    with open_instance(settings, captures_output=False) as instance, _terminating_as_interrupt():
        close_dead_runs(instance, settings)
        wait_for_pools(instance, observer.say)
        job = defs.resolve_job_def(job_name(settings.integration_slug, scope))

        def listen(entry: dg.EventLogEntry) -> None:
            if pop_captured_interrupt():
                raise KeyboardInterrupt
            if entry.dagster_event is not None:
                witness.see(entry.dagster_event)  # may end the run, and nothing is tried again
                observer.see(entry.dagster_event)

        began = time.monotonic()
        with marked_as_alive(settings, run_id):
            run = instance.create_run_for_job(
                job_def=job,
                run_id=run_id,
                run_config=_run_config(
                    job,
                    slot,
                    settings.integration_slug,
                    order,
                    captures_computers="computers" in scope.collections,
                ),
                tags={
                    **job.run_tags,
                    **({PARTITION_NAME_TAG: slot} if job.partitions_def is not None else {}),
                    REPOSITORY_LABEL_TAG: _REPOSITORY,
                    TRIGGERED_BY_TAG: operator(triggered_by),
                },
            )
            instance.add_event_listener(run_id, listen)
            succeeded = False
            try:
                succeeded = execute_run(InMemoryJob(job), run, instance).success
            finally:
                instance.event_log_storage.free_concurrency_slots_for_run(run_id)
                if not succeeded:
                    witness.failures = witness.failures or [StepFailure("", _INTERRUPTED, "")]
                    _close_as_failed(settings, run_id, witness.failures[0].explanation)
    seconds = time.monotonic() - began
    return _report(scope, settings, run_id, job.name, slot, seconds, witness, succeeded=succeeded)


def _run_config(
    job: dg.JobDefinition, slot: str, prefix: str, order: Order, *, captures_computers: bool
) -> dict[str, Any]:
    """The job's own configuration, without Dagster's log on the console: progress says what happens."""
    if job.partitions_def is not None:
        config = dict(job.get_run_config_for_partition_key(slot))
        if captures_computers:
            step = {f"{prefix}__raw_jamf_computers": {"config": {"sweep": order.sweep}}}
            config["ops"] = {**config["ops"], **step}
    else:
        choice = {"plan_id": order.plan_id, "approve": list(order.approve)}
        config = {"ops": {f"{prefix}__guarded_plan": {"config": choice}}}
    return {**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@contextmanager
def _terminating_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM end a run as Ctrl-C does: step by step, with its history row closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _close_as_failed(settings: Settings, run_id: str, explanation: Explanation) -> None:
    """Closes the run's history row, unless the failing step's hook already did or the database is what failed."""
    try:
        with prepared_moss(settings) as (connection, _):
            close_history(
                connection,
                run_id=run_id,
                status="failed",
                error_message=f"{explanation.message} {explanation.remedy}".strip(),
            )
    except EXPLAINED:
        # The database is away: that is the run's own failure too, and reported as such.
        return


def _report(
    scope: SyncScope,
    settings: Settings,
    run_id: str,
    job: str,
    slot: str,
    seconds: float,
    witness: _Witness,
    *,
    succeeded: bool,
) -> RunReport:
    status, message, plan, open_conflicts = "success" if succeeded else "failed", None, None, 0
    held: tuple[HeldChanges, ...] = ()
    problems: list[Row] = []
    try:
        with prepared_moss(settings) as (connection, integration):
            plan = _plan_of(connection, integration, run_id)
            history = fetch_one(connection, "history/history_of_run", {"run_id": run_id})
            open_conflicts = sum(open_conflicts_by_kind(connection, integration.id).values())
            if plan is not None:
                held = held_changes(connection, plan.plan_id)
                if not scope.applies:
                    problems = plan_problems(connection, plan.plan_id, limit=_PROBLEMS_SHOWN)
    except EXPLAINED:
        if succeeded:
            raise
        history = None
    if succeeded and history is not None:
        status, message = history["status"], history["error_message"]
    return RunReport(
        run_id=run_id,
        job=job,
        slot=slot,
        status=status,
        message=message,
        seconds=seconds,
        applies=scope.applies,
        plan=plan,
        failed_checks=tuple(witness.failed_checks),
        failures=tuple(witness.failures),
        open_conflicts=open_conflicts,
        held=held,
        problems=tuple(problems),
    )


def _plan_of(connection: psycopg.Connection, integration: Integration, run_id: str) -> Plan | None:
    """The plan that a run applied, as far as it did, or made."""
    chosen = fetch_one(connection, "guard/chosen_plan", {"run_id": run_id})
    if chosen is not None:
        return read_plan(connection, chosen["plan_id"], since=chosen["chosen_at"])
    for kind in ("sync", "what_if"):
        made = fetch_one(
            connection,
            "plan/plan_of_run",
            {"integration_id": integration.id, "run_id": run_id, "plan_kind": kind},
        )
        if made is not None:
            return read_plan(connection, made["plan_id"])
    return None


def _failed_check(evaluation: dg.AssetCheckEvaluation) -> FailedCheck:
    return FailedCheck(
        asset=evaluation.asset_key.path[-1],
        check=evaluation.check_name,
        description=evaluation.description
        or _check_descriptions().get(evaluation.asset_check_key, ""),
        facts={
            name: value.value
            for name, value in evaluation.metadata.items()
            if isinstance(value, dg.IntMetadataValue)
        },
        is_blocking=bool(evaluation.blocking),
    )


def _check_descriptions() -> dict[dg.AssetCheckKey, str]:
    return {
        spec.key: spec.description or ""
        for checks in defs.asset_checks or ()
        for spec in checks.check_specs
    }
