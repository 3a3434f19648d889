"""Applying: exactly the plan, row by row, guarded, repeatable, and alone."""

from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import AnotherApplyRuns
from moss_jamf_pipeline.moss.integration.history import close_history, open_history, recent_history
from moss_jamf_pipeline.moss.integration.integrations import create_integration, find_integration
from moss_jamf_pipeline.moss.plan.conflicts import (
    open_conflicts,
    resolve_conflicts,
    update_conflicts,
)
from moss_jamf_pipeline.moss.plan.planning import read_plan
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.db.support import Bench, counts_of, rows_of

pytestmark = pytest.mark.every_dialect

_CORE = (
    "devices",
    "people",
    "ios",
    "locations",
    "rooms",
    "groups",
    "group_members",
    "integration_object_mappings",
)


_SECOND = IntegrationChoice("Second")


def _everything(bench: Bench) -> None:
    """A world with an object of every type to create."""
    bench.building("7", "HQ")
    bench.user("5", username="jane", full_name="Jane Doe", email="jane@example.org")
    bench.computer_group("3", "Design")
    bench.computer(
        "1",
        "C02ABC",
        hostname="mac-1",
        username="jane",
        building_id="7",
        room="301",
        mac_address="A1:B2:C3:D4:E5:F6",
        mac_interface_type="wifi",
        os_build="24F74",
        static_group_ids=["3"],
    )


def _outcomes(bench: Bench, plan_id: int) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    rows = bench.query(
        "select object_type, external_id, outcome, outcome_detail from jamf_sync.change_plan where plan_id = %s",
        plan_id,
    )
    return {
        (row["object_type"], row["external_id"]): (row["outcome"], row["outcome_detail"])
        for row in rows
    }


def _base(bench: Bench, device_id: UUID) -> dict[str, Any]:
    base = bench.value(
        "select values from jamf_sync.applied_values where object_id = %s", device_id
    )
    assert isinstance(base, dict)
    return base


# -- what is written ---------------------------------------------------------------------------


def test_a_plan_is_applied_in_full_and_says_so(bench: Bench) -> None:
    _everything(bench)
    applied = bench.sync()
    assert applied.status == "applied"
    assert {count.object_type: count.created for count in applied.counts} == {
        **dict.fromkeys(OBJECT_TYPE_NAMES, 1),
        # Where groups hold people, she is a member as well as her Mac.
        "group_member": 1 if bench.dialect.groups_hold_devices else 2,
    }
    assert all(count.adds_up for count in applied.counts)
    assert bench.query(
        """select d.hostname, d.notes, l.name as location, r.name as room, p.username, io.interface_name,
                  g.name as member_of
           from devices d join locations l on l.id = d.location_id join rooms r on r.id = d.room_id
           join people p on p.id = d.assigned_to_person_id join ios io on io.device_id = d.id
           join group_members m on m.device_id = d.id join groups g on g.id = m.group_id"""
    ) == [
        {
            "hostname": "mac-1",
            "notes": "Synced from JAMF Pro",
            "location": "HQ",
            "room": "301",
            "username": "jane",
            "interface_name": "Wi-Fi",
            "member_of": "[JAMF] Design",
        }
    ]


def test_applying_a_plan_again_writes_nothing(bench: Bench) -> None:
    _everything(bench)
    plan = bench.sync()
    before = [rows_of(bench, table) for table in _CORE]
    again = bench.apply(plan)
    assert [rows_of(bench, table) for table in _CORE] == before
    assert again.counts == plan.counts


def test_a_second_sync_of_unchanged_data_plans_and_writes_nothing(bench: Bench) -> None:
    _everything(bench)
    bench.sync()
    before = [rows_of(bench, table) for table in _CORE]
    plan = bench.sync()
    assert bench.query("select * from jamf_sync.change_plan where plan_id = %s", plan.plan_id) == []
    assert [rows_of(bench, table) for table in _CORE] == before
    assert all(count.unchanged == count.seen for count in plan.counts)


def test_only_the_changed_field_of_the_changed_object_is_written(bench: Bench) -> None:
    for jamf_id in ("1", "2", "3"):
        bench.computer(jamf_id, hostname=f"mac-{jamf_id}", model="MacBook Pro")
    bench.sync()
    before = rows_of(bench, "devices")
    bench.computer("2", hostname="renamed", model="MacBook Pro")
    bench.sync()
    assert len(rows_of(bench, "devices").items() - before.items()) == 1
    assert bench.query("select hostname from devices order by serial_number") == [
        {"hostname": "mac-1"},
        {"hostname": "renamed"},
        {"hostname": "mac-3"},
    ]


def test_the_base_is_what_was_written_without_fields_that_are_never_updated(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1", asset_tag="IT-1")
    bench.sync()
    device = bench.value("select id from devices")
    base = _base(bench, device)
    assert base["hostname"] == "mac-1"
    assert base["asset_tag"] == "IT-1"
    assert base["device_type"] == bench.dialect.workstation
    assert "notes" not in base


def test_a_link_that_moves_keeps_its_row(bench: Bench) -> None:
    bench.computer("1", "C02ABC")
    bench.sync()
    mapping = bench.value("select id from integration_object_mappings")
    bench.gone("computers", "1")
    bench.computer("2", "C02ABC")
    plan = bench.sync()
    assert counts_of(plan)["device"].moved == 1
    assert bench.query("select id, external_id, sync_status from integration_object_mappings") == [
        {"id": mapping, "external_id": "2", "sync_status": "synced"}
    ]
    assert bench.value("select count(*) from devices") == 1


def test_a_deleted_device_is_created_again_on_its_own_link_if_the_policy_says_so(
    bench: Bench,
) -> None:
    bench.computer("1", "C02ABC")
    bench.sync()
    bench.delete("devices", bench.value("select id from devices"))
    bench.sync()
    assert bench.value("select sync_status from integration_object_mappings") == "deleted_internal"
    bench.policies(recreate_deleted=True)
    plan = bench.sync()
    assert counts_of(plan)["device"].created == 1
    assert bench.query(
        "select m.sync_status from integration_object_mappings m join devices d on d.id = m.internal_id"
    ) == [{"sync_status": "synced"}]


def test_a_device_that_a_person_entered_again_is_adopted_on_the_old_link(bench: Bench) -> None:
    bench.computer("1", "C02ABC")
    bench.sync()
    bench.delete("devices", bench.value("select id from devices"))
    bench.sync()
    device = bench.device(serial_number="C02ABC")
    bench.policies(recreate_deleted=True)
    plan = bench.sync()
    assert counts_of(plan)["device"].failed == 0
    assert bench.query(
        "select external_id, internal_id, sync_status from integration_object_mappings"
    ) == [{"external_id": "1", "internal_id": device, "sync_status": "conflict"}]


# -- rows that cannot be applied ---------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", [{3}, {1, 2}, {1, 9, 16}, set(range(1, 17))], ids=["one", "neighbours", "apart", "all"]
)
def test_rows_that_the_database_rejects_are_isolated_and_the_others_applied(
    bench: Bench, bad: set[int]
) -> None:
    for number in range(1, 17):
        bench.computer(str(number), hostname=f"{'bad' if number in bad else 'good'}-{number}")
    plan = bench.plan()
    bench.execute(
        "alter table public.devices add constraint no_bad_names check (hostname not like 'bad%')"
    )
    applied = bench.apply(plan)
    counts = counts_of(applied)["device"]
    assert (counts.created, counts.failed) == (16 - len(bad), len(bad))
    assert counts.adds_up
    assert bench.value("select count(*) from devices") == 16 - len(bad)
    failed = {
        external_id: detail
        for (object_type, external_id), (outcome, detail) in _outcomes(bench, plan.plan_id).items()
        if object_type == "device" and outcome == "failed"
    }
    assert failed.keys() == {str(number) for number in bad}
    assert all("no_bad_names" in (detail or "") for detail in failed.values())
    linked = bench.value(
        "select count(*) from integration_object_mappings where internal_type = 'device'"
    )
    assert linked == 16 - len(bad)


def test_what_a_trigger_of_moss_refuses_fails_with_its_words(bench: Bench) -> None:
    bench.execute(
        """create function refuse() returns trigger language plpgsql as
           $$ begin raise exception 'devices are frozen until Monday'; end $$"""
    )
    bench.execute(
        "create trigger frozen before insert on public.devices for each row execute function refuse()"
    )
    bench.computer("1")
    applied = bench.sync()
    assert _outcomes(bench, applied.plan_id)["device", "1"] == (
        "failed",
        "devices are frozen until Monday",
    )


def test_a_failed_row_is_planned_anew_and_succeeds_when_its_cause_is_gone(bench: Bench) -> None:
    bench.computer("1", hostname="bad")
    bench.execute(
        "alter table public.devices add constraint no_bad_names check (hostname <> 'bad')"
    )
    bench.sync()
    bench.execute("alter table public.devices drop constraint no_bad_names")
    assert counts_of(bench.sync())["device"].created == 1
    assert bench.value("select count(*) from devices") == 1


def test_members_of_a_group_that_failed_are_refused(bench: Bench) -> None:
    bench.computer_group("3", "bad")
    bench.computer("1", static_group_ids=["3"])
    plan = bench.plan()
    name = bench.dialect.column("groups", "name")
    bench.execute(
        f"alter table public.groups add constraint no_bad_names check ({name} not like '%bad')"
    )
    counts = counts_of(bench.apply(plan))
    assert counts["group"].failed == 1
    assert (counts["group_member"].created, counts["group_member"].skipped) == (0, 1)


# -- the guard: M.O.S.S. moved meanwhile -------------------------------------------------------


def test_a_value_edited_after_planning_is_not_overwritten(bench: Bench) -> None:
    bench.computer("1", hostname="mac-1")
    bench.sync()
    bench.computer("1", hostname="mac-2")
    plan = bench.plan()
    bench.execute("update devices set hostname = 'by hand'")
    applied = bench.apply(plan)
    assert bench.value("select hostname from devices") == "by hand"
    outcome, detail = _outcomes(bench, plan.plan_id)["device", "1"]
    assert (outcome, "planned anew" in (detail or "")) == ("refused", True)
    assert counts_of(applied)["device"].skipped == 1
    assert (
        run_outcome(
            bench.connection, bench.integration, applied, bench.captures, applied.object_types
        ).status
        == "partial"
    )


def test_another_field_edited_after_planning_does_not_hinder(bench: Bench) -> None:
    bench.computer("1", hostname="mac-1")
    bench.sync()
    bench.computer("1", hostname="mac-2")
    plan = bench.plan()
    bench.execute("update devices set notes = 'by hand'")
    bench.apply(plan)
    assert bench.query("select hostname, notes from devices") == [
        {"hostname": "mac-2", "notes": "by hand"}
    ]


@pytest.mark.parametrize(
    ("statement", "object_type", "external_id"),
    [
        ("insert into locations (name) values (' hq')", "location", "7"),
        (
            "insert into people (full_name, email_address) values ('J', 'JANE@example.org')",
            "person",
            "5",
        ),
        ("insert into people (full_name, username) values ('J', 'Jane')", "person", "5"),
        (
            "insert into devices (serial_number, device_type) values ('c02abc', '{laptop}')",
            "device",
            "1",
        ),
    ],
    ids=["location", "person by address", "person by user name", "device"],
)
def test_what_a_person_created_meanwhile_is_not_created_twice(
    bench: Bench, statement: str, object_type: str, external_id: str
) -> None:
    _everything(bench)
    plan = bench.plan()
    bench.execute(statement.format(laptop=bench.dialect.laptop))
    applied = bench.apply(plan)
    assert _outcomes(bench, plan.plan_id)[object_type, external_id][0] == "refused"
    assert all(count.adds_up for count in applied.counts)
    assert all(count.failed == 0 for count in applied.counts)


def test_after_a_refusal_the_next_sync_ends_where_it_should(bench: Bench) -> None:
    _everything(bench)
    plan = bench.plan()
    bench.execute("insert into locations (name) values ('HQ')")
    bench.execute("insert into people (full_name, username) values ('Jane', 'jane')")
    bench.apply(plan)
    bench.sync()
    before = [rows_of(bench, table) for table in _CORE]
    bench.sync()
    assert [rows_of(bench, table) for table in _CORE] == before
    assert bench.query(
        """select l.name as location, r.name as room, p.username
           from devices d left join locations l on l.id = d.location_id
           left join rooms r on r.id = d.room_id left join people p on p.id = d.assigned_to_person_id"""
    ) == [{"location": "HQ", "room": "301", "username": "jane"}]


def test_a_device_whose_link_moved_meanwhile_is_not_marked_unenrolled(bench: Bench) -> None:
    bench.computer("1", "C02ABC")
    bench.sync()
    bench.gone("computers", "1")
    plan = bench.plan()
    bench.execute("update integration_object_mappings set sync_status = 'conflict'")
    bench.apply(plan)
    assert _outcomes(bench, plan.plan_id)["mapping", "1"][0] == "refused"
    assert (
        bench.value(
            "select value from custom_field_values where field_name = 'jamf_enrollment_status'"
        )
        == "enrolled"
    )


def test_a_device_that_left_is_marked_and_kept_and_is_marked_again_when_it_returns(
    bench: Bench,
) -> None:
    status = "select value from custom_field_values where field_name = 'jamf_enrollment_status'"
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    devices = rows_of(bench, "devices")
    bench.gone("computers", "1")
    bench.sync()
    assert rows_of(bench, "devices") == devices
    assert bench.value(status) == "unenrolled"
    assert bench.value("select sync_status from integration_object_mappings") == "deleted_external"
    bench.computer("1", "C02ABC", hostname="mac-1")
    plan = bench.sync()
    assert counts_of(plan)["device"].returned == 1
    assert bench.value(status) == "enrolled"
    assert bench.value("select sync_status from integration_object_mappings") == "synced"


def test_a_deleted_group_takes_nobody_along(bench: Bench) -> None:
    _everything(bench)
    bench.sync()
    bench.delete("groups", bench.value("select id from groups"))
    plan = bench.sync()
    assert bench.value("select count(*) from devices") == 1
    assert all(count.adds_up and count.failed == 0 for count in plan.counts)


# -- one apply at a time -----------------------------------------------------------------------


def test_a_second_apply_of_the_same_integration_is_turned_away(
    bench: Bench, database: MossDatabase
) -> None:
    bench.computer("1")
    plan = bench.plan()
    key = f"moss_jamf apply {bench.integration.id}"
    with database.transaction() as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        with pytest.raises(AnotherApplyRuns, match="JAMF Pro") as caught:
            apply_objects(bench.connection, bench.integration, plan, "device")
    assert caught.value.is_transient
    assert read_plan(bench.connection, plan.plan_id).status == "planned"
    assert counts_of(bench.apply(plan))["device"].created == 1


def test_applies_of_two_integrations_do_not_wait_for_each_other(
    bench: Bench, database: MossDatabase
) -> None:
    create_integration(bench.connection, "Second", None)
    second = find_integration(bench.connection, _SECOND)
    bench.computer("1")
    plan = bench.plan()
    with database.transaction() as other:
        other.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"moss_jamf apply {second.id}",),
        )
        assert counts_of(bench.apply(plan))["device"].created == 1


# -- the conflict queue ------------------------------------------------------------------------


def _queue(bench: Bench) -> list[tuple[str, str | None, str]]:
    rows = bench.query("select kind, field, status from jamf_sync.conflicts order by conflict_id")
    return [(row["kind"], row["field"], row["status"]) for row in rows]


def _disagree(bench: Bench, asset_tag: str = "IT-2") -> None:
    bench.computer("1", "C02ABC", asset_tag=asset_tag)


@pytest.fixture
def disagreement(bench: Bench) -> Bench:
    """A linked device whose asset tag JAMF sees differently."""
    bench.computer("1", "C02ABC", asset_tag="IT-1")
    bench.sync()
    _disagree(bench)
    bench.sync()
    return bench


def test_a_conflict_is_opened_once_and_shown_on_the_link(disagreement: Bench) -> None:
    plan = disagreement.sync()
    assert _queue(disagreement) == [("owned_field_differs", "asset_tag", "open")]
    assert update_conflicts(disagreement.connection, disagreement.integration, plan) == {
        "opened": 0,
        "closed": 0,
    }
    assert disagreement.value("select sync_status from integration_object_mappings") == "conflict"
    (row,) = open_conflicts(disagreement.connection, disagreement.integration.id)
    assert (row["jamf_value"], row["moss_value"]) == ("IT-2", "IT-1")


def test_open_conflicts_can_be_asked_for_by_kind(disagreement: Bench) -> None:
    found = [
        len(
            open_conflicts(disagreement.connection, disagreement.integration.id, kind=kind, limit=5)
        )
        for kind in ("owned_field_differs", "serial_taken", None)
    ]
    assert found == [1, 0, 1]


def test_an_open_conflict_follows_the_values(disagreement: Bench) -> None:
    _disagree(disagreement, "IT-3")
    disagreement.sync()
    assert disagreement.query("select jamf_value, status from jamf_sync.conflicts") == [
        {"jamf_value": "IT-3", "status": "open"}
    ]


def test_a_conflict_closes_by_itself_when_the_values_agree(disagreement: Bench) -> None:
    disagreement.execute("update devices set asset_tag = 'IT-2'")
    disagreement.sync()
    assert _queue(disagreement) == [("owned_field_differs", "asset_tag", "closed")]
    assert disagreement.value("select closed_at is not null from jamf_sync.conflicts")
    assert disagreement.value("select sync_status from integration_object_mappings") == "synced"


def test_a_resolved_conflict_is_not_raised_again_for_the_same_values(disagreement: Bench) -> None:
    resolve_conflicts(
        disagreement.connection,
        disagreement.integration,
        [disagreement.value("select conflict_id from jamf_sync.conflicts")],
        Resolution.KEEP_MOSS,
        resolved_by="ada@example.org",
    )
    disagreement.sync()
    assert _queue(disagreement) == [("owned_field_differs", "asset_tag", "resolved")]
    assert disagreement.value("select sync_status from integration_object_mappings") == "synced"
    _disagree(disagreement, "IT-3")
    disagreement.sync()
    assert _queue(disagreement) == [
        ("owned_field_differs", "asset_tag", "resolved"),
        ("owned_field_differs", "asset_tag", "open"),
    ]


def test_a_plan_of_other_types_closes_nothing(disagreement: Bench) -> None:
    plan = disagreement.plan(["person"])
    assert update_conflicts(disagreement.connection, disagreement.integration, plan) == {
        "opened": 0,
        "closed": 0,
    }
    assert _queue(disagreement) == [("owned_field_differs", "asset_tag", "open")]


def test_what_only_a_person_can_confirm_stays_open(bench: Bench) -> None:
    bench.device(serial_number="C02ABC")
    bench.computer("1", "C02ABC")
    bench.sync()
    bench.sync()
    assert _queue(bench) == [("serial_not_linked", "serial_number", "open")]


def test_an_edit_of_a_jamf_owned_field_is_restored_and_flagged_with_what_was_there(
    bench: Bench,
) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    bench.sync()
    assert bench.value("select hostname from devices") == "mac-1"
    (row,) = bench.query(
        "select kind, moss_value, base_value from jamf_sync.conflicts where status = 'open'"
    )
    assert (row["kind"], row["moss_value"], row["base_value"]) == (
        "human_edit_overwritten",
        "by hand",
        "mac-1",
    )


def test_an_edit_sticks_if_the_policy_says_so(bench: Bench) -> None:
    bench.policies(on_human_edit="keep")
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    devices = rows_of(bench, "devices")
    for _ in range(2):
        plan = bench.sync()
        assert rows_of(bench, "devices") == devices
        assert _queue(bench) == [("human_edit_kept", "hostname", "open")]
        assert (counts_of(plan)["device"].conflicts, counts_of(plan)["device"].adds_up) == (1, True)


def test_an_edit_that_is_kept_without_a_conflict_counts_as_unchanged(bench: Bench) -> None:
    bench.policies(on_human_edit="keep", ownership={"device.hostname": {"records_conflict": False}})
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    plan = bench.sync()
    assert _queue(bench) == []
    assert (counts_of(plan)["device"].unchanged, counts_of(plan)["device"].adds_up) == (1, True)


# -- history -----------------------------------------------------------------------------------


def test_a_runs_history_row_is_opened_once_and_closed_once(bench: Bench) -> None:
    bench.computer("1")
    integration_id = bench.integration.id
    opened = {
        open_history(bench.connection, integration_id, run_id="r", sync_type="full")
        for _ in range(3)
    }
    assert len(opened) == 1
    assert bench.value("select last_sync_status from integration_configs") == "in_progress"
    total = run_outcome(
        bench.connection,
        bench.integration,
        (plan := bench.sync()),
        bench.captures,
        plan.object_types,
    ).counts
    assert close_history(bench.connection, run_id="r", status="success", counts=total)
    assert not close_history(
        bench.connection, run_id="r", status="failed", error_message="too late"
    )
    (row,) = recent_history(bench.connection, integration_id)
    assert (row["status"], row["items_processed"], row["items_created"], row["sync_type"]) == (
        "success",
        1,
        1,
        "full",
    )
    assert row["sync_completed_at"] is not None
    assert row["run_id"] == "r"
    assert bench.value("select last_sync_status from integration_configs") == "success"


@pytest.mark.parametrize(
    ("status", "shown"), [("success", "success"), ("partial", "success"), ("failed", "failed")]
)
def test_the_integration_shows_how_its_last_run_ended(
    bench: Bench, status: Any, shown: str
) -> None:
    open_history(bench.connection, bench.integration.id, run_id="r", sync_type="full")
    close_history(
        bench.connection,
        run_id="r",
        status=status,
        error_message="why",
        error_details={"step": "x"},
    )
    assert bench.query("select last_sync_status, last_sync_error from integration_configs") == [
        {"last_sync_status": shown, "last_sync_error": "why"}
    ]
    assert bench.query(
        "select status, error_message, error_details from integration_sync_history"
    ) == [{"status": status, "error_message": "why", "error_details": {"step": "x"}}]


def test_a_run_without_a_row_closes_nothing(bench: Bench) -> None:
    assert not close_history(bench.connection, run_id="unknown", status="failed")
    assert recent_history(bench.connection, bench.integration.id) == []


def test_history_is_told_newest_first_and_no_more_than_asked_for(bench: Bench) -> None:
    for run in ("a", "b", "c"):
        open_history(bench.connection, bench.integration.id, run_id=run, sync_type="full")
    newest = recent_history(bench.connection, bench.integration.id, limit=2)
    assert [row["run_id"] for row in newest] == ["c", "b"]


# -- the integration's row ---------------------------------------------------------------------


def test_settings_saved_in_moss_are_read_and_a_bad_one_is_said(bench: Bench) -> None:
    settings = "update integration_configs set sync_settings = %s"
    bench.execute(settings, Jsonb({"on_empty_user": "clear", "their_own": 1}))
    assert find_integration(bench.connection).settings.on_empty_user == "clear"
    bench.execute(settings, Jsonb({"on_empty_user": "perhaps"}))
    with pytest.raises(Exception, match=r"on_empty_user.*integration_configs\.sync_settings"):
        find_integration(bench.connection)


def test_an_integration_is_created_once(bench: Bench) -> None:
    created = [
        create_integration(bench.connection, "Second", "https://jamf.example.org") for _ in range(2)
    ]
    assert created == [True, False]
    assert find_integration(bench.connection, _SECOND).base_url == "https://jamf.example.org"
    with pytest.raises(Exception, match="no JAMF integration named 'Third'"):
        find_integration(bench.connection, IntegrationChoice("Third"))
