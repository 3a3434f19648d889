"""Reading JAMF Pro: tokens, paging, errors, and the allow-list of what is kept.

Pure: no Dagster, no SQL, no files. `JamfClient` is the way in; a record comes out as canonical JSON
    of allow-listed
fields with its hash. What the values mean is `moss_jamf_pipeline.staging`.
"""

from moss_jamf_pipeline.jamf.client import JamfClient, MissingPrivilege
from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.jamf.documents import JamfRecord, RejectedRecord, RejectionReason
from moss_jamf_pipeline.jamf.errors import (
    JamfAddressInvalid,
    JamfAnswerInvalid,
    JamfBusy,
    JamfCredentialsRejected,
    JamfError,
    JamfNotFound,
    JamfPrivilegeMissing,
    JamfScopeInvalid,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.listings import Collection
from moss_jamf_pipeline.jamf.sweep import Sweep, SweepPage, SweepSummary
from moss_jamf_pipeline.jamf.version import ServerVersion

__all__ = [
    "ClientCredentials",
    "ClientLimits",
    "Collection",
    "JamfAddressInvalid",
    "JamfAnswerInvalid",
    "JamfBusy",
    "JamfClient",
    "JamfCredentialsRejected",
    "JamfError",
    "JamfNotFound",
    "JamfPrivilegeMissing",
    "JamfRecord",
    "JamfScopeInvalid",
    "JamfUnreachable",
    "MissingPrivilege",
    "RejectedRecord",
    "RejectionReason",
    "ServerVersion",
    "Sweep",
    "SweepPage",
    "SweepSummary",
    "UserCredentials",
]
