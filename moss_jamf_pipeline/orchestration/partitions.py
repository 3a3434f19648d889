"""Slots as Dagster's partitions: `engine.slots` on the six-hourly grid that the UI offers."""

import dagster as dg

from moss_jamf_pipeline.engine.slots import SLOT_FORMAT, SLOT_HOURS


def slots_since(first_slot: str) -> dg.TimeWindowPartitionsDefinition:
    """The slots from the first one to the one that contains now.

    Args:
        first_slot: its key.
    """
    return dg.TimeWindowPartitionsDefinition(
        start=first_slot,
        fmt=SLOT_FORMAT,
        cron_schedule=f"0 */{SLOT_HOURS} * * *",
        timezone="UTC",
        # The 12:00 tick runs the slot 12:00, the one that contains now: a capture shows JAMF as it is now.
        end_offset=1,
    )
