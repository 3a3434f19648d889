"""What M.O.S.S. does not write although it raises no error is told as what became of that row, and never as applied.

A trigger that yields null before a row is written leaves it out without a word; so does a policy.
"""

from typing import Final

import pytest

from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.apply.validation import validate_plan
from moss_jamf_pipeline.moss.errors import HistoryNotKept
from moss_jamf_pipeline.moss.integration.history import open_history
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of

_TOLD: Final = (
    "M.O.S.S. did not write it, and raised no error: a trigger or a policy of {} left it out."
)


def _mute(bench: Bench, table: str, needle: str, verb: str = "insert or update") -> None:
    """A trigger of the organisation's own that leaves out every row of a table that has a text in it."""
    is_it = "to_jsonb(coalesce(new, old))::text like '%' || tg_argv[0] || '%'"
    bench.execute(
        f"""create or replace function public.mute() returns trigger language plpgsql as
            $$ begin if {is_it} then return null; end if; return coalesce(new, old); end $$"""
    )
    bench.execute(
        f"create trigger mute before {verb} on {table} for each row execute function public.mute('{needle}')"
    )


def _unmute(bench: Bench, table: str) -> None:
    bench.execute(f"drop trigger mute on {table}")


def _world(bench: Bench, name: str = "mac") -> None:
    """An object of every type, twice; `name` is in the fields that change from one sync to the next."""
    for number in ("1", "2"):
        bench.building(number, f"Building {number}")
        bench.user(number, username=f"user{number}", email=f"{name}{number}@example.org")
        bench.computer_group(number, f"{name} group {number}")
        bench.computer(
            number,
            hostname=f"{name}-{number}",
            os_build=f"{name} build {number}",
            username=f"user{number}",
            building_id=number,
            room=f"Room {number}",
            mac_address=f"A0:B2:C3:D4:E5:0{number}",
            mac_interface_type="wifi" if name == "mac" else "ethernet",
            static_group_ids=[number],
        )


def _outcomes(bench: Bench, plan: Plan, object_type: str) -> list[tuple[str, str | None]]:
    rows = bench.query(
        "select outcome, outcome_detail from jamf_sync.change_plan where plan_id = %s and object_type = %s",
        plan.plan_id,
        object_type,
    )
    return sorted(((row["outcome"], row["outcome_detail"]) for row in rows), key=str)


def _assert_one_left_out(bench: Bench, plan: Plan, object_type: str, table: str) -> None:
    assert _outcomes(bench, plan, object_type) == [
        ("applied", None),
        ("failed", _TOLD.format(table)),
    ]
    assert all(count.adds_up for count in plan.counts)


_CREATED: Final = {
    "location": ("public.locations", "Building 2"),
    "room": ("public.rooms", "Room 2"),
    "person": ("public.people", "mac2@example.org"),
    "device": ("public.devices", "SERIAL2"),
    "io": ("public.ios", ":E5:02"),
    "group": ("public.groups", "mac group 2"),
}


@pytest.mark.parametrize("object_type", _CREATED)
def test_an_object_that_is_not_created_is_told_and_neither_linked_nor_ours(
    trial: Bench, object_type: str
) -> None:
    table, needle = _CREATED[object_type]
    _world(trial)
    _mute(trial, table, needle)
    plan = trial.sync()
    _assert_one_left_out(trial, plan, object_type, table)
    left_out = trial.value(
        "select object_id from jamf_sync.change_plan where plan_id = %s and outcome_detail = %s",
        *(plan.plan_id, _TOLD.format(table)),
    )
    for place in (
        "jamf_sync.created_objects where object_id",
        "jamf_sync.applied_values where object_id",
        "integration_object_mappings where internal_id",
    ):
        assert trial.query(f"select from {place} = %s", left_out) == []
    outcome = run_outcome(
        trial.connection, trial.integration, plan, trial.captures, plan.object_types
    )
    assert outcome.status == "partial"

    _unmute(trial, table)
    again = trial.sync()
    assert counts_of(again)[object_type].created == 1
    assert all(count.failed == 0 for count in again.counts)


_UPDATED: Final = {
    "person": ("public.people", "renamed2@example.org"),
    "device": ("public.devices", "renamed-2"),
    "io": ("public.ios", ":E5:02"),
    "group": ("public.groups", "renamed group 2"),
}


@pytest.mark.parametrize("object_type", _UPDATED)
def test_a_change_that_is_not_written_is_told_and_planned_again(
    trial: Bench, object_type: str
) -> None:
    table, needle = _UPDATED[object_type]
    _world(trial)
    trial.sync()
    _world(trial, "renamed")
    _mute(trial, table, needle, "update")
    _assert_one_left_out(trial, trial.sync(), object_type, table)
    _unmute(trial, table)
    again = trial.sync()
    assert counts_of(again)[object_type].updated == 1
    assert all(count.unchanged == count.seen for count in trial.sync().counts)


def test_a_field_that_is_not_filled_is_told_and_not_in_the_ledger(trial: Bench) -> None:
    for number in ("1", "2"):
        trial.device(serial_number=f"SERIAL{number}", hostname=f"mac-{number}")
        trial.computer(number, hostname=f"mac-{number}", asset_tag=f"IT-{number}")
    _mute(trial, "public.devices", "IT-2")
    plan = trial.sync()
    _assert_one_left_out(trial, plan, "device", "public.devices")
    assert trial.query("select written from jamf_sync.owned_writes where field = 'asset_tag'") == [
        {"written": "IT-1"}
    ]


# The released M.O.S.S. has one word for every Mac: there is nothing to follow.
@pytest.mark.dialects("strategy")
def test_a_kind_of_device_that_does_not_follow_is_told(trial: Bench) -> None:
    for form_factor in (None, "laptop"):
        for number in ("1", "2"):
            trial.computer(number, hostname=f"mac-{number}", form_factor=form_factor)
        if form_factor is None:
            trial.sync()
    _mute(trial, "public.devices", "SERIAL2", "update")
    _assert_one_left_out(trial, trial.sync(), "device", "public.devices")
    assert trial.query("select device_type from devices order by serial_number") == [
        {"device_type": trial.dialect.laptop},
        {"device_type": trial.dialect.workstation},
    ]


def test_a_decision_that_is_not_written_is_told_and_stays(trial: Bench) -> None:
    for number in ("1", "2"):
        trial.device(
            serial_number=f"SERIAL{number}", hostname=f"mac-{number}", asset_tag=f"OURS-{number}"
        )
        trial.computer(number, hostname=f"mac-{number}", asset_tag=f"IT-{number}")
    trial.sync()
    decided = trial.execute(
        """update jamf_sync.conflicts
           set status = 'resolved', resolution = 'take_jamf', resolved_by = 'ada', resolved_at = now()
           where field = 'asset_tag'"""
    )
    assert decided == 2
    _mute(trial, "public.devices", "IT-2", "update")
    _assert_one_left_out(trial, trial.sync(), "device", "public.devices")
    assert trial.query(
        "select jamf_value from jamf_sync.conflicts where field = 'asset_tag' and carried_out_by_plan is null"
    ) == [{"jamf_value": "IT-2"}]


@pytest.mark.every_dialect
def test_a_custom_field_that_is_not_written_is_told(trial: Bench) -> None:
    table = trial.dialect.custom_field_values
    _world(trial)
    trial.sync()
    _world(trial, "renamed")
    _mute(trial, table, "renamed build 2")
    _assert_one_left_out(trial, trial.sync(), "device", table)
    assert trial.value("select hostname from devices where serial_number = 'SERIAL2'") == "mac-2"
    _unmute(trial, table)
    assert counts_of(trial.sync())["device"].updated == 1


@pytest.mark.every_dialect
def test_the_end_of_an_enrolment_that_is_not_shown_is_told(trial: Bench) -> None:
    table = trial.dialect.custom_field_values
    _world(trial)
    trial.sync()
    for number in ("1", "2"):
        trial.gone("computers", number)
    device = trial.value("select id from devices where serial_number = 'SERIAL2'")
    _mute(trial, table, str(device))
    plan = trial.sync()
    outcomes = trial.query(
        "select external_id, outcome, outcome_detail from jamf_sync.change_plan"
        " where plan_id = %s and object_type = 'mapping' and action = 'unenroll' order by external_id",
        plan.plan_id,
    )
    assert outcomes == [
        {"external_id": "1", "outcome": "applied", "outcome_detail": None},
        {"external_id": "2", "outcome": "failed", "outcome_detail": _TOLD.format(table)},
    ]
    assert (
        trial.value(
            "select sync_status from integration_object_mappings where internal_id = %s", device
        )
        != "deleted_external"
    )


def test_a_link_that_is_not_written_is_told_and_its_object_not_made(trial: Bench) -> None:
    table = "public.integration_object_mappings"
    trial.computer("1", hostname="mac-1")
    trial.computer("2", hostname="mac-2")
    _mute(trial, table, "SERIAL2")
    _assert_one_left_out(trial, trial.sync(), "device", table)
    assert trial.query("select hostname from devices") == [{"hostname": "mac-1"}]


def test_the_status_of_a_link_that_is_not_written_is_told(trial: Bench) -> None:
    table = "public.integration_object_mappings"
    _world(trial)
    trial.sync()
    for number in ("1", "2"):
        trial.gone("computers", number)
    device = trial.value("select id from devices where serial_number = 'SERIAL2'")
    _mute(trial, table, str(device), "update")
    plan = trial.sync()
    told = trial.query(
        "select outcome, outcome_detail from jamf_sync.change_plan"
        " where plan_id = %s and object_type = 'mapping' and object_id = %s",
        *(plan.plan_id, device),
    )
    assert {"outcome": "failed", "outcome_detail": _TOLD.format(table)} in told
    assert {row["outcome"] for row in told} == {"failed"}


def _people_of_groups(bench: Bench) -> tuple[str, str]:
    """The table of members, and the member that is left out."""
    if bench.dialect.groups_hold_devices:
        member = bench.value("select id from devices where serial_number = 'SERIAL2'")
    else:
        member = bench.value("select id from people where username = 'user2'")
    return "public.group_members", str(member)


def _members(bench: Bench, plan: Plan) -> list[tuple[str, str | None]]:
    rows = bench.query(
        """select outcome, outcome_detail from jamf_sync.change_plan
           where plan_id = %s and object_type = 'group_member' and external_type = %s""",
        plan.plan_id,
        "device" if bench.dialect.groups_hold_devices else "person",
    )
    return sorted(((row["outcome"], row["outcome_detail"]) for row in rows), key=str)


@pytest.mark.every_dialect
def test_a_member_that_does_not_join_is_told_and_not_ours(trial: Bench) -> None:
    _world(trial)
    for number in ("1", "2"):
        trial.computer(number, hostname=f"mac-{number}", username=f"user{number}")
    trial.sync()
    table, member = _people_of_groups(trial)
    _world(trial)
    _mute(trial, table, member)
    assert _members(trial, trial.sync()) == [
        ("applied", None),
        ("failed", _TOLD.format(table)),
    ]
    assert (
        trial.query("select from jamf_sync.group_member_additions where member_id = %s", member)
        == []
    )


def test_a_member_that_does_not_leave_is_told_and_stays_ours(trial: Bench) -> None:
    _world(trial)
    trial.sync()
    table, member = _people_of_groups(trial)
    for number in ("1", "2"):
        trial.computer(
            number, hostname=f"mac-{number}", username=f"user{number}", static_group_ids=[]
        )
    _mute(trial, table, member, "delete")
    assert _members(trial, trial.sync()) == [
        ("applied", None),
        ("failed", _TOLD.format(table)),
    ]
    assert trial.query("select from jamf_sync.group_member_additions where member_id = %s", member)


def _revert(bench: Bench, undone: Plan) -> Plan:
    plan = make_revert_plan(bench.connection, bench.integration, undone.plan_id, run_id="a-revert")
    return bench.apply(plan)


def test_what_a_revert_does_not_put_back_is_told_and_can_be_put_back_later(trial: Bench) -> None:
    for number in ("1", "2"):
        trial.device(serial_number=f"SERIAL{number}", hostname=f"mac-{number}")
        trial.computer(number, hostname=f"mac-{number}", asset_tag=f"IT-{number}")
    plan = trial.sync()
    _mute(trial, "public.devices", "SERIAL2", "update")
    reverted = _revert(trial, plan)
    assert ("failed", _TOLD.format("public.devices")) in _outcomes(trial, reverted, "device")
    _unmute(trial, "public.devices")
    _revert(trial, plan)
    assert trial.query("select asset_tag from devices") == [{"asset_tag": None}] * 2


def test_what_a_revert_does_not_delete_stays_whole_and_is_told(trial: Bench) -> None:
    for number in ("1", "2"):
        trial.computer(number, hostname=f"mac-{number}")
    plan = trial.sync()
    _mute(trial, "public.devices", "SERIAL2", "delete")
    assert _outcomes(trial, _revert(trial, plan), "device") == [
        ("applied", None),
        (
            "refused",
            "It stays: a trigger or a policy of public.devices keeps it from being deleted, without an error.",
        ),
    ]
    assert trial.query("select hostname from devices") == [{"hostname": "mac-2"}]
    for table, column in (
        ("integration_object_mappings", "internal_id"),
        ("jamf_sync.created_objects", "object_id"),
        ("jamf_sync.applied_values", "object_id"),
    ):
        assert trial.query(f"select from {table} where {column} in (select id from devices)"), table


def test_a_link_that_a_revert_does_not_delete_is_told(trial: Bench) -> None:
    for number in ("1", "2"):
        trial.device(serial_number=f"SERIAL{number}", hostname=f"mac-{number}")
        trial.computer(number, hostname=f"mac-{number}")
    plan = trial.sync()
    table = "public.integration_object_mappings"
    _mute(trial, table, "SERIAL2", "delete")
    _assert_one_left_out(trial, _revert(trial, plan), "mapping", table)


def test_the_trial_of_a_plan_finds_it(trial: Bench) -> None:
    _world(trial)
    trial.sync()
    _world(trial, "renamed")
    _mute(trial, "public.devices", "renamed-2", "update")
    found = validate_plan(trial.connection, trial.integration, trial.plan())
    assert found.by_problem == {"failed": 1}
    assert found.examples[0]["detail"] == _TOLD.format("public.devices")


def test_what_was_refused_is_not_taken_for_left_out(trial: Bench) -> None:
    """The plan before had the same row, which waits for ever."""
    trial.computer(
        "1", hostname="mac-1", mac_address="A0:B2:C3:D4:E5:01", mac_interface_type="wifi"
    )
    trial.plan()
    plan = trial.plan()
    trial.interface(trial.device(hostname="other"), "A0:B2:C3:D4:E5:01")
    trial.apply(plan)
    assert _outcomes(trial, plan, "io") == [
        ("refused", "Its device does not exist, or the MAC address stands on an interface by now.")
    ]


def test_a_run_that_the_history_does_not_take_is_told_and_not_begun(trial: Bench) -> None:
    _mute(trial, "public.integration_sync_history", str(trial.integration.id), "insert")
    with pytest.raises(HistoryNotKept, match="left it out"):
        open_history(trial.connection, trial.integration.id, run_id="a-run", sync_type="full")
    assert trial.query("select from jamf_sync.sync_runs where run_id = 'a-run'") == []
