"""A fleet is what its seed says, clean when asked to be, odd at known places otherwise, and editable."""

import pytest

from moss_jamf_pipeline.simulator import Fleet, UnknownRecordError, generate_fleet
from moss_jamf_pipeline.simulator.oddities import (
    COMPUTER_ODDITIES,
    DELETED_PLACE_ID,
    PLACEHOLDER_SERIALS,
    USER_ODDITIES,
)
from moss_jamf_pipeline.simulator.rendering import InventoryRenderer
from moss_jamf_pipeline.simulator.versions import JamfVersion


def rendered(fleet: Fleet) -> bytes:
    renderer = InventoryRenderer(fleet, 4, JamfVersion(11, 30, 1))
    return b"\n".join(renderer.record(computer) for computer in fleet.computers.values())


@pytest.fixture(scope="module")
def odd_fleet() -> Fleet:
    return generate_fleet(3000, seed=3)


def test_the_same_seed_makes_the_same_fleet() -> None:
    assert rendered(generate_fleet(200, seed=5)) == rendered(generate_fleet(200, seed=5))


def test_another_seed_makes_another_fleet() -> None:
    assert rendered(generate_fleet(20, seed=5)) != rendered(generate_fleet(20, seed=6))


def test_a_clean_fleet_has_unique_serials_and_names_and_resolves_every_reference() -> None:
    fleet = generate_fleet(500, seed=2, oddities=False)
    computers = list(fleet.computers.values())
    usernames = {user.username for user in fleet.users.values()}
    assert len({computer.serial_number for computer in computers}) == len(computers)
    assert len({computer.name for computer in computers}) == len(computers)
    assert {computer.building_id for computer in computers} <= set(fleet.buildings)
    assert {computer.department_id for computer in computers} <= set(fleet.departments)
    assert {computer.username for computer in computers} <= usernames
    assert all(computer.managed for computer in computers)
    assert fleet.oddities == {}


def test_every_fleet_has_people_without_a_mac() -> None:
    fleet = generate_fleet(500, seed=2, oddities=False)
    assert any(not fleet.computers_of(user.username) for user in fleet.users.values())


@pytest.mark.parametrize("oddity", [name for name, *_ in (*COMPUTER_ODDITIES, *USER_ODDITIES)])
def test_a_fleet_of_a_hundred_has_every_oddity_at_least_once(oddity: str) -> None:
    assert generate_fleet(150, seed=1).oddities[oddity]


def test_the_number_of_odd_records_is_the_rate_times_the_fleet(odd_fleet: Fleet) -> None:
    assert len(odd_fleet.oddities["duplicate_serial"]) == 6
    assert len(odd_fleet.oddities["no_user_or_location"]) == 120
    assert len(generate_fleet(3000, seed=3, oddities=0.5).oddities["no_user_or_location"]) == 60


def test_twins_share_serial_and_udid_with_exactly_one_live_record(odd_fleet: Fleet) -> None:
    for twin_id in odd_fleet.oddities["duplicate_serial"]:
        twin = odd_fleet.computers[twin_id]
        records = [
            computer
            for computer in odd_fleet.computers.values()
            if computer.serial_number == twin.serial_number
        ]
        assert len(records) == 2
        assert {computer.udid for computer in records} == {twin.udid}
        assert [computer.managed for computer in records].count(True) == 1


def test_oddities_are_what_they_are_called(odd_fleet: Fleet) -> None:
    def struck(name: str) -> list[object]:
        attribute = {
            "placeholder_serial": "serial_number",
            "nul_in_name": "name",
            "curly_name": "name",
            "deleted_building": "building_id",
            "username_is_e_mail": "username",
            "lower_case_mac_address": "mac_address",
        }[name]
        return [
            getattr(odd_fleet.computers[computer_id], attribute)
            for computer_id in odd_fleet.oddities[name]
        ]

    assert set(struck("placeholder_serial")) <= set(PLACEHOLDER_SERIALS)
    assert all("\u0000" in str(name) for name in struck("nul_in_name"))
    assert all("’" in str(name) for name in struck("curly_name"))
    assert set(struck("deleted_building")) == {DELETED_PLACE_ID}
    assert DELETED_PLACE_ID not in odd_fleet.buildings
    assert all("@" in str(username) for username in struck("username_is_e_mail"))
    assert all(str(address).islower() for address in struck("lower_case_mac_address"))


def test_desktops_report_no_battery_and_laptops_do(odd_fleet: Fleet) -> None:
    renderer = InventoryRenderer(odd_fleet, 4, JamfVersion(11, 30, 1))
    for computer in list(odd_fleet.computers.values())[:300]:
        hardware = renderer.document(computer, "hardware")
        assert isinstance(hardware, dict)
        assert (hardware["batteryCapacityPercent"] == -1) != computer.model.is_laptop


def test_a_partial_record_makes_an_exact_computer() -> None:
    fleet = Fleet()
    building = fleet.add_building("Annex", building_id="2")
    group = fleet.add_group("Loaner pool", group_id="58")
    computer = fleet.add_computer(
        {
            "id": "12345",
            "udid": "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908",
            "general": {
                "name": "MBA-JSMITH-001",
                "assetTag": "LT-1",
                "remoteManagement": {"managed": False},
                "reportDate": "2026-07-21T06:42:10.318Z",
                "lastContact": None,
            },
            "hardware": {"serialNumber": "C02AB123CD", "model": "MacBook Air (11-inch, 2031)"},
            "userAndLocation": {"username": "jsmith", "buildingId": building.id},
            "groupMemberships": [{"groupId": group.id}],
        }
    )
    renderer = InventoryRenderer(fleet, 4, JamfVersion(11, 30, 1))
    general = renderer.document(computer, "general")
    hardware = renderer.document(computer, "hardware")
    memberships = renderer.document(computer, "groupMemberships")
    assert isinstance(general, dict)
    assert isinstance(hardware, dict)
    assert isinstance(memberships, list)
    assert general["name"] == "MBA-JSMITH-001"
    assert general["remoteManagement"] == {"managed": False, "managementUsername": None}
    assert general["reportDate"] == "2026-07-21T06:42:10.318Z"
    assert general["lastContact"] is None
    assert hardware["serialNumber"] == "C02AB123CD"
    assert hardware["model"] == "MacBook Air (11-inch, 2031)"
    assert hardware["batteryCapacityPercent"] != -1
    assert [entry["groupName"] for entry in memberships if isinstance(entry, dict)] == [
        "Loaner pool"
    ]
    assert fleet.add_computer().id == "12346"


@pytest.mark.parametrize(
    ("document", "section", "key", "value"),
    [
        ({"hardware": {"serialNumber": 42}}, "hardware", "serialNumber", 42),
        ({"general": {"reportDate": "yesterday"}}, "general", "reportDate", "yesterday"),
        ({"purchasing": {"vendor": "Someone"}}, "purchasing", "vendor", "Someone"),
    ],
)
def test_values_that_jamf_never_sends_are_served_as_given(
    document: dict[str, object], section: str, key: str, value: object
) -> None:
    fleet = Fleet()
    computer = fleet.add_computer(document)
    rendered_section = InventoryRenderer(fleet, 4, JamfVersion(11, 30)).document(computer, section)
    assert isinstance(rendered_section, dict)
    assert rendered_section[key] == value


def test_a_value_set_after_an_impossible_one_replaces_it() -> None:
    fleet = Fleet()
    computer = fleet.add_computer({"hardware": {"serialNumber": 42}})
    fleet.update_computer(computer.id, {"hardware": {"serialNumber": "C02AB123CD"}})
    hardware = InventoryRenderer(fleet, 4, JamfVersion(11, 30)).document(computer, "hardware")
    assert isinstance(hardware, dict)
    assert hardware["serialNumber"] == "C02AB123CD"


def test_assigning_an_attribute_makes_the_cached_record_stale() -> None:
    fleet = generate_fleet(1, oddities=False)
    computer = fleet.computers["1"]
    before = rendered(fleet)
    revision = fleet.revision
    computer.name = "Renamed"
    assert b'"name":"Renamed"' not in before
    assert b'"name":"Renamed"' in rendered(fleet)
    assert fleet.revision > revision


def test_renaming_or_removing_a_group_shows_in_the_records_of_its_members() -> None:
    fleet = generate_fleet(1, groups=0, oddities=False)
    group = fleet.add_group("Pilot ring", members=["1"])
    assert b"Pilot ring" in rendered(fleet)
    fleet.rename_group(group.id, "Early ring")
    assert b"Early ring" in rendered(fleet)
    fleet.remove_group(group.id)
    assert b"Early ring" not in rendered(fleet)
    assert fleet.computers["1"].assigned_group_ids == (group.id,)


def test_smart_groups_follow_the_computers() -> None:
    fleet = generate_fleet(20, groups=20, oddities=False)
    managed = next(group for group in fleet.groups.values() if group.name == "All Managed Clients")
    assert len(fleet.members_of(managed.id)) == 20
    fleet.computers["3"].managed = False
    assert "3" not in fleet.members_of(managed.id)


def test_a_cache_that_is_full_is_emptied_and_the_answers_stay_right() -> None:
    fleet = generate_fleet(30, oddities=False)
    small = InventoryRenderer(fleet, 4, JamfVersion(11, 30, 1), cache_bytes=20_000)
    assert [small.record(computer) for computer in fleet.computers.values()] == rendered(
        fleet
    ).split(b"\n")


def test_a_snapshot_does_not_follow_its_fleet() -> None:
    fleet = generate_fleet(20, groups=20)
    snapshot = fleet.snapshot()
    assert rendered(snapshot) == rendered(fleet)
    fleet.computers["1"].name = "Renamed"
    fleet.remove_computer("2")
    assert snapshot.computers["1"].name != "Renamed"
    assert "2" in snapshot.computers


def test_unknown_and_taken_ids_are_named() -> None:
    fleet = generate_fleet(1, oddities=False)
    with pytest.raises(UnknownRecordError, match="no computer with id 77"):
        fleet.remove_computer("77")
    with pytest.raises(ValueError, match="already has a computer with id 1"):
        fleet.add_computer({"id": "1"})
    with pytest.raises(ValueError, match="whole numbers"):
        fleet.add_computer({"id": "abc"})
