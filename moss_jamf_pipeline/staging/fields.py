"""Every text column as data: where it stands in the document, its rule, its greatest length.

A change here or in `forms` or `text` changes what is staged: raise `STAGING_RULES` in `stages` with
it. Columns that are no text (truth values, dates, ids in lists) and columns derived from others are
made by the stagers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moss_jamf_pipeline.staging.forms import (
    email_form,
    lower_uuid_form,
    mac_address_form,
    serial_number_form,
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
        column: its name in the staged rows.
        section: the section of the document it stands in; `""` is the document itself.
        key: its key there.
        rule: how it is normalised.
        limit: the longest text that M.O.S.S. (or, for what stays with us, good sense) takes, in
            characters. A longer one becomes NULL with a note: half a serial number or name is a
            wrong one.
    """

    column: str
    section: str
    key: str
    rule: TextRule
    limit: int | None


# A Mac may be called None or Unknown, and its hostname is what people see on it.
HOSTNAME: Final = TextRule(NOTHING)
DESCRIPTIVE: Final = TextRule(NO_VALUE)
LABEL: Final = TextRule(NO_VALUE, clean=clean_identifier)
REFERENCE: Final = TextRule(NO_REFERENCE, clean=clean_identifier)
UDID: Final = TextRule(NO_VALUE, clean=clean_identifier, form=upper_uuid_form)
MANAGEMENT_ID: Final = TextRule(NO_VALUE, clean=clean_identifier, form=lower_uuid_form)
# Words for nothing are left to the form, so that an operator sees what stands in JAMF.
SERIAL_NUMBER: Final = TextRule(
    ONLY_EMPTY,
    clean=clean_identifier,
    form=serial_number_form,
    malformed=Reason.SERIAL_NUMBER_PLACEHOLDER,
    advice="is no serial number; correct the record in JAMF or delete it there",
)
MAC_ADDRESS: Final = TextRule(
    NO_VALUE,
    clean=clean_identifier,
    form=mac_address_form,
    malformed=Reason.MALFORMED_MAC_ADDRESS,
    advice="is not the MAC address of an interface; the interface is left out",
)
EMAIL: Final = TextRule(
    NO_VALUE,
    clean=clean_identifier,
    form=email_form,
    malformed=Reason.MALFORMED_EMAIL,
    advice="is no e-mail address; correct it in JAMF",
    is_personal=True,
)
USERNAME: Final = TextRule(NOBODY, clean=clean_identifier)
PERSON_NAME: Final = TextRule(NOBODY)
PLACE_NAME: Final = TextRule(NO_VALUE)
GROUP_TEXT: Final = TextRule(ONLY_EMPTY)


def _person_fields(section: str) -> tuple[TextField, ...]:
    return (
        TextField("username", section, "username", USERNAME, 100),
        TextField("full_name", section, "realname", PERSON_NAME, 255),
        TextField("email", section, "email", EMAIL, 255),
        TextField("phone", section, "phone", LABEL, 50),
        TextField("job_title", section, "position", DESCRIPTIVE, 100),
    )


COMPUTER_FIELDS: Final = (
    TextField("udid", "", "udid", UDID, 255),
    TextField("management_id", "general", "managementId", MANAGEMENT_ID, 255),
    TextField("serial_number", "hardware", "serialNumber", SERIAL_NUMBER, 255),
    TextField("hostname", "general", "name", HOSTNAME, 255),
    TextField("model", "hardware", "model", DESCRIPTIVE, 255),
    TextField("model_identifier", "hardware", "modelIdentifier", DESCRIPTIVE, 255),
    TextField("manufacturer", "hardware", "make", DESCRIPTIVE, 255),
    TextField("os_name", "operatingSystem", "name", DESCRIPTIVE, 100),
    TextField("os_version", "operatingSystem", "version", DESCRIPTIVE, 100),
    TextField("os_build", "operatingSystem", "build", DESCRIPTIVE, 100),
    TextField("asset_tag", "general", "assetTag", LABEL, 100),
    TextField("barcode_1", "general", "barcode1", LABEL, 255),
    TextField("barcode_2", "general", "barcode2", LABEL, 255),
    *_person_fields("userAndLocation"),
    TextField("building_id", "userAndLocation", "buildingId", REFERENCE, 255),
    TextField("department_id", "userAndLocation", "departmentId", REFERENCE, 255),
    TextField("room", "userAndLocation", "room", DESCRIPTIVE, 255),
    TextField("mac_address", "hardware", "macAddress", MAC_ADDRESS, 17),
    TextField("alt_mac_address", "hardware", "altMacAddress", MAC_ADDRESS, 17),
)

MAC_ADAPTER_TYPE: Final = TextField(
    "mac_interface_type", "hardware", "networkAdapterType", DESCRIPTIVE, None
)
ALT_MAC_ADAPTER_TYPE: Final = TextField(
    "alt_mac_interface_type", "hardware", "altNetworkAdapterType", DESCRIPTIVE, None
)
ENROLLED_AT: Final = TextField("enrolled_at", "general", "lastEnrolledDate", DESCRIPTIVE, None)

USER_FIELDS: Final = _person_fields("")

GROUP_FIELDS: Final = (
    TextField("name", "", "name", GROUP_TEXT, None),
    TextField("description", "", "description", GROUP_TEXT, None),
)

PLACE_FIELDS: Final = (TextField("name", "", "name", PLACE_NAME, 255),)
