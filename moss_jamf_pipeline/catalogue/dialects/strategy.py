"""M.O.S.S. as the strategy document writes it; `sql/moss` creates it for the embedded database."""

from typing import Final

from moss_jamf_pipeline.catalogue.dialects.declaration import (
    DEVICE_COLUMNS,
    INTEGRATION_TABLES,
    Capability,
    Dialect,
    Source,
    read_from,
)

STRATEGY: Final = Dialect(
    name="strategy",
    title="M.O.S.S. as the strategy document writes it",
    relations={
        **INTEGRATION_TABLES,
        "locations": (read_from("public.locations", "id", "name"),),
        "rooms": (read_from("public.rooms", "id", "location_id", "name"),),
        "people": (
            read_from(
                "public.people",
                *("id", "username", "full_name", "email_address", "phone_number", "job_title"),
                *("department", "person_type", "notes"),
            ),
        ),
        "devices": (read_from("public.devices", *DEVICE_COLUMNS, "assigned_to_person_id"),),
        "ios": (
            read_from(
                "public.ios", "id", "device_id", "interface_name", "interface_type", "mac_address"
            ),
        ),
        "groups": (read_from("public.groups", "id", "name", "group_type", "external_id"),),
        "group_device_members": (
            Source(
                "public.group_members",
                {"group_id": "group_id", "device_id": "device_id"},
                condition="device_id is not null",
            ),
        ),
        "group_person_members": (
            Source(
                "public.group_members",
                {"group_id": "group_id", "person_id": "person_id"},
                condition="person_id is not null",
            ),
        ),
        "custom_field_values": (
            read_from(
                "public.custom_field_values", "object_type", "object_id", "field_name", "value"
            ),
        ),
        "custom_fields": (
            read_from(
                "public.custom_fields",
                *("object_type", "field_name", "field_label", "field_type", "field_options"),
                # It has no choices.
                optional={"field_options": "null"},
            ),
        ),
        # The strategy knows neither log-ins nor rights that a group may grant.
        "users": (),
        "groups_with_rights": (),
    },
    marker=("devices", "assigned_to_person_id"),
    vocabulary={
        ("device_type", "laptop"): "Laptop",
        ("device_type", "workstation"): "Workstation",
        ("device_type", "mobile_device"): "Mobile Device",
        ("group_type", "static"): "custom",
        ("group_type", "smart"): "jamf_smart",
        ("interface_type", "ethernet"): "ethernet",
        ("interface_type", "wifi"): "wifi",
        ("interface_type", "bluetooth"): "other",
        ("interface_type", "other"): "other",
        ("person_type", "employee"): "employee",
    },
    capabilities=(
        Capability("group_members_hold_devices", True, "Static groups list their devices."),
        Capability("hostname_is_unique", False, "Two devices may carry one host name."),
        Capability(
            "custom_fields_hold_values",
            True,
            "OS build, form factor, barcodes, enrolment status and the imported mark are values of custom fields.",
        ),
    ),
)
