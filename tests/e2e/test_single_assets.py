"""One asset re-materialised alone works, and JAMF is asked only where it must be."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.engine.slots import slot_key_at
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    device,
    devices,
    furnish,
    mappings,
    stored_rows,
)
from tests.support.world import DEFINITIONS, PREFIX, World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")

_SNAPSHOTS = tuple(f"jamf_{collection}_snapshot" for collection in COLLECTION_NAMES)
_MATCHES = ("location_matches", "room_matches", "person_matches", "device_matches", "group_matches")


def _slot(ago: int = 0) -> str:
    return slot_key_at(datetime.now(UTC) - timedelta(hours=6 * ago))


def _range_run(world: World, first: str, last: str, *names: str) -> dg.ExecuteInProcessResult:
    """A run over a range of slots, as a backfill with a single-run policy starts it."""
    return DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=world.instance,
        asset_selection=[dg.AssetKey([PREFIX, name]) for name in names],
        tags={
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        },
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )


def _filled(world: World) -> None:
    furnish(world)
    world.fleet.add_building("Main", building_id="1")
    add_mac(
        world,
        "1",
        "C02ALONE0001",
        place={"buildingId": "1", "room": "1"},
        user={"username": "jane"},
    )
    world.fleet.add_group("Ours", group_id="1", members=["1"])
    world.sync()


def test_every_asset_but_the_raw_ones_runs_alone_without_jamf_and_writes_nothing_new(
    world: World,
) -> None:
    _filled(world)
    before, runs = stored_rows(world), len(world.history())
    world.jamf.reset_requests()

    for name in _SNAPSHOTS:
        assert world.materialize(name, slot=_slot()).success, name
    for name in (*_MATCHES, "change_plan", "guarded_plan", "conflicts", *MOSS_CHAIN):
        assert world.materialize(name).success, name

    assert world.jamf.requests.total == 0
    assert stored_rows(world) == before
    history = world.history()[runs:]
    assert len(history) == len(MOSS_CHAIN)
    assert {row["status"] for row in history} == {"success"}


def test_matching_planning_and_applying_alone_use_the_newest_capture(world: World) -> None:
    _filled(world)
    world.fleet.computer("1").name = "renamed"

    world.materialize("raw_jamf_computers", slot=_slot())
    world.jamf.reset_requests()
    world.materialize("jamf_computers_snapshot", slot=_slot())
    world.materialize("device_matches")
    world.materialize("change_plan")
    assert world.counts()["device"].updated == 1
    assert device(world, "C02ALONE0001")["hostname"] == "MAC-1"
    world.materialize("moss_devices")
    assert device(world, "C02ALONE0001")["hostname"] == "renamed"
    world.materialize("moss_mappings")

    assert world.jamf.requests.total == 0
    assert_calm(world)


@_ANY_MOSS
def test_a_selection_that_leaves_out_the_guard_plans_before_it_applies(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02ORDER0001")
    for name in ("raw_jamf_computers", "jamf_computers_snapshot"):
        assert world.materialize(name, slot=_slot()).success

    assert world.materialize(*_MATCHES, "change_plan", "conflicts", *MOSS_CHAIN).success

    assert "C02ORDER0001" in devices(world)


def test_a_plan_made_before_the_newest_capture_is_staged_takes_nobody_for_gone(
    world: World,
) -> None:
    _filled(world)
    world.fleet.computer("1").name = "renamed"

    world.materialize("raw_jamf_computers", slot=_slot())
    world.materialize("device_matches")
    world.materialize("change_plan")
    assert (world.counts()["device"].unenrolled, world.counts()["device"].created) == (0, 0)
    world.materialize("conflicts", *MOSS_CHAIN)

    assert {status for _, status in mappings(world, "computer").values()} == {"synced"}
    assert world.query("select count(device_id) from group_members") == [{"count": 1}]
    world.sync()
    assert device(world, "C02ALONE0001")["hostname"] == "renamed"
    assert_calm(world)


@_ANY_MOSS
def test_the_current_slot_is_captured_anew_each_time_and_a_past_one_is_not(world: World) -> None:
    add_mac(world, "1", "C02SLOT00001")
    world.materialize("raw_jamf_computers", slot=_slot(1))
    world.jamf.reset_requests()

    assert world.materialize("raw_jamf_computers", slot=_slot(1)).success
    assert world.jamf.requests.total == 0

    assert world.materialize("raw_jamf_computers", slot=_slot()).success
    assert world.materialize("raw_jamf_computers", slot=_slot()).success
    assert world.jamf.requests.of("computers-inventory") == 2
    assert world.query("select count(*) from jamf_sync.captures") == [{"count": 3}]


@_ANY_MOSS
def test_an_outage_is_closed_by_one_capture_that_covers_every_missed_slot(world: World) -> None:
    add_mac(world, "1", "C02RANGE0001")
    world.jamf.reset_requests()

    assert _range_run(
        world, _slot(5), _slot(1), "raw_jamf_computers", "jamf_computers_snapshot"
    ).success

    assert world.jamf.requests.of("computers-inventory") == 1
    covered = world.query(
        "select distinct capture_id, count(*) over () as slots from jamf_sync.slot_captures"
    )
    assert [row["slots"] for row in covered] == [5]
    world.jamf.reset_requests()

    assert _range_run(
        world, _slot(5), _slot(1), "raw_jamf_computers", "jamf_computers_snapshot"
    ).success

    assert world.jamf.requests.total == 0
    assert world.query("select count(*) from jamf_sync.captures") == [{"count": 1}]


@_ANY_MOSS
def test_a_range_with_covered_and_missed_slots_captures_only_for_the_missed_ones(
    world: World,
) -> None:
    add_mac(world, "1", "C02RANGE0002")
    world.materialize("raw_jamf_computers", slot=_slot(2))
    world.fleet.computer("1").name = "renamed"

    assert _range_run(
        world, _slot(3), _slot(1), "raw_jamf_computers", "jamf_computers_snapshot"
    ).success

    captures = world.query("select capture_id from jamf_sync.slot_captures order by slot")
    assert len({row["capture_id"] for row in captures}) == 2
    assert captures[0] == captures[2] != captures[1]


@_ANY_MOSS
def test_a_snapshot_of_a_slot_without_capture_says_what_to_do(world: World) -> None:
    result = world.materialize("jamf_computers_snapshot", slot=_slot(1))

    assert not result.success
    (failure,) = result.get_step_failure_events()
    message = str(failure.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]
    assert "raw_jamf_computers" in message
    assert _slot(1) in message


@_ANY_MOSS
@pytest.mark.parametrize(
    ("scope", "counted"),
    [
        ("computers", {"location", "room", "person", "device", "io", "group_member"}),
        ("users", {"person"}),
        ("groups", {"group", "group_member"}),
    ],
)
def test_a_sync_of_one_kind_leaves_the_other_kinds_alone(
    world: World, scope: str, counted: set[str]
) -> None:
    _filled(world)
    world.fleet.computer("1").name = "renamed"
    world.fleet.users["999999"].position = "Head"
    world.fleet.rename_group("1", "Renamed")

    world.sync(scope)

    assert set(world.counts()) == counted
    assert (device(world, "C02ALONE0001")["hostname"] == "renamed") is (scope == "computers")
    assert (world.query("select * from people where job_title = 'Head'") != []) is (
        scope == "users"
    )
    assert (world.query("select * from groups where name = '[JAMF] Renamed'") != []) is (
        scope == "groups"
    )
    assert world.history()[-1]["sync_type"] == scope
    assert all(count.adds_up for count in world.counts().values())


@_ANY_MOSS
def test_a_run_asks_jamf_once_for_a_token_and_once_for_its_version(world: World) -> None:
    for _ in range(2):
        world.jamf.reset_requests()
        world.sync()
        assert world.jamf.requests.of("oauth/token") == 1
        assert world.jamf.requests.of("jamf-pro-version") == 1
