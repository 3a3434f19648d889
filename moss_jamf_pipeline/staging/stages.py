"""The way in: which stager stages which collection, and the number of the rules."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from moss_jamf_pipeline.staging.chunk import RawVersion, Staged
from moss_jamf_pipeline.staging.computers import stage_computers
from moss_jamf_pipeline.staging.fields import staging_rules
from moss_jamf_pipeline.staging.groups import stage_groups
from moss_jamf_pipeline.staging.places import stage_buildings, stage_departments
from moss_jamf_pipeline.staging.users import stage_users

RULES_REVISION: Final[int] = 2
"""Raised with every change of what a rule does."""

STAGING_RULES: Final[int] = staging_rules(RULES_REVISION)
"""The number of the present rules: rows stored under another one must be staged again."""

STAGERS: Final[Mapping[str, Callable[[Sequence[RawVersion]], Staged]]] = {
    "computers": stage_computers,
    "users": stage_users,
    "groups": stage_groups,
    "buildings": stage_buildings,
    "departments": stage_departments,
}
"""Collection -> its stager."""


def stage(collection: str, versions: Sequence[RawVersion]) -> Staged:
    """Turn stored documents into typed, normalised rows and a quarantine.

    Pure and without surprise: whatever JSON a document holds, nothing is raised and no record
    affects another. Memory grows with the number of versions given; a large collection is staged in
    chunks of some thousand.

    Args:
        collection: `computers`, `users`, `groups`, `buildings` or `departments`.
        versions: stored versions: version id, JAMF id, allow-listed document.

    Returns:
        One row per version in the given order, and the quarantine.

    Raises:
        ValueError: the collection is none of these.
    """
    stager = STAGERS.get(collection)
    if stager is None:
        known = ", ".join(STAGERS)
        raise ValueError(f"There is no collection {collection!r} to stage; known are: {known}.")
    return stager(versions)
