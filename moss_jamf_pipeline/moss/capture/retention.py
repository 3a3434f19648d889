"""Retention: how long captures can be rebuilt and plans be read."""

from dataclasses import dataclass
from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.statements import execute, fetch_value


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted.

    Attributes:
        captures: captures, with the slots they covered.
        versions: closed versions of JAMF's documents that no kept capture can show.
        plans: plans, with their rows.
        entries: entries of the ledger that prove nothing any more.
    """

    captures: int
    versions: int
    plans: int
    entries: int


def forget_the_old(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    retention_days: int,
    plan_retention_days: int,
) -> Forgotten:
    """Deletes what is older than its retention, in one transaction; what is current is never touched.

    Args:
        connection: one in autocommit mode, under the reading role: only `jamf_sync` is written.
        integration_id: whose.
        retention_days: of captures and the versions that only they can show, and of reports.
        plan_retention_days: of plans, of weekly reports, and of alerts that are over.
    """
    with connection.transaction():
        captures = execute(
            connection,
            "retention/delete_captures",
            {"integration_id": integration_id, "retention_days": retention_days},
        )
        versions = fetch_value(
            connection, "retention/delete_versions", {"integration_id": integration_id}
        )
        plans = execute(
            connection,
            "retention/delete_plans",
            {"integration_id": integration_id, "plan_retention_days": plan_retention_days},
        )
        execute(
            connection,
            "retention/delete_reports",
            {
                "integration_id": integration_id,
                "retention_days": retention_days,
                "plan_retention_days": plan_retention_days,
            },
        )
        execute(
            connection,
            "retention/delete_alerts",
            {"integration_id": integration_id, "plan_retention_days": plan_retention_days},
        )
        entries = fetch_value(connection, "retention/forget_ledger")
    return Forgotten(captures=captures, versions=int(versions), plans=plans, entries=int(entries))
