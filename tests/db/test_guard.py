"""The guard: what is too much at once is held, as a kind; the rest of the plan is applied; an approval releases it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPE_NAMES
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import PlanNotApplicable
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from moss_jamf_pipeline.moss.plan.guard import (
    Choice,
    HeldChanges,
    approvals,
    choose_plan,
    guard_plan,
    held_changes,
    held_examples,
    held_summary,
)
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind, GuardSettings
from moss_jamf_pipeline.moss.plan.planning import Plan, insert_plan, read_plan
from tests.db.support import Bench, Row, counts_of, rows_of

_EVERYTHING = (*OBJECT_TYPE_NAMES, "mapping")
_ONE_OF_EACH = {kind.value: {"absolute": 1, "percentage": 0} for kind in GuardKind}


def choose(bench: Bench, plan_id: int = 0, *approve: str, run_id: str | None = None) -> Choice:
    """What a run that begins now would apply."""
    return choose_plan(
        bench.connection,
        bench.integration,
        run_id=run_id or str(uuid4()),
        plan_id=plan_id,
        approve=approve,
        approved_by="ada@example.org",
        approval_reason=" they were sold. " if approve else "",
    )


def apply(bench: Bench, choice: Choice) -> Plan:
    """Applies what was chosen, as the assets do; returns the plan as that run sees it."""
    for object_type in _EVERYTHING:
        apply_objects(
            bench.connection, bench.integration, choice.plan, object_type, since=choice.chosen_at
        )
    return read_plan(bench.connection, choice.plan.plan_id, since=choice.chosen_at)


def guarded_sync(bench: Bench, *approve: str) -> Plan:
    """Matches, plans, guards and applies."""
    return apply(bench, choose(bench, bench.plan().plan_id, *approve))


def held_rows(bench: Bench, plan_id: int) -> list[Row]:
    """The held rows of a plan, in order."""
    return bench.query(
        """select object_type, action, external_type, external_id, held_as, after, before,
                  split_from is not null as is_split
           from jamf_sync.change_plan where plan_id = %s and outcome = 'held' order by object_type, external_id""",
        plan_id,
    )


def fleet(bench: Bench, number: int, **columns: Any) -> None:
    """Imports Macs 1 … number, whatever the guard says, and sets the limits to one of each kind."""
    for place in range(1, number + 1):
        bench.computer(str(place), hostname=f"mac-{place}", os_version="14.0", **columns)
    bench.sync()
    bench.policies(guard=_ONE_OF_EACH)


def hostnames(bench: Bench) -> dict[str, str]:
    return {
        row["serial_number"]: row["hostname"]
        for row in bench.query("select serial_number, hostname from devices")
    }


# -- what is counted, and when it is too much ----------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "planned", "linked", "is_held"),
    [
        ("unenroll", 25, 100, False),
        ("unenroll", 26, 100, True),
        ("unenroll", 50, 1000, False),
        ("unenroll", 51, 1000, True),
        ("reassign", 100, 100, False),
        ("reassign", 101, 100, True),
        ("rename", 2_000, 10_000, False),
        ("rename", 2_001, 10_000, True),
        ("create", 250, 0, False),
        ("create", 251, 1_000, True),
        ("create", 2_500, 10_000, False),
    ],
)
def test_the_larger_of_both_numbers_is_the_limit(
    kind: str, planned: int, linked: int, is_held: bool
) -> None:
    limit = GuardSettings().limit_of(GuardKind(kind))
    assert limit is not None
    assert (planned > limit.allowed(linked)) is is_held


def test_a_kind_that_is_switched_off_is_never_held(trial: Bench) -> None:
    fleet(trial, 3)
    trial.policies(guard=_ONE_OF_EACH | {"unenroll": None})
    for jamf_id in ("1", "2", "3"):
        trial.gone("computers", jamf_id)

    plan = guarded_sync(trial)

    assert counts_of(plan)["device"].unenrolled == 3
    assert held_changes(trial.connection, plan.plan_id) == ()


def test_as_many_as_the_limit_pass(trial: Bench) -> None:
    fleet(trial, 3)
    trial.gone("computers", "1")

    assert counts_of(guarded_sync(trial))["device"].unenrolled == 1


def test_too_many_unenrolments_are_held_and_the_rest_is_applied(trial: Bench) -> None:
    fleet(trial, 4)
    trial.gone("computers", "1")
    trial.gone("computers", "2")
    trial.computer("3", hostname="mac-3", os_version="15.0")

    plan = guarded_sync(trial)

    counts = counts_of(plan)["device"]
    assert (counts.unenrolled, counts.unenrolments_held, counts.updated) == (0, 2, 1)
    assert counts.adds_up
    assert plan.status == "applied"
    assert trial.query("select distinct sync_status from integration_object_mappings") == [
        {"sync_status": "synced"}
    ]
    (held,) = held_changes(trial.connection, plan.plan_id)
    assert (held.kind, held.object_type, held.planned, held.linked, held.allowed) == (
        GuardKind.UNENROLL,
        "device",
        2,
        4,
        1,
    )
    assert held.sentence == (
        "2 of 4 linked devices are gone from JAMF, more than the 1 that the guard lets through: held (unenroll)."
    )


def test_what_many_moved_links_look_like_is_said_once() -> None:
    held = [
        HeldChanges(GuardKind.RELINK, object_type, planned=700, linked=700, allowed=7)
        for object_type in ("device", "person")
    ]
    summary = held_summary(2, held)
    assert summary.count("looks like another or a restored JAMF server") == 1
    assert summary.count("700 of 700 linked") == 2
    assert summary.index("linked people") < summary.index("looks like") < summary.index("approve 2")


def test_people_and_groups_are_counted_apart_from_devices(trial: Bench) -> None:
    for number in ("1", "2", "3"):
        trial.user(number, username=f"user-{number}", email=f"{number}@example.org")
        trial.computer_group(number, f"Group {number}")
        trial.computer(number, hostname=f"mac-{number}")
    trial.sync()
    trial.policies(guard=_ONE_OF_EACH)
    trial.gone("computers", "1")
    for number in ("1", "2"):
        trial.gone("users", number)
        trial.gone("groups", number)

    plan = guarded_sync(trial)

    held = {
        (change.kind.value, change.object_type)
        for change in held_changes(trial.connection, plan.plan_id)
    }
    assert held == {("unenroll", "person"), ("unenroll", "group")}
    assert {
        name: counts.unenrolled for name, counts in counts_of(plan).items() if counts.unenrolled
    } == {"device": 1}


def test_a_renamed_fleet_keeps_its_names_and_gets_everything_else(trial: Bench) -> None:
    fleet(trial, 3)
    for number in ("1", "2"):
        trial.computer(number, hostname=f"new-{number}", os_version="15.0")
    trial.computer("3", hostname="mac-3", os_version="15.0")

    plan = guarded_sync(trial)

    assert set(hostnames(trial).values()) == {"mac-1", "mac-2", "mac-3"}
    assert trial.query("select distinct os_version from devices") == [{"os_version": "15.0"}]
    rows = held_rows(trial, plan.plan_id)
    assert [(row["held_as"], row["is_split"], row["after"]) for row in rows] == [
        ("rename", True, {"hostname": "new-1"}),
        ("rename", True, {"hostname": "new-2"}),
    ]
    counts = counts_of(plan)["device"]
    assert (counts.updated, counts.held, counts.seen) == (3, 0, 3)
    assert counts.adds_up


def test_a_row_of_which_everything_is_held_is_held_whole(trial: Bench) -> None:
    fleet(trial, 2)
    for number in ("1", "2"):
        trial.computer(number, hostname=f"new-{number}", os_version="14.0")

    plan = guarded_sync(trial)

    assert [row["is_split"] for row in held_rows(trial, plan.plan_id)] == [False, False]
    counts = counts_of(plan)["device"]
    assert (counts.updated, counts.held) == (0, 2)
    assert counts.adds_up


def _reassign(bench: Bench, *, also_rename: bool = False) -> None:
    """Two Macs whose person changes."""
    for number in ("1", "2"):
        bench.user(number, username=f"old-{number}", email=f"old-{number}@example.org")
        bench.user(f"9{number}", username=f"new-{number}", email=f"new-{number}@example.org")
        bench.computer(number, hostname=f"mac-{number}", username=f"old-{number}")
    bench.sync()
    bench.policies(guard=_ONE_OF_EACH)
    for number in ("1", "2"):
        name = f"renamed-{number}" if also_rename else f"mac-{number}"
        bench.computer(number, hostname=name, username=f"new-{number}")


def _usernames(bench: Bench) -> set[str]:
    rows = bench.query(
        "select p.username from devices d join people p on p.id = d.assigned_to_person_id"
    )
    return {row["username"] for row in rows}


def test_too_many_reassignments_are_held(trial: Bench) -> None:
    _reassign(trial)

    plan = guarded_sync(trial)

    assert _usernames(trial) == {"old-1", "old-2"}
    assert {row["held_as"] for row in held_rows(trial, plan.plan_id)} == {"reassign"}


def test_a_mass_of_emptied_assignments_is_held_as_well(trial: Bench) -> None:
    _reassign(trial)
    trial.policies(guard=_ONE_OF_EACH, on_empty_user="clear")
    for number in ("1", "2"):
        trial.computer(number, hostname=f"mac-{number}")

    plan = guarded_sync(trial)

    assert _usernames(trial) == {"old-1", "old-2"}
    assert [change.kind for change in held_changes(trial.connection, plan.plan_id)] == [
        GuardKind.REASSIGN
    ]


def test_a_first_assignment_is_no_reassignment(trial: Bench) -> None:
    fleet(trial, 2)
    for number in ("1", "2"):
        trial.user(number, username=f"user-{number}", email=f"{number}@example.org")
        trial.computer(
            number, hostname=f"mac-{number}", os_version="14.0", username=f"user-{number}"
        )
    trial.policies(guard=_ONE_OF_EACH | {"create": None})

    guarded_sync(trial)

    assert _usernames(trial) == {"user-1", "user-2"}


def test_two_kinds_in_one_row_are_held_and_approved_apart(trial: Bench) -> None:
    _reassign(trial, also_rename=True)
    plan = guarded_sync(trial)
    assert counts_of(plan)["device"].held == 2
    assert sorted(row["held_as"] for row in held_rows(trial, plan.plan_id)) == [
        *("reassign", "reassign"),
        *("rename", "rename"),
    ]

    again = apply(trial, choose(trial, plan.plan_id, "rename"))

    assert set(hostnames(trial).values()) == {"renamed-1", "renamed-2"}
    assert _usernames(trial) == {"old-1", "old-2"}
    assert counts_of(again)["device"].adds_up
    assert (counts_of(again)["device"].updated, counts_of(again)["device"].held) == (2, 0)

    last = apply(trial, choose(trial, plan.plan_id, "reassign"))

    assert _usernames(trial) == {"new-1", "new-2"}
    assert held_rows(trial, plan.plan_id) == []
    assert counts_of(last)["device"].adds_up


# -- creates --------------------------------------------------------------------------------------


def test_a_first_import_of_any_size_is_not_held(trial: Bench) -> None:
    trial.policies(guard=_ONE_OF_EACH)
    for number in range(1, 6):
        trial.computer(str(number), hostname=f"mac-{number}")

    assert counts_of(guarded_sync(trial))["device"].created == 5


def test_an_import_that_was_interrupted_is_still_the_first(trial: Bench) -> None:
    trial.policies(guard=_ONE_OF_EACH)
    for number in range(1, 6):
        trial.computer(str(number), hostname=f"mac-{number}")
    plan = trial.plan()
    choice = choose(trial, plan.plan_id)
    apply_objects(trial.connection, trial.integration, choice.plan, "device")
    for number in range(6, 10):
        trial.computer(str(number), hostname=f"mac-{number}")

    counts = counts_of(guarded_sync(trial))["device"]

    assert (counts.created, counts.held) == (4, 0)
    assert read_plan(trial.connection, plan.plan_id).status == "superseded"


def test_an_import_from_an_incomplete_capture_is_still_the_first(trial: Bench) -> None:
    trial.policies(guard=_ONE_OF_EACH)
    trial.execute("update jamf_sync.captures set captured_count = 5")
    trial.incomplete("computers")
    trial.execute("update jamf_sync.captures set captured_count = 5")
    trial.computer("1", hostname="mac-1")
    trial.computer("2", hostname="mac-2")
    guarded_sync(trial)
    trial.captures["computers"] = trial.new_capture("computers")
    for number in range(3, 6):
        trial.computer(str(number), hostname=f"mac-{number}")

    assert counts_of(guarded_sync(trial))["device"].created == 3


def test_links_that_no_plan_on_record_made_end_the_first_import(trial: Bench) -> None:
    trial.policies(guard=_ONE_OF_EACH)
    for number in ("1", "2"):
        trial.computer(number, hostname=f"mac-{number}")
        trial.linked_device(number, serial_number=f"SERIAL{number}", hostname=f"mac-{number}")
    for number in ("3", "4"):
        trial.computer(number, hostname=f"mac-{number}")

    counts = counts_of(guarded_sync(trial))["device"]

    assert (counts.created, counts.held) == (0, 2)


def test_an_import_of_one_type_is_not_the_first_of_another(trial: Bench) -> None:
    trial.policies(guard=_ONE_OF_EACH)
    trial.user("1", username="one", email="1@example.org")
    apply(trial, choose(trial, trial.plan(["person"]).plan_id))
    for number in range(1, 4):
        trial.computer(str(number), hostname=f"mac-{number}")

    assert counts_of(guarded_sync(trial))["device"].created == 3


def _new_macs(bench: Bench) -> Plan:
    """Three new Macs of three new people, with interfaces and groups, beside two known ones."""
    bench.computer_group("5", "Static")
    fleet(bench, 2)
    for number in ("7", "8", "9"):
        bench.user(number, username=f"user-{number}", email=f"{number}@example.org")
        bench.computer(
            number,
            hostname=f"mac-{number}",
            username=f"user-{number}",
            mac_address=f"AC:BB:CC:00:00:0{number}",
            mac_interface_type="wifi",
            static_group_ids=["5"],
        )
    return guarded_sync(bench)


def test_what_depends_on_a_held_create_is_held_with_it(trial: Bench) -> None:
    plan = _new_macs(trial)

    held = {(row["object_type"], row["held_as"]) for row in held_rows(trial, plan.plan_id)}
    assert held == {
        *(("device", "create"), ("person", "create"), ("io", "create"), ("group_member", "create")),
    }
    assert all(counts.adds_up for counts in plan.counts)
    assert trial.value("select count(*) from devices") == 2
    assert trial.value("select count(*) from people") == 0
    assert (
        trial.query(
            "select outcome_detail from jamf_sync.change_plan where plan_id = %s and outcome in ('refused', 'failed')",
            plan.plan_id,
        )
        == []
    )


def test_an_approved_create_brings_what_depends_on_it(trial: Bench) -> None:
    plan = _new_macs(trial)

    done = apply(trial, choose(trial, plan.plan_id, "create"))

    assert held_rows(trial, plan.plan_id) == []
    assert all(counts.adds_up for counts in done.counts)
    assert trial.value("select count(*) from devices where assigned_to_person_id is not null") == 3
    assert trial.value("select count(*) from ios") == 3
    assert trial.value("select count(*) from jamf_sync.group_member_additions") >= 3
    assert counts_of(guarded_sync(trial))["device"].unchanged == 5


def test_a_known_mac_of_a_held_person_gets_everything_but_that_person(trial: Bench) -> None:
    fleet(trial, 2)
    for number in ("1", "2"):
        trial.user(number, username=f"user-{number}", email=f"{number}@example.org")
        trial.computer(
            number, hostname=f"mac-{number}", os_version="15.0", username=f"user-{number}"
        )

    plan = guarded_sync(trial)

    assert trial.query("select distinct os_version from devices") == [{"os_version": "15.0"}]
    assert _usernames(trial) == set()
    assert counts_of(plan)["device"].skipped == 0

    apply(trial, choose(trial, plan.plan_id, "create"))

    assert _usernames(trial) == {"user-1", "user-2"}
    assert counts_of(guarded_sync(trial))["device"].unchanged == 2


def test_a_new_mac_of_a_held_person_is_created_without_one(trial: Bench) -> None:
    fleet(trial, 2)
    trial.policies(guard=_ONE_OF_EACH | {"create": {"absolute": 1, "percentage": 50}})
    trial.computer("7", hostname="mac-7", username="user-7")
    for number in ("7", "8"):
        trial.user(number, username=f"user-{number}", email=f"{number}@example.org")
    # A first import of people would not be held: this is not the first.
    trial.execute("update jamf_sync.captures set captured_count = 0")

    plan = guarded_sync(trial)

    assert counts_of(plan)["device"].created == 1
    assert counts_of(plan)["person"].held == 2
    (split,) = [row for row in held_rows(trial, plan.plan_id) if row["object_type"] == "device"]
    assert (split["action"], split["before"]) == ("update", {"assigned_to_person_id": None})

    apply(trial, choose(trial, plan.plan_id, "create"))

    assert _usernames(trial) == {"user-7"}


# -- approving ------------------------------------------------------------------------------------


def _too_many_gone(bench: Bench) -> Plan:
    fleet(bench, 4)
    for number in ("1", "2"):
        bench.gone("computers", number)
    return guarded_sync(bench)


def test_an_approval_releases_its_kind_and_says_by_whom(trial: Bench) -> None:
    plan = _too_many_gone(trial)

    done = apply(trial, choose(trial, plan.plan_id, "unenroll"))

    assert (done.status, counts_of(done)["device"].unenrolled) == ("applied", 2)
    assert held_changes(trial.connection, plan.plan_id) == ()
    (approval,) = trial.query("select kind, approved_by, released from jamf_sync.plan_approvals")
    assert approval == {"kind": "unenroll", "approved_by": "ada@example.org", "released": 2}
    (told,) = approvals(trial.connection, plan.plan_id)
    assert told.sentence == (
        "ada@example.org approved 2 changes of the kind unenroll. Why: they were sold."
    )


def test_a_run_that_approves_reports_only_what_it_did_itself(bench: Bench) -> None:
    fleet(bench, 4)
    for number in ("1", "2"):
        bench.gone("computers", number)
    bench.computer("3", hostname="mac-3", os_version="15.0")
    plan = guarded_sync(bench)
    assert counts_of(plan)["device"].updated == 1

    done = counts_of(apply(bench, choose(bench, plan.plan_id, "unenroll")))["device"]

    assert (done.updated, done.unchanged, done.unenrolled) == (0, 2, 2)
    assert done.adds_up


def test_a_plan_that_was_approved_before_it_was_guarded_is_not_held(trial: Bench) -> None:
    fleet(trial, 4)
    for number in ("1", "2"):
        trial.gone("computers", number)
    plan = trial.plan()

    done = apply(trial, choose(trial, plan.plan_id, "unenroll"))

    assert counts_of(done)["device"].unenrolled == 2


def test_a_newer_plan_holds_anew_what_an_older_one_held(trial: Bench) -> None:
    old = _too_many_gone(trial)
    new = guarded_sync(trial)
    assert [change.planned for change in held_changes(trial.connection, new.plan_id)] == [2]

    with pytest.raises(PlanNotApplicable, match=f"planned anew by plan {new.plan_id}"):
        choose(trial, old.plan_id, "unenroll")

    assert counts_of(apply(trial, choose(trial, new.plan_id, "unenroll")))["device"].unenrolled == 2


def test_a_waiting_plan_is_judged_anew_by_the_limits_as_they_are_now(trial: Bench) -> None:
    fleet(trial, 3)
    for number in ("1", "2", "3"):
        trial.computer(number, hostname=f"new-{number}", os_version="15.0")
    plan = trial.plan()
    assert guard_plan(trial.connection, trial.integration, plan.plan_id) != ()
    assert len(held_rows(trial, plan.plan_id)) == 3
    trial.policies(guard=_ONE_OF_EACH | {"rename": {"absolute": 3}})

    assert guard_plan(trial.connection, trial.integration, plan.plan_id) == ()

    rows = trial.query(
        "select after from jamf_sync.change_plan where plan_id = %s and object_type = 'device'",
        plan.plan_id,
    )
    assert [set(row["after"]) for row in rows] == [{"hostname", "os_version"}] * 3
    apply(trial, choose(trial, plan.plan_id))
    assert set(hostnames(trial).values()) == {"new-1", "new-2", "new-3"}


def test_a_plan_that_is_being_applied_is_not_judged_by_what_remains_of_it(trial: Bench) -> None:
    fleet(trial, 4)
    trial.computer("1", hostname="new-1", os_version="15.0")
    plan = trial.plan()
    choose(trial, plan.plan_id)
    trial.execute("update jamf_sync.plans set status = 'applying' where plan_id = %s", plan.plan_id)
    trial.policies(guard=_ONE_OF_EACH | {"rename": {"absolute": 0}})

    assert choose(trial, plan.plan_id).held == ()


def test_what_is_held_is_applied_only_where_moss_did_not_move_meanwhile(trial: Bench) -> None:
    fleet(trial, 3)
    for number in ("1", "2", "3"):
        trial.computer(number, hostname=f"new-{number}", os_version="15.0")
    plan = guarded_sync(trial)
    trial.execute("update devices set hostname = 'by hand' where hostname = 'mac-2'")

    done = apply(trial, choose(trial, plan.plan_id, "rename"))

    assert set(hostnames(trial).values()) == {"new-1", "by hand", "new-3"}
    assert counts_of(done)["device"].adds_up


def test_examples_name_what_is_held(trial: Bench) -> None:
    plan = _too_many_gone(trial)
    examples = held_examples(trial.connection, plan.plan_id, GuardKind.UNENROLL)
    assert [(row["object_type"], row["label"], row["external_id"]) for row in examples] == [
        ("device", "mac-1", "1"),
        ("device", "mac-2", "2"),
    ]


def test_the_run_is_partial_and_its_message_says_what_to_do(trial: Bench) -> None:
    plan = _too_many_gone(trial)
    outcome = run_outcome(trial.connection, trial.integration, plan, trial.captures, _EVERYTHING)
    assert outcome.status == "partial"
    held = held_changes(trial.connection, plan.plan_id)
    assert outcome.message == held_summary(plan.plan_id, held)
    assert f"`moss-jamf approve {plan.plan_id}`" in outcome.message
    assert outcome.details["held"] == [{"kind": "unenroll", "object_type": "device", "changes": 2}]


# -- which plan a run applies -----------------------------------------------------------------


def test_a_run_keeps_its_choice(bench: Bench) -> None:
    bench.computer("1", hostname="mac-1")
    first = bench.plan()
    assert choose(bench, run_id="one").plan.plan_id == first.plan_id
    assert choose(bench, run_id="one").plan.plan_id == first.plan_id
    apply(bench, choose(bench, run_id="one"))
    second = bench.plan()
    assert choose(bench, run_id="one").plan.plan_id == first.plan_id
    assert choose(bench, run_id="two").plan.plan_id == second.plan_id


def test_a_run_that_made_a_plan_applies_that_one(trial: Bench) -> None:
    made = trial.plan()  # by the run "a-run"
    trial.execute("update jamf_sync.plans set status = 'planned'")
    (newer,) = trial.query(
        """insert into jamf_sync.plans (integration_id, run_id, object_types, captures)
           values (%s, 'another', '{device}', '{}') returning plan_id""",
        trial.integration.id,
    )
    assert choose(trial, run_id="a-run").plan.plan_id == made.plan_id
    assert choose(trial, run_id="a third").plan.plan_id == newer["plan_id"]


def test_a_run_that_continues_another_applies_the_same_plan(trial: Bench) -> None:
    plan = trial.plan()
    choose(trial, plan.plan_id, run_id="parent")
    continued = choose_plan(
        trial.connection, trial.integration, run_id="child", parent_run_id="parent"
    )
    assert continued.plan.plan_id == plan.plan_id


def _refusal(bench: Bench, plan_id: int, *approve: str) -> str:
    with pytest.raises(PlanNotApplicable) as refusal:
        choose(bench, plan_id, *approve)
    return str(refusal.value)


def test_a_plan_that_cannot_be_applied_is_refused_with_what_to_do(trial: Bench) -> None:
    trial.computer("1", hostname="mac-1")
    old = trial.plan()
    new = trial.plan()
    assert f"superseded by plan {new.plan_id}" in _refusal(trial, old.plan_id)
    apply(trial, choose(trial, new.plan_id))
    assert "was applied already" in _refusal(trial, new.plan_id)
    assert "was applied already" in _refusal(trial, new.plan_id, "rename")
    what_if = insert_plan(
        trial.connection,
        trial.integration.id,
        run_id="x",
        object_types=["device"],
        captures={},
        kind="what_if",
        slot=trial.value("select now()"),
    )
    assert "is a what-if of the slot" in _refusal(trial, what_if)
    assert "no kind of change" in _refusal(trial, new.plan_id, "everything")
    trial.execute(
        "update jamf_sync.plans set integration_id = %s where plan_id = %s", uuid4(), new.plan_id
    )
    assert "not one of the integration" in _refusal(trial, new.plan_id)


def test_a_plan_of_which_only_held_changes_are_left_names_the_command(trial: Bench) -> None:
    plan = _too_many_gone(trial)
    assert f"`moss-jamf approve {plan.plan_id}`" in _refusal(trial, plan.plan_id)
    assert "unenroll" in _refusal(trial, plan.plan_id, "rename")


def test_an_applied_plan_that_nobody_named_is_no_error_and_writes_nothing(bench: Bench) -> None:
    bench.computer("1", hostname="mac-1")
    guarded_sync(bench)
    before = rows_of(bench, "public.devices")

    done = apply(bench, choose(bench))

    assert rows_of(bench, "public.devices") == before
    assert counts_of(done)["device"].created == 0
    assert counts_of(done)["device"].adds_up


def test_a_what_if_supersedes_nothing_and_is_never_the_newest(trial: Bench) -> None:
    plan = trial.plan()
    insert_plan(
        trial.connection,
        trial.integration.id,
        run_id="x",
        object_types=["device"],
        captures={},
        kind="what_if",
        slot=trial.value("select now()"),
    )
    assert read_plan(trial.connection, plan.plan_id).status == "planned"
    assert choose(trial).plan.plan_id == plan.plan_id


def test_a_revert_supersedes_a_waiting_plan_and_is_applied_only_by_name(trial: Bench) -> None:
    plan = trial.plan()
    revert = insert_plan(
        trial.connection,
        trial.integration.id,
        run_id="x",
        object_types=["device"],
        captures={},
        kind="revert",
    )
    assert f"superseded by plan {revert}" in _refusal(trial, plan.plan_id)
    with pytest.raises(PlanNotApplicable):
        choose(trial)
    assert choose(trial, revert).plan.kind == "revert"


def _open_run(bench: Bench, run_id: str) -> None:
    bench.execute(
        """insert into jamf_sync.sync_runs (run_id, integration_id, history_id, sync_type)
           values (%s, %s, %s, 'full')""",
        run_id,
        bench.integration.id,
        UUID(int=1),
    )


def test_a_plan_that_a_live_run_works_on_is_not_taken_from_it(
    bench: Bench, database: MossDatabase
) -> None:
    plan = bench.plan()
    choose(bench, plan.plan_id, run_id="alive")
    _open_run(bench, "alive")
    run_lock = RunLock(database)
    run_lock.hold("alive")
    bench.plan()
    assert read_plan(bench.connection, plan.plan_id).status == "planned"

    run_lock.release()
    bench.plan()
    assert read_plan(bench.connection, plan.plan_id).status == "superseded"
