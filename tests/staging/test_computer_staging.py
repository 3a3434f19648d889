"""Every rule of computers, one table per rule."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from moss_jamf_pipeline.staging import (
    SNAPSHOT_COLUMNS,
    STAGING_RULES,
    RawVersion,
    StagingPolicies,
    stage,
)
from moss_jamf_pipeline.staging.models import published_models

Computer = Callable[..., dict[str, Any]]
StageOne = Callable[[str, dict[str, Any]], Any]

NO_NOTES: list[tuple[str, str]] = []


def test_a_complete_computer_becomes_a_complete_row(
    computer: Computer, stage_one: StageOne
) -> None:
    staged = stage_one("computers", computer())

    assert staged.row == {
        "version_id": 1,
        "jamf_id": "412",
        "udid": "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908",
        "management_id": "b7a3c2d1-90ef-4c5d-a1b2-3344556677f8",
        "serial_number": "H7X4Q2ZK91",
        "hostname": "Priya’s MacBook Pro",
        "described": {
            "model": "MacBook Pro (14-inch, 2024) M4",
            "model_identifier": "Mac16,1",
            "processor_type": "Apple M4",
            "manufacturer": "Apple",
            "form_factor": "laptop",
            "operating_system": "macOS",
            "os_version": "15.5",
            "os_build": "24F74",
            "asset_tag": "LT-004412",
            "barcode_1": "4412-A",
            "barcode_2": None,
        },
        "username": "priya.raman",
        "full_name": "Priya Raman",
        "email": "Priya.Raman@example.org",
        "phone": "+49 30 5550 4412",
        "job_title": "Data Engineer",
        "building_id": "2",
        "department_id": "7",
        "room": "3.14",
        "mac_address": "5C:E9:1E:0A:44:12",
        "mac_interface_type": "wifi",
        "alt_mac_address": "36:5A:90:C1:70:02",
        "alt_mac_interface_type": "ethernet",
        "is_managed": True,
        "is_personally_owned": False,
        "is_out_of_scope": False,
        "enrolled_at": datetime(2025, 9, 2, 8, 15, 30, 41000, tzinfo=UTC),
        "static_group_ids": ["58", "61"],
        "is_usable": True,
    }
    assert staged.notes == NO_NOTES


def test_a_computer_with_nothing_but_a_serial_number_is_usable(stage_one: StageOne) -> None:
    staged = stage_one("computers", {"id": "412", "hardware": {"serialNumber": "C02XYZ"}})

    assert staged.told == {
        "version_id": 1,
        "jamf_id": "412",
        "serial_number": "C02XYZ",
        "is_personally_owned": False,
        "is_out_of_scope": False,
        "is_usable": True,
    }
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    ("serial_number", "expected"),
    [
        ("c02xyz123456", "c02xyz123456"),
        (" C02XYZ123456\n", "C02XYZ123456"),
        ("C02 XYZ 123", "C02 XYZ 123"),
        ("\ufeffC02\u200bXYZ", "C02XYZ"),
        ("C02XYZ\x00", "C02XYZ"),
        ("VMware-56 4d 1f 9b", "VMware-56 4d 1f 9b"),
        ("VM5vodACsc+k", "VM5vodACsc+k"),
        ("VM5VODacSC+K", "VM5VODacSC+K"),
        (831456, "831456"),
        (831456.0, "831456"),
        ("0X0", "0X0"),
        ("00000000001", "00000000001"),
    ],
)
def test_case_i07_a_serial_number_is_kept_as_jamf_has_it(
    computer: Computer, stage_one: StageOne, serial_number: object, expected: str
) -> None:
    staged = stage_one("computers", computer({"hardware.serialNumber": serial_number}))

    assert staged.row["serial_number"] == expected
    assert staged.row["is_usable"] is True
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize("serial_number", [None, "", "  ", "\u200b", "\x00"])
def test_a_missing_serial_number_makes_the_computer_unusable(
    computer: Computer, stage_one: StageOne, serial_number: object
) -> None:
    staged = stage_one("computers", computer({"hardware.serialNumber": serial_number}))

    assert staged.row["serial_number"] is None
    assert staged.row["is_usable"] is False
    assert staged.notes == [("serial_number", "serial_number_missing")]


@pytest.mark.parametrize(
    "serial_number",
    [
        *("N/A", "n/a", "none", "NULL", "Unknown", "Not Available", "NOT_AVAILABLE"),
        *("Serial Number", "To be filled by O.E.M.", "System Serial Number", "Default string"),
        *("0", "000000000000", "XXXXXXXX", "xxxx", "-", "---", "...", "-/-", "0123456789"),
        *("SYS-1234567890", "SYS-9876543210", "1111111", "12345678", "SN-12345", "NNNNNNN"),
        *("EVAL", "Unknow", "Serial Number xxxxxx", "0123456789ABCDEF", "(null string)"),
        *("sn-123456fvgv3i0b8o5n6n7k", "12345678901234567", "123456789000", "IATPASS", "1"),
        *("Tulip Computers", "MB-1234567890", "987654321"),
    ],
)
def test_case_i08_a_placeholder_for_a_serial_number_makes_the_computer_unusable(
    computer: Computer, stage_one: StageOne, serial_number: str
) -> None:
    staged = stage_one("computers", computer({"hardware.serialNumber": serial_number}))

    assert staged.row["serial_number"] is None
    assert staged.row["is_usable"] is False
    assert staged.notes == [("serial_number", "serial_number_placeholder")]
    assert staged.details[0].startswith(f"{serial_number!r} is no serial number: ")


@pytest.mark.parametrize(
    ("serial_number", "is_one"),
    [
        ("Spare", False),
        ("SP ARE", False),
        ("LOANER-7", False),
        ("A-LOANER-7", True),
        ("SPARE2", True),
    ],
)
def test_case_i08_an_integration_names_placeholders_of_its_own(
    computer: Computer, serial_number: str, is_one: bool
) -> None:
    policies = StagingPolicies(("spare", "loaner-*"))
    document = computer({"hardware.serialNumber": serial_number})
    staged = stage("computers", [RawVersion(1, "412", document)], policies)
    assert staged.rows["is_usable"].tolist() == [is_one]
    assert staged.quarantine["detail"].str.contains("placeholder_serials").tolist() == [True] * (
        not is_one
    )


def test_other_placeholders_are_other_rules_of_computers_and_of_nothing_else() -> None:
    named = StagingPolicies(("SPARE", "loaner-*"))
    assert named.rules_for("computers") != STAGING_RULES
    assert named.rules_for("users") == STAGING_RULES
    assert StagingPolicies(("Loaner-*", "spare ")).rules_for("computers") == named.rules_for(
        "computers"
    )
    assert StagingPolicies().rules_for("computers") == STAGING_RULES


@pytest.mark.parametrize(
    ("serial_number", "reason"),
    [("C" * 256, "too_long"), (["C02"], "wrong_type"), (True, "wrong_type"), (2**80, "wrong_type")],
)
def test_a_serial_number_that_cannot_be_used_is_noted_once_and_the_computer_is_unusable(
    computer: Computer, stage_one: StageOne, serial_number: object, reason: str
) -> None:
    staged = stage_one("computers", computer({"hardware.serialNumber": serial_number}))

    assert staged.row["serial_number"] is None
    assert staged.row["is_usable"] is False
    assert staged.notes == [("serial_number", reason)]


@pytest.mark.parametrize(
    "document",
    [
        {"id": "412", "personallyOwned": True},
        {"id": "412", "personallyOwned": True, "hardware": {"serialNumber": "C02"}, "udid": 5},
        {"id": "412", "general": {"appleEnrollmentType": "user", "name": "Mine"}},
    ],
)
def test_of_a_personally_owned_computer_only_its_id_is_kept(
    stage_one: StageOne, document: dict[str, Any]
) -> None:
    staged = stage_one("computers", document)

    assert staged.told == {
        "version_id": 1,
        "jamf_id": "412",
        "is_personally_owned": True,
        "is_out_of_scope": False,
        "is_usable": False,
    }
    assert staged.notes == [("is_personally_owned", "personally_owned")]


@pytest.mark.parametrize(
    ("document", "known_by"),
    [
        ({}, {}),
        ({"hardware": {"serialNumber": "C02"}, "general": {"name": "mac"}}, {}),
        (
            {"udid": "U-1", "general": {"managementId": "m-1"}},
            {"udid": "U-1", "management_id": "m-1"},
        ),
    ],
)
def test_of_a_computer_out_of_scope_it_is_said_which_machine_it_is_and_nothing_else(
    stage_one: StageOne, document: dict[str, Any], known_by: dict[str, str]
) -> None:
    staged = stage_one("computers", {"id": "412", "outOfScope": True, **document})

    assert staged.told == known_by | {
        "version_id": 1,
        "jamf_id": "412",
        "is_personally_owned": False,
        "is_out_of_scope": True,
        "is_usable": False,
    }
    assert staged.notes == [("is_out_of_scope", "out_of_scope")]


def test_personally_owned_says_more_than_out_of_scope(stage_one: StageOne) -> None:
    staged = stage_one("computers", {"id": "412", "outOfScope": True, "personallyOwned": True})
    assert (staged.row["is_personally_owned"], staged.row["is_out_of_scope"]) == (True, False)
    assert staged.notes == [("is_personally_owned", "personally_owned")]


@pytest.mark.parametrize(
    ("path", "column", "value", "expected"),
    [
        ("general.name", "hostname", "  Jörg’s 💻 Mac  ", "Jörg’s 💻 Mac"),
        ("general.name", "hostname", "None", "None"),
        ("general.name", "hostname", "Unknown", "Unknown"),
        ("general.name", "hostname", "N/A", None),
        ("general.name", "hostname", "Two  spaces", "Two  spaces"),
        ("general.name", "hostname", 42, "42"),
        ("general.name", "hostname", "מחשב של דנה", "מחשב של דנה"),
        ("general.name", "hostname", "Lab\tMac\x07", "Lab Mac"),
        ("general.name", "hostname", "bad\ud800name", "bad\ufffdname"),
        ("hardware.model", "model", "Not Available", None),
        ("hardware.make", "manufacturer", "UNKNOWN", None),
        ("operatingSystem.version", "os_version", 15.5, "15.5"),
        ("operatingSystem.build", "os_build", "\u00a024F74\u2003", "24F74"),
        ("general.assetTag", "asset_tag", "n/a", None),
        ("general.assetTag", "asset_tag", "0", "0"),
        ("general.barcode1", "barcode_1", "44\u200b12", "4412"),
        ("userAndLocation.username", "username", "none", None),
        ("userAndLocation.username", "username", "JDoe", "JDoe"),
        ("userAndLocation.username", "username", "null", "null"),
        ("userAndLocation.username", "username", "jane@example.org", "jane@example.org"),
        ("userAndLocation.realname", "full_name", "Jennifer Null", "Jennifer Null"),
        ("userAndLocation.realname", "full_name", "Null", "Null"),
        ("userAndLocation.realname", "full_name", "Not Available", None),
        ("userAndLocation.realname", "full_name", "علی\u200cرضا", "علی\u200cرضا"),
        ("userAndLocation.phone", "phone", "\u202a+49 30 1\u202c", "+49 30 1"),
        ("userAndLocation.phone", "phone", 4930, "4930"),
        ("userAndLocation.position", "job_title", "-", None),
        ("userAndLocation.buildingId", "building_id", "-1", None),
        ("userAndLocation.buildingId", "building_id", -1, None),
        ("userAndLocation.buildingId", "building_id", "", None),
        ("userAndLocation.buildingId", "building_id", 2, "2"),
        ("userAndLocation.departmentId", "department_id", "-1", None),
        ("userAndLocation.room", "room", "None", None),
        ("userAndLocation.room", "room", "Büro 301", "Büro 301"),
        ("udid", "udid", "5d0c1b7e-3a42", "5D0C1B7E-3A42"),
        ("udid", "udid", "00000000-0000-0000-0000-000000000000", None),
        ("general.managementId", "management_id", "B7A3C2D1", "b7a3c2d1"),
    ],
)
def test_a_text_is_normalised_without_a_note(
    *,
    computer: Computer,
    stage_one: StageOne,
    path: str,
    column: str,
    value: object,
    expected: object,
) -> None:
    staged = stage_one("computers", computer({path: value}))

    assert staged.value(column) == expected
    assert staged.row["is_usable"] is True
    assert staged.notes == NO_NOTES


def test_a_decomposed_name_equals_the_composed_one(computer: Computer, stage_one: StageOne) -> None:
    staged = stage_one("computers", computer({"general.name": "Zu\u0308rich"}))

    assert staged.row["hostname"] == "Z\u00fcrich"


@pytest.mark.parametrize(
    ("path", "column", "limit"),
    [
        ("general.name", "hostname", 255),
        ("hardware.model", "model", 255),
        ("hardware.make", "manufacturer", 255),
        ("general.assetTag", "asset_tag", 100),
        ("operatingSystem.name", "operating_system", 100),
        ("operatingSystem.version", "os_version", 100),
        ("userAndLocation.room", "room", 255),
        ("userAndLocation.username", "username", 100),
        ("userAndLocation.realname", "full_name", 255),
        ("userAndLocation.phone", "phone", 50),
        ("userAndLocation.position", "job_title", 100),
    ],
)
def test_a_text_that_is_too_long_is_left_out_and_never_cut(
    computer: Computer, stage_one: StageOne, path: str, column: str, limit: int
) -> None:
    fitting = stage_one("computers", computer({path: " " + "ä" * limit + " "}))
    too_long = stage_one("computers", computer({path: "ä" * (limit + 1)}))

    assert fitting.value(column) == "ä" * limit
    assert fitting.notes == NO_NOTES
    assert too_long.value(column) is None
    assert too_long.row["is_usable"] is True
    assert too_long.notes == [(column, "too_long")]
    assert str(limit) in too_long.details[0]
    assert "ää" not in too_long.details[0]


@pytest.mark.parametrize("value", [{"a": 1}, ["a"], True, 10**40])
def test_a_value_of_the_wrong_type_is_null_with_a_note(
    computer: Computer, stage_one: StageOne, value: object
) -> None:
    staged = stage_one("computers", computer({"general.name": value}))

    assert staged.row["hostname"] is None
    assert staged.row["is_usable"] is True
    assert staged.notes == [("hostname", "wrong_type")]


@pytest.mark.parametrize("value", ["oops", 5, [], True])
def test_a_section_of_the_wrong_type_costs_its_fields_only(
    computer: Computer, stage_one: StageOne, value: object
) -> None:
    staged = stage_one("computers", computer({"userAndLocation": value}))

    assert staged.row["username"] is None
    assert staged.row["serial_number"] == "H7X4Q2ZK91"
    assert staged.row["is_usable"] is True
    assert staged.notes == [("userAndLocation", "wrong_type")]


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        (" Jane.Doe@Example.ORG ", "Jane.Doe@Example.ORG"),
        ("jane\u200b@example.org", "jane@example.org"),
        ("jürgen@exämple.org", "jürgen@exämple.org"),
        ("n/a", None),
        ("None", None),
        ("", None),
    ],
)
def test_an_email_address_keeps_its_case(
    computer: Computer, stage_one: StageOne, email: str, expected: str | None
) -> None:
    staged = stage_one("computers", computer({"userAndLocation.email": email}))

    assert staged.row["email"] == expected
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    "email",
    [
        *("jane", "@example.org", "jane@", "a@b@c", "jane doe@example.org", "@", "mailto:", "<>"),
        *("a@example.org, b@example.org", "<jane>@example.org", "a@b.example;c", "lee@,"),
    ],
)
def test_what_is_no_email_address_is_null_with_a_note(
    computer: Computer, stage_one: StageOne, email: str
) -> None:
    staged = stage_one("computers", computer({"userAndLocation.email": email}))

    assert staged.row["email"] is None
    assert staged.row["is_usable"] is True
    assert staged.notes == [("email", "malformed_email")]
    assert staged.details == ["The value is no e-mail address; correct it in JAMF."]


@pytest.mark.parametrize(
    "email",
    [
        *("lee@example.com,", "mailto:lee@example.com", "<lee@example.com>", "lee@example.com;"),
        *("Dana Lee <lee@example.com>", "MAILTO: lee@example.com.", "'lee@example.com'"),
        *(
            "smtp:lee@example.com",
            "<mailto:lee@example.com?subject=Mac>",
            '"Lee, Dana" <lee@example.com>,',
        ),
    ],
)
def test_case_t01_what_an_email_address_was_copied_with_is_taken_off(
    computer: Computer, stage_one: StageOne, email: str
) -> None:
    staged = stage_one("computers", computer({"userAndLocation.email": email}))

    assert staged.row["email"] == "lee@example.com"
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize("email", ["o'brien@example.com", "jörg+mac@exämple.com", "a.b-c_d@host"])
def test_an_email_address_that_stands_alone_stays_as_it_is(
    computer: Computer, stage_one: StageOne, email: str
) -> None:
    staged = stage_one("computers", computer({"userAndLocation.email": email}))

    assert staged.row["email"] == email


@pytest.mark.parametrize(
    "mac_address", ["00:00:00:00:00:00", "ff:ff:FF:ff:ff:ff", "000000000000", "00-00-00-00-00-00"]
)
def test_the_address_of_no_interface_is_no_interface_and_nothing_is_lost(
    computer: Computer, stage_one: StageOne, mac_address: str
) -> None:
    staged = stage_one("computers", computer({"hardware.macAddress": mac_address}))

    assert staged.row["mac_address"] is None
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    "mac_address",
    [
        *("A1:B2:C3:D4:E5:F6", "a1:b2:c3:d4:e5:f6", "A1-B2-C3-D4-E5-F6", "a1b2.c3d4.e5f6"),
        *("a1b2c3d4e5f6", "A1 B2 C3 D4 E5 F6", " a1:B2:c3:D4:e5:F6\n"),
    ],
)
def test_a_mac_address_is_read_from_any_spelling(
    computer: Computer, stage_one: StageOne, mac_address: str
) -> None:
    staged = stage_one("computers", computer({"hardware.macAddress": mac_address}))

    assert staged.row["mac_address"] == "A1:B2:C3:D4:E5:F6"
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    "mac_address",
    [
        *(
            "0000.0000.0000",
            "A1:B2:C3:D4:E5",
            "A1:B2:C3:D4:E5:F6:07",
            "G1:B2:C3:D4:E5:F6",
            "en0",
            "a1/b2/c3/d4/e5/f6",
            "\ufb01" * 6,
        ),
    ],
)
def test_what_is_no_mac_address_is_null_with_a_note_and_the_computer_stays_usable(
    computer: Computer, stage_one: StageOne, mac_address: str
) -> None:
    staged = stage_one("computers", computer({"hardware.macAddress": mac_address}))

    assert staged.row["mac_address"] is None
    assert staged.row["mac_interface_type"] is None
    assert staged.row["alt_mac_address"] == "36:5A:90:C1:70:02"
    assert staged.row["is_usable"] is True
    assert staged.notes == [("mac_address", "malformed_mac_address")]


def test_a_second_mac_address_that_repeats_the_first_is_dropped(
    computer: Computer, stage_one: StageOne
) -> None:
    changes = {
        "hardware.macAddress": "A1:B2:C3:D4:E5:F6",
        "hardware.altMacAddress": "a1-b2-c3-d4-e5-f6",
    }
    staged = stage_one("computers", computer(changes))

    assert staged.row["mac_address"] == "A1:B2:C3:D4:E5:F6"
    assert staged.row["alt_mac_address"] is None
    assert staged.row["alt_mac_interface_type"] is None
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    ("adapter_type", "first", "second"),
    [
        ("IEEE80211", "wifi", "wifi"),
        ("AirPort", "wifi", "wifi"),
        ("Wi-Fi", "wifi", "wifi"),
        ("802.11ac", "wifi", "wifi"),
        ("Ethernet", "ethernet", "ethernet"),
        ("Thunderbolt Ethernet", "ethernet", "ethernet"),
        ("USB 10/100/1000 LAN", "ethernet", "ethernet"),
        ("Bluetooth PAN", "other", "other"),
        ("Something new", "other", "other"),
        ("unknown", "other", "other"),
        ("", "other", "other"),
        (None, "other", "other"),
    ],
)
def test_case_i15_the_adapter_type_and_nothing_else_names_the_kind_of_interface(
    computer: Computer, stage_one: StageOne, adapter_type: str | None, first: str, second: str
) -> None:
    changes = {
        "hardware.model": "Mac Studio (2025) M4 Max",
        "hardware.modelIdentifier": "Mac16,9",
        "hardware.networkAdapterType": adapter_type,
        "hardware.altNetworkAdapterType": adapter_type,
    }
    staged = stage_one("computers", computer(changes))

    assert staged.row["mac_interface_type"] == first
    assert staged.row["alt_mac_interface_type"] == second


@pytest.mark.parametrize(
    ("identifier", "adapter_type", "first"),
    [
        ("MacBookPro13,3", None, "wifi"),
        ("MacBookPro13,3", "Unknown", "wifi"),
        ("MacBookPro13,3", "Something new", "other"),
        ("MacBookPro13,3", "Thunderbolt Ethernet", "ethernet"),
        ("MacBookPro9,2", None, "other"),
        ("Mac99,1", None, "other"),
        (None, None, "other"),
    ],
)
def test_case_i15_a_laptop_without_ethernet_has_wifi_first(
    *,
    computer: Computer,
    stage_one: StageOne,
    identifier: str | None,
    adapter_type: str | None,
    first: str,
) -> None:
    changes = {
        "hardware.model": "MacBook Pro",
        "hardware.modelIdentifier": identifier,
        "hardware.macAddress": "78:4F:43:7F:7D:CB",
        "hardware.networkAdapterType": adapter_type,
        "hardware.altMacAddress": "B6:00:35:98:AE:00",
        "hardware.altNetworkAdapterType": None,
    }
    staged = stage_one("computers", computer(changes))

    assert staged.row["mac_interface_type"] == first
    assert staged.row["alt_mac_interface_type"] == "other"


@pytest.mark.parametrize(
    ("model", "model_identifier", "has_battery", "expected"),
    [
        ("MacBook Pro (14-inch, 2023)", "Mac14,9", None, "laptop"),
        ("Mac15,12", "Mac15,12", None, "laptop"),
        (None, "Mac15,12", None, "laptop"),
        ("Mac15,12", None, None, "laptop"),
        ("MacBook Air", None, None, "laptop"),
        ("macbook", None, None, "laptop"),
        ("MacBook Pro (14-inch, 2031)", "Mac99,1", False, "laptop"),
        (None, "MacBookPro18,3", None, "laptop"),
        (None, "MacBookPro99,1", None, "laptop"),
        ("Mac99,1", "Mac99,1", True, "laptop"),
        (None, None, True, "laptop"),
        ("Mac mini (2024) M4", "Mac16,10", None, "workstation"),
        ("Mac mini (2024) M4", "Mac16,10", True, "workstation"),
        ("iMac (24-inch, 2023)", "Mac15,5", None, "workstation"),
        ("Mac Pro", None, None, "workstation"),
        ("Mac Studio (2031)", "Mac99,1", True, "workstation"),
        (None, "Macmini9,1", None, "workstation"),
        (None, "iMac99,1", True, "workstation"),
        ("VMware Virtual Platform", "VMware7,1", None, "workstation"),
        ("VirtualMac2,1", "VirtualMac2,1", None, "workstation"),
        ("Mac99,1", "Mac99,1", None, None),
        ("Mac99,1", "Mac99,1", False, None),
        ("Something else", None, None, None),
        (None, None, None, None),
    ],
)
def test_case_i10_the_form_factor_follows_the_model_and_then_the_battery(
    *,
    computer: Computer,
    stage_one: StageOne,
    model: str | None,
    model_identifier: str | None,
    has_battery: bool | None,
    expected: str | None,
) -> None:
    changes = {
        "hardware.model": model,
        "hardware.modelIdentifier": model_identifier,
        "hardware.hasBattery": has_battery,
    }
    staged = stage_one("computers", computer(changes))

    assert staged.value("form_factor") == expected


@pytest.mark.parametrize(
    ("identifier", "form_factor"),
    [
        ("MacBookAir1,1", "laptop"),
        ("MacBookAir10,1", "laptop"),
        ("Mac14,2", "laptop"),
        ("Mac14,7", "laptop"),
        ("Mac15,3", "laptop"),
        ("Mac16,13", "laptop"),
        ("Mac17,2", "laptop"),
        ("Mac13,1", "workstation"),
        ("Mac14,8", "workstation"),
        ("Mac15,14", "workstation"),
        ("Mac16,3", "workstation"),
        ("Mac16,11", "workstation"),
        ("iMacPro1,1", "workstation"),
        ("MacPro7,1", "workstation"),
    ],
)
def test_known_models_are_in_the_table(identifier: str, form_factor: str) -> None:
    assert published_models()[identifier].form_factor == form_factor


def test_the_table_of_models_holds_together() -> None:
    models = published_models().values()
    assert {model.form_factor for model in models} == {"laptop", "workstation"}
    assert {model.ethernet for model in models} == {"yes", "no", "optional"}
    assert {model.year for model in models} == set(range(2008, 2026))
    for model in models:
        is_book = model.name.startswith("MacBook")
        assert is_book == (model.form_factor == "laptop"), model
        line = model.name.partition(" (")[0].removesuffix(" Server").replace(" ", "")
        assert model.identifier.rstrip("0123456789,") in ("Mac", line), model


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-09-02T08:15:30.041Z", datetime(2025, 9, 2, 8, 15, 30, 41000, tzinfo=UTC)),
        ("2025-09-02T08:15:30.35Z", datetime(2025, 9, 2, 8, 15, 30, 350000, tzinfo=UTC)),
        ("2025-09-02T08:15:30Z", datetime(2025, 9, 2, 8, 15, 30, tzinfo=UTC)),
        ("2025-09-02T08:15:30+0200", datetime(2025, 9, 2, 6, 15, 30, tzinfo=UTC)),
        ("2025-09-02T08:15:30-07:00", datetime(2025, 9, 2, 15, 15, 30, tzinfo=UTC)),
        ("2025-09-02 08:15:30", datetime(2025, 9, 2, 8, 15, 30, tzinfo=UTC)),
        ("2025-09-02", datetime(2025, 9, 2, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_as_times_in_utc(
    computer: Computer, stage_one: StageOne, date: str | None, expected: datetime | None
) -> None:
    staged = stage_one("computers", computer({"general.lastEnrolledDate": date}))

    assert staged.row["enrolled_at"] == expected
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize(
    "date",
    [
        *("yesterday", "now", "2025", "2025-02-30", "2025-13-01T00:00:00Z", "02.09.2025"),
        *("1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "0001-01-01", 1756800930041),
    ],
)
def test_what_is_no_date_is_null_with_a_note(
    computer: Computer, stage_one: StageOne, date: object
) -> None:
    staged = stage_one("computers", computer({"general.lastEnrolledDate": date}))

    assert staged.row["enrolled_at"] is None
    assert staged.row["is_usable"] is True
    assert staged.notes == [("enrolled_at", "malformed_date")]


_CAPTURED = datetime(2026, 7, 21, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "is_known"),
    [
        ("2026-07-21T06:00:00Z", True),
        ("2026-07-22T06:00:00Z", True),
        ("2026-07-22T06:00:01Z", False),
        ("2083-01-01T00:00:00Z", False),
    ],
)
def test_case_i09_a_time_later_than_the_day_after_the_capture_is_unknown_with_a_note(
    computer: Computer, date: str, is_known: bool
) -> None:
    document = computer({"general.lastEnrolledDate": date})
    staged = stage("computers", [RawVersion(1, "412", document, _CAPTURED)])

    assert staged.rows["enrolled_at"].notna().tolist() == [is_known]
    assert staged.rows["is_usable"].tolist() == [True]
    assert staged.quarantine[["field", "reason"]].to_numpy().tolist() == (
        [] if is_known else [["enrolled_at", "time_in_future"]]
    )
    assert staged.quarantine["detail"].tolist() == (
        [] if is_known else [f"{date!r} is in the future; it counts as unknown."]
    )


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["58", "61"], ["58", "61"]),
        ([58, "58", 61.0], ["58", "61"]),
        (["-1", "", "61"], ["61"]),
        ([], []),
        (None, None),
    ],
)
def test_static_groups_are_listed_once_and_not_told_is_not_none(
    computer: Computer, stage_one: StageOne, ids: object, expected: list[str] | None
) -> None:
    staged = stage_one("computers", computer({"staticGroupIds": ids}))

    assert staged.row["static_group_ids"] == expected
    assert staged.notes == NO_NOTES


@pytest.mark.parametrize("ids", ["58", 58, {"58": 1}, ["58", None], ["58", {"id": "61"}], [True]])
def test_a_list_of_groups_that_cannot_be_read_in_full_is_unknown(
    computer: Computer, stage_one: StageOne, ids: object
) -> None:
    staged = stage_one("computers", computer({"staticGroupIds": ids}))

    assert staged.row["static_group_ids"] is None
    assert staged.row["is_usable"] is True
    assert staged.notes == [("static_group_ids", "wrong_type")]


@pytest.mark.parametrize(
    ("management", "expected", "notes"),
    [
        ({"managed": True}, True, NO_NOTES),
        ({"managed": False}, False, NO_NOTES),
        ({"managed": None}, None, NO_NOTES),
        ({}, None, NO_NOTES),
        (None, None, NO_NOTES),
        ({"managed": "true"}, None, [("is_managed", "wrong_type")]),
        ("managed", None, [("remoteManagement", "wrong_type")]),
    ],
)
def test_whether_jamf_manages_a_computer_is_told_or_unknown(
    computer: Computer,
    stage_one: StageOne,
    management: object,
    expected: bool | None,
    notes: list[tuple[str, str]],
) -> None:
    staged = stage_one("computers", computer({"general.remoteManagement": management}))

    assert staged.row["is_managed"] is expected
    assert staged.notes == notes


def test_a_bad_record_does_not_touch_its_neighbours(computer: Computer) -> None:
    bad = {"id": "2", "general": "x", "hardware": 5, "staticGroupIds": "y"}
    documents = {10: computer(), 11: bad, 12: computer()}
    versions = [
        RawVersion(version_id, str(number), document)
        for number, (version_id, document) in enumerate(documents.items(), start=1)
    ]
    staged = stage("computers", versions)

    assert staged.rows["version_id"].tolist() == [10, 11, 12]
    assert staged.rows["is_usable"].tolist() == [True, False, True]
    assert staged.rows["serial_number"].tolist()[::2] == ["H7X4Q2ZK91", "H7X4Q2ZK91"]
    assert set(staged.quarantine["version_id"]) == {11}
    assert set(staged.quarantine["jamf_id"]) == {"2"}
    assert set(staged.quarantine["reason"]) == {"wrong_type", "serial_number_missing"}


def test_the_quarantine_stands_in_the_order_of_the_versions(computer: Computer) -> None:
    document = computer({"userAndLocation.email": "x", "hardware.macAddress": "x"})
    versions = [RawVersion(number, str(number), document) for number in (30, 10, 20)]
    quarantine = stage("computers", versions).quarantine

    assert quarantine["version_id"].tolist() == [30, 30, 10, 10, 20, 20]


def test_the_columns_of_computers_are_declared() -> None:
    names = [column.name for column in SNAPSHOT_COLUMNS["computers"]]

    assert stage("computers", []).rows.columns.tolist() == names
