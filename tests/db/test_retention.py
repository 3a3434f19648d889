"""Retention: what is older is forgotten, what a kept capture shows is kept, and what is current is never touched."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from moss_jamf_pipeline.moss.capture.captures import CaptureFacts, open_capture
from moss_jamf_pipeline.moss.capture.retention import Forgotten, forget_the_old
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from tests.db.support import EARLY, Bench, Record

pytestmark = pytest.mark.dialects("strategy")

_NOTHING = Forgotten(0, 0, 0, 0)


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
    assert _forget(bench) == _NOTHING


def test_the_newest_capture_is_kept_however_old(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    only = _capture(bench, {"1": "Berlin"}, 0)
    _age(bench, only, 400)
    assert _forget(bench) == _NOTHING
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
    assert (
        forget_the_old(
            bench.connection,
            bench.value("select gen_random_uuid()"),
            retention_days=30,
            plan_retention_days=365,
        )
        == _NOTHING
    )


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


def _synced_and_deleted(bench: Bench) -> None:
    """A Mac of the sync's in a group of the sync's, and one whose asset tag it filled: both deleted by a person."""
    bench.device(serial_number="FILLED", hostname="filled")
    bench.user("1", username="user1")
    bench.computer_group("1", "Lab")
    mac: dict[str, Any] = {"username": "user1", "static_group_ids": ["1"]}
    bench.computer("1", "MADE", hostname="made", mac_address="A0:B2:C3:D4:E5:01", **mac)
    bench.computer("2", "FILLED", hostname="filled", asset_tag="IT-2", **mac)
    bench.sync()
    for table in ("devices", "people", "groups"):
        bench.execute(f"delete from {table}")
    for collection in ("computers", "users", "groups"):
        bench.gone(collection, "1")
        bench.gone(collection, "2")
    # What was of the members that are gone is taken out of our own lists.
    bench.sync()


_LEDGER = ("created_objects", "owned_writes", "group_member_additions")


def _entries(bench: Bench) -> dict[str, int]:
    return {table: bench.value(f"select count(*) from jamf_sync.{table}") for table in _LEDGER}


@pytest.mark.dialects("strategy", "release")
def test_the_ledger_forgets_what_is_gone_once_no_plan_names_it(bench: Bench) -> None:
    _synced_and_deleted(bench)
    before = _entries(bench)
    assert all(before.values())
    assert _forget(bench) == _NOTHING
    assert _entries(bench) == before

    # The newest applied plan is always kept, and names none of these.
    bench.computer("3", hostname="stays")
    bench.sync()
    bench.execute("update jamf_sync.plans set created_at = now() - interval '2 years'")
    assert _forget(bench).entries == sum(before.values())
    assert _entries(bench) == {**dict.fromkeys(_LEDGER, 0), "created_objects": 1}


def test_the_ledger_keeps_what_is_there_however_old(bench: Bench) -> None:
    """What the sync made can be undone as long as it is there; a plan that says so is not what proves it."""
    bench.user("1", username="user1")
    bench.computer_group("1", "Lab")
    bench.device(serial_number="FILLED", hostname="filled")
    mac: dict[str, Any] = {"username": "user1", "static_group_ids": ["1"]}
    bench.computer("1", "FILLED", hostname="filled", asset_tag="IT-1", **mac)
    bench.sync()
    before = _entries(bench)
    assert all(before.values())
    bench.execute("delete from jamf_sync.plans")
    assert _forget(bench) == _NOTHING
    assert _entries(bench) == before


def test_an_object_that_a_person_enters_under_a_forgotten_id_is_the_persons(bench: Bench) -> None:
    bench.computer("1", "MADE", hostname="made")
    made = bench.sync()
    device = bench.value("select id from devices")
    bench.execute("delete from devices")
    bench.execute("delete from jamf_sync.plans")
    _forget(bench)
    bench.execute(
        "insert into devices (id, hostname, serial_number, device_type) values (%s, 'mine', 'MINE', %s)",
        *(device, bench.dialect.laptop),
    )
    deleting = bench.made_up_row(object_id=device, action="delete", reason="reverted")
    assert deleting["plan_id"] != made.plan_id
    with (
        pytest.raises(psycopg.errors.RaiseException, match="did not create"),
        writing(bench.connection),
    ):
        bench.value("select moss_contract.delete_created(%s)", deleting["row_id"])
