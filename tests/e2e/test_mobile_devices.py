"""Mobile devices from JAMF to M.O.S.S.: what is written, what never crosses to computers, and what is not stored."""

from collections.abc import Mapping

import orjson
import pytest

from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.simulator import EvolveRequest, MobileDevice, SimulatorConfig
from moss_jamf_pipeline.simulator.faults import Faults, Poison
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    actions,
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    furnish,
    insert_device,
    mapping,
    mappings,
    open_conflicts,
    set_policies,
)
from tests.support.world import World

_JANE = {"username": "jane", "realName": "Jane Roe", "emailAddress": "jane@example.org"}


def add_phone(
    world: World,
    jamf_id: str,
    serial_number: str | None,
    *,
    user: Mapping[str, str] | None = None,
    device_type: str = "iOS",
    hardware: Mapping[str, object] | None = None,
    network: Mapping[str, object] | None = None,
    **general: object,
) -> MobileDevice:
    """Adds an iPhone called PHONE-<id> to JAMF; arguments as of `add_mac`."""
    return world.fleet.add_mobile_device(
        {
            "mobileDeviceId": jamf_id,
            "deviceType": device_type,
            "general": {"displayName": f"PHONE-{jamf_id}", **general},
            "hardware": {"serialNumber": serial_number, **(hardware or {})},
            "userAndLocation": dict(user or {}),
            "network": dict(network or {}),
        }
    )


@pytest.fixture
def office(world: World) -> World:
    """A Mac and a phone under one id, the phone with user and place; mobile devices are switched on."""
    furnish(world)
    set_policies(world, sync_mobile_devices=True)
    building = world.fleet.add_building("Berlin")
    world.fleet.add_department("Design")
    add_mac(world, "7", "C02MAC000007", udid="MACMACMA-0000-4000-8000-000000000007")
    add_phone(
        world,
        "7",
        "MOBILE000007",
        user={**_JANE, "buildingId": building.id, "room": "2.14"},
        hardware={
            "wifiMacAddress": "5c:e9:1e:0a:44:12",
            "bluetoothMacAddress": "5c:e9:1e:0a:44:13",
        },
        network={"imei": "35 882334 083223 0", "phoneNumber": "+1 555 0100"},
        assetTag="MT-7",
    )
    return world


def _custom_fields(world: World, device_id: object) -> dict[str, str]:
    return {
        row["field_name"]: row["value"]
        for row in world.query(
            "select field_name, value from custom_field_values"
            " where object_type = 'device' and object_id = %s",
            [device_id],
        )
    }


def test_a_phone_becomes_a_device_beside_the_computer_of_its_number(office: World) -> None:
    world = office
    world.sync()
    phone, mac = device(world, "MOBILE000007"), device(world, "C02MAC000007")
    assert phone["device_type"] == world.dialect.mobile
    assert (phone["hostname"], phone["manufacturer"], phone["asset_tag"]) == (
        *("PHONE-7", "Apple", "MT-7"),
    )
    assert (phone["operating_system"], phone["os_version"]) == ("iOS", "26.1")
    assert (phone["person"], phone["location"], phone["room"]) == ("jane", "Berlin", "2.14")
    assert phone["enrollment"] == "enrolled"
    told = _custom_fields(world, phone["id"])
    assert (told["imei"], told["phone_number"]) == ("358823340832230", "+1 555 0100")
    interfaces = world.query(
        "select interface_name, mac_address from ios where device_id = %s order by mac_address",
        [phone["id"]],
    )
    assert [(row["interface_name"], row["mac_address"]) for row in interfaces] == [
        ("Wi-Fi", "5C:E9:1E:0A:44:12"),
        ("Bluetooth", "5C:E9:1E:0A:44:13"),
    ]
    assert mappings(world, "mobile_device") == {"mobile:7": (str(phone["id"]), "synced")}
    assert mappings(world, "computer") == {"7": (str(mac["id"]), "synced")}
    assert open_conflicts(world) == []
    assert world.counts()["device"].created == 2
    assert_counts_add_up(world)
    assert_calm(world)


def test_until_it_is_switched_on_nothing_is_asked_and_nothing_stored(office: World) -> None:
    world = office
    set_policies(world)
    world.jamf.reset_requests()
    world.sync()
    assert not [path for path in world.jamf.requests.paths if "mobile" in path]
    assert world.query("select * from jamf_sync.captures where collection = 'mobile_devices'") == []
    assert set(devices(world)) == {"C02MAC000007"}


def test_switched_off_again_the_devices_stay_as_they_are(office: World) -> None:
    world = office
    world.sync()
    before = devices(world)["MOBILE000007"]
    set_policies(world, sync_mobile_devices=False)
    world.fleet.remove_mobile_device("7")
    # Nor does the computer that comes with its serial number get its link.
    add_mac(world, "8", "MOBILE000007")
    world.sync()
    assert devices(world)["MOBILE000007"] == before
    assert mappings(world, "mobile_device") == {"mobile:7": (str(before["id"]), "synced")}
    assert open_conflicts(world) == [("serial_in_both_inventories", "serial_number")]
    assert_counts_add_up(world)
    assert_calm(world)


def test_a_phone_that_is_gone_is_unenrolled_and_no_computer_of_its_id(office: World) -> None:
    world = office
    world.sync()
    world.fleet.remove_mobile_device("7")
    world.sync()
    assert device(world, "MOBILE000007")["enrollment"] == "unenrolled"
    assert device(world, "C02MAC000007")["enrollment"] == "enrolled"
    assert actions(world, "mapping") == {"unenroll": {"mobile:7"}}
    add_phone(world, "9", "MOBILE000007")
    world.sync()
    assert device(world, "MOBILE000007")["enrollment"] == "enrolled"
    assert set(mappings(world, "mobile_device")) == {"mobile:9"}
    assert_counts_add_up(world)
    assert_calm(world)


def test_the_absence_of_phones_is_proven_by_a_complete_capture_of_phones(office: World) -> None:
    """A lenient server tells which record it stumbles over: that one is there, and the other one is gone."""
    world = office
    add_phone(world, "8", "MOBILE000008")
    world.sync()
    world.fleet.remove_mobile_device("7")
    world.jamf.set_faults(Faults(poison=Poison(mobile_device_ids=frozenset({"8"}))))
    world.sync()
    assert device(world, "MOBILE000007")["enrollment"] == "unenrolled"
    assert device(world, "MOBILE000008")["enrollment"] == "enrolled"
    assert world.counts()["device"].failed == 0
    world.jamf.clear_faults()
    world.sync()
    assert_calm(world)


@pytest.mark.parametrize("is_phone_first", [False, True])
def test_one_serial_number_in_both_inventories_is_a_conflict_and_no_merge(
    world: World, is_phone_first: bool
) -> None:
    furnish(world)
    set_policies(world, sync_mobile_devices=True)
    if is_phone_first:
        add_phone(world, "1", "SAME00000001")
        add_mac(world, "2", "C02OTHER0002")
        world.sync()
    add_mac(world, "1", "SAME00000001")
    if not is_phone_first:
        add_phone(world, "1", "SAME00000001")
    world.sync()
    one = device(world, "SAME00000001")
    expected = ("mobile_device", "mobile:1") if is_phone_first else ("computer", "1")
    other = ("computer", "1") if is_phone_first else ("mobile_device", "mobile:1")
    link = mapping(world, *expected)
    assert link is not None
    assert link["internal_id"] == one["id"]
    assert mapping(world, *other) is None
    assert open_conflicts(world) == [("serial_in_both_inventories", "serial_number")]
    (conflict,) = world.query("select detail from jamf_sync.conflicts where status = 'open'")
    assert "computer 1" in conflict["detail"]
    assert "mobile device 1" in conflict["detail"]
    assert_counts_add_up(world)
    assert_calm(world)


def test_no_link_crosses_though_udid_management_id_and_serial_number_agree(office: World) -> None:
    """A computer that says to be the phone that JAMF lost is no phone: the neighbour of one serial number in both."""
    world = office
    world.sync()
    phone = world.fleet.remove_mobile_device("7")
    add_mac(world, "70", "MOBILE000007", udid=phone.udid, managementId=phone.management_id)
    world.sync()
    assert set(mappings(world, "mobile_device")) == {"mobile:7"}
    assert "70" not in mappings(world, "computer")
    assert device(world, "MOBILE000007")["device_type"] == world.dialect.mobile
    assert open_conflicts(world) == [("serial_in_both_inventories", "serial_number")]
    assert_counts_add_up(world)
    assert_calm(world)


def test_of_a_personally_owned_phone_nothing_is_stored(office: World) -> None:
    world = office
    add_phone(
        world,
        "66",
        "SECRET000066",
        user={"username": "secret.person", "emailAddress": "secret@example.org"},
        deviceOwnershipType="AccountDrivenUserEnrollment",
    )
    world.sync()
    counts = world.counts()["device"]
    assert (counts.seen, counts.created, counts.skipped) == (3, 2, 1)
    for table in ("raw_jamf", "jamf_computers_snapshot", "quarantine", "change_plan", "conflicts"):
        stored = world.query(f"select to_jsonb(t) as row from jamf_sync.{table} as t")
        text = orjson.dumps([row["row"] for row in stored], default=str).lower()
        assert b"secret" not in text
        assert b"phone-66" not in text
    assert world.query("select * from people where username like 'secret%%'") == []
    # One that was the institution's before keeps its device; its document goes.
    world.fleet.update_mobile_device("7", {"general": {"deviceOwnershipType": "UserEnrollment"}})
    world.sync()
    link = mapping(world, "mobile_device", "mobile:7")
    assert link is not None
    assert link["external_data"] == {"id": "mobile:7", "personallyOwned": True}
    assert_counts_add_up(world)
    assert_calm(world)


def test_a_phone_that_a_person_entered_is_adopted_and_what_moss_owns_stays(office: World) -> None:
    world = office
    insert_device(
        world, "mobile000007", device_type=world.dialect.mobile, asset_tag="OURS", notes="Lent"
    )
    world.sync()
    phone = device(world, "MOBILE000007")
    assert (phone["asset_tag"], phone["notes"]) == ("OURS", "Lent")
    assert sorted(kind for kind, _ in open_conflicts(world)) == [
        "owned_field_differs",
        "serial_not_linked",
    ]
    assert actions(world, "device") == {"link": {"mobile:7"}, "create": {"7"}}
    assert_calm(world)


def test_mobile_devices_alone_bring_their_people_and_places(office: World) -> None:
    world = office
    set_policies(world, sync_mobile_devices=True, sync_computers=False)
    world.sync()
    assert set(devices(world)) == {"MOBILE000007"}
    assert device(world, "MOBILE000007")["location"] == "Berlin"
    assert_counts_add_up(world)
    assert_calm(world)


def test_an_odd_fleet_is_synced_evolves_and_is_calm(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=25, groups=6, mobile_devices=25, seed=5))
    set_policies(world, sync_mobile_devices=True)
    world.sync()
    fleet = world.fleet
    counts = world.counts()["device"]
    broken, personal = (fleet.oddities[f"mobile_{name}"] for name in ("broken", "personally_owned"))
    linked = set(mappings(world, "mobile_device"))
    assert len(linked) == 25 - len(
        {
            *broken,
            *personal,
            *fleet.oddities["mobile_without_serial"],
            *fleet.oddities["mobile_serial_of_computer"],
        }
    )
    assert counts.adds_up
    assert ("serial_in_both_inventories", "serial_number") in open_conflicts(world)
    systems = {
        row["operating_system"]
        for row in world.query(
            "select operating_system from devices where device_type = %s", [world.dialect.mobile]
        )
    }
    assert {"iOS", "iPadOS"} <= systems
    assert_calm(world)

    world.jamf.evolve(
        EvolveRequest(mobile_enrolments=2, mobile_wipes=2, mobile_updates=3, mobile_reassignments=2)
    )
    world.sync()
    assert len(actions(world, "mapping").get("unenroll", ())) == 2
    assert world.counts()["device"].created == 2
    assert world.counts()["device"].updated == 5
    assert_counts_add_up(world)
    assert_calm(world)


@pytest.mark.every_dialect
def test_what_moss_owns_stays_and_a_revert_takes_back_what_was_written(office: World) -> None:
    """On every M.O.S.S.: the two-run promise, ownership, and undoing a plan, for a phone as for a Mac."""
    world = office
    world.sync()
    assert_calm(world)
    phone = device(world, "MOBILE000007")
    world.execute(
        "update devices set asset_tag = 'OURS', notes = 'Lent to Jane' where id = %s", [phone["id"]]
    )
    world.fleet.update_mobile_device(
        "7",
        {
            "general": {"displayName": "PHONE-NEW", "osVersion": "26.2", "assetTag": "MT-99"},
            "userAndLocation": {"username": None, "realName": None, "emailAddress": None},
        },
    )
    world.sync()
    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    renamed = device(world, "MOBILE000007")
    assert (renamed["hostname"], renamed["os_version"]) == ("PHONE-NEW", "26.2")
    assert (renamed["asset_tag"], renamed["notes"], renamed["person"]) == (
        *("OURS", "Lent to Jane", "jane"),
    )
    assert open_conflicts(world) == [("owned_field_differs", "asset_tag")]

    with world.database.connection() as connection:
        undoing = make_revert_plan(
            connection, world.integration, plan["plan_id"], run_id="a-revert"
        )
    assert world.apply(undoing.plan_id).success
    before = device(world, "MOBILE000007")
    assert (before["hostname"], before["os_version"]) == ("PHONE-7", "26.1")
    assert (before["asset_tag"], before["notes"], before["person"]) == (
        *("OURS", "Lent to Jane", "jane"),
    )
    assert_counts_add_up(world)
