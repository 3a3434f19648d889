"""Stages mobile devices: what concerns several fields; where each stands and its rule is the catalogue's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.catalogue.mobile_ownership import is_personal as is_owned_personally
from moss_jamf_pipeline.staging.chunk import Chunk, RawVersion, Staged
from moss_jamf_pipeline.staging.devices import is_usable, set_placeholders_aside
from moss_jamf_pipeline.staging.fields import described_fields
from moss_jamf_pipeline.staging.placeholders import PlaceholderSerials, placeholder_serials

if TYPE_CHECKING:
    Columns = dict[str, pd.Series[Any]]
    Texts = pd.Series[str]

MOBILE_DEVICE: Final = "mobile_device"
"""The form factor of each."""

_MANUFACTURER: Final = "Apple"
"""JAMF names none: it manages no others."""

_SYSTEMS: Final = {
    **dict.fromkeys(("ios", "iphone", "ipad", "ipod"), "iOS"),
    **dict.fromkeys(("tvos", "appletv"), "tvOS"),
    **dict.fromkeys(("watchos", "watch", "applewatch"), "watchOS"),
    **dict.fromkeys(("visionos", "visionpro", "applevisionpro"), "visionOS"),
}
"""JAMF's types of device, small and without spaces, to the operating system in Apple's words."""

_FIRST_IPADOS: Final = 13


def stage_mobile_devices(
    versions: Sequence[RawVersion], placeholders: PlaceholderSerials | None = None
) -> Staged:
    """Stage mobile devices.

    Args:
        versions: the stored versions.
        placeholders: what is no serial number; None: the published ones.

    Returns:
        Their rows and quarantine. A device without a serial number is unusable, and so is a personally owned one, of
        which nothing but the id is kept.
    """
    personal = [_is_personally_owned(version.document) for version in versions]
    chunk = Chunk(versions, withheld=personal)
    is_personal = pd.Series(personal, index=chunk.index, dtype="bool")
    nothing = pd.Series(None, index=chunk.index, dtype="object")
    columns: Columns = chunk.declared("mobile_devices")
    set_placeholders_aside(chunk, columns, placeholders or placeholder_serials())
    columns["operating_system"] = operating_system(
        columns["operating_system"],
        columns["model"].fillna("") + " " + columns["model_identifier"].fillna(""),
        columns["os_version"],
    )
    columns["imei"] = columns["imei"].str.replace(r"\s", "", regex=True)
    columns["form_factor"] = _all_but(is_personal, MOBILE_DEVICE)
    _settle_interfaces(columns)
    columns["is_personally_owned"] = is_personal
    columns["is_out_of_scope"] = ~is_personal & False
    # Of mobile device groups none is synced: null is "not told", and not "none".
    columns["static_group_ids"] = nothing
    columns["is_usable"] = is_usable(
        chunk, columns, is_personal, columns["is_out_of_scope"], called="mobile device"
    )
    described = {name: columns[name] for name in described_fields("mobile_devices")}
    described["manufacturer"] = _all_but(is_personal, _MANUFACTURER)
    return chunk.staged("mobile_devices", {**columns, DESCRIBED: chunk.described(described)})


def operating_system(types: "Texts", models: "Texts", versions: "Texts") -> "Texts":
    """Name the operating system of mobile devices in Apple's words.

    An iPad runs iPadOS since version 13, which JAMF tells from iOS by the model only. A type that is not known stays as
    JAMF has it.

    Args:
        types: JAMF's types of device, in any of its spellings; NULL: not told.
        models: marketing names and identifiers.
        versions: of the operating systems.

    Returns:
        The names; NULL where JAMF names no type.
    """
    words = types.str.replace(r"\s", "", regex=True).str.casefold()
    names = words.map(_SYSTEMS).astype("str")
    names = names.where(names.notna(), types)
    majors = pd.to_numeric(versions.str.extract(r"^(\d{1,4})", expand=False), errors="coerce")
    is_tablet = models.str.contains("ipad", case=False, regex=False, na=False) | (words == "ipad")
    is_ipados = (names == "iOS") & is_tablet & ~(majors < _FIRST_IPADOS)
    return names.mask(is_ipados, "iPadOS")


def _is_personally_owned(document: object) -> bool:
    """Whether nothing of a mobile device may be kept: the client marked it, or its enrolment says so."""
    if not isinstance(document, dict):
        return False
    general = document.get("general")
    ownership = general.get("deviceOwnershipType") if isinstance(general, dict) else None
    return bool(document.get("personallyOwned")) or (
        isinstance(ownership, str) and is_owned_personally(ownership)
    )


def _settle_interfaces(columns: "Columns") -> None:
    """Name the kinds of the two interfaces; drop the second where it repeats the first."""
    first, second = columns["mac_address"], columns["alt_mac_address"]
    second = second.mask(second == first)
    columns["alt_mac_address"] = second
    nothing = first.mask(first.notna())
    columns["mac_interface_type"] = nothing.where(first.isna(), "wifi")
    columns["alt_mac_interface_type"] = nothing.where(second.isna(), "bluetooth")


def _all_but(is_personal: "pd.Series[bool]", word: str) -> "Texts":
    return pd.Series(word, index=is_personal.index, dtype="str").mask(is_personal)
