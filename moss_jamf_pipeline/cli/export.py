"""`moss-jamf export`: a plan, the open conflicts, the quarantine or the devices, whole, as CSV or a workbook."""

import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from moss_jamf_pipeline.cli.options import IntegrationOption, single_command
from moss_jamf_pipeline.cli.output import CommandFailed, explained, stderr
from moss_jamf_pipeline.rendering.spreadsheets import csv_pieces, write_workbook
from moss_jamf_pipeline.services import exports, plans
from moss_jamf_pipeline.services.exports import Export
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()


class Listed(StrEnum):
    """What can be exported."""

    PLAN = "plan"
    CONFLICTS = "conflicts"
    QUARANTINE = "quarantine"
    DEVICES = "devices"


class FileFormat(StrEnum):
    """As what."""

    CSV = "csv"
    XLSX = "xlsx"


@app.command()
def export(
    what: Annotated[Listed, typer.Argument(metavar="plan|conflicts|quarantine|devices")],
    number: Annotated[
        int | None,
        typer.Argument(metavar="PLAN", help="The plan's number; the newest by default.", min=1),
    ] = None,
    file_format: Annotated[
        FileFormat | None,
        typer.Option("--format", help="By default what the file is called, else csv."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; standard output by default."),
    ] = None,
    integration: IntegrationOption = None,
) -> None:
    """Write a whole list to a file: a plan field by field, the open conflicts, the quarantine, or the linked devices.

    It is written as it is read, so that a list of any length takes little memory. No cell is a formula.
    """
    if number is not None and what is not Listed.PLAN:
        raise typer.BadParameter("Only a plan has a number.", param_hint="PLAN")
    wanted = file_format or _format_of(output)
    if output is None and wanted is FileFormat.XLSX and sys.stdout.isatty():
        raise typer.BadParameter(
            "A workbook is nothing for a terminal; name a file.", param_hint="--output"
        )
    with explained():
        settings = plans.naming_integration_of(Settings().naming(integration), number)
        with (
            Workplace(settings) as workplace,
            exports.exported(workplace, settings.integration, what.value, number) as found,
        ):
            if output is None:
                _to_standard_output(found, wanted)
            else:
                _to_file(found, wanted, output)
    if output is not None:
        stderr.print(f"Written: {output}", markup=False, soft_wrap=True)


def print_csv(found: Export) -> None:
    """Prints a list as CSV on standard output, as it is read."""
    for piece in csv_pieces(found):
        sys.stdout.write(piece)


def _format_of(output: Path | None) -> FileFormat:
    return (
        FileFormat.XLSX
        if output is not None and output.suffix.lower() == ".xlsx"
        else FileFormat.CSV
    )


def _to_standard_output(found: Export, wanted: FileFormat) -> None:
    if wanted is FileFormat.CSV:
        print_csv(found)
        return
    with tempfile.TemporaryFile() as file:
        write_workbook(found, file, title=f"M.O.S.S. and JAMF Pro: {found.name}")
        file.seek(0)
        while piece := file.read(1 << 20):
            sys.stdout.buffer.write(piece)


def _to_file(found: Export, wanted: FileFormat, output: Path) -> None:
    """Writes beside the file first: who looks finds the whole list or the one that was there.

    Raises:
        CommandFailed: it cannot be written.
    """
    partial = output.with_name(f".{output.name}.part")
    try:
        with partial.open("wb") as file:
            if wanted is FileFormat.CSV:
                for piece in csv_pieces(found):
                    file.write(piece.encode())
            else:
                write_workbook(found, file, title=f"M.O.S.S. and JAMF Pro: {found.name}")
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CommandFailed(
            f"{output} cannot be written: {error.strerror or error}.", "Name another file."
        ) from error
