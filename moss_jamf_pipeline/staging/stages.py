"""The way in: which stager stages which collection, and the number of the rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from moss_jamf_pipeline.staging.attributes import StagedAttribute
from moss_jamf_pipeline.staging.chunk import RawVersion, Staged
from moss_jamf_pipeline.staging.computers import stage_computers
from moss_jamf_pipeline.staging.fields import staging_rules
from moss_jamf_pipeline.staging.groups import stage_groups
from moss_jamf_pipeline.staging.mobile_devices import stage_mobile_devices
from moss_jamf_pipeline.staging.placeholders import folded, placeholder_serials
from moss_jamf_pipeline.staging.places import stage_buildings, stage_departments
from moss_jamf_pipeline.staging.users import stage_users

RULES_REVISION: Final[int] = 4
"""Raised with every change of what a rule does."""

STAGING_RULES: Final[int] = staging_rules(RULES_REVISION)
"""The number of the present rules without policies: rows stored under another one must be staged again."""


@dataclass(frozen=True, slots=True)
class StagingPolicies:
    """What an integration adds to the rules.

    Attributes:
        placeholder_serials: of devices, what else is no serial number: whole texts, or, with a `*` at the end, what
            they begin with.
        attributes: of computers, the extension attributes that are staged.
    """

    placeholder_serials: tuple[str, ...] = ()
    attributes: tuple[StagedAttribute, ...] = ()

    def rules_for(self, collection: str) -> int:
        """The number of the rules of a collection under these policies; see `STAGING_RULES`."""
        named = sorted(set(map(folded, self.placeholder_serials)))
        mapped = sorted(self.attributes) if collection == "computers" else []
        if collection not in _OF_DEVICES or not (named or mapped):
            return STAGING_RULES
        # Without attributes the number is the one that it was before there were any.
        added = (STAGING_RULES, named, mapped) if mapped else (STAGING_RULES, named)
        return (crc32(repr(added).encode()) & 0x7FFF_FFFF) or 1


NO_POLICIES: Final = StagingPolicies()
"""Nothing is added to the rules."""

_OF_DEVICES: Final = {"computers": stage_computers, "mobile_devices": stage_mobile_devices}
"""The stagers that have to know what is no serial number."""

STAGERS: Final[Mapping[str, Callable[[Sequence[RawVersion]], Staged]]] = {
    "computers": stage_computers,
    "users": stage_users,
    "groups": stage_groups,
    "buildings": stage_buildings,
    "departments": stage_departments,
    "mobile_devices": stage_mobile_devices,
}
"""Collection -> its stager."""


def stage(
    collection: str, versions: Sequence[RawVersion], policies: StagingPolicies = NO_POLICIES
) -> Staged:
    """Turn stored documents into typed, normalised rows and a quarantine.

    Pure and without surprise: whatever JSON a document holds, nothing is raised and no record
    affects another. Memory grows with the number of versions given; a large collection is staged in
    chunks of some thousand.

    Args:
        collection: one of `STAGERS`.
        versions: stored versions.
        policies: what the integration adds to the rules.

    Returns:
        One row per version in the given order, and the quarantine.

    Raises:
        ValueError: the collection is none of these.
    """
    stager = STAGERS.get(collection)
    if stager is None:
        known = ", ".join(STAGERS)
        raise ValueError(f"There is no collection {collection!r} to stage; known are: {known}.")
    if collection == "computers":
        placeholders = placeholder_serials(policies.placeholder_serials)
        return stage_computers(versions, placeholders, policies.attributes)
    if collection in _OF_DEVICES:
        return _OF_DEVICES[collection](versions, placeholder_serials(policies.placeholder_serials))
    return stager(versions)
