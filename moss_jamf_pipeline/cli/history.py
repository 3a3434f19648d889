"""`moss-jamf history`: the latest runs, as M.O.S.S.'s own pages show them, and who started them."""

from dataclasses import asdict

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import duration, explained, print_json, print_table, stdout
from moss_jamf_pipeline.services.history import SyncRun, list_runs
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()

_COUNTS = ("seen", "created", "updated", "skipped", "failed", "gone", "held", "approved")
_WIDE = 160
"""From here on each count has a column of its own."""


@app.command()
def history(
    limit: LimitOption = 20,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest runs that were to write M.O.S.S., newest first: when, what, who started them, how they ended and why.

    Dry runs leave no history; the Dagster UI shows them. Of several integrations all are shown, unless one is named.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        meant = settings.meant
        found = [
            (choice.name, run)
            for choice in meant
            for run in list_runs(workplace, choice, PageRequest(limit))
        ]
    found.sort(key=lambda one: one[1].sync_started_at, reverse=True)
    runs = found[:limit]
    if as_json and len(meant) == 1:
        print_json({"runs": [run for _, run in runs]})
    elif as_json:
        print_json({"runs": [{"integration": name, **asdict(run)} for name, run in runs]})
    elif not runs:
        stdout.print("There was no run yet. Start one with `moss-jamf sync`.")
    else:
        whose = ["integration"] if len(meant) > 1 else []
        is_narrow = stdout.is_terminal and stdout.width < _WIDE
        told = ("did",) if is_narrow else (*_COUNTS, "why")
        row = _short_row if is_narrow else _row
        print_table(
            [*whose, "started", "took", "what", "who", "ended", "run", *told],
            [[name, *row(run)] if whose else row(run) for name, run in runs],
            # A time is no more broken than a number.
            numbers=["started", "took", *_COUNTS],
        )


def _head(run: SyncRun) -> list[object]:
    seconds = run.duration_seconds
    return [
        run.sync_started_at,
        None if seconds is None else duration(float(seconds)),
        run.sync_type,
        run.triggered_by,
        run.status,
        (run.run_id or "")[:8],
    ]


def _counts(run: SyncRun) -> list[int | None]:
    return [
        run.items_processed,
        run.items_created,
        run.items_updated,
        run.items_skipped,
        run.items_failed,
        run.unenrolled,
        run.held,
        run.approved,
    ]


def _row(run: SyncRun) -> list[object]:
    return [*_head(run), *_counts(run), run.error_message]


def _short_row(run: SyncRun) -> list[object]:
    """A run where there is no room for a column of each count: those that are not 0 in words, then why."""
    counted = ", ".join(
        f"{number:,} {name}" for name, number in zip(_COUNTS, _counts(run), strict=True) if number
    )
    return [*_head(run), f"{counted or 'nothing'}. {run.error_message or ''}".strip()]
