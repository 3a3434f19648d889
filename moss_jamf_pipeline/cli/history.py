"""`moss-jamf history`: the latest runs, as M.O.S.S.'s own pages show them, and who started them."""

from moss_jamf_pipeline.cli.options import JsonOption, LimitOption, single_command
from moss_jamf_pipeline.cli.output import duration, explained, print_json, print_table, stdout
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.statements import Row
from moss_jamf_pipeline.settings import Settings

app = single_command()

_COUNTS = {
    "seen": "items_processed",
    "created": "items_created",
    "updated": "items_updated",
    "skipped": "items_skipped",
    "failed": "items_failed",
}


@app.command()
def history(limit: LimitOption = 20, as_json: JsonOption = False) -> None:
    """The latest runs that were to write M.O.S.S., newest first: when, what, who started them, how they ended and why.

    Dry runs leave no history; the Dagster UI shows them.
    """
    with explained(as_json=as_json), prepared_moss(Settings()) as (connection, integration):
        runs = recent_history(connection, integration.id, limit=limit)
    if as_json:
        print_json({"runs": runs})
    elif not runs:
        stdout.print("There was no run yet. Start one with `moss-jamf sync`.")
    else:
        print_table(
            ["started", "took", "what", "who", "ended", *_COUNTS, "why", "run"],
            [_row(run) for run in runs],
            numbers=["took", *_COUNTS],
        )


def _row(run: Row) -> list[object]:
    seconds = run["duration_seconds"]
    return [
        run["sync_started_at"],
        None if seconds is None else duration(float(seconds)),
        run["sync_type"],
        run["triggered_by"],
        run["status"],
        *(run[column] for column in _COUNTS.values()),
        run["error_message"],
        (run["run_id"] or "")[:8],
    ]
