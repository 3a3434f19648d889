"""What is seen of a run while it works: a bar and a line per finished asset on a terminal, plain lines elsewhere."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from moss_jamf_pipeline.cli.output import duration, stderr
from moss_jamf_pipeline.services.runs import (
    RunEvent,
    RunWaits,
    StepFailed,
    StepFinished,
    StepRetried,
    StepStarted,
)

# The counts worth a word while a run works, in reading order; zeros are left out.
_SHOWN = (
    "captured",
    "changed",
    "removed",
    "staged",
    "quarantined",
    "created",
    "updated",
    "linked",
    "moved",
    "returned",
    "unenrolled",
    "unchanged",
    "conflicts",
    "skipped",
    "failed",
    "opened",
    "closed",
    "tried",
    "problems",
    "held",
    "locked",
)


class RunProgress:
    """Shows a run's events on standard error. Use it as a context manager.

    Args:
        steps: the names of the run's steps.
    """

    def __init__(self, steps: Collection[str]) -> None:
        self._steps = frozenset(steps)
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=stderr,
            transient=True,
            disable=not stderr.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=len(steps))

    def __enter__(self) -> Self:
        """Starts showing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Takes the bar away; the lines stay."""
        self._progress.stop()

    def see(self, event: RunEvent) -> None:
        """Shows one event of the run."""
        if isinstance(event, RunWaits):
            stderr.print(escape(event.sentence), soft_wrap=True)
            return
        step = event.step
        if step not in self._steps:
            return
        match event:
            case StepStarted():
                self._progress.update(self._task, description=step)
            case StepFinished():
                self._finish(
                    f"[green]✓[/] {step:<28} {_facts(event.counts)} [dim]{duration(event.seconds)}[/]"
                )
            case StepFailed():
                self._finish(f"[red]✗[/] {step:<28} failed")
            case StepRetried():
                wait = duration(event.seconds_to_wait)
                stderr.print(
                    f"[yellow]↻[/] {step:<28} {escape(event.reason)} [yellow]Trying again in {wait}.[/]",
                    soft_wrap=True,
                )

    def _finish(self, line: str) -> None:
        stderr.print(line, soft_wrap=True)
        self._progress.advance(self._task)


def _facts(counts: Mapping[str, int]) -> str:
    """The numbers of a step worth a word; matches count by outcome, under names of their own."""
    shown = {name: counts[name] for name in _SHOWN if counts.get(name)}
    if not shown and "dagster/row_count" in counts:
        shown = {"rows": counts["dagster/row_count"]}
    facts = " · ".join(f"{value:,} {name}" for name, value in shown.items())
    return f"{facts or 'nothing to do':<60}"
