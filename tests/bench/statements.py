"""Where PostgreSQL's time went, statement by statement, from the server's own log: every version has that."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.settings import project_file

_LOGGED: Final = re.compile(r"duration: ([\d.]+) ms  (?:parse|bind|execute|statement)[^:]*: (.*)")
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class StatementTime:
    """What one statement took in a run.

    Attributes:
        name: of its file below `sql/`, or how it begins.
        calls: how often it took long enough to be logged.
        seconds: all of these calls together.
    """

    name: str
    calls: int
    seconds: float


def read_statement_times(log_file: Path, offset: int) -> tuple[StatementTime, ...]:
    """Reads what statements took, the longest first.

    Args:
        log_file: of the server.
        offset: where in it to begin, in bytes.
    """
    times: dict[str, list[float]] = defaultdict(list)
    with log_file.open("rb") as log:
        log.seek(offset)
        for line in log:
            if found := _LOGGED.search(line.decode(errors="replace")):
                milliseconds, begin = found.groups()
                name = _files_by_first_line().get(begin.strip(), begin[:_LONGEST_NAME])
                times[name].append(float(milliseconds))
    all_times = (StatementTime(name, len(of), sum(of) / 1e3) for name, of in times.items())
    return tuple(sorted(all_times, key=lambda time: -time.seconds))


@cache
def _files_by_first_line() -> dict[str, str]:
    """First line of a file below `sql/`, a comment, to the file's name."""
    folder = project_file("sql")
    return {
        file.read_text(encoding="utf-8").partition("\n")[0].strip(): file.relative_to(folder)
        .with_suffix("")
        .as_posix()
        for file in folder.rglob("*.sql")
    }
