"""The errors whose message is written for an operator: what happened, and what to do.

They carry `is_transient`, where trying again may help, and mostly a remedy. What a door makes of them is its business.
"""

from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.catalogue.ownership import OwnershipInvalid
from moss_jamf_pipeline.embedded.errors import EmbeddedPostgresError
from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.engine.databases import DatabaseUnreachableError, DatabaseUrlError
from moss_jamf_pipeline.jamf import JamfError
from moss_jamf_pipeline.moss.errors import MossError
from moss_jamf_pipeline.moss.troubles import verdict_on
from moss_jamf_pipeline.settings import SettingsContradictory

_REFUSED = "The M.O.S.S. database refused a statement"


class RunTerminated(Exception):
    """Somebody ended the run; what has not begun yet does not begin."""

    def __init__(self) -> None:
        super().__init__(
            "The run was terminated before it was done. Run it again: what was written stays."
        )


# Everything whose message is written for an operator.
EXPLAINED = (
    JamfError,
    MossError,
    ConfigurationMissing,
    SettingsContradictory,
    RunTerminated,
    DatabaseUrlError,
    DatabaseUnreachableError,
    EmbeddedPostgresError,
    OwnershipInvalid,
)


@dataclass(frozen=True, slots=True)
class FailureReason:
    """Why a step failed.

    Attributes:
        message: what happened and what to do, as sentences.
        is_transient: whether trying again may help.
        facts: the same for machines: the kind of error and what is known of it.
    """

    message: str
    is_transient: bool
    facts: dict[str, str]


def reason_of(error: BaseException) -> FailureReason | None:
    """What an operator is told of an error that a step ended with; None: it is a fault of ours."""
    kind = type(error).__name__
    match error:
        case KeyboardInterrupt():
            return FailureReason(str(RunTerminated()), is_transient=False, facts={})
        case _ if isinstance(error, EXPLAINED):
            return FailureReason(
                str(error),
                is_transient=bool(getattr(error, "is_transient", False)),
                facts={"remedy": str(getattr(error, "remedy", "")), "kind": kind},
            )
        case psycopg.Error():
            verdict = verdict_on(error)
            words = str(error.diag.message_primary or error).rstrip(".")
            return FailureReason(
                f"{verdict.told or _REFUSED}: {words}. {verdict.remedy}".strip(),
                is_transient=verdict.passes,
                facts={
                    "remedy": verdict.remedy,
                    "sqlstate": error.sqlstate or "",
                    "kind": kind,
                },
            )
        case _:
            return None
