"""Reading JAMF Pro: tokens, paging, errors, and the allow-list of what is kept.

Pure: no Dagster, no SQL, no files. `JamfClient` is the way in; a record comes out as canonical JSON
of allow-listed fields with its hash. What the values mean is `moss_jamf_pipeline.staging`.
"""

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.jamf.acquaintance import Acquaintance
from moss_jamf_pipeline.jamf.attributes import AttributeDefinition, AttributeTaking
from moss_jamf_pipeline.jamf.client import JamfClient, MissingPrivilege
from moss_jamf_pipeline.jamf.computer_now import ComputerNow, Section
from moss_jamf_pipeline.jamf.connections import SERVER, Connection, ConnectionKind, Gateway, Scope
from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.jamf.documents import (
    JamfRecord,
    KnownUser,
    RejectedRecord,
    RejectionReason,
    computer_document_shape,
    user_document_shape,
)
from moss_jamf_pipeline.jamf.errors import (
    JamfAddressInvalid,
    JamfAnswerInvalid,
    JamfAnswerTooLarge,
    JamfAuthoritiesUnusable,
    JamfBusy,
    JamfCredentialsRejected,
    JamfEnvironmentRefused,
    JamfError,
    JamfFailing,
    JamfFilterUnusable,
    JamfNotFound,
    JamfPrivilegeMissing,
    JamfScopeInvalid,
    JamfTooOld,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.fetching import (
    ChangedComputers,
    FetchedPage,
    ReadingPlan,
    RecordFetch,
    plan_of_reading,
)
from moss_jamf_pipeline.jamf.limits import ClientLimits
from moss_jamf_pipeline.jamf.network import Network
from moss_jamf_pipeline.jamf.sweep import Sweep, SweepPage, SweepSummary, sections_missing
from moss_jamf_pipeline.jamf.version import ServerVersion

__all__ = [
    "SERVER",
    "Acquaintance",
    "AttributeDefinition",
    "AttributeTaking",
    "ChangedComputers",
    "ClientCredentials",
    "ClientLimits",
    "CollectionName",
    "ComputerNow",
    "Connection",
    "ConnectionKind",
    "FetchedPage",
    "Gateway",
    "JamfAddressInvalid",
    "JamfAnswerInvalid",
    "JamfAnswerTooLarge",
    "JamfAuthoritiesUnusable",
    "JamfBusy",
    "JamfClient",
    "JamfCredentialsRejected",
    "JamfEnvironmentRefused",
    "JamfError",
    "JamfFailing",
    "JamfFilterUnusable",
    "JamfNotFound",
    "JamfPrivilegeMissing",
    "JamfRecord",
    "JamfScopeInvalid",
    "JamfTooOld",
    "JamfUnreachable",
    "KnownUser",
    "MissingPrivilege",
    "Network",
    "ReadingPlan",
    "RecordFetch",
    "RejectedRecord",
    "RejectionReason",
    "Scope",
    "Section",
    "ServerVersion",
    "Sweep",
    "SweepPage",
    "SweepSummary",
    "UserCredentials",
    "computer_document_shape",
    "plan_of_reading",
    "sections_missing",
    "user_document_shape",
]
