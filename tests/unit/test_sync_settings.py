"""`integration_configs.sync_settings`: defaults, policies, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from moss_jamf_pipeline.moss.integrations import SyncSettings
from moss_jamf_pipeline.moss.ownership import OwnershipOverride


def test_empty_settings_are_the_designed_defaults() -> None:
    assert SyncSettings.model_validate({}).model_dump() == {
        "create_missing_locations": True,
        "on_unlinked_serial": "adopt_and_flag",
        "on_empty_user": "keep",
        "on_human_edit": "overwrite_and_flag",
        "recreate_deleted": False,
        "ownership": {},
    }


def test_what_moss_itself_keeps_there_is_ignored() -> None:
    settings = SyncSettings.model_validate({"sync_devices": True, "field_mappings": [1, 2]})
    assert settings == SyncSettings()


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
        {"ownership": {"device.hostname": {"on_update": "always"}}},
        {"ownership": {"device.hostname": {"owner": "JAMF"}}},
        {"ownership": ["device.hostname"]},
    ],
    ids=str,
)
def test_a_policy_that_is_none_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SyncSettings.model_validate(settings)


def test_settings_cannot_be_changed_while_a_run_uses_them() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SyncSettings().recreate_deleted = True  # type: ignore[misc]  # what the test is about
