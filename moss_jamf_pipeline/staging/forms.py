"""Canonical forms: serial numbers, MAC and e-mail addresses, UUIDs, dates, kinds of hardware.

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

# What firmware and people put in place of a serial number, upper-case, without white space.
SERIAL_NUMBER_PLACEHOLDERS: Final = frozenset(
    {
        *("N/A", "NA", "N.A.", "NONE", "NULL", "(NULL)", "<NULL>", "NIL", "UNKNOWN", "UNDEFINED"),
        *("INVALID", "EMPTY", "DEFAULT", "DEFAULTSTRING", "UNASSIGNED", "NOSERIAL"),
        *("NOTAVAILABLE", "NOT_AVAILABLE", "NOTAPPLICABLE", "NOT_APPLICABLE", "NOTSPECIFIED"),
        *("NOTCOLLECTED", "NOT_COLLECTED", "NOTASSIGNED", "NOTSET"),
        *("SERIAL", "SERIALNUMBER", "SERIALNUMBERHERE", "NOSERIALNUMBER"),
        *("SYSTEMSERIALNUMBER", "CHASSISSERIALNUMBER", "BASEBOARDSERIALNUMBER"),
        *("TOBEFILLEDBYO.E.M.", "TOBEFILLEDBYO.E.M", "TOBEFILLEDBYOEM"),
        *("123456789", "0123456789", "1234567890"),
    }
)

_REPEATED_FILLER: Final = r"0+|X+|[\W_]+"
_MAC_ADDRESS: Final = r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}"
_MAC_SEPARATORS: Final = r"[\s:.\-_]"
_NO_INTERFACE: Final = ("00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF")
_EMAIL: Final = r"[^@\s]+@[^@\s]+"
_ZERO_UUID: Final = r"[0-]+"
_DATE: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_EARLIEST: Final = pd.Timestamp("1970-01-01", tz="UTC")
_LATEST: Final = pd.Timestamp("2200-01-01", tz="UTC")

_WIFI: Final = r"ieee80211|802\.?11|wi-?fi|airport|wlan|wireless"
_ETHERNET: Final = r"ethernet|\blan\b"
_OTHER: Final = r"bluetooth|firewire|thunderbolt|bridge|modem|cellular"

_LAPTOP: Final = r"macbook|powerbook|ibook"
_UNTOLD: Final = r"mac[0-9]+,[0-9]+"  # newer identifiers, of laptops and desktops alike


def serial_number_form(values: "Texts") -> "Texts":
    """Upper-case, no white space; NULL for placeholders.

    Placeholders are `SERIAL_NUMBER_PLACEHOLDERS`, all 0, all X, and what has no letter or digit.
    """
    # Upper-casing can decompose a letter, hence NFC again.
    compact = values.str.replace(r"\s+", "", regex=True).str.upper().str.normalize("NFC")
    is_placeholder = compact.isin(SERIAL_NUMBER_PLACEHOLDERS) | _matches(compact, _REPEATED_FILLER)
    return compact.mask(is_placeholder)


def mac_address_form(values: "Texts") -> "Texts":
    """`AA:BB:CC:DD:EE:FF` from any case and separator; NULL for all 0, all F and not 48 bits."""
    is_canonical = _matches(values, _MAC_ADDRESS)
    digits = values.mask(is_canonical).str.replace(_MAC_SEPARATORS, "", regex=True)
    digits = digits.where(_matches(digits, r"[0-9A-Fa-f]{12}")).str.upper()
    spelled = digits.str.replace(r"(..)(?=.)", r"\1:", regex=True)
    canonical = values.where(is_canonical, spelled)
    return canonical.mask(canonical.isin(_NO_INTERFACE))


def email_form(values: "Texts") -> "Texts":
    """The address as it is; NULL unless it has one @, text on both sides and no white space."""
    return values.where(_matches(values, _EMAIL))


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


def interface_type(adapter_types: "Texts", *, default: str) -> "Texts":
    """Name the kind of interface behind JAMF's adapter type.

    Args:
        adapter_types: such as `Ethernet`, `IEEE80211`, `AirPort`, `Bluetooth PAN`.
        default: the kind where JAMF names none or one that says nothing.

    Returns:
        `wifi`, `ethernet` or `other` for each; never NULL.
    """
    kinds = pd.Series(default, index=adapter_types.index, dtype="str")
    for kind, pattern in (("other", _OTHER), ("ethernet", _ETHERNET), ("wifi", _WIFI)):
        is_kind = adapter_types.str.contains(pattern, case=False, regex=True, na=False)
        kinds = kinds.mask(is_kind, kind)
    return kinds


def form_factor(models: "Texts", model_identifiers: "Texts") -> "Texts":
    """Tell laptops from workstations by the model (strategy: "based on model").

    A MacBook by name or identifier is a laptop. Every other model is a workstation, virtual
    machines included. Where the name is missing, or is only an identifier of the form `Mac16,1`
    (JAMF has no marketing name for a very new model, and Apple gives these identifiers to laptops
    and desktops alike), nothing tells, and the form factor is NULL.

    Args:
        models: marketing names.
        model_identifiers: Apple's identifiers.

    Returns:
        `laptop`, `workstation` or NULL for each.
    """
    is_laptop = _contains(models, _LAPTOP) | _contains(model_identifiers, _LAPTOP)
    told_by_name = models.notna() & ~_matches(models, f"(?i:{_UNTOLD})")
    told_by_identifier = model_identifiers.notna() & ~_matches(model_identifiers, f"(?i:{_UNTOLD})")
    factors = pd.Series("workstation", index=models.index, dtype="str")
    return factors.where(told_by_name | told_by_identifier).mask(is_laptop, "laptop")


def _matches(values: "Texts", pattern: str) -> "Truths":
    return values.str.fullmatch(pattern, na=False)


def _contains(values: "Texts", pattern: str) -> "Truths":
    return values.str.contains(pattern, case=False, regex=True, na=False)
