"""Stages extension attributes: their values as text of one form, by the name of the custom field they become.

What a document does not have says nothing (the attribute is disabled, new, or not compared any more); what it has
without a value is null. A value that does not fit its type keeps its text: it is what JAMF says.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import pandas as pd

from moss_jamf_pipeline.catalogue.extension_attributes import DOCUMENT_KEY, FieldType
from moss_jamf_pipeline.staging.chunk import Chunk
from moss_jamf_pipeline.staging.reasons import Reason
from moss_jamf_pipeline.staging.text import clean_text

if TYPE_CHECKING:
    Texts = pd.Series[str]

LONGEST_VALUE: Final = 4_000
"""Letters; a longer value is what a script wrote by mistake."""

SEPARATOR: Final = "; "
"""Between several values of one attribute."""

_NUMBER: Final = re.compile(r"([+-]?)0*([0-9]{1,18})(?:\.([0-9]*?)0*)?")
_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]{4,}(?:Z|[+-][0-9:]+)?)?")


class StagedAttribute(NamedTuple):
    """An extension attribute that is staged.

    Attributes:
        definition_id: JAMF's id of it.
        field_name: the custom field it becomes.
        type: of that.
    """

    definition_id: str
    field_name: str
    type: FieldType


def with_attributes(
    chunk: Chunk, described: "Texts", attributes: Sequence[StagedAttribute]
) -> "Texts":
    """What is described of some versions, and their attributes with it.

    Args:
        chunk: the versions; takes a note of what is too long.
        described: what is described of them otherwise, as JSON objects.
        attributes: those that are staged.
    """
    if not attributes:
        return described
    documents = []
    too_long: dict[str, list[bool]] = {}
    for position, (text, found) in enumerate(
        zip(described, chunk.values("", DOCUMENT_KEY), strict=True)
    ):
        if not isinstance(found, dict) or not found:
            documents.append(text)
            continue
        values: dict[str, str | None] = {}
        for attribute in attributes:
            if attribute.definition_id in found:
                value = staged_value(_texts(found[attribute.definition_id]), attribute.type)
                if value is not None and len(value) > LONGEST_VALUE:
                    noted = too_long.setdefault(attribute.field_name, [False] * len(described))
                    noted[position] = True
                else:
                    values[attribute.field_name] = value
        documents.append(orjson.dumps({**orjson.loads(text), **values}).decode())
    for field_name, noted in too_long.items():
        chunk.note(
            pd.Series(noted, index=described.index, dtype="bool"),
            field_name,
            Reason.TOO_LONG,
            f"The value has more than {LONGEST_VALUE:,} characters and is left out; correct the extension attribute "
            "in JAMF.",
        )
    return pd.Series(documents, index=described.index, dtype="str")


def staged_value(texts: Iterable[str], type_: FieldType) -> str | None:
    """The values of an attribute as M.O.S.S. gets them: one text; None if there is none.

    Numbers lose what means nothing in them, dates their time of day, which is what the custom field of that type holds;
    a text that is no number or date stays.

    Args:
        texts: JAMF's values, in any order.
        type_: of the custom field.
    """
    values = sorted({clean for text in texts if (clean := clean_text(text))})
    if not values:
        return None
    if type_ is FieldType.NUMBER:
        values = [_as_number(value) for value in values]
    elif type_ is FieldType.DATE:
        values = [_as_date(value) for value in values]
    return SEPARATOR.join(values)


def _as_number(value: str) -> str:
    found = _NUMBER.fullmatch(value)
    if found is None:
        return value
    digits = f"{found[2]}.{found[3]}" if found[3] else found[2]
    return f"-{digits}" if found[1] == "-" and float(digits) else digits


def _as_date(value: str) -> str:
    found = _DATE.fullmatch(value)
    return found[1] if found is not None and _is_day(found[1]) else value


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text[:10], "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return True


def _texts(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
