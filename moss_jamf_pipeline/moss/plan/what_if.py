"""What-if plans: what a sync of a stored slot would do to M.O.S.S. as it is now. JAMF is not asked.

The matches are current state, and a what-if needs those of the slot: it makes them, plans, and puts the current ones
back, in one transaction. No other session ever sees anything but the current ones.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES
from moss_jamf_pipeline.moss.capture.slot_captures import captures_of_slot
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot, staging_policies
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.moss.plan.planning import Plan, make_plan

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
    policies = staging_policies(connection, integration)
    for collection, capture in captures.items():
        stage_snapshot(
            connection,
            integration.id,
            collection,
            capture.capture_id,
            policies,
        )
    with connection.transaction():
        _keep_matches(connection, integration)
        for table in MATCH_TABLES:
            match(connection, table, integration, captures)
        plan = make_plan(connection, integration, captures, run_id=run_id, what_if_of=slot)
        _restore_matches(connection, integration)
    return plan


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
