"""How a run's report is shown: as tables and sentences, and as JSON. Used by every command that starts a run."""

import shlex
from collections.abc import Iterable
from dataclasses import asdict

from rich.markup import escape

from moss_jamf_pipeline.cli.counts import counts_document, print_counts
from moss_jamf_pipeline.cli.output import duration, print_error, print_table, stderr, stdout
from moss_jamf_pipeline.moss.plan.guard import held_sentences
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts
from moss_jamf_pipeline.services.runs import RunReport

_COLOURS = {"success": "green", "partial": "yellow", "failed": "red"}


def exit_code(report: RunReport) -> int:
    """What a command that ran it ends with: 1 it failed, 3 something waits for an approval, else 0."""
    return 1 if report.failures else 3 if report.held else 0


def run_document(report: RunReport) -> dict[str, object]:
    """A run's report as JSON."""
    return {
        "status": report.status,
        "message": report.message,
        "run_id": report.run_id,
        "job": report.job,
        "slot": report.slot,
        "seconds": round(report.seconds, 2),
        "applied": report.applies and report.status != "failed",
        "plan_id": report.plan.plan_id if report.plan else None,
        "counts": counts_document(report.plan.counts) if report.plan else [],
        "failed_checks": report.failed_checks,
        "open_conflicts": report.open_conflicts,
        "held": [
            {
                "kind": change.kind,
                "object_type": change.object_type,
                "planned": change.planned,
                "linked": change.linked,
                "allowed": change.allowed,
            }
            for change in report.held
        ],
        "problems": [
            {**asdict(problem), "total": report.problems.total} for problem in report.problems
        ],
        "errors": [
            {
                "step": failure.step,
                "message": failure.explanation.message,
                "remedy": failure.explanation.remedy,
            }
            for failure in report.failures
        ],
    }


def print_run(report: RunReport, *, verbose: bool = False) -> None:
    """Prints a run's report: counts, how it ended, what is not as it should be."""
    for failure in report.failures:
        if verbose and failure.trace:
            stderr.print(escape(failure.trace), style="dim", soft_wrap=True)
        print_error(failure.explanation)
    if not report.failures and report.plan is not None:
        verb = "was done" if report.applies else "would be done"
        print_counts(report.plan.counts, f"What {verb} (plan {report.plan.plan_id})")
    _print_problems(report)
    _print_failed_checks(report)
    _print_held(report)
    colour = _COLOURS[report.status]
    ended = "The sync" if report.applies else "The dry run"
    stdout.print(
        f"[bold {colour}]{report.status}[/] · {ended} took {duration(report.seconds)} · job {report.job} · "
        f"slot {report.slot} · run {report.run_id}",
        soft_wrap=True,
    )
    if report.message and not report.failures:
        stdout.print(escape(report.message), style=colour, soft_wrap=True)


def _print_problems(report: RunReport) -> None:
    """Prints what M.O.S.S. would not take of a dry run's plan."""
    problems = report.problems
    if not problems.items:
        return
    print_table(
        ["action", "object", "name", "would be", "because"],
        [
            [
                problem.action,
                problem.object_type,
                problem.label or problem.external_id,
                problem.problem.replace("_", " "),
                problem.detail,
            ]
            for problem in problems
        ],
        title=f"M.O.S.S. would not take {problems.total:,} of these changes as they are"
        + (f"; the first {len(problems)}" if problems.total > len(problems) else ""),
    )


def _print_held(report: RunReport) -> None:
    """Prints what a dry run's plan would hold; of one that was applied, the run's message says it."""
    if report.applies or not report.held:
        return
    stdout.print("[bold]Would wait for an approval[/]")
    for sentence in held_sentences(report.held):
        stdout.print(f"  [yellow]![/] {escape(sentence)}", soft_wrap=True)


def print_next_steps(report: RunReport, integration: str | None = None) -> None:
    """Prints where to look now.

    Args:
        report: of the run.
        integration: the one that the command line named, and that the next commands have to name too.
    """
    stdout.print()
    naming = "" if integration is None else f" --integration {shlex.quote(integration)}"
    for step in _next_steps(report, naming):
        stdout.print(f"→ {escape(step)}", soft_wrap=True)


def _print_failed_checks(report: RunReport) -> None:
    # Those two are told by what they are about.
    told = {"nothing_is_held", "plan_fits_moss"}
    checks = [
        check for check in report.failed_checks if not check.is_blocking and check.check not in told
    ]
    if not checks:
        return
    stdout.print("[bold]Worth a look[/]")
    for check in checks:
        numbers = ", ".join(f"{name}: {value:,}" for name, value in check.facts.items())
        stdout.print(
            f"  [yellow]![/] {escape(check.description)} "
            f"[dim](check {check.check} of {check.asset}{f': {numbers}' if numbers else ''})[/]",
            soft_wrap=True,
        )
    stdout.print()


def _next_steps(report: RunReport, naming: str) -> list[str]:
    if report.failures:
        return [
            f"`moss-jamf doctor{naming}` checks every connection; `moss-jamf up` shows the run step by step."
        ]
    steps = []
    if report.plan is not None and report.plan.kind == "what_if":
        steps.append(
            f"`moss-jamf plan show {report.plan.plan_id}{naming}` lists every change. "
            "It is a what-if, and never applied."
        )
    elif report.plan is not None and not report.applies:
        number = report.plan.plan_id
        steps.append(
            f"`moss-jamf plan show {number}{naming}` lists every change; "
            f"`moss-jamf apply {number}{naming}` applies exactly these."
        )
    if report.plan is not None and report.held:
        number = report.plan.plan_id
        steps.append(
            f"`moss-jamf approve {number}{naming}` shows what is held, and releases it if you say so."
        )
    if report.plan is not None and report.applies and _changed(report.plan.counts):
        steps.append(f"`moss-jamf plan show{naming}` lists what changed, field by field.")
    if report.open_conflicts:
        steps.append(
            f"`moss-jamf conflicts list{naming}` shows what a person should look at ({report.open_conflicts:,} open)."
        )
    steps.append(
        "`moss-jamf up` opens the Dagster UI: every step of this run with its counts and previews."
    )
    return steps


def _changed(counts: Iterable[ObjectCounts]) -> bool:
    return any(count.created or count.updated or count.removed for count in counts)
