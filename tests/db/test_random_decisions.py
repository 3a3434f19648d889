"""Decisions, edits, reverts and syncs in any order: owned fields change by decision only, and it settles."""

from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.errors import ConflictNotResolvable, PlanNotRevertible
from moss_jamf_pipeline.moss.plan.conflicts import (
    ConflictFilter,
    list_conflicts,
    meanings,
    reopen_conflicts,
    resolve_conflicts,
)
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, rows_of
from tests.support.properties import examples

_TAGS = st.sampled_from(["A", "B", "C"])
_TABLES = ("devices", "people", "ios", "groups", "integration_object_mappings")


class Step(NamedTuple):
    """Something that happens: what, to which of two computers or which conflict, and the value."""

    what: str
    which: int
    value: str


_STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(
            ["sync", "jamf_tag", "jamf_name", "moss_tag", "moss_name"]
            + ["resolve"] * 3
            + ["reopen"]
        ),
        st.integers(0, 5),
        _TAGS,
    ),
    min_size=4,
    max_size=10,
)


class Scene:
    """Two computers, one of them of a device that people kept, and what JAMF says of them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.jamf: dict[str, dict[str, Any]] = {
            number: {"asset_tag": "A", "hostname": f"{number}-A"} for number in ("1", "2")
        }
        bench.device(serial_number="SERIAL2", asset_tag="B", hostname="2-kept")
        self.show()

    def show(self) -> None:
        for number, columns in self.jamf.items():
            self.bench.computer(number, f"SERIAL{number}", **columns)

    def tags(self) -> dict[str, str | None]:
        rows = self.bench.query("select serial_number, asset_tag from devices")
        return {row["serial_number"]: row["asset_tag"] for row in rows}

    def do(self, step: Step) -> None:
        number = "12"[step.which % 2]
        match step.what:
            case "jamf_tag":
                self.jamf[number]["asset_tag"] = step.value
                self.show()
            case "jamf_name":
                self.jamf[number]["hostname"] = f"{number}-{step.value}"
                self.show()
            case "moss_tag":
                self._edit("asset_tag", step.value, number)
            case "moss_name":
                self._edit("hostname", f"{number}-hand-{step.value}", number)
            case "resolve":
                self._resolve(step)
            case "reopen":
                self._reopen(step)
            case _:
                self.sync()

    def sync(self) -> Plan:
        """Syncs; an owned field holds afterwards what it held, was empty before, or was decided about."""
        before = self.tags()
        decided = {
            (row["object_id"], row["moss_value"], row["jamf_value"])
            for row in list_conflicts(
                self.bench.connection,
                self.bench.integration.id,
                ConflictFilter(status="resolved", field="asset_tag"),
            )
            if row["resolution"] == "take_jamf"
        }
        declined = self._declined()
        plan = self.bench.sync()
        assert [count for count in plan.counts if not count.adds_up] == []
        assert (
            self.bench.value(
                "select count(*) from jamf_sync.change_plan where plan_id = %s and outcome = 'failed'",
                plan.plan_id,
            )
            == 0
        )
        for row in self.bench.query("select id, serial_number, asset_tag from devices"):
            held = before.get(row["serial_number"])
            if held in (None, row["asset_tag"]):
                continue
            assert (row["id"], held, row["asset_tag"]) in decided or row["id"] in declined
        return plan

    def _declined(self) -> set[Any]:
        rows = self.bench.query(
            """select object_id from jamf_sync.decisions
               where kind = 'serial_not_linked' and resolution = 'keep_moss'"""
        )
        return {row["object_id"] for row in rows}

    def _edit(self, column: str, value: str, number: str) -> None:
        self.bench.execute(
            f"update devices set {column} = %s where serial_number = %s", value, f"SERIAL{number}"
        )

    def _resolve(self, step: Step) -> None:
        rows = list_conflicts(self.bench.connection, self.bench.integration.id, ConflictFilter())
        if not rows:
            return
        chosen = rows[step.which % len(rows)]
        possible = list(meanings(chosen["kind"]))
        resolution = possible["ABC".index(step.value) % len(possible)]
        resolve_conflicts(
            self.bench.connection,
            self.bench.integration,
            [chosen["conflict_id"]],
            Resolution(resolution),
            resolved_by="somebody",
        )

    def _reopen(self, step: Step) -> None:
        rows = list_conflicts(
            self.bench.connection, self.bench.integration.id, ConflictFilter(status=None)
        )
        if not rows:
            return
        number = rows[step.which % len(rows)]["conflict_id"]
        try:
            reopen_conflicts(
                self.bench.connection, self.bench.integration, [number], reopened_by="somebody"
            )
        except ConflictNotResolvable:
            return  # it was not decided, or is over

    def assert_settles(self) -> None:
        """Two syncs more, and a further one writes nothing."""
        self.sync()
        self.sync()
        settled = [rows_of(self.bench, table) for table in _TABLES]
        queue = self.bench.query("select conflict_id, status from jamf_sync.conflicts order by 1")
        self.sync()
        assert [rows_of(self.bench, table) for table in _TABLES] == settled
        assert (
            self.bench.query("select conflict_id, status from jamf_sync.conflicts order by 1")
            == queue
        )


_FEW = settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_FEW
@given(steps=_STEPS, keeps=st.booleans(), holds=st.booleans())
def test_owned_fields_change_by_decision_only_and_any_order_settles(
    trial: Bench, steps: list[Step], keeps: bool, holds: bool
) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies(
            on_human_edit="keep" if keeps else "overwrite_and_flag",
            on_unlinked_serial="hold" if holds else "adopt_and_flag",
        )
        scene = Scene(trial)
        scene.sync()
        for step in steps:
            scene.do(step)
        scene.assert_settles()


@_FEW
@given(before=_STEPS, after=_STEPS, pins=st.booleans())
def test_a_revert_at_any_time_is_sound_and_settles(
    trial: Bench, before: list[Step], after: list[Step], pins: bool
) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies()
        scene = Scene(trial)
        plans = [scene.sync()]
        for step in before:
            scene.do(step)
        plans.append(scene.sync())
        for undone in reversed(plans):
            _revert(scene, undone, pins=pins)
        for step in after:
            scene.do(step)
        scene.assert_settles()


def _revert(scene: Scene, undone: Plan, *, pins: bool) -> None:
    bench = scene.bench
    kept = bench.query("select id from devices where hostname = '2-kept'")
    try:
        plan = make_revert_plan(
            bench.connection,
            bench.integration,
            undone.plan_id,
            run_id="a-run",
            pinned_by="somebody" if pins else None,
        )
    except PlanNotRevertible:
        return  # nothing of it was applied
    applied = bench.apply(plan)
    assert applied.status == "applied"
    assert [count for count in applied.counts if not count.adds_up] == []
    failed = "select count(*) from jamf_sync.change_plan where plan_id = %s and outcome = 'failed'"
    assert bench.value(failed, plan.plan_id) == 0
    # The device that people kept is nobody's to delete.
    assert bench.value("select count(*) from devices where serial_number = 'SERIAL2'") == 1
    assert len(kept) <= 1
