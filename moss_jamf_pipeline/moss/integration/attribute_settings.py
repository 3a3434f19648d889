"""`sync_settings.extension_attributes`: which extension attributes are mapped, and by which rules."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from moss_jamf_pipeline.catalogue.extension_attributes import FieldType
from moss_jamf_pipeline.moss.text import unescaped

_MOST: Final = 500
"""JAMF servers have dozens; each is a custom field of every device."""

_HOW: Final = 'must be true, a list of names or ids such as ["Cost Centre", "12"], or an object of them with options'


class MappedAttribute(BaseModel):
    """What an integration says of one extension attribute.

    Attributes:
        label: what M.O.S.S. calls the custom field; None: as JAMF calls the attribute.
        type: of the custom field; None: as JAMF has it.
        on_update: `overwrite` when JAMF differs, `fill` only while empty, or `never`; None: overwrite, or, of a custom
            field that people of M.O.S.S. made, fill.
        on_null: what it means that JAMF has no value: `clear` what the sync wrote, or `keep` it.
        compare: `auto` until it is found to change at each inventory, `always`, or `never`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    type: FieldType | None = None
    on_update: Literal["overwrite", "fill", "never"] | None = None
    on_null: Literal["keep", "clear"] = "clear"
    compare: Literal["auto", "always", "never"] = "auto"


def _mapped(value: object) -> object:
    """Attributes by name or id, each with its options; None where nothing is said or the whole is switched off."""
    if value is None or value is False:
        return None
    if value is True:
        return {}
    if isinstance(value, Mapping):
        given: dict[Any, Any] = {
            _reference(key): {} if said in (None, True) else said for key, said in value.items()
        }
        count = len(value)
    elif isinstance(value, list | tuple):
        given, count = {_reference(item): {} for item in value}, len(value)
    else:
        # What pydantic makes a sentence of is a ValueError.
        raise ValueError(_HOW)  # noqa: TRY004
    if len(given) < count:
        raise ValueError("names an attribute twice")
    if count > _MOST:
        raise ValueError(f"names {count:,} attributes, of at most {_MOST}")
    return given


def _reference(value: object) -> str:
    """The name or id of an attribute; M.O.S.S.'s pages escape what they save."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = unescaped(value).strip() if isinstance(value, str) else ""
    if not text:
        raise ValueError(_HOW)
    return text


MappedAttributes = Annotated[dict[str, MappedAttribute] | None, BeforeValidator(_mapped)]
"""By name or id; None: extension attributes are off."""
