"""Stages buildings and departments: an id and a name. The rule of the name is the catalogue's."""

from collections.abc import Sequence

from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.reasons import Reason


def stage_buildings(versions: Sequence[RawVersion]) -> Staged:
    """Stage buildings.

    Args:
        versions: the stored versions.

    Returns:
        Their rows and quarantine. A building without a name (or one called "N/A" and the like) is
        unusable.
    """
    return _stage_named("buildings", versions)


def stage_departments(versions: Sequence[RawVersion]) -> Staged:
    """Stage departments, by the rules of buildings.

    Args:
        versions: the stored versions.

    Returns:
        Their rows and quarantine.
    """
    return _stage_named("departments", versions)


def _stage_named(collection: str, versions: Sequence[RawVersion]) -> Staged:
    chunk = Chunk(versions)
    columns = chunk.declared(collection)
    is_named = columns["name"].notna()
    chunk.note(
        ~is_named & ~chunk.noted("name"),
        "name",
        Reason.NAME_MISSING,
        "It has no name, or one that means none; name it in JAMF.",
    )
    return chunk.staged(collection, {**columns, "is_usable": is_named})
