"""Stages groups. Where each field stands and its rule is the catalogue's."""

from collections.abc import Sequence

from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.fields import GROUP_NAME_ROOM
from moss_jamf_pipeline.staging.reasons import Reason


def stage_groups(versions: Sequence[RawVersion]) -> Staged:
    """Stage groups.

    Args:
        versions: the stored versions.

    Returns:
        Their rows and quarantine. A group without a name is unusable, and so is one of which JAMF
        does not say whether it is
        smart: taken for a static one it would be given members, and members can be granted roles.
    """
    chunk = Chunk(versions)
    columns = chunk.declared("groups")
    names, is_smart = columns["name"], columns["is_smart"]
    chunk.note(
        names.isna() & ~chunk.noted("name"),
        "name",
        Reason.NAME_MISSING,
        "The group has no name; name it in JAMF.",
    )
    chunk.note(
        is_smart.isna() & ~chunk.noted("is_smart"),
        "is_smart",
        Reason.GROUP_KIND_UNKNOWN,
        "JAMF does not say whether the group is smart or static; it is left alone.",
    )
    advice = f"is longer than the {GROUP_NAME_ROOM} characters that fit and will be cut to them"
    is_long = names.str.len() > GROUP_NAME_ROOM
    chunk.note_values(is_long, "name", Reason.CUT_TO_FIT, names, advice)
    is_usable = names.notna() & is_smart.notna()
    return chunk.staged("groups", {**columns, "is_usable": is_usable})
