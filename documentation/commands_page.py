"""The page of the command line, from what Typer knows of it."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from documentation.markdown import first_sentences, plain, table
from moss_jamf_pipeline.cli.application import COMMANDS, LazyCommand, load

_HEAD = """\
# The command line

`moss-jamf COMMAND --help` says the same. Exit codes: 0 done, also in part; 1 failed; 2 wrong usage; 3 something waits
for an approval; 130 interrupted. With `--json` standard output is one document and nothing else.
"""


def commands_page() -> str:
    """The page, complete."""
    panels: dict[str, list[tuple[str, LazyCommand]]] = {}
    for name, lazy in COMMANDS.items():
        panels.setdefault(lazy.panel, []).append((name, lazy))
    parts = [_HEAD]
    for panel, commands in panels.items():
        rows = [(f"[`{name}`](#moss-jamf-{name})", plain(lazy.summary)) for name, lazy in commands]
        parts.append(f"## {panel}\n\n{table(('Command', 'Does'), rows)}")
        for name, lazy in commands:
            parts += _sections(f"moss-jamf {name}", load(lazy))
    return "\n".join(parts)


def _sections(name: str, command: Any) -> Iterator[str]:
    """A command, and the commands below it."""
    yield f"### {name}\n\n{plain(first_sentences(command.help))}\n"
    rows = [
        _row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)
    ]
    if rows:
        yield table(("", "Meaning", "Default"), rows)
    for below in getattr(command, "commands", {}).values():
        yield from _sections(f"{name} {below.name}", below)


def _row(parameter: Any) -> tuple[str, str, str]:
    is_flag = getattr(parameter, "is_flag", False)
    metavar = parameter.metavar or _kind_of(parameter)
    if parameter.param_type_name == "argument":
        written = f"`{metavar}`"
    else:
        written = ", ".join(
            f"`{option}{'' if is_flag else ' ' + metavar}`" for option in parameter.opts
        )
    default = parameter.default
    is_told = not is_flag and default not in (None, "", ()) and not callable(default)
    shown = f"`{getattr(default, 'value', default)}`" if is_told else ""
    if parameter.required:
        shown = "has to be given"
    return (written, plain(getattr(parameter, "help", None) or ""), shown)


def _kind_of(parameter: Any) -> str:
    """What a value looks like where the option does not say it."""
    annotation = parameter.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "|".join(member.value for member in annotation)
    return {int: "NUMBER", float: "NUMBER", Path: "PATH"}.get(annotation, "TEXT")
