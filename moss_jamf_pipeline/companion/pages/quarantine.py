"""Quarantine: what of JAMF's data could not be used, why, and the record as JAMF sent it."""

import json
from typing import Annotated

from fastapi import Path, Query, Request, Response

from moss_jamf_pipeline.companion.identity.callers import Administrator
from moss_jamf_pipeline.companion.pages.presentation import page
from moss_jamf_pipeline.companion.pages.routing import PageNumber, page_number, router
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services import quarantine
from moss_jamf_pipeline.services.quarantine import QuarantineFilter

ROUTER = router()

_PER_PAGE = 50


@ROUTER.get("/quarantine", name="page_quarantine")
def list_quarantine(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    collection: Annotated[str | None, Query(max_length=40)] = None,
    reason: Annotated[str | None, Query(max_length=60)] = None,
    whole: bool = False,
    number: PageNumber = 1,
) -> Response:
    """Lists why something could not be used, and what."""
    wanted = QuarantineFilter(collection or None, reason or None, whole)
    return page(
        request,
        "quarantine.html",
        reasons=quarantine.list_reasons(workplace, choice),
        entries=quarantine.list_entries(workplace, choice, wanted, page_number(number, _PER_PAGE)),
        wanted=wanted,
        number=number,
    )


@ROUTER.get("/quarantine/{quarantine_id}", name="page_quarantined")
def entry(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    _administrator: Administrator,
    quarantine_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
) -> Response:
    """Shows one, with the record as JAMF sent it, as far as it is stored."""
    found = quarantine.show(workplace, choice, quarantine_id)
    document = (
        None
        if found.document is None
        else json.dumps(json.loads(found.document), indent=2, ensure_ascii=False)
    )
    return page(
        request,
        "quarantined.html",
        entry=found,
        lines=None if document is None else document.split("\n"),
    )
