"""A computer as JAMF Pro 11.32 sends it, with every field of the requested sections."""

from copy import deepcopy
from typing import Any

_COMPUTER: dict[str, Any] = {
    "id": "412",
    "udid": "5D0C1B7E-3A42-5C11-9F0E-7B2A64D1C908",
    "general": {
        "name": "Priya’s MacBook Pro",
        "lastIpAddress": "198.51.100.24",
        "lastReportedIpV4": "10.20.31.77",
        "lastReportedIpV6": "fe80::1c3a:77ff:fe10:2b4d",
        "jamfBinaryVersion": "11.32.0-t1784555528405",
        "platform": "Mac",
        "barcode1": None,
        "barcode2": "B-2",
        "assetTag": " LT-004412 ",
        "remoteManagement": {"managed": True, "managementUsername": "secret-admin"},
        "supervised": True,
        "mdmCapable": {"capable": True, "capableUsers": ["secret-user"], "userManagementInfo": []},
        "reportDate": "2026-07-21T06:42:10.318Z",
        "lastCheckIn": "2026-07-21T13:05:44.902Z",
        "lastContact": "2026-07-21T13:11:02.1Z",
        "lastEnrolledDate": "2025-09-02T08:15:30.041Z",
        "mdmProfileExpiration": "2027-09-02T08:15:02Z",
        "initialEntryDate": "2025-09-02",
        "enrollmentMethod": {"id": "3", "objectName": "Staff", "objectType": "PreStage enrollment"},
        "site": {"id": "-1", "name": "None", "divisionId": "7"},
        "managementId": "b7a3c2d1-90ef-4c5d-a1b2-3344556677f8",
        "lastLoggedInUsernameBinary": "secret-login",
        "lastLoggedInUsernameBinaryTimestamp": "2026-07-20T16:03:12.500Z",
        "extensionAttributes": [{"definitionId": "4", "values": ["secret-value"]}],
        "appleEnrollmentType": "device",
    },
    "hardware": {
        "make": "Apple",
        "model": "MacBook Pro (14-inch, 2024)",
        "modelIdentifier": "Mac16,1",
        "processorType": "Apple M4",
        "serialNumber": "h7x4q2zk91",
        "networkAdapterType": "IEEE80211",
        "macAddress": "5c:e9:1e:0a:44:12",
        "altNetworkAdapterType": "Ethernet",
        "altMacAddress": None,
        "appleSilicon": True,
        "batteryCapacityPercent": 96,
        "provisioningUdid": "00008132-000A1D",
        "extensionAttributes": [],
    },
    "operatingSystem": {
        "name": "macOS",
        "version": "26.1",
        "build": "25B78",
        "fileVault2Status": "ALL_ENCRYPTED",
        "extensionAttributes": [],
    },
    "userAndLocation": {
        "username": "priya.raman",
        "realname": "Priya Raman",
        "email": "priya.raman@example.org",
        "position": "Data Engineer",
        "phone": None,
        "departmentId": "7",
        "buildingId": 2,
        "room": "3.14",
        "extensionAttributes": [],
    },
    "groupMemberships": [
        {"groupId": "10", "groupName": "Loaners", "groupDescription": "", "smartGroup": False},
        {"groupId": "9", "groupName": "Data team", "groupDescription": "", "smartGroup": False},
        {"groupId": "1", "groupName": "All Macs", "groupDescription": "", "smartGroup": True},
    ],
    "diskEncryption": {"individualRecoveryKey": "secret-key"},
    "localUserAccounts": [{"username": "secret-account"}],
    "purchasing": None,
}


def computer(jamf_id: object = "412", **sections: Any) -> dict[str, Any]:
    """A fresh computer.

    Args:
        jamf_id: its id.
        sections: replaces top-level keys; a dict is merged into the section it names.
    """
    made = deepcopy(_COMPUTER)
    made["id"] = jamf_id
    for name, section in sections.items():
        if isinstance(section, dict):
            made[name].update(section)
        else:
            made[name] = section
    return made
