"""Which object somebody means who names one by what they know of it. Only looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import ID_PREFIXES
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import fetch_all
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.pages import record

_BY_ID: Final = "jamf:"
_SIMILAR: Final = 5
_NAMED: Final = 10


class Subject(StrEnum):
    """The types of object that have a story; the values are those of plans."""

    DEVICE = "device"
    PERSON = "person"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that may be meant.

    Attributes:
        object_type: e.g. `device`.
        object_id: M.O.S.S.'s id; of an object that is yet to be created, the one it will get. None: there is none.
        external_type: the type of its JAMF record.
        external_id: that record's id; None: JAMF has none.
        name: host name, full name or name of the group.
        key: serial number, e-mail address (or user name), or JAMF id of the group.
        is_in_moss: whether M.O.S.S. has it.
        is_personally_owned: whether it is a computer of which nothing may be shown.
    """

    object_type: Subject
    object_id: UUID | None
    external_type: str | None
    external_id: str | None
    name: str | None
    key: str | None
    is_in_moss: bool
    is_personally_owned: bool

    @property
    def words(self) -> str:
        """What people call it: its name and what tells it from others of that name."""
        if self.is_personally_owned:
            return f"a personally-owned computer (JAMF id {self.external_id})"
        known = " · ".join(text for text in (self.name, self.key) if text)
        return known or f"JAMF id {self.external_id}"


@dataclass(frozen=True, slots=True)
class _Words:
    one: str
    several: str
    known_by: str
    example: str
    statement: str


_WORDS: Final[Mapping[Subject, _Words]] = MappingProxyType(
    {
        Subject.DEVICE: _Words(
            "device",
            "devices",
            "host names, serial numbers and JAMF ids",
            "serial number",
            "stories/find_devices",
        ),
        Subject.PERSON: _Words(
            "person",
            "people",
            "e-mail addresses, user names, full names and JAMF ids",
            "e-mail address",
            "stories/find_people",
        ),
        Subject.GROUP: _Words(
            "group", "groups", "names and JAMF ids", "M.O.S.S. id", "stories/find_groups"
        ),
    }
)


class ObjectUnknown(ProblemFound):
    """Nothing is known by what was asked for."""


class ObjectUnclear(ProblemFound):
    """Several objects are known by what was asked for.

    Args:
        message: what.
        remedy: what to do.
        candidates: they.
    """

    def __init__(self, message: str, remedy: str, candidates: tuple[Candidate, ...]) -> None:
        self.candidates = candidates
        super().__init__(message, remedy)


def find(
    connection: psycopg.Connection, integration: Integration, subject: Subject, sought: str
) -> Candidate:
    """The one object that is meant.

    Args:
        connection: to M.O.S.S.
        integration: whose JAMF records are looked through as well.
        subject: what type of object.
        sought: a M.O.S.S. id, `jamf:` and a JAMF id, or what else the object is known by.

    Raises:
        ObjectUnknown: there is none; the message says where it was looked.
        ObjectUnclear: there are several; the error lists them.
    """
    return find_any(connection, integration, [subject], sought)


def find_any(
    connection: psycopg.Connection,
    integration: Integration,
    subjects: Sequence[Subject],
    sought: str,
) -> Candidate:
    """The one object that is meant, of whichever type.

    Args:
        connection: to M.O.S.S.
        integration: whose JAMF records are looked through as well.
        subjects: which types of object may be meant.
        sought: as of `find`.

    Raises:
        ObjectUnknown: there is none; the message says where it was looked.
        ObjectUnclear: there are several; the error lists them.
    """
    words = [_WORDS[subject] for subject in subjects]
    text = sought.strip()
    found = tuple(
        candidate
        for subject in subjects
        for candidate in _candidates(connection, integration, subject, text)
    )
    if len(found) == 1:
        return found[0]
    if found:
        listed = "; ".join(candidate.words for candidate in found[:_NAMED])
        more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        several = words[0].several if len(words) == 1 else "objects"
        examples = " or ".join(word.example for word in words)
        raise ObjectUnclear(
            f"{len(found)} {several} are known as {text!r}: {listed}{more}.",
            f"Name the one you mean by its {examples}, by its M.O.S.S. id (a uuid), or as jamf:ID.",
            found,
        )
    similar = " or ".join(
        filter(None, (_similar(connection, integration, subject, text) for subject in subjects))
    )
    raise ObjectUnknown(
        f"There is no {', '.join(word.one for word in words)} {text!r}. It was looked for among the "
        f"{'; '.join(word.known_by for word in words)}, in M.O.S.S. and in what is stored of {integration.name}.",
        f"Did you mean {similar}?"
        if similar
        else "Check the spelling. If it is new in JAMF, `moss-jamf sync` brings it.",
    )


def _candidates(
    connection: psycopg.Connection, integration: Integration, subject: Subject, text: str
) -> tuple[Candidate, ...]:
    object_id = _uuid(text)
    is_jamf_id = text.casefold().startswith(_BY_ID)
    jamf_id = text[len(_BY_ID) :].strip() if is_jamf_id else text
    rows = fetch_all(
        connection,
        _WORDS[subject].statement,
        {
            "integration_id": integration.id,
            "sought": None if is_jamf_id or object_id or not text else text,
            "object_id": object_id,
            "jamf_id": jamf_id
            if is_jamf_id or jamf_id.isdecimal() or jamf_id.startswith(ID_PREFIXES)
            else None,
        },
    )
    return tuple(_candidate(subject, row) for row in rows)


def _candidate(subject: Subject, row: Mapping[str, object]) -> Candidate:
    if row["is_personally_owned"]:
        return record(Candidate, row, object_type=subject, name=None, key=None)
    return record(Candidate, row, object_type=subject)


def _similar(
    connection: psycopg.Connection, integration: Integration, subject: Subject, text: str
) -> str | None:
    """What is called alike in M.O.S.S., as a list in words."""
    pattern = "".join(f"\\{sign}" if sign in "%_\\" else sign for sign in text.casefold())
    rows = (
        fetch_all(
            connection,
            "stories/similar_names",
            {
                "integration_id": integration.id,
                "object_type": subject.value,
                "label_pattern": f"%{pattern}%",
                "row_limit": _SIMILAR,
            },
        )
        if len(text) > 1
        else []
    )
    names = [" · ".join(filter(None, (row["name"], row["key"]))) for row in rows]
    return " or ".join(names) or None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
