"""Matching: who is who. One SQL file per table of matches; each keeps its table in step with the newest snapshots."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.statements import (
    execute,
    refresh_statistics,
    set_based_transaction,
    statement,
)

_FEW: Final = 100
"""Rows that any plan is good enough for: a table of so few need not be analysed."""

_WORKING_TABLES: Final = {
    "device_matches": "matching/create_device_tables",
    "person_matches": "matching/create_person_tables",
}

# What matching a fleet's own objects is made of: the statements that come before that of the table, each of which fills
# a temporary table of its name, and the columns that the next ones join and choose by.
_STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "device_matches": {
        "seen_links": (
            "seen_links (jamf_id, record_type, device_id, device_exists, saw_udid, saw_management_id)"
        ),
        "judged_computers": (
            "judged_computers (jamf_id, record_type, serial_number, serial_agrees, udid_agrees,"
            " management_id_agrees)"
        ),
        "ranked_computers": (
            "ranked_computers (jamf_id, record_type, serial_number, building_id, username_key, email_key,"
            " linked_device_id, standing, winner, is_seeking, is_holding)"
        ),
    },
    "person_matches": {
        "person_sources": (
            "person_sources (external_type, external_id, username_key, email_key, address_key, place),"
            " named_computers (jamf_id, username_key, address_key)"
        ),
        "judged_people": "judged_people (external_type, external_id, person_id, person_exists, holds)",
    },
}


def match(
    connection: psycopg.Connection,
    table: str,
    integration: Integration,
    captures: Mapping[str, Capture],
) -> dict[str, int]:
    """Brings one table of matches in step with the newest captures, in one transaction.

    Args:
        connection: one in autocommit mode.
        table: one of `catalogue.object_types.MATCH_TABLES`.
        integration: whose matches.
        captures: the newest capture of each collection; one that is missing counts as empty.

    Returns:
        Outcome to number of objects, e.g. `{"mapped": 970, "create": 12, "twin": 3}`.
    """
    parameters = match_parameters(integration, captures)
    with set_based_transaction(connection):
        if table in _WORKING_TABLES:
            execute(connection, _WORKING_TABLES[table])
        for name, joined_by in _STEPS.get(table, {}).items():
            rows_made = execute(connection, f"matching/{name}", parameters)
            if rows_made > _FEW:
                connection.execute(f"analyze {joined_by}")
        changed = execute(connection, f"matching/{table}", parameters)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                statement("matching/match_outcomes"),
                {"table": table, "integration_id": integration.id},
            ).fetchall()
    outcomes: dict[str, int] = {row["outcome"]: row["objects"] for row in rows}
    if changed * 10 > sum(outcomes.values()):
        # Without statistics planning took these tables for empty, and 10 s for the members of groups instead of 1.
        refresh_statistics(connection, f"jamf_sync.{table}")
    return outcomes


def match_parameters(integration: Integration, captures: Mapping[str, Capture]) -> dict[str, Any]:
    """The bind parameters that the files of `sql/matching` share."""
    settings = integration.settings
    used = settings.in_use(captures)
    if "users" in captures:
        # Switched off, user records still tell who the people are that are linked to them (`users_are_synced`).
        used |= {"users": captures["users"]}
    return {
        "integration_id": integration.id,
        "users_are_synced": settings.sync_users,
        "create_missing_locations": settings.create_missing_locations,
        "hold_unlinked": settings.on_unlinked_serial == "hold",
        "recreate_deleted": settings.recreate_deleted,
        **name_parameters(settings),
        **capture_parameters(used),
    }


def name_parameters(settings: SyncSettings) -> dict[str, list[str]]:
    """What statements go by that look whom a user name means."""
    return {
        "username_domains": list(settings.stripped_domains),
        "ignored_usernames": list(settings.nobody),
    }


def capture_parameters(captures: Mapping[str, Capture]) -> dict[str, int]:
    """`<collection>_capture` for each collection; 0, which precedes every capture, where there is none."""
    return {
        f"{name}_capture": captures[name].capture_id if name in captures else 0
        for name in COLLECTION_NAMES
    }
