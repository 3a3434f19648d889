"""Whether a run can work on a database: the contract is there, M.O.S.S. has what it names, and the roles may use it."""

import psycopg

from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.moss.contract.rights import grant_for_sync
from moss_jamf_pipeline.moss.contract.roles import refuse_strangers
from moss_jamf_pipeline.moss.errors import MossNotPrepared


def require_contract(connection: psycopg.Connection) -> None:
    """Sees to it, before anything is read or written, that M.O.S.S. is still what the contract was made for.

    M.O.S.S.'s own migrations may have changed it since `moss-jamf init`. A table that took an old one's place gets the
    rights that the roles had on the old one, if this log-in may grant them.

    Args:
        connection: under the log-in's own role.

    Raises:
        MossNotPrepared: what is missing, or does not belong there, by its name, and what to do about it.
    """
    installed = installation(connection)
    found = detect(connection)
    if not found.is_usable:
        raise MossNotPrepared(found.what_is_missing(), found.remedy())
    if found.dialect.name != installed.dialect:
        raise MossNotPrepared(
            f"This is {found.dialect.title}; the contract was made for another M.O.S.S. ({installed.dialect}).",
            "Run `moss-jamf init`.",
        )
    grant_for_sync(connection)
    refuse_strangers(connection)
