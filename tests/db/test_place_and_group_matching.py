"""Which location, room and group JAMF's buildings, room texts and groups are: every outcome."""

from typing import Any

import pytest

from tests.db.support import Bench


def _location(bench: Bench, jamf_id: str) -> tuple[str, Any]:
    match = bench.match_of("location_matches", jamf_id)
    return match["outcome"], match["location_id"]


def test_a_linked_building_is_its_location_whatever_it_is_called(trial: Bench) -> None:
    location = trial.location("Renamed by IT")
    trial.mapping("building", "7", "location", location)
    trial.building("7", "HQ")
    trial.match()
    assert _location(trial, "7") == ("mapped", location)


@pytest.mark.parametrize("name", ["HQ North", "hq  north ", "HQ\tNorth"])
def test_a_location_is_found_by_its_name(trial: Bench, name: str) -> None:
    location = trial.location("HQ North")
    trial.building("7", name)
    trial.match()
    assert _location(trial, "7") == ("matched", location)


def test_a_name_that_the_web_application_escaped_is_the_same_name(trial: Bench) -> None:
    location = trial.location("R&amp;D")
    trial.building("7", "R&D")
    trial.match()
    assert _location(trial, "7") == ("matched", location)


def test_two_locations_of_one_name_are_never_chosen_between(trial: Bench) -> None:
    trial.location("HQ")
    trial.location("hq")
    trial.building("7", "HQ")
    trial.match()
    assert _location(trial, "7") == ("ambiguous", None)


def test_an_unknown_building_is_to_be_created_under_an_id_that_stays(trial: Bench) -> None:
    trial.building("7", "HQ")
    trial.match()
    outcome, location_id = _location(trial, "7")
    assert outcome == "create"
    assert location_id is not None
    trial.match()
    assert _location(trial, "7") == (outcome, location_id)


def test_an_unknown_building_is_missing_if_creating_is_off(trial: Bench) -> None:
    trial.policies(create_missing_locations=False)
    trial.building("7", "HQ")
    trial.computer("1", building_id="7", room="301")
    trial.match()
    assert _location(trial, "7") == ("missing", None)
    assert trial.query("select * from jamf_sync.room_matches") == []


def test_a_location_deleted_in_moss_stays_deleted(trial: Bench) -> None:
    location = trial.location("HQ")
    trial.mapping("building", "7", "location", location)
    trial.delete("locations", location)
    trial.building("7", "HQ")
    trial.match()
    assert _location(trial, "7") == ("deleted_internal", None)


@pytest.mark.parametrize("is_known", [True, False], ids=["a known location", "a new one"])
def test_two_buildings_of_one_name_share_a_location_and_the_lower_id_is_linked(
    trial: Bench, is_known: bool
) -> None:
    if is_known:
        trial.location("HQ")
    trial.building("10", "HQ")
    trial.building("9", "hq")
    trial.match()
    assert trial.outcomes("location_matches") == {
        "9": "matched" if is_known else "create",
        "10": "shared",
    }
    assert _location(trial, "9")[1] == _location(trial, "10")[1] is not None


def test_a_second_building_of_a_linked_locations_name_shares_it(trial: Bench) -> None:
    location = trial.location("HQ")
    trial.mapping("building", "10", "location", location)
    trial.building("10", "HQ")
    trial.building("9", "HQ")
    trial.match()
    assert trial.outcomes("location_matches") == {"10": "mapped", "9": "shared"}
    assert _location(trial, "9")[1] == location


# -- rooms -------------------------------------------------------------------------------------


def _rooms(bench: Bench) -> dict[str, tuple[str, Any]]:
    rows = bench.query("select room_key, outcome, room_id from jamf_sync.room_matches")
    return {row["room_key"]: (row["outcome"], row["room_id"]) for row in rows}


def test_a_room_is_found_inside_its_own_location_only(trial: Bench) -> None:
    headquarters = trial.location("HQ")
    annex = trial.location("Annex")
    trial.room(annex, "301")
    room = trial.room(headquarters, "Room&#x2F;302")
    trial.building("7", "HQ")
    trial.computer("1", building_id="7", room="301")
    trial.computer("2", building_id="7", room="ROOM/302")
    trial.match()
    rooms = _rooms(trial)
    assert rooms["301"][0] == "create"
    assert rooms["room/302"] == ("matched", room)


def test_two_rooms_of_one_name_in_one_location_are_never_chosen_between(trial: Bench) -> None:
    location = trial.location("HQ")
    trial.room(location, "301")
    trial.room(location, " 301")
    trial.building("7", "HQ")
    trial.computer("1", building_id="7", room="301")
    trial.match()
    assert _rooms(trial) == {"301": ("ambiguous", None)}
    assert trial.match_of("device_matches", "1")["room_id"] is None


def test_a_missing_room_of_a_known_location_is_missing_if_creating_is_off(trial: Bench) -> None:
    trial.policies(create_missing_locations=False)
    trial.location("HQ")
    trial.building("7", "HQ")
    trial.computer("1", building_id="7", room="301")
    trial.match()
    assert _rooms(trial) == {"301": ("missing", None)}


def test_one_room_that_many_computers_name_is_one_row_with_an_id_that_stays(trial: Bench) -> None:
    trial.building("7", "HQ")
    for jamf_id, room in (("1", "Room 301"), ("2", "room  301"), ("3", "ROOM 301")):
        trial.computer(jamf_id, building_id="7", room=room)
    trial.match()
    first = _rooms(trial)
    assert list(first) == ["room 301"]
    assert first["room 301"][0] == "create"
    trial.match()
    assert _rooms(trial) == first


def test_buildings_that_share_a_location_share_its_rooms(trial: Bench) -> None:
    trial.building("9", "HQ")
    trial.building("10", "HQ")
    trial.computer("1", building_id="9", room="301")
    trial.computer("2", building_id="10", room="301")
    trial.match()
    assert len(_rooms(trial)) == 1
    rooms = {trial.match_of("device_matches", jamf_id)["room_id"] for jamf_id in ("1", "2")}
    assert len(rooms) == 1


@pytest.mark.parametrize(
    "columns", [{"room": "301"}, {"room": "301", "building_id": "404"}, {"building_id": "7"}]
)
def test_a_room_without_a_known_building_is_no_room(trial: Bench, columns: dict[str, Any]) -> None:
    trial.building("7", "HQ")
    trial.computer("1", **columns)
    trial.match()
    assert _rooms(trial) == {}


# -- groups ------------------------------------------------------------------------------------


def _group(bench: Bench, jamf_id: str) -> tuple[str, Any, str]:
    match = bench.match_of("group_matches", jamf_id)
    return match["outcome"], match["group_id"], match["name"]


def test_a_linked_group_is_its_group_whatever_it_is_called(trial: Bench) -> None:
    group = trial.moss_group("Something else")
    trial.mapping("computer_group", "3", "group", group)
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3") == ("mapped", group, "[JAMF] Design Macs")


@pytest.mark.parametrize("external_id", [None, "3"])
def test_a_group_is_found_by_its_prefixed_name(trial: Bench, external_id: str | None) -> None:
    group = trial.moss_group("[JAMF] design macs", external_id=external_id)
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3") == ("matched", group, "[JAMF] Design Macs")


@pytest.mark.parametrize(
    ("name", "columns"),
    [("Design Macs", {}), ("[JAMF] Design Macs", {"external_id": "4"})],
    ids=["no prefix", "another external id"],
)
def test_a_group_of_somebody_else_is_left_alone(
    trial: Bench, name: str, columns: dict[str, Any]
) -> None:
    group = trial.moss_group(name, **columns)
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3")[0] == "create"
    assert _group(trial, "3")[1] != group


@pytest.mark.parametrize(("integration_type", "is_found"), [("okta", False), ("jamf", True)])
def test_a_group_that_another_integration_links_is_shared_with_jamf_servers_only(
    trial: Bench, integration_type: str, is_found: bool
) -> None:
    group = trial.moss_group("[JAMF] Design Macs")
    other = trial.value(
        "insert into integration_configs (integration_type, name) values (%s, 'Second') returning id",
        integration_type,
    )
    trial.mapping("computer_group", "3", "group", group, integration_config_id=other)
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3")[0] == ("matched" if is_found else "create")
    assert (_group(trial, "3")[1] == group) is is_found


def test_a_jamf_group_made_anew_under_its_name_keeps_its_group(trial: Bench) -> None:
    group = trial.moss_group("[JAMF] Design Macs", external_id="3")
    trial.mapping("computer_group", "3", "group", group)
    trial.computer_group("9", "Design Macs")
    trial.match()

    assert _group(trial, "9")[:2] == ("matched", group)


def test_two_groups_of_one_name_are_never_chosen_between(trial: Bench) -> None:
    trial.moss_group("[JAMF] Design Macs")
    trial.moss_group("[JAMF] design macs")
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3")[:2] == ("ambiguous", None)


def test_two_jamf_groups_of_one_name_do_not_take_one_group(trial: Bench) -> None:
    trial.moss_group("[JAMF] Design Macs")
    trial.computer_group("3", "Design Macs")
    trial.computer_group("4", "Design Macs", is_smart=True)
    trial.match()
    assert trial.outcomes("group_matches") == {"3": "ambiguous", "4": "ambiguous"}


def test_a_group_deleted_in_moss_stays_deleted(trial: Bench) -> None:
    group = trial.moss_group("[JAMF] Design Macs")
    trial.mapping("computer_group", "3", "group", group)
    trial.delete("groups", group)
    trial.computer_group("3", "Design Macs")
    trial.match()
    assert _group(trial, "3")[:2] == ("deleted_internal", None)


@pytest.mark.parametrize(
    ("in_jamf", "in_moss"),
    [
        ("Design Macs", "[JAMF] Design Macs"),
        ("[JAMF] Design Macs", "[JAMF] Design Macs"),
        ("x" * 300, "[JAMF] " + "x" * 248),
        ("100 % Macs", "[JAMF] 100 % Macs"),
    ],
)
def test_the_prefix_is_added_once_and_the_name_cut_to_fit(
    trial: Bench, in_jamf: str, in_moss: str
) -> None:
    trial.computer_group("3", in_jamf)
    trial.match()
    assert _group(trial, "3")[2] == in_moss


@pytest.mark.parametrize(("is_smart", "expected"), [(True, True), (False, False), (None, True)])
def test_a_group_of_unknown_kind_counts_as_smart_and_gets_no_members(
    trial: Bench, is_smart: bool | None, expected: bool
) -> None:
    trial.computer_group("3", "Design Macs", is_smart=is_smart)
    trial.match()
    assert trial.match_of("group_matches", "3")["is_smart"] is expected
