"""Which row of `integration_configs` is synced, and what is read of it."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.errors import (
    IntegrationDisabled,
    IntegrationMissing,
    IntegrationUnclear,
)
from moss_jamf_pipeline.moss.integration.integrations import (
    DEFAULT_SCHEDULE,
    enable_integration,
    ensure_integration,
    find_integration,
    require_enabled,
)
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.db.support import Bench

_ANY = IntegrationChoice()


def _add(trial: Bench, name: str, **columns: Any) -> None:
    """Adds an integration as M.O.S.S.'s pages or an administrator would."""
    given = {"integration_type": "jamf", "is_enabled": True, "config": Jsonb({}), **columns}
    names = ", ".join(("name", *given))
    marks = ", ".join(["%s"] * (len(given) + 1))
    trial.execute(
        f"insert into public.integration_configs ({names}) values ({marks})", name, *given.values()
    )


def _remove_all(trial: Bench) -> None:
    trial.execute("delete from public.integration_configs")


def _set(trial: Bench, **columns: Any) -> None:
    for name, value in columns.items():
        stored = Jsonb(value) if isinstance(value, dict | list) else value
        trial.execute(f"update public.integration_configs set {name} = %s", stored)


# -- which row ---------------------------------------------------------------------------------


def test_the_only_jamf_row_is_meant_whatever_its_name(trial: Bench) -> None:
    _remove_all(trial)
    _add(trial, "Okta", integration_type="okta")
    _add(trial, "Apple devices")
    assert find_integration(trial.connection).name == "Apple devices"


def test_a_name_is_known_escaped_and_plain(trial: Bench) -> None:
    _add(trial, "R&amp;D &#x2F; Berlin")
    choice = IntegrationChoice("R&D / Berlin")
    assert find_integration(trial.connection, choice).name == "R&D / Berlin"
    _add(trial, "R&D / Berlin", config=Jsonb({"base_url": "https://plain.example.org"}))
    found = find_integration(trial.connection, choice)
    assert found.base_url == "https://plain.example.org"


def test_of_several_rows_none_is_guessed_and_their_names_are_said(trial: Bench) -> None:
    _add(trial, "Second", is_enabled=False)
    with pytest.raises(IntegrationUnclear) as refusal:
        find_integration(trial.connection)
    for said in ("'JAMF Pro' (production)", "'Second' (production, switched off)"):
        assert said in str(refusal.value)
    assert "MOSS_JAMF_INTEGRATION" in refusal.value.remedy
    assert find_integration(trial.connection, IntegrationChoice("Second")).name == "Second"


def test_the_environment_narrows_the_choice(trial: Bench) -> None:
    _add(trial, "Rehearsal", environment="staging")
    staging = find_integration(trial.connection, IntegrationChoice(environment="staging"))
    assert (staging.name, staging.environment) == ("Rehearsal", "staging")
    production = IntegrationChoice(environment="production")
    assert find_integration(trial.connection, production).name == "JAMF Pro"
    with pytest.raises(IntegrationMissing, match="'Rehearsal' in the environment 'production'"):
        find_integration(trial.connection, IntegrationChoice("Rehearsal", "production"))


def test_a_name_that_moss_does_not_have_is_an_error_that_says_which_it_has(trial: Bench) -> None:
    with pytest.raises(IntegrationMissing, match=r"named 'Third'.*It has 'JAMF Pro'") as refusal:
        find_integration(trial.connection, IntegrationChoice("Third"))
    assert "moss-jamf init" in refusal.value.remedy


# -- creating and enabling it ------------------------------------------------------------------


def test_where_there_is_none_one_is_created_enabled_and_scheduled(trial: Bench) -> None:
    _remove_all(trial)
    made = ensure_integration(trial.connection, _ANY, "https://jamf.example.org")
    assert (made.name, made.is_new, made.is_enabled) == ("JAMF Pro", True, True)
    found = find_integration(trial.connection)
    assert (found.id, found.base_url) == (made.id, "https://jamf.example.org")
    assert (found.schedule, found.is_scheduled) == (DEFAULT_SCHEDULE, True)
    assert not ensure_integration(trial.connection, _ANY, None).is_new


def test_a_row_made_in_moss_is_taken_and_no_second_one_is_made(trial: Bench) -> None:
    _remove_all(trial)
    _add(trial, "Apple devices", is_enabled=False)
    taken = ensure_integration(trial.connection, _ANY, None)
    assert (taken.name, taken.is_new, taken.is_enabled) == ("Apple devices", False, False)


def test_a_row_of_another_environment_is_not_created_for_it(trial: Bench) -> None:
    with pytest.raises(IntegrationMissing, match="'staging'"):
        ensure_integration(trial.connection, IntegrationChoice("New", "staging"), None)
    made = ensure_integration(trial.connection, IntegrationChoice("New", "production"), None)
    assert made.is_new


def test_an_integration_that_is_off_is_refused_until_it_is_switched_on(trial: Bench) -> None:
    _set(trial, is_enabled=False)
    off = find_integration(trial.connection)
    with pytest.raises(IntegrationDisabled, match=r"switched off in M\.O\.S\.S") as refusal:
        require_enabled(off)
    assert "moss-jamf init --enable" in refusal.value.remedy
    assert enable_integration(trial.connection, off.id)
    require_enabled(find_integration(trial.connection))
    assert not enable_integration(trial.connection, off.id)


# -- what is read of it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saved", "read"),
    [
        ({"base_url": "https://x.jamfcloud.com"}, "https://x.jamfcloud.com"),
        ({"base_url": "https:&#x2F;&#x2F;x.jamfcloud.com&#x2F;"}, "https://x.jamfcloud.com"),
        ({"base_url": " https://x.jamfcloud.com/ "}, "https://x.jamfcloud.com"),
        ({"base_url": ""}, None),
        ({"base_url": None, "timeout_ms": 30000}, None),
        ({"base_url": 7}, None),
        ([], None),
    ],
    ids=str,
)
def test_the_saved_server_is_read_as_a_person_meant_it(
    trial: Bench, saved: Any, read: str | None
) -> None:
    _set(trial, config=saved)
    assert find_integration(trial.connection).base_url == read


@pytest.mark.parametrize(
    ("saved", "read"),
    [
        ("0 2 * * *", "0 2 * * *"),
        ("0 *&#x2F;6 * * *", "0 */6 * * *"),
        (" 0 2 * * * ", "0 2 * * *"),
        ("", DEFAULT_SCHEDULE),
        (None, DEFAULT_SCHEDULE),
    ],
)
def test_the_schedule_is_read_and_an_empty_one_is_every_six_hours(
    trial: Bench, saved: str | None, read: str
) -> None:
    _set(trial, sync_schedule=saved, auto_sync_enabled=None)
    found = find_integration(trial.connection)
    assert (found.schedule, found.is_scheduled) == (read, False)


@pytest.mark.parametrize(
    ("scope", "settings", "groups"),
    [
        ({}, {}, ()),
        (None, None, ()),
        ({"jamf_smart_group_id": 123}, {}, ("123",)),
        ({}, {"smart_group_filter": "Design"}, ("Design",)),
        ({"jamf_smart_group_id": "12"}, {"smart_group_filter": 12}, ("12",)),
        ({"jamf_static_group_id": 12}, {"smart_group_filter": "Design"}, ("12", "Design")),
    ],
    ids=str,
)
def test_the_groups_it_is_confined_to_come_from_both_places(
    trial: Bench, scope: Any, settings: Any, groups: tuple[str, ...]
) -> None:
    _set(trial, access_scope=scope, sync_settings=settings)
    assert find_integration(trial.connection).scope_groups == groups


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("sync_settings", {"sync_users": "perhaps"}, "sync_users"),
        ("sync_settings", {"sync_groups": 9}, "sync_groups"),
        ("sync_settings", ["sync_users"], "sync_settings"),
        ("access_scope", {"jamf_site_id": 3}, "jamf_site_id"),
        ("access_scope", "everything", "access_scope"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_used_is_an_error_that_names_its_key(
    trial: Bench, column: str, value: Any, key: str
) -> None:
    trial.execute(f"update public.integration_configs set {column} = %s", Jsonb(value))
    with pytest.raises(IntegrationMissing, match=f"cannot be used: {key}: ") as refusal:
        find_integration(trial.connection)
    assert refusal.value.remedy == f"Correct integration_configs.{column}."
