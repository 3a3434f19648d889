"""Who started a run, as its tags tell."""

import pytest

from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of

_PERSON = {"moss_jamf/triggered_by": "ada@example.org"}
_SCHEDULE = {"dagster/schedule_name": "sync_jamf_every_six_hours"}


@pytest.mark.parametrize(
    ("tags", "trigger"),
    [
        ({}, "dagster ui"),
        ({"moss_jamf/sync_type": "full"}, "dagster ui"),
        (_PERSON, "ada@example.org"),
        (_SCHEDULE, "schedule"),
        ({"dagster/sensor_name": "follow_moss"}, "sensor follow_moss"),
        ({"dagster/backfill": "xkcdqwer"}, "backfill xkcdqwer"),
        # A tag of our own says more than Dagster's.
        ({**_SCHEDULE, **_PERSON}, "ada@example.org"),
        # Dagster tries a crashed run again by itself, with its parent's tags.
        ({**_SCHEDULE, "dagster/parent_run_id": "7", "dagster/retry_number": "1"}, "schedule"),
        ({**_PERSON, "dagster/parent_run_id": "7", "dagster/retry_number": "1"}, "ada@example.org"),
        # A person executes a run again in the UI, with its parent's tags.
        ({**_SCHEDULE, "dagster/parent_run_id": "7"}, "dagster ui"),
        ({**_PERSON, "dagster/parent_run_id": "7"}, "dagster ui"),
    ],
)
def test_a_runs_tags_tell_who_started_it(tags: dict[str, str], trigger: str) -> None:
    assert trigger_of(tags) == trigger
