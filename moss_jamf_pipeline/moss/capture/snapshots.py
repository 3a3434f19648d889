"""Snapshots in `jamf_sync`: staging the documents that have no typed row yet, and what a snapshot holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import args_row
from psycopg.types.json import set_json_loads

from moss_jamf_pipeline.catalogue.collections import collection_named
from moss_jamf_pipeline.moss.capture.attributes import known_attributes
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    fetch_one,
    refresh_statistics,
    set_based_transaction,
    statement,
)
from moss_jamf_pipeline.staging import (
    NO_POLICIES,
    SNAPSHOT_COLUMNS,
    RawVersion,
    Staged,
    StagedAttribute,
    StagingPolicies,
    rows_for_copy,
    stage,
)

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the snapshot of a capture stands.

    Attributes:
        row_count: objects in it.
        staged: rows written just now; the others had a typed row already.
        quarantined: objects that cannot be used.
        fields_left_out: single values left out of objects that are used.
        total_count: what JAMF said it has.
        rejected: records that JAMF could not serve so that they could be used.
    """

    capture_id: int
    status: str
    captured_at: datetime
    row_count: int
    staged: int
    quarantined: int
    fields_left_out: int
    total_count: int | None
    incomplete_reasons: tuple[str, ...]
    rejected: int

    @property
    def keeps_something_out(self) -> bool:
        """Whether anything of the capture is in quarantine."""
        return bool(self.quarantined or self.fields_left_out or self.rejected)


def staging_policies(connection: psycopg.Connection, integration: Integration) -> StagingPolicies:
    """What an integration adds to the rules of staging."""
    attributes: tuple[StagedAttribute, ...] = ()
    if integration.settings.reads_attributes:
        attributes = tuple(
            StagedAttribute(each.definition_id, each.field_name, each.field_type or each.own_type)
            for each in known_attributes(connection, integration.id)
            if each.is_mapped and each.field_name is not None
        )
    return StagingPolicies(integration.settings.placeholder_serials, attributes)


def stage_snapshot(
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    capture_id: int,
    policies: StagingPolicies = NO_POLICIES,
) -> Snapshot:
    """Stages what a capture holds and describes its snapshot; reads stored documents only, never JAMF.

    Documents are staged once: of an unchanged fleet there is nothing to do. A change of the staging rules, or of what
    the integration adds to them, stages anew.

    Args:
        connection: one in autocommit mode.
        integration_id: whose capture it is.
        collection: what was captured.
        capture_id: which capture.
        policies: what the integration adds to the rules.

    Raises:
        NothingCaptured: the capture is unknown or brought nothing.
    """
    staging_rules = policies.rules_for(collection)
    scope = {
        "integration_id": integration_id,
        "collection": collection,
        "capture_id": capture_id,
        "staging_rules": staging_rules,
    }
    staged = 0
    # By hash: over a snapshot that was empty when statistics were taken, PostgreSQL would look through all rows that
    # this very transaction writes, once for each document (45 s of 50,000 computers instead of 1 s).
    with (
        set_based_transaction(connection),
        connection.cursor("versions_to_stage", row_factory=args_row(RawVersion)) as versions,
    ):
        set_json_loads(orjson.loads, versions)
        versions.execute(statement("staging/versions_to_stage"), scope)
        while chunk := versions.fetchmany(_CHUNK):
            _store(
                connection,
                integration_id,
                collection,
                [version.version_id for version in chunk],
                stage(collection, chunk, policies),
                staging_rules,
            )
            staged += len(chunk)
    if staged:
        refresh_statistics(connection, f"jamf_sync.{collection_named(collection).row_table}")
    row = fetch_one(connection, "staging/snapshot_summary", scope)
    if row is None or row["status"] not in ("complete", "incomplete"):
        raise NothingCaptured(
            f"The capture {capture_id} of JAMF's {collection} brought nothing.",
            f"Materialise raw_jamf_{collection} for this slot.",
        )
    return Snapshot(
        capture_id=capture_id,
        status=row["status"],
        captured_at=row["captured_at"],
        row_count=row["row_count"],
        staged=staged,
        quarantined=row["quarantined"],
        fields_left_out=row["fields_left_out"],
        total_count=row["total_count"],
        incomplete_reasons=tuple(row["incomplete_reasons"]),
        rejected=row["rejected_count"],
    )


def held_back(
    connection: psycopg.Connection, integration_id: UUID, collection: str, capture_id: int
) -> list[Row]:
    """What the snapshot of a capture keeps out, whole or in a field, and why, commonest first."""
    return fetch_all(
        connection,
        "staging/preview_quarantine",
        {"integration_id": integration_id, "collection": collection, "capture_id": capture_id},
    )


def quarantined_records(
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    *,
    limit: int,
    whole_records_only: bool = True,
) -> list[Row]:
    """What the newest capture of a collection has and cannot be used: why, and which record, by its names.

    Args:
        connection: any.
        integration_id: whose.
        collection: which.
        limit: how many at most.
        whole_records_only: whether records are left out of which only a field cannot be used.
    """
    rows = fetch_all(
        connection,
        "quarantine/quarantined_now",
        {
            "integration_id": integration_id,
            "collection": collection,
            "reason": None,
            "whole_records_only": whole_records_only,
            "row_limit": limit,
            "row_offset": 0,
        },
    )
    shown = ("reason", "label", "serial_number", "field", "detail", "jamf_id")
    return [{name: row[name] for name in shown} for row in rows]


def _table(collection: str) -> sql.Identifier:
    return sql.Identifier("jamf_sync", collection_named(collection).row_table)


def _store(
    connection: psycopg.Connection,
    integration_id: UUID,
    collection: str,
    version_ids: Sequence[int],
    staged: Staged,
    staging_rules: int,
) -> None:
    """Writes the typed rows and the quarantine of one chunk, in place of what an earlier staging said."""
    connection.execute(
        sql.SQL("delete from {} where version_id = any (%s)").format(_table(collection)),
        (list(version_ids),),
    )
    execute(connection, "staging/delete_quarantine_of_versions", {"version_ids": list(version_ids)})
    columns = [column.name for column in SNAPSHOT_COLUMNS[collection]]
    copy_rows = sql.SQL("copy {} ({}) from stdin").format(
        _table(collection), sql.SQL(", ").join(map(sql.Identifier, [*columns, "staging_rules"]))
    )
    with connection.cursor() as cursor, cursor.copy(copy_rows) as copy:
        for row in rows_for_copy(staged.rows[columns]):
            copy.write_row((*row, staging_rules))
    unusable = set(staged.rows.loc[~staged.rows["is_usable"].astype(bool), "version_id"])
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy jamf_sync.quarantine (integration_id, collection, version_id, jamf_id, field, reason, detail, "
            "is_whole_record) from stdin"
        ) as copy,
    ):
        quarantine = staged.quarantine[["version_id", "jamf_id", "field", "reason", "detail"]]
        for version_id, jamf_id, field, reason, detail in rows_for_copy(quarantine):
            copy.write_row(
                (
                    integration_id,
                    collection,
                    version_id,
                    jamf_id,
                    field,
                    reason,
                    detail,
                    version_id in unusable,
                )
            )
