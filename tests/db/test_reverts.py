"""Undoing an applied plan: what still holds what we wrote goes back, the rest is left alone and said."""

from collections.abc import Mapping
from typing import Any

import pytest

from moss_jamf_pipeline.moss.apply.reverting import (
    make_revert_plan,
    not_undone,
    release_pins,
    revert_summary,
)
from moss_jamf_pipeline.moss.errors import PlanNotRevertible
from moss_jamf_pipeline.moss.plan.conflicts import ConflictFilter, list_conflicts, reopen_conflicts
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, rows_of

# What is undone by statements of each M.O.S.S.'s own.
_BY_ITS_OWN_WORDS = pytest.mark.every_dialect

_PEOPLE_AND_MORE = ("devices", "people", "ios", "locations", "rooms", "groups")


def _revert(bench: Bench, undone: Plan, **options: Any) -> Plan:
    plan = make_revert_plan(
        bench.connection, bench.integration, undone.plan_id, run_id="a-revert", **options
    )
    return bench.apply(plan)


def _counts(bench: Bench) -> dict[str, int]:
    return {name: bench.value(f"select count(*) from {name}") for name in _PEOPLE_AND_MORE}


def _left(bench: Bench, plan: Plan) -> list[tuple[str, str, str]]:
    """Type, action and explanation of what a revert leaves."""
    return [
        (row["object_type"], row["action"], row["outcome_detail"])
        for row in not_undone(bench.connection, plan.plan_id, limit=50)
    ]


def _applied(bench: Bench, plan: Plan) -> dict[tuple[str, str], int]:
    return {
        (changes.object_type, changes.action): changes.objects
        for changes in revert_summary(bench.connection, plan.plan_id)
        if changes.outcome == "applied"
    }


def _jamf(bench: Bench, **columns: Any) -> None:
    """A computer with everything that a sync writes."""
    bench.building("1", "HQ")
    bench.computer_group("7", "Lab")
    given: Mapping[str, Any] = {
        "hostname": "mac-1",
        "model": "MacBook Pro",
        "os_version": "15.1",
        "os_build": "24B83",
        "username": "ada",
        "full_name": "Ada Nyberg",
        "email": "ada@example.org",
        "building_id": "1",
        "room": "301",
        "mac_address": "AC:BB:CC:DD:EE:01",
        "mac_interface_type": "ethernet",
        "static_group_ids": ["7"],
    }
    bench.computer("1", "C02ABC", **{**given, **columns})


# -- fields ----------------------------------------------------------------------------------------


@_BY_ITS_OWN_WORDS
def test_fields_go_back_and_the_next_sync_takes_it_for_no_edit(bench: Bench) -> None:
    _jamf(bench)
    bench.sync()
    _jamf(bench, os_version="15.2", os_build="24C101", hostname="mac-2")
    undone = bench.sync()
    revert = _revert(bench, undone)
    assert (revert.kind, revert.status) == ("revert", "applied")
    (device,) = bench.query("select * from devices")
    assert (device["os_version"], device["hostname"]) == ("15.1", "mac-1")
    build = "select value from custom_field_values where field_name = 'os_build'"
    assert bench.value(build) == "24B83"
    assert _left(bench, revert) == []
    assert all(count.adds_up for count in revert.counts)
    assert _applied(bench, revert) == {("device", "update"): 1}
    bench.sync()
    (device,) = bench.query("select * from devices")
    assert (device["os_version"], device["hostname"]) == ("15.2", "mac-2")
    assert bench.value("select count(*) from jamf_sync.conflicts") == 0


def test_what_a_person_changed_since_is_left_and_said(bench: Bench) -> None:
    _jamf(bench)
    bench.sync()
    _jamf(bench, os_version="15.2", hostname="mac-2")
    undone = bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    revert = _revert(bench, undone)
    (device,) = bench.query("select * from devices")
    assert (device["os_version"], device["hostname"]) == ("15.1", "by hand")
    ((kind, action, why),) = _left(bench, revert)
    assert (kind, action) == ("device", "update")
    assert why == "Not undone, because M.O.S.S. holds something else by now: hostname"
    (row,) = not_undone(bench.connection, revert.plan_id, limit=5)
    assert row["moved"] == {"hostname": {"written": "mac-2", "present": "by hand"}}


def test_an_object_that_is_gone_or_changed_in_every_field_is_refused(bench: Bench) -> None:
    _jamf(bench)
    bench.computer("2", "C02XYZ", hostname="other-1")
    bench.sync()
    _jamf(bench, hostname="mac-2")
    bench.computer("2", "C02XYZ", hostname="other-2")
    undone = bench.sync()
    bench.execute("update devices set hostname = 'by hand' where serial_number = 'C02ABC'")
    bench.delete("devices", bench.value("select id from devices where serial_number = 'C02XYZ'"))
    before = rows_of(bench, "devices")
    revert = _revert(bench, undone)
    assert rows_of(bench, "devices") == before
    assert sorted(why for _, _, why in _left(bench, revert)) == [
        "It no longer exists in M.O.S.S.",
        "Not undone, because M.O.S.S. holds something else by now: hostname",
    ]
    assert revert.status == "applied"


def test_what_moves_between_planning_and_applying_is_refused(bench: Bench) -> None:
    _jamf(bench)
    bench.sync()
    _jamf(bench, hostname="mac-2")
    undone = bench.sync()
    plan = make_revert_plan(bench.connection, bench.integration, undone.plan_id, run_id="a-run")
    bench.execute("update devices set hostname = 'by hand'")
    bench.apply(plan)
    assert bench.value("select hostname from devices") == "by hand"
    ((_, _, why),) = _left(bench, plan)
    assert why.startswith("M.O.S.S. changed since the plan was made")


def test_a_human_edit_that_was_overwritten_comes_back(bench: Bench) -> None:
    bench.user("1", username="ada", full_name="Ada", email="ada@example.org", phone="1")
    bench.sync()
    bench.execute("update people set phone_number = '2'")
    undone = bench.sync()
    _revert(bench, undone)
    assert bench.value("select phone_number from people") == "2"


@_BY_ITS_OWN_WORDS
def test_a_field_that_was_filled_is_empty_again(bench: Bench) -> None:
    device = bench.linked_device("1", serial_number="C02ABC", hostname="mac-1")
    _jamf(bench, asset_tag="IT-1")
    undone = bench.sync()
    (row,) = bench.query("select asset_tag, location_id, room_id from devices")
    assert all(row.values())
    _revert(bench, undone, object_id=device)
    (row,) = bench.query("select asset_tag, location_id, room_id from devices")
    assert not any(row.values())
    bench.sync()
    assert bench.value("select asset_tag from devices") == "IT-1"


@_BY_ITS_OWN_WORDS
def test_host_names_that_were_swapped_are_swapped_back(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="left")
    bench.computer("2", "C02BBB", hostname="right")
    bench.sync()
    bench.computer("1", "C02AAA", hostname="right")
    bench.computer("2", "C02BBB", hostname="left")
    undone = bench.sync()
    revert = _revert(bench, undone)
    assert _left(bench, revert) == []
    names = bench.query("select hostname from devices order by serial_number")
    assert [row["hostname"] for row in names] == ["left", "right"]


def test_a_revert_can_be_confined_to_a_type_or_an_object(bench: Bench) -> None:
    for number in ("1", "2"):
        bench.computer(number, f"SERIAL{number}", hostname=f"mac-{number}")
        bench.user(number, username=f"user{number}", full_name="x", phone="1")
    bench.sync()
    for number in ("1", "2"):
        bench.computer(number, f"SERIAL{number}", hostname=f"new-{number}")
        bench.user(number, username=f"user{number}", full_name="x", phone="2")
    undone = bench.sync()
    first = bench.value("select id from devices where serial_number = 'SERIAL1'")
    _revert(bench, undone, object_id=first)
    names = bench.query("select hostname from devices order by serial_number")
    assert [row["hostname"] for row in names] == ["mac-1", "new-2"]
    _revert(bench, undone, object_type="person")
    phones = bench.query("select phone_number, count(*) from people group by 1")
    assert phones == [{"phone_number": "1", "count": 2}]
    assert bench.value("select hostname from devices where serial_number = 'SERIAL2'") == "new-2"


# -- pins ------------------------------------------------------------------------------------------


def test_pinned_fields_stay_reverted(bench: Bench) -> None:
    device = bench.linked_device("1", serial_number="C02ABC", hostname="old", asset_tag=None)
    bench.computer("1", "C02ABC", hostname="new", asset_tag="IT-1")
    undone = bench.sync()
    _revert(bench, undone, object_id=device, pinned_by="ada@example.org")
    for _ in range(2):
        plan = bench.sync()
        assert all(count.adds_up for count in plan.counts)
        (row,) = bench.query("select hostname, asset_tag from devices")
        assert row == {"hostname": "old", "asset_tag": None}
    pins = list_conflicts(
        bench.connection, bench.integration.id, ConflictFilter(kind="reverted", status="resolved")
    )
    names = {row["field"] for row in pins}
    assert {"hostname", "asset_tag"} <= names
    assert {row["resolved_by"] for row in pins} == {"ada@example.org"}
    reopen_conflicts(
        bench.connection,
        bench.integration,
        [row["conflict_id"] for row in pins if row["field"] == "hostname"],
        reopened_by="ada@example.org",
    )
    bench.sync()
    assert bench.value("select hostname from devices") == "new"


def test_a_field_that_was_not_put_back_is_not_pinned_in_the_end(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.computer("1", "C02ABC", hostname="mac-2")
    undone = bench.sync()
    plan = make_revert_plan(
        bench.connection, bench.integration, undone.plan_id, run_id="a-run", pinned_by="ada"
    )
    bench.execute("update devices set hostname = 'by hand'")
    bench.apply(plan)
    assert release_pins(bench.connection, bench.integration, plan.plan_id) == 1
    bench.sync()
    assert bench.value("select hostname from devices") == "mac-2"


# -- links, members --------------------------------------------------------------------------------


@_BY_ITS_OWN_WORDS
def test_an_adoption_is_undone_with_its_link(bench: Bench) -> None:
    device = bench.device(serial_number="C02ABC", hostname="by hand")
    bench.computer("1", "C02ABC", hostname="mac-1")
    undone = bench.sync()
    _revert(bench, undone, object_id=device)
    assert bench.value("select hostname from devices") == "by hand"
    links = "select * from integration_object_mappings where internal_type = 'device'"
    assert bench.query(links) == []
    bases = "select * from jamf_sync.applied_values where object_type = 'device'"
    assert bench.query(bases) == []
    bench.sync()
    assert bench.value("select hostname from devices") == "mac-1"
    assert len(bench.query(links)) == 1


@_BY_ITS_OWN_WORDS
def test_a_link_that_moved_moves_back(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.gone("computers", "1")
    bench.computer("2", "C02ABC", hostname="mac-1")
    undone = bench.sync()
    link = "select external_id from integration_object_mappings where internal_type = 'device'"
    assert bench.value(link) == "2"
    _revert(bench, undone)
    assert bench.value(link) == "1"
    bench.sync()
    assert bench.value(link) == "2"


def test_an_unenrolment_and_a_return_are_undone(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    status = "select sync_status from integration_object_mappings where internal_type = 'device'"
    shown = "select value from custom_field_values where field_name = 'jamf_enrollment_status'"
    bench.gone("computers", "1")
    left = bench.sync()
    assert (bench.value(status), bench.value(shown)) == ("deleted_external", "unenrolled")
    _revert(bench, left)
    assert (bench.value(status), bench.value(shown)) == ("synced", "enrolled")
    bench.sync()
    assert (bench.value(status), bench.value(shown)) == ("deleted_external", "unenrolled")
    bench.computer("1", "C02ABC", hostname="mac-1")
    returned = bench.sync()
    assert bench.value(status) == "synced"
    _revert(bench, returned)
    assert (bench.value(status), bench.value(shown)) == ("deleted_external", "unenrolled")


def test_a_link_that_changed_since_is_left(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.gone("computers", "1")
    left = bench.sync()
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    revert = _revert(bench, left)
    ((kind, action, why),) = [row for row in _left(bench, revert) if row[1] == "relink"]
    assert (kind, action) == ("device", "relink")
    assert why == "The link is not as it was left: its status is synced."


@_BY_ITS_OWN_WORDS
def test_members_are_removed_and_added_back(bench: Bench) -> None:
    bench.computer_group("7", "Lab")
    bench.computer("1", "C02AAA", hostname="mac-1", static_group_ids=["7"])
    bench.computer("2", "C02BBB", hostname="mac-2", static_group_ids=[])
    bench.sync()
    members = """select device.serial_number from group_members as member
                 join devices as device on device.id = member.device_id order by 1"""
    bench.computer("1", "C02AAA", hostname="mac-1", static_group_ids=[])
    bench.computer("2", "C02BBB", hostname="mac-2", static_group_ids=["7"])
    undone = bench.sync()
    assert [row["serial_number"] for row in bench.query(members)] == ["C02BBB"]
    revert = _revert(bench, undone)
    assert _left(bench, revert) == []
    assert [row["serial_number"] for row in bench.query(members)] == ["C02AAA"]
    bench.sync()
    assert [row["serial_number"] for row in bench.query(members)] == ["C02BBB"]


# -- objects that were created ---------------------------------------------------------------------


@_BY_ITS_OWN_WORDS
def test_a_first_import_is_undone_completely(bench: Bench) -> None:
    before = _counts(bench)
    _jamf(bench)
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    undone = bench.sync()
    assert all(count > before[name] for name, count in _counts(bench).items())
    revert = _revert(bench, undone)
    assert _left(bench, revert) == []
    assert _counts(bench) == before
    for table in (
        *("public.integration_object_mappings", "jamf_sync.applied_values"),
        *("jamf_sync.group_member_additions", bench.dialect.custom_field_values),
        "jamf_sync.group_device_members",
    ):
        assert bench.value(f"select count(*) from {table}") == 0
    assert all(count.adds_up for count in revert.counts)
    again = bench.sync()
    assert all(count.adds_up for count in again.counts)
    assert all(count > before[name] for name, count in _counts(bench).items())


def test_what_was_created_and_is_gone_is_not_said_to_be_undone_once_more(bench: Bench) -> None:
    _jamf(bench)
    undone = bench.sync()
    _revert(bench, undone)
    again = make_revert_plan(bench.connection, bench.integration, undone.plan_id, run_id="again")
    assert ("device", "delete", "It no longer exists in M.O.S.S.") in _left(bench, again)
    assert not [
        change
        for change in revert_summary(bench.connection, again.plan_id)
        if change.action == "delete" and change.outcome == "waiting"
    ]


@_BY_ITS_OWN_WORDS
def test_an_object_that_others_refer_to_stays_and_says_who(bench: Bench) -> None:
    _jamf(bench)
    undone = bench.sync()
    person = bench.value("select id from people")
    interface = bench.value("select id from ios")
    location = bench.value("select id from locations")
    bench.person(full_name="Grace", manager_id=person)
    bench.interface(bench.device(serial_number="SWITCH"), "AC:BB:CC:DD:EE:99")
    bench.execute(
        "update public.ios set connected_to_io_id = %s where mac_address = 'AC:BB:CC:DD:EE:99'",
        interface,
    )
    bench.device(serial_number="PRINTER", location_id=location)
    revert = _revert(bench, undone)
    why = {(kind, action): reason for kind, action, reason in _left(bench, revert)}
    assert set(why) == {
        *(("person", "delete"), ("io", "delete"), ("device", "delete")),
        *(("room", "delete"), ("location", "delete")),
    }
    assert "people.manager_id (1)" in why[("person", "delete")]
    assert "ios.connected_to_io_id (1)" in why[("io", "delete")]
    assert "ios.device_id (1)" in why[("device", "delete")]
    assert "devices.room_id (1)" in why[("room", "delete")]
    assert "devices.location_id (2)" in why[("location", "delete")]
    # What stays is as it was, with its links.
    links = bench.query(
        "select internal_type from integration_object_mappings order by internal_type"
    )
    assert [row["internal_type"] for row in links] == ["device", "location", "person"]
    assert bench.query("select * from groups") == []


@_BY_ITS_OWN_WORDS
def test_an_object_that_somebody_worked_on_stays(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1")
    bench.computer("2", "C02BBB", hostname="mac-2")
    undone = bench.sync()
    bench.execute("update devices set warranty_expiration = '2030-01-01' where hostname = 'mac-1'")
    revert = _revert(bench, undone)
    ((_, _, why),) = _left(bench, revert)
    assert why == "It stays: somebody changed it in M.O.S.S. since it was created."
    assert bench.value("select hostname from devices") == "mac-1"


def test_an_object_goes_although_later_syncs_changed_it(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1")
    undone = bench.sync()
    bench.computer("1", "C02AAA", hostname="mac-2")
    later = bench.sync()
    _revert(bench, later)
    _revert(bench, undone)
    assert bench.query("select * from devices") == []


@_BY_ITS_OWN_WORDS
def test_a_membership_that_a_person_made_keeps_the_member(bench: Bench) -> None:
    bench.user("1", username="ada", full_name="Ada", email="ada@example.org")
    undone = bench.sync()
    group = bench.moss_group("Board", group_type="custom")
    bench.execute(
        "insert into group_members (group_id, person_id) values (%s, %s)",
        *(group, bench.value("select id from people")),
    )
    revert = _revert(bench, undone)
    ((_, _, why),) = _left(bench, revert)
    assert "group_members.person_id (1)" in why


@_BY_ITS_OWN_WORDS
def test_another_integrations_link_keeps_the_object(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1")
    undone = bench.sync()
    bench.execute(
        """insert into public.integration_configs (id, integration_type, name)
           values ('11111111-1111-1111-1111-111111111111', 'other', 'Other')"""
    )
    bench.execute(
        """insert into public.integration_object_mappings
             (integration_config_id, external_type, external_id, internal_type, internal_id)
           select '11111111-1111-1111-1111-111111111111', 'asset', '1', 'device', id from public.devices"""
    )
    ((_, _, why),) = _left(bench, _revert(bench, undone))
    assert "integration_object_mappings.internal_id (1)" in why


@_BY_ITS_OWN_WORDS
def test_a_reference_that_no_one_foresaw_is_found_in_the_catalogue(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1")
    undone = bench.sync()
    bench.execute("create table public.loans (device_id uuid references public.devices (id))")
    bench.execute("insert into public.loans select id from public.devices")
    ((_, _, why),) = _left(bench, _revert(bench, undone))
    assert why == "It stays: other data of M.O.S.S. refers to it, in public.loans.device_id (1)."


@_BY_ITS_OWN_WORDS
def test_devices_alone_go_with_their_interfaces(bench: Bench) -> None:
    _jamf(bench)
    undone = bench.sync()
    revert = _revert(bench, undone, object_type="device")
    assert _left(bench, revert) == []
    counts = _counts(bench)
    assert (counts["devices"], counts["ios"]) == (0, 0)
    assert counts["people"] == counts["locations"] == 1


# -- what cannot be reverted, and who may ----------------------------------------------------------


def test_what_cannot_be_reverted_is_said(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1")
    waiting = bench.plan()
    with pytest.raises(PlanNotRevertible, match="Nothing of plan"):
        _revert(bench, waiting)
    with pytest.raises(PlanNotRevertible, match="There is no plan 999"):
        make_revert_plan(bench.connection, bench.integration, 999, run_id="a-run")
    undone = bench.apply(waiting)
    revert = _revert(bench, undone)
    with pytest.raises(PlanNotRevertible, match="is itself a revert"):
        _revert(bench, revert)


def test_a_revert_closes_and_opens_no_conflict(bench: Bench) -> None:
    bench.computer("1", "C02AAA", hostname="mac-1", asset_tag="IT-1")
    bench.sync()
    bench.computer("1", "C02AAA", hostname="mac-2", asset_tag="IT-2")
    undone = bench.sync()
    before = bench.query("select * from jamf_sync.conflicts")
    assert len(before) == 1
    _revert(bench, undone)
    assert bench.query("select * from jamf_sync.conflicts") == before


def test_reverting_twice_changes_nothing_more(bench: Bench) -> None:
    _jamf(bench)
    bench.sync()
    _jamf(bench, hostname="mac-2")
    undone = bench.sync()
    _revert(bench, undone)
    before = rows_of(bench, "devices")
    second = _revert(bench, undone)
    assert rows_of(bench, "devices") == before
    assert _applied(bench, second) == {}


def test_a_link_that_goes_back_knows_its_machine_whatever_its_former_record_is_by_now(
    trial: Bench,
) -> None:
    """The former id is another Mac's by then: the link has no evidence of that one."""
    trial.computer("1", "S1", hostname="one", udid="U1")
    trial.sync()
    trial.execute("update devices set notes = 'of S1'")
    trial.gone("computers", "1")
    trial.captures["computers"] = trial.new_capture("computers")
    trial.computer("3", "S1", hostname="one", udid="U1")
    undone = trial.sync()
    trial.captures["computers"] = trial.new_capture("computers")
    trial.computer("1", "S2", hostname="two", udid="U2")
    _revert(trial, undone)
    for _ in range(2):
        trial.sync()
        assert trial.query(
            "select serial_number from devices where notes = 'of S1' or serial_number = 'S2' order by 1"
        ) == [{"serial_number": "S1"}, {"serial_number": "S2"}]


def test_a_device_that_was_left_behind_is_so_again_after_a_revert(trial: Bench) -> None:
    """Its link has an id that JAMF never gives by then, and its status goes back all the same."""
    trial.computer("5", "S5", hostname="five", udid="U5")
    trial.sync()
    trial.computer("5", "S6", hostname="six", udid="U6")
    undone = trial.sync()
    assert _enrolment(trial, "S5") == ("deleted_external", "unenrolled")

    reverted = _revert(trial, undone)
    assert _left(trial, reverted) == []
    # The conflict that told of it is open.
    assert _enrolment(trial, "S5") == ("conflict", "enrolled")
    trial.sync()
    assert _enrolment(trial, "S5") == ("deleted_external", "unenrolled")
    assert _enrolment(trial, "S6") == ("synced", "enrolled")


# -- links that changed places ---------------------------------------------------------------------


def _enrol(bench: Bench, machines: str, *, times: int = 1) -> None:
    """Records 1, 2, … are these machines; each enrolment calls them otherwise."""
    for jamf_id, machine in enumerate(machines, 1):
        bench.computer(
            str(jamf_id), f"S{machine}", hostname=f"{machine}-{times}", udid=f"U{machine}"
        )


def _linked(bench: Bench) -> str:
    """The machines of records 1, 2, …; - for a record that is linked to none."""
    rows = bench.query(
        """select mapping.external_id, right(device.serial_number, 1) as machine
           from integration_object_mappings as mapping
           join devices as device on device.id = mapping.internal_id
           where mapping.internal_type = 'device'"""
    )
    found = {row["external_id"]: row["machine"] for row in rows}
    return "".join(found.get(str(number), "-") for number in range(1, 5)).rstrip("-")


def _names(bench: Bench) -> set[str]:
    return {row["hostname"] for row in bench.query("select hostname from devices")}


@pytest.mark.parametrize("then", ["ba", "bca", "cab", "badc", "bcda"])
def test_links_that_changed_places_go_back_together_with_the_names(trial: Bench, then: str) -> None:
    before = "".join(sorted(then))
    _enrol(trial, before)
    trial.sync()
    _enrol(trial, then, times=2)
    undone = trial.sync()
    assert _linked(trial) == then

    revert = _revert(trial, undone)

    assert (_left(trial, revert), _linked(trial)) == ([], before)
    assert _names(trial) == {f"{machine}-1" for machine in before}
    assert all(count.adds_up for count in revert.counts)
    trial.sync()
    assert _linked(trial) == then


def test_a_device_that_was_left_behind_gets_its_record_back(trial: Bench) -> None:
    _enrol(trial, "abc")
    trial.sync()
    # a's record is b's, b's is c's, c's is of a new Mac.
    _enrol(trial, "bcd", times=2)
    undone = trial.sync()

    revert = _revert(trial, undone)

    assert (_left(trial, revert), _linked(trial)) == ([], "abc")
    assert _names(trial) == {"a-1", "b-1", "c-1"}


def test_a_circle_that_cannot_close_stays_as_it_is_with_the_names(trial: Bench) -> None:
    """One of the links has led elsewhere since: none of the circle goes back, and each row says why."""
    _enrol(trial, "abcx")
    trial.sync()
    _enrol(trial, "bcax", times=2)
    undone = trial.sync()
    other = trial.device(serial_number="Sz", hostname="by hand")
    trial.execute(
        "update integration_object_mappings set internal_id = %s where external_id = '1'", other
    )

    revert = _revert(trial, undone)

    assert _linked(trial) == "zcax"
    assert _names(trial) == {"a-2", "b-2", "c-2", "x-1", "by hand"}
    left = {(action, why) for _, action, why in _left(trial, revert)}
    gone = "The link is not as it was left: it is gone, or leads elsewhere."
    a_record_of = "JAMF's computer {}, to which it was linked before, is linked to {} by now."
    links = {gone, a_record_of.format(1, "by hand (Sz)"), a_record_of.format(3, "a-2 (Sa)")}
    assert left == {("relink", why) for why in links} | {
        ("update", f"Not undone, because its link could not be: {why}") for why in links
    }
    assert all(count.adds_up for count in revert.counts)


def test_one_of_a_circle_alone_does_not_go_back(trial: Bench) -> None:
    _enrol(trial, "ab")
    trial.sync()
    _enrol(trial, "ba", times=2)
    undone = trial.sync()
    before = rows_of(trial, "devices"), rows_of(trial, "integration_object_mappings")
    device_id = trial.value("select id from devices where serial_number = 'Sa'")

    revert = _revert(trial, undone, object_id=device_id)

    after = rows_of(trial, "devices"), rows_of(trial, "integration_object_mappings")
    assert after == before
    assert [action for _, action, _ in _left(trial, revert)] == ["update", "relink"]


def test_a_link_that_is_gone_before_a_revert_is_applied_leaves_its_device_as_it_is(
    trial: Bench,
) -> None:
    """It is in nobody's way: the others go back."""
    _enrol(trial, "abc")
    trial.sync()
    _enrol(trial, "bca", times=2)
    undone = trial.sync()
    plan = make_revert_plan(trial.connection, trial.integration, undone.plan_id, run_id="a-run")
    trial.execute("delete from integration_object_mappings where external_id = '2'")

    revert = trial.apply(plan)

    assert _linked(trial) == "ab"
    assert _names(trial) == {"a-1", "b-1", "c-2"}
    why = "The link changed since the plan was made."
    assert {(action, told) for _, action, told in _left(trial, revert)} == {
        ("relink", why),
        ("update", f"Not undone, because its link could not be: {why}"),
    }


def test_people_whose_ids_were_exchanged_go_back_together(trial: Bench) -> None:
    def recorded(names: str, times: int) -> None:
        for jamf_id, name in enumerate(names, 1):
            trial.user(str(jamf_id), username=name, email=f"{name}@example.org", phone=f"+{times}")

    recorded("abc", 1)
    trial.sync()
    recorded("bca", 2)
    undone = trial.sync()

    revert = _revert(trial, undone)

    assert _left(trial, revert) == []
    assert trial.query(
        """select mapping.external_id, person.username, person.phone_number from people as person
           join integration_object_mappings as mapping on mapping.internal_id = person.id order by 1"""
    ) == [
        {"external_id": str(number), "username": name, "phone_number": "+1"}
        for number, name in enumerate("abc", 1)
    ]


def test_a_person_who_stands_in_the_way_is_named(trial: Bench) -> None:
    for jamf_id, name in enumerate("ab", 1):
        trial.user(str(jamf_id), username=name, email=f"{name}@example.org")
    trial.sync()
    for jamf_id, name in enumerate("ba", 1):
        trial.user(str(jamf_id), username=name, email=f"{name}@example.org")
    undone = trial.sync()
    person_id = trial.value("select id from people where username = 'a'")
    revert = _revert(trial, undone, object_id=person_id)
    assert _left(trial, revert) == [
        (
            *("person", "relink"),
            "JAMF's user 1, to which it was linked before, is linked to b (b@example.org) by now.",
        )
    ]


def _enrolment(bench: Bench, serial_number: str) -> tuple[str, str]:
    """What the link of a device says, and what the device does."""
    (row,) = bench.query(
        f"""select mapping.sync_status, value.value
            from devices as device
            join integration_object_mappings as mapping on mapping.internal_id = device.id
            join {bench.dialect.custom_field_values} as value
              on value.object_id = device.id and value.field_name = 'jamf_enrollment_status'
            where device.serial_number = %s""",
        serial_number,
    )
    return row["sync_status"], row["value"]
