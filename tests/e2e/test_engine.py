"""The engine without Dagster ends as a Dagster run does: same captures, plan, writes, history and refusals."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from moss_jamf_pipeline.engine import sync as engine
from moss_jamf_pipeline.engine.checks import CHECKS
from moss_jamf_pipeline.engine.scopes import SCOPES, UPSTREAM
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import Faults
from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import add_mac, furnish, insert_device, set_policies, stored_rows
from tests.support.world import DEFINITIONS, PREFIX, World

_ANY_MOSS = pytest.mark.dialects("strategy")


def _sync(world: World, scope: str = "everything", **order: Any) -> engine.Outcome:
    return engine.sync(
        SCOPES[scope],
        world.database,
        Settings(),
        order=engine.Order(**order),
        triggered_by="dagster ui",
    )


def _fill(world: World) -> None:
    furnish(world)
    world.fleet.add_building("Main", building_id="1")
    for number in (1, 2, 3):
        add_mac(
            world,
            str(number),
            f"C02ENGINE00{number}",
            place={"buildingId": "1", "room": "1"},
            user={"username": f"jane{number}"},
        )
    world.fleet.add_group("Ours", group_id="1", members=["1", "2"])
    insert_device(world, "C02ENGINE003", hostname="by hand", asset_tag="A-1")


def _rename(world: World, name: str = "renamed") -> None:
    world.fleet.computer("1").name = name


def _as_it_was(world: World) -> None:
    """Nothing happens."""


def _double(world: World) -> None:
    """A rename; and two records claim one device, as a faulty rule would store it, which the next matching mends."""
    _rename(world, "renamed beside its twin")
    world.fleet.add_computer({"hardware": {"serialNumber": "C02ENGINE001"}})


def _break_moss(world: World) -> None:
    world.execute(
        """create function break_down() returns trigger language plpgsql as
           $$ begin raise exception 'the disk of M.O.S.S. is upside down' using errcode = '58030'; end $$"""
    )
    world.execute(
        "create trigger break_down before update on devices for each row execute function break_down()"
    )
    _rename(world, "refused")


def _hold(world: World, name: str = "renamed") -> None:
    world.execute("drop trigger if exists break_down on devices")
    set_policies(world, guard={"rename": {"absolute": 0, "percentage": 0}})
    _rename(world, name)


def _hold_another(world: World) -> None:
    _hold(world, "held")


def _switch_off(world: World) -> None:
    set_policies(world, sync_users=False)
    _rename(world, "renamed without users")


def _lose_a_privilege(world: World) -> None:
    set_policies(world)
    world.jamf.set_faults(Faults(removed_privileges=frozenset({"Read Users"})))


def _vanish(world: World) -> None:
    world.jamf.set_faults(Faults())
    for computer in list(world.fleet.computers):
        world.fleet.remove_computer(computer)


def _disable(world: World) -> None:
    world.execute("update integration_configs set is_enabled = false")


_STORY: dict[str, Callable[[World], None]] = {
    "a first sync": _fill,
    "unchanged data": _as_it_was,
    "a rename, and twins": _double,
    "a M.O.S.S. that refuses": _break_moss,
    "too much at once": _hold_another,
    "a collection switched off": _switch_off,
    "a privilege that is missing": _lose_a_privilege,
    "a fleet that vanished": _vanish,
    "an integration switched off": _disable,
}
"""What happens one after the other, each before a sync."""


def _told(world: World) -> dict[str, Any]:
    """What a run leaves behind, without what differs between any two runs: ids and times."""
    names = "status, sync_type, items_processed, items_created, items_updated, items_skipped, items_failed"
    return {
        "history": world.query(
            f"select {names}, error_message from integration_sync_history order by sync_started_at"
        ),
        "integration": world.query(
            "select last_sync_status, last_sync_error from integration_configs"
        ),
        "captures": world.query(
            """select collection, status, captured_count, changed_count, removed_count from jamf_sync.captures
               order by collection, capture_id"""
        ),
        "plans": world.query("select status, object_types from jamf_sync.plans order by plan_id"),
        "changes": world.query(
            """select plan_id, object_type, label, action, outcome, count(*) from jamf_sync.change_plan
               group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"""
        ),
        "conflicts": world.query(
            "select kind, field, external_id, status from jamf_sync.conflicts order by 1, 2, 3"
        ),
        "devices": world.query(
            "select serial_number, hostname, asset_tag from devices order by serial_number"
        ),
        "people": world.query("select username from people order by username"),
    }


def _by_dagster(world: World) -> tuple[bool, set[tuple[str, str]], set[str]]:
    result = world.sync_in_dagster(may_fail=True)
    failed = {
        (check.asset_key.path[-1], check.check_name)
        for check in result.get_asset_check_evaluations()
        if not check.passed
    }
    made = {
        event.asset_key.path[-1]
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    return result.success, failed, made


def _by_the_engine(world: World) -> tuple[bool, set[tuple[str, str]], set[str]]:
    outcome = _sync(world)
    failed = {(each.step, each.check) for each in outcome.findings if not each.passed}
    return outcome.success, failed, set(outcome.results)


@_ANY_MOSS
def test_a_sync_ends_as_a_dagster_run_does_whatever_happened(separate_world: SeparateWorld) -> None:
    told: list[dict[str, Any]] = []
    for way in (_by_dagster, _by_the_engine):
        with separate_world() as world:
            told.append({})
            for happening, happens in _STORY.items():
                happens(world)
                told[-1][happening] = (way(world), _told(world))
    assert told[1] == told[0]
    # Each of them made a difference: nothing is compared that ended alike because nothing was done.
    statuses = {
        happening: left["history"][-1]["status"] for happening, (_, left) in told[0].items()
    }
    assert statuses["a first sync"] == statuses["unchanged data"] == "success"
    assert statuses["too much at once"] == "partial"
    assert statuses["a M.O.S.S. that refuses"] == "failed"
    assert statuses["an integration switched off"] == "failed"
    changes = [left["changes"] for _, left in told[0].values()]
    assert len({str(each) for each in changes}) > len(_STORY) // 2


@_ANY_MOSS
def test_each_scope_ends_as_its_job_does(separate_world: SeparateWorld) -> None:
    left: list[list[dict[str, Any]]] = []
    for is_dagster in (True, False):
        with separate_world() as world:
            _fill(world)
            left.append([])
            for scope in ("computers", "users", "groups", "plan"):
                assert (world.sync_in_dagster(scope) if is_dagster else _sync(world, scope)).success
                left[-1].append(_told(world))
                _rename(world)
    assert left[1] == left[0]


@_ANY_MOSS
def test_a_named_plan_is_applied_and_what_was_held_is_let_through(world: World) -> None:
    _fill(world)
    assert _sync(world).status == "success"
    _hold(world)
    assert _sync(world).status == "partial"
    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")

    outcome = _sync(world, "apply", plan_id=plan["plan_id"], approve=("rename",))

    assert outcome.status == "success"
    assert world.query("select serial_number from devices where hostname = 'renamed'") == [
        {"serial_number": "C02ENGINE001"}
    ]
    assert world.history()[-1]["sync_type"] == "apply"


@_ANY_MOSS
def test_a_plan_that_was_applied_is_refused_and_the_history_says_so(world: World) -> None:
    _fill(world)
    _sync(world)
    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")

    outcome = _sync(world, "apply", plan_id=plan["plan_id"])

    (failure,) = outcome.failures
    assert failure.step == "guarded_plan"
    assert "was applied already" in failure.message
    assert set(outcome.left_out) == set(SCOPES["apply"].steps()) - {"guarded_plan"}
    newest = world.history()[-1]
    assert (newest["status"], newest["error_message"]) == ("failed", failure.message)


@_ANY_MOSS
def test_a_stored_slot_is_looked_back_at_without_asking_jamf(world: World) -> None:
    _fill(world)
    _sync(world)
    world.jamf.reset_requests()
    before = stored_rows(world)

    outcome = _sync(world, "what_if")

    assert outcome.success
    assert world.jamf.requests.total == 0
    assert stored_rows(world) == before


@_ANY_MOSS
def test_single_steps_run_alone(world: World) -> None:
    _fill(world)
    _sync(world)
    _rename(world)
    for steps in (
        ["raw_jamf_computers", "jamf_computers_snapshot"],
        ["device_matches", "change_plan"],
        ["moss_devices"],
        ["moss_mappings"],
    ):
        assert engine.run_steps(steps, world.database, Settings()).success, steps
    assert world.query("select count(*) from devices where hostname = 'renamed'") == [{"count": 1}]
    assert [row["sync_type"] for row in world.history()] == ["full", "partial", "partial"]


def test_every_step_has_a_body_and_every_asset_is_a_step() -> None:
    assert set(engine._BODIES) == set(UPSTREAM)
    assets = {key.path[-1] for key in DEFINITIONS.resolve_asset_graph().get_all_asset_keys()}
    # A report is made after a sync, and is no step of it.
    assert assets - {"sync_report"} == set(UPSTREAM)


def test_the_graph_of_the_assets_is_the_order_of_the_steps() -> None:
    graph = DEFINITIONS.resolve_asset_graph()
    for step, upstream in UPSTREAM.items():
        parents = graph.get(dg.AssetKey([PREFIX, step])).parent_keys
        assert {key.path[-1] for key in parents} == set(upstream), step


def test_steps_come_after_those_that_they_need() -> None:
    seen: set[str] = set()
    for step, upstream in UPSTREAM.items():
        assert set(upstream) <= seen, step
        seen.add(step)
    assert {step for step, _ in CHECKS} <= seen
