"""The strategy's endpoints of syncs: start one, how things stand, what happened. Starting one is a Dagster run."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel, ConfigDict, Field

from moss_jamf_pipeline.companion.api.routing import Listed, listed, page_asked, router
from moss_jamf_pipeline.companion.identity.callers import Administrator
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, StarterNeeded, WorkplaceNeeded
from moss_jamf_pipeline.moss.capture.cadence import SweepMode
from moss_jamf_pipeline.services import history, requested_runs
from moss_jamf_pipeline.services.history import SyncRun
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.requested_runs import (
    DagsterNotAsked,
    Ordering,
    RunAtWork,
    StartedRun,
)
from moss_jamf_pipeline.services.runs import RunOptions
from moss_jamf_pipeline.services.status import IntegrationStatus, integration_status

ROUTER = router("syncs")

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Made by the caller for this request; sent again with the same one, it starts nothing twice.",
    ),
]


class SyncAsked(BaseModel):
    """How to sync."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=False, description="Stop at the plan: M.O.S.S. is not written.")
    sweep: SweepMode = Field(
        default="auto", description="How computers are read: whole, or only those that changed."
    )


class PartAsked(BaseModel):
    """How to sync a part."""

    model_config = ConfigDict(extra="forbid")

    sweep: SweepMode = Field(default="auto", description="As of `sync`.")


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How an integration stands.

    Attributes:
        status: what is stored, open and due.
        at_work: runs that have not ended, the oldest first; null: Dagster cannot be asked.
    """

    status: IntegrationStatus
    at_work: tuple[RunAtWork, ...] | None


def _ordering(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    starter: StarterNeeded,
    administrator: Administrator,
    idempotency_key: IdempotencyKey = None,
) -> Ordering:
    """What ordering a run takes."""
    return Ordering(
        workplace,
        choice,
        starter,
        administrator.caller,
        administrator.whereabouts,
        idempotency_key,
    )


OrderingNeeded = Annotated[Ordering, Depends(_ordering)]


@ROUTER.post("/sync", status_code=HTTPStatus.ACCEPTED)
def sync(ordering: OrderingNeeded, asked: SyncAsked | None = None) -> StartedRun:
    """Starts a sync of everything; 409 with its id while a run is at work."""
    how = asked or SyncAsked()
    scope = "plan" if how.dry_run else "everything"
    return requested_runs.order(ordering, RunOptions(scope, sweep=how.sweep))


@ROUTER.post("/sync-computers", status_code=HTTPStatus.ACCEPTED)
def sync_computers(ordering: OrderingNeeded, asked: PartAsked | None = None) -> StartedRun:
    """Starts a sync of computers, with the locations, rooms, people and interfaces they name."""
    sweep = (asked or PartAsked()).sweep
    return requested_runs.order(ordering, RunOptions("computers", sweep=sweep))


@ROUTER.post("/sync-users", status_code=HTTPStatus.ACCEPTED)
def sync_users(ordering: OrderingNeeded) -> StartedRun:
    """Starts a sync of users."""
    return requested_runs.order(ordering, RunOptions("users"))


@ROUTER.post("/sync-groups", status_code=HTTPStatus.ACCEPTED)
def sync_groups(ordering: OrderingNeeded) -> StartedRun:
    """Starts a sync of groups, with the members known from the newest computers."""
    return requested_runs.order(ordering, RunOptions("groups"))


@ROUTER.get("/sync-status")
def sync_status(
    workplace: WorkplaceNeeded, choice: ChoiceNeeded, starter: StarterNeeded
) -> SyncStatus:
    """Says what is stored, what is open, what runs and what runs next."""
    try:
        at_work = tuple(starter.at_work(choice.slug))
    except DagsterNotAsked:
        at_work = None
    return SyncStatus(integration_status(workplace, choice), at_work)


@ROUTER.get("/sync-history")
def sync_history(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    page: Annotated[PageRequest, Depends(page_asked)],
) -> Listed[SyncRun]:
    """Lists the runs that were to write M.O.S.S., newest first."""
    return listed(history.list_runs(workplace, choice, page))
