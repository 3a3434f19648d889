"""A sync without Dagster: the steps of a scope, one after the other, in this process.

Its outcome is that of a Dagster run: the same captures, plan, writes and history. A step that fails, and a finding that
stops, keep from running what comes after them, and nothing else. But nobody sees it in the UI, nothing is tried again,
and no pool keeps another run out of JAMF: for people and schedules there are Dagster's runs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import uuid4

import psycopg

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.catalogue.object_types import (
    APPLIED_OBJECT_TYPES,
    MATCH_TABLES,
    OBJECT_TYPE_NAMES,
)
from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.checks import Finding
from moss_jamf_pipeline.engine.context import Run, RunContext
from moss_jamf_pipeline.engine.failures import EXPLAINED, reason_of
from moss_jamf_pipeline.engine.scopes import (
    NAMED_RECORDS,
    UPSTREAM,
    SyncScope,
    in_order,
    raw_step,
    snapshot_step,
)
from moss_jamf_pipeline.engine.slots import slot_key_at, slot_start
from moss_jamf_pipeline.engine.steps.applying import Applied, apply
from moss_jamf_pipeline.engine.steps.asking import Server, ask_server
from moss_jamf_pipeline.engine.steps.capturing import Captured, capture
from moss_jamf_pipeline.engine.steps.guarding import Conflicts, GuardedPlan, choose, update_queue
from moss_jamf_pipeline.engine.steps.history import (
    close_as_failed,
    close_as_stopped,
    write_history,
)
from moss_jamf_pipeline.engine.steps.matching import Matched, match_objects
from moss_jamf_pipeline.engine.steps.named import NamedRecords, read_named
from moss_jamf_pipeline.engine.steps.planning import (
    TriedPlan,
    plan_changes,
    plan_what_if,
    try_plan,
)
from moss_jamf_pipeline.engine.steps.staging import StagedSlots, stage
from moss_jamf_pipeline.moss.apply.outcome import RunOutcome
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.history import Status
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

StepResult = (
    Server
    | Captured
    | StagedSlots
    | NamedRecords
    | Matched
    | Plan
    | TriedPlan
    | GuardedPlan
    | Conflicts
    | Applied
    | RunOutcome
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is asked to do beyond its steps.

    Attributes:
        slots: the keys of the slots to capture, stage or look back at; empty: the one that contains now.
        object_types: what is planned.
        plan_id: the plan to apply; 0: the one that the run makes, else the newest.
        approve: kinds of held changes to let through.
        approved_by: the person who does; by default who starts the run.
        approval_reason: why, in their words.
        sweep: how computers are captured.
    """

    slots: tuple[str, ...] = ()
    object_types: tuple[str, ...] = OBJECT_TYPE_NAMES
    plan_id: int = 0
    approve: tuple[str, ...] = ()
    approved_by: str = ""
    approval_reason: str = ""
    sweep: SweepMode = "auto"


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed.

    Attributes:
        step: its name.
        message: what happened and what to do.
        error: what it raised.
    """

    step: str
    message: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        run_id: its id.
        status: `success`, `partial` or `failed`, as the history has it.
        message: why it is partial or failed, as sentences; None for a success.
        results: what each step that succeeded made of it.
        findings: what they found true or not.
        failures: the steps that failed, in order.
        left_out: the steps that were not run because of one before them.
    """

    run_id: str
    status: Status
    message: str | None
    results: Mapping[str, StepResult]
    findings: tuple[Finding, ...]
    failures: tuple[FailedStep, ...]
    left_out: tuple[str, ...]

    @property
    def success(self) -> bool:
        """Whether every step was run, and succeeded."""
        return self.status != "failed"


@dataclass(frozen=True, slots=True)
class _Work:
    """What the bodies of steps are given."""

    run: RunContext
    clients: JamfClients
    slots: tuple[datetime, ...]
    order: Order


_Body = Callable[[_Work], StepResult]


def _capture(collection: str, work: _Work) -> Captured:
    return capture(work.run, work.clients, collection, work.slots, sweep=work.order.sweep)


def _stage(collection: str, work: _Work) -> StagedSlots:
    return stage(work.run, collection, work.slots)


def _match(table: str, work: _Work) -> Matched:
    return match_objects(work.run, table)


def _apply(object_type: str, work: _Work) -> Applied:
    return apply(work.run, object_type)


_BODIES: Final[Mapping[str, _Body]] = {
    "jamf_server": lambda work: ask_server(work.run, work.clients),
    **{raw_step(collection): partial(_capture, collection) for collection in COLLECTION_NAMES},
    **{snapshot_step(collection): partial(_stage, collection) for collection in COLLECTION_NAMES},
    NAMED_RECORDS: lambda work: read_named(work.run, work.clients),
    **{table: partial(_match, table) for table in MATCH_TABLES},
    "change_plan": lambda work: plan_changes(work.run, work.order.object_types),
    "plan_validation": lambda work: try_plan(work.run),
    "guarded_plan": lambda work: choose(
        work.run,
        work.order.plan_id,
        work.order.approve,
        work.order.approved_by or work.run.run.triggered_by,
        work.order.approval_reason,
    ),
    "conflicts": lambda work: update_queue(work.run),
    **{kind.asset: partial(_apply, kind.name) for kind in APPLIED_OBJECT_TYPES},
    "moss_sync_history": lambda work: write_history(work.run),
    "what_if_plan": lambda work: plan_what_if(work.run, work.slots[-1]),
}


def sync(
    scope: SyncScope,
    database: MossDatabase,
    settings: Settings,
    *,
    order: Order = Order(),
    triggered_by: str = "engine",
    clients: JamfClients | None = None,
    which: IntegrationChoice | None = None,
) -> Outcome:
    """Runs a scope; arguments as of `run_steps`."""
    return run_steps(
        scope.steps(),
        database,
        settings,
        order=replace(order, object_types=scope.object_types or order.object_types),
        sync_type=scope.sync_type,
        triggered_by=triggered_by,
        clients=clients,
        which=which,
    )


def run_steps(
    steps: Collection[str],
    database: MossDatabase,
    settings: Settings,
    *,
    order: Order = Order(),
    sync_type: str | None = None,
    triggered_by: str = "engine",
    clients: JamfClients | None = None,
    which: IntegrationChoice | None = None,
) -> Outcome:
    """Runs some steps in their order, and returns when the last one has ended, however it ended.

    Args:
        steps: their names.
        database: of M.O.S.S.
        settings: the environment.
        order: what is asked beyond that.
        sync_type: what M.O.S.S.'s history calls the run; None: as its steps say.
        triggered_by: who or what starts it.
        clients: what makes clients of JAMF; by default as in production.
        which: the integration; by default the one of the environment.
    """
    slots = tuple(map(slot_start, order.slots or (slot_key_at(datetime.now(UTC)),)))
    run = RunContext(
        Run(str(uuid4()), frozenset(steps), triggered_by, sync_type),
        database,
        settings,
        which or settings.integration,
    )
    work = _Work(run, clients or JamfClients(), slots, order)
    progress = _Progress(database, run)
    try:
        for step in in_order(steps):
            progress.run_step(step, work)
    finally:
        run.close()
    return progress.outcome()


@dataclass(slots=True)
class _Progress:
    """A run as far as it got."""

    database: MossDatabase
    run: RunContext
    results: dict[str, StepResult] = field(default_factory=dict)
    failures: list[FailedStep] = field(default_factory=list)
    stops: list[Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def run_step(self, step: str, work: _Work) -> None:
        """Runs a step, unless one that it comes after failed, was stopped or was left out itself."""
        if self._ended() & set(UPSTREAM[step]):
            self.left_out.append(step)
            return
        try:
            self.results[step] = _BODIES[step](work)
        except (*EXPLAINED, psycopg.Error) as error:
            self._fail(step, error)
        except BaseException as error:
            # A fault of ours, or an interrupt: no step's business, but the history tells it.
            why = reason_of(error)
            self._close(step, why.message if why else f"{type(error).__name__}: {error}", error)
            raise
        else:
            self._look(step)

    def _ended(self) -> set[str]:
        return {
            *(failure.step for failure in self.failures),
            *(finding.step for finding in self.stops),
            *self.left_out,
        }

    def _fail(self, step: str, error: Exception) -> None:
        why = reason_of(error)
        message = why.message if why else str(error)
        self.failures.append(FailedStep(step, message, error))
        self._close(step, message, error)

    def _close(self, step: str, message: str, error: BaseException) -> None:
        details = {"step": step, "error": type(error).__name__}
        try:
            close_as_failed(self.database, self.run.run.run_id, message, details)
        except EXPLAINED:
            # The database may be what failed; the next run that opens a row closes this one.
            return

    def _look(self, step: str) -> None:
        for finding in self.run.findings.values():
            if finding.step == step and finding.stops:
                self.stops.append(finding)
                close_as_stopped(self.run, finding)

    def outcome(self) -> Outcome:
        """How the run ended."""
        told = [*(failure.message for failure in self.failures)]
        told += [finding.sentence for finding in self.stops]
        written = self.results.get("moss_sync_history")
        status: Status = "failed" if told else "success"
        message: str | None = " ".join(told) or None
        if not told and isinstance(written, RunOutcome):
            status, message = written.status, written.message
        return Outcome(
            run_id=self.run.run.run_id,
            status=status,
            message=message,
            results=self.results,
            findings=tuple(self.run.findings.values()),
            failures=tuple(self.failures),
            left_out=tuple(self.left_out),
        )
