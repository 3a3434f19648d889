"""M.O.S.S. as released (migrations 001 to 030, and any later one that keeps what is used)."""

from typing import Final

from moss_jamf_pipeline.catalogue.dialects.declaration import (
    DEVICE_COLUMNS,
    INTEGRATION_TABLES,
    Capability,
    Dialect,
    Source,
    read_from,
)

NEWEST_KNOWN_MIGRATION: Final = 30
"""The last of M.O.S.S.'s own migrations that this declaration was compared with."""

RELEASE: Final = Dialect(
    name="release",
    title="M.O.S.S. as released",
    relations={
        **INTEGRATION_TABLES,
        "locations": (read_from("public.locations", "id", name="location_name"),),
        "rooms": (read_from("public.rooms", "id", "location_id", name="room_name"),),
        "people": (
            read_from(
                "public.people",
                *("id", "username", "full_name", "job_title", "department"),
                *("person_type", "notes"),
                email_address="email",
                phone_number="phone",
            ),
        ),
        "devices": (
            read_from("public.devices", *DEVICE_COLUMNS, assigned_to_person_id="assigned_to_id"),
        ),
        "ios": (
            read_from(
                "public.ios", "id", "device_id", "interface_name", "interface_type", "mac_address"
            ),
        ),
        "groups": (
            read_from(
                *("public.groups", "id", "group_type"),
                name="group_name",
                external_id="group_id_external",
            ),
        ),
        # What the released tables have no place for stands in jamf_sync.
        "group_device_members": (
            read_from("jamf_sync.group_device_members", "group_id", "device_id"),
        ),
        "group_person_members": (read_from("public.group_members", "group_id", "person_id"),),
        "custom_field_values": (
            read_from(
                "jamf_sync.custom_field_values", "object_type", "object_id", "field_name", "value"
            ),
        ),
        "custom_fields": (
            read_from(
                "public.custom_fields",
                *("object_type", "field_name", "field_label", "field_type", "field_options"),
            ),
        ),
        "users": (
            Source(
                "public.users",
                {"id": "id", "email": "email"},
                condition="is_active is not false",
                condition_columns=("is_active",),
            ),
        ),
        # Membership in one of these gives a person rights in M.O.S.S.
        "groups_with_rights": (
            Source(
                "public.role_assignments",
                {"group_id": "group_id"},
                condition="group_id is not null",
            ),
            Source(
                "public.object_permissions",
                {"group_id": "group_id"},
                condition="group_id is not null",
            ),
        ),
    },
    marker=("devices", "assigned_to_id"),
    vocabulary={
        ("device_type", "laptop"): "computer",
        ("device_type", "workstation"): "computer",
        ("device_type", "mobile_device"): "mobile",
        ("group_type", "static"): "custom",
        ("group_type", "smart"): "jamf_smart_group",
        ("interface_type", "ethernet"): "ethernet",
        ("interface_type", "wifi"): "wifi",
        ("interface_type", "bluetooth"): "other",
        ("interface_type", "other"): "other",
        ("person_type", "employee"): "employee",
    },
    capabilities=(
        Capability(
            "group_members_hold_devices",
            False,
            "Groups hold people: members of a static group are the people assigned to its devices; the devices are "
            "listed in jamf_sync.group_device_members.",
        ),
        Capability(
            "hostname_is_unique",
            True,
            "Two devices cannot carry one host name: of two the one that has it keeps it, the other is a conflict.",
        ),
        Capability(
            "custom_fields_hold_values",
            False,
            "OS build, form factor, barcodes, enrolment status and the imported mark are kept in "
            "jamf_sync.custom_field_values.",
        ),
    ),
    beyond_the_contract=(
        # A trigger of M.O.S.S. recounts licence seats when somebody joins or leaves a group.
        ("public.software_licenses", "select", ()),
        ("public.person_software_licenses", "select", ()),
        ("public.group_software_licenses", "select", ()),
        ("public.software_licenses", "update", ("seats_assigned", "updated_at")),
        # M.O.S.S.'s key store, since migration 030.
        ("public.encryption_keys", "select", ("encryption_key", "is_active")),
        ("public.encryption_keys", "insert", ("encryption_key", "description", "is_active")),
        # Tells a M.O.S.S. that is too old from one that is too new.
        ("public.schema_migrations", "select", ("migration_number",)),
    ),
    for_the_companion=(
        ("public.users", "select", ("id", "email", "role", "is_active")),
        (
            "public.api_tokens",
            "select",
            (
                *("id", "user_id", "token_hash", "token_prefix", "scopes", "expires_at"),
                *("is_active", "usage_count"),
            ),
        ),
        ("public.api_tokens", "update", ("last_used_at", "last_used_ip", "usage_count")),
        (
            "public.admin_audit_log",
            "insert",
            (
                *("user_id", "action", "category", "target_type", "target_id", "details"),
                *("ip_address", "user_agent"),
            ),
        ),
    ),
)
