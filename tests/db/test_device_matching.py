"""Which device a computer is: every outcome of device_matches, and why."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.db.support import EARLY, LATE, Bench, rows_of

_MANAGEMENT_ID = "b7a3c2d1-90ef-4c5d-a1b2-3344556677f8"
_UDID = "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908"


def _device(bench: Bench, jamf_id: str) -> dict[str, Any]:
    match = bench.match_of("device_matches", jamf_id)
    return {
        name: match[name] for name in ("outcome", "device_id", "matched_by", "previous_jamf_id")
    }


def test_a_linked_computer_is_its_device_while_its_hardware_agrees(trial: Bench) -> None:
    linked = trial.linked_device("1", document={"udid": _UDID}, serial_number="OLD")
    trial.device(serial_number="NEW")
    trial.computer("1", "NEW", udid=_UDID)
    trial.match()
    assert _device(trial, "1") == {
        "outcome": "mapped",
        "device_id": linked,
        "matched_by": "mapping",
        "previous_jamf_id": None,
    }


@pytest.mark.parametrize(
    ("in_moss", "in_jamf"), [("C02ABC", "C02ABC"), ("c02 abc ", "C02ABC"), ("C02ABC", " c02abc")]
)
def test_an_unlinked_device_is_found_by_its_serial_number(
    trial: Bench, in_moss: str, in_jamf: str
) -> None:
    device = trial.device(serial_number=in_moss)
    trial.computer("1", in_jamf)
    trial.match()
    assert _device(trial, "1") == {
        "outcome": "matched",
        "device_id": device,
        "matched_by": "serial_number",
        "previous_jamf_id": None,
    }


def test_an_unlinked_device_is_held_if_the_policy_says_so(trial: Bench) -> None:
    trial.policies(on_unlinked_serial="hold")
    device = trial.device(serial_number="C02ABC")
    trial.computer("1", "C02ABC")
    trial.match()
    assert (_device(trial, "1")["outcome"], _device(trial, "1")["device_id"]) == ("held", device)


def test_an_unknown_computer_is_to_be_created_under_an_id_that_stays(trial: Bench) -> None:
    trial.computer("1", "C02ABC")
    trial.match()
    first = _device(trial, "1")
    assert first["outcome"] == "create"
    assert isinstance(first["device_id"], UUID)
    trial.match()
    assert _device(trial, "1") == first


def test_two_devices_of_one_serial_number_are_never_chosen_between(trial: Bench) -> None:
    trial.device(serial_number="C02ABC")
    trial.device(serial_number="c02abc")
    trial.computer("1", "C02ABC")
    trial.match()
    assert _device(trial, "1") == {
        "outcome": "ambiguous",
        "device_id": None,
        "matched_by": "serial_number",
        "previous_jamf_id": None,
    }


def test_a_device_claimed_by_another_computer_does_not_make_a_serial_number_ambiguous(
    trial: Bench,
) -> None:
    trial.linked_device("9", document={"udid": _UDID}, serial_number="C02ABC")
    free = trial.device(serial_number="C02ABC")
    trial.computer("9", "C02OTHER", udid=_UDID)
    trial.computer("1", "C02ABC")
    trial.match()
    assert (_device(trial, "1")["outcome"], _device(trial, "1")["device_id"]) == ("matched", free)


@pytest.mark.parametrize(
    ("columns", "matched_by"),
    [
        ({"management_id": _MANAGEMENT_ID}, "management_id"),
        ({"management_id": _MANAGEMENT_ID.upper()}, "management_id"),
        ({"udid": _UDID}, "udid"),
        ({"udid": _UDID.lower()}, "udid"),
        ({"management_id": _MANAGEMENT_ID, "udid": _UDID}, "management_id"),
    ],
    ids=["management id", "management id, other case", "UDID", "UDID, other case", "both"],
)
@pytest.mark.parametrize("in_moss", ["C02ABC", "c02 abc", None])
def test_a_new_jamf_id_of_known_hardware_takes_the_link_along(
    trial: Bench, columns: dict[str, Any], matched_by: str, in_moss: str | None
) -> None:
    document = {"udid": _UDID, "general": {"managementId": _MANAGEMENT_ID}}
    device = trial.linked_device("1", document=document, serial_number=in_moss)
    trial.computer("2", "C02ABC", **columns)
    trial.match()
    assert _device(trial, "2") == {
        "outcome": "moved",
        "device_id": device,
        "matched_by": matched_by,
        "previous_jamf_id": "1",
    }


def test_a_reenrolled_computer_with_the_same_serial_number_takes_the_link_along(
    trial: Bench,
) -> None:
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.computer("2", "C02ABC")
    trial.match()
    assert _device(trial, "2") == {
        "outcome": "moved",
        "device_id": device,
        "matched_by": "serial_number",
        "previous_jamf_id": "1",
    }


def test_a_link_whose_computer_is_still_there_is_not_taken_along(trial: Bench) -> None:
    device = trial.linked_device("1", document={"udid": _UDID}, serial_number="C02ABC")
    trial.computer("1", "C02ABC", udid=_UDID)
    trial.computer("2", "C02NEW", udid=_UDID)
    trial.match()
    assert (_device(trial, "1")["outcome"], _device(trial, "1")["device_id"]) == ("mapped", device)
    assert _device(trial, "2")["outcome"] == "create"


def test_two_computers_with_one_hardware_id_prove_nothing(trial: Bench) -> None:
    trial.linked_device("1", document={"udid": _UDID})
    trial.computer("2", "NEW2", udid=_UDID)
    trial.computer("3", "NEW3", udid=_UDID)
    trial.match()
    assert trial.outcomes("device_matches") == {"2": "create", "3": "create"}


def test_hardware_ids_that_point_at_two_devices_prove_nothing(trial: Bench) -> None:
    trial.linked_device("1", document={"udid": _UDID})
    trial.linked_device("2", document={"general": {"managementId": _MANAGEMENT_ID}})
    trial.computer("3", "NEW", udid=_UDID, management_id=_MANAGEMENT_ID)
    trial.match()
    assert trial.outcomes("device_matches") == {"3": "create"}


def test_a_hardware_id_wins_over_a_serial_number(trial: Bench) -> None:
    linked = trial.linked_device("1", document={"udid": _UDID})
    trial.device(serial_number="NEW")
    trial.computer("2", "NEW", udid=_UDID)
    trial.match()
    assert (_device(trial, "2")["outcome"], _device(trial, "2")["device_id"]) == ("moved", linked)


@pytest.mark.parametrize("seen", ["OLD", None], ids=["as the link saw", "as M.O.S.S. has it"])
def test_a_hardware_id_under_another_serial_number_moves_no_link(
    trial: Bench, seen: str | None
) -> None:
    document = {"udid": _UDID, "hardware": {"serialNumber": seen}}
    trial.linked_device("1", document=document, serial_number="OLD")
    trial.computer("2", "NEW", udid=_UDID)
    trial.match()
    assert trial.outcomes("device_matches") == {"2": "create"}


def test_a_device_deleted_in_moss_stays_deleted(trial: Bench) -> None:
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.delete("devices", device)
    trial.computer("1", "C02ABC")
    trial.match()
    assert _device(trial, "1") == {
        "outcome": "deleted_internal",
        "device_id": None,
        "matched_by": "mapping",
        "previous_jamf_id": None,
    }


def test_a_device_deleted_in_moss_is_created_again_if_the_policy_says_so(trial: Bench) -> None:
    trial.policies(recreate_deleted=True)
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.delete("devices", device)
    trial.computer("1", "C02ABC")
    trial.match()
    assert _device(trial, "1")["outcome"] == "create"
    assert _device(trial, "1")["device_id"] != device


@pytest.mark.parametrize(
    "columns", [{"is_usable": False}, {"is_usable": False, "is_personally_owned": True}]
)
def test_a_computer_that_cannot_be_used_is_matched_to_nothing(
    trial: Bench, columns: dict[str, Any]
) -> None:
    trial.device(serial_number="C02ABC")
    trial.computer("1", "C02ABC", **columns)
    trial.match()
    assert trial.outcomes("device_matches") == {}


def test_a_computer_that_jamf_no_longer_lists_loses_its_match(trial: Bench) -> None:
    trial.computer("1", "C02ABC")
    trial.match()
    trial.gone("computers", "1")
    trial.match()
    assert trial.outcomes("device_matches") == {}


def test_matching_an_unchanged_fleet_again_writes_nothing(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC")
    trial.computer("1", "C02ABC")
    trial.computer("2", "C02NEW", username="jane", building_id="7", room="301")
    trial.building("7", "HQ")
    trial.match()
    tables = (
        "location_matches",
        "room_matches",
        "person_matches",
        "device_matches",
        "group_matches",
    )
    before = [rows_of(trial, f"jamf_sync.{table}") for table in tables]
    trial.match()
    assert [rows_of(trial, f"jamf_sync.{table}") for table in tables] == before


# -- evidence ----------------------------------------------------------------------------------


_SEEN: dict[str, Any] = {
    "udid": "U1",
    "general": {"managementId": "M1"},
    "hardware": {"serialNumber": "S1", "model": "Mac A", "modelIdentifier": "Mac1,1"},
}


def _says(bench: Bench, serial_number: str = "S1", **columns: Any) -> dict[str, Any]:
    """What is made of computer 1, whose link last saw `_SEEN`, if JAMF says this of it."""
    bench.linked_device("1", document=_SEEN, serial_number="S1")
    bench.computer("1", serial_number, **columns)
    bench.match()
    return bench.match_of("device_matches", "1")


@pytest.mark.parametrize(
    ("columns", "agreed"),
    [
        ({"udid": "u1", "management_id": "m1"}, ["serial_number", "udid", "management_id"]),
        ({"udid": "U1"}, ["serial_number", "udid"]),
        ({"management_id": "M1"}, ["serial_number", "management_id"]),
        ({}, ["serial_number"]),
    ],
    ids=str,
)
def test_what_agrees_is_kept_and_what_nobody_knows_is_not_named(
    trial: Bench, columns: dict[str, Any], agreed: list[str]
) -> None:
    match = _says(trial, **columns)
    assert (match["outcome"], match["evidence"]) == (
        "mapped",
        {"agreed": agreed, "contradicted": {}},
    )


def test_a_link_holds_by_one_piece_and_says_what_contradicts(trial: Bench) -> None:
    match = _says(trial, "S2", udid="U2", management_id="M1")
    assert match["outcome"] == "mapped"
    assert match["evidence"] == {
        "agreed": ["management_id"],
        "contradicted": {"serial_number": ["S1", "S2"], "udid": ["u1", "u2"]},
    }
    assert (match["left_device_id"], match["guarded_as"]) == (None, None)


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        pytest.param({"model": "Mac B", "model_identifier": "Mac2,2"}, "create", id="another"),
        pytest.param({"model": "Mac B"}, "create", id="another, without an identifier"),
        pytest.param({"model": "mac  a"}, "mapped", id="the same, spelt otherwise"),
        pytest.param({"model": "Mac1,1"}, "mapped", id="the same, by its identifier"),
        pytest.param({"model": "Mac B", "model_identifier": "Mac A"}, "mapped", id="learnt since"),
        pytest.param({}, "mapped", id="unknown"),
    ],
)
def test_another_serial_number_and_another_model_are_another_mac(
    trial: Bench, columns: dict[str, Any], outcome: str
) -> None:
    match = _says(trial, "S2", udid="U1", management_id="M1", **columns)
    assert match["outcome"] == outcome
    assert match["left_because"] == ("hardware_replaced" if outcome == "create" else None)
    assert match["guarded_as"] == ("relink" if outcome == "create" else None)


def test_a_model_that_changes_alone_is_no_other_mac(trial: Bench) -> None:
    assert _says(trial, udid="U1", model="Mac B")["outcome"] == "mapped"


def test_a_record_that_contradicts_everything_leaves_its_device(trial: Bench) -> None:
    match = _says(trial, "S2", udid="U2")
    assert match["outcome"] == "create"
    assert match["left_because"] == "id_reused"
    assert match["left_device_id"] not in (None, match["device_id"])
    assert match["evidence"] == {
        "agreed": [],
        "contradicted": {"serial_number": ["S1", "S2"], "udid": ["u1", "u2"]},
    }


@pytest.mark.parametrize("evidence", ["udid", "management_id"])
def test_a_device_whose_record_went_to_another_is_not_gone_while_a_record_in_quarantine_has_its_id(
    trial: Bench, evidence: str
) -> None:
    ids: dict[str, dict[str, Any]] = {
        "1": {"udid": "U1", "management_id": "M1"},
        "2": {"udid": "U2", "management_id": "M2"},
    }
    for jamf_id, hardware in ids.items():
        trial.computer(jamf_id, f"S{jamf_id}", **hardware)
    trial.sync()
    trial.computer("1", "S2", **ids["2"])
    trial.computer("2", is_usable=False, **{evidence: ids["1"][evidence].lower()})
    for _ in range(2):
        trial.sync()
        assert trial.query("select from jamf_sync.conflicts where status = 'open'") == []
        assert (
            trial.query(
                "select from integration_object_mappings where sync_status = 'deleted_external'"
            )
            == []
        )

    trial.computer("2", "S1", **ids["1"])
    trial.sync()
    assert trial.query(
        "select serial_number, external_id from devices as device"
        " join integration_object_mappings as mapping on mapping.internal_id = device.id order by 1"
    ) == [
        {"serial_number": "S1", "external_id": "2"},
        {"serial_number": "S2", "external_id": "1"},
    ]


def test_serial_numbers_that_differ_in_case_are_two(trial: Bench) -> None:
    one = trial.device(serial_number="VM5vodACsc+k")
    other = trial.device(serial_number="VM5VODacSC+K")
    trial.computer("101", "VM5vodACsc+k")
    trial.computer("102", "VM5VODacSC+K")
    trial.match()
    assert [_device(trial, jamf_id)["device_id"] for jamf_id in ("101", "102")] == [one, other]
    assert set(trial.outcomes("device_matches").values()) == {"matched"}


def test_a_typed_serial_number_that_fits_two_computers_is_neither(trial: Bench) -> None:
    trial.device(serial_number="vm5vodacsc+k")
    trial.computer("101", "VM5vodACsc+k")
    trial.computer("102", "VM5VODacSC+K")
    trial.match()
    assert set(trial.outcomes("device_matches").values()) == {"ambiguous"}


# -- twins: several JAMF records with one serial number ---------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "winner"),
    [
        pytest.param(
            {"is_managed": True}, {"is_managed": False, "contact": LATE}, "1", id="managed first"
        ),
        pytest.param(
            {"is_managed": None, "contact": LATE},
            {"is_managed": True},
            "2",
            id="untold is unmanaged",
        ),
        pytest.param({"contact": LATE}, {"contact": EARLY}, "1", id="then the latest contact"),
        pytest.param({"contact": EARLY}, {}, "1", id="a contact rather than none"),
        pytest.param({"contact": EARLY}, {"contact": EARLY}, "2", id="then the highest id"),
        pytest.param({}, {}, "2", id="the highest id where nothing else tells"),
    ],
)
def test_of_twins_one_wins(
    trial: Bench, one: dict[str, Any], other: dict[str, Any], winner: str
) -> None:
    trial.computer("1", "C02ABC", **one)
    trial.computer("2", "C02ABC", **other)
    trial.match()
    loser = {"1": "2", "2": "1"}[winner]
    assert trial.outcomes("device_matches") == {winner: "create", loser: "twin"}
    assert trial.match_of("device_matches", loser)["twin_of"] == winner
    assert trial.match_of("device_matches", loser)["device_id"] is None


def test_ids_are_compared_as_numbers(trial: Bench) -> None:
    trial.computer("9", "C02ABC")
    trial.computer("10", "C02ABC")
    trial.match()
    assert trial.outcomes("device_matches") == {"9": "twin", "10": "create"}


@pytest.mark.parametrize(
    ("incumbent_contact", "challenger", "flips"),
    [
        pytest.param(
            LATE, {"contact": LATE + timedelta(hours=23)}, False, id="both alive: it stays"
        ),
        pytest.param(
            LATE, {"contact": LATE + timedelta(hours=25)}, True, id="heard of a day later"
        ),
        pytest.param(
            LATE,
            {"enrolled_at": LATE + timedelta(minutes=1), "contact": LATE + timedelta(minutes=1)},
            True,
            id="enrolled after its last contact",
        ),
        pytest.param(
            LATE,
            {"enrolled_at": LATE - timedelta(minutes=1), "contact": LATE + timedelta(minutes=1)},
            False,
            id="enrolled before it",
        ),
        pytest.param(
            LATE,
            {"enrolled_at": LATE + timedelta(minutes=1)},
            False,
            id="enrolled, not heard of yet",
        ),
        pytest.param(None, {"contact": EARLY}, True, id="never heard of the linked one"),
        pytest.param(None, {}, False, id="never heard of either"),
        pytest.param(
            LATE,
            {"contact": LATE + timedelta(days=9), "is_managed": False},
            False,
            id="never an unmanaged one",
        ),
    ],
)
def test_the_linked_twin_keeps_its_device_until_the_other_takes_over(
    trial: Bench, incumbent_contact: datetime | None, challenger: dict[str, Any], flips: bool
) -> None:
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.computer("1", "C02ABC", contact=incumbent_contact)
    trial.computer("2", "C02ABC", **challenger)
    trial.match()
    winner, loser = ("2", "1") if flips else ("1", "2")
    assert trial.outcomes("device_matches") == {
        winner: "moved" if flips else "mapped",
        loser: "twin",
    }
    assert _device(trial, winner)["device_id"] == device


def test_the_winner_among_twins_is_the_same_when_matched_again_after_the_link(trial: Bench) -> None:
    trial.computer("1", "C02ABC", contact=EARLY)
    trial.computer("2", "C02ABC", contact=EARLY + timedelta(hours=1))
    trial.match()
    winner = trial.match_of("device_matches", "2")
    assert winner["outcome"] == "create"
    device = trial.device(serial_number="C02ABC")
    trial.mapping("computer", "2", "device", device)
    trial.computer("1", "C02ABC", contact=EARLY + timedelta(hours=5))
    trial.match()
    assert trial.outcomes("device_matches") == {"1": "twin", "2": "mapped"}


def test_a_twin_that_takes_over_gets_the_device_of_the_one_that_lost(trial: Bench) -> None:
    seen = {"hardware": {"serialNumber": "C02ABC"}}
    device = trial.linked_device("1", document=seen, serial_number="typed by hand")
    trial.computer("1", "C02ABC", is_managed=False, contact=EARLY)
    trial.computer("2", "C02ABC", contact=LATE)
    trial.match()
    assert _device(trial, "2") == {
        "outcome": "moved",
        "device_id": device,
        "matched_by": "serial_number",
        "previous_jamf_id": "1",
    }


# -- person, location and room of a device -----------------------------------------------------


def test_a_computer_is_given_its_person_location_and_room(trial: Bench) -> None:
    person = trial.person(username="jane", email_address="jane@example.org")
    location = trial.location("HQ")
    room = trial.room(location, "3.14")
    trial.building("7", "HQ")
    trial.computer("1", "C02ABC", username="Jane", building_id="7", room=" 3.14")
    trial.match()
    match = trial.match_of("device_matches", "1")
    assert (match["person_id"], match["location_id"], match["room_id"]) == (person, location, room)


@pytest.mark.parametrize(
    ("columns", "is_assigned"),
    [
        ({"username": "jane"}, True),
        ({"username": "JANE@example.org"}, True),
        ({"email": "Jane@Example.org"}, True),
        ({"username": "jane", "email": "other@example.org"}, False),
        ({"full_name": "Jane Doe"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_the_user_of_a_computer_is_found_by_name_or_address(
    trial: Bench, columns: dict[str, Any], is_assigned: bool
) -> None:
    person = trial.person(username="jane", email_address="jane@example.org")
    trial.user("5", username="jane", email="jane@example.org")
    trial.computer("1", "C02ABC", **columns)
    trial.match()
    assert trial.match_of("device_matches", "1")["person_id"] == (person if is_assigned else None)


def test_an_address_shared_by_two_people_assigns_nobody(trial: Bench) -> None:
    trial.user("5", username="jane", email="team@example.org")
    trial.user("6", username="john", email="team@example.org")
    for person, jamf_id in (
        (trial.person(username="jane"), "5"),
        (trial.person(username="john"), "6"),
    ):
        trial.mapping("user", jamf_id, "person", person)
    trial.computer("1", "C02ABC", email="team@example.org")
    trial.match()
    assert trial.match_of("device_matches", "1")["person_id"] is None


def test_a_deleted_building_places_a_computer_nowhere(trial: Bench) -> None:
    trial.computer("1", "C02ABC", building_id="404", room="301")
    trial.match()
    match = trial.match_of("device_matches", "1")
    assert (match["location_id"], match["room_id"]) == (None, None)


def test_devices_of_other_integrations_links_are_not_this_ones(trial: Bench) -> None:
    other = trial.value(
        "insert into integration_configs (integration_type, name) values ('jamf', 'Second') returning id"
    )
    device = trial.device(serial_number="C02ABC")
    trial.mapping("computer", "1", "device", device, integration_config_id=other)
    trial.computer("1", "C02NEW")
    trial.match()
    assert _device(trial, "1")["outcome"] == "create"


def test_a_mapping_to_another_kind_of_object_is_no_device(trial: Bench) -> None:
    trial.mapping("computer", "1", "person", uuid4())
    trial.computer("1", "C02ABC")
    trial.match()
    assert _device(trial, "1")["outcome"] == "create"
