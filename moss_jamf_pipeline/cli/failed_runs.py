"""Tells of runs that fail while `moss-jamf up` serves: which, and why, in one message."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from rich.markup import escape

from moss_jamf_pipeline.cli.output import stderr
from moss_jamf_pipeline.orchestration.endings import FailedRun, failed_runs_since
from moss_jamf_pipeline.orchestration.instance import STORAGE_TROUBLES, open_instance
from moss_jamf_pipeline.outputs import terminal_text
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.settings import Settings

_SECONDS_BETWEEN_LOOKS: Final = 5.0


@contextmanager
def telling_of_failed_runs(settings: Settings) -> Iterator[None]:
    """Tells of every run that fails within the block, on standard error."""
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(settings, over), name="failed runs", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join(_SECONDS_BETWEEN_LOOKS)


def _tell(settings: Settings, over: threading.Event) -> None:
    since = datetime.now(UTC)
    told: set[str] = set()
    with suppress(*STORAGE_TROUBLES), open_instance(settings, captures_output=False) as instance:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            # While the database is away, webserver and daemon say so.
            with suppress(*STORAGE_TROUBLES):
                for run in failed_runs_since(instance, since):
                    if run.run_id not in told:
                        told.add(run.run_id)
                        stderr.print(_sentence(run), soft_wrap=True)


def _sentence(run: FailedRun) -> str:
    again = " Dagster tries it again." if run.is_tried_again else ""
    message = escape(terminal_text(scrubbed(run.message)))
    return f"[red]✗[/] Run {run.run_id[:8]} ({escape(run.job)}) failed. {message}{again}"
