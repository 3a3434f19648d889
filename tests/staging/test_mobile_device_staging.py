"""Mobile devices as they are staged: systems by type, interfaces, and what cannot be used."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pandas as pd
import pytest

from moss_jamf_pipeline.staging.mobile_devices import operating_system
from tests.staging.conftest import StagedOne

_PHONE: dict[str, Any] = {
    "id": "mobile:12",
    "deviceType": "iOS",
    "general": {
        "udid": "00008120-00000000000000ab",
        "displayName": "IPHONE-12",
        "managementId": "B7A3C2D1-90EF-4C5D-A1B2-3344556677F8",
        "osVersion": "26.1",
        "osBuild": "23B85",
        "assetTag": "MT-12",
        "managed": True,
        "supervised": True,
        "deviceOwnershipType": "Institutional",
        "lastEnrolledDate": "2025-09-02T08:15:30.041Z",
    },
    "hardware": {
        "serialNumber": "MOB0000012",
        "model": "iPhone 15",
        "modelIdentifier": "iPhone15,4",
        "wifiMacAddress": "5c:e9:1e:0a:44:12",
        "bluetoothMacAddress": "5c:e9:1e:0a:44:13",
    },
    "userAndLocation": {
        "username": "jane",
        "realName": "Jane Roe",
        "emailAddress": "jane@example.org",
        "phoneNumber": "+49 30 5550",
        "position": "Architect",
        "buildingId": "2",
        "departmentId": "-1",
        "room": "3.14",
    },
    "network": {"imei": "35 882334 083223 0", "phoneNumber": "+1 555 0100"},
}

Stage = Callable[..., StagedOne]


def _phone(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    document = deepcopy(_PHONE)
    for path, value in (changes or {}).items():
        section, _, key = path.rpartition(".")
        (document[section] if section else document)[key] = value
    return document


def test_a_phone_becomes_a_row_of_the_computers_kind(stage_one: Stage) -> None:
    staged = stage_one("mobile_devices", _phone())
    assert staged.notes == []
    told = staged.told
    assert told["serial_number"] == "MOB0000012"
    assert told["udid"] == "00008120-00000000000000AB"
    assert told["hostname"] == "IPHONE-12"
    assert (told["manufacturer"], told["form_factor"]) == ("Apple", "mobile_device")
    assert (told["operating_system"], told["os_version"]) == ("iOS", "26.1")
    assert (told["imei"], told["phone_number"]) == ("358823340832230", "+1 555 0100")
    assert (told["username"], told["full_name"], told["email"], told["phone"]) == (
        *("jane", "Jane Roe", "jane@example.org", "+49 30 5550"),
    )
    assert (told["mac_address"], told["mac_interface_type"]) == ("5C:E9:1E:0A:44:12", "wifi")
    assert (told["alt_mac_address"], told["alt_mac_interface_type"]) == (
        *("5C:E9:1E:0A:44:13", "bluetooth"),
    )
    assert told["is_usable"] is True
    # Nothing is said of groups: null is not "none".
    assert "static_group_ids" not in told
    assert "department_id" not in told


def test_an_apple_tv_has_no_network_and_nobody(stage_one: Stage) -> None:
    document = _phone({"deviceType": "tvOS", "userAndLocation": {}})
    del document["network"]
    told = stage_one("mobile_devices", document).told
    assert told["operating_system"] == "tvOS"
    assert told["is_usable"] is True
    assert not {"imei", "phone_number", "username"} & told.keys()


@pytest.mark.parametrize(
    ("device_type", "model", "version", "name"),
    [
        ("iOS", "iPhone 15 iPhone15,4", "26.1", "iOS"),
        ("ios", "iPad (10th generation) iPad13,18", "17.0", "iPadOS"),
        ("iOS", "iPad Air 2 iPad5,3", "12.5.7", "iOS"),
        ("iPad", "", None, "iPadOS"),
        ("iOS", "iPhone99,9 iPhone99,9", "99.0", "iOS"),
        ("appleTv", "Apple TV 4K", "18", "tvOS"),
        ("visionOS", "Apple Vision Pro", "2", "visionOS"),
        ("watchOS", "Watch7,8", "11", "watchOS"),
        ("homeOS", "HomeThing1,1", "1", "homeOS"),
        (None, "iPad13,18", "17", None),
    ],
)
def test_the_operating_system_is_named_by_type_and_model(
    device_type: str | None, model: str, version: str | None, name: str | None
) -> None:
    named = operating_system(
        *(pd.Series([text], dtype="str") for text in (device_type, model, version))
    )
    assert (None if named.isna()[0] else named[0]) == name


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hardware.serialNumber": ""}, "serial_number_missing"),
        ({"hardware.serialNumber": "0000000000"}, "serial_number_placeholder"),
        ({"personallyOwned": True}, "personally_owned"),
        ({"general.deviceOwnershipType": "UserEnrollment"}, "personally_owned"),
    ],
)
def test_what_cannot_be_used_says_why(
    stage_one: Stage, changes: dict[str, Any], reason: str
) -> None:
    staged = stage_one("mobile_devices", _phone(changes))
    assert staged.row["is_usable"] is False
    assert reason in [told for _, told in staged.notes]
    if reason == "personally_owned":
        assert staged.told.keys() <= {
            *("version_id", "jamf_id", "is_usable", "is_personally_owned", "is_out_of_scope"),
        }
