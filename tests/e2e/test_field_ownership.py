"""Promise 2: what M.O.S.S. owns is never overwritten, what JAMF owns returns, and both are on record."""

import pytest

from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    insert,
    insert_device,
    mapping,
    open_conflicts,
    set_policies,
)
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")

_JANE = {"username": "jane", "realname": "Jane Doe", "email": "jane@example.org"}
_JOHN = {"username": "john", "realname": "John Roe", "email": "john@example.org"}
_PLACE = {"buildingId": "1", "room": "301"}


def test_what_moss_owns_and_jamf_says_otherwise_is_a_conflict_once(world: World) -> None:
    world.fleet.add_building("Main", building_id="1")
    add_mac(world, "1", "C02OWNED0001", user=_JANE, place=_PLACE, assetTag="AT-1")
    world.sync()
    insert(world, "locations", name="Store")
    world.execute(
        "update devices set asset_tag = 'LABEL', room_id = null,"
        " location_id = (select id from locations where name = 'Store')"
    )

    for _ in range(2):
        world.sync()
        found = device(world, "C02OWNED0001")
        assert (found["asset_tag"], found["location"], found["room"]) == ("LABEL", "Store", None)
        assert open_conflicts(world) == [
            ("owned_field_differs", "asset_tag"),
            ("owned_field_differs", "location_id"),
        ]
        link = mapping(world, "computer", "1")
        assert link is not None
        assert link["sync_status"] == "conflict"
    assert (world.counts()["device"].conflicts, world.counts()["device"].unchanged) == (1, 0)

    world.fleet.computer("1").asset_tag = "LABEL"
    world.execute("update devices set location_id = (select id from locations where name = 'Main')")
    world.sync()

    assert open_conflicts(world) == []
    link = mapping(world, "computer", "1")
    assert link is not None
    assert link["sync_status"] == "synced"


def test_a_room_is_filled_only_inside_the_devices_own_location(world: World) -> None:
    world.fleet.add_building("Main", building_id="1")
    add_mac(world, "1", "C02ROOM00001", place={"buildingId": "1"})
    add_mac(world, "2", "C02ROOM00002", place={"buildingId": "1"})
    world.sync()
    store = insert(world, "locations", name="Store")
    world.execute("update devices set location_id = %s where hostname = 'MAC-1'", [store])
    world.execute("update devices set location_id = null where hostname = 'MAC-2'")
    for computer in world.fleet.computers.values():
        computer.room = "301"

    world.sync()

    assert device(world, "C02ROOM00001")["room"] is None
    assert device(world, "C02ROOM00002")["room"] is None
    assert device(world, "C02ROOM00002")["location"] is None


def test_owned_fields_are_filled_while_nobody_has_filled_or_emptied_them(world: World) -> None:
    world.fleet.add_building("Main", building_id="1")
    add_mac(world, "1", "C02FILL00001")
    world.sync()
    world.fleet.update_computer("1", {"general": {"assetTag": "AT-1"}, "userAndLocation": _PLACE})
    world.sync()

    found = device(world, "C02FILL00001")
    assert (found["asset_tag"], found["location"], found["room"]) == ("AT-1", "Main", "301")

    world.execute("update devices set asset_tag = null")
    world.sync()

    assert device(world, "C02FILL00001")["asset_tag"] is None
    assert open_conflicts(world) == [("owned_field_differs", "asset_tag")]


_JAMF_OWNED_DEVICE = {
    "hostname": "edited",
    "model": "edited",
    "manufacturer": "edited",
    "operating_system": "edited",
    "os_version": "0.0",
    "serial_number": "EDITED000001",
    "assigned_to_person_id": None,
}


def test_what_jamf_says_of_the_hardware_is_shown_in_moss(world: World) -> None:
    mac = add_mac(world, "1", "C02HARDWARE01")
    world.sync()
    values = {
        row["field_name"]: row["value"]
        for row in world.query(
            "select field_name, value from custom_field_values where object_type = 'device'"
        )
    }
    assert values["model_identifier"] == mac.model.identifier
    assert values["processor_type"] == mac.model.processor
    assert_calm(world)


def test_fields_that_jamf_owns_return_and_the_edits_are_kept_in_the_change_log(
    world: World,
) -> None:
    add_mac(world, "1", "C02EDIT00001", user=_JANE)
    world.sync()
    original = device(world, "C02EDIT00001")
    for field, value in _JAMF_OWNED_DEVICE.items():
        world.execute(f"update devices set {field} = %s", [value])
    world.execute("update custom_field_values set value = 'edited' where field_name = 'os_build'")
    world.execute(
        "update people set email_address = 'edited', phone_number = 'edited', job_title = 'edited'"
    )
    # JAMF knows neither phone nor title: what a person entered there stays.
    world.sync()

    restored = device(world, "C02EDIT00001")
    assert {field: restored[field] for field in _JAMF_OWNED_DEVICE} == {
        field: original[field] for field in _JAMF_OWNED_DEVICE
    }
    assert world.query("select email_address, phone_number, job_title from people") == [
        {"email_address": "jane@example.org", "phone_number": "edited", "job_title": "edited"}
    ]
    (log,) = world.query(
        "select before, rules, outcome from jamf_sync.change_plan where object_type = 'device' and action = 'update'"
    )
    assert log["outcome"] == "applied"
    assert log["before"] == {**_JAMF_OWNED_DEVICE, "os_build": "edited"}
    assert set(log["rules"].values()) == {"human_edit_overwritten"}
    assert open_conflicts(world) == sorted(
        ("human_edit_overwritten", field)
        for field in (*_JAMF_OWNED_DEVICE, "os_build", "email_address")
    )
    assert_calm(world)


def test_with_the_policy_keep_an_edit_of_a_field_that_jamf_owns_stays_as_a_conflict(
    world: World,
) -> None:
    set_policies(world, on_human_edit="keep")
    computer = add_mac(world, "1", "C02KEEP00001", user=_JANE)
    world.sync()
    world.execute("update devices set hostname = 'edited'")

    for name in ("MAC-1", "renamed in JAMF"):
        computer.name = name
        world.sync()
        assert device(world, "C02KEEP00001")["hostname"] == "edited"
        assert open_conflicts(world) == [("human_edit_kept", "hostname")]
        assert world.counts()["device"].conflicts == 1
        assert_counts_add_up(world)

    computer.operating_system_version = "99.1"
    world.sync()
    found = device(world, "C02KEEP00001")
    assert (found["hostname"], found["os_version"]) == ("edited", "99.1")

    world.execute("update devices set hostname = 'renamed in JAMF'")
    world.sync()
    assert open_conflicts(world) == []


def test_a_mac_that_names_a_user_who_cannot_be_told_apart_keeps_its_person(world: World) -> None:
    set_policies(world, on_empty_user="clear")
    computer = add_mac(world, "1", "C02USER00002", user=_JANE)
    world.sync()
    for name in ("one", "two"):
        insert(world, "people", full_name=name, email_address="john@example.org")

    computer.username, computer.email = "john", "john@example.org"
    world.sync()

    assert device(world, "C02USER00002")["person"] == "jane"


@pytest.mark.parametrize(
    ("policy", "linked", "conflicts"),
    [
        ("adopt_and_flag", True, [("serial_not_linked", "serial_number")]),
        ("adopt", True, []),
        ("hold", False, [("serial_not_linked", "serial_number")]),
    ],
)
def test_a_device_that_moss_knew_before_is_adopted_or_held_as_the_policy_says(
    world: World, policy: str, *, linked: bool, conflicts: list[tuple[str, str]]
) -> None:
    set_policies(world, on_unlinked_serial=policy)
    known = insert_device(
        world, " c02known0001 ", hostname="old name", asset_tag="LABEL", notes="ours"
    )
    add_mac(world, "1", "C02KNOWN0001", assetTag="JAMF-TAG")

    world.sync()

    (found,) = world.query("select id, hostname, asset_tag, notes, device_type from devices")
    assert found["hostname"] == ("MAC-1" if linked else "old name")
    assert (str(found["id"]), found["asset_tag"], found["notes"]) == (known, "LABEL", "ours")
    assert (mapping(world, "computer", "1") is not None) is linked
    asset_tag = [("owned_field_differs", "asset_tag")] if linked else []
    assert open_conflicts(world) == sorted([*conflicts, *asset_tag])
    assert len(world.query("select * from ios")) == (2 if linked else 0)
    if linked:
        (log,) = world.query(
            "select before from jamf_sync.change_plan where object_type = 'device' and action = 'link'"
        )
        assert log["before"]["hostname"] == "old name"
    assert_calm(world)


@_ANY_MOSS
def test_a_held_device_is_linked_once_the_policy_allows_it(world: World) -> None:
    set_policies(world, on_unlinked_serial="hold")
    insert_device(world, "C02HELD00001")
    add_mac(world, "1", "C02HELD00001")
    world.sync()
    assert world.counts()["device"].conflicts == 1

    set_policies(world, on_unlinked_serial="adopt_and_flag")
    world.sync()

    assert device(world, "C02HELD00001")["hostname"] == "MAC-1"
    (conflict,) = world.query("select detail from jamf_sync.conflicts where status = 'open'")
    assert "it was linked" in conflict["detail"]


def test_locations_are_created_only_if_the_settings_allow_it(world: World) -> None:
    set_policies(world, create_missing_locations=False)
    world.fleet.add_building("Main", building_id="1")
    add_mac(world, "1", "C02PLACE0001", place=_PLACE)
    world.sync()
    assert world.query("select * from locations") == []
    assert world.counts()["location"].skipped == 1
    assert device(world, "C02PLACE0001")["location"] is None
    assert_calm(world)

    set_policies(world, create_missing_locations=True)
    world.sync()

    found = device(world, "C02PLACE0001")
    assert (found["location"], found["room"]) == ("Main", "301")


def test_a_field_can_be_given_to_moss_by_the_integrations_own_settings(world: World) -> None:
    set_policies(world, ownership={"device.hostname": {"on_update": "never"}})
    computer = add_mac(world, "1", "C02OVER00001")
    world.sync()
    world.execute("update devices set hostname = 'ours'")
    computer.name = "renamed"

    world.sync()

    assert device(world, "C02OVER00001")["hostname"] == "ours"
    assert_calm(world)


@_ANY_MOSS
def test_settings_that_would_give_an_owned_field_away_stop_the_sync_with_a_remedy(
    world: World,
) -> None:
    set_policies(world, ownership={"device.notes": {"on_update": "overwrite"}})
    add_mac(world, "1", "C02OVER00002")

    world.sync(may_fail=True)

    assert world.history()[-1]["status"] == "failed"
    assert "device.notes" in world.history()[-1]["error_message"]
    assert world.query("select * from devices") == []
