"""Which runs there were that were to write M.O.S.S.: as its own pages show them, and who started them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A row of M.O.S.S.'s history of syncs. A dry run leaves none.

    Attributes:
        id: the row's id.
        sync_started_at: when the run began to work on M.O.S.S.
        sync_completed_at: when it ended; None: it runs, or its process died and no later run has noticed yet.
        duration_seconds: how long it took.
        status: `in_progress`, `success`, `partial` or `failed`.
        sync_type: `full`, `computers`, `users`, `groups`, `apply` or `partial`.
        items_processed: objects seen.
        items_created: of these, created.
        items_updated: of these, updated.
        items_skipped: of these, left out, held or in conflict.
        items_failed: of these, failed.
        error_message: what went wrong, is left to do, was approved, is gone from JAMF, or was taken over from a deleted
            integration, in words.
        unenrolled: objects that are gone from JAMF and were marked so; None: the run did not get that far.
        held: changes that wait for an approval.
        approved: changes that a person let through with this run.
        approved_by: that person.
        run_id: the Dagster run; None for a row that another program wrote.
        plan_id: the plan that it applied; None: it did not get that far, or the plan is kept no longer.
        triggered_by: who started it, as it was told.
        triggered_by_user_id: the M.O.S.S. user of that address, if there is exactly one.
    """

    id: UUID
    sync_started_at: datetime
    sync_completed_at: datetime | None
    duration_seconds: Decimal | None
    status: str
    sync_type: str
    items_processed: int | None
    items_created: int | None
    items_updated: int | None
    items_skipped: int | None
    items_failed: int | None
    error_message: str | None
    unenrolled: int | None
    held: int | None
    approved: int | None
    approved_by: str | None
    run_id: str | None
    plan_id: int | None
    triggered_by: str | None
    triggered_by_user_id: UUID | None


_FIRST_PAGE = PageRequest(limit=20)


def list_runs(
    workplace: Workplace, choice: IntegrationChoice, page: PageRequest = _FIRST_PAGE
) -> Page[SyncRun]:
    """The latest runs, newest first."""
    with workplace.reading(choice) as (connection, integration):
        return page_of(
            lambda wanted: recent_history(
                connection, integration.id, limit=wanted.limit, offset=wanted.offset
            ),
            page,
            lambda row: record(SyncRun, row),
        )
