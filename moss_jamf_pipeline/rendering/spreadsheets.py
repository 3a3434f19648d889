"""Lists as CSV and as XLSX workbooks, written as they are read: a list of any length takes the memory of a page.

Whatever goes into a cell goes through `cell`: no name of a Mac becomes a formula, and no secret gets out.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import IO, Final, Literal

import xlsxwriter

from moss_jamf_pipeline.outputs import spreadsheet_cell
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.exports import Export

Format = Literal["csv", "xlsx"]

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What each format is called on the web."""

_ROWS_OF_A_SHEET: Final = 1_048_576
_LETTERS_OF_A_CELL: Final = 32_767
_TIME: Final = "yyyy-mm-dd hh:mm:ss"
_ROWS_AT_A_TIME: Final = 200


def cell(value: object) -> object:
    """A value as a cell of any spreadsheet holds it: a number, a time, or text that does nothing."""
    match value:
        case datetime():
            return value
        case tuple():
            return cell(", ".join(map(str, value)))
        case str():
            return spreadsheet_cell(scrubbed(value))
        case _:
            return spreadsheet_cell(value)


def csv_pieces(export: Export) -> Iterator[str]:
    """A list as CSV, some lines at a time.

    All in quotes: a spreadsheet that parts columns by semicolons finds none within a cell.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(export.columns)
    for number, row in enumerate(export.rows, start=1):
        writer.writerow(map(_text, row))
        if number % _ROWS_AT_A_TIME == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _text(value: object) -> object:
    shown = cell(value)
    return shown.isoformat() if isinstance(shown, datetime) else shown


def write_workbook(export: Export, file: IO[bytes], *, title: str) -> None:
    """Writes a list as a workbook: bold headings that stay in sight, filters, times as times (UTC).

    What does not fit on a sheet goes on the next; a text that no cell holds is cut.

    Args:
        export: the list.
        file: where to; it must be able to seek.
        title: what it is, for the workbook's properties.
    """
    book = xlsxwriter.Workbook(
        file,
        # Rows go to a temporary file as they come, texts with them; nothing is a formula or a link.
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": cell(title)})
    heading = book.add_format({"bold": True, "bottom": 1})
    time = book.add_format({"num_format": _TIME})
    rows = iter(export.rows)
    for number in count(1):
        sheet = book.add_worksheet(export.name if number == 1 else f"{export.name} {number}")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(export.columns):
            sheet.set_column(column, column, max(12, len(name) + 4))
            sheet.write_string(0, column, name, heading)
        line = 0
        for line, row in enumerate(islice(rows, _ROWS_OF_A_SHEET - 1), start=1):
            for column, value in enumerate(row):
                _write(sheet, line, column, value, time)
        sheet.autofilter(0, 0, max(line, 1), len(export.columns) - 1)
        if line < _ROWS_OF_A_SHEET - 1:
            break
    book.close()


def _write(
    sheet: "xlsxwriter.worksheet.Worksheet",
    line: int,
    column: int,
    value: object,
    time: "xlsxwriter.format.Format",
) -> None:
    match cell(value):
        case "":
            return
        case datetime() as moment:
            # A workbook knows no zones.
            sheet.write_datetime(line, column, moment.astimezone(UTC).replace(tzinfo=None), time)
        case bool() as truth:
            sheet.write_boolean(line, column, truth)
        case str() as text:
            shown = (
                text if len(text) <= _LETTERS_OF_A_CELL else text[: _LETTERS_OF_A_CELL - 1] + "…"
            )
            sheet.write_string(line, column, shown)
        case number:
            sheet.write_number(line, column, number)
