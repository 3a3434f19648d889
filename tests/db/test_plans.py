"""Plans as a whole: actions, links, absence, members, and counts that add up."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.catalogue.ownership import OwnershipInvalid
from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.plan.planning import make_plan, newest_plan, read_plan
from tests.db.support import Bench, counts_of, rows_of

_MAC = "A1:B2:C3:D4:E5:F6"


def _changes(bench: Bench, plan_id: int, object_type: str) -> list[dict[str, Any]]:
    return bench.query(
        "select * from jamf_sync.change_plan where plan_id = %s and object_type = %s order by external_id, row_id",
        plan_id,
        object_type,
    )


def _change(bench: Bench, plan_id: int, object_type: str = "device") -> dict[str, Any]:
    (change,) = _changes(bench, plan_id, object_type)
    return change


def _conflicts(bench: Bench, plan_id: int) -> list[tuple[str, str | None]]:
    rows = bench.query(
        "select kind, field from jamf_sync.plan_conflicts where plan_id = %s order by 1, 2", plan_id
    )
    return [(row["kind"], row["field"]) for row in rows]


# -- the plan itself ---------------------------------------------------------------------------


def test_without_any_capture_there_is_nothing_to_plan(trial: Bench) -> None:
    with pytest.raises(NothingCaptured, match="Materialise the raw assets"):
        make_plan(trial.connection, trial.integration, {}, run_id="a-run")


def test_an_invalid_override_of_ownership_stops_the_plan_before_it_is_made(trial: Bench) -> None:
    trial.policies(ownership={"device.asset_tag": {"on_update": "overwrite"}})
    with pytest.raises(OwnershipInvalid, match=r"device\.asset_tag"):
        trial.plan()
    assert trial.query("select * from jamf_sync.plans") == []


def test_a_newer_plan_supersedes_those_that_were_never_applied(bench: Bench) -> None:
    bench.computer("1")
    first = bench.plan()
    second = bench.plan()
    assert read_plan(bench.connection, first.plan_id).status == "superseded"
    assert newest_plan(bench.connection, bench.integration.id) == second
    assert second.status == "planned"
    bench.apply(second)
    third = bench.plan()
    assert read_plan(bench.connection, second.plan_id).status == "applied"
    assert third.status == "planned"


def test_an_unknown_plan_is_said(trial: Bench) -> None:
    with pytest.raises(NothingCaptured, match="no plan 404"):
        read_plan(trial.connection, 404)
    with pytest.raises(NothingCaptured, match="no plan yet"):
        newest_plan(trial.connection, trial.integration.id)


def test_a_plan_remembers_its_captures_and_what_it_covers(trial: Bench) -> None:
    plan = trial.plan(["group", "device"])
    (row,) = trial.query("select * from jamf_sync.plans where plan_id = %s", plan.plan_id)
    assert plan.object_types == ("device", "group")
    # Not of what is off until somebody switches it on.
    assert row["captures"] == {
        name: trial.captures[name].capture_id
        for name in ("computers", "users", "groups", "buildings")
    }
    assert [count.object_type for count in plan.counts] == ["device", "group"]


def test_planning_writes_nothing_to_moss(bench: Bench) -> None:
    bench.linked_device("1", serial_number="C02OLD")
    bench.computer("1", "C02ABC", username="jane", building_id="7", room="301", mac_address=_MAC)
    bench.building("7", "HQ")
    tables = (
        "devices",
        "people",
        "locations",
        "rooms",
        "ios",
        "groups",
        "group_members",
        "integration_object_mappings",
    )
    before = [rows_of(bench, table) for table in tables]
    bench.plan()
    assert [rows_of(bench, table) for table in tables] == before


def test_the_declared_ownership_is_stored_and_kept_in_step_with_overrides(trial: Bench) -> None:
    trial.plan()
    stored = "select on_update from jamf_sync.field_ownership where object_type = 'device' and field = 'hostname'"
    assert trial.value(stored) == "overwrite"
    trial.policies(ownership={"device.hostname": {"on_update": "never"}})
    trial.plan()
    assert trial.value(stored) == "never"
    before = rows_of(trial, "jamf_sync.field_ownership")
    trial.plan()
    assert rows_of(trial, "jamf_sync.field_ownership") == before


# -- actions -----------------------------------------------------------------------------------


def test_a_new_computer_is_created_with_defaults_and_without_nulls(trial: Bench) -> None:
    trial.computer("1", "C02ABC", hostname="mac-1", form_factor="laptop")
    change = _change(trial, trial.plan().plan_id)
    assert (change["action"], change["reason"], change["label"]) == (
        "create",
        "unknown_to_moss",
        "mac-1",
    )
    assert change["after"] == {
        "serial_number": "C02ABC",
        "hostname": "mac-1",
        "form_factor": "laptop",
        "jamf_enrollment_status": "enrolled",
        "device_type": trial.dialect.laptop,
        "notes": "Synced from JAMF Pro",
    }


@pytest.mark.every_dialect
@pytest.mark.parametrize(
    ("form_factor", "word"),
    [("laptop", "laptop"), ("workstation", "workstation"), (None, "workstation")],
)
def test_a_form_factor_becomes_what_this_moss_calls_it(
    trial: Bench, form_factor: str | None, word: str
) -> None:
    trial.computer("1", form_factor=form_factor)
    device_type = _change(trial, trial.plan().plan_id)["after"]["device_type"]
    assert device_type == getattr(trial.dialect, word)


def test_a_found_device_is_linked_flagged_and_brought_into_line(trial: Bench) -> None:
    trial.device(serial_number="C02ABC", hostname="old", asset_tag="IT-1")
    trial.computer("1", "C02ABC", hostname="new", asset_tag="IT-2")
    plan = trial.plan()
    change = _change(trial, plan.plan_id)
    assert (change["action"], change["reason"]) == ("link", "matched_by_serial_number")
    assert change["before"]["hostname"] == "old"
    assert change["after"]["hostname"] == "new"
    assert "asset_tag" not in change["after"]
    assert _conflicts(trial, plan.plan_id) == [
        ("owned_field_differs", "asset_tag"),
        ("serial_not_linked", "serial_number"),
    ]
    assert counts_of(plan)["device"].updated == 1


def test_adopting_silently_flags_nothing(trial: Bench) -> None:
    trial.policies(on_unlinked_serial="adopt")
    trial.device(serial_number="C02ABC")
    trial.computer("1", "C02ABC")
    plan = trial.plan()
    assert _change(trial, plan.plan_id)["action"] == "link"
    assert _conflicts(trial, plan.plan_id) == []


def test_a_held_device_is_a_conflict_and_nothing_is_written(trial: Bench) -> None:
    trial.policies(on_unlinked_serial="hold")
    trial.device(serial_number="C02ABC", hostname="old")
    trial.computer("1", "C02ABC", hostname="new")
    plan = trial.plan()
    assert _changes(trial, plan.plan_id, "device") == []
    assert counts_of(plan)["device"].conflicts == 1


def test_a_device_that_is_back_in_jamf_returns(trial: Bench) -> None:
    device = trial.device(serial_number="C02ABC")
    trial.mapping("computer", "1", "device", device, sync_status="deleted_external")
    trial.computer("1", "C02ABC")
    plan = trial.plan()
    change = _change(trial, plan.plan_id)
    assert (change["action"], change["reason"]) == ("return", "back_in_jamf")
    assert counts_of(plan)["device"].returned == 1


def test_a_twin_is_reported_and_left_out(trial: Bench) -> None:
    trial.computer("1", "C02ABC")
    trial.computer("2", "C02ABC")
    plan = trial.plan()
    assert _conflicts(trial, plan.plan_id) == [("twin_record", "serial_number")]
    counts = counts_of(plan)["device"]
    assert (counts.seen, counts.created, counts.skipped, counts.conflicts) == (2, 1, 1, 0)


def test_a_serial_number_that_becomes_free_is_taken_over_and_told(trial: Bench) -> None:
    """While another device had it, the link kept what it last saw: the change is seen as one."""
    trial.computer("1", "OLD", hostname="mac", udid="U")
    trial.sync()
    other = trial.device(serial_number="taken", hostname="typed")
    trial.computer("1", "TAKEN", hostname="mac", udid="U")
    for _ in range(2):
        plan = trial.sync()
        assert _conflicts(trial, plan.plan_id) == [("serial_taken", "serial_number")]
    detail = trial.value(
        "select detail from jamf_sync.conflicts where kind = 'serial_taken' and status = 'open'"
    )
    assert "the serial number TAKEN, which another M.O.S.S. device carries (typed, taken)" in detail

    trial.delete("devices", other)
    plan = trial.sync()
    assert _conflicts(trial, plan.plan_id) == [("serial_changed", None)]
    assert [row["serial_number"] for row in trial.query("select serial_number from devices")] == [
        "TAKEN"
    ]
    before = rows_of(trial, "integration_object_mappings")
    trial.sync()
    assert rows_of(trial, "integration_object_mappings") == before


@pytest.mark.parametrize("carriers", [1, 2, 3])
def test_a_serial_number_that_other_devices_carry_is_not_taken_over(
    trial: Bench, carriers: int
) -> None:
    """However many carry it: one conflict and at most one change for the device."""
    trial.linked_device("1", document={"udid": "U"}, serial_number="OLD", hostname="old")
    for _ in range(carriers):
        trial.device(serial_number="TAKEN")
    trial.computer("1", "TAKEN", hostname="new", udid="U")
    plan = trial.plan()
    change = _change(trial, plan.plan_id)
    assert change["action"] == "update"
    assert "serial_number" not in change["after"]
    assert change["after"]["hostname"] == "new"
    assert _conflicts(trial, plan.plan_id) == [("serial_taken", "serial_number")]
    assert all(count.adds_up for count in plan.counts)


def test_two_linked_devices_may_swap_their_serial_numbers(trial: Bench) -> None:
    for jamf_id, before, now in (("1", "A", "B"), ("2", "B", "A")):
        hardware = f"U{jamf_id}"
        trial.linked_device(jamf_id, document={"udid": hardware}, serial_number=before)
        trial.computer(jamf_id, now, udid=hardware)
    plan = trial.plan()
    assert _conflicts(trial, plan.plan_id) == [("serial_changed", None)] * 2
    assert {
        change["external_id"]: change["after"]["serial_number"]
        for change in _changes(trial, plan.plan_id, "device")
    } == {"1": "B", "2": "A"}


@pytest.mark.parametrize(
    ("policy", "columns", "is_cleared"),
    [
        ("keep", {}, False),
        ("clear", {}, True),
        ("clear", {"username": "stranger"}, False),
        ("clear", {"full_name": "Jane Doe"}, False),
    ],
    ids=["keep", "clear", "clear, but JAMF names somebody", "clear, but JAMF names a full name"],
)
def test_a_computer_without_a_user_clears_the_person_only_if_the_policy_says_so(
    trial: Bench, policy: str, columns: dict[str, Any], is_cleared: bool
) -> None:
    trial.policies(on_empty_user=policy)
    person = trial.person(username="jane")
    trial.linked_device("1", serial_number="C02ABC", assigned_to_person_id=person)
    trial.computer("1", "C02ABC", **columns)
    after = _change(trial, trial.plan().plan_id)["after"]
    if is_cleared:
        assert after["assigned_to_person_id"] is None
    else:
        assert after.get("assigned_to_person_id") != (
            None if "assigned_to_person_id" in after else 0
        )


def test_a_room_is_filled_only_inside_the_devices_own_location(trial: Bench) -> None:
    headquarters = trial.location("HQ")
    annex = trial.location("Annex")
    trial.room(headquarters, "301")
    trial.building("7", "HQ")
    trial.linked_device("1", serial_number="A", location_id=annex)
    trial.linked_device("2", serial_number="B", location_id=headquarters)
    trial.linked_device("3", serial_number="C")
    for jamf_id, serial_number in (("1", "A"), ("2", "B"), ("3", "C")):
        trial.computer(jamf_id, serial_number, building_id="7", room="301")
    plan = trial.plan()
    filled = {
        change["external_id"]: {"location_id", "room_id"} & change["after"].keys()
        for change in _changes(trial, plan.plan_id, "device")
    }
    assert filled == {"1": set(), "2": {"room_id"}, "3": {"location_id", "room_id"}}
    assert _conflicts(trial, plan.plan_id) == [("owned_field_differs", "location_id")]


def test_text_that_the_web_application_escaped_is_not_written_again(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC", hostname="Jane&#x27;s Mac &amp; co")
    trial.computer("1", "C02ABC", hostname="Jane's Mac & co")
    assert "hostname" not in _change(trial, trial.plan().plan_id)["after"]


# -- people ------------------------------------------------------------------------------------


def test_a_new_person_has_a_full_name_whatever_jamf_knows(trial: Bench) -> None:
    trial.user("1", username="jdoe")
    trial.user("2", email="solo@example.org")
    trial.user("3", username="x", full_name="Full Name")
    names = [
        change["after"]["full_name"] for change in _changes(trial, trial.plan().plan_id, "person")
    ]
    assert sorted(names) == ["Full Name", "jdoe", "solo"]


def test_contact_data_is_overwritten_and_the_name_only_filled(trial: Bench) -> None:
    person = trial.person(
        username="jdoe", full_name="Doe, Jane", phone_number="1", email_address="jane@example.org"
    )
    trial.mapping("user", "5", "person", person)
    trial.user("5", username="jane.doe", full_name="Jane Doe", phone="2", email="jane@example.org")
    change = _change(trial, trial.plan().plan_id, "person")
    assert change["after"] == {"phone_number": "2"}


def test_a_jamf_null_leaves_contact_data_alone(trial: Bench) -> None:
    person = trial.person(username="jdoe", phone_number="1", email_address="jane@example.org")
    trial.mapping("user", "5", "person", person)
    trial.user("5", username="jdoe")
    change = _change(trial, trial.plan().plan_id, "person")
    assert (change["action"], change["after"]) == ("agree", {})


def test_a_user_is_told_from_one_that_is_yet_to_be_created(trial: Bench) -> None:
    trial.user("5", username="rachel", full_name="Rachel Raman", email="desk@example.org")
    trial.computer("1", username="rachel", full_name="Rachel R.", email="rachel@example.org")
    plan = trial.plan()
    details = trial.query(
        "select detail from jamf_sync.plan_conflicts where plan_id = %s and kind = %s",
        *(plan.plan_id, "identity_contradicted"),
    )
    assert [
        "has the user name of Rachel Raman (rachel, desk@example.org)" in row["detail"]
        for row in details
    ] == [True]


# -- interfaces --------------------------------------------------------------------------------


def test_an_interface_is_created_by_its_kind(trial: Bench) -> None:
    trial.computer(
        "1",
        mac_address=_MAC,
        mac_interface_type="wifi",
        alt_mac_address="A1:B2:C3:D4:E5:F7",
        alt_mac_interface_type="wifi",
    )
    created = [change["after"] for change in _changes(trial, trial.plan().plan_id, "io")]
    assert sorted((io["interface_name"], io["interface_type"]) for io in created) == [
        ("Wi-Fi", "wifi"),
        ("Wi-Fi 2", "wifi"),
    ]


def test_an_interface_of_somebody_else_is_never_touched(trial: Bench) -> None:
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.interface(device, _MAC.lower(), interface_name="eth0", interface_type="usb")
    trial.computer("1", "C02ABC", mac_address=_MAC, mac_interface_type="ethernet")
    plan = trial.plan()
    assert _changes(trial, plan.plan_id, "io") == []
    assert counts_of(plan)["io"].unchanged == 1


def test_a_dongle_that_several_computers_report_belongs_to_none(trial: Bench) -> None:
    for jamf_id in ("1", "2"):
        trial.computer(jamf_id, mac_address=_MAC, mac_interface_type="ethernet")
    plan = trial.plan()
    assert _changes(trial, plan.plan_id, "io") == []
    assert (counts_of(plan)["io"].seen, counts_of(plan)["io"].skipped) == (2, 2)


_LOCAL = "B6:00:35:98:AE:00"


def test_case_i15_an_address_that_software_made_up_is_marked(trial: Bench) -> None:
    trial.computer(
        "1",
        mac_address="78:4F:43:7F:7D:CB",
        mac_interface_type="wifi",
        alt_mac_address=_LOCAL,
        alt_mac_interface_type="other",
    )
    created = [change["after"] for change in _changes(trial, trial.plan().plan_id, "io")]
    assert {io["mac_address"]: io["interface_name"] for io in created} == {
        "78:4F:43:7F:7D:CB": "Wi-Fi",
        _LOCAL: "Interface (local address)",
    }


def test_case_i15_an_address_that_software_made_up_tells_nothing_about_other_macs(
    trial: Bench,
) -> None:
    trial.interface(trial.device(), _LOCAL)
    for jamf_id in ("1", "2"):
        trial.computer(jamf_id, mac_address=_LOCAL, mac_interface_type="other")
    plan = trial.plan()
    assert len(_changes(trial, plan.plan_id, "io")) == 2
    assert _conflicts(trial, plan.plan_id) == []
    assert all(count.adds_up for count in plan.counts)


def test_an_address_on_another_device_is_a_conflict(trial: Bench) -> None:
    trial.interface(trial.device(hostname="DOCK-2", serial_number="DK123"), _MAC)
    trial.computer("1", mac_address=_MAC, mac_interface_type="ethernet")
    plan = trial.plan()
    assert _changes(trial, plan.plan_id, "io") == []
    assert _conflicts(trial, plan.plan_id) == [("mac_elsewhere", "mac_address")]
    assert counts_of(plan)["io"].conflicts == 1
    said = trial.value(
        "select detail from jamf_sync.plan_conflicts where plan_id = %s", plan.plan_id
    )
    assert "on another device, DOCK-2, serial number DK123; no interface" in said


# -- links: what is gone -----------------------------------------------------------------------


def _links(bench: Bench, plan_id: int) -> list[tuple[str, str, str]]:
    return [
        (change["label"], change["external_id"], change["action"])
        for change in _changes(bench, plan_id, "mapping")
    ]


def test_a_device_absent_from_a_complete_capture_is_unenrolled(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC")
    plan = trial.plan()
    assert _links(trial, plan.plan_id) == [("device", "1", "unenroll")]
    assert counts_of(plan)["device"].unenrolled == 1


def test_an_incomplete_capture_proves_no_absence(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC")
    trial.incomplete("computers")
    assert _links(trial, trial.plan().plan_id) == []


def test_absence_counts_for_its_own_collection_only(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC")
    trial.mapping("user", "5", "person", trial.person(username="jdoe"))
    trial.incomplete("computers")
    assert _links(trial, trial.plan().plan_id) == [("person", "5", "unenroll")]


def test_a_quarantined_computer_is_not_gone(trial: Bench) -> None:
    trial.linked_device("1", serial_number="C02ABC")
    trial.computer("1", "C02ABC", is_usable=False)
    plan = trial.plan()
    assert "unenroll" not in {action for _, _, action in _links(trial, plan.plan_id)}
    assert counts_of(plan)["device"].failed == 1


def test_what_was_called_gone_once_is_not_planned_again(trial: Bench) -> None:
    trial.mapping("computer", "1", "device", trial.device(), sync_status="deleted_external")
    assert _links(trial, trial.plan().plan_id) == []


def test_a_device_deleted_in_moss_is_said_of_its_link(trial: Bench) -> None:
    device = trial.linked_device("1", serial_number="C02ABC")
    trial.delete("devices", device)
    trial.computer("1", "C02ABC")
    plan = trial.plan()
    assert _links(trial, plan.plan_id) == [("device", "1", "delete_internal")]
    assert counts_of(plan)["device"].skipped == 1


def test_a_person_whom_only_a_computer_named_is_never_called_gone(trial: Bench) -> None:
    trial.mapping("computer_user", "jdoe", "person", trial.person(username="jdoe"))
    assert _links(trial, trial.plan().plan_id) == []


# -- members -----------------------------------------------------------------------------------


def _members(bench: Bench, plan_id: int) -> set[tuple[str, UUID, str]]:
    return {
        (change["action"], change["object_id"], change["external_type"])
        for change in _changes(bench, plan_id, "group_member")
    }


@pytest.mark.every_dialect
def test_a_static_group_lists_its_devices(trial: Bench) -> None:
    group = trial.moss_group("[JAMF] Design")
    trial.mapping("computer_group", "3", "group", group)
    trial.computer_group("3", "Design")
    trial.computer("1", static_group_ids=["3"])
    assert _members(trial, trial.plan().plan_id) == {("add", group, "device")}


def test_a_smart_group_gets_no_members(trial: Bench) -> None:
    trial.computer_group("3", "Design", is_smart=True)
    trial.computer("1", static_group_ids=["3"])
    assert _members(trial, trial.plan().plan_id) == set()


@pytest.mark.every_dialect
def test_where_groups_hold_people_only_the_assigned_people_are_members_too(trial: Bench) -> None:
    trial.execute(
        "update moss_contract.capabilities set is_available = false where name = 'group_members_hold_devices'"
    )
    trial.computer_group("3", "Design")
    trial.person(username="jane")
    trial.computer("1", username="jane", static_group_ids=["3"])
    assert {member_type for _, _, member_type in _members(trial, trial.plan().plan_id)} == {
        "device",
        "person",
    }


def _add_member(
    bench: Bench, group: UUID, member_type: str, member: UUID, *, by_us: bool = True
) -> None:
    """Puts a person or device into a group, as a person would or as the sync did."""
    bench.execute(
        f"insert into group_members (group_id, {member_type}_id) values (%s, %s)", group, member
    )
    if by_us:
        bench.execute(
            "insert into jamf_sync.group_member_additions values (%s, %s, %s, %s)",
            *(bench.integration.id, group, member_type, member),
        )


def _member_of(bench: Bench, *, added_by_us: bool) -> tuple[UUID, UUID]:
    group = bench.moss_group("[JAMF] Design")
    bench.mapping("computer_group", "3", "group", group)
    bench.computer_group("3", "Design")
    device = bench.linked_device("1", serial_number="C02ABC")
    _add_member(bench, group, "device", device, by_us=added_by_us)
    return group, device


@pytest.mark.every_dialect
@pytest.mark.parametrize(
    ("added_by_us", "static_group_ids", "action"),
    [(True, [], "remove"), (False, [], None), (True, ["3"], None), (False, ["3"], None)],
    ids=[
        "ours and no longer listed",
        "somebody else's",
        "ours and listed",
        "somebody else's and listed",
    ],
)
def test_only_members_we_added_are_removed(
    trial: Bench, added_by_us: bool, static_group_ids: list[str], action: str | None
) -> None:
    group, _ = _member_of(trial, added_by_us=added_by_us)
    trial.computer("1", "C02ABC", static_group_ids=static_group_ids)
    expected = {(action, group, "device")} if action else set()
    assert _members(trial, trial.plan().plan_id) == expected


def test_a_member_whose_computer_is_absent_stays(trial: Bench) -> None:
    _member_of(trial, added_by_us=True)
    assert _members(trial, trial.plan().plan_id) == set()


def test_a_computer_whose_groups_jamf_did_not_tell_keeps_its_memberships(trial: Bench) -> None:
    _member_of(trial, added_by_us=True)
    trial.computer("1", "C02ABC", static_group_ids=None)
    assert _members(trial, trial.plan().plan_id) == set()


@pytest.mark.every_dialect
def test_a_person_is_removed_with_the_last_listing_and_kept_while_one_is_untold(
    trial: Bench,
) -> None:
    trial.execute(
        "update moss_contract.capabilities set is_available = false where name = 'group_members_hold_devices'"
    )
    trial.computer_group("3", "Design")
    trial.user("7", username="jane")
    for jamf_id in ("1", "2"):
        trial.computer(jamf_id, username="jane", static_group_ids=["3"])
    trial.sync()
    group = trial.match_of("group_matches", "3")["group_id"]
    assert trial.value("select count(*) from group_members where person_id is not null") == 1

    trial.computer("1", username="jane", static_group_ids=[])
    trial.computer("2", username="jane", static_group_ids=None)
    kept = trial.plan()
    assert ("remove", group, "person") not in _members(trial, kept.plan_id)
    trial.computer("2", username="jane", static_group_ids=[])
    assert ("remove", group, "person") in _members(trial, trial.plan().plan_id)


# -- records that are seen and cannot be used --------------------------------------------------


def test_every_kind_of_record_is_counted_once(trial: Bench) -> None:
    trial.computer("1", "A")
    trial.computer("2", "A")
    trial.computer("3", "C", is_usable=False)
    trial.computer("4", "D", is_usable=False, is_personally_owned=True)
    trial.execute(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, capture_id, reason, detail, is_whole_record)
           values (%s, 'computers', '5', %s, 'cannot_serve', '500', true)""",
        *(trial.integration.id, trial.captures["computers"].capture_id),
    )
    trial.captures["computers"] = replace(trial.captures["computers"], rejected=1)
    counts = counts_of(trial.plan())["device"]
    assert (counts.seen, counts.created, counts.skipped, counts.failed) == (5, 1, 2, 2)
    assert counts.adds_up


def test_a_record_that_jamf_could_not_serve_and_that_is_known_counts_once(trial: Bench) -> None:
    trial.computer("1", "A")
    trial.execute(
        """insert into jamf_sync.quarantine
             (integration_id, collection, jamf_id, capture_id, reason, detail, is_whole_record)
           values (%s, 'computers', '1', %s, 'cannot_serve', '500', true)""",
        *(trial.integration.id, trial.captures["computers"].capture_id),
    )
    trial.captures["computers"] = replace(trial.captures["computers"], rejected=1)
    counts = counts_of(trial.plan())["device"]
    assert (counts.seen, counts.created, counts.failed) == (1, 1, 0)


def test_an_empty_world_adds_up_to_nothing(trial: Bench) -> None:
    plan = trial.plan()
    assert [count.object_type for count in plan.counts] == list(OBJECT_TYPE_NAMES)
    assert all(count.seen == 0 and count.adds_up for count in plan.counts)


def test_every_field_that_is_compared_has_a_rule(trial: Bench) -> None:
    # What is created is not decided field by field, so no field without a rule would be noticed there.
    trial.computer("1", hostname="MAC-1", mac_address="AC:BB:CC:00:00:01", username="jane")
    trial.user("1", username="jane", email="jane@example.org")
    trial.computer_group("1", "Design")

    trial.plan()

    compared = trial.query(
        """select compared.object_type, field, ownership.field is not null as has_rule
           from compared_objects as compared cross join jsonb_object_keys(compared.jamf) as field
           left join jamf_sync.field_ownership as ownership using (object_type, field)"""
    )
    assert {row["object_type"] for row in compared} == {"device", "person", "io", "group"}
    assert [row for row in compared if not row["has_rule"]] == []


def test_a_conflict_of_what_was_left_behind_tells_no_evidence_of_another(trial: Bench) -> None:
    """The records of a Mac and a user are others' that M.O.S.S. knows: what agrees is said of those."""
    people = {"1": ("ada", "ada@example.org"), "2": ("bob", "bob@example.org")}
    for jamf_id, (username, email) in people.items():
        trial.user(jamf_id, username=username, email=email, full_name=username.title())
        trial.computer(jamf_id, f"S{jamf_id}", udid=f"U{jamf_id}", hostname=f"mac-{jamf_id}")
    trial.sync()
    trial.gone("users", "2")
    trial.gone("computers", "2")
    trial.user("1", username="bob", email="bob@example.org", full_name="Bob")
    trial.computer("1", "S2", udid="U2", hostname="mac-2")
    trial.sync()
    device, person = (
        row["detail"]
        for row in trial.query(
            "select detail from jamf_sync.conflicts where kind = 'id_reused' order by object_type"
        )
    )
    assert device.startswith(
        "Computer 1 was this device (serial number S1) and is another Mac by now"
        " (serial number S2). This device keeps"
    )
    assert person.startswith("JAMF's user 1 was Ada and is Bob by now. This person keeps")
