"""`moss-jamf demo`: a simulated fleet, synced into M.O.S.S. by a real Dagster run, and what came of it."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import psycopg
import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import (
    DEMO_FLEET,
    ComputersOption,
    DemoFleet,
    GroupsOption,
    JsonOption,
    SeedOption,
    UsersOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import (
    CommandFailed,
    explained,
    print_json,
    print_table,
    stderr,
    stdout,
)
from moss_jamf_pipeline.cli.processes import SimulatedJamf, simulated_jamf
from moss_jamf_pipeline.cli.reports import print_run, run_document
from moss_jamf_pipeline.cli.sync import run_with_progress
from moss_jamf_pipeline.services.places import places_of
from moss_jamf_pipeline.services.preparation import is_on_this_machine, prepare_databases
from moss_jamf_pipeline.services.quarantine import QuarantineReason, list_reasons
from moss_jamf_pipeline.services.runs import RunOptions, RunReport
from moss_jamf_pipeline.services.trial import (
    SampleDevice,
    WrittenRows,
    enter_earlier_inventory,
    refuse_real_inventory,
    rows_written,
    sample_devices,
)
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

app = single_command()

_WAYS: Final = ("inserted", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did.

    Attributes:
        report: how the run ended.
        writes: M.O.S.S. table to rows written by it, as PostgreSQL counted them.
        devices: a few devices, read back from M.O.S.S.
        held_back: what was kept out, and why.
    """

    report: RunReport
    writes: Mapping[str, WrittenRows]
    devices: tuple[SampleDevice, ...]
    held_back: tuple[QuarantineReason, ...]

    @property
    def rows_written(self) -> int:
        """All rows written to M.O.S.S.'s core tables."""
        return sum(rows.total for rows in self.writes.values())


@app.command()
def demo(
    computers: ComputersOption = DEMO_FLEET.computers,
    users: UsersOption = DEMO_FLEET.users,
    groups: GroupsOption = DEMO_FLEET.groups,
    seed: SeedOption = DEMO_FLEET.seed,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Sync a simulated fleet into a real PostgreSQL by a real Dagster run, and show what happened.

    Run it again: nothing is written. With JAMF_BASE_URL set to a simulator of yours (`moss-jamf simulate`), that one is
    used.
    """
    with explained(as_json=as_json, verbose=verbose):
        result = _run_demo(DemoFleet(computers, users, groups, seed))
    if as_json:
        print_json(
            {
                **run_document(result.report),
                "rows_written": result.rows_written,
                "writes": result.writes,
                "devices": result.devices,
                "held_back": result.held_back,
            }
        )
    else:
        _print(result, verbose=verbose)
    (stderr if as_json else stdout).print(
        escape(places_of(Settings()).sentence), style="dim", soft_wrap=True
    )
    if result.report.failures:
        raise typer.Exit(1)


def _run_demo(fleet: DemoFleet) -> DemoResult:
    settings = Settings()
    if len(settings.integrations) > 1:
        raise CommandFailed(
            "The demo syncs one JAMF server, and MOSS_JAMF_INTEGRATIONS names several.",
            "Unset MOSS_JAMF_INTEGRATIONS for the demo.",
        )
    with _jamf_for_demo(settings, fleet) as simulator:
        choice = settings.integration
        preparation = prepare_databases(
            settings,
            [choice],
            may_create_moss=True,
            condition=lambda connection: _make_ready(connection, choice, fleet, simulator),
        )
        stderr.print(f"Database: {preparation.databases.where}.", soft_wrap=True)
        if simulator is not None:
            environment = simulator.environment()
            os.environ.update(environment)
            stderr.print(
                f"A simulated JAMF Pro with {fleet.computers:,} computers answers at {environment['JAMF_BASE_URL']}.",
                soft_wrap=True,
            )
        with Workplace(Settings()) as workplace:
            before = rows_written(workplace, choice)
        with Workplace(Settings()) as workplace:
            report = run_with_progress(workplace, RunOptions())
    with Workplace(settings) as workplace:
        after = rows_written(workplace, choice)
        return DemoResult(
            report=report,
            writes={table: rows - before[table] for table, rows in after.items()},
            devices=sample_devices(workplace, choice),
            held_back=list_reasons(workplace, choice),
        )


def _make_ready(
    connection: psycopg.Connection,
    choice: IntegrationChoice,
    fleet: DemoFleet,
    simulator: SimulatedJamf | None,
) -> None:
    """Refuses somebody's inventory, and enters what the hard cases of the demo's own fleet need to have been there."""
    refuse_real_inventory(connection, choice)
    if simulator is not None and fleet.has_hard_cases:
        enter_earlier_inventory(connection, choice, sold=fleet.sold)


@contextmanager
def _jamf_for_demo(settings: Settings, fleet: DemoFleet) -> Iterator[SimulatedJamf | None]:
    """The demo's simulator, beginning to start; None if the environment names a simulator of the user's.

    Raises:
        CommandFailed: the environment names a real JAMF server.
    """
    url = settings.jamf_base_url
    if url is not None and not is_on_this_machine(url):
        raise CommandFailed(
            f"JAMF_BASE_URL is {url}; the demo works with simulated Macs only.",
            "Use `moss-jamf sync --dry-run` for your own JAMF, or unset JAMF_BASE_URL.",
        )
    with simulated_jamf(fleet) if url is None else nullcontext() as simulator:
        yield simulator


def _print(result: DemoResult, *, verbose: bool) -> None:
    print_run(result.report, verbose=verbose)
    if result.report.failures:
        return
    stdout.print()
    print_table(
        ["M.O.S.S. table", *_WAYS],
        [
            [table, rows.inserted, rows.updated, rows.deleted]
            for table, rows in result.writes.items()
        ],
        title="Rows written by this run, as PostgreSQL counted them",
        numbers=_WAYS,
    )
    if result.rows_written == 0:
        stdout.print("[bold green]0 rows were written: M.O.S.S. was in step already.[/]\n")
    print_table(
        ["hostname", "serial number", "model", "person", "location"],
        [list(astuple(device)) for device in result.devices],
        title="Some devices, read back from M.O.S.S.",
    )
    if result.held_back:
        print_table(
            ["from JAMF's", "reason", "field", "objects", "what is left out", "in plain words"],
            [_held_back_row(row) for row in result.held_back],
            title="Held back",
            numbers=["objects"],
        )
    _print_next_steps(result)


def _held_back_row(held: QuarantineReason) -> list[object]:
    what = "the record" if held.is_whole_record else "the field"
    return [held.collection, held.reason, held.field, held.objects, what, held.detail]


def _print_next_steps(result: DemoResult) -> None:
    report, me = result.report, _as_typed()
    if result.rows_written:
        _say("Run it again: nothing will be written.")
    _say(f"`{me} plan show` lists every change, field by field, and the rule that decided it.")
    for change in report.held:
        _say(
            f"`{me} approve` shows the {change.planned:,} changes that the guard holds (Macs were sold in summer), "
            "and makes them if you say so."
        )
    if report.open_conflicts:
        _say(
            f"`{me} conflicts list` shows the {report.open_conflicts:,} questions that a person decides."
        )
    _say(
        f"`{me} up` (or `make up`) serves the Dagster UI at http://127.0.0.1:3000, the companion and the same fleet. "
        f"In another terminal `{me} sync --dry-run`, `apply` and `revert` then work with nothing to set; it prints "
        "how to let a week pass in the fleet."
    )
    start = f"`{me} db start`, then " if Settings().moss_database_url is None else ""
    _say(f'{start}`psql "$({me} db url)"` opens the M.O.S.S. database.')


def _as_typed() -> str:
    """The command line's own name as it can be typed here."""
    if shutil.which("moss-jamf") is not None:
        return "moss-jamf"
    typed = Path(sys.argv[0])
    here = Path.cwd()
    return str(typed.relative_to(here) if typed.is_relative_to(here) else typed)


def _say(step: str) -> None:
    stdout.print(f"→ {escape(step)}", soft_wrap=True)
