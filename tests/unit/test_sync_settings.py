"""`integration_configs.sync_settings` and `access_scope`: defaults, policies, both spellings, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.catalogue.ownership import OwnershipOverride, effective_rules
from moss_jamf_pipeline.moss.integration.integrations import AccessScope, SyncSettings


def test_empty_settings_are_the_designed_defaults() -> None:
    assert SyncSettings.model_validate({}).model_dump(exclude={"guard", "deep_links"}) == {
        "sync_computers": True,
        "sync_mobile_devices": False,
        "sync_users": True,
        "sync_groups": True,
        "sync_departments": False,
        "credentials_expire_on": None,
        "sync_sections": (),
        "full_sweep_hours": 24.0,
        "placeholder_serials": (),
        "smart_group_filter": None,
        "create_missing_locations": True,
        "update_existing_devices": True,
        "on_unlinked_serial": "adopt_and_flag",
        "on_empty_user": "keep",
        "on_human_edit": "overwrite_and_flag",
        "priority": 100,
        "recreate_deleted": False,
        "stripped_domains": (),
        "ignored_usernames": (),
        "add_members_to_privileged_groups": False,
        "ownership": {},
        "extension_attributes": None,
    }


def test_what_moss_itself_keeps_there_is_ignored() -> None:
    settings = SyncSettings.model_validate({"sync_devices": True, "field_mappings": [1, 2]})
    assert settings == SyncSettings()


@pytest.mark.parametrize(
    ("given", "stripped"),
    [
        ("none", ()),
        ("all", ("*",)),
        ([" CORP ", "Corp.Example.com"], ("corp", "corp.example.com")),
        ([], ()),
    ],
)
def test_domains_of_user_names_are_none_all_or_listed(
    given: object, stripped: tuple[str, ...]
) -> None:
    settings = SyncSettings.model_validate({"username_domains": given})
    assert settings.stripped_domains == stripped


def test_own_names_of_nobody_come_beside_the_accounts_of_the_system() -> None:
    settings = SyncSettings.model_validate({"ignored_usernames": ["Kiosk"]})
    assert {"kiosk", "root", "loginwindow"} <= set(settings.nobody)


def test_overrides_of_ownership_are_read_by_field() -> None:
    settings = SyncSettings.model_validate(
        {"ownership": {"device.hostname": {"on_update": "fill"}}}
    )
    assert settings.ownership == {"device.hostname": OwnershipOverride(on_update="fill")}


@pytest.mark.parametrize(
    "settings",
    [
        {"on_unlinked_serial": "ignore"},
        {"on_empty_user": "delete"},
        {"on_human_edit": "overwrite"},
        {"recreate_deleted": "sometimes"},
        {"username_domains": "corp"},
        {"username_domains": [7]},
        {"ignored_usernames": "root"},
        {"ignored_usernames": [""]},
        {"ownership": {"device.hostname": {"on_update": "always"}}},
        {"ownership": {"device.hostname": {"owner": "JAMF"}}},
        {"ownership": ["device.hostname"]},
        {"sync_users": "perhaps"},
        {"sync_computer_groups": 7},
        {"sync_sections": "GENERAL"},
        {"full_sweep_hours": -1},
        {"full_sweep_hours": "daily"},
        {"full_sweep_hours": "inf"},
        {"placeholder_serials": "SPARE"},
        {"placeholder_serials": [7]},
        {"placeholder_serials": [""]},
        {"placeholder_serials": ["*"]},
        {"placeholder_serials": ["C0*"]},
        {"smart_group_filter": True},
        {"smart_group_filter": ["12"]},
        {"update_existing_devices": None},
    ],
    ids=str,
)
def test_a_policy_that_is_none_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SyncSettings.model_validate(settings)


def test_placeholders_are_read_as_people_typed_them() -> None:
    settings = SyncSettings.model_validate({"placeholder_serials": [" R&amp;D spare ", "LOANER-*"]})
    assert settings.placeholder_serials == ("R&D spare", "LOANER-*")


def test_a_beginning_that_real_serial_numbers_share_is_refused_with_the_reason() -> None:
    with pytest.raises(ValidationError, match=r"'C0\*' would set real serial numbers aside"):
        SyncSettings.model_validate({"placeholder_serials": ["C0*"]})


def test_settings_cannot_be_changed_while_a_run_uses_them() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SyncSettings().recreate_deleted = True  # type: ignore[misc]  # what the test is about


# -- what is synced ----------------------------------------------------------------------------


def test_what_the_settings_page_of_moss_saves_is_understood() -> None:
    settings = SyncSettings.model_validate(
        {
            "sync_computers": True,
            "sync_computer_groups": False,
            "sync_users": False,
            "sync_sections": ["GENERAL", "SOFTWARE", "USER_AND_LOCATION"],
            "smart_group_filter": "",
            "create_missing_locations": False,
            "update_existing_devices": True,
        }
    )
    assert (settings.sync_computers, settings.sync_groups, settings.sync_users) == (
        True,
        False,
        False,
    )
    assert settings.smart_group_filter is None
    assert settings.create_missing_locations is False


def test_what_the_sync_library_of_moss_saves_is_understood() -> None:
    settings = SyncSettings.model_validate(
        {"sync_computer_sections": ["GENERAL"], "sync_groups": False}
    )
    assert (settings.sync_groups, settings.sync_sections) == (False, ("GENERAL",))


@pytest.mark.parametrize(
    ("off", "switched_off"),
    [
        ("sync_users", {"users"}),
        ("sync_groups", {"groups"}),
        ("sync_computer_groups", {"groups"}),
        ("sync_computers", {"computers", "mobile_devices", "buildings", "departments"}),
    ],
)
def test_buildings_and_departments_come_and_go_with_the_computers_that_name_them(
    off: str, switched_off: set[str]
) -> None:
    settings = SyncSettings.model_validate(
        {off: False, "sync_mobile_devices": off != "sync_computers", "sync_departments": True}
    )
    reasons = {name: settings.switched_off(name) for name in COLLECTION_NAMES}
    assert {name for name, reason in reasons.items() if reason} == switched_off
    assert (
        set(settings.in_use(dict.fromkeys(COLLECTION_NAMES, 1)))
        == set(COLLECTION_NAMES) - switched_off
    )
    assert all("switched o" in (reasons[name] or "").lower() for name in switched_off)


def test_existing_devices_that_are_not_to_be_updated_keep_every_field() -> None:
    settings = SyncSettings.model_validate(
        {
            "update_existing_devices": False,
            "ownership": {
                "device.hostname": {"on_update": "overwrite"},
                "person.job_title": {"on_update": "never"},
            },
        }
    )
    rules = {
        f"{rule.object_type}.{rule.field}": rule.on_update
        for rule in effective_rules(settings.ownership_overrides)
    }
    of_devices = {
        name for name, update in rules.items() if name.startswith("device.") and update != "never"
    }
    assert of_devices == {"device.jamf_enrollment_status"}
    assert (rules["person.job_title"], rules["person.email_address"]) == ("never", "overwrite")


# -- what it is confined to --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (123, "123"),
        ("123", "123"),
        (" Design Macs ", "Design Macs"),
        ("R&amp;D &#x2F; Berlin", "R&D / Berlin"),
    ],
)
def test_a_group_is_named_by_id_or_name_as_number_or_text(given: object, meant: str | None) -> None:
    assert SyncSettings.model_validate({"smart_group_filter": given}).smart_group_filter == meant
    groups = AccessScope.model_validate({"jamf_smart_group_id": given}).groups
    assert groups == (() if meant is None else (meant,))


@pytest.mark.parametrize("empty", [None, {}, {"jamf_smart_group_id": None}, {"sites": []}], ids=str)
def test_an_empty_access_scope_is_no_limit(empty: object) -> None:
    assert AccessScope.model_validate(empty).groups == ()


@pytest.mark.parametrize(
    "scope",
    [
        {"jamf_site_id": 4},
        {"jamf_smart_group_id": [1]},
        {"jamf_smart_group_id": True},
        ["12"],
        "12",
    ],
    ids=str,
)
def test_a_limit_that_is_not_understood_is_refused_and_not_ignored(scope: object) -> None:
    with pytest.raises(ValidationError):
        AccessScope.model_validate(scope)
