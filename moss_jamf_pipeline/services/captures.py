"""What is stored of JAMF: the captures, how each ended, and which slots they cover. Only looks."""

from dataclasses import dataclass
from datetime import datetime

from moss_jamf_pipeline.moss.capture.captures import recent_captures
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class CaptureSummary:
    """One pull of one JAMF collection. What is not known until a capture is done is None before.

    Attributes:
        capture_id: its number.
        collection: e.g. `computers`.
        status: `capturing`, `complete`, `incomplete` or `failed`; only a complete one proves absence.
        sweep: `full` or `incremental`.
        started_at: when it began.
        captured_at: when it was done.
        server: the JAMF Pro server, without credentials.
        server_version: which JAMF Pro that was.
        endpoint: what was read.
        total_count: how many objects JAMF said it has.
        captured_count: how many usable ones came.
        fetched_count: how many of these were read whole; None for a collection that is always read so.
        changed_count: how many are new or changed.
        removed_count: how many are gone.
        rejected_count: how many could not be used.
        requests: sent to JAMF.
        bytes_received: from JAMF.
        incomplete_reasons: why it proves no absence, as sentences.
        slots: the starts of the slots it covers.
    """

    capture_id: int
    collection: str
    status: str
    sweep: str
    started_at: datetime
    captured_at: datetime | None
    server: str
    server_version: str | None
    endpoint: str | None
    total_count: int | None
    captured_count: int | None
    fetched_count: int | None
    changed_count: int | None
    removed_count: int | None
    rejected_count: int | None
    requests: int | None
    bytes_received: int | None
    incomplete_reasons: tuple[str, ...]
    slots: tuple[datetime, ...]


_FIRST_PAGE = PageRequest(limit=20)


def list_captures(
    workplace: Workplace,
    choice: IntegrationChoice,
    *,
    collection: str | None = None,
    page: PageRequest = _FIRST_PAGE,
) -> Page[CaptureSummary]:
    """The captures, newest first; of all collections, or of one."""
    with workplace.reading(choice) as (connection, integration):
        return page_of(
            lambda wanted: recent_captures(
                connection,
                integration.id,
                collection=collection,
                limit=wanted.limit,
                offset=wanted.offset,
            ),
            page,
            lambda row: record(CaptureSummary, row),
        )
