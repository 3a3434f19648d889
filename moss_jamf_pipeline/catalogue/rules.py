"""What decides a field, and why a plan has a row: the words of plans, each with the sentence that people read.

A plan writes them (`change_plan.rules`, `change_plan.reason`, `plan_rejections.rule`), and so do stories of single
objects (`services.stories`), which also say why nothing is written.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class FieldRule(StrEnum):
    """What decides one field of one object. Those that a plan writes are stored; never rename one."""

    ON_CREATE = "on_create"
    DEFAULT = "default"
    JAMF_WINS = "jamf_wins"
    FILL_EMPTY = "fill_empty"
    DEFAULT_FOLLOWED = "default_followed"
    HUMAN_EDIT_OVERWRITTEN = "human_edit_overwritten"
    DECIDED_TAKE_JAMF = "decided_take_jamf"
    DECIDED_KEEP_MOSS = "decided_keep_moss"
    PINNED = "pinned"
    REVERTED = "reverted"

    AGREE = "agree"
    HUMAN_EDIT_KEPT = "human_edit_kept"
    OWNED_FIELD_DIFFERS = "owned_field_differs"
    ONLY_FILLED = "only_filled"
    NOT_UPDATED = "not_updated"
    NOT_DEFAULT = "not_default"
    EDIT_KEPT = "edit_kept"
    JAMF_SAYS_NOTHING = "jamf_says_nothing"
    SERIAL_TAKEN = "serial_taken"
    HOSTNAME_TAKEN = "hostname_taken"
    LED_BY_OTHER_SERVER = "led_by_other_server"
    GONE_FROM_JAMF = "gone_from_jamf"
    NOT_LINKED = "not_linked"
    TO_BE_CREATED = "to_be_created"

    @property
    def meaning(self) -> str:
        """Why the field is, or becomes, what it is; a sentence."""
        return _RULES[self]

    @property
    def holds_for_the_object(self) -> bool:
        """Whether it is the object that it says something of, and so the same of all its fields."""
        return self in (
            FieldRule.LED_BY_OTHER_SERVER,
            FieldRule.GONE_FROM_JAMF,
            FieldRule.NOT_LINKED,
            FieldRule.TO_BE_CREATED,
        )


_RULES: Final[Mapping[FieldRule, str]] = MappingProxyType(
    {
        FieldRule.ON_CREATE: "The object was new: what JAMF said was written.",
        FieldRule.DEFAULT: "The object was new: a default was written.",
        FieldRule.JAMF_WINS: "JAMF owns this field, and its value is written.",
        FieldRule.FILL_EMPTY: "M.O.S.S. owns this field. It is empty and was never filled, so JAMF fills it.",
        FieldRule.DEFAULT_FOLLOWED: "It still is the default that the sync wrote, so it follows JAMF.",
        FieldRule.HUMAN_EDIT_OVERWRITTEN: "JAMF owns this field: its value replaces a person's edit in M.O.S.S.",
        FieldRule.DECIDED_TAKE_JAMF: "A person decided to take JAMF's value.",
        FieldRule.DECIDED_KEEP_MOSS: "A person decided to keep M.O.S.S.'s value.",
        FieldRule.PINNED: "A person pinned M.O.S.S.'s value: no sync writes it.",
        FieldRule.REVERTED: "A person undid an earlier change.",
        FieldRule.AGREE: "Both sides say the same.",
        FieldRule.HUMAN_EDIT_KEPT: "JAMF owns this field, but a person edited it in M.O.S.S., and edits are kept "
        "(policy on_human_edit).",
        FieldRule.OWNED_FIELD_DIFFERS: "M.O.S.S. owns this field and keeps its value. JAMF says otherwise: "
        "a person decides.",
        FieldRule.ONLY_FILLED: "M.O.S.S. owns this field. JAMF fills it once, and only while it is empty.",
        FieldRule.NOT_UPDATED: "It is written when the object is created, and never again.",
        FieldRule.NOT_DEFAULT: "M.O.S.S. owns this field, and it is no default of the sync's any more.",
        FieldRule.EDIT_KEPT: "A person edited this field in M.O.S.S., and edits are kept (policy on_human_edit).",
        FieldRule.JAMF_SAYS_NOTHING: "JAMF says nothing here, so M.O.S.S. keeps what it has.",
        FieldRule.SERIAL_TAKEN: "Another device has JAMF's serial number, so this one keeps its own.",
        FieldRule.HOSTNAME_TAKEN: "Another device has JAMF's host name, and M.O.S.S. allows each once: this one "
        "keeps its own.",
        FieldRule.LED_BY_OTHER_SERVER: "Another JAMF server leads this object, and this one writes nothing to it.",
        FieldRule.GONE_FROM_JAMF: "JAMF no longer has the record, so M.O.S.S. keeps what it has.",
        FieldRule.NOT_LINKED: "No JAMF record is linked, so nothing is written.",
        FieldRule.TO_BE_CREATED: "M.O.S.S. does not have it yet: the next sync creates it with what JAMF says.",
    }
)

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown_to_moss": "M.O.S.S. did not have it.",
        "matched_by_serial_number": "The serial number is the same.",
        "matched_by_management_id": "The management id is that of the linked Mac.",
        "matched_by_udid": "The UDID is that of the linked Mac.",
        "matched_by_mapping": "It was linked.",
        "matched_by_email": "The e-mail address is the same.",
        "matched_by_username": "The user name is the same.",
        "matched_by_spelling": "The user name is the same but for its spelling.",
        "matched_by_name": "The name is the same.",
        "values_differ": "JAMF and M.O.S.S. differed.",
        "back_in_jamf": "JAMF has the record again.",
        "absent_from_jamf": "JAMF no longer has the record: a complete capture did not list it.",
        "id_reused": "Its JAMF id belongs to another machine by now.",
        "hardware_replaced": "Its JAMF record became another Mac.",
        "deleted_in_moss": "It was deleted in M.O.S.S.",
        "listed_by_jamf": "JAMF lists the member.",
        "no_longer_listed_by_jamf": "JAMF no longer lists the member.",
        "device_deleted_in_moss": "The device was deleted in M.O.S.S.",
        "reverted": "A person undid an earlier plan.",
        "link_declined": "A person decided that the computer is not this device.",
    }
)
"""Why a plan has a row, as far as fields do not say it."""


def rule_meaning(rule: str) -> str:
    """The sentence of a stored rule or reason; one of another version of the pipeline is shown as it is."""
    try:
        return FieldRule(rule).meaning
    except ValueError:
        return REASONS.get(rule, rule.replace("_", " "))


_FIELD_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hostname": "host name",
        "username": "user name",
        "email_address": "e-mail address",
        "phone_number": "phone number",
        "assigned_to_person_id": "assigned person",
        "location_id": "location",
        "room_id": "room",
        "mac_address": "MAC address",
        "os_version": "OS version",
        "os_build": "OS build",
        "device_type": "type",
        "group_type": "type",
        "person_type": "type",
        "interface_type": "type",
        "interface_name": "name",
        "external_id": "JAMF id",
        "jamf_enrollment_status": "enrolment in JAMF",
    }
)


def field_words(field: str) -> str:
    """What people call a field, e.g. `host name`."""
    return _FIELD_WORDS.get(field, field.replace("_", " "))
