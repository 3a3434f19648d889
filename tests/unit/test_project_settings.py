"""The environment: names made from it, and where the project's files lie."""

from pathlib import Path

import pytest

from moss_jamf_pipeline.settings import PROJECT_ROOT, IntegrationChoice, Settings, project_file


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("JAMF Pro", "jamf_pro"),
        ("  JAMF -- Pro (EMEA)  ", "jamf_pro_emea"),
        ("Standort Zürich", "standort_z_rich"),
        ("2nd server", "2nd_server"),
        ("日本", "jamf"),
    ],
)
def test_an_integrations_name_becomes_a_slug_that_asset_keys_can_carry(
    name: str, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", name)
    assert Settings().integration_slug == slug


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "")
    monkeypatch.setenv("JAMF_BASE_URL", "")
    monkeypatch.setenv("MOSS_JAMF_ENVIRONMENT", "")
    assert Settings().integration == (None, None)
    assert Settings().jamf_base_url is None


def test_without_a_name_asset_keys_begin_with_the_products_own() -> None:
    assert Settings().integration_slug == "jamf_pro"


def test_the_environment_names_the_integration_and_narrows_the_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "JAMF EMEA")
    monkeypatch.setenv("MOSS_JAMF_ENVIRONMENT", "staging")
    assert Settings().integration == IntegrationChoice("JAMF EMEA", "staging")


def test_the_servers_address_loses_its_trailing_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMF_BASE_URL", "https://example.jamfcloud.com/")
    assert Settings().jamf_base_url == "https://example.jamfcloud.com"


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://u:hush-db@localhost/moss")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "hush-client")
    monkeypatch.setenv("JAMF_PASSWORD", "hush-user")
    monkeypatch.setenv("ENCRYPTION_KEY", "hush-key")
    monkeypatch.setenv("INTEGRATION_ENCRYPTION_KEY", "hush-integration-key")
    settings = Settings()
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "name", ["workspace.yaml", "dagster.yaml", "sql/moss/create_strategy_schema.sql"]
)
def test_the_projects_files_are_found_in_a_checkout(name: str) -> None:
    assert project_file(name) == PROJECT_ROOT / name
    assert project_file(name).is_file()


def test_the_projects_files_do_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_file("workspace.yaml").is_file()
