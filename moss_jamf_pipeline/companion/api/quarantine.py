"""Quarantine: what of JAMF's data could not be used, and why."""

from typing import Annotated

from fastapi import Depends, Path, Query

from moss_jamf_pipeline.companion.api.routing import Listed, listed, page_asked, router
from moss_jamf_pipeline.companion.identity.callers import needed
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services import quarantine
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.quarantine import (
    Quarantined,
    QuarantineEntry,
    QuarantineFilter,
    QuarantineReason,
)

ROUTER = router("quarantine")


@ROUTER.get("/quarantine")
def list_quarantine(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    page: Annotated[PageRequest, Depends(page_asked)],
    collection: Annotated[str | None, Query(max_length=40)] = None,
    reason: Annotated[str | None, Query(max_length=60)] = None,
    whole_records_only: bool = False,
) -> Listed[Quarantined]:
    """Lists records and fields that could not be used."""
    wanted = QuarantineFilter(collection, reason, whole_records_only)
    return listed(quarantine.list_entries(workplace, choice, wanted, page))


@ROUTER.get("/quarantine/reasons")
def list_reasons(workplace: WorkplaceNeeded, choice: ChoiceNeeded) -> tuple[QuarantineReason, ...]:
    """Sums up why, with how many each."""
    return quarantine.list_reasons(workplace, choice)


@ROUTER.get("/quarantine/{quarantine_id}", dependencies=[Depends(needed(Role.ADMIN))])
def quarantine_entry(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    quarantine_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
) -> QuarantineEntry:
    """Shows one, with the record as JAMF sent it."""
    return quarantine.show(workplace, choice, quarantine_id)
