"""`moss-jamf status`: what is stored, what is open, what ran last and what runs next."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.markup import escape

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.output import (
    duration,
    explained,
    hanging,
    moment,
    print_json,
    print_table,
    stdout,
)
from moss_jamf_pipeline.moss.plan.guard import held_summary
from moss_jamf_pipeline.outputs import one_line
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.history import SyncRun
from moss_jamf_pipeline.services.overview import Standing, verdict_of
from moss_jamf_pipeline.services.status import (
    CollectionStatus,
    IntegrationStatus,
    ScheduleStatus,
    integration_status,
)
from moss_jamf_pipeline.services.sweeps import what_it_sees
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()

_LABEL = 13
_COLOURS = {
    Standing.GOOD: "green",
    Standing.NEW: "",
    Standing.WAITING: "yellow",
    Standing.TROUBLE: "red",
    Standing.OFF: "dim",
}
_SWEEPS = {
    "full": "a full sweep",
    "incremental": "a listing of all, and reads those that changed",
}


@app.command()
def status(integration: IntegrationOption = None, as_json: JsonOption = False) -> None:
    """Show the newest captures, plan and run, what is held, which conflicts are open, and what the next sync does.

    Of several integrations all are shown, unless one is named.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = [integration_status(workplace, choice) for choice in settings.meant]
    if as_json:
        documents = [_document(each) for each in found]
        print_json(documents[0] if len(found) == 1 else {"integrations": documents})
        return
    for number, each in enumerate(found):
        if number:
            stdout.print()
        _print(each)


def _document(found: IntegrationStatus) -> dict[str, object]:
    return {
        "integration": found.integration,
        "environment": found.environment,
        "enabled": found.enabled,
        "scope_groups": found.scope_groups,
        "captures": [
            stored.capture or {"collection": stored.collection, "status": "none"}
            for stored in found.collections
        ],
        "switched_off": {
            stored.collection: stored.switched_off
            for stored in found.collections
            if stored.switched_off is not None
        },
        "next_sweep": found.next_sweep,
        "plan": found.plan,
        "held": found.held,
        "last_run": found.last_run,
        "open_conflicts": found.open_conflicts,
        "schedule": found.schedule,
        "credentials": found.credentials,
    }


def _print(found: IntegrationStatus) -> None:
    switched = "" if found.enabled else ", switched off in M.O.S.S."
    stdout.print(f"Integration {found.integration!r}{switched}", markup=False, soft_wrap=True)
    verdict = verdict_of(found, None)
    stdout.print(
        escape(" ".join((verdict.sentence, *verdict.more))),
        style=_COLOURS[verdict.standing],
        soft_wrap=True,
    )
    print_table(
        ["captured from JAMF", "objects", "when", "ago", "sweep", "complete"],
        map(_capture_row, found.collections),
        numbers=["objects"],
    )
    for what, text in _facts(found):
        first, *more = hanging(one_line(scrubbed(text)), _LABEL)
        stdout.print(f"[bold]{what:<{_LABEL}}[/]{escape(first)}", soft_wrap=True)
        for line in more:
            stdout.print(escape(line), soft_wrap=True)


def _facts(found: IntegrationStatus) -> Iterator[tuple[str, str]]:
    if found.scope_groups:
        groups = " and ".join(repr(group) for group in found.scope_groups)
        yield "Scope", f"only computers of the JAMF group {groups}"
    plan, held = found.plan, ""
    if plan is None:
        yield "Newest plan", "none yet"
    else:
        yield "Newest plan", f"{plan.plan_id}, {plan.status}, made {moment(plan.created_at)}"
        held = held_summary(plan.plan_id, found.held)
        if held:
            yield "Held back", held
    yield "Last run", _last_run(found.last_run, held)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in found.open_conflicts.items())
    number = sum(found.open_conflicts.values())
    yield "Conflicts", f"{number:,} open: {kinds}" if kinds else "none open"
    yield "Schedule", _schedule(found.schedule)
    if found.credentials is not None:
        yield "Credentials", f"{found.credentials.message} {found.credentials.remedy}".strip()
    if not any(
        stored.switched_off for stored in found.collections if stored.collection == "computers"
    ):
        sweep = found.next_sweep
        yield (
            "Next sweep",
            f"it captures computers by {_SWEEPS[sweep.kind]}. {sweep.reason} {what_it_sees(sweep)}",
        )


def _capture_row(stored: CollectionStatus) -> list[object]:
    capture = stored.capture
    if capture is None:
        off = "switched off in M.O.S.S." if stored.switched_off else None
        return [stored.collection.replace("_", " "), None, "never", None, None, off]
    age = (datetime.now(UTC) - capture.captured_at).total_seconds()
    complete = "yes" if capture.is_complete else f"no: {' '.join(capture.incomplete_reasons)}"
    if stored.switched_off:
        complete = "switched off in M.O.S.S. since"
    return [
        stored.collection.replace("_", " "),
        capture.captured,
        capture.captured_at,
        duration(age),
        capture.sweep,
        complete,
    ]


def _last_run(run: SyncRun | None, held: str) -> str:
    """How the last run ended; what it holds back is said already."""
    if run is None:
        return "none yet; start one with `moss-jamf sync`"
    message = run.error_message or ""
    if held:
        message = message.replace(held, "it holds changes back, see above.")
    why = f": {message}" if message else ""
    return f"{run.sync_type}, {moment(run.sync_started_at)}, {run.status}{why}"


def _schedule(schedule: ScheduleStatus) -> str:
    if schedule.next_tick is None:
        return f"slot {schedule.slot}; no sync is due: {schedule.why_not}"
    ahead = (schedule.next_tick - datetime.now(UTC)).total_seconds()
    text = f"slot {schedule.slot}; the next sync is due {moment(schedule.next_tick)}, in {duration(ahead)}"
    if schedule.is_switched_off:
        return f"{text}, but the sensor that follows the schedule is switched off in the Dagster UI"
    if not schedule.daemon_is_running:
        return f"{text}, but no daemon runs that would start it: `moss-jamf up`"
    return text
