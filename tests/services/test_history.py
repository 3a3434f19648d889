"""The runs as a door lists them."""

from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.moss.plan.guard import choose_plan
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.services.history import SyncRun, list_runs
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.plans import show_by_object
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


def test_runs_come_in_pages_newest_first(workplace: Workplace, bench: Bench) -> None:
    for number in range(5):
        run_id = f"run-{number}"
        open_history(
            bench.connection,
            bench.integration.id,
            run_id=run_id,
            sync_type="full",
            triggered_by="ada@example.org",
        )
        close_history(bench.connection, run_id=run_id, status="failed", error_message="It rained.")
    pages = [
        list_runs(workplace, CHOICE, PageRequest(limit=2, offset=offset)) for offset in (0, 2, 4, 6)
    ]
    runs = [run for page in pages for run in page]
    assert [run.run_id for run in runs] == [f"run-{number}" for number in range(4, -1, -1)]
    assert [page.total for page in pages] == [5] * 4
    assert {(run.status, run.error_message, run.triggered_by) for run in runs} == {
        ("failed", "It rained.", "ada@example.org")
    }


def _run(bench: Bench, run_id: str, plan: Plan, *approve: str) -> Plan:
    """A run that applies a plan, and ends as runs do."""
    open_history(bench.connection, bench.integration.id, run_id=run_id, sync_type="full")
    choice = choose_plan(
        bench.connection,
        bench.integration,
        run_id=run_id,
        plan_id=plan.plan_id,
        approve=approve,
        approved_by="Ada",
    )
    plan = bench.apply(choice.plan)
    outcome = run_outcome(
        *(bench.connection, bench.integration, plan, bench.captures),
        (*plan.object_types, "mapping"),
        choice.chosen_at,
        run_id=run_id,
    )
    close_history(
        bench.connection,
        run_id=run_id,
        status=outcome.status,
        counts=outcome.counts,
        error_message=outcome.message,
        error_details=outcome.details,
    )
    return plan


def test_case_s13_the_history_says_what_is_gone_held_and_approved_and_by_whom(
    workplace: Workplace, bench: Bench
) -> None:
    for number in range(4):
        bench.computer(str(number))
    bench.sync()
    bench.policies(guard={"unenroll": {"absolute": 1, "percentage": 0}})
    for number in range(2):
        bench.gone("computers", str(number))
    plan = _run(bench, "held", bench.plan())
    _run(bench, "approved", plan, "unenroll")

    approved, held = list_runs(workplace, CHOICE)

    assert _told(held) == (0, 2, 0, None)
    assert "2 of 4 linked devices are gone from JAMF, more than the 1" in str(held.error_message)
    assert _told(approved) == (2, 0, 2, "Ada")
    assert approved.status == "success"
    assert approved.error_message == (
        "Ada approved 2 changes of the kind unenroll. 2 devices are gone from JAMF, and were marked so."
    )
    (approval,) = show_by_object(workplace, CHOICE, plan.plan_id).head.approvals
    assert (approval.approved_by, approval.kind, approval.released) == ("Ada", "unenroll", 2)


def _told(run: SyncRun) -> tuple[int | None, int | None, int | None, str | None]:
    return run.unenrolled, run.held, run.approved, run.approved_by


def test_a_run_that_did_not_get_that_far_counts_nothing(workplace: Workplace, bench: Bench) -> None:
    open_history(bench.connection, bench.integration.id, run_id="run", sync_type="full")
    close_history(bench.connection, run_id="run", status="failed", error_message="It rained.")
    (run,) = list_runs(workplace, CHOICE)
    assert _told(run) == (None, None, None, None)
