"""What the commands say: tables and sentences for people, one JSON document for machines, errors without a traceback.

What a command has to report goes to standard output, everything else (progress, warnings, errors) to standard error.
"""

import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from moss_jamf_pipeline.cli.tables import Column, table_lines, wrapped
from moss_jamf_pipeline.outputs import json_text, one_line, terminal_text
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services import explanations
from moss_jamf_pipeline.services.explanations import Explanation

# A log file or a pipe has no width: a line is a line, for grep and awk. Rich would assume 80 columns and fold.
_WIDTH_OF_FILES = 100_000
_NARROWEST = 24
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class _PlainConsole(Console):
    """Prints what others have named without doing what it says, and no secret, whatever brought it here."""

    def render_str(self, text: str, *arguments: Any, **options: Any) -> Text:
        """Every text that is printed comes by here, the cells of tables too; arguments as of `rich.console.Console`."""
        return super().render_str(terminal_text(scrubbed(text)), *arguments, **options)


def _console(*, to_stderr: bool) -> Console:
    stream = sys.stderr if to_stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_FILES
    return _PlainConsole(stderr=to_stderr, width=width, highlight=False, emoji=False)


stdout = _console(to_stderr=False)
stderr = _console(to_stderr=True)


def named(name: object, serial_number: str | None = None) -> str:
    """What a list calls an object: its name, and of a device, or what belongs to one, the serial number, too.

    Args:
        name: the host name of a device.
        serial_number: its serial number; None: it is no device's, or not known.
    """
    shown = "" if name is None else str(name)
    told = serial_number if serial_number != shown else None
    return " · ".join(text for text in (shown, told) if text)


class CommandFailed(Exception):
    """A command cannot or will not go on.

    Args:
        message: what happened.
        remedy: what to do.
    """

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}")


def explanation_of(error: BaseException) -> Explanation | None:
    """The explanation of an error that was written for an operator; None for any other (a defect of ours)."""
    if isinstance(error, CommandFailed):
        return Explanation(error.message, error.remedy)
    return explanations.explanation_of(error)


@contextmanager
def explained(*, as_json: bool = False, verbose: bool = False) -> Iterator[None]:
    """Ends the command with exit code 1 and a sentence when an error occurs that was written for an operator.

    Args:
        as_json: also print the error as the command's JSON document.
        verbose: show the traceback as well.

    Raises:
        typer.Exit: with code 1, instead of an explained error. Other errors are defects and pass through.
    """
    try:
        yield
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        if verbose:
            stderr.print(escape(traceback.format_exc().rstrip()), style="dim", soft_wrap=True)
        print_error(explanation)
        if as_json:
            print_json({"error": {"message": explanation.message, "remedy": explanation.remedy}})
        raise typer.Exit(1) from error


def print_error(explanation: Explanation) -> None:
    """Prints an error on standard error: what happened in red, then what to do."""
    stderr.print(escape(explanation.message), style="bold red", soft_wrap=True)
    if explanation.remedy:
        stderr.print(f"[bold]What to do:[/] {escape(explanation.remedy)}", soft_wrap=True)


def print_json(document: object, *, reveals: bool = False) -> None:
    """Prints a JSON document on standard output: on one line, unless a person reads it.

    Args:
        document: what JSON has a form for.
        reveals: whether it is asked for because of a secret in it, which therefore stays.
    """
    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    written = orjson.dumps(document, default=_for_json, option=option)
    if not reveals and scrubbed(written.decode()) != written.decode():
        written = orjson.dumps(_without_secrets(orjson.loads(written)), option=option)
    typer.echo(json_text(written.decode()))


def _without_secrets(value: Any) -> Any:
    match value:
        case str():
            return scrubbed(value)
        case list():
            return [_without_secrets(item) for item in value]
        case dict():
            return {name: _without_secrets(content) for name, content in value.items()}
        case _:
            return value


def _for_json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    numbers: Iterable[str] = (),
) -> None:
    """Prints a table on standard output.

    Args:
        columns: their headings.
        rows: one value per column; None is left blank.
        title: what it shows.
        numbers: the columns to align to the right.
    """
    shown = [[_text(value) for value in row] for row in rows]
    right = set(numbers)
    table = [
        Column(heading, tuple(row[number] for row in shown), heading in right)
        for number, heading in enumerate(columns)
    ]
    if title:
        stdout.print(title, style="bold", soft_wrap=True)
    stdout.print()
    for number, line in enumerate(table_lines(table, stdout.width if stdout.is_terminal else None)):
        stdout.print(line, style="" if number else "bold", markup=False, soft_wrap=True)
    stdout.print()


def hanging(text: str, indent: int) -> list[str]:
    """A text in lines that fit the terminal, all but the first indented; in a pipe it is one line.

    Args:
        text: on one line.
        indent: how much stands before the first line already.
    """
    if not stdout.is_terminal:
        return [text]
    first, *more = wrapped(text, max(_NARROWEST, stdout.width - indent))
    return [first, *(" " * indent + line for line in more)]


def cell(value: object) -> str:
    """A value as a table shows it, inside markup: blank for None, thousands apart, times in UTC."""
    return escape(_text(value))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return moment(value)
    return one_line(scrubbed(str(value)))


def moment(value: datetime) -> str:
    """A time to the minute, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """A span of time in the two units that matter, e.g. `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, smaller, smaller_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // smaller} {smaller_name}"
    return f"{whole} s"
