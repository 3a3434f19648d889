"""Stages computers: what concerns several fields; where each stands and its rule is the catalogue's."""

from collections.abc import Sequence
from operator import or_
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.fields import described_fields
from moss_jamf_pipeline.staging.forms import form_factor, interface_type
from moss_jamf_pipeline.staging.reasons import Reason

if TYPE_CHECKING:
    Columns = dict[str, pd.Series[Any]]
    Truths = pd.Series[bool]

_USER_ENROLLMENT: Final = "user"


def stage_computers(versions: Sequence[RawVersion]) -> Staged:
    """Stage computers.

    Args:
        versions: the stored versions.

    Returns:
        Their rows and quarantine. A computer without a serial number is unusable, and
        so are a personally owned one and one out of scope, of which nothing but the id is kept.
    """
    personal = [_is_personally_owned(document) for _, _, document in versions]
    elsewhere = [_is_out_of_scope(document) for _, _, document in versions]
    chunk = Chunk(versions, withheld=map(or_, personal, elsewhere))
    is_personal = pd.Series(personal, index=chunk.index, dtype="bool")
    is_out_of_scope = pd.Series(elsewhere, index=chunk.index, dtype="bool") & ~is_personal
    columns: Columns = chunk.declared("computers")
    _settle_interfaces(columns)
    columns["form_factor"] = form_factor(columns["model"], columns["model_identifier"])
    columns["is_personally_owned"] = is_personal
    columns["is_out_of_scope"] = is_out_of_scope
    columns["static_group_ids"] = chunk.id_lists("static_group_ids", "", "staticGroupIds")
    columns["is_usable"] = _is_usable(chunk, columns, is_personal, is_out_of_scope)
    described = {name: columns[name] for name in described_fields("computers")}
    return chunk.staged("computers", {**columns, DESCRIBED: chunk.described(described)})


def _is_personally_owned(document: object) -> bool:
    """Whether nothing of a computer may be kept: the client marked it, or its enrolment says so."""
    if not isinstance(document, dict):
        return False
    general = document.get("general")
    enrollment = general.get("appleEnrollmentType") if isinstance(general, dict) else None
    is_user_enrolled = (
        isinstance(enrollment, str) and enrollment.strip().casefold() == _USER_ENROLLMENT
    )
    return bool(document.get("personallyOwned")) or is_user_enrolled


def _is_out_of_scope(document: object) -> bool:
    """Whether the client found a computer outside the group that the sync is confined to."""
    return isinstance(document, dict) and bool(document.get("outOfScope"))


def _settle_interfaces(columns: "Columns") -> None:
    """Make kinds of interfaces of the adapter types; drop the second where it repeats the first.

    JAMF's first address is the primary interface, its second one "for WiFi/Bluetooth interfaces"
    (strategy): that is what they are taken for where the adapter type does not tell.
    """
    first, second = columns["mac_address"], columns["alt_mac_address"]
    second = second.mask(second == first)
    columns["alt_mac_address"] = second
    first_kind = interface_type(columns["mac_interface_type"], default="ethernet")
    second_kind = interface_type(columns["alt_mac_interface_type"], default="wifi")
    columns["mac_interface_type"] = first_kind.where(first.notna())
    columns["alt_mac_interface_type"] = second_kind.where(second.notna())


def _is_usable(
    chunk: Chunk, columns: "Columns", is_personal: "Truths", is_out_of_scope: "Truths"
) -> "Truths":
    chunk.note(
        is_personal,
        "is_personally_owned",
        Reason.PERSONALLY_OWNED,
        "Personally owned: nothing but its id is kept, and it is not synced.",
    )
    chunk.note(
        is_out_of_scope,
        "is_out_of_scope",
        Reason.OUT_OF_SCOPE,
        "Not of the JAMF group that M.O.S.S. confines the sync to: it is left as it is.",
    )
    is_withheld = is_personal | is_out_of_scope
    has_serial_number = columns["serial_number"].notna()
    chunk.note(
        ~has_serial_number & ~is_withheld & ~chunk.noted("serial_number"),
        "serial_number",
        Reason.SERIAL_NUMBER_MISSING,
        "JAMF has no serial number for this computer; enter it in JAMF or delete the record there.",
    )
    return has_serial_number & ~is_withheld
