"""Runs that somebody asks for from elsewhere: started once, and only while no other run of the integration is at work.

Work is never done in a request. A door hands in who starts runs (`orchestration.webserver`), which are Dagster's.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from moss_jamf_pipeline.moss.integration.integrations import require_enabled
from moss_jamf_pipeline.moss.statements import execute, fetch_all, fetch_value
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.callers import Caller
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_DAYS_KEPT: Final = 7


class AnotherRunAtWork(ProblemFound):
    """A run of the integration has not ended yet.

    Attributes:
        run_id: which.
    """

    def __init__(self, run: "RunAtWork") -> None:
        self.run_id = run.run_id
        super().__init__(
            f"The run {run.run_id} ({run.job}) is at work already: {run.status.lower()}.",
            "Wait for it to end, or terminate it in the Dagster UI.",
        )


class DagsterNotAsked(ProblemFound):
    """Dagster does not answer, or does not start the run."""


class IdempotencyKeyReused(ProblemFound):
    """The same key came with another request."""


@dataclass(frozen=True, slots=True)
class RunAtWork:
    """A run that has not ended.

    Attributes:
        run_id: its id.
        job: of which job.
        status: Dagster's word, e.g. `QUEUED`, `STARTED`.
        started_at: when it began; None: it waits.
    """

    run_id: str
    job: str
    status: str
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StartOrder:
    """A run to be started.

    Attributes:
        slug: of the integration.
        options: what it is asked to do.
        triggered_by: who asks.
        request_id: carried by the run, so that it is found again.
    """

    slug: str
    options: RunOptions
    triggered_by: str
    request_id: str


@dataclass(frozen=True, slots=True)
class StartedRun:
    """What became of a request.

    Attributes:
        run_id: Dagster's id of the run.
        is_new: whether this request started it; else an earlier one with the same key did.
    """

    run_id: str
    is_new: bool


class RunStarter(Protocol):
    """Who starts runs elsewhere."""

    def at_work(self, slug: str) -> Sequence[RunAtWork]:
        """The runs of an integration that have not ended, the oldest first."""

    def run_of(self, request_id: str) -> str | None:
        """The run that an earlier order of this id started; None if none was."""

    def start(self, order: StartOrder) -> str:
        """Starts a run and returns its id."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """Who orders a run, and where.

    Attributes:
        workplace: where.
        choice: of which integration.
        starter: starts it.
        caller: who orders it.
        whereabouts: of the request.
        idempotency_key: as of `start`.
    """

    workplace: Workplace
    choice: IntegrationChoice
    starter: RunStarter
    caller: Caller
    whereabouts: Whereabouts
    idempotency_key: str | None = None


def require_nothing_at_work(ordering: Ordering) -> None:
    """Ends what would prepare a run that cannot start now.

    Raises:
        AnotherRunAtWork: the integration has a run that has not ended.
        DagsterNotAsked: Dagster does not answer.
    """
    for run in ordering.starter.at_work(ordering.choice.slug):
        raise AnotherRunAtWork(run)


_ACTIONS: Final = {"apply": "apply_plan"}


def order(ordering: Ordering, options: RunOptions) -> StartedRun:
    """Starts a run that a caller orders, and notes in M.O.S.S. that they did.

    Args:
        ordering: by whom.
        options: what the run is asked to do.

    Raises:
        as of `start`.
    """
    action = "approve_changes" if options.approve else _ACTIONS.get(options.scope, "trigger_sync")
    with callers.noting(
        ordering.workplace, ordering.choice, ordering.caller, action, ordering.whereabouts
    ) as details:
        started = start(
            ordering.workplace,
            ordering.choice,
            options,
            starter=ordering.starter,
            triggered_by=ordering.caller.name,
            idempotency_key=ordering.idempotency_key,
        )
        details |= {"run_id": started.run_id, "scope": options.scope, "is_new": started.is_new}
        if options.plan_id:
            details |= {"plan_id": options.plan_id, "approved": list(options.approve)}
        if options.approval_reason:
            details["reason"] = options.approval_reason
    return started


def start(
    workplace: Workplace,
    choice: IntegrationChoice,
    options: RunOptions,
    *,
    starter: RunStarter,
    triggered_by: str,
    idempotency_key: str | None = None,
) -> StartedRun:
    """Starts a run.

    Args:
        workplace: where.
        choice: which integration.
        options: what the run is asked to do.
        starter: starts it.
        triggered_by: who asks.
        idempotency_key: of the caller; the same one starts nothing again, for a week.

    Raises:
        AnotherRunAtWork: the integration has a run that has not ended.
        IdempotencyKeyReused: the key was sent with another request.
        IntegrationDisabled: the integration is switched off.
        DagsterNotAsked: Dagster does not answer or does not start it.
    """
    with workplace.deciding(choice) as (connection, integration):
        require_enabled(integration)
        request_id = str(uuid.uuid4())
        if idempotency_key is not None:
            scope = _written(options)
            (claimed,) = fetch_all(
                connection,
                "companion/claim_request",
                {
                    "integration_id": integration.id,
                    "idempotency_key": idempotency_key,
                    "request_id": request_id,
                    "scope": scope,
                    "requested_by": triggered_by,
                },
            )
            if (claimed["scope"], claimed["requested_by"]) != (scope, triggered_by):
                raise IdempotencyKeyReused(
                    f"The Idempotency-Key {idempotency_key!r} was used before for another request.",
                    "Send another key with each request, and the same one only to repeat it.",
                )
            request_id = str(claimed["request_id"])
            execute(connection, "companion/forget_requests", {"days": _DAYS_KEPT})
        with connection.transaction():
            fetch_value(
                connection, "companion/start_one_at_a_time", {"integration_id": integration.id}
            )
            started = starter.run_of(request_id) if idempotency_key is not None else None
            if started is not None:
                return StartedRun(started, is_new=False)
            for run in starter.at_work(choice.slug):
                raise AnotherRunAtWork(run)
            order = StartOrder(choice.slug, options, triggered_by, request_id)
            return StartedRun(starter.start(order), is_new=True)


def _written(options: RunOptions) -> str:
    """What a request asks for, to compare with an earlier one."""
    return " ".join(
        [options.scope, str(options.plan_id), *options.approve, options.slot or "-", options.sweep]
    )
