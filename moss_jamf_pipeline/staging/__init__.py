"""Stored raw JAMF documents -> typed, normalised rows and a quarantine.

Pure: no I/O, no SQL, no Dagster.

`stage` is the way in; `STAGERS` in `stages.py` lists the collections it knows. What is in which
module:

- `columns`: the columns of every collection's rows, as data.
- `fields`: where each text comes from, how it is normalised and how long it may be, as data.
- `text`: what is done to every text, and the words that mean "nothing".
- `forms`: the canonical forms of MAC addresses, e-mail addresses, UUIDs and dates, and kinds of interfaces.
- `placeholders`: what stands in place of a serial number (`placeholder_serials.csv`).
- `models`: Apple's models (`apple_models.csv`), and what of a computer tells its form factor.
- `reasons`: why something is in quarantine.
- `chunk`: the versions of one call while they become columns, and their quarantine.
- `computers`, `users`, `groups`, `places`: one stager per collection.
- `copying`: frames -> tuples for COPY.

Matching, comparing with M.O.S.S. and cutting group names to fit do not belong here.
"""

from moss_jamf_pipeline.staging.attributes import StagedAttribute
from moss_jamf_pipeline.staging.chunk import QUARANTINE_COLUMNS, RawVersion, Staged
from moss_jamf_pipeline.staging.columns import SNAPSHOT_COLUMNS, SnapshotColumn
from moss_jamf_pipeline.staging.copying import rows_for_copy
from moss_jamf_pipeline.staging.fields import GROUP_NAME_ROOM
from moss_jamf_pipeline.staging.reasons import Reason
from moss_jamf_pipeline.staging.stages import (
    NO_POLICIES,
    STAGING_RULES,
    StagingPolicies,
    stage,
)

__all__ = [
    "GROUP_NAME_ROOM",
    "NO_POLICIES",
    "QUARANTINE_COLUMNS",
    "SNAPSHOT_COLUMNS",
    "STAGING_RULES",
    "RawVersion",
    "Reason",
    "SnapshotColumn",
    "Staged",
    "StagedAttribute",
    "StagingPolicies",
    "rows_for_copy",
    "stage",
]
