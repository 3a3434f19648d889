"""What JAMF's webhooks tell in a test: events that arrive, as the receiver stores them."""

from datetime import datetime

from moss_jamf_pipeline.moss.statements import execute
from moss_jamf_pipeline.services.webhooks import MOST_STORED
from tests.support.world import World


def tell(
    world: World,
    *jamf_ids: str,
    event: str = "ComputerInventoryCompleted",
    record_type: str = "computer",
    at: datetime | None = None,
) -> None:
    """An event arrives that names some records, whether JAMF has them or not."""
    with world.database.connection() as connection:
        execute(
            connection,
            "webhooks/store_events",
            {
                "integration_id": world.integration.id,
                "event": event,
                "record_type": record_type,
                "jamf_ids": list(jamf_ids),
                "event_at": at,
                "most_stored": MOST_STORED,
            },
        )


def waiting(world: World) -> dict[str, tuple[int, bool | None]]:
    """The records whose events are stored: how often they were taken, and whether JAMF sent them then."""
    rows = world.query("select jamf_id, attempts, was_found from jamf_sync.webhook_events")
    return {row["jamf_id"]: (row["attempts"], row["was_found"]) for row in rows}


def let_time_pass(world: World) -> None:
    """What is tried again later is due."""
    world.execute("update jamf_sync.webhook_events set taken_at = taken_at - interval '1 hour'")
