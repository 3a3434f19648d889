"""Canonical forms: MAC and e-mail addresses, UUIDs, dates, kinds of interfaces.

Each function takes a text column (cleaned, NULL as NaN) and gives back a column of the same length
in which what has no canonical form is NULL. Those named `*_form` are idempotent. Who is told about
what became NULL is decided by the callers.
"""

from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    Texts = pd.Series[str]
    Truths = pd.Series[bool]
    Times = pd.Series[pd.Timestamp]

_MAC_ADDRESS: Final = r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}"
_MAC_SEPARATORS: Final = r"[\s:.\-_]"
_NO_INTERFACE: Final = ("00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF")
NO_MAC_ADDRESS: Final = frozenset(
    digits if separator is None else separator.join([digits[:2]] * 6)
    for digits in ("0" * 12, "f" * 12)
    for separator in (None, ":", "-", " ")
)
"""How the address of no interface is spelled, case-folded."""
# As it stands alone; a trailing sign or bracket is what it was copied with.
_IN_ADDRESSES: Final = r"@\s<>()\[\],;:?\""
_EMAIL: Final = rf"(?!')[^{_IN_ADDRESSES}]+@[^{_IN_ADDRESSES}']*[^{_IN_ADDRESSES}'.]"
_IN_ANGLES: Final = r"^[^<>]*<([^<>]*)>[^<>@]*$"
_BEFORE_AN_ADDRESS: Final = (
    r"^[\s'\"<(\[,;]*(?:(?:[Mm][Aa][Ii][Ll][Tt][Oo]|[Ss][Mm][Tt][Pp]):)?[\s'\"<(\[,;]*"
)
_AFTER_AN_ADDRESS: Final = r"(?:\?[^@]*)?[\s'\">)\],;.]*$"
_ZERO_UUID: Final = r"[0-]+"
_DATE: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_EARLIEST: Final = pd.Timestamp("1970-01-01", tz="UTC")
_LATEST: Final = pd.Timestamp("2200-01-01", tz="UTC")

_WIFI: Final = r"ieee80211|802\.?11|wi-?fi|airport|wlan|wireless"
_ETHERNET: Final = r"ethernet|\blan\b"


def mac_address_form(values: "Texts") -> "Texts":
    """`AA:BB:CC:DD:EE:FF` from any case and separator; NULL for all 0, all F and not 48 bits."""
    is_canonical = _matches(values, _MAC_ADDRESS)
    digits = values.mask(is_canonical).str.replace(_MAC_SEPARATORS, "", regex=True)
    digits = digits.where(_matches(digits, r"[0-9A-Fa-f]{12}")).str.upper()
    spelled = digits.str.replace(r"(..)(?=.)", r"\1:", regex=True)
    canonical = values.where(is_canonical, spelled)
    return canonical.mask(canonical.isin(_NO_INTERFACE))


def email_form(values: "Texts") -> "Texts":
    """The address alone; NULL unless it has one @, text on both sides and no white space or bracket.

    What it was copied with is taken off: `mailto:`, the angles of `Lee <lee@example.com>`, a comma behind it.
    """
    is_plain = _matches(values, _EMAIL)
    if is_plain.all():
        return values
    bare = values.mask(is_plain).str.replace(_IN_ANGLES, r"\1", regex=True)
    for around in (_BEFORE_AN_ADDRESS, _AFTER_AN_ADDRESS):
        bare = bare.str.replace(around, "", regex=True)
    bare = bare.where(_matches(bare, _EMAIL))
    return values.where(is_plain, bare)


def upper_uuid_form(values: "Texts") -> "Texts":
    """Upper-case, as JAMF writes UDIDs; all zeros is NULL."""
    return values.mask(_matches(values, _ZERO_UUID)).str.upper().str.normalize("NFC")


def lower_uuid_form(values: "Texts") -> "Texts":
    """Lower-case, as JAMF writes management ids; all zeros is NULL."""
    return values.mask(_matches(values, _ZERO_UUID)).str.lower().str.normalize("NFC")


def parse_date(values: "Texts") -> "tuple[Times, Truths]":
    """Read JAMF's dates: a date, or a date and time with or without fraction and zone (then UTC).

    Args:
        values: cleaned texts.

    Returns:
        The times (UTC; NULL where there is none), and which texts are malformed: no date, before
        1970 or after 2199. The first day of 1970 is JAMF's other way to say "none": NULL, and not
        malformed.
    """
    # The pattern comes first: to_datetime alone also takes "2025", "now" and other things that are
    # no date of JAMF's.
    dates = values.where(_matches(values, _DATE))
    times = pd.to_datetime(dates, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    is_malformed = values.notna() & ~((times >= _EARLIEST) & (times < _LATEST))
    is_epoch = times.dt.floor("D") == _EARLIEST
    return times.mask(is_malformed | is_epoch), is_malformed


def interface_type(adapter_types: "Texts") -> "Texts":
    """Name the kind of interface behind JAMF's adapter type.

    Args:
        adapter_types: such as `Ethernet`, `IEEE80211`, `AirPort`, `Bluetooth PAN`.

    Returns:
        `wifi`, `ethernet` or `other` for each, also where JAMF names none; never NULL.
    """
    kinds = pd.Series("other", index=adapter_types.index, dtype="str")
    for kind, pattern in (("ethernet", _ETHERNET), ("wifi", _WIFI)):
        is_kind = adapter_types.str.contains(pattern, case=False, regex=True, na=False)
        kinds = kinds.mask(is_kind, kind)
    return kinds


def _matches(values: "Texts", pattern: str) -> "Truths":
    return values.str.fullmatch(pattern, na=False)
