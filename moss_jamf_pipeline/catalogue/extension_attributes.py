"""Extension attributes: fields that an administrator of JAMF defined, and that a setting maps to custom fields.

They are data, not lines of `fields.csv`: what they are called and who wins them an integration says
(docs/extension-attributes.md, docs/decisions/0012).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

PRIVILEGE: Final = "Read Computer Extension Attributes"
"""What it takes to read their definitions, by the exact name of JAMF's API role editor."""

DOCUMENT_KEY: Final = "extensionAttributes"
"""The key of a stored document that holds the values of those that are mapped, by definition id."""

CARRIERS: Final = ("general", "hardware", "operatingSystem", "userAndLocation", "purchasing")
"""The sections of a computer that carry attributes besides the section of their own, by where JAMF displays them."""

SECTIONS: Final = ("EXTENSION_ATTRIBUTES", "PURCHASING")
"""What is asked for besides the sections that are asked for anyway."""

_OF_PATCH_MANAGEMENT: Final = ("jamf-patch-", "patch-ea-")


class FieldType(StrEnum):
    """What M.O.S.S. calls the type of a custom field."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    SELECT = "select"
    MULTI_SELECT = "multi_select"


_BY_DATA_TYPE: Final[Mapping[str, FieldType]] = {
    "INTEGER": FieldType.NUMBER,
    "DATE": FieldType.DATE,
    # As inventory answers spell it.
    "DATE_TIME": FieldType.DATE,
}


def field_type(data_type: str, input_type: str, *, is_multi_valued: bool) -> FieldType:
    """The type of the custom field for an attribute.

    Args:
        data_type: as JAMF has it; one that is not known holds texts.
        input_type: the same.
        is_multi_valued: whether it may have several values.
    """
    if is_multi_valued:
        return FieldType.MULTI_SELECT
    if input_type == "POPUP":
        return FieldType.SELECT
    return _BY_DATA_TYPE.get(data_type, FieldType.TEXT)


def is_of_patch_management(name: str) -> bool:
    """Whether JAMF's patch management made the attribute for itself."""
    return name.casefold().startswith(_OF_PATCH_MANAGEMENT)
