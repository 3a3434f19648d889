"""What-if plans: what a sync of a stored slot would do to M.O.S.S. as it is now. JAMF is not asked.

The matches are current state, and a what-if needs those of the slot: it makes them, plans, and puts the current ones
back, in one transaction. No other session ever sees anything but the current ones.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.moss.plan.planning import Plan, make_plan
from moss_jamf_pipeline.moss.statements import Row, fetch_all
from moss_jamf_pipeline.staging import StagingPolicies

_SLOTS_NAMED = 3
# What making matches changes: those of the integration, and who leads what several know.
_CHANGED = (*MATCH_TABLES, "object_leads")


def make_what_if_plan(
    connection: psycopg.Connection, integration: Integration, slot: datetime, *, run_id: str
) -> Plan:
    """Stages, matches and plans a stored slot, as a plan that is only to be looked at.

    Args:
        connection: one in autocommit mode.
        integration: whose slot, and by which policies.
        slot: its start, aware.
        run_id: the run that asks, for the record.

    Raises:
        NothingCaptured: nothing is stored of that slot.
    """
    captures = captures_of_slot(connection, integration, slot)
    for collection, capture in captures.items():
        stage_snapshot(
            connection,
            integration.id,
            collection,
            capture.capture_id,
            StagingPolicies(integration.settings.placeholder_serials),
        )
    with connection.transaction():
        _keep_matches(connection, integration)
        for table in MATCH_TABLES:
            match(connection, table, integration, captures)
        plan = make_plan(connection, integration, captures, run_id=run_id, what_if_of=slot)
        _restore_matches(connection, integration)
    return plan


def captures_of_slot(
    connection: psycopg.Connection, integration: Integration, slot: datetime
) -> dict[str, Capture]:
    """The captures that show JAMF as it was in a slot; of what was not captured then, the last one before.

    Args:
        connection: any.
        integration: whose slot; collections that M.O.S.S. has switched off are left out.
        slot: its start, aware.

    Raises:
        NothingCaptured: nothing was captured in that slot.
    """
    rows = fetch_all(
        connection, "what_if/captures_of_slot", {"integration_id": integration.id, "slot": slot}
    )
    if not any(row["slot"] == slot for row in rows):
        stored = fetch_all(
            connection,
            "what_if/stored_slots",
            {"integration_id": integration.id, "row_limit": _SLOTS_NAMED},
        )
        known = ", ".join(f"{row['slot']:%Y-%m-%d-%H:%M}" for row in stored)
        raise NothingCaptured(
            f"Nothing is stored of the slot {slot:%Y-%m-%d-%H:%M}.",
            f"The newest stored slots are {known}." if known else "Run `moss-jamf sync` first.",
        )
    return integration.settings.in_use({row["collection"]: _capture(row) for row in rows})


def _capture(row: Row) -> Capture:
    return Capture(
        capture_id=row["capture_id"],
        collection=row["collection"],
        status=row["status"],
        captured_at=row["captured_at"],
        captured=row["captured_count"],
        rejected=row["rejected_count"],
        incomplete_reasons=tuple(row["incomplete_reasons"]),
    )


def _keep_matches(connection: psycopg.Connection, integration: Integration) -> None:
    """Copies the current matches, and lets no other session change them until the end of the transaction."""
    connection.execute(
        sql.SQL("lock table {} in share row exclusive mode").format(
            sql.SQL(", ").join(_table(name) for name in _CHANGED)
        )
    )
    for name in _CHANGED:
        connection.execute(
            sql.SQL("create temporary table {} on commit drop as select * from {} where {}").format(
                _kept(name), _table(name), _is_changed(name, integration)
            )
        )


def _restore_matches(connection: psycopg.Connection, integration: Integration) -> None:
    """Puts back what the what-if changed of the matches; rows that it left alone are not written."""
    for name in _CHANGED:
        connection.execute(
            sql.SQL(
                "delete from {current} as changed where {is_changed} and not exists"
                " (select from {kept} as kept where kept = changed)"
            ).format(
                current=_table(name),
                kept=_kept(name),
                is_changed=_is_changed(name, integration),
            )
        )
        connection.execute(
            sql.SQL("insert into {} select * from {} on conflict do nothing").format(
                _table(name), _kept(name)
            )
        )


def _is_changed(name: str, integration: Integration) -> sql.Composable:
    """Which rows of a table a what-if may change: matches are an integration's own, a lead can be any's."""
    if name not in MATCH_TABLES:
        return sql.SQL("true")
    return sql.SQL("integration_id = {}").format(sql.Literal(integration.id))


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("jamf_sync", name)


def _kept(name: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"kept_{name}")
