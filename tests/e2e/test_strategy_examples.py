"""The strategy document's own examples, end to end: JAMF over HTTP, Dagster, PostgreSQL."""

import json

import pytest

from tests.support.world import World

pytestmark = pytest.mark.every_dialect

_EXAMPLE_1 = {
    "id": "12345",
    "general": {"name": "MBA-JSMITH-001", "assetTag": "IT-2024-0157"},
    "hardware": {
        "serialNumber": "C02XYZ123456",
        "model": "MacBook Pro 16-inch 2023",
        "make": "Apple",
        "macAddress": "A1:B2:C3:D4:E5:F6",
        "networkAdapterType": None,
        "altMacAddress": None,
        "altNetworkAdapterType": None,
    },
    "userAndLocation": {
        "username": "jsmith",
        "realname": "John Smith",
        "email": "jsmith@company.com",
        "room": "Office 301",
        "buildingId": "7",
    },
}


def test_example_1_gives_exactly_its_device_person_location_room_interface_and_mapping(
    world: World,
) -> None:
    world.fleet.add_building("Building-A", building_id="7")
    world.fleet.add_computer(_EXAMPLE_1)

    world.sync()

    assert world.query(
        """select d.hostname, d.serial_number, d.asset_tag, d.model, d.manufacturer, d.device_type, d.notes,
                  l.name as location, r.name as room, p.username, p.full_name, p.email_address
           from devices d join locations l on l.id = d.location_id join rooms r on r.id = d.room_id
           join people p on p.id = d.assigned_to_person_id"""
    ) == [
        {
            "hostname": "MBA-JSMITH-001",
            "serial_number": "C02XYZ123456",
            "asset_tag": "IT-2024-0157",
            "model": "MacBook Pro 16-inch 2023",
            "manufacturer": "Apple",
            "device_type": world.dialect.laptop,
            "notes": "Synced from JAMF Pro",
            "location": "Building-A",
            "room": "Office 301",
            "username": "jsmith",
            "full_name": "John Smith",
            "email_address": "jsmith@company.com",
        }
    ]
    for table in ("devices", "people", "locations", "rooms", "ios"):
        assert world.query(f"select count(*) from {table}") == [{"count": 1}], table
    assert world.query(
        """select i.mac_address, i.interface_name, i.interface_type, d.serial_number
           from ios i join devices d on d.id = i.device_id"""
    ) == [
        {
            "mac_address": "A1:B2:C3:D4:E5:F6",
            "interface_name": "Interface",
            "interface_type": "other",
            "serial_number": "C02XYZ123456",
        }
    ]
    (mapping,) = world.query(
        """select m.external_id, m.external_type, m.internal_type, m.sync_status, m.external_data, d.serial_number
           from integration_object_mappings m join devices d on d.id = m.internal_id
           where m.external_type = 'computer'"""
    )
    document = mapping.pop("external_data")
    assert mapping == {
        "external_id": "12345",
        "external_type": "computer",
        "internal_type": "device",
        "sync_status": "synced",
        "serial_number": "C02XYZ123456",
    }
    assert document["general"]["name"] == "MBA-JSMITH-001"
    assert document["hardware"]["serialNumber"] == "C02XYZ123456"


def test_the_person_is_marked_as_imported_and_the_device_as_enrolled(world: World) -> None:
    world.fleet.add_computer(_EXAMPLE_1)

    world.sync()

    values = world.query(
        "select object_type, field_name, value from custom_field_values where field_name in "
        "('imported_from_jamf', 'jamf_enrollment_status') order by object_type"
    )
    assert values == [
        {"object_type": "device", "field_name": "jamf_enrollment_status", "value": "enrolled"},
        {"object_type": "person", "field_name": "imported_from_jamf", "value": "true"},
    ]


def test_two_mac_addresses_are_told_apart_by_their_adapter_types(world: World) -> None:
    world.fleet.add_computer(
        {
            "id": "7",
            "hardware": {
                "serialNumber": "C02AA0000007",
                "macAddress": "5c-e9-1e-0a-44-12",
                "networkAdapterType": "IEEE80211",
                "altMacAddress": "365a90c17002",
                "altNetworkAdapterType": "Ethernet",
            },
        }
    )

    world.sync()

    assert world.query(
        "select interface_name, interface_type, mac_address from ios order by interface_name"
    ) == [
        {
            "interface_name": "Ethernet (local address)",
            "interface_type": "ethernet",
            "mac_address": "36:5A:90:C1:70:02",
        },
        {"interface_name": "Wi-Fi", "interface_type": "wifi", "mac_address": "5C:E9:1E:0A:44:12"},
    ]


def test_stored_documents_hold_nothing_outside_the_allow_list(world: World) -> None:
    computer = dict(_EXAMPLE_1)
    world.fleet.add_computer(computer)

    world.sync()

    (row,) = world.query("select document from jamf_sync.raw_jamf_computers")
    text = json.dumps(row["document"])
    for private in (
        "lastIpAddress",
        "localUserAccounts",
        "lastLoggedInUsername",
        "extensionAttributes",
        "diskEncryption",
    ):
        assert private not in text
