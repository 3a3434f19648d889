"""What is raised when the embedded PostgreSQL cannot serve; nothing else raises to its callers."""

from collections.abc import Mapping
from pathlib import Path

_LOG_TAIL_LINES = 15

USE_ANOTHER_SERVER = "set MOSS_DATABASE_URL to a PostgreSQL server of yours"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL could not be started, stopped or understood.

    Args:
        problem: what happened and to which file or directory, as a sentence.
        remedy: what the operator can do next.
        log: the last lines of the server's log, if they may explain it.
    """

    def __init__(self, problem: str, *, remedy: str, log: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        self.log = log
        parts = [problem, f"What to do: {remedy}"]
        if log:
            parts.append(f"The end of the server's log:\n{log}")
        super().__init__("\n".join(parts))

    def as_record(self) -> dict[str, str]:
        """This error as plain values, to cross from the supervisor to who started it."""
        return {"problem": self.problem, "remedy": self.remedy, "log": self.log}

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> "EmbeddedPostgresError":
        """The error that `as_record` wrote down."""
        return cls(record["problem"], remedy=record["remedy"], log=record["log"])


def end_of_log(log_file: Path) -> str:
    """The last lines of a log file; empty when there is none."""
    if not log_file.exists():
        return ""
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LOG_TAIL_LINES:])
