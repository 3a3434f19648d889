"""Extension attributes of computers: their definitions, and the values of those that are wanted, out of six places.

JAMF displays each attribute in a section, and the value stands there. What is not wanted is dropped while a record is
taken apart: of it, only how many records have a value is counted.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, with_config
from pydantic import ValidationError as WrongTypes
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from moss_jamf_pipeline.catalogue.extension_attributes import CARRIERS, DOCUMENT_KEY, PRIVILEGE
from moss_jamf_pipeline.jamf.allow_list import (
    LENIENT,
    Computer,
    General,
    Hardware,
    OperatingSystem,
    Text,
    UserAndLocation,
)
from moss_jamf_pipeline.jamf.documents import (
    BodyShapeError,
    DocumentReader,
    describe_type_errors,
    distil_computer,
    parse_leniently,
    reader_of,
)
from moss_jamf_pipeline.jamf.limits import Patience
from moss_jamf_pipeline.jamf.session import JamfSession

_PATH: Final = "/api/v1/computer-extension-attributes"
_PAGE_SIZE: Final = 200
_MOST_PAGES: Final = 50
"""Ten thousand definitions: a server without an end to them is not believed."""
_MOST_VALUES: Final = 200
"""Of one attribute of one record; only those of the directory have several."""
_MOST_ATTRIBUTES: Final = 10_000


@with_config(LENIENT)
class AttributeValue(TypedDict):
    """An extension attribute of a record. What it is called and made of, its definition says."""

    definitionId: Text
    enabled: Annotated[bool | None, Field(default=None)]
    values: Annotated[list[str | None] | None, Field(default=None, max_length=_MOST_VALUES)]


def _usable(value: object) -> object:
    """The list of attributes, without what is none: a record is not lost for that."""
    if not isinstance(value, list) or len(value) > _MOST_ATTRIBUTES:
        return None
    return [item for item in value if isinstance(item, dict) and _has_texts(item)]


def _has_texts(item: dict[str, Any]) -> bool:
    values = item.get("values")
    return values is None or (
        isinstance(values, list)
        and len(values) <= _MOST_VALUES
        and all(isinstance(value, str | int | float | None) for value in values)
    )


_Values = Annotated[list[AttributeValue] | None, BeforeValidator(_usable), Field(default=None)]


@with_config(LENIENT)
class _General(General):
    extensionAttributes: _Values


@with_config(LENIENT)
class _Hardware(Hardware):
    extensionAttributes: _Values


@with_config(LENIENT)
class _OperatingSystem(OperatingSystem):
    extensionAttributes: _Values


@with_config(LENIENT)
class _UserAndLocation(UserAndLocation):
    extensionAttributes: _Values


@with_config(LENIENT)
class _Purchasing(TypedDict):
    extensionAttributes: _Values


@with_config(LENIENT)
class _Computer(Computer):
    general: Annotated[_General | None, Field(default=None)]  # type: ignore[misc]
    hardware: Annotated[_Hardware | None, Field(default=None)]  # type: ignore[misc]
    operatingSystem: Annotated[_OperatingSystem | None, Field(default=None)]  # type: ignore[misc]
    userAndLocation: Annotated[_UserAndLocation | None, Field(default=None)]  # type: ignore[misc]
    purchasing: Annotated[_Purchasing | None, Field(default=None)]
    extensionAttributes: _Values


@dataclass(slots=True)
class AttributeTaking:
    """What is taken of the extension attributes of computers, and what was seen of them.

    Attributes:
        wanted: the ids of the definitions whose values are kept.
        counts: how many records had a value, by definition id, whether it is kept or not.
    """

    wanted: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    _counted: set[str] = field(default_factory=set)

    def taken(self, jamf_id: str, fields: dict[str, Any]) -> dict[str, list[str]]:
        """The wanted values of a record, by definition id; its sections are left without any.

        A disabled attribute may keep what its script said last, or lose it: it is frozen, so nothing of it is taken.

        Args:
            jamf_id: the record's id; a record that is read twice is counted once.
            fields: the record.
        """
        found: dict[str, list[str]] = {}
        is_new = jamf_id not in self._counted
        self._counted.add(jamf_id)
        for value in _values_in(fields):
            definition_id = value["definitionId"]
            if definition_id is None:
                continue
            # Their order says nothing.
            texts = sorted({text for text in value["values"] or () if text and text.strip()})
            if texts and is_new:
                self.counts[definition_id] += 1
            if definition_id in self.wanted and value["enabled"] is not False:
                found[definition_id] = texts
        return found

    def reader(self, scope_group_ids: frozenset[str] = frozenset()) -> DocumentReader[Computer]:
        """Reads computers with the wanted attributes; see `documents.computer_reader`."""
        return _reader().distilling_by(
            partial(distil_computer, scope_group_ids=scope_group_ids, take_attributes=self._take)
        )

    def _take(self, jamf_id: str, fields: dict[str, Any]) -> None:
        taken = self.taken(jamf_id, fields)
        if self.wanted:
            fields[DOCUMENT_KEY] = taken


def _values_in(fields: dict[str, Any]) -> list[AttributeValue]:
    values = fields.pop(DOCUMENT_KEY, None) or []
    for carrier in CARRIERS:
        section = fields.get(carrier)
        if section is not None:
            values = [*values, *(section.pop(DOCUMENT_KEY, None) or ())]
    fields.pop("purchasing", None)
    return values


@cache
def _reader() -> DocumentReader[Computer]:
    reader: DocumentReader[Computer] = reader_of(_Computer, distil_computer)
    return reader


class AttributeDefinition(BaseModel):
    """The definition of an extension attribute. Its script is not read: it may hold passwords.

    Attributes:
        id: JAMF's id, by which it is known whatever it is called.
        name: what JAMF calls it.
        data_type: `STRING`, `INTEGER` or `DATE`.
        input_type: `TEXT`, `POPUP`, `SCRIPT` or `DIRECTORY_SERVICE_ATTRIBUTE_MAPPING`.
        is_enabled: whether it is filled still; only those of scripts can be disabled.
        is_multi_valued: whether it may have several values; only those of the directory may.
        choices: of a pop-up menu.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(max_length=1_000)] = ""
    data_type: Annotated[str | None, Field(alias="dataType", max_length=100)] = None
    input_type: Annotated[str | None, Field(alias="inputType", max_length=100)] = None
    is_enabled: Annotated[bool | None, Field(alias="enabled")] = None
    is_multi_valued: Annotated[bool | None, Field(alias="ldapExtensionAttributeAllowed")] = None
    choices: Annotated[
        tuple[str, ...] | None, Field(alias="popupMenuChoices", max_length=2_000)
    ] = None


_DEFINITIONS: Final = TypeAdapter(Annotated[list[AttributeDefinition], Field(max_length=10_000)])


async def read_definitions(
    session: JamfSession, patience: Patience
) -> tuple[AttributeDefinition, ...]:
    """All definitions for computers.

    Raises:
        JamfPrivilegeMissing: these credentials may not read them.
        JamfError: they could not be read.
    """
    found: dict[str, AttributeDefinition] = {}
    for page in range(_MOST_PAGES):
        definitions = await session.get(
            _PATH,
            definition_parameters(page, _PAGE_SIZE),
            read=_read_definitions,
            ledger=session.ledger(),
            patience=patience,
            privileges=(PRIVILEGE,),
        )
        found |= {definition.id: definition for definition in definitions}
        if len(definitions) < _PAGE_SIZE:
            break
    return tuple(found.values())


async def try_definitions(session: JamfSession, patience: Patience) -> None:
    """Ask for one definition.

    Raises:
        JamfPrivilegeMissing: these credentials may not read it.
        JamfError: it could not be read.
    """
    await session.get(
        _PATH,
        definition_parameters(0, 1),
        read=_read_definitions,
        ledger=session.ledger(),
        patience=patience,
        privileges=(PRIVILEGE,),
    )


def definition_parameters(page: int, page_size: int) -> tuple[tuple[str, str], ...]:
    """The query for a page of definitions, in the order of ids, which no edit changes."""
    return (("page", str(page)), ("page-size", str(page_size)), ("sort", "id:asc"))


def _read_definitions(body: bytes) -> list[AttributeDefinition]:
    answer = parse_leniently(body)
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise BodyShapeError('expected an object with a list "results"')
    try:
        return _DEFINITIONS.validate_python(answer["results"])
    except WrongTypes as error:
        raise BodyShapeError(describe_type_errors(error)) from None
