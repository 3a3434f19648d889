"""When simulated Macs may be written: into an empty database, or one that holds nothing but earlier simulated ones."""

import psycopg

from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.statements import fetch_one
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.preparation import is_on_this_machine
from moss_jamf_pipeline.settings import IntegrationChoice


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
