"""The columns of the staged rows of every collection, in the order in which they are COPYed.

The snapshot tables (DDL) and the column schemas shown in the Dagster UI must agree with this table.
How a column gets its value is not here: see `fields` and the stagers.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class SnapshotColumn(NamedTuple):
    """One column of a snapshot.

    Attributes:
        name: the column's name in the frame and in PostgreSQL.
        type: its PostgreSQL type: `bigint`, `text`, `boolean`, `timestamptz` or `text[]`.
        description: what it holds, and what its NULL means where that is not plain.
    """

    name: str
    type: str
    description: str


_KEYS: Final = (
    SnapshotColumn(
        "version_id", "bigint", "The stored version of the document this row was staged from."
    ),
    SnapshotColumn("jamf_id", "text", "The object's id in JAMF."),
)

_IS_USABLE: Final = SnapshotColumn(
    "is_usable",
    "boolean",
    "False: quarantined; neither to be matched nor written, yet present in JAMF.",
)

SNAPSHOT_COLUMNS: Final[Mapping[str, Sequence[SnapshotColumn]]] = {
    "computers": (
        *_KEYS,
        SnapshotColumn("udid", "text", "Hardware UDID, upper-case; changes with the logic board."),
        SnapshotColumn("management_id", "text", "JAMF's management id (UUID), lower-case."),
        SnapshotColumn(
            "serial_number",
            "text",
            "Serial number, upper-case, no white space, never a placeholder.",
        ),
        SnapshotColumn("hostname", "text", "Computer name as JAMF has it."),
        SnapshotColumn("model", "text", "Marketing name of the model."),
        SnapshotColumn("model_identifier", "text", "Apple's model identifier, such as Mac16,10."),
        SnapshotColumn("manufacturer", "text", "Maker of the hardware."),
        SnapshotColumn(
            "form_factor", "text", "laptop or workstation; NULL where the model does not tell."
        ),
        SnapshotColumn("os_name", "text", "Name of the operating system."),
        SnapshotColumn("os_version", "text", "Version of the operating system."),
        SnapshotColumn("os_build", "text", "Build of the operating system."),
        SnapshotColumn("asset_tag", "text", "Asset tag that JAMF holds."),
        SnapshotColumn("barcode_1", "text", "First bar code that JAMF holds."),
        SnapshotColumn("barcode_2", "text", "Second bar code that JAMF holds."),
        SnapshotColumn("username", "text", "Username of the assigned user, in its own case."),
        SnapshotColumn("full_name", "text", "Full name of the assigned user."),
        SnapshotColumn("email", "text", "E-mail address of the assigned user, in its own case."),
        SnapshotColumn("phone", "text", "Phone number of the assigned user."),
        SnapshotColumn("job_title", "text", "Position of the assigned user."),
        SnapshotColumn("building_id", "text", "JAMF id of the building; NULL: none."),
        SnapshotColumn("department_id", "text", "JAMF id of the department; NULL: none."),
        SnapshotColumn("room", "text", "Room, as free text."),
        SnapshotColumn("mac_address", "text", "Primary MAC address, AA:BB:CC:DD:EE:FF."),
        SnapshotColumn(
            "mac_interface_type", "text", "ethernet, wifi or other; NULL without the address."
        ),
        SnapshotColumn(
            "alt_mac_address", "text", "Second MAC address; NULL where it repeats the first."
        ),
        SnapshotColumn(
            "alt_mac_interface_type", "text", "ethernet, wifi or other; NULL without the address."
        ),
        SnapshotColumn(
            "is_managed", "boolean", "Whether JAMF manages the computer; NULL: not told."
        ),
        SnapshotColumn(
            "is_personally_owned",
            "boolean",
            "True: nothing else of the computer is kept (privacy).",
        ),
        SnapshotColumn(
            "is_out_of_scope",
            "boolean",
            "True: not of the group that M.O.S.S. confines the sync to; nothing else is kept.",
        ),
        SnapshotColumn("enrolled_at", "timestamptz", "When the computer last enrolled."),
        SnapshotColumn(
            "static_group_ids",
            "text[]",
            "JAMF ids of its static groups, each once; NULL: not told, which is not: none.",
        ),
        _IS_USABLE,
    ),
    "users": (
        *_KEYS,
        SnapshotColumn("username", "text", "Username, in its own case."),
        SnapshotColumn("full_name", "text", "Full name."),
        SnapshotColumn("email", "text", "E-mail address, in its own case."),
        SnapshotColumn("phone", "text", "Phone number."),
        SnapshotColumn("job_title", "text", "Position."),
        _IS_USABLE,
    ),
    "groups": (
        *_KEYS,
        SnapshotColumn("name", "text", "Name in JAMF, without prefix and uncut."),
        SnapshotColumn("description", "text", "Description."),
        SnapshotColumn("is_smart", "boolean", "Whether JAMF computes the members."),
        _IS_USABLE,
    ),
    "buildings": (*_KEYS, SnapshotColumn("name", "text", "Name of the building."), _IS_USABLE),
    "departments": (*_KEYS, SnapshotColumn("name", "text", "Name of the department."), _IS_USABLE),
}
"""Collection -> its columns in COPY order."""
