"""Plan, review, apply exactly that plan; what is too much at once waits for an approval. Over a simulated JAMF."""

from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.engine.steps.planning import TriedPlan
from moss_jamf_pipeline.engine.sync import Outcome
from moss_jamf_pipeline.moss.plan.guard import held_summary
from moss_jamf_pipeline.simulator import SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    finding,
    furnish,
    last_message,
    mappings,
    set_policies,
    stored_rows,
)
from tests.support.world import World


def _plan_id(world: World) -> int:
    (row,) = world.query(
        "select max(plan_id) as plan_id from jamf_sync.plans where kind <> 'what_if'"
    )
    return int(row["plan_id"])


def _status(world: World, plan_id: int) -> str:
    (row,) = world.query("select status from jamf_sync.plans where plan_id = %s", [plan_id])
    return str(row["status"])


def _gone(world: World) -> int:
    return sum(status == "deleted_external" for _, status in mappings(world, "computer").values())


def _remove(world: World, number: int) -> None:
    """JAMF loses Macs that are synced."""
    known = {
        jamf_id
        for jamf_id, (_, status) in mappings(world, "computer").items()
        if status == "synced"
    }
    for jamf_id in sorted(known & world.fleet.computers.keys())[:number]:
        world.fleet.remove_computer(jamf_id)


def _failure(outcome: Outcome) -> str:
    """What the step that failed says."""
    return outcome.failures[0].message


def test_failure_04_a_third_of_the_fleet_vanishes_and_nothing_is_unenrolled(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=300, users=40, groups=6, seed=4))
    world.sync()
    linked = len(mappings(world, "computer"))
    _remove(world, 90)
    some = next(iter(world.fleet.computers.values()))
    some.operating_system_version = "99.9"

    run = world.sync()

    assert run.success
    assert _gone(world) == 0
    assert any(row["os_version"] == "99.9" for row in devices(world).values())
    assert world.history()[-1]["status"] == "partial"
    sentence = f"90 of {linked} linked devices are gone from JAMF, more than the 25 that the guard lets through"
    assert sentence in last_message(world)
    yellow = finding(run, "guarded_plan", "nothing_is_held")
    assert not yellow.passed
    assert not yellow.is_error
    assert sentence in (yellow.told or "")
    assert_counts_add_up(world)

    # Another sync finds the same, and holds it anew.
    world.sync()
    assert _gone(world) == 0
    plan_id = _plan_id(world)

    approved = world.apply(plan_id, "unenroll", triggered_by="ada@example.org")

    assert approved.success
    assert _gone(world) == 90
    assert finding(approved, "guarded_plan", "nothing_is_held").passed
    assert "guard" not in last_message(world)
    assert world.query("select kind, approved_by, released from jamf_sync.plan_approvals") == [
        {"kind": "unenroll", "approved_by": "ada@example.org", "released": 90}
    ]
    history = world.history()[-1]
    assert (history["items_created"], history["items_updated"]) == (0, 0)
    assert_calm(world)


def test_failure_04_half_a_percent_vanishes_and_is_unenrolled(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=300, users=0, groups=0, seed=4))
    world.sync()
    _remove(world, 2)

    run = world.sync()

    assert _gone(world) == 2
    assert finding(run, "guarded_plan", "nothing_is_held").passed


def test_a_reviewed_plan_is_applied_exactly_and_rows_that_moved_are_refused(world: World) -> None:
    furnish(world)
    computers = [add_mac(world, str(number), f"C02PLAN0000{number}") for number in range(1, 4)]
    world.sync()
    for computer in computers:
        computer.name = f"new {computer.id}"
    before = stored_rows(world)
    dry_run = world.sync("plan")
    assert stored_rows(world) == before
    assert finding(dry_run, "plan_validation", "plan_fits_moss").passed
    plan_id = _plan_id(world)
    # What JAMF says by now is no part of that plan, and what a person did is not overwritten by it.
    computers[0].operating_system_version = "99.9"
    world.execute("update devices set hostname = 'edited' where hostname = 'MAC-2'")

    assert world.apply(plan_id).success

    found = {row["hostname"]: row["os_version"] for row in devices(world).values()}
    assert set(found) == {"new 1", "edited", "new 3"}
    assert "99.9" not in found.values()
    assert world.history()[-1]["sync_type"] == "apply"
    assert "1 planned change of devices was refused" in last_message(world)
    assert _status(world, plan_id) == "applied"


def test_a_plan_that_cannot_be_applied_fails_its_run_with_a_sentence(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02PLAN00005")
    world.sync("plan")
    old = _plan_id(world)
    world.sync("plan")
    new = _plan_id(world)

    superseded = world.apply(old)

    assert not superseded.success
    assert f"Plan {old} was superseded by plan {new}" in _failure(superseded)
    assert world.history()[-1]["status"] == "failed"
    assert devices(world) == {}
    assert world.apply(new).success
    again = world.apply(new)
    assert f"Plan {new} was applied already" in _failure(again)
    assert world.apply(99999).success is False


def test_single_assets_from_the_ui_do_not_go_round_the_guard(world: World) -> None:
    furnish(world)
    for number in range(1, 4):
        add_mac(world, str(number), f"C02PLAN0001{number}")
    world.sync()
    set_policies(world, guard={"rename": {"absolute": 1}})
    for computer in world.fleet.computers.values():
        computer.name = f"new {computer.id}"
    world.sync("plan")

    assert world.materialize("conflicts", *MOSS_CHAIN).success

    assert {row["hostname"] for row in devices(world).values()} == {"MAC-1", "MAC-2", "MAC-3"}
    assert world.history()[-1]["status"] == "partial"


def test_a_dry_run_says_what_moss_would_reject_and_what_would_be_held(world: World) -> None:
    furnish(world)
    for number in range(1, 4):
        add_mac(world, str(number), f"C02PLAN0002{number}")
    world.sync()
    set_policies(world, guard={"rename": {"absolute": 1}})
    column = world.dialect.column("devices", "hostname")
    world.execute(
        f"alter table public.devices add constraint no_new_two check ({column} is distinct from 'new 2')"
    )
    for computer in world.fleet.computers.values():
        computer.name = f"new {computer.id}"
    before = stored_rows(world)

    run = world.sync("plan")

    assert stored_rows(world) == before
    fits = finding(run, "plan_validation", "plan_fits_moss")
    assert not fits.passed
    assert "M.O.S.S. would not take 1 change of" in (fits.told or "")
    assert "no_new_two" in str(fits.facts)
    tried = run.results["plan_validation"]
    assert isinstance(tried, TriedPlan)
    assert "more than the 1 that the guard lets through" in held_summary(
        tried.plan.plan_id, tried.held
    )
    assert world.history()[-1]["sync_type"] == "full"


def test_a_stored_slot_is_looked_at_without_asking_jamf(world: World) -> None:
    furnish(world)
    computer = add_mac(world, "1", "C02PLAN00030")
    world.sync()
    slot = slot_key_at(world.history()[-1]["sync_started_at"])
    computer.name = "new"
    world.sync(slot=slot)
    world.execute("update devices set hostname = 'edited'")
    before = stored_rows(world)
    matches = world.query("select * from jamf_sync.device_matches")
    requests = world.jamf.requests.total
    newest = _plan_id(world)

    assert world.materialize("what_if_plan", slot=slot).success

    assert world.jamf.requests.total == requests
    assert stored_rows(world) == before
    assert world.query("select * from jamf_sync.device_matches") == matches
    assert _plan_id(world) == newest
    assert world.query(
        """select field, before, after from jamf_sync.change_plan_fields join jamf_sync.plans using (plan_id)
           where kind = 'what_if' and object_type = 'device'"""
    ) == [{"field": "hostname", "before": "edited", "after": "new"}]
    (what_if,) = world.query("select plan_id from jamf_sync.plans where kind = 'what_if'")
    assert "is a what-if" in _failure(world.apply(what_if["plan_id"]))
    world.sync()
    assert device(world, "C02PLAN00030")["hostname"] == "new"
