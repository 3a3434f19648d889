"""What is seen of a run while it works: a bar and a line per finished asset on a terminal, plain lines elsewhere."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import dagster as dg
from dagster import DagsterEvent, DagsterEventType
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
from moss_jamf_pipeline.cli.running import innermost_message

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
)


class RunProgress:
    """Shows a run's events on standard error. Use it as a context manager.

    Args:
        prefix: what the keys of the run's steps begin with.
        assets: the names of the assets the run materialises.
    """

    def __init__(self, prefix: str, assets: list[str]) -> None:
        self._prefix = f"{prefix}__"
        self._assets = frozenset(assets)
        self._metadata: dict[str, Mapping[str, dg.MetadataValue]] = {}
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
        self._task = self._progress.add_task("starting", total=len(assets))

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

    def say(self, sentence: str) -> None:
        """Shows a sentence."""
        stderr.print(escape(sentence), soft_wrap=True)

    def see(self, event: DagsterEvent) -> None:
        """Shows one event of the run."""
        step = (event.step_key or "").removeprefix(self._prefix)
        if step not in self._assets:
            return
        match event.event_type:
            case DagsterEventType.STEP_START:
                self._progress.update(self._task, description=step)
            case DagsterEventType.ASSET_MATERIALIZATION:
                self._metadata[step] = event.step_materialization_data.materialization.metadata
            case DagsterEventType.STEP_SUCCESS:
                milliseconds = event.step_success_data.duration_ms
                self._finish(
                    f"[green]✓[/] {step:<28} {self._facts(step)} [dim]{duration(milliseconds / 1000)}[/]",
                )
            case DagsterEventType.STEP_FAILURE:
                self._finish(f"[red]✗[/] {step:<28} failed")
            case DagsterEventType.STEP_UP_FOR_RETRY:
                self._say_retry(step, event)
            case _:
                pass

    def _finish(self, line: str) -> None:
        stderr.print(line, soft_wrap=True)
        self._progress.advance(self._task)

    def _facts(self, step: str) -> str:
        metadata = self._metadata.get(step, {})
        counts = {
            name: metadata[name].value
            for name in _SHOWN
            if name in metadata and metadata[name].value
        }
        # Matches count by outcome, under names of their own.
        if not counts and "dagster/row_count" in metadata:
            counts = {"rows": metadata["dagster/row_count"].value}
        facts = " · ".join(
            f"{value:,} {name}" for name, value in counts.items() if isinstance(value, int)
        )
        return f"{facts or 'nothing to do':<60}"

    def _say_retry(self, step: str, event: DagsterEvent) -> None:
        data = event.step_retry_data
        reason = innermost_message(data.error) if data.error else ""
        wait = duration(data.seconds_to_wait or 0)
        stderr.print(
            f"[yellow]↻[/] {step:<28} {escape(reason)} [yellow]Trying again in {wait}.[/]",
            soft_wrap=True,
        )
