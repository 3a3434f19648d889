"""Retention: what is older is forgotten, what a kept capture shows is kept, and what is current is never touched."""

from datetime import timedelta

import pytest

from moss_jamf_pipeline.moss.capture.captures import CaptureFacts, open_capture
from moss_jamf_pipeline.moss.capture.retention import Forgotten, forget_the_old
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from tests.db.support import EARLY, Bench, Record

pytestmark = pytest.mark.dialects("strategy")


def _capture(bench: Bench, names: dict[str, str], number: int) -> int:
    """A capture of buildings for the slot of this number."""
    with open_capture(
        bench.connection, bench.integration.id, "buildings", "jamf.example.org"
    ) as writer:
        writer.write_page([Record(jamf_id, {"name": name}) for jamf_id, name in names.items()])
        capture = writer.finish(
            CaptureFacts(
                server_version="11.30.0",
                endpoint="/api/v1/buildings",
                total_count=len(names),
                requests=1,
                bytes_received=1,
                incomplete_reasons=(),
                rejected=(),
                rejected_count=0,
            ),
            [EARLY + timedelta(hours=6 * number)],
        )
    stage_snapshot(bench.connection, bench.integration.id, "buildings", capture.capture_id)
    return capture.capture_id


def _age(bench: Bench, capture_id: int, days: int) -> None:
    bench.execute(
        "update jamf_sync.captures set started_at = now() - make_interval(days => %s) where capture_id = %s",
        days,
        capture_id,
    )


def _forget(bench: Bench) -> Forgotten:
    return forget_the_old(
        bench.connection, bench.integration.id, retention_days=30, plan_retention_days=365
    )


def _shown_at(bench: Bench, capture_id: int) -> list[str]:
    rows = bench.query(
        "select jamf_id from jamf_sync.raw_jamf_at(%s, 'buildings', %s) order by jamf_id",
        bench.integration.id,
        capture_id,
    )
    return [row["jamf_id"] for row in rows]


def test_versions_go_with_the_last_capture_that_shows_them(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    first = _capture(bench, {"1": "Berlin", "2": "Paris"}, 0)
    second = _capture(bench, {"1": "Berlin", "2": "Lutetia"}, 1)
    third = _capture(bench, {"1": "Berlin"}, 2)
    _age(bench, first, 40)

    forgotten = _forget(bench)

    assert (forgotten.captures, forgotten.versions) == (1, 1)
    assert _shown_at(bench, second) == ["1", "2"]
    assert _shown_at(bench, third) == ["1"]
    assert bench.value("select count(*) from jamf_sync.jamf_buildings_snapshot") == 2
    assert bench.value("select count(*) from jamf_sync.slot_captures") == 2
    assert _forget(bench) == Forgotten(0, 0, 0)


def test_the_newest_capture_is_kept_however_old(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    only = _capture(bench, {"1": "Berlin"}, 0)
    _age(bench, only, 400)
    assert _forget(bench) == Forgotten(0, 0, 0)
    assert _shown_at(bench, only) == ["1"]


def test_old_plans_go_with_their_rows_and_the_newest_applied_one_stays(bench: Bench) -> None:
    bench.computer("1", "C02OLD")
    bench.sync()
    bench.computer("2", "C02NEW")
    applied = bench.sync()
    bench.computer("3", "C02NEXT")
    waiting = bench.plan()
    bench.execute("update jamf_sync.plans set created_at = now() - interval '2 years'")
    bench.execute(
        "update jamf_sync.plans set created_at = now() where plan_id = %s", waiting.plan_id
    )

    assert _forget(bench).plans == 1

    kept = {row["plan_id"] for row in bench.query("select plan_id from jamf_sync.plans")}
    assert kept == {applied.plan_id, waiting.plan_id}
    assert (
        bench.value(
            "select count(*) from jamf_sync.change_plan where plan_id <> all (%s)", list(kept)
        )
        == 0
    )
    assert newest_plan(bench.connection, bench.integration.id).plan_id == waiting.plan_id


def test_another_integrations_captures_are_not_touched(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    first = _capture(bench, {"1": "Berlin"}, 0)
    _capture(bench, {"1": "Bonn"}, 1)
    _age(bench, first, 40)
    assert forget_the_old(
        bench.connection,
        bench.value("select gen_random_uuid()"),
        retention_days=30,
        plan_retention_days=365,
    ) == Forgotten(0, 0, 0)


def test_the_full_sweep_by_which_the_next_is_due_is_kept_however_old(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    older, full, between, newest = (_capture(bench, {"1": "Berlin"}, number) for number in range(4))
    for capture_id in (between, newest):
        bench.execute(
            "update jamf_sync.captures set sweep = 'incremental' where capture_id = %s", capture_id
        )
    for capture_id in (older, full, between, newest):
        _age(bench, capture_id, 40)
    _forget(bench)
    kept = bench.query("select capture_id from jamf_sync.captures order by capture_id")
    assert [row["capture_id"] for row in kept] == [full, newest]
