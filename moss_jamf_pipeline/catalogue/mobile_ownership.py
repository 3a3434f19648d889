"""Whose a mobile device is, by the word that JAMF has for how it was enrolled (`general.deviceOwnershipType`)."""

from typing import Final

_INSTITUTIONAL: Final = frozenset({"institutional", "accountdrivendeviceenrollment"})


def is_personal(ownership_type: str | None) -> bool:
    """Whether nothing of a mobile device may be kept.

    Apple's User Enrollment, in each of its ways, is for devices that belong to people. A word that nobody knows yet is
    taken for one of these: what was not stored can be read later, and what was stored cannot be unread.

    Args:
        ownership_type: JAMF's word, in any case; None or empty: it says nothing, as of devices enrolled long ago.
    """
    word = (ownership_type or "").strip().casefold()
    return bool(word) and word not in _INSTITUTIONAL
