"""The conflict queue: what M.O.S.S. and JAMF disagree on and a person decides."""

from uuid import UUID

import psycopg

from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.moss.planning import Plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one


def update_conflicts(
    connection: psycopg.Connection, integration: Integration, plan: Plan
) -> dict[str, int]:
    """Brings the queue in step with what a plan found.

    Returns:
        `opened` and `closed`: how many entries this plan added and ended.
    """
    row = fetch_one(
        connection,
        "conflicts/conflicts",
        {
            "integration_id": integration.id,
            "plan_id": plan.plan_id,
            "object_types": list(plan.object_types),
        },
    )
    return {"opened": row["opened"], "closed": row["closed"]} if row else {"opened": 0, "closed": 0}


def open_conflicts(
    connection: psycopg.Connection,
    integration_id: UUID,
    *,
    kind: str | None = None,
    limit: int = 100,
) -> list[Row]:
    """The open conflicts, newest first."""
    return fetch_all(
        connection,
        "conflicts/open_conflicts",
        {"integration_id": integration_id, "kind": kind, "row_limit": limit},
    )


def open_conflicts_by_kind(connection: psycopg.Connection, integration_id: UUID) -> dict[str, int]:
    """How many conflicts of each kind are open, the commonest first."""
    rows = fetch_all(
        connection, "conflicts/open_conflicts_by_kind", {"integration_id": integration_id}
    )
    return {row["kind"]: row["conflicts"] for row in rows}
