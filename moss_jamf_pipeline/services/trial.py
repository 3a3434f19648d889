"""Trying the sync with simulated Macs: where they may be written, and what a run of them wrote, as M.O.S.S. has it.

They may be written into an empty database, or one that holds nothing but earlier simulated ones.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.statements import execute, fetch_all, fetch_one, fetch_value
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.pages import record
from moss_jamf_pipeline.services.preparation import is_on_this_machine
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

_SECONDS_FOR_STATISTICS: Final = 10.0
_SECONDS_BETWEEN_LOOKS: Final = 0.02


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """Rows of one table that were written, as PostgreSQL counts them."""

    inserted: int
    updated: int
    deleted: int

    def __sub__(self, before: "WrittenRows") -> "WrittenRows":
        return WrittenRows(
            self.inserted - before.inserted,
            self.updated - before.updated,
            self.deleted - before.deleted,
        )

    @property
    def total(self) -> int:
        """All of them."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class SampleDevice:
    """A device as M.O.S.S. has it after a sync."""

    hostname: str | None
    serial_number: str | None
    model: str | None
    person: str | None
    location: str | None


def rows_written(workplace: Workplace, choice: IntegrationChoice) -> Mapping[str, WrittenRows]:
    """What PostgreSQL has counted for M.O.S.S.'s core tables so far, by table.

    A session hands in its counts when it ends, so the sessions of a run must have; they are being closed.
    """
    deadline = time.monotonic() + _SECONDS_FOR_STATISTICS
    with workplace.reading(choice) as desk:
        while fetch_value(desk.connection, "demo/open_sessions") and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        rows = fetch_all(desk.connection, "demo/table_writes")
    return {row["name"]: record(WrittenRows, row) for row in rows}


def sample_devices(
    workplace: Workplace, choice: IntegrationChoice, *, number: int = 5
) -> tuple[SampleDevice, ...]:
    """A few devices, those with a person and a location first."""
    with workplace.reading(choice) as desk:
        rows = fetch_all(desk.connection, "demo/sample_devices", {"row_limit": number})
    return tuple(record(SampleDevice, row) for row in rows)


def enter_earlier_inventory(
    connection: psycopg.Connection, choice: IntegrationChoice, *, sold: int
) -> None:
    """Enters what M.O.S.S. knew of the hard cases of the demo's fleet before its first sync; only if it knows nothing.

    Args:
        connection: to a prepared database, with the rights of its owner.
        choice: which integration.
        sold: how many Macs it has that JAMF has no more.
    """
    integration = find_integration(connection, choice)
    execute(connection, "demo/earlier_inventory", {"integration_id": integration.id})
    execute(connection, "demo/sold_macs", {"integration_id": integration.id, "row_limit": sold})


def refuse_real_inventory(connection: psycopg.Connection, choice: IntegrationChoice) -> None:
    """Raises if simulated Macs would end up in somebody's inventory.

    Args:
        connection: to a prepared database.
        choice: which integration.

    Raises:
        ProblemFound: the database holds devices that no simulated sync made, or is synced from a real JAMF server.
    """
    remedy = (
        "Unset MOSS_DATABASE_URL to try it in the embedded PostgreSQL (MOSS_JAMF_STATE_DIR names another one), "
        "or name an empty database."
    )
    integration = find_integration(connection, choice)
    saved = integration.base_url
    if saved is not None and not is_on_this_machine(saved):
        raise ProblemFound(
            f"This M.O.S.S. is connected to the JAMF Pro server {saved}; simulated Macs do not belong there.",
            remedy,
        )
    found = fetch_one(connection, "demo/devices_of_others", {"integration_id": integration.id})
    if found is None:
        raise LookupError("sql/demo/devices_of_others.sql was to yield one row and yielded none")
    if found["server"] is not None:
        raise ProblemFound(
            f"This M.O.S.S. is synced from the JAMF Pro server {found['server']}; simulated Macs do not belong there.",
            remedy,
        )
    if found["devices"]:
        raise ProblemFound(
            f"This M.O.S.S. holds {found['devices']:,} devices that the simulator did not make; "
            "simulated Macs do not belong there.",
            remedy,
        )
