"""Stages users. Where each field stands and its rule is the catalogue's."""

from collections.abc import Sequence

from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.reasons import Reason


def stage_users(versions: Sequence[RawVersion]) -> Staged:
    """Stage users.

    A username that looks like an e-mail address stays a username; no address is made of it.

    Args:
        versions: the stored versions.

    Returns:
        Their rows and quarantine. A user with neither username nor e-mail address can be matched to
        nobody and is unusable.
    """
    chunk = Chunk(versions)
    columns = chunk.declared("users")
    is_known = columns["username"].notna() | columns["email"].notna()
    chunk.note(
        ~is_known,
        "username",
        Reason.NO_USERNAME_OR_EMAIL,
        "The user has neither a username nor a usable e-mail address; enter one in JAMF.",
    )
    return chunk.staged("users", {**columns, "is_usable": is_known})
