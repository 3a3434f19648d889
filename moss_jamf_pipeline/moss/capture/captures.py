"""Captures in `jamf_sync`: opening one, COPYing its pages, merging it as versions, and which slot it covers.

A capture is a full sweep, which reads every object whole, or incremental: a listing of all computers, and whole those
that changed by it; or targeted: some records that were asked for by their ids, and for the rest what the capture before
it was. Such a one proves no more than that one did, and covers no slot.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString, Protocol
from uuid import UUID

import orjson
import psycopg

from moss_jamf_pipeline.catalogue.collections import collection_named
from moss_jamf_pipeline.moss.capture.cadence import INCREMENTAL, TARGETED, SweepKind
from moss_jamf_pipeline.moss.errors import OtherJamfServer
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    fetch_one,
    refresh_statistics,
    set_based_transaction,
)

# Without statistics PostgreSQL takes a new table for small; of a few pages that is so.
_MANY_ROWS = 1_000

_COPY_INCOMING: Final = (
    "copy incoming_records "
    "(jamf_id, content_hash, document, last_contact_at, reported_at, future_times) from stdin"
)
_COPY_LISTED: Final = (
    "copy listed_records "
    "(jamf_id, content_hash, document, last_contact_at, reported_at, future_times) from stdin"
)


class StoredRecord(Protocol):
    """One JAMF object as it is stored; `jamf.JamfRecord` is one."""

    @property
    def jamf_id(self) -> str:
        """JAMF's id, unique within the collection."""

    @property
    def document(self) -> bytes:
        """The allow-listed, stable content as canonical JSON."""

    @property
    def content_hash(self) -> bytes:
        """Tells two contents apart."""

    @property
    def last_contact_at(self) -> datetime | None:
        """When JAMF last heard of it (volatile)."""

    @property
    def reported_at(self) -> datetime | None:
        """When it last sent its inventory (volatile)."""

    @property
    def future_times(self) -> Sequence[tuple[str, str]]:
        """Of these two, by name, what JAMF sent where it lies in the future and is unknown therefore."""


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What the reading side knows of a finished capture.

    Attributes:
        sweep: `full`, `incremental` or `targeted`.
        fetched_count: objects read whole; None for a collection that is always read so.
        document_shape: a fingerprint of the form of its documents; None where nobody compares it.
    """

    server_version: str
    endpoint: str
    total_count: int | None
    requests: int
    bytes_received: int
    incomplete_reasons: tuple[str, ...]
    rejected: tuple[
        tuple[str | None, str, str], ...
    ]  # (jamf_id, reason, detail); the first of them
    rejected_count: int
    sweep: SweepKind = "full"
    fetched_count: int | None = None
    document_shape: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """A stored capture: what it brought, and how it stands.

    Attributes:
        rejected: records that could not be used, of those JAMF served.
        captured_before: how many objects the last capture before it brought that brought any; None: none ever did.
        usual: the median of the captures before it; None: they are too few to say.
    """

    capture_id: int
    collection: str
    status: str
    captured_at: datetime
    captured: int
    changed: int = 0
    removed: int = 0
    rejected: int = 0
    incomplete_reasons: tuple[str, ...] = ()
    sweep: SweepKind = "full"
    captured_before: int | None = None
    usual: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether absence from this capture proves that JAMF no longer has the object."""
        return self.status == "complete"

    @property
    def misses_something(self) -> bool:
        """Whether it is incomplete and that matters: of what JAMF never had any, nothing is missing."""
        return not self.is_complete and (self.captured > 0 or self.captured_before is not None)


class CaptureWriter:
    """Writes one capture: pages as they arrive, then everything at once.

    The pages lie in a temporary table, outside any transaction; only `finish` writes to `jamf_sync`,
    in one transaction.
    """

    def __init__(
        self, connection: psycopg.Connection, integration_id: UUID, collection: str, capture_id: int
    ) -> None:
        self._connection = connection
        self._capture_id = capture_id
        self._collection = collection
        self._scope = {
            "integration_id": integration_id,
            "collection": collection,
            "capture_id": capture_id,
        }
        self._read = 0
        self._listed = 0

    @property
    def captured(self) -> int:
        """Usable objects that JAMF has, as far as pages arrived: listed, or, without a listing, read."""
        return self._listed or self._read

    def write_page(self, records: Sequence[StoredRecord]) -> None:
        """COPYs one page of records read whole, no id of which came before in this capture."""
        self._copy(_COPY_INCOMING, records)
        self._read += len(records)

    def list_page(self, records: Sequence[StoredRecord]) -> None:
        """COPYs one page of a listing, no id of which came before in it."""
        self._copy(_COPY_LISTED, records)
        self._listed += len(records)

    def find_changes(self) -> Row:
        """Compares the listing, once it is there as a whole, with what is stored.

        Returns:
            How much is to be read: the columns of `capture/count_wanted_computers`.
        """
        with set_based_transaction(self._connection):
            self._connection.execute("analyze listed_records (jamf_id, content_hash)")
            execute(self._connection, "capture/find_wanted_computers", self._scope)
            self._connection.execute("analyze wanted_records")
            (counts,) = fetch_all(self._connection, "capture/count_wanted_computers", self._scope)
        return counts

    def wanted_ids(self) -> set[str]:
        """The ids of the computers that have to be read whole."""
        return {row["jamf_id"] for row in fetch_all(self._connection, "capture/wanted_ids")}

    def begin_anew(self) -> None:
        """Forgets the listing and the pages so far: a full sweep follows."""
        execute(self._connection, "capture/forget_pages")
        self._listed = self._read = 0

    def _copy(self, statement: LiteralString, records: Iterable[StoredRecord]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for record in records:
                copy.write_row(
                    (
                        record.jamf_id,
                        record.content_hash,
                        record.document.decode(),
                        record.last_contact_at,
                        record.reported_at,
                        _as_object(record.future_times),
                    )
                )

    def finish(self, facts: CaptureFacts, slots: Sequence[datetime]) -> Capture:
        """Merges the pages as versions, closes the capture and records the slots it covers.

        Args:
            facts: what the reading side found.
            slots: the starts of the slots this capture stands for.
        """
        # A rejected object is still in JAMF. One whose id is not known here could be any: then nothing is proven.
        rejected_ids = [jamf_id for jamf_id, _, _ in facts.rejected if jamf_id is not None]
        is_complete = not facts.incomplete_reasons and len(rejected_ids) == facts.rejected_count
        is_incremental = facts.sweep == INCREMENTAL
        with self._merging():
            if is_incremental:
                execute(self._connection, "capture/take_listed_stubs")
            if self._read > _MANY_ROWS:
                self._connection.execute("analyze incoming_records (jamf_id, content_hash)")
            changed_existing = execute(
                self._connection, "capture/close_changed_versions", self._scope
            )
            removed = (
                execute(
                    self._connection,
                    "capture/close_removed_versions",
                    self._scope | {"rejected_ids": rejected_ids},
                )
                if is_complete
                else 0
            )
            inserted = execute(self._connection, "capture/insert_new_versions", self._scope)
            if collection_named(self._collection).has_contacts:
                execute(self._connection, "capture/upsert_computer_contacts", self._scope)
            if is_incremental:
                execute(self._connection, "capture/refresh_listed_contacts", self._scope)
            for jamf_id, reason, detail in facts.rejected:
                execute(
                    self._connection,
                    "capture/insert_capture_quarantine",
                    self._scope | {"jamf_id": jamf_id, "reason": reason, "detail": detail},
                )
            finished = fetch_one(
                self._connection,
                "capture/finish_capture",
                self._scope
                | {
                    "status": "complete" if is_complete else "incomplete",
                    "server_version": facts.server_version,
                    "endpoint": facts.endpoint,
                    "total_count": facts.total_count,
                    "captured_count": self.captured,
                    "changed_count": inserted,
                    "removed_count": removed,
                    "rejected_count": facts.rejected_count,
                    "requests": facts.requests,
                    "bytes_received": facts.bytes_received,
                    "incomplete_reasons": list(facts.incomplete_reasons),
                    "sweep": facts.sweep,
                    "fetched_count": facts.fetched_count,
                    "document_shape": facts.document_shape,
                    "slots": list(slots),
                },
            )
        if finished is None:
            raise LookupError(f"capture {self._capture_id} was forgotten while it was written")
        if inserted + changed_existing + removed > self.captured // 10:
            # The first import and a great change leave statistics that would mislead every plan after them.
            refresh_statistics(self._connection, "jamf_sync.raw_jamf")
        return _capture(finished)

    def finish_targeted(self, facts: CaptureFacts, base: Capture) -> Capture:
        """Adds records that were asked for by their ids to what the capture before has, as a capture of its own.

        What did not come is as it was: that JAMF does not serve a record says nothing yet; sweeps do.

        Args:
            facts: what the reading side found.
            base: the newest usable capture.
        """
        scope = self._scope | {"base_capture": base.capture_id}
        with self._merging():
            changed_existing = execute(
                self._connection, "capture/close_changed_versions", self._scope
            )
            inserted = execute(self._connection, "capture/insert_new_versions", self._scope)
            if collection_named(self._collection).has_contacts:
                execute(self._connection, "capture/upsert_computer_contacts", self._scope)
            for jamf_id, reason, detail in facts.rejected:
                execute(
                    self._connection,
                    "capture/insert_capture_quarantine",
                    self._scope | {"jamf_id": jamf_id, "reason": reason, "detail": detail},
                )
            execute(self._connection, "capture/keep_quarantine_of_base", scope)
            finished = fetch_one(
                self._connection,
                "capture/finish_targeted_capture",
                scope
                | {
                    "server_version": facts.server_version,
                    "endpoint": facts.endpoint,
                    "added_count": inserted - changed_existing,
                    "changed_count": inserted,
                    "requests": facts.requests,
                    "bytes_received": facts.bytes_received,
                    "fetched_count": facts.fetched_count,
                    "document_shape": facts.document_shape,
                    "sweep": TARGETED,
                },
            )
        if finished is None:
            raise LookupError(f"capture {self._capture_id} was forgotten while it was written")
        return _capture(finished)

    def _merging(self) -> AbstractContextManager[object]:
        """The transaction of the merge: few records look up by key what is stored of them, many are joined with it."""
        if self.captured > _MANY_ROWS:
            return set_based_transaction(self._connection)
        return self._connection.transaction()


@contextmanager
def open_capture(
    connection: psycopg.Connection, integration_id: UUID, collection: str, server: str
) -> Iterator[CaptureWriter]:
    """Opens a capture for writing; if the block fails, the capture is closed as failed and brought nothing.

    Raises:
        OtherJamfServer: the integration's earlier captures came from another server.
    """
    opened = fetch_one(
        connection,
        "capture/insert_capture",
        {"integration_id": integration_id, "collection": collection, "server": server},
    )
    if opened is None or opened["capture_id"] is None:
        other = "another one" if opened is None else opened["other_server"]
        raise OtherJamfServer(
            f"This integration's data came from the JAMF server {other}, and now {server} is configured. "
            "Syncing one server's records over another's would mark every device as gone.",
            "Set MOSS_JAMF_INTEGRATION to a new name for the new server, or, if only its address changed, update "
            "jamf_sync.captures.server.",
        )
    capture_id = opened["capture_id"]
    try:
        execute(connection, "capture/create_working_tables")
        yield CaptureWriter(connection, integration_id, collection, capture_id)
        execute(connection, "capture/drop_working_tables")
    except BaseException:
        if not connection.broken:
            execute(connection, "capture/drop_working_tables")
            execute(connection, "capture/fail_capture", {"capture_id": capture_id})
        raise


def _as_object(pairs: Sequence[tuple[str, str]]) -> str | None:
    """Names and values as a JSON object; None where there are none."""
    return orjson.dumps(dict(pairs)).decode() if pairs else None


def _capture(row: Row) -> Capture:
    return Capture(
        capture_id=row["capture_id"],
        collection=row["collection"],
        status=row["status"],
        captured_at=row["captured_at"],
        captured=row["captured_count"],
        changed=row["changed_count"],
        removed=row["removed_count"],
        rejected=row["rejected_count"],
        incomplete_reasons=tuple(row["incomplete_reasons"]),
        sweep=row["sweep"],
        captured_before=row.get("captured_before"),
        usual=row.get("usual"),
    )


def known_users(connection: psycopg.Connection, integration_id: UUID) -> list[Row]:
    """What is stored of JAMF's users now: `jamf_id`, `username`, `document`, `content_hash`."""
    return fetch_all(connection, "capture/known_users", {"integration_id": integration_id})


def covered_slots(
    connection: psycopg.Connection, integration_id: UUID, slots: Sequence[datetime]
) -> dict[tuple[str, datetime], int]:
    """Which of these slots have a stored capture: collection and slot to capture id."""
    rows = fetch_all(
        connection,
        "capture/covered_slots",
        {"integration_id": integration_id, "slots": list(slots)},
    )
    return {(row["collection"], row["slot"]): row["capture_id"] for row in rows}


def newest_captures(
    connection: psycopg.Connection, integration_id: UUID, *, with_targeted: bool = True
) -> dict[str, Capture]:
    """The newest usable capture of each collection that has one.

    Args:
        connection: any.
        integration_id: whose.
        with_targeted: whether one of a few records by their ids counts, which has everything else from the one before;
            not for whoever asks how old what is known of a collection is.
    """
    rows = fetch_all(
        connection,
        "capture/newest_captures",
        {"integration_id": integration_id, "with_targeted": with_targeted},
    )
    return {row["collection"]: _capture(row) for row in rows}


def recent_captures(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    collection: str | None = None,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """The captures, newest first, those included that failed or are at work; each row carries their `total`."""
    return fetch_all(
        connection,
        "capture/recent_captures",
        {
            "integration_id": integration_id,
            "collection": collection,
            "row_limit": limit,
            "row_offset": offset,
        },
    )
