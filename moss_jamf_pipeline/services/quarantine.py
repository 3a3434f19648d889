"""The quarantine: JAMF's records, and fields of records, that could not be used, and why. Only looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg

from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one, fetch_pages
from moss_jamf_pipeline.services.pages import Page, PageRequest, page_of, record
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record, or one field of one, that could not be used.

    Attributes:
        quarantine_id: its number.
        collection: e.g. `computers`.
        jamf_id: which record; None: JAMF did not even say that.
        label: what JAMF calls it, where that is known.
        serial_number: of a computer, where that is known.
        field: which field was left out; None: the record as a whole.
        reason: e.g. `serial_number_missing`.
        detail: why, as a sentence.
        is_whole_record: whether nothing of the record is used.
        created_at: when it was found.
    """

    quarantine_id: int
    collection: str
    jamf_id: str | None
    label: str | None
    serial_number: str | None
    field: str | None
    reason: str
    detail: str
    is_whole_record: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineEntry(Quarantined):
    """The same with what JAMF gave.

    Attributes:
        document: the record's allow-listed document, as JSON; None: JAMF could not serve it, or it is kept no longer.
        is_over: whether JAMF has changed the record since, or lost it.
    """

    document: str | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """Why records, or a field of them, could not be used.

    Attributes:
        collection: e.g. `computers`.
        reason: e.g. `serial_number_missing`.
        field: which field was left out; None: the records as a whole.
        is_whole_record: whether nothing of the records is used.
        objects: how many.
        example: the JAMF id of one of them.
        detail: why, as a sentence about one of them.
    """

    collection: str
    reason: str
    field: str | None
    is_whole_record: bool
    objects: int
    example: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """Which entries are wanted; what is left out does not narrow them down.

    Attributes:
        collection: only of this collection.
        reason: only for this reason.
        whole_records_only: leave out single fields.
    """

    collection: str | None = None
    reason: str | None = None
    whole_records_only: bool = False


_EVERYTHING = QuarantineFilter()
_FIRST_PAGE = PageRequest()


def list_entries(
    workplace: Workplace,
    choice: IntegrationChoice,
    wanted: QuarantineFilter = _EVERYTHING,
    page: PageRequest = _FIRST_PAGE,
) -> Page[Quarantined]:
    """What could not be used of the newest capture of each collection, the newest find first."""
    with workplace.reading(choice) as (connection, integration):

        def fetch(piece: PageRequest) -> list[Row]:
            return fetch_all(
                connection,
                "quarantine/quarantined_now",
                _parameters(integration, wanted, piece.limit, piece.offset),
            )

        return page_of(fetch, page, lambda row: record(Quarantined, row))


@contextmanager
def exported(
    workplace: Workplace, choice: IntegrationChoice, wanted: QuarantineFilter = _EVERYTHING
) -> Iterator[Iterator[Quarantined]]:
    """All of it that is meant, as it is read: in the memory of a page."""
    with workplace.reading(choice) as (connection, integration):
        parameters = _parameters(integration, wanted, None, 0)
        yield (
            record(Quarantined, row)
            for rows in fetch_pages(connection, "quarantine/quarantined_now", parameters)
            for row in rows
        )


def _parameters(
    integration: Integration, wanted: QuarantineFilter, limit: int | None, offset: int
) -> dict[str, object]:
    return {
        "integration_id": integration.id,
        "collection": wanted.collection,
        "reason": wanted.reason,
        "whole_records_only": wanted.whole_records_only,
        "row_limit": limit,
        "row_offset": offset,
    }


def list_reasons(workplace: Workplace, choice: IntegrationChoice) -> tuple[QuarantineReason, ...]:
    """Why something of the newest captures could not be used: collection by collection, the commonest reasons first."""
    with workplace.reading(choice) as (connection, integration):
        return reasons_of(connection, integration)


def reasons_of(
    connection: psycopg.Connection, integration: Integration
) -> tuple[QuarantineReason, ...]:
    """The same, on a connection that is open."""
    return tuple(
        record(QuarantineReason, row, collection=collection)
        for collection, capture in newest_captures(connection, integration.id).items()
        for row in fetch_all(
            connection,
            "staging/preview_quarantine",
            {
                "integration_id": integration.id,
                "collection": collection,
                "capture_id": capture.capture_id,
            },
        )
    )


def show(workplace: Workplace, choice: IntegrationChoice, quarantine_id: int) -> QuarantineEntry:
    """One entry, with what JAMF gave; also one that is over.

    Raises:
        NothingCaptured: there is none of that number.
    """
    with workplace.reading(choice) as (connection, integration):
        row = fetch_one(
            connection,
            "quarantine/quarantine_entry",
            {"integration_id": integration.id, "quarantine_id": quarantine_id},
        )
    if row is None:
        raise NothingCaptured(
            f"There is no quarantine entry {quarantine_id}.", "See `moss-jamf quarantine list`."
        )
    return record(QuarantineEntry, row)
