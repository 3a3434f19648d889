"""How `moss-jamf history` shows a run where there is no room for a column of each count."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from moss_jamf_pipeline.cli.history import _row, _short_row
from moss_jamf_pipeline.services.history import SyncRun

_RUN = SyncRun(
    id=UUID(int=1),
    sync_started_at=datetime(2026, 11, 28, 12, tzinfo=UTC),
    sync_completed_at=datetime(2026, 11, 28, 12, 1, tzinfo=UTC),
    duration_seconds=Decimal(60),
    status="partial",
    sync_type="full",
    items_processed=1_855,
    items_created=1_843,
    items_updated=0,
    items_skipped=5,
    items_failed=None,
    error_message="2 devices are gone.",
    unenrolled=2,
    held=0,
    approved=0,
    approved_by=None,
    run_id="a93b6235-1",
    plan_id=1,
    triggered_by="ada",
    triggered_by_user_id=None,
)


def test_counts_that_are_not_0_are_told_in_words_before_why() -> None:
    *head, did = _short_row(_RUN)
    assert head == [_RUN.sync_started_at, "1 min 0 s", "full", "ada", "partial", "a93b6235"]
    assert did == "1,855 seen, 1,843 created, 5 skipped, 2 gone. 2 devices are gone."


def test_where_there_is_room_each_count_has_its_place_and_0_is_0() -> None:
    assert _row(_RUN)[6:] == [1_855, 1_843, 0, 5, None, 2, 0, 0, "2 devices are gone."]
