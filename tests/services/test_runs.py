"""Starting, following and judging runs, with launchers that end as real ones do. The real one is used by tests/cli."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from moss_jamf_pipeline.moss.errors import IntegrationDisabled
from moss_jamf_pipeline.moss.integration.history import close_history, open_history
from moss_jamf_pipeline.moss.plan.guard import choose_plan
from moss_jamf_pipeline.services.explanations import Explanation
from moss_jamf_pipeline.services.runs import (
    FailedCheck,
    RunEnd,
    RunEvent,
    RunObserver,
    RunOptions,
    RunReport,
    RunRequest,
    StepFailure,
    StepFinished,
    StepStarted,
    outcome,
    run_to_its_end,
)
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


@dataclass
class _Launcher:
    """Executes a function instead of a job.

    Attributes:
        deed: what it does, with the request.
        requests: those it got.
    """

    deed: Callable[[RunRequest], RunEnd]
    requests: list[RunRequest] = field(default_factory=list)

    def execute(self, request: RunRequest, observer: RunObserver) -> RunEnd:
        self.requests.append(request)
        observer.see(StepStarted("change_plan"))
        end = self.deed(request)
        observer.see(StepFinished("change_plan", 0.5, {"created": 1}))
        return end


@dataclass
class _Observer:
    seen: list[RunEvent] = field(default_factory=list)

    def see(self, event: RunEvent) -> None:
        self.seen.append(event)


def _run(workplace: Workplace, launcher: _Launcher, options: RunOptions) -> RunReport:
    return run_to_its_end(
        workplace,
        CHOICE,
        options,
        launcher=launcher,
        observer=_Observer(),
        triggered_by="ada@example.org",
    )


def _opened(bench: Bench, request: RunRequest) -> None:
    open_history(
        bench.connection,
        bench.integration.id,
        run_id=request.run_id,
        sync_type=request.scope.sync_type,
        triggered_by=request.triggered_by,
    )


def test_a_run_is_followed_and_its_outcome_read_from_the_database(
    workplace: Workplace, bench: Bench
) -> None:
    bench.computer("1", hostname="mac-1")

    def sync(request: RunRequest) -> RunEnd:
        _opened(bench, request)
        assert outcome(workplace, CHOICE, request.run_id).status == "in_progress"
        plan = bench.plan()
        choose_plan(
            bench.connection, bench.integration, run_id=request.run_id, plan_id=plan.plan_id
        )
        bench.apply(plan)
        close_history(
            bench.connection, run_id=request.run_id, status="partial", error_message="One waits."
        )
        check = FailedCheck("change_plan", "adds_up", "It adds up.", {"off": 1}, is_blocking=False)
        return RunEnd(job="sync_jamf", seconds=1.5, failed_checks=(check,))

    launcher, observer = _Launcher(sync), _Observer()
    report = run_to_its_end(
        workplace,
        CHOICE,
        RunOptions(),
        launcher=launcher,
        observer=observer,
        triggered_by="ada@example.org",
    )
    (request,) = launcher.requests
    assert (request.slug, request.scope.job) == ("jamf_pro", "sync_jamf")
    assert observer.seen == [
        StepStarted("change_plan"),
        StepFinished("change_plan", 0.5, {"created": 1}),
    ]
    assert (report.status, report.message, report.failures) == ("partial", "One waits.", ())
    assert report.plan is not None
    counts = {count.object_type: count.created for count in report.plan.counts}
    assert counts["device"] == 1
    assert outcome(workplace, CHOICE, report.run_id).status == "partial"


def test_a_failed_run_is_reported_and_its_history_closed(
    workplace: Workplace, bench: Bench
) -> None:
    failure = StepFailure("raw_jamf_users", Explanation("It rained.", "Wait."), "a trace")

    def fail(request: RunRequest) -> RunEnd:
        _opened(bench, request)
        return RunEnd(job="sync_jamf", seconds=1, failures=(failure,))

    report = _run(workplace, _Launcher(fail), RunOptions())
    assert (report.status, report.failures, report.plan) == ("failed", (failure,), None)
    found = outcome(workplace, CHOICE, report.run_id)
    assert (found.status, found.message) == ("failed", "It rained. Wait.")


def test_an_interrupt_goes_on_and_leaves_no_open_history(
    workplace: Workplace, bench: Bench
) -> None:
    def interrupt(request: RunRequest) -> RunEnd:
        _opened(bench, request)
        raise KeyboardInterrupt

    launcher = _Launcher(interrupt)
    with pytest.raises(KeyboardInterrupt):
        _run(workplace, launcher, RunOptions())
    found = outcome(workplace, CHOICE, launcher.requests[0].run_id)
    assert found.status == "failed"
    assert "interrupted" in (found.message or "")


def test_a_dry_run_has_a_plan_and_no_history(workplace: Workplace, bench: Bench) -> None:
    bench.computer("1")

    def plan(request: RunRequest) -> RunEnd:
        made = bench.plan()
        bench.execute(
            "update jamf_sync.plans set run_id = %s where plan_id = %s",
            request.run_id,
            made.plan_id,
        )
        return RunEnd(job="plan_jamf", seconds=1)

    report = _run(workplace, _Launcher(plan), RunOptions("plan"))
    assert (report.status, report.applies) == ("success", False)
    assert report.plan is not None
    assert report.problems.total == 0
    assert outcome(workplace, CHOICE, report.run_id).status is None


def test_nothing_is_started_for_an_integration_that_is_switched_off(
    workplace: Workplace, bench: Bench
) -> None:
    bench.execute("update public.integration_configs set is_enabled = false")
    launcher = _Launcher(lambda _: RunEnd(job="sync_jamf", seconds=0))
    with pytest.raises(IntegrationDisabled):
        _run(workplace, launcher, RunOptions())
    assert launcher.requests == []
