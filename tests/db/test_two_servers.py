"""Two JAMF servers that know the same Macs, people and groups: one leads an object, the other only links it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.plan.conflicts import reopen_conflicts, resolve_conflicts
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of, rows_of, second_server
from tests.support.waiting import wait_for_advisory_lock

HQ_MAC = "AC:AA:AA:AA:AA:01"


class Servers(NamedTuple):
    """Two JAMF servers of one M.O.S.S.; `jamf_pro` is the one that syncs first."""

    jamf_pro: Bench
    lab: Bench


@pytest.fixture
def servers(trial: Bench) -> Servers:
    """Two servers, in a transaction that is rolled back."""
    return Servers(trial, second_server(trial))


@pytest.fixture
def committing(bench: Bench) -> Servers:
    """Two servers on a database of their own, for what spans several transactions."""
    return Servers(bench, second_server(bench))


def _shared_mac(servers: Servers, **lab: Any) -> None:
    """One Mac that both know, with other record ids; `lab` is what the second server says otherwise."""
    said: dict[str, Any] = {
        "hostname": "MAC-1",
        "os_version": "15.1",
        "mac_address": HQ_MAC,
        "mac_interface_type": "wifi",
        "username": "ada",
        "email": "ada@example.org",
    }
    servers.jamf_pro.computer("1", "C02A", **said)
    servers.lab.computer("77", "C02A", **{**said, **lab})


def _written(bench: Bench) -> list[dict[str, str]]:
    """Every stored row version that a sync could have written."""
    return [rows_of(bench, table) for table in bench.dialect.synced_tables]


def _device(bench: Bench) -> dict[str, Any]:
    (device,) = bench.query("select * from devices")
    return device


def _open_conflicts(bench: Bench) -> list[dict[str, Any]]:
    return bench.query(
        "select * from jamf_sync.conflicts where integration_id = %s and status = 'open' order by conflict_id",
        bench.integration.id,
    )


def _link(bench: Bench, internal_type: str = "device") -> dict[str, Any]:
    (link,) = bench.query(
        "select * from integration_object_mappings where integration_config_id = %s and internal_type = %s",
        bench.integration.id,
        internal_type,
    )
    return link


def _set(bench: Bench, assignment: str, *parameters: Any) -> None:
    bench.execute(
        f"update integration_configs set {assignment} where id = %s",
        *parameters,
        bench.integration.id,
    )


def _sync_both(servers: Servers) -> tuple[Plan, Plan]:
    plans = servers.jamf_pro.sync(), servers.lab.sync()
    for plan in plans:
        assert [count for count in plan.counts if not count.adds_up] == []
    return plans


def _edits(bench: Bench) -> int:
    number: int = bench.value(
        "select count(*) from jamf_sync.plan_conflicts where kind = 'human_edit_overwritten'"
    )
    return number


def test_the_second_server_links_what_the_first_made_and_writes_nothing(servers: Servers) -> None:
    _shared_mac(servers)
    servers.jamf_pro.sync()
    core = [rows_of(servers.lab, f"public.{table}") for table in ("devices", "people", "ios")]
    plan = servers.lab.sync()
    assert core == [
        rows_of(servers.lab, f"public.{table}") for table in ("devices", "people", "ios")
    ]
    assert _link(servers.lab)["internal_id"] == _link(servers.jamf_pro)["internal_id"]
    assert (
        _link(servers.lab, "person")["internal_id"] == _device(servers.lab)["assigned_to_person_id"]
    )
    counts = counts_of(plan)
    assert counts["device"].linked == counts["device"].updated == counts["device"].seen == 1
    assert counts["io"].unchanged == 1
    assert _open_conflicts(servers.lab) == []


def test_alternating_syncs_write_nothing_from_the_second_round_on(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1", os_version="14.0", username="grace", email=None)
    for bench, jamf_id in zip(servers, ("1", "77"), strict=True):
        bench.computer_group("5", "Testers")
        bench.user("9", username="joan", email="joan@example.org", phone=f"+49 {jamf_id}")
    _sync_both(servers)
    written = _written(servers.lab)
    for _ in range(2):
        for plan in _sync_both(servers):
            assert all(
                count.created == count.updated == count.removed == 0 for count in plan.counts
            )
    assert _written(servers.lab) == written
    assert _edits(servers.lab) == 0


def test_what_the_second_server_says_otherwise_is_one_conflict_that_names_both(
    servers: Servers,
) -> None:
    _shared_mac(servers, hostname="LAB-1", os_version="14.0", username="grace", email=None)
    _sync_both(servers)
    (conflict,) = _open_conflicts(servers.lab)
    assert conflict["kind"] == "other_server_differs"
    assert conflict["object_id"] == _device(servers.lab)["id"]
    assert (
        conflict["jamf_value"] == "assigned_to_person_id: grace; hostname: LAB-1; os_version: 14.0"
    )
    assert conflict["moss_value"] == "assigned_to_person_id: ada; hostname: MAC-1; os_version: 15.1"
    assert "JAMF Pro leads this device" in conflict["detail"]
    assert "JAMF Lab says otherwise" in conflict["detail"]
    assert "hostname is LAB-1 and not MAC-1" in conflict["detail"]
    assert _link(servers.lab)["sync_status"] == "conflict"
    assert _open_conflicts(servers.jamf_pro) == []

    _, plan = _sync_both(servers)
    assert counts_of(plan)["device"].conflicts == 1
    assert len(_open_conflicts(servers.lab)) == 1

    servers.lab.computer("77", "C02A", hostname="MAC-1", username="ada")
    servers.lab.sync()
    assert _open_conflicts(servers.lab) == []
    assert _link(servers.lab)["sync_status"] == "synced"


def test_a_secondary_fills_nothing_and_makes_no_interface(servers: Servers) -> None:
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-1")
    servers.lab.building("3", "Annex")
    servers.lab.computer(
        "77",
        "C02A",
        hostname="MAC-1",
        asset_tag="LAB-77",
        building_id="3",
        barcode_1="B1",
        mac_address=HQ_MAC,
        mac_interface_type="wifi",
    )
    _, plan = _sync_both(servers)
    device = _device(servers.lab)
    assert (device["asset_tag"], device["location_id"]) == (None, None)
    assert servers.lab.query("select id from ios") == []
    assert counts_of(plan)["io"].skipped == 1
    (conflict,) = _open_conflicts(servers.lab)
    assert conflict["jamf_value"] == "asset_tag: LAB-77; barcode_1: B1; location_id: Annex"
    assert conflict["moss_value"] == "asset_tag: nothing; barcode_1: nothing; location_id: nothing"


def test_a_person_that_the_other_server_leads_keeps_the_leads_contact_data(
    servers: Servers,
) -> None:
    servers.jamf_pro.user("1", username="ada", email="ada@example.org", phone="1")
    servers.lab.user("1", username="ADA", email="ada@example.org", phone="2", job_title="Chief")
    _sync_both(servers)
    _sync_both(servers)
    (person,) = servers.lab.query("select * from people")
    assert (person["phone_number"], person["job_title"]) == ("1", None)
    (conflict,) = _open_conflicts(servers.lab)
    assert conflict["jamf_value"] == "job_title: Chief; phone_number: 2"


def test_one_group_of_one_name_and_its_number_is_no_disagreement(servers: Servers) -> None:
    servers.jamf_pro.computer_group("4", "All Macs", is_smart=True)
    servers.lab.computer_group("8", "All Macs", is_smart=True)
    _sync_both(servers)
    (group,) = servers.lab.query("select * from groups")
    assert (group["name"], group["external_id"]) == ("[JAMF] All Macs", "4")
    assert _open_conflicts(servers.lab) == []
    servers.lab.computer_group("8", "All Lab Macs", is_smart=True)
    servers.lab.sync()
    assert servers.lab.query("select * from groups") == [group]
    (conflict,) = _open_conflicts(servers.lab)
    assert conflict["object_type"] == "group"
    assert "name: [JAMF] All Lab Macs" in conflict["jamf_value"]


def test_records_of_one_id_on_two_servers_are_two_machines(servers: Servers) -> None:
    for bench, site in zip(servers, ("HQ", "LAB"), strict=True):
        bench.computer("1", f"C02{site}", hostname=f"{site}-1", username=f"user-{site}")
        bench.user("1", username=f"boss-{site}", email=f"boss@{site}.example.org")
        bench.computer_group("1", f"Group {site}")
        bench.building("1", site)
    _sync_both(servers)
    written = _written(servers.lab)
    _sync_both(servers)
    assert _written(servers.lab) == written
    assert servers.lab.query("select * from jamf_sync.object_leads") == []
    names = {row["hostname"] for row in servers.lab.query("select hostname from devices")}
    assert names == {"HQ-1", "LAB-1"}
    for table, number in (("people", 4), ("groups", 2), ("locations", 2)):
        assert servers.lab.value(f"select count(*) from {table}") == number

    servers.jamf_pro.gone("computers", "1")
    servers.jamf_pro.sync()
    assert _link(servers.jamf_pro)["sync_status"] == "deleted_external"
    assert _link(servers.lab)["sync_status"] == "synced"


def _mac_leaves(servers: Servers) -> None:
    servers.jamf_pro.gone("computers", "1")
    servers.jamf_pro.sync()


def _switched_off(servers: Servers) -> None:
    _set(servers.jamf_pro, "is_enabled = false")


def _row_deleted(servers: Servers) -> None:
    servers.lab.execute(
        "delete from integration_configs where id = %s", servers.jamf_pro.integration.id
    )


@pytest.mark.parametrize("lets_go", [_mac_leaves, _switched_off, _row_deleted])
def test_the_second_server_takes_over_when_the_first_lets_go(
    servers: Servers, lets_go: Any
) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    lets_go(servers)
    assert _status(servers.lab) == "enrolled"
    plan = servers.lab.sync()
    assert counts_of(plan)["device"].updated == 1
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert _open_conflicts(servers.lab) == []
    assert _edits(servers.lab) == 0
    written = _written(servers.lab)
    servers.lab.sync()
    assert _written(servers.lab) == written


def _status(bench: Bench) -> str | None:
    status: str | None = bench.value(
        f"select value from {bench.dialect.custom_field_values} where field_name = 'jamf_enrollment_status'"
    )
    return status


@pytest.mark.parametrize("lets_go", [_mac_leaves, _switched_off])
def test_who_comes_back_does_not_take_the_lead_back(servers: Servers, lets_go: Any) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    lets_go(servers)
    servers.lab.sync()
    _set(servers.jamf_pro, "is_enabled = true")
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-1")
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert _link(servers.jamf_pro)["sync_status"] == "conflict"
    (conflict,) = _open_conflicts(servers.jamf_pro)
    assert "JAMF Lab leads this device" in conflict["detail"]
    written = _written(servers.lab)
    _sync_both(servers)
    assert _written(servers.lab) == written


def test_the_first_does_not_let_go_by_not_being_heard_of(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    servers.jamf_pro.incomplete("computers")
    servers.jamf_pro.gone("computers", "1")
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "MAC-1"


def test_the_last_server_that_lets_go_shows_the_mac_as_unenrolled(servers: Servers) -> None:
    _shared_mac(servers)
    _sync_both(servers)
    servers.lab.gone("computers", "77")
    servers.lab.sync()
    assert _status(servers.lab) == "enrolled"
    _mac_leaves(servers)
    assert _status(servers.lab) == "unenrolled"


def test_the_lower_priority_leads_whoever_was_first(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    _set(servers.lab, """sync_settings = '{"priority": 5}'""")
    _, plan = _sync_both(servers)
    assert counts_of(plan)["device"].updated == 1
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert len(_open_conflicts(servers.jamf_pro)) == 1
    assert _edits(servers.lab) == 0
    written = _written(servers.lab)
    _sync_both(servers)
    assert _written(servers.lab) == written


@pytest.mark.parametrize("unusable", ['{"priority": "first"}', '{"priority": []}', "[]", "null"])
def test_a_priority_that_cannot_be_used_counts_as_none(servers: Servers, unusable: str) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _set(servers.lab, "sync_settings = %s::jsonb", unusable)
    _sync_both(servers)
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "MAC-1"


def test_an_edit_that_a_person_made_before_the_lead_changed_is_known_for_one(
    servers: Servers,
) -> None:
    _shared_mac(servers, hostname="LAB-1")
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-1", asset_tag="TAG")
    servers.lab.computer("77", "C02A", hostname="LAB-1", asset_tag="LAB-TAG")
    _sync_both(servers)
    servers.lab.execute("update devices set os_version = '99', asset_tag = null, hostname = 'MINE'")
    _switched_off(servers)
    servers.lab.sync()
    device = _device(servers.lab)
    assert (device["hostname"], device["asset_tag"]) == ("LAB-1", None)
    assert _edits(servers.lab) == 1


def test_interfaces_go_over_with_their_device(servers: Servers) -> None:
    _shared_mac(servers)
    _sync_both(servers)
    servers.lab.execute("delete from ios")
    _switched_off(servers)
    servers.lab.sync()
    assert servers.lab.query("select id from ios") == []


def test_links_that_stood_before_leads_were_kept_are_led_by_the_first(servers: Servers) -> None:
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-1")
    servers.lab.computer("77", "C02A", hostname="LAB-1")
    device_id = servers.lab.device(serial_number="C02A", hostname="MAC-1")
    servers.jamf_pro.mapping("computer", "1", "device", device_id, created_at="2026-02-01")
    servers.lab.mapping("computer", "77", "device", device_id, created_at="2026-01-01")
    _sync_both(servers)
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert len(_open_conflicts(servers.jamf_pro)) == 1


def _decide(bench: Bench, resolution: Resolution) -> int:
    (conflict,) = _open_conflicts(bench)
    resolve_conflicts(
        bench.connection,
        bench.integration,
        [conflict["conflict_id"]],
        resolution,
        resolved_by="ada@example.org",
    )
    number: int = conflict["conflict_id"]
    return number


@pytest.mark.parametrize("resolution", [Resolution.KEEP_MOSS, Resolution.PIN])
def test_a_person_can_leave_the_lead_where_it_is(servers: Servers, resolution: Resolution) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    _decide(servers.lab, resolution)
    _sync_both(servers)
    assert _open_conflicts(servers.lab) == []
    assert _device(servers.lab)["hostname"] == "MAC-1"
    servers.lab.computer("77", "C02A", hostname="LAB-2")
    _sync_both(servers)
    assert len(_open_conflicts(servers.lab)) == (0 if resolution is Resolution.PIN else 1)


def test_a_person_can_give_the_lead_to_the_other_server_and_take_it_back(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _set(servers.jamf_pro, """sync_settings = '{"priority": 1}'""")
    _sync_both(servers)
    conflict_id = _decide(servers.lab, Resolution.TAKE_JAMF)
    _sync_both(servers)
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert len(_open_conflicts(servers.jamf_pro)) == 1
    reopen_conflicts(
        servers.lab.connection, servers.lab.integration, [conflict_id], reopened_by="ada"
    )
    _sync_both(servers)
    assert _device(servers.lab)["hostname"] == "MAC-1"


def test_of_two_decisions_the_later_one_counts(committing: Servers) -> None:
    _shared_mac(committing, hostname="LAB-1")
    _sync_both(committing)
    _decide(committing.lab, Resolution.TAKE_JAMF)
    committing.lab.sync()
    committing.jamf_pro.sync()
    _decide(committing.jamf_pro, Resolution.TAKE_JAMF)
    _sync_both(committing)
    _sync_both(committing)
    assert _device(committing.lab)["hostname"] == "MAC-1"


def test_a_lead_that_moved_between_plan_and_apply_refuses_the_rows(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1")
    _sync_both(servers)
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-2", mac_address="AC:AA:AA:AA:AA:02")
    plan = servers.jamf_pro.plan()
    assert counts_of(plan)["device"].updated == 1
    _set(servers.lab, """sync_settings = '{"priority": 5}'""")
    servers.lab.sync()
    applied = servers.jamf_pro.apply(plan)
    assert counts_of(applied)["device"].updated == 0
    assert counts_of(applied)["device"].skipped == 1
    assert counts_of(applied)["io"].created == 0
    assert [count for count in applied.counts if not count.adds_up] == []
    assert _device(servers.lab)["hostname"] == "LAB-1"


def test_an_object_that_the_other_server_linked_between_plan_and_apply_is_not_written(
    servers: Servers,
) -> None:
    device_id = servers.lab.device(serial_number="C02A")
    _shared_mac(servers, hostname="LAB-1")
    plan = servers.jamf_pro.plan()
    servers.lab.sync()
    servers.jamf_pro.apply(plan)
    assert _device(servers.lab)["hostname"] == "LAB-1"
    assert _link(servers.lab)["internal_id"] == device_id
    _sync_both(servers)
    assert _link(servers.jamf_pro)["internal_id"] == device_id
    assert _device(servers.lab)["hostname"] == "LAB-1"


def test_one_mac_that_both_are_about_to_create_is_created_once(servers: Servers) -> None:
    _shared_mac(servers)
    plans = servers.jamf_pro.plan(), servers.lab.plan()
    for bench, plan in zip(servers, plans, strict=True):
        bench.apply(plan)
    assert len(servers.lab.query("select id from devices")) == 1
    assert len(servers.lab.query("select id from people")) == 1
    _sync_both(servers)
    assert _link(servers.lab)["internal_id"] == _link(servers.jamf_pro)["internal_id"]


def test_an_apply_waits_until_the_other_server_has_written(
    committing: Servers, database: MossDatabase
) -> None:
    """Both find that M.O.S.S. lacks the Mac; the one that is later sees, before it writes, what the other wrote."""
    _shared_mac(committing, username=None, email=None)
    committing.jamf_pro.computer("1", "C02A", hostname="MAC-1")
    plans = committing.jamf_pro.plan(), committing.lab.plan()
    with database.connection() as connection, ThreadPoolExecutor(1) as elsewhere:
        with committing.jamf_pro.connection.transaction():
            committing.jamf_pro.apply(plans[0])
            applying = elsewhere.submit(
                apply_objects, connection, committing.lab.integration, plans[1], "device"
            )
            with database.connection() as watching:
                wait_for_advisory_lock(watching, connection.info.backend_pid)
        device = counts_of(applying.result(timeout=60))["device"]
    assert (device.created, device.skipped) == (0, 1)
    assert len(committing.lab.query("select id from devices")) == 1


def test_a_revert_leaves_alone_what_the_other_server_leads_by_now(servers: Servers) -> None:
    _shared_mac(servers, hostname="MAC-1")
    servers.jamf_pro.sync()
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-2", os_version="15.2")
    changed = servers.jamf_pro.sync()
    servers.lab.computer("77", "C02A", hostname="MAC-2", os_version="15.2")
    servers.lab.sync()
    _switched_off(servers)
    servers.lab.sync()
    _set(servers.jamf_pro, "is_enabled = true")
    revert = make_revert_plan(
        servers.jamf_pro.connection, servers.jamf_pro.integration, changed.plan_id, run_id="a-run"
    )
    apply_objects(servers.jamf_pro.connection, servers.jamf_pro.integration, revert, "mapping")
    assert _device(servers.lab)["hostname"] == "MAC-2"
    (refused,) = servers.lab.query(
        "select outcome_detail from jamf_sync.change_plan where plan_id = %s and outcome = 'refused'",
        revert.plan_id,
    )
    assert "another JAMF server leads it" in refused["outcome_detail"]


def _members(bench: Bench) -> set[UUID]:
    return {
        row["device_id"]
        for row in bench.query("select device_id from moss_contract.group_device_members()")
    }


def test_a_member_that_two_servers_added_leaves_the_group_when_both_let_go(
    servers: Servers,
) -> None:
    for bench, jamf_id in zip(servers, ("1", "77"), strict=True):
        bench.computer_group("5", "Testers")
        bench.computer(jamf_id, "C02A", username="ada", static_group_ids=["5"])
    _sync_both(servers)
    device_id = _device(servers.lab)["id"]
    assert _members(servers.lab) == {device_id}
    written = _written(servers.lab)

    servers.jamf_pro.computer("1", "C02A", username="ada", static_group_ids=[])
    plan, _ = _sync_both(servers)
    assert counts_of(plan)["group_member"].removed == 0
    assert _members(servers.lab) == {device_id}
    members = "public.group_members"
    assert (
        rows_of(servers.lab, members) == written[servers.lab.dialect.synced_tables.index(members)]
    )
    plan, _ = _sync_both(servers)
    assert counts_of(plan)["group_member"].seen == 0

    servers.lab.computer("77", "C02A", username="ada", static_group_ids=[])
    _sync_both(servers)
    assert _members(servers.lab) == set()
    assert servers.lab.query("select * from group_members") == []


def test_a_member_that_a_person_added_is_nobodys_to_remove(servers: Servers) -> None:
    for bench, jamf_id in zip(servers, ("1", "77"), strict=True):
        bench.computer_group("5", "Testers")
        bench.computer(jamf_id, "C02A", static_group_ids=[])
    _sync_both(servers)
    group_id = servers.lab.value("select id from groups")
    person_id = servers.lab.person()
    servers.lab.execute(
        "insert into group_members (group_id, person_id) values (%s, %s)", group_id, person_id
    )
    _sync_both(servers)
    assert len(servers.lab.query("select * from group_members")) == 1


def test_rooms_and_locations_are_shared_without_a_word(servers: Servers) -> None:
    for bench, jamf_id in zip(servers, ("1", "77"), strict=True):
        bench.building(jamf_id, "HQ")
        bench.computer(jamf_id, f"C02{jamf_id}", building_id=jamf_id, room="301")
    _sync_both(servers)
    written = _written(servers.lab)
    _sync_both(servers)
    assert _written(servers.lab) == written
    assert servers.lab.value("select count(*) from locations") == 1
    assert servers.lab.value("select count(*) from rooms") == 1
    assert _open_conflicts(servers.lab) == []


def test_a_host_name_that_a_secondary_would_like_is_free_for_others(servers: Servers) -> None:
    servers.jamf_pro.computer("1", "C02A", hostname="MAC-1")
    servers.lab.computer("2", "C02A", hostname="MAC-9")
    servers.lab.computer("3", "C02B", hostname="MAC-9")
    _sync_both(servers)
    names = {row["hostname"] for row in servers.lab.query("select hostname from devices")}
    assert names == {"MAC-1", "MAC-9"}
    kinds = {conflict["kind"] for conflict in _open_conflicts(servers.lab)}
    assert kinds == {"other_server_differs"}


def test_a_plan_of_some_types_knows_who_leads_as_well(servers: Servers) -> None:
    _shared_mac(servers, hostname="LAB-1")
    servers.jamf_pro.sync()
    plan = servers.lab.apply(servers.lab.plan(["device"]))
    assert plan.object_types == ("device",)
    assert _device(servers.lab)["hostname"] == "MAC-1"
    assert set(OBJECT_TYPE_NAMES) > set(plan.object_types)
