"""Runs: starting one, following it, and how it ended.

What a run is asked to do is `RunOptions`. A door hands in the launcher that executes it (`orchestration.launching`, in
this process), and an observer that is told of typed events while it works. What became of it, the database says.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

import psycopg

from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.engine.scopes import SCOPES, SyncScope
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.moss.apply.validation import plan_problems
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.moss.integration.history import close_history
from moss_jamf_pipeline.moss.integration.integrations import Integration, require_enabled
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts_by_kind
from moss_jamf_pipeline.moss.plan.guard import HeldChanges, held_changes
from moss_jamf_pipeline.moss.plan.planning import Plan, read_plan
from moss_jamf_pipeline.moss.statements import fetch_one
from moss_jamf_pipeline.services.explanations import Explanation
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_PROBLEMS_SHOWN: Final = PageRequest(limit=10)

INTERRUPTED: Final = Explanation(
    "The run was interrupted before it was done.",
    "Run it again: what was written stays, the rest is planned anew.",
)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run is asked to do.

    Attributes:
        scope: a key of `engine.scopes.SCOPES`.
        slot: the slot of its partition; None: the one that contains now.
        plan_id: the plan to apply; 0: the one it makes.
        approve: kinds of held changes to let through.
        approval_reason: why, in the words of the person who does.
        sweep: how computers are captured, where they are.
    """

    scope: str = "everything"
    slot: str | None = None
    plan_id: int = 0
    approve: tuple[str, ...] = ()
    approval_reason: str = ""
    sweep: SweepMode = "auto"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as a launcher gets it: nothing is left open.

    Attributes:
        run_id: its id.
        slug: of the integration, as the names of its jobs have it.
        scope: what to sync.
        slot: the slot of its partition.
        options: the rest.
        triggered_by: who starts it.
    """

    run_id: str
    slug: str
    scope: SyncScope
    slot: str
    options: RunOptions
    triggered_by: str


@dataclass(frozen=True, slots=True)
class RunWaits:
    """Something keeps the run from starting yet; `sentence` says what."""

    sentence: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    step: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step is done.

    Attributes:
        step: which.
        seconds: how long it took.
        counts: its numbers, by name.
    """

    step: str
    seconds: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StepRetried:
    """A step failed and is tried again.

    Attributes:
        step: which.
        reason: what went wrong.
        seconds_to_wait: before the next attempt.
    """

    step: str
    reason: str
    seconds_to_wait: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed for good."""

    step: str


RunEvent: TypeAlias = RunWaits | StepStarted | StepFinished | StepRetried | StepFailed


class RunObserver(Protocol):
    """Who follows a run."""

    def see(self, event: RunEvent) -> None:
        """Takes note of an event of the run, or before it."""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """Why a step ended a run.

    Attributes:
        step: its key; empty if it was none in particular.
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
    facts: Mapping[str, int]
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a launched run ended, as its launcher saw it.

    Attributes:
        job: the job it was a run of.
        seconds: how long it took.
        failures: the steps that failed, one per distinct reason, or that it was interrupted; empty: it succeeded.
        failed_checks: the statements that are not true this time.
    """

    job: str
    seconds: float
    failures: tuple[StepFailure, ...] = ()
    failed_checks: tuple[FailedCheck, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether every step did what it was to do."""
        return not self.failures


class Launcher(Protocol):
    """Who executes runs."""

    def execute(self, request: RunRequest, observer: RunObserver) -> RunEnd:
        """Executes a run, and returns when it has ended, however it ended.

        Args:
            request: which.
            observer: is told of what happens, in this thread.
        """


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """A change of a dry run's plan that M.O.S.S. would not take as it is.

    Attributes:
        object_type: e.g. `device`.
        action: what was to be done.
        label: what the object is called.
        external_id: the id of its JAMF record.
        problem: what would become of it: `refused`, `failed`, `locked` or, of single fields, `left_out`.
        detail: why.
    """

    object_type: str
    action: str
    label: str | None
    external_id: str | None
    problem: str
    detail: str


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What the database says of a run.

    Attributes:
        status: `in_progress`, `success`, `partial` or `failed`, as its history row has it; None: it has none, as a dry
            run or one that did not get that far.
        message: why it is partial or failed; None for a success.
        plan: the plan it made or applied, as far as it went; None: it did not get that far.
        held: what the guard holds of that plan.
        problems: the first changes of that plan that M.O.S.S. would not take, as its trial found.
        open_conflicts: how many conflicts wait for a person.
    """

    status: str | None
    message: str | None
    plan: Plan | None
    held: tuple[HeldChanges, ...]
    problems: Page[PlanProblem]
    open_conflicts: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended that was followed to its end.

    Attributes:
        run_id: its id.
        job: the job it was a run of.
        slot: the slot of its partition.
        status: `success`, `partial` or `failed`.
        message: why it is partial; None for a success.
        seconds: how long it took.
        applies: whether the plan was to be applied, or only made.
        plan: as of `RunOutcome`.
        failed_checks: as of `RunEnd`.
        failures: as of `RunEnd`.
        open_conflicts: as of `RunOutcome`.
        held: as of `RunOutcome`.
        problems: as of `RunOutcome`; empty unless it was a dry run.
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
    problems: Page[PlanProblem] = field(default_factory=lambda: _NO_PROBLEMS)


_NO_PROBLEMS: Final[Page[PlanProblem]] = Page((), total=0, limit=_PROBLEMS_SHOWN.limit, offset=0)


def run_to_its_end(
    workplace: Workplace,
    choice: IntegrationChoice,
    options: RunOptions,
    *,
    launcher: Launcher,
    observer: RunObserver,
    triggered_by: str,
) -> RunReport:
    """Starts a run, follows it, and says how it ended.

    Args:
        workplace: where.
        choice: which integration.
        options: what the run is asked to do.
        launcher: executes it.
        observer: is told of every event, in this thread.
        triggered_by: who starts it.

    Raises:
        MossError: the database is not reachable or not prepared, or the integration is switched off; no run was
            started.
    """
    with workplace.reading(choice) as desk:
        # Else the run would fail in its first step, and leave a run to look at.
        require_enabled(desk.integration)
    request = RunRequest(
        run_id=str(uuid.uuid4()),
        slug=choice.slug,
        scope=SCOPES[options.scope],
        slot=options.slot or slot_key_at(datetime.now(UTC)),
        options=options,
        triggered_by=triggered_by,
    )
    end: RunEnd | None = None
    try:
        end = launcher.execute(request, observer)
    finally:
        if end is None or end.failures:
            why = INTERRUPTED if end is None else end.failures[0].explanation
            _close_as_failed(workplace, choice, request.run_id, why)
    return _report(workplace, choice, request, end)


def outcome(workplace: Workplace, choice: IntegrationChoice, run_id: str) -> RunOutcome:
    """What the database says of a run, whoever started it, while it works or afterwards."""
    with workplace.reading(choice) as (connection, integration):
        plan = _plan_of(connection, integration, run_id)
        history = fetch_one(connection, "history/history_of_run", {"run_id": run_id})
        return RunOutcome(
            status=None if history is None else history["status"],
            message=None if history is None else history["error_message"],
            plan=plan,
            held=() if plan is None else held_changes(connection, plan.plan_id),
            problems=_NO_PROBLEMS if plan is None else _problems(connection, plan.plan_id),
            open_conflicts=sum(open_conflicts_by_kind(connection, integration.id).values()),
        )


def _close_as_failed(
    workplace: Workplace, choice: IntegrationChoice, run_id: str, why: Explanation
) -> None:
    """Closes the run's history row, unless the failing step's hook already did or the database is what failed."""
    try:
        with workplace.deciding(choice) as desk:
            close_history(
                desk.connection,
                run_id=run_id,
                status="failed",
                error_message=f"{why.message} {why.remedy}".strip(),
            )
    except EXPLAINED:
        # The database is away: that is the run's own failure too, and reported as such.
        return


def _report(
    workplace: Workplace, choice: IntegrationChoice, request: RunRequest, end: RunEnd
) -> RunReport:
    try:
        found = outcome(workplace, choice, request.run_id)
    except EXPLAINED:
        if end.succeeded:
            raise
        found = RunOutcome(None, None, None, (), _NO_PROBLEMS, open_conflicts=0)
    is_dry = not request.scope.applies
    return RunReport(
        run_id=request.run_id,
        job=end.job,
        slot=request.slot,
        status=(found.status or "success") if end.succeeded else "failed",
        message=found.message if end.succeeded else None,
        seconds=end.seconds,
        applies=request.scope.applies,
        plan=found.plan,
        failed_checks=end.failed_checks,
        failures=end.failures,
        open_conflicts=found.open_conflicts,
        held=found.held,
        problems=found.problems if is_dry else _NO_PROBLEMS,
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


def _problems(connection: psycopg.Connection, plan_id: int) -> Page[PlanProblem]:
    return page_of(
        lambda wanted: plan_problems(connection, plan_id, limit=wanted.limit),
        _PROBLEMS_SHOWN,
        lambda row: record(PlanProblem, row),
    )
