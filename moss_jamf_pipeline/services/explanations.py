"""What an operator reads of an error: what happened and what to do, told apart."""

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error as an operator reads it.

    Attributes:
        message: what happened.
        remedy: what to do; empty if the message says it.
    """

    message: str
    remedy: str


class ProblemFound(Exception):
    """Something is not as a sync needs it.

    Args:
        message: what.
        remedy: what to do.
    """

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}")


def explanation_of(error: BaseException) -> Explanation | None:
    """The explanation of an error that was written for an operator; None for any other (a defect of ours)."""
    if isinstance(error, ProblemFound):
        return Explanation(error.message, error.remedy)
    # Imports the JAMF client and the databases, which only an error is worth.
    failures = import_module("moss_jamf_pipeline.engine.failures")
    if isinstance(error, failures.EXPLAINED):
        return separated(str(error), str(getattr(error, "remedy", "")))
    if type(error).__module__.startswith("psycopg"):
        reason = str(getattr(getattr(error, "diag", None), "message_primary", None) or error)
        return Explanation(
            f"The database refused a statement: {reason.rstrip('.')}.",
            "If it names a missing right, let an administrator grant it; `moss-jamf doctor` checks the rest.",
        )
    return None


def separated(text: str, remedy: str) -> Explanation:
    """Takes the remedy out of a message that ends with it, to be shown on a line of its own."""
    message = text.removesuffix(remedy).strip() if remedy else text.strip()
    first, marker, rest = message.partition("What to do: ")
    if marker:
        return Explanation(first.strip(), rest.strip() or remedy)
    return Explanation(message, remedy)
