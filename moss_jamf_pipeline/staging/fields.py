"""What each rule of the catalogue does to a text, and the text fields of each collection.

Where a field stands, its rule and its greatest length are the catalogue's (`fields.csv`). A change of what
a rule does, here or in `forms` or `text`, changes what is staged: raise `RULES_REVISION` in `stages` with it. Columns
derived from others are made by the stagers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from zlib import crc32

from moss_jamf_pipeline.catalogue.fields import (
    DESCRIBED,
    FieldDeclaration,
    Rule,
    declared_fields,
    fields_of,
)
from moss_jamf_pipeline.staging.forms import (
    NO_MAC_ADDRESS,
    email_form,
    lower_uuid_form,
    mac_address_form,
    upper_uuid_form,
)
from moss_jamf_pipeline.staging.reasons import Reason
from moss_jamf_pipeline.staging.text import (
    NO_VALUE,
    NOBODY,
    NOTHING,
    clean_identifier,
    clean_text,
)

if TYPE_CHECKING:
    import pandas as pd

    Texts = pd.Series[str]

ONLY_EMPTY: Final = frozenset({""})
"""For fields in which every word means itself, or whose form decides."""

NO_REFERENCE: Final = NO_VALUE | {"-1"}
"""JAMF writes `-1` for the id of nothing."""

GROUP_NAME_ROOM: Final = 255 - len("[JAMF] ")
"""How many characters of a group's name fit into M.O.S.S. behind the prefix.

The plan cuts to it; staging never does.
"""


@dataclass(frozen=True, slots=True)
class TextRule:
    """How the texts of a kind of field are normalised.

    In this order: cleaned; words for nothing become NULL; brought into canonical form.

    Attributes:
        clean: makes one text storable (`clean_text` or `clean_identifier`).
        words_for_nothing: case-folded texts that are NULL without a word about it.
        form: brings a column into canonical form; what has none becomes NULL.
        malformed: the reason noted for what `form` made NULL; None: not worth a note.
        advice: what the note tells an operator.
        is_personal: whether the note must not repeat the value. Notes are shown in more places than
            rows are, and who may see a person's record can look it up in JAMF.
    """

    words_for_nothing: frozenset[str]
    clean: Callable[[str], str] = clean_text
    form: "Callable[[Texts], Texts] | None" = None
    malformed: Reason | None = None
    advice: str = ""
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class TextField:
    """One text column.

    Attributes:
        column: its name in the staged rows and in notes about them.
        section: the section of the document it stands in; `""` is the document itself.
        key: its key there.
        rule: how it is normalised.
        limit: the longest text that M.O.S.S. (or, for what stays with us, good sense) takes, in
            characters. A longer one becomes NULL with a note: half a serial number or name is a
            wrong one.
        is_date: whether a date is made of it.
    """

    column: str
    section: str
    key: str
    rule: TextRule
    limit: int | None
    is_date: bool = False


_DESCRIPTIVE: Final = TextRule(NO_VALUE)

TEXT_RULES: Final[Mapping[Rule, TextRule]] = {
    # A Mac may be called None or Unknown, and its hostname is what people see on it.
    Rule.HOSTNAME: TextRule(NOTHING),
    Rule.DESCRIPTIVE: _DESCRIPTIVE,
    Rule.LABEL: TextRule(NO_VALUE, clean=clean_identifier),
    Rule.REFERENCE: TextRule(NO_REFERENCE, clean=clean_identifier),
    Rule.UDID: TextRule(NO_VALUE, clean=clean_identifier, form=upper_uuid_form),
    Rule.MANAGEMENT_ID: TextRule(NO_VALUE, clean=clean_identifier, form=lower_uuid_form),
    # As JAMF has it: case and inner signs mean something (virtual machines'). Words for nothing are placeholders, which
    # the stager sets aside, so that an operator sees what stands in JAMF.
    Rule.SERIAL_NUMBER: TextRule(ONLY_EMPTY, clean=clean_identifier),
    Rule.MAC_ADDRESS: TextRule(
        NO_VALUE | NO_MAC_ADDRESS,
        clean=clean_identifier,
        form=mac_address_form,
        malformed=Reason.MALFORMED_MAC_ADDRESS,
        advice="is not the MAC address of an interface; the interface is left out",
    ),
    Rule.EMAIL: TextRule(
        NO_VALUE,
        clean=clean_identifier,
        form=email_form,
        malformed=Reason.MALFORMED_EMAIL,
        advice="is no e-mail address; correct it in JAMF",
        is_personal=True,
    ),
    Rule.USERNAME: TextRule(NOBODY, clean=clean_identifier),
    Rule.PERSON_NAME: TextRule(NOBODY),
    Rule.PLACE_NAME: TextRule(NO_VALUE),
    Rule.GROUP_TEXT: TextRule(ONLY_EMPTY),
    # JAMF's adapter type, of which the stager makes a kind of interface.
    Rule.INTERFACE_TYPE: _DESCRIPTIVE,
    # As text; the date is made of it.
    Rule.DATE: _DESCRIPTIVE,
}
"""What becomes of a text by each rule that takes one."""


@cache
def text_fields(collection: str) -> tuple[TextField, ...]:
    """The fields of a collection that are staged from a text, those included that are only read to derive others."""
    return tuple(
        TextField(
            column=field.name_in_rows,
            section=path.section,
            key=path.key,
            rule=TEXT_RULES[field.rule],
            limit=field.limit,
            is_date=field.rule is Rule.DATE,
        )
        for field in fields_of(collection)
        if (
            field.rule is not None
            and field.rule in TEXT_RULES
            and (path := field.path_in(collection)) is not None
        )
    )


def truth_fields(collection: str) -> tuple[FieldDeclaration, ...]:
    """The fields of a collection that are staged from true and false."""
    return tuple(
        field
        for field in fields_of(collection)
        if field.rule is Rule.TRUTH and field.staged is not None
    )


def described_fields(collection: str) -> tuple[str, ...]:
    """The names of the fields of a collection that its column `described` holds."""
    return tuple(field.field for field in fields_of(collection) if field.staged == DESCRIBED)


def staging_rules(revision: int) -> int:
    """A number that is another one whenever a field is staged otherwise.

    Args:
        revision: the number of what the rules do.

    Returns:
        A positive integer of 31 bits, made of that and of all that the catalogue says about staging.
    """
    staged = [
        (field.name, field.path, field.rule, field.limit, field.staged)
        for field in declared_fields()
        if field.rule not in (None, Rule.AS_IS)
    ]
    return (crc32(repr((revision, staged)).encode()) & 0x7FFF_FFFF) or 1
