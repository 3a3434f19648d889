"""Stages computers: what concerns several fields; where each stands and its rule is the catalogue's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.staging.attributes import StagedAttribute, with_attributes
from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.devices import is_usable, set_placeholders_aside
from moss_jamf_pipeline.staging.fields import described_fields
from moss_jamf_pipeline.staging.forms import interface_type
from moss_jamf_pipeline.staging.models import form_factor, has_no_ethernet
from moss_jamf_pipeline.staging.placeholders import PlaceholderSerials, placeholder_serials

if TYPE_CHECKING:
    Columns = dict[str, pd.Series[Any]]

_USER_ENROLLMENT: Final = "user"


def stage_computers(
    versions: Sequence[RawVersion],
    placeholders: PlaceholderSerials | None = None,
    attributes: Sequence[StagedAttribute] = (),
) -> Staged:
    """Stage computers.

    Args:
        versions: the stored versions.
        placeholders: what is no serial number; None: the published ones.
        attributes: the extension attributes that are staged.

    Returns:
        Their rows and quarantine. A computer without a serial number is unusable, and
        so are a personally owned one, of which nothing but the id is kept, and one out of scope, of which it is known
        besides which machine it is.
    """
    personal = [_is_personally_owned(version.document) for version in versions]
    elsewhere = [_is_out_of_scope(version.document) for version in versions]
    chunk = Chunk(
        [
            version._replace(document=_identity(version.document)) if is_elsewhere else version
            for version, is_elsewhere in zip(versions, elsewhere, strict=True)
        ],
        withheld=personal,
    )
    is_personal = pd.Series(personal, index=chunk.index, dtype="bool")
    is_out_of_scope = pd.Series(elsewhere, index=chunk.index, dtype="bool") & ~is_personal
    columns: Columns = chunk.declared("computers")
    set_placeholders_aside(chunk, columns, placeholders or placeholder_serials())
    _settle_interfaces(columns)
    columns["form_factor"] = form_factor(
        columns["model"],
        columns["model_identifier"],
        chunk.truths("has_battery", "hardware", "hasBattery"),
    )
    columns["is_personally_owned"] = is_personal
    columns["is_out_of_scope"] = is_out_of_scope
    columns["static_group_ids"] = chunk.id_lists("static_group_ids", "", "staticGroupIds")
    columns["is_usable"] = is_usable(
        chunk, columns, is_personal, is_out_of_scope, called="computer"
    )
    described = {name: columns[name] for name in described_fields("computers")}
    columns[DESCRIBED] = with_attributes(chunk, chunk.described(described), attributes)
    return chunk.staged("computers", columns)


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


def _identity(document: dict[str, Any]) -> dict[str, Any]:
    """Of a computer out of scope, which machine it is."""
    general = document.get("general")
    management_id = general.get("managementId") if isinstance(general, dict) else None
    return {"udid": document.get("udid"), "general": {"managementId": management_id}}


def _settle_interfaces(columns: "Columns") -> None:
    """Make kinds of interfaces of the adapter types; drop the second where it repeats the first.

    What the adapter type does not tell is `other`: the order of the two says nothing. Only the first of a laptop
    without a socket for Ethernet is Wi-Fi, for it has nothing else.
    """
    first, second = columns["mac_address"], columns["alt_mac_address"]
    second = second.mask(second == first)
    columns["alt_mac_address"] = second
    is_untold = columns["mac_interface_type"].isna()
    is_wifi = is_untold & has_no_ethernet(columns["model"], columns["model_identifier"])
    first_kind = interface_type(columns["mac_interface_type"]).mask(is_wifi, "wifi")
    second_kind = interface_type(columns["alt_mac_interface_type"])
    columns["mac_interface_type"] = first_kind.where(first.notna())
    columns["alt_mac_interface_type"] = second_kind.where(second.notna())
