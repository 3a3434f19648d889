"""`moss-jamf quarantine`: JAMF's records and fields that could not be used, and why."""

from typing import Annotated

import orjson
import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    command_group,
)
from moss_jamf_pipeline.cli.output import cell, explained, named, print_json, print_table, stdout
from moss_jamf_pipeline.services import quarantine as service
from moss_jamf_pipeline.services.pages import Page, PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()


@app.callback()
def quarantine() -> None:
    """The quarantine: what of JAMF's newest capture could not be used, and why. The rest is synced."""


@app.command("list")
def list_entries(
    collection: Annotated[
        CollectionName | None, typer.Option("--collection", help="Only this collection.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only for this reason, e.g. personally_owned.")
    ] = None,
    records: Annotated[
        bool, typer.Option("--records", help="Only whole records, no single fields.")
    ] = False,
    limit: LimitOption = 50,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what could not be used, the newest find first."""
    wanted = service.QuarantineFilter(collection, reason, records)
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = service.list_entries(workplace, settings.integration, wanted, PageRequest(limit))
    if as_json:
        print_json({"total": found.total, "quarantine": found.items})
    elif found.items:
        print_list(found)
    else:
        stdout.print("Everything of the newest captures could be used, as far as you ask.")


@app.command()
def show(
    quarantine_id: Annotated[int, typer.Argument(metavar="ID", min=1)],
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one entry, and what JAMF gave of the record, as far as it is kept."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        entry = service.show(workplace, settings.integration, quarantine_id)
    if as_json:
        print_json({"entry": entry})
    else:
        _print_entry(entry)


def print_list(found: Page[service.Quarantined]) -> None:
    """Prints a page of the quarantine as a table; `found`: the page."""
    # Few columns, and the long one last: names and serial numbers may be of any length, and 80 letters are usual.
    print_table(
        ["id", "record", "name", "left out"],
        [
            [
                entry.quarantine_id,
                f"{entry.collection} {entry.jamf_id or '(no id)'}",
                _name(entry),
                f"{_what(entry)}: {entry.detail} ({entry.reason})",
            ]
            for entry in found
        ],
        numbers=["id"],
    )
    if found.total > len(found):
        stdout.print(
            f"{len(found):,} of {found.total:,}; --limit shows more; --collection, --reason, --records narrow it down.",
            soft_wrap=True,
        )


def _print_entry(entry: service.QuarantineEntry) -> None:
    over = " It is over: JAMF has changed the record since, or lost it." if entry.is_over else ""
    stdout.print(
        f"[bold]Quarantine {entry.quarantine_id}[/] · {entry.collection} {escape(entry.jamf_id or '(no id)')} "
        f"{escape(_name(entry))}: {escape(_what(entry))}",
        soft_wrap=True,
    )
    stdout.print(
        f"{escape(entry.detail)} ({entry.reason}, found {cell(entry.created_at)}.){over}",
        soft_wrap=True,
    )
    if entry.document is None:
        stdout.print("What JAMF gave is not kept.")
        return
    stdout.print("What JAMF gave, as far as it is kept:")
    document = orjson.dumps(orjson.loads(entry.document), option=orjson.OPT_INDENT_2)
    stdout.print(document.decode(), markup=False, soft_wrap=True)


def _name(entry: service.Quarantined) -> str:
    return named(entry.label, entry.serial_number)


def _what(entry: service.Quarantined) -> str:
    return "the record" if entry.is_whole_record else f"the field {entry.field}"
