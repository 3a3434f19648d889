"""What a plan does to an object, what became of it, and what matching found: the words of plans, in one place."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Action(StrEnum):
    """What a row of a plan does. The values are stored; never rename one."""

    CREATE = "create"
    LINK = "link"
    MOVE = "move"
    UPDATE = "update"
    UNENROLL = "unenroll"
    RETURN = "return"
    DELETE_INTERNAL = "delete_internal"
    ADD = "add"
    REMOVE = "remove"
    AGREE = "agree"
    UNLINK = "unlink"
    RELINK = "relink"
    DELETE = "delete"

    @property
    def meaning(self) -> str:
        """What it does, in a sentence."""
        return _ACTIONS[self]


class Outcome(StrEnum):
    """What became of a row of a plan; a row without one waits. The values are stored; never rename one."""

    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    HELD = "held"
    LOCKED = "locked"

    @property
    def meaning(self) -> str:
        """What happened, in a sentence."""
        return _OUTCOMES[self]


class MatchOutcome(StrEnum):
    """What matching found for a JAMF record. The values are stored; never rename one."""

    MAPPED = "mapped"
    MOVED = "moved"
    MATCHED = "matched"
    SHARED = "shared"
    HELD = "held"
    DECLINED = "declined"
    CREATE = "create"
    TWIN = "twin"
    CONTRADICTED = "contradicted"
    SHARED_SERIAL = "shared_serial"
    OTHER_INVENTORY = "other_inventory"
    AMBIGUOUS = "ambiguous"
    MISSING = "missing"
    DELETED_INTERNAL = "deleted_internal"

    @property
    def meaning(self) -> str:
        """What was found, in a sentence."""
        return _MATCH_OUTCOMES[self]


_ACTIONS: Final = MappingProxyType(
    {
        Action.CREATE: "The object is created in M.O.S.S. and linked to its JAMF record.",
        Action.LINK: "An object that M.O.S.S. has is linked to its JAMF record, and its fields are written.",
        Action.MOVE: "The link moves from the object's former JAMF record to this one, and its fields are written.",
        Action.UPDATE: "Fields of a linked object are written.",
        Action.UNENROLL: "The object is marked as gone from JAMF; nothing of it is deleted.",
        Action.RETURN: "The object is back in JAMF: its link counts again, and its fields are written.",
        Action.DELETE_INTERNAL: "The link is marked as one whose object was deleted in M.O.S.S.",
        Action.ADD: "A member is added to a group.",
        Action.REMOVE: "A member that the sync added is removed from a group.",
        Action.AGREE: "Both sides hold the same by now: it is noted, and nothing is written to M.O.S.S.",
        Action.UNLINK: "A link that was made is taken back.",
        Action.RELINK: "A link is put back as it was before.",
        Action.DELETE: "An object that was created is deleted again.",
    }
)

_OUTCOMES: Final = MappingProxyType(
    {
        Outcome.APPLIED: "It was written.",
        Outcome.REFUSED: "M.O.S.S. changed since the plan was made; it is planned anew next time.",
        Outcome.FAILED: "The database rejected it, with the reason beside it.",
        Outcome.HELD: "The guard holds it until a person approves its kind.",
        Outcome.LOCKED: "Another session of M.O.S.S. held what it needs; it is planned anew next time.",
    }
)

_MATCH_OUTCOMES: Final = MappingProxyType(
    {
        MatchOutcome.MAPPED: "It is linked already.",
        MatchOutcome.MOVED: "It is an object that another JAMF record was linked to: the link moves.",
        MatchOutcome.MATCHED: "M.O.S.S. has it and it is not linked yet.",
        MatchOutcome.SHARED: "A second record of that name: it shares the object and gets no link of its own.",
        MatchOutcome.HELD: "M.O.S.S. knows its serial number; nothing is written until a person accepts the link.",
        MatchOutcome.DECLINED: "A person decided that it is not the object it looks like; it is not linked.",
        MatchOutcome.CREATE: "M.O.S.S. does not have it: it is to be created.",
        MatchOutcome.TWIN: "Another record of the same object is synced instead.",
        MatchOutcome.CONTRADICTED: "Somebody has its user name and another e-mail address: nothing is written until a "
        "person decides.",
        MatchOutcome.OTHER_INVENTORY: "A record of JAMF's other inventory (computers, mobile devices) has its serial "
        "number, or the link to the device of that number: nothing is written.",
        MatchOutcome.SHARED_SERIAL: "Another Mac with its serial number is synced; both are alive: neither is stale.",
        MatchOutcome.AMBIGUOUS: "Several objects of M.O.S.S. could be it: nothing is written.",
        MatchOutcome.MISSING: "M.O.S.S. does not have it, and creating it is switched off.",
        MatchOutcome.DELETED_INTERNAL: "It was deleted in M.O.S.S. and is not created again.",
    }
)


@dataclass(frozen=True, slots=True)
class MatchVocabulary:
    """The outcomes that one table of matches knows.

    Attributes:
        table: the table.
        outcomes: what it may say.
    """

    table: str
    outcomes: tuple[MatchOutcome, ...]


MATCH_VOCABULARIES: Final = (
    MatchVocabulary(
        "location_matches",
        (
            *(MatchOutcome.MAPPED, MatchOutcome.MOVED, MatchOutcome.MATCHED, MatchOutcome.SHARED),
            *(MatchOutcome.CREATE, MatchOutcome.AMBIGUOUS, MatchOutcome.MISSING),
            MatchOutcome.DELETED_INTERNAL,
        ),
    ),
    MatchVocabulary(
        "room_matches",
        (
            *(MatchOutcome.MATCHED, MatchOutcome.CREATE, MatchOutcome.AMBIGUOUS),
            MatchOutcome.MISSING,
        ),
    ),
    MatchVocabulary(
        "person_matches",
        (
            *(MatchOutcome.MAPPED, MatchOutcome.MOVED, MatchOutcome.MATCHED, MatchOutcome.CREATE),
            *(MatchOutcome.TWIN, MatchOutcome.CONTRADICTED, MatchOutcome.AMBIGUOUS),
            MatchOutcome.DELETED_INTERNAL,
        ),
    ),
    MatchVocabulary(
        "device_matches",
        (
            *(MatchOutcome.MAPPED, MatchOutcome.MOVED, MatchOutcome.MATCHED, MatchOutcome.HELD),
            *(MatchOutcome.DECLINED, MatchOutcome.CREATE, MatchOutcome.TWIN),
            *(MatchOutcome.SHARED_SERIAL, MatchOutcome.OTHER_INVENTORY, MatchOutcome.AMBIGUOUS),
            MatchOutcome.DELETED_INTERNAL,
        ),
    ),
    MatchVocabulary(
        "group_matches",
        (
            *(MatchOutcome.MAPPED, MatchOutcome.MOVED, MatchOutcome.MATCHED, MatchOutcome.CREATE),
            *(MatchOutcome.AMBIGUOUS, MatchOutcome.DELETED_INTERNAL),
        ),
    ),
)
"""By table of matches."""
