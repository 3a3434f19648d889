"""How a run's report is shown: as tables and sentences, and as JSON. Used by every command that starts a run."""

from collections.abc import Iterable

from rich.markup import escape

from moss_jamf_pipeline.cli.output import duration, print_error, print_table, stderr, stdout
from moss_jamf_pipeline.cli.running import RunReport
from moss_jamf_pipeline.moss.planning import PLURALS, ObjectCounts

_COUNTS = ("seen", "created", "updated", "unchanged", "conflicts", "skipped", "failed")
_MORE = ("removed", "linked", "moved", "returned", "unenrolled", "deleted_internal")
_COLOURS = {"success": "green", "partial": "yellow", "failed": "red"}


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
        "errors": [
            {
                "step": failure.step,
                "message": failure.explanation.message,
                "remedy": failure.explanation.remedy,
            }
            for failure in report.failures
        ],
    }


def counts_document(counts: Iterable[ObjectCounts]) -> list[dict[str, object]]:
    """The counts of each object type as JSON."""
    return [
        {name: getattr(count, name) for name in ("object_type", *_COUNTS, *_MORE)}
        for count in counts
    ]


def print_counts(counts: Iterable[ObjectCounts], title: str) -> None:
    """Prints the counts of each object type as a table; the last column holds what is rare."""
    print_table(
        ["objects", *_COUNTS, "of which"],
        [
            [
                PLURALS[count.object_type],
                *(getattr(count, name) for name in _COUNTS),
                ", ".join(
                    f"{getattr(count, name):,} {name}" for name in _MORE if getattr(count, name)
                ),
            ]
            for count in counts
        ],
        title=title,
        numbers=_COUNTS,
    )


def print_run(report: RunReport, *, verbose: bool = False) -> None:
    """Prints a run's report: counts, how it ended, what is not as it should be."""
    for failure in report.failures:
        if verbose and failure.trace:
            stderr.print(escape(failure.trace), style="dim", soft_wrap=True)
        print_error(failure.explanation)
    if not report.failures and report.plan is not None:
        verb = "was done" if report.applies else "would be done"
        print_counts(report.plan.counts, f"What {verb} (plan {report.plan.plan_id})")
    _print_failed_checks(report)
    colour = _COLOURS[report.status]
    ended = "The dry run" if not report.applies else "The sync"
    stdout.print(
        f"[bold {colour}]{report.status}[/] · {ended} took {duration(report.seconds)} · job {report.job} · "
        f"slot {report.slot} · run {report.run_id}",
        soft_wrap=True,
    )
    if report.message and not report.failures:
        stdout.print(escape(report.message), style=colour, soft_wrap=True)


def print_next_steps(report: RunReport) -> None:
    """Prints where to look now."""
    stdout.print()
    for step in _next_steps(report):
        stdout.print(f"→ {step}", soft_wrap=True)


def _print_failed_checks(report: RunReport) -> None:
    checks = [check for check in report.failed_checks if not check.is_blocking]
    if not checks:
        return
    stdout.print("[bold]Worth a look[/]")
    for check in checks:
        numbers = ", ".join(
            f"{name}: {value:,}" for name, value in check.facts.items() if isinstance(value, int)
        )
        stdout.print(
            f"  [yellow]![/] {check.asset} · {check.check}{f' ({numbers})' if numbers else ''} is not true this time. "
            f"[dim]{escape(check.description)}[/]",
            soft_wrap=True,
        )
    stdout.print()


def _next_steps(report: RunReport) -> list[str]:
    if report.failures:
        return [
            "`moss-jamf doctor` checks every connection; `moss-jamf up` shows the run step by step."
        ]
    steps = []
    if report.plan is not None and not report.applies:
        steps.append(
            "`moss-jamf plan show` lists every change; `moss-jamf sync` makes a fresh plan and applies it."
        )
    elif report.plan is not None and _changed(report.plan.counts):
        steps.append("`moss-jamf plan show` lists what changed, field by field.")
    if report.open_conflicts:
        steps.append(
            f"`moss-jamf conflicts list` shows what a person should look at ({report.open_conflicts:,} open)."
        )
    steps.append(
        "`moss-jamf up` opens the Dagster UI: every step of this run with its counts and previews."
    )
    return steps


def _changed(counts: Iterable[ObjectCounts]) -> bool:
    return any(count.created or count.updated or count.removed for count in counts)
