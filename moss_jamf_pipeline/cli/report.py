"""`moss-jamf report`: how a fleet and its sync stand, what changed, what needs somebody; in a terminal or as a page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, single_command
from moss_jamf_pipeline.cli.output import (
    CommandFailed,
    explained,
    hanging,
    moment,
    print_json,
    print_table,
    stderr,
    stdout,
)
from moss_jamf_pipeline.notifying.messages import companion_address
from moss_jamf_pipeline.outputs import one_line
from moss_jamf_pipeline.rendering.reports import report_page
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.reports.contents import Bars, Block, Columns, Grid, Lines, Report
from moss_jamf_pipeline.services.reports.making import report_of
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()

_INDENT = 4


@app.command()
def report(
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write it as a page that needs nothing else."),
    ] = None,
    weekly: Annotated[
        bool,
        typer.Option("--weekly", help="About the last seven days, and not only the last one."),
    ] = False,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how the fleet and its sync stand, what changed, what people decided, and what needs somebody first.

    Nothing is kept, and nobody is sent it: the reports that are made after each full sync and weekly are.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        choice = settings.integration
        found = report_of(workplace, choice, datetime.now(UTC), is_weekly=weekly)
        if html is not None:
            _write(html, report_page(found, lambda page: companion_address(settings, choice, page)))
    if as_json:
        print_json({"report": found})
    elif html is None:
        _print(found)
    if html is not None:
        stderr.print(f"Written: {html}", markup=False, soft_wrap=True)


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(
            f"{file} cannot be written: {error.strerror or error}.", "Name another file."
        ) from error


def _print(found: Report) -> None:
    stdout.print(
        f"[bold]{escape(found.integration)}[/] · since {moment(found.since)}", soft_wrap=True
    )
    print_table(
        ["how many", "of what"],
        [[figure.count, figure.label] for figure in found.figures],
        numbers=["how many"],
    )
    if found.attention:
        stdout.print("[bold]What needs somebody[/]")
    else:
        stdout.print("[green]Nothing needs anybody.[/]")
    for each in found.attention:
        mark = "[red]![/]" if each.is_urgent else "[yellow]·[/]"
        stdout.print(f"  {mark} [bold]{escape(each.heading)}[/]", soft_wrap=True)
        for number, line in enumerate(hanging(one_line(scrubbed(each.text)), _INDENT)):
            stdout.print(f"{'' if number else ' ' * _INDENT}{escape(line)}", soft_wrap=True)
    for section in found.sections:
        stdout.print(f"\n[bold]{escape(section.heading)}[/]", soft_wrap=True)
        if section.sentence:
            stdout.print(escape(section.sentence), soft_wrap=True)
        for block in section.blocks:
            _print_block(block)
    stdout.print("`moss-jamf report --html FILE` has all of it, with charts.")


def _print_block(block: Block) -> None:
    """What of a report fits a terminal: numbers to be compared, and tables."""
    match block:
        case Bars():
            rows = [
                [bar.label, bar.count, f"{100 * bar.count / (block.total or 1):.0f} %"]
                for bar in block.bars
            ]
            print_table([block.title, "Macs", "share"], rows, numbers=["Macs", "share"])
        case Grid():
            numbers = [
                heading
                for heading, value in zip(block.columns, block.rows[0], strict=True)
                if isinstance(value, int)
            ]
            print_table(block.columns, block.rows, title=block.title, numbers=numbers)
        case Lines():
            print_table(
                [block.title, "at first", "now"],
                [[name, line[0].count, line[-1].count] for name, line in block.lines],
                numbers=["at first", "now"],
            )
        case Columns():
            print_table(
                ["day", "created", "changed"],
                [
                    [f"{day.day:%Y-%m-%d}", day.created, day.updated]
                    for day in block.days
                    if day.created or day.updated
                ],
                title=block.title,
                numbers=["created", "changed"],
            )
        case _:
            """The runs: `moss-jamf history` shows them."""
