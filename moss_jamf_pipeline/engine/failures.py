"""The errors whose message is written for an operator: what happened, and what to do.

They carry `is_transient`, where trying again may help, and mostly a remedy. What a door makes of them is its business.
"""

from moss_jamf_pipeline.catalogue.ownership import OwnershipInvalid
from moss_jamf_pipeline.embedded.errors import EmbeddedPostgresError
from moss_jamf_pipeline.engine.access import ConfigurationMissing
from moss_jamf_pipeline.engine.databases import DatabaseUnreachableError, DatabaseUrlError
from moss_jamf_pipeline.jamf import JamfError
from moss_jamf_pipeline.moss.errors import MossError


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
    RunTerminated,
    DatabaseUrlError,
    DatabaseUnreachableError,
    EmbeddedPostgresError,
    OwnershipInvalid,
)
