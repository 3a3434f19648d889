"""How a run ended, in tags that the UI filters by: one word, the plan, what it changes and what it holds."""

import dagster as dg
import pytest

from moss_jamf_pipeline.engine.checks import TRIAL_CHECK
from moss_jamf_pipeline.engine.endings import EndedAs, Ending
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from moss_jamf_pipeline.orchestration.dagster_internals import has_failed_last
from moss_jamf_pipeline.orchestration.endings import forget_ending_of_parent, tag_as_failed
from moss_jamf_pipeline.orchestration.presentation import changes_preview
from moss_jamf_pipeline.orchestration.tags import CHANGES_TAG, HELD_TAG, OUTCOME_TAG, PLAN_TAG
from tests.support.world import DEFINITIONS, PREFIX, World

_TAGS = (OUTCOME_TAG, PLAN_TAG, CHANGES_TAG, HELD_TAG)


def _ending(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return {name: run.tags[name] for name in _TAGS if name in run.tags}


def _says_why_first(world: World) -> None:
    """What the UI shows of the held renames: why, and which Mac, before anything else."""
    with world.database.connection() as connection:
        plan = newest_plan(connection, world.integration.id)
        shown = str(changes_preview(connection, plan, "device").value).splitlines()
    assert [cell.strip() for cell in shown[0].strip("|").split("|")] == [
        *("why", "label", "action", "field", "before", "after", "outcome")
    ]
    assert sorted(line for line in shown if "renamed-1" in line and "C02ABC000001" in line)


def test_the_list_of_runs_can_be_filtered_by_how_they_ended(small_world: World) -> None:
    world = small_world
    world.sync()
    for computer in list(world.fleet.computers):
        world.fleet.update_computer(computer, {"general": {"name": f"renamed-{computer}"}})
    world.execute(
        "update integration_configs set sync_settings = %s",
        ['{"guard": {"rename": {"absolute": 1, "percentage": 0}}}'],
    )
    tried_in_vain = dg.AssetCheckKey(dg.AssetKey([PREFIX, "plan_validation"]), TRIAL_CHECK)
    world.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=tried_in_vain.asset_key, check_name=tried_in_vain.name, passed=False
        )
    )
    assert has_failed_last(world.instance, tried_in_vain)
    held = world.sync_in_dagster()
    # A plan that was tried is over once another was applied: its verdict does not stay.
    assert not has_failed_last(world.instance, tried_in_vain)
    _says_why_first(world)
    world.execute("update integration_configs set sync_settings = '{}'")
    tried = world.sync_in_dagster("plan")
    world.execute("update integration_configs set is_enabled = false")
    failed = world.apply_in_dagster(0)

    plan = int(_ending(world.instance, held.run_id)[PLAN_TAG])
    assert _ending(world.instance, held.run_id) == {
        OUTCOME_TAG: "held",
        PLAN_TAG: str(plan),
        CHANGES_TAG: "0",
        HELD_TAG: "2",
    }
    assert _ending(world.instance, tried.run_id) == {
        OUTCOME_TAG: "success",
        PLAN_TAG: str(plan + 1),
        CHANGES_TAG: "2",
        HELD_TAG: "0",
    }
    assert _ending(world.instance, failed.run_id) == {OUTCOME_TAG: "failed"}
    for outcome, run in (("held", held), ("success", tried), ("failed", failed)):
        found = world.instance.get_runs(dg.RunsFilter(tags={OUTCOME_TAG: outcome}))
        assert [each.run_id for each in found] == [run.run_id]


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Ending(), EndedAs.SUCCESS),
        (Ending(plan_id=1, changes=3), EndedAs.SUCCESS),
        (Ending(plan_id=1, is_partial=True), EndedAs.PARTIAL),
        (Ending(plan_id=1, held=2, is_partial=True), EndedAs.HELD),
    ],
)
def test_of_several_words_the_one_that_asks_most_of_people_is_said(
    ending: Ending, outcome: EndedAs
) -> None:
    assert ending.outcome is outcome


def test_a_run_executed_again_does_not_say_how_the_one_before_ended(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    job = DEFINITIONS.resolve_job_def("apply_jamf_plan")
    copied = {OUTCOME_TAG: "held", PLAN_TAG: "7", HELD_TAG: "2"}
    run = ephemeral_instance.create_run_for_job(job_def=job, tags=copied)
    forget_ending_of_parent(ephemeral_instance, run)
    assert _ending(ephemeral_instance, run.run_id) == dict.fromkeys(copied, "-")


def test_a_run_that_could_not_say_so_itself_is_said_to_have_failed(
    ephemeral_instance: dg.DagsterInstance,
) -> None:
    job = DEFINITIONS.resolve_job_def("apply_jamf_plan")
    run = ephemeral_instance.create_run_for_job(job_def=job)
    tag_as_failed(ephemeral_instance, run)
    assert _ending(ephemeral_instance, run.run_id) == {OUTCOME_TAG: "failed"}
