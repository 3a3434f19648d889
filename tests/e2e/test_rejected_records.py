"""Promise 4: a record that cannot be used or written does not stop the others, and is counted with its reason."""

import pytest

from moss_jamf_pipeline.simulator import SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_counts_add_up,
    device,
    devices,
    finding,
    furnish,
    insert,
    last_message,
    mapping,
    set_policies,
    stored_rows,
)
from tests.support.world import World

_REJECT = """
create function reject_bad_rows() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) ->> tg_argv[0] like tg_argv[1] then
    raise exception 'M.O.S.S. does not take %', tg_argv[1];
  end if;
  return new;
end $$
"""


def _reject(world: World, table: str, column: str, pattern: str) -> None:
    """Makes M.O.S.S. refuse rows whose value is LIKE a pattern, as its own triggers and constraints may."""
    world.execute(_REJECT)
    world.execute(
        f"create trigger reject_bad_rows before insert or update on public.{table} for each row"
        f" execute function reject_bad_rows('{world.dialect.column(table, column)}', '{pattern}')"
    )


def _take_again(world: World, table: str) -> None:
    world.execute(f"drop trigger reject_bad_rows on public.{table}")


def test_an_unusable_record_is_held_back_and_the_run_says_it_is_partial(world: World) -> None:
    furnish(world)
    for number in range(1, 4):
        add_mac(world, str(number), f"C02GOOD0000{number}")
    add_mac(world, "4", "N/A")

    world.sync()

    assert len(devices(world)) == 3
    history = world.history()[-1]
    assert history["status"] == "partial"
    assert history["error_message"] == "1 of 4 devices could not be used or written."
    assert (history["items_failed"], history["items_created"]) == (1, 3 + 2)
    assert history["error_details"]["objects"]["device"]["failed"] == 1
    assert not finding(
        world.outcomes[-1], "jamf_computers_snapshot", "every_record_is_usable"
    ).passed
    (config,) = world.query("select last_sync_status, last_sync_error from integration_configs")
    assert config == {"last_sync_status": "success", "last_sync_error": history["error_message"]}
    assert world.outcomes[-1].success


def test_a_run_in_which_everything_is_used_is_a_success(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02GOOD00001", user={"username": "jane"})

    world.sync()

    history = world.history()[-1]
    assert (history["status"], history["error_message"]) == ("success", None)
    assert (history["items_processed"], history["items_created"]) == (4, 4)
    assert history["sync_type"] == "full"
    assert history["sync_completed_at"] is not None
    assert history["duration_seconds"] > 0


def test_a_value_that_does_not_fit_is_left_out_and_the_rest_is_used(world: World) -> None:
    furnish(world)
    computer = add_mac(world, "1", "C02LONG00001", assetTag="AT-1")
    computer.name = "x" * 300
    computer.mac_address = "not a MAC address"

    world.sync()

    found = device(world, "C02LONG00001")
    assert (found["hostname"], found["asset_tag"]) == (None, "AT-1")
    reasons = world.query("select field, is_whole_record from jamf_sync.quarantine order by field")
    assert [(row["field"], row["is_whole_record"]) for row in reasons] == [
        ("hostname", False),
        ("mac_address", False),
    ]
    history = world.history()[-1]
    assert history["status"] == "partial"
    assert history["error_message"].startswith("2 fields of 1 record could not be used")


def test_devices_that_moss_rejects_are_failed_with_its_words_and_the_others_are_written(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=40, users=10, groups=4, oddities=0))
    for computer_id in ("7", "8", "31"):
        world.fleet.computer(computer_id).name = f"BAD {computer_id}"
    _reject(world, "devices", "hostname", "BAD %")

    world.sync()

    assert len(devices(world)) == 37
    assert world.query("select distinct outcome, outcome_detail from jamf_sync.change_plan"
                       " where object_type = 'device' and outcome <> 'applied'") == [
        {"outcome": "failed", "outcome_detail": "M.O.S.S. does not take BAD %"}
    ]  # fmt: skip
    assert world.history()[-1]["status"] == "partial"
    assert "3 of 40 devices" in last_message(world)
    assert world.counts()["device"].failed == 3
    assert_counts_add_up(world)
    assert mapping(world, "computer", "7") is None

    _take_again(world, "devices")
    world.sync()

    assert len(devices(world)) == 40
    assert world.counts()["device"].created == 3
    assert world.history()[-1]["status"] == "success"


def test_an_update_that_moss_rejects_leaves_the_device_as_it_was_and_the_others_go_on(
    world: World,
) -> None:
    furnish(world)
    computers = [add_mac(world, str(number), f"C02UPD00000{number}") for number in range(1, 5)]
    world.sync()
    _reject(world, "devices", "hostname", "BAD")
    for computer in computers:
        computer.name = f"new {computer.id}"
    computers[1].name = "BAD"
    computers[1].operating_system_version = "99.9"

    world.sync()

    names = [row["hostname"] for row in devices(world).values()]
    assert names == ["new 1", "MAC-2", "new 3", "new 4"]
    assert device(world, "C02UPD000002")["os_version"] != "99.9"
    assert (world.counts()["device"].updated, world.counts()["device"].failed) == (3, 1)
    assert_counts_add_up(world)


def test_a_person_whom_moss_rejects_does_not_keep_the_mac_out(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02PERS00001", user={"username": "bad"})
    add_mac(world, "2", "C02PERS00002", user={"username": "good"})
    _reject(world, "people", "username", "bad")

    world.sync()

    found = devices(world)
    assert (found["C02PERS00001"]["hostname"], found["C02PERS00001"]["person"]) == ("MAC-1", None)
    assert found["C02PERS00002"]["person"] == "good"
    assert world.counts()["person"].failed == 1
    assert world.history()[-1]["status"] == "partial"
    assert_counts_add_up(world)

    before = stored_rows(world)
    world.sync()
    assert stored_rows(world) == before
    assert_counts_add_up(world)

    _take_again(world, "people")
    world.sync()

    assert device(world, "C02PERS00001")["person"] == "bad"
    assert world.history()[-1]["status"] == "success"


@pytest.mark.parametrize("table", ["locations", "rooms"])
def test_a_place_that_moss_rejects_does_not_keep_the_mac_out(world: World, table: str) -> None:
    furnish(world)
    world.fleet.add_building("bad", building_id="1")
    add_mac(world, "1", "C02PLAC00001", place={"buildingId": "1", "room": "bad"})
    _reject(world, table, "name", "bad")

    world.sync()

    found = device(world, "C02PLAC00001")
    assert (found["hostname"], found["room"]) == ("MAC-1", None)
    assert found["location"] == (None if table == "locations" else "bad")
    assert world.history()[-1]["status"] == "partial"
    assert_counts_add_up(world)

    _take_again(world, table)
    world.sync()

    found = device(world, "C02PLAC00001")
    assert (found["location"], found["room"]) == ("bad", "bad")
    assert world.history()[-1]["status"] == "success"


def test_a_group_and_an_interface_that_moss_rejects_do_not_stop_the_others(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02GRP000001", hardware={"macAddress": "00:1B:63:00:00:01"})
    for number in (1, 2):
        world.fleet.add_group(f"Group {number}", group_id=str(number), members=["1"])
    _reject(world, "groups", "name", "[JAMF] Group 1")
    world.execute(
        "create trigger reject_bad_rows before insert on public.ios for each row"
        " execute function reject_bad_rows('mac_address', '00:1B:63:00:00:01')"
    )

    world.sync()

    assert world.query("select g.name from group_members m join groups g on g.id = m.group_id") == [
        {"name": "[JAMF] Group 2"}
    ]
    assert len(world.query("select * from ios")) == 1
    counts = world.counts()
    assert (counts["group"].failed, counts["io"].failed) == (1, 1)
    assert_counts_add_up(world)
    assert world.history()[-1]["status"] == "partial"


def test_a_person_who_was_entered_by_hand_since_the_plan_is_not_doubled(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02RACE00001", user={"username": "jane", "email": "jane@example.org"})
    world.sync("plan")
    entered = insert(world, "people", full_name="Jane", email_address="JANE@example.org")

    for name in ("moss_locations", "moss_rooms", "moss_people", "moss_devices"):
        world.materialize(name)

    assert world.query("select count(*) from people where email_address ilike 'jane@%%'") == [
        {"count": 1}
    ]
    assert device(world, "C02RACE00001")["person"] is None

    world.sync()

    assert str(device(world, "C02RACE00001")["assigned_to_person_id"]) == entered


def test_case_i08_a_placeholder_that_is_named_later_sets_stored_records_aside(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "SPARE-0001")
    add_mac(world, "2", "C02GOOD00002")
    world.sync()
    assert set(devices(world)) == {"SPARE-0001", "C02GOOD00002"}
    held = "select jamf_id, detail from jamf_sync.quarantine where is_whole_record"
    assert world.query(held) == []

    set_policies(world, placeholder_serials=["spare-*"])
    world.sync()

    (row,) = world.query(held)
    assert row["jamf_id"] == "1"
    assert row["detail"].startswith("'SPARE-0001' is no serial number: ")
    # It is still in JAMF, so it is not gone.
    assert device(world, "SPARE-0001")["enrollment"] == "enrolled"

    set_policies(world)
    world.sync()
    assert world.query(held) == []
