"""The kinds of conflict: what M.O.S.S. and JAMF can disagree on, in the words that operators read.

What is special to one conflict (the values, the other device) is its `detail`, written by the statement that finds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Resolution(StrEnum):
    """What a person decides on a conflict. The values are stored; never rename one."""

    KEEP_MOSS = "keep_moss"
    TAKE_JAMF = "take_jamf"
    PIN = "pin"

    @property
    def words(self) -> str:
        """The decision as people say it."""
        return {
            Resolution.KEEP_MOSS: "keep M.O.S.S.",
            Resolution.TAKE_JAMF: "take JAMF",
            Resolution.PIN: "pin",
        }[self]


class ConflictKindName(StrEnum):
    """What disagrees. The values are stored; never rename one."""

    OWNED_FIELD_DIFFERS = "owned_field_differs"
    HUMAN_EDIT_OVERWRITTEN = "human_edit_overwritten"
    HUMAN_EDIT_KEPT = "human_edit_kept"
    SERIAL_NOT_LINKED = "serial_not_linked"
    OTHER_SERVER_DIFFERS = "other_server_differs"
    IDENTITY_CONTRADICTED = "identity_contradicted"
    LIKELY_DUPLICATE = "likely_duplicate"
    LINK_LOST = "link_lost"
    LINKED_AGAIN = "linked_again"
    AMBIGUOUS_MATCH = "ambiguous_match"
    SERIAL_CHANGED = "serial_changed"
    HARDWARE_REPLACED = "hardware_replaced"
    ID_REUSED = "id_reused"
    SERIAL_TAKEN = "serial_taken"
    HOSTNAME_TAKEN = "hostname_taken"
    TWIN_RECORD = "twin_record"
    SHARED_SERIAL = "shared_serial"
    SERIAL_IN_BOTH_INVENTORIES = "serial_in_both_inventories"
    MAC_ELSEWHERE = "mac_elsewhere"
    GROUP_GRANTS_RIGHTS = "group_grants_rights"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class ConflictKind:
    """One kind of conflict.

    Attributes:
        name: as it is stored and asked for (`--kind`).
        title: what it is, in a few words.
        meaning: what happened and what the sync did about it.
        advice: what to do.
        resolutions: what a person can decide on it, each with what that does; one that is missing is not possible.
    """

    name: ConflictKindName
    title: str
    meaning: str
    advice: str
    resolutions: Mapping[Resolution, str]


_ACKNOWLEDGED: Final = MappingProxyType(
    {
        Resolution.KEEP_MOSS: "Acknowledged: not raised again while the values are the same. Nothing is written."
    }
)

CONFLICT_KINDS: Final = (
    ConflictKind(
        name=ConflictKindName.OWNED_FIELD_DIFFERS,
        title="JAMF differs in a field that M.O.S.S. owns",
        meaning="M.O.S.S.'s value stays.",
        advice="Decide which value is right.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "M.O.S.S.'s value stays, and this pair of values is not raised again.",
                Resolution.TAKE_JAMF: "The next sync writes JAMF's value into the field, once, if both values are "
                "still the same. With another location a device leaves its room.",
                Resolution.PIN: "M.O.S.S.'s value stays, and the field of this object is never raised again, whatever "
                "it says.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.HUMAN_EDIT_OVERWRITTEN,
        title="A person's edit of a JAMF-owned field was overwritten",
        meaning="JAMF's value was restored; the person's value is kept here and in the change log.",
        advice="Confirm JAMF's value, or put the person's back.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "The next sync puts the person's value back, if M.O.S.S. still holds JAMF's, and "
                "leaves it alone for as long as JAMF says the same.",
                Resolution.TAKE_JAMF: "Confirmed: JAMF's value stays, and the conflict is closed.",
                Resolution.PIN: "The next sync puts the person's value back, and JAMF never overwrites this object's "
                "field again.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.HUMAN_EDIT_KEPT,
        title="A person's edit of a JAMF-owned field stays",
        meaning="The policy on_human_edit is keep: JAMF's value was not written.",
        advice="Correct JAMF, or let JAMF's value in.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "The person's value stays for as long as JAMF says the same.",
                Resolution.TAKE_JAMF: "The next sync overwrites the person's value, once, if both values are still "
                "the same.",
                Resolution.PIN: "The person's value stays, and JAMF never overwrites the field of this object again.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.SERIAL_NOT_LINKED,
        title="M.O.S.S. knew this serial number before JAMF did",
        meaning="The device was linked to the JAMF record by its serial number, or waits for that (policy "
        "on_unlinked_serial).",
        advice="Confirm that it is this device, or decline the link.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "This JAMF record is never linked to this device, nor made a device beside it. "
                "If it is linked, the next sync undoes that: what the sync wrote to the device goes back, where it "
                "still stands.",
                Resolution.TAKE_JAMF: "Confirmed: the device stays linked. If it was held, the next sync links it.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.OTHER_SERVER_DIFFERS,
        title="Another JAMF server leads this object and says otherwise",
        meaning="The values of the JAMF server that leads it stay; this one writes nothing to it.",
        advice="Correct one of the two JAMF servers, or decide which of them leads.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "The values of the JAMF server that leads the object stay, and these differences "
                "are not raised again.",
                Resolution.TAKE_JAMF: "This JAMF server leads the object from its next sync on, before any priority, "
                "for as long as it has it, and writes its values; the other writes nothing to it any more.",
                Resolution.PIN: "The values of the JAMF server that leads the object stay, and what this one says of "
                "it is never raised again.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.IDENTITY_CONTRADICTED,
        title="A JAMF user has the user name of a person with another e-mail address, or the other way round",
        meaning="User names and e-mail addresses are handed on, so the two are taken for two people. Nothing was "
        "written to either, and a Mac of this user keeps the person it has.",
        advice="Decide whether it is the same person.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "Two people: the next sync makes the JAMF user a person of its own.",
                Resolution.TAKE_JAMF: "The same person, with a new address or user name: the next sync links the two "
                "and writes JAMF's contact data.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.LIKELY_DUPLICATE,
        title="A new person resembles one that M.O.S.S. has",
        meaning="User name or e-mail address are the same up to the @, or the full names are, and one of the two has "
        "no e-mail address that would tell them apart. The person was created.",
        advice="If it is the same person, keep one of the two: give it the user name or the address that JAMF has, and "
        "delete the other. sync_settings.username_domains says which domains are no part of a user name.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.LINK_LOST,
        title="M.O.S.S. no longer has the object of a JAMF record",
        meaning="No other object there has its e-mail address, user name or name, so the record is linked to nothing.",
        advice="Leave it deleted, enter the object again in M.O.S.S., or have it created again.",
        resolutions=MappingProxyType(
            {
                Resolution.KEEP_MOSS: "It stays deleted, and this is not raised again.",
                Resolution.TAKE_JAMF: "The next sync creates it again from what JAMF says.",
            }
        ),
    ),
    ConflictKind(
        name=ConflictKindName.LINKED_AGAIN,
        title="The linked object was deleted in M.O.S.S., and another one has its key",
        meaning="The JAMF record was linked to the one that M.O.S.S. has: it was kept, or entered again.",
        advice="Confirm that it is the same, or correct it in M.O.S.S.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.AMBIGUOUS_MATCH,
        title="Several objects of M.O.S.S. could be this one",
        meaning="Nothing was written to any of them.",
        advice="Give each its own serial number, address or name, or retire all but one.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.SERIAL_CHANGED,
        title="JAMF gives a linked device another serial number",
        meaning="UDID or management id say that it is the same Mac, with a corrected number or a new logic board: "
        "JAMF's serial number was taken over.",
        advice="Confirm it, or correct the record in JAMF.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.HARDWARE_REPLACED,
        title="A JAMF record has become another Mac",
        meaning="Serial number and model changed together, though UDID or management id stayed. The record was matched "
        "anew; the device it was keeps everything M.O.S.S. knows of it and is marked unenrolled.",
        advice="Say in M.O.S.S. what became of the old Mac. If it is in use, enrol it again.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.ID_REUSED,
        title="A JAMF id belongs to another object by now",
        meaning="Nothing of what the link last saw agrees with the record, and JAMF has no other record of the old "
        "object. It keeps everything M.O.S.S. knows of it; a device is marked unenrolled.",
        advice="Say in M.O.S.S. what became of the old object. If it is in use, enrol it again.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.SERIAL_TAKEN,
        title="Another device has the serial number that JAMF gives this one",
        meaning="The old serial number stays.",
        advice="Correct or merge the other device.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.HOSTNAME_TAKEN,
        title="Another device has the host name that JAMF gives this one",
        meaning="M.O.S.S. allows each host name once: this device keeps its own.",
        advice="Rename one of the two in JAMF, or correct the other device.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.TWIN_RECORD,
        title="JAMF has several records of one serial number",
        meaning="One of them is synced, this one is not.",
        advice="Delete the stale record in JAMF.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.SHARED_SERIAL,
        title="Two Macs that are both alive report one serial number",
        meaning="Their UDIDs differ, and JAMF heard of both within 30 days. One of them is synced, this one is not.",
        advice="Delete neither. Two Macs: give one its own serial number. One Mac with a new logic board: nothing is "
        "to be done, its newer record takes over once the older one is unmanaged or silent for 30 days.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.SERIAL_IN_BOTH_INVENTORIES,
        title="A computer and a mobile device have one serial number",
        meaning="JAMF keeps the two in inventories of their own, and no machine is in both. The one that is linked "
        "goes on, or else the computer; nothing was written of the other.",
        advice="Correct the serial number that is wrong, or delete the record that is stale, in JAMF.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.MAC_ELSEWHERE,
        title="Another device has this MAC address",
        meaning="No interface was created.",
        advice="Remove the interface from the other device if it moved.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.GROUP_GRANTS_RIGHTS,
        title="Membership in the group grants rights",
        meaning="The people of its computers were not made members.",
        advice="Take the rights off the group, or set sync_settings.add_members_to_privileged_groups.",
        resolutions=_ACKNOWLEDGED,
    ),
    ConflictKind(
        name=ConflictKindName.REVERTED,
        title="A person reverted and pinned this field",
        meaning="No sync writes it again.",
        advice="Take the pin back with `moss-jamf conflicts resolve --kind reverted --reopen`.",
        resolutions=MappingProxyType({}),
    ),
)
"""All kinds, those that a person can decide most about first."""

_BY_NAME: Final = {kind.name.value: kind for kind in CONFLICT_KINDS}


def conflict_kind_named(name: str) -> ConflictKind:
    """The kind of that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]
