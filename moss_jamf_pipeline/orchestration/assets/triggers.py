"""Who or what started a run, as its tags tell."""

from collections.abc import Mapping

from moss_jamf_pipeline.orchestration.dagster_internals import (
    BACKFILL_ID_TAG,
    PARENT_RUN_ID_TAG,
    RETRY_NUMBER_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
)
from moss_jamf_pipeline.orchestration.tags import TRIGGERED_BY_TAG


def trigger_of(tags: Mapping[str, str]) -> str:
    """Who or what started a run.

    A run that Dagster tries again by itself carries its parent's tags and keeps its trigger. One that a person
    executes again in the UI carries them too, and is that person's.

    Args:
        tags: the run's tags.

    Returns:
        What the tag `moss_jamf/triggered_by` says, else `schedule`, `sensor <name>`, `backfill <id>` or `dagster ui`.
    """
    if PARENT_RUN_ID_TAG in tags and RETRY_NUMBER_TAG not in tags:
        return "dagster ui"
    if TRIGGERED_BY_TAG in tags:
        return tags[TRIGGERED_BY_TAG]
    if SCHEDULE_NAME_TAG in tags:
        return "schedule"
    if SENSOR_NAME_TAG in tags:
        return f"sensor {tags[SENSOR_NAME_TAG]}"
    if BACKFILL_ID_TAG in tags:
        return f"backfill {tags[BACKFILL_ID_TAG]}"
    return "dagster ui"
