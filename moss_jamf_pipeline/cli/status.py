"""`moss-jamf status`: what is stored, what is open, what ran last and what runs next."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from dagster import DagsterInstance
from rich.markup import escape

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.cli.next_sweep import next_sweep, what_it_sees
from moss_jamf_pipeline.cli.options import JsonOption, single_command
from moss_jamf_pipeline.cli.output import (
    cell,
    duration,
    explained,
    moment,
    print_json,
    print_table,
    stdout,
)
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.conflicts import open_conflicts_by_kind
from moss_jamf_pipeline.moss.plan.guard import held_changes, held_summary
from moss_jamf_pipeline.moss.statements import fetch_one
from moss_jamf_pipeline.orchestration.dagster_internals import InstigatorType
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.orchestration.schedule import next_sync
from moss_jamf_pipeline.orchestration.sensors import schedule_name
from moss_jamf_pipeline.settings import Settings

app = single_command()

# A daemon writes its heartbeat every 30 seconds.
_DAEMON_ALIVE_SECONDS = 120

_SWEEPS = {
    "full": "a full sweep",
    "incremental": "a listing of all, and reads those that changed",
}


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show the newest captures, plan and run, what is held, which conflicts are open, and what the next sync does."""
    with explained(as_json=as_json):
        settings = Settings()
        with prepared_moss(settings) as (connection, integration):
            document = _moss_status(connection, integration)
        document["schedule"] = _schedule_status(settings, integration)
    if as_json:
        print_json(document)
    else:
        _print(document)


def _moss_status(connection: psycopg.Connection, integration: Integration) -> dict[str, Any]:
    captures = newest_captures(connection, integration.id)
    newest = fetch_one(connection, "plan/newest_plan", {"integration_id": integration.id})
    runs = recent_history(connection, integration.id, limit=1)
    switched_off = integration.settings.switched_off
    return {
        "integration": integration.name,
        "environment": integration.environment,
        "enabled": integration.is_enabled,
        "scope_groups": integration.scope_groups,
        "captures": [
            captures.get(name) or {"collection": name, "status": "none"}
            for name in COLLECTION_NAMES
        ],
        "switched_off": {
            name: reason for name in COLLECTION_NAMES if (reason := switched_off(name)) is not None
        },
        "next_sweep": next_sweep(connection, integration, datetime.now(UTC)),
        "plan": fetch_one(connection, "plan/plan_by_id", newest) if newest else None,
        "held": held_changes(connection, newest["plan_id"]) if newest else (),
        "last_run": runs[0] if runs else None,
        "open_conflicts": open_conflicts_by_kind(connection, integration.id),
    }


def _schedule_status(settings: Settings, integration: Integration) -> dict[str, Any]:
    now = datetime.now(UTC)
    following = next_sync(integration, now)
    with open_instance(settings, captures_output=False) as instance:
        return {
            "slot": slot_key_at(now),
            "cron": integration.schedule,
            "next_tick": following.at,
            "why_not": following.why_not,
            "daemon_is_running": _daemon_is_running(instance, now),
            "is_switched_off": any(
                not state.is_running
                for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
                if state.name == schedule_name(settings.integration_slug)
            ),
        }


def _daemon_is_running(instance: DagsterInstance, now: datetime) -> bool:
    beats = instance.get_daemon_heartbeats().values()
    return any(now.timestamp() - beat.timestamp < _DAEMON_ALIVE_SECONDS for beat in beats)


def _print(document: dict[str, Any]) -> None:
    switched = "" if document["enabled"] else ", switched off in M.O.S.S."
    stdout.print(f"Integration {document['integration']!r}{switched}", markup=False)
    print_table(
        ["captured from JAMF", "objects", "when", "sweep", "complete"],
        [_capture_row(capture, document["switched_off"]) for capture in document["captures"]],
        numbers=["objects"],
    )
    if document["scope_groups"]:
        groups = " and ".join(repr(group) for group in document["scope_groups"])
        stdout.print(
            f"[bold]Scope[/]        only computers of the JAMF group {escape(groups)}",
            soft_wrap=True,
        )
    plan = document["plan"]
    if plan:
        stdout.print(
            f"[bold]Newest plan[/]  {plan['plan_id']}, {plan['status']}, made {moment(plan['created_at'])}"
        )
    else:
        stdout.print("[bold]Newest plan[/]  none yet")
    if document["held"]:
        held = held_summary(plan["plan_id"], document["held"])
        stdout.print(f"[bold]Held back[/]    {escape(held)}", soft_wrap=True)
    stdout.print(f"[bold]Last run[/]     {_last_run(document['last_run'])}", soft_wrap=True)
    conflicts = document["open_conflicts"]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in conflicts.items())
    stdout.print(f"[bold]Conflicts[/]    {kinds or 'none open'}", soft_wrap=True)
    stdout.print(f"[bold]Schedule[/]     {_schedule(document['schedule'])}", soft_wrap=True)
    if "computers" not in document["switched_off"]:
        sweep = document["next_sweep"]
        text = (
            f"it captures computers by {_SWEEPS[sweep.kind]}. {sweep.reason} {what_it_sees(sweep)}"
        )
        stdout.print(f"[bold]Next sweep[/]   {escape(text)}", soft_wrap=True)


def _capture_row(capture: Any, switched_off: Mapping[str, str]) -> list[object]:
    if isinstance(capture, dict):
        name = capture["collection"]
        off = "switched off in M.O.S.S." if name in switched_off else None
        return [name, None, "never", None, off]
    age = (datetime.now(UTC) - capture.captured_at).total_seconds()
    complete = "yes" if capture.is_complete else f"no: {' '.join(capture.incomplete_reasons)}"
    if capture.collection in switched_off:
        complete = "switched off in M.O.S.S. since"
    return [
        capture.collection,
        capture.captured,
        f"{cell(capture.captured_at)}, {duration(age)} ago",
        capture.sweep,
        complete,
    ]


def _last_run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none yet; start one with `moss-jamf sync`"
    why = f": {escape(run['error_message'])}" if run["error_message"] else ""
    return f"{run['sync_type']}, {moment(run['sync_started_at'])}, {run['status']}{why}"


def _schedule(schedule: dict[str, Any]) -> str:
    if schedule["next_tick"] is None:
        return f"slot {schedule['slot']}; no sync is due: {escape(schedule['why_not'])}"
    ahead = (schedule["next_tick"] - datetime.now(UTC)).total_seconds()
    text = f"slot {schedule['slot']}; the next sync is due {moment(schedule['next_tick'])}, in {duration(ahead)}"
    if schedule["is_switched_off"]:
        return f"{text}, but the sensor that follows the schedule is switched off in the Dagster UI"
    if not schedule["daemon_is_running"]:
        return f"{text}, but no daemon runs that would start it: `moss-jamf up`"
    return text
