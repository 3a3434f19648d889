"""Executes runs of the sync as Dagster runs in this process, on the configured instance.

A run is like any other: the UI shows it under its job with slot, steps, checks and metadata. What it is called and what
it syncs is `engine.scopes.SCOPES`; what it is asked for, and what became of it, `services.runs`.
"""

import gc
import logging
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.engine.processes import identity_of
from moss_jamf_pipeline.engine.scopes import job_name, raw_step
from moss_jamf_pipeline.jamf import (
    JamfAddressInvalid,
    JamfCredentialsRejected,
    JamfFailing,
    JamfUnreachable,
)
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.run_lock import RunLock, place_of_locks
from moss_jamf_pipeline.orchestration.dagster_internals import (
    MAX_RETRIES_TAG,
    PARTITION_NAME_TAG,
    REPOSITORY_LABEL_TAG,
    InMemoryJob,
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
    SerializableErrorInfo,
    execute_run,
    pop_captured_interrupt,
)
from moss_jamf_pipeline.orchestration.endings import tag_as_failed
from moss_jamf_pipeline.orchestration.instance import (
    STORAGE_TROUBLES,
    PooledEventLogStorage,
    StorageLost,
    open_instance,
)
from moss_jamf_pipeline.orchestration.recovery import (
    PoolWait,
    RunWatch,
    WaitedTooLong,
    moss_database,
    wait_for_pools,
)
from moss_jamf_pipeline.orchestration.tags import (
    CODE_LOCATION,
    LOCK_PLACE_TAG,
    PROCESS_TAG,
    REPOSITORY,
    TRIGGERED_BY_TAG,
)
from moss_jamf_pipeline.services.explanations import Explanation, separated
from moss_jamf_pipeline.services.runs import (
    INTERRUPTED,
    FailedCheck,
    RunEnd,
    RunEvent,
    RunObserver,
    RunRequest,
    RunWaits,
    StepFailed,
    StepFailure,
    StepFinished,
    StepRetried,
    StepStarted,
)
from moss_jamf_pipeline.settings import Settings, SettingsContradictory

# Failures that every capture of a run would meet alike: waiting and trying the next step only delays the message.
_FATAL = {
    kind.__name__
    for kind in (
        JamfUnreachable,
        JamfFailing,
        JamfCredentialsRejected,
        JamfAddressInvalid,
        ConfigurationMissing,
        SettingsContradictory,
    )
}
_SECONDS_FOR_A_RESTART = 3.0
_SECONDS_BETWEEN_ATTEMPTS = 0.5
_LOST = "The run lost its database. Run it again: what was written stays."

_INTERRUPTS = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}

# By which the UI finds the runs of a job: the only repository of workspace.yaml's code location.
_REPOSITORY = f"{REPOSITORY}@{CODE_LOCATION}"


class _EndOfRun(BaseException):
    """Ends a run at once, from inside its event listener; like an interrupt it is no step's business to handle."""


class InProcessLauncher:
    """Executes runs in this process.

    Args:
        settings: the environment.
        definitions: what holds the jobs.
    """

    def __init__(self, settings: Settings, definitions: dg.Definitions) -> None:
        self._settings = settings
        self._definitions = definitions

    def execute(self, request: RunRequest, observer: RunObserver) -> RunEnd:
        """Executes a run, and returns when it has ended, however it ended; see `services.runs.Launcher`."""
        job = self._definitions.resolve_job_def(job_name(request.slug, request.scope))
        witness = _Witness(_descriptions_of_checks(self._definitions))
        narrator = _Narrator(request.slug, observer)
        database = moss_database(self._settings)
        lock = RunLock(database)
        lost: list[StepFailure] = []

        def listen(entry: dg.EventLogEntry) -> None:
            if lost:
                return  # the end that Dagster's half-run generators record once the database is back says nothing new
            if pop_captured_interrupt():
                raise KeyboardInterrupt
            lock.hold_again()
            if entry.dagster_event is not None:
                witness.see(entry.dagster_event)  # may end the run, and nothing is tried again
                narrator.tell(entry.dagster_event)

        with (
            _telling_a_loss_once(),
            open_instance(self._settings, captures_output=False) as instance,
            _terminating_as_interrupt(),
        ):
            watch = RunWatch(instance, database)
            watch.close_dead()
            wait = PoolWait(
                instance,
                watch,
                self._settings.wait_seconds,
                lambda sentence: observer.see(RunWaits(sentence)),
            )
            wait_for_pools(wait, _pools_of(job))
            began = time.monotonic()
            # The lock comes before the run: one that nobody holds is dead.
            lock.hold(request.run_id)
            try:
                succeeded = self._execute(job, request, instance, database, listen)
            except (StorageLost, *STORAGE_TROUBLES) as loss:
                succeeded = False
                lost.append(_database_lost(loss))
                witness.failures[:0] = lost
            finally:
                lock.release()
            if not succeeded:
                _tidy_up(instance, request.run_id)
        if not succeeded and not witness.failures:
            witness.failures.append(StepFailure("", INTERRUPTED, ""))
        return RunEnd(
            job=job.name,
            seconds=time.monotonic() - began,
            failures=() if succeeded else tuple(witness.failures),
            failed_checks=tuple(witness.failed_checks),
        )

    @staticmethod
    def _execute(
        job: dg.JobDefinition,
        request: RunRequest,
        instance: dg.DagsterInstance,
        database: MossDatabase,
        listen: Callable[[dg.EventLogEntry], None],
    ) -> bool:
        with database.reading() as connection:
            place = place_of_locks(connection)
        run = instance.create_run_for_job(
            job_def=job,
            run_id=request.run_id,
            run_config=_run_config(job, request),
            tags=_tags(job, request, place),
            remote_job_origin=origin_of(job.name),
        )
        instance.add_event_listener(request.run_id, listen)
        if isinstance(instance.event_log_storage, PooledEventLogStorage):
            instance.event_log_storage.is_all_over_when_lost = True
        try:
            return execute_run(InMemoryJob(job), run, instance).success
        finally:
            instance.event_log_storage.free_concurrency_slots_for_run(request.run_id)


def _database_lost(loss: BaseException) -> StepFailure:
    """What is said of a run that lost Dagster's database, in the words of the driver without their page of SQL."""
    cause: object = loss
    while (deeper := getattr(cause, "orig", None) or getattr(cause, "__cause__", None)) is not None:
        cause = deeper
    return StepFailure("", _loss_in_words(str(cause)), "".join(traceback.format_exception(loss)))


def _loss_in_words(cause: str) -> Explanation:
    words = cause.strip().partition("\n")[0].rstrip(".")
    return Explanation(
        f"The run lost Dagster's database: {words}.",
        "See that PostgreSQL runs, then run it again: what was written stays, and the next run closes this one.",
    )


def _tidy_up(instance: dg.DagsterInstance, run_id: str) -> None:
    """Closes a run whose database was away, if it is back by now; if not, the next command finds the run dead."""
    gc.collect()  # Dagster's half-run generators want to record their end as well, wherever that is
    deadline = time.monotonic() + _SECONDS_FOR_A_RESTART
    while True:
        try:
            run = instance.get_run_by_id(run_id)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, _LOST)
                tag_as_failed(instance, run)
            instance.event_log_storage.free_concurrency_slots_for_run(run_id)
        except STORAGE_TROUBLES:
            if time.monotonic() > deadline:
                return
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
        else:
            return


@contextmanager
def _telling_a_loss_once() -> Iterator[None]:
    """Keeps what Dagster and its driver say of a database that is lost off the terminal: the end of the run says it."""

    def is_ours(record: logging.LogRecord) -> bool:
        return "dagster_postgres" not in record.pathname

    def ignore_the_loss(unraisable: "sys.UnraisableHookArgs") -> None:
        # A generator of Dagster's that is ended half-way goes on to record its end; Python says so as a RuntimeError.
        is_of_a_generator = unraisable.exc_type is RuntimeError and "GeneratorExit" in str(
            unraisable.exc_value
        )
        if not (is_of_a_generator or issubclass(unraisable.exc_type, StorageLost)):
            hook_before(unraisable)

    root = logging.getLogger()
    root.addFilter(is_ours)
    hook_before, sys.unraisablehook = sys.unraisablehook, ignore_the_loss
    try:
        yield
    finally:
        sys.unraisablehook = hook_before
        root.removeFilter(is_ours)


@dataclass(slots=True)
class _Witness:
    """Collects from a run's events how it ended.

    Attributes:
        descriptions: what each check means.
        failed_checks: so far.
        failures: so far, one per distinct reason.
    """

    descriptions: Mapping[dg.AssetCheckKey, str]
    failed_checks: list[FailedCheck] = field(default_factory=list)
    failures: list[StepFailure] = field(default_factory=list)

    def see(self, event: DagsterEvent) -> None:
        match event.event_type:
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation = event.asset_check_evaluation_data
                if not evaluation.passed:
                    self.failed_checks.append(self._failed_check(evaluation))
            case DagsterEventType.STEP_FAILURE if _is_of_a_half_run_generator(event):
                pass  # what ended the run is told
            case DagsterEventType.STEP_FAILURE:
                failure = self._failure_of(event)
                if all(failure.explanation != known.explanation for known in self.failures):
                    self.failures.append(failure)
                self._end_if_fatal(event, event.step_failure_data.error)
            case DagsterEventType.STEP_UP_FOR_RETRY:
                self._end_if_fatal(event, event.step_retry_data.error)
            case DagsterEventType.RUN_FAILURE if not self.failures:
                self._see_the_end(event.job_failure_data.error)
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
            self.failures[:] = [StepFailure(str(event.step_key), INTERRUPTED, "")]
            raise KeyboardInterrupt
        fatal = next((cause for cause in chain if _class_name(cause) in _FATAL), None)
        if fatal is None:
            return
        if not self.failures:
            explanation = separated(_message(fatal), "")
            self.failures.append(StepFailure(str(event.step_key), explanation, fatal.to_string()))
        raise _EndOfRun("Every other capture would fail alike.")

    def _see_the_end(self, error: SerializableErrorInfo | None) -> None:
        """Notes why a run ended that no step failed: it waited for too long, say."""
        chain = list(_causes(error))
        if not chain or any(_class_name(cause) in _INTERRUPTS for cause in chain):
            return
        waited = next(
            (cause for cause in chain if _class_name(cause) == WaitedTooLong.__name__), chain[0]
        )
        self.failures.append(StepFailure("", separated(_message(waited), ""), chain[0].to_string()))

    def _failed_check(self, evaluation: dg.AssetCheckEvaluation) -> FailedCheck:
        return FailedCheck(
            asset=evaluation.asset_key.path[-1],
            check=evaluation.check_name,
            description=evaluation.description
            or self.descriptions.get(evaluation.asset_check_key, ""),
            facts=_numbers(evaluation.metadata),
            is_blocking=bool(evaluation.blocking),
        )

    def _failure_of(self, event: DagsterEvent) -> StepFailure:
        data = event.step_failure_data
        trace = data.error.to_string() if data.error else ""
        blocking = next((check for check in self.failed_checks if check.is_blocking), None)
        if any(_class_name(cause) == StorageLost.__name__ for cause in _causes(data.error)):
            # The database was back when the step's end was recorded.
            explanation = _loss_in_words(_innermost_message(data.error) if data.error else "")
        elif data.user_failure_data is not None and data.user_failure_data.description:
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


class _Narrator:
    """Tells an observer what happens in a run.

    Args:
        slug: of the integration, with which the keys of the run's steps begin.
        observer: is told.
    """

    def __init__(self, slug: str, observer: RunObserver) -> None:
        self._prefix = f"{slug}__"
        self._observer = observer
        self._numbers: dict[str, dict[str, int]] = {}

    def tell(self, event: DagsterEvent) -> None:
        """Tells of one event, if it says something about a step."""
        step = (event.step_key or "").removeprefix(self._prefix)
        if event.event_type is DagsterEventType.ASSET_MATERIALIZATION:
            metadata = event.step_materialization_data.materialization.metadata
            self._numbers[step] = _numbers(metadata)
            return
        told = self._told(step, event)
        if told is not None:
            self._observer.see(told)

    def _told(self, step: str, event: DagsterEvent) -> RunEvent | None:
        match event.event_type:
            case DagsterEventType.STEP_START:
                return StepStarted(step)
            case DagsterEventType.STEP_SUCCESS:
                seconds = event.step_success_data.duration_ms / 1000
                return StepFinished(step, seconds, self._numbers.get(step, {}))
            case DagsterEventType.STEP_FAILURE:
                return StepFailed(step)
            case DagsterEventType.STEP_UP_FOR_RETRY:
                data = event.step_retry_data
                reason = _innermost_message(data.error) if data.error else ""
                return StepRetried(step, reason, float(data.seconds_to_wait or 0))
            case _:
                return None


def _numbers(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, int]:
    return {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue) and value.value is not None
    }


def _descriptions_of_checks(definitions: dg.Definitions) -> dict[dg.AssetCheckKey, str]:
    return {
        spec.key: spec.description or ""
        for checks in definitions.asset_checks or ()
        for spec in checks.check_specs
    }


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause


def _is_of_a_half_run_generator(event: DagsterEvent) -> bool:
    """Whether a step failed because its generator was ended, as when the run had lost its database before."""
    causes = _causes(event.step_failure_data.error)
    return any(_class_name(cause) == GeneratorExit.__name__ for cause in causes)


def _class_name(error: SerializableErrorInfo) -> str:
    return (error.cls_name or "").rpartition(".")[2]


def _message(error: SerializableErrorInfo) -> str:
    """An error's message, without the class that Python puts before it."""
    text = error.message.strip()
    first, separator, rest = text.partition(": ")
    return rest if separator and " " not in first else text


def _innermost_message(error: SerializableErrorInfo) -> str:
    """The message of the error that a chain of errors began with."""
    *_, first = _causes(error)
    return _message(first)


def _run_config(job: dg.JobDefinition, request: RunRequest) -> dict[str, Any]:
    """The job's own configuration, without Dagster's log on the console: the observer says what happens."""
    options = request.options
    if job.partitions_def is not None:
        config = dict(job.get_run_config_for_partition_key(request.slot))
        steps = {
            f"{request.slug}__{raw_step(collection.name)}": {"config": {"sweep": options.sweep}}
            for collection in COLLECTIONS
            if collection.has_sweeps and collection.name in request.scope.collections
        }
        config["ops"] = {**config["ops"], **steps}
    else:
        choice = {
            "plan_id": options.plan_id,
            "approve": list(options.approve),
            "approved_by": request.triggered_by,
            "approval_reason": options.approval_reason,
        }
        config = {"ops": {f"{request.slug}__guarded_plan": {"config": choice}}}
    return {**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _pools_of(job: dg.JobDefinition) -> frozenset[str]:
    """The pools in which the steps of a job run."""
    return frozenset().union(*(node.pools for node in job.all_node_defs))


def origin_of(job: str) -> RemoteJobOrigin:
    """Where the UI finds the job of a run, so that the run stands on its timeline and on its job's page."""
    location = RegisteredCodeLocationOrigin(CODE_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job)


def _tags(job: dg.JobDefinition, request: RunRequest, place: str) -> dict[str, str]:
    return {
        **job.run_tags,
        **({PARTITION_NAME_TAG: request.slot} if job.partitions_def is not None else {}),
        REPOSITORY_LABEL_TAG: _REPOSITORY,
        TRIGGERED_BY_TAG: request.triggered_by,
        PROCESS_TAG: identity_of() or "",
        # Whoever started it is told how it ended, and decides; the daemon would take it for one of its own.
        MAX_RETRIES_TAG: "0",
        LOCK_PLACE_TAG: place,
    }


@contextmanager
def _terminating_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM end a run as Ctrl-C does: step by step, with its history row closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
