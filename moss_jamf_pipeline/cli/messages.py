"""What servers say, put together from lines into messages, and what of it is worth a person's time on a terminal.

A warning or an error is shown whole, but for the stack of a Python error: of that its last words are, which say what is
wrong. The log has all of it.
"""

import re
from typing import Final

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
# How Dagster's servers and ours begin a message: `2026-11-28 06:35:50 +0000 - dagster.daemon - WARNING - …`.
_BEGINNING: Final = re.compile(
    r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\S*(?: [+-]\d{4})? - (?P<name>\S+) - (?P<level>[A-Z]+) - (?P<text>.*)"
)
# The same of uvicorn, and of Python's own logging.
_OTHER_BEGINNING: Final = re.compile(r"^(?P<level>[A-Z]+):(?P<text>.*)")
_LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})
_STACK: Final = re.compile(r"^(Traceback \(most recent call last\)|Stack Trace):")
# Dagster tells the outer error first, Python the inner one.
_DAGSTERS_CAUSE: Final = "The above exception was caused by"
_PYTHONS_CAUSES: Final = (
    "The above exception was the direct cause",
    "During handling of the above exception",
)
# How Python's warnings begin; a line of source follows.
_WARNING: Final = re.compile(r"^\S+\.py:\d+: \w*Warning: (?P<text>.*)")
# What no operator can do anything about: what Dagster says at each start of features that may change and of what it
# begins with, what it leaves behind when it is killed, and the events of a run, whose end is told by itself.
_OF_NO_USE: Final = re.compile(
    r"\w*Warning: (Parameter|Function|Class) `|No cursor for event type .*, ignoring older events"
    r"|resource_tracker: There appear|^\S+ - [0-9a-f]{8}-[0-9a-f-]{27} - "
)
_MOST_LINES: Final = 12


class Messages:
    """Puts lines together."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._last = ""

    def take(self, line: str) -> str | None:
        """Takes a line.

        Returns:
            The message before it, if it is over with this line and worth showing.
        """
        line = _COLOURS.sub("", line.rstrip())
        is_new = bool(_BEGINNING.match(line) or _level_of(line) or _WARNING.match(line)) or (
            bool(_STACK.match(line)) and not self._lines
        )
        ended = self.end() if is_new else None
        if is_new or self._lines:
            self._lines.append(line)
        return ended

    def end(self) -> str | None:
        """Ends the message that is being put together.

        Returns:
            It, if it is worth showing and not what was shown last.
        """
        message = _worth_showing(self._lines)
        self._lines = []
        if message is None or message == self._last:
            return None
        self._last = message
        return message


def _level_of(line: str) -> str | None:
    beginning = _OTHER_BEGINNING.match(line)
    return beginning["level"] if beginning and beginning["level"] in _LEVELS else None


def _worth_showing(lines: list[str]) -> str | None:
    if not lines:
        return None
    beginning = _BEGINNING.match(lines[0])
    if beginning and beginning["level"] not in _LEVELS:
        return None
    text = beginning["text"] if beginning else lines[0]
    if _OF_NO_USE.search(text):
        return None
    if warning := _WARNING.match(text):
        return f"WARNING {warning['text']}"
    first = f"{beginning['level']} {text}" if beginning else text
    told = _without_stack([first, *lines[1:]])
    shown = told[:_MOST_LINES]
    if len(told) > len(shown):
        shown.append(f"… {len(told) - len(shown)} more lines are in the log.")
    return "\n  ".join(shown)


def _without_stack(lines: list[str]) -> list[str]:
    """The lines of a message without the stacks of Python errors; of a chain of errors the outermost speaks."""
    kept: list[str] = []
    words: list[str] = []
    in_stack = False
    for line in lines:
        if line.startswith(_DAGSTERS_CAUSE):
            break
        if _STACK.match(line):
            in_stack, words = True, []
        elif in_stack:
            # Its frames are indented; what is not is what the error says.
            if not line.startswith((" ", "\t")):
                in_stack, words = False, [line] if line else []
        elif line and not line.startswith(_PYTHONS_CAUSES):
            (words or kept).append(line)
    return [*kept, *words]
