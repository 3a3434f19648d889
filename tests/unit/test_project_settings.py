"""The environment: names made from it, and where the project's files lie."""

from pathlib import Path

import pytest

from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.settings import (
    PROJECT_ROOT,
    IntegrationChoice,
    Settings,
    SettingsContradictory,
    SettingsUnusable,
    ValueMistyped,
    as_meant,
    project_file,
    serving_simulator,
)


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
    assert Settings().integration.slug == slug


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "")
    monkeypatch.setenv("JAMF_BASE_URL", "")
    monkeypatch.setenv("MOSS_JAMF_ENVIRONMENT", "")
    assert Settings().integration == (None, None)
    assert Settings().jamf_base_url is None


def test_without_a_name_asset_keys_begin_with_the_products_own() -> None:
    assert Settings().integration.slug == "jamf_pro"


def test_the_environment_names_the_integration_and_narrows_the_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "JAMF EMEA")
    monkeypatch.setenv("MOSS_JAMF_ENVIRONMENT", "staging")
    assert Settings().integration == IntegrationChoice("JAMF EMEA", "staging")


# -- several JAMF servers ----------------------------------------------------------------------


def test_several_integrations_are_named_with_commas_each_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", " JAMF Pro, EMEA ,,JAMF Pro")
    monkeypatch.setenv("MOSS_JAMF_ENVIRONMENT", "production")
    both = (IntegrationChoice("JAMF Pro", "production"), IntegrationChoice("EMEA", "production"))
    assert Settings().integrations == Settings().meant == both
    assert [choice.slug for choice in both] == ["jamf_pro", "emea"]


def test_one_integration_is_configured_whatever_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().integrations == (IntegrationChoice(),)
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "R&D, Berlin")
    assert Settings().integrations == (IntegrationChoice("R&D, Berlin"),)
    monkeypatch.delenv("MOSS_JAMF_INTEGRATION")
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "EMEA")
    assert Settings().integration == IntegrationChoice("EMEA")


def test_of_several_the_command_line_names_the_one_that_is_meant_else_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "AMER,EMEA,APAC")
    with pytest.raises(SettingsContradictory) as unclear:
        _ = Settings().integration
    assert "3 JAMF servers are synced: 'AMER', 'EMEA', 'APAC'." in str(unclear.value)
    assert "--integration" in unclear.value.remedy

    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "EMEA")
    assert Settings().integration.name == "EMEA"
    assert Settings().naming("APAC").integration.name == "APAC"
    assert Settings().naming(None).integration.name == "EMEA"
    assert len(Settings().naming("APAC").integrations) == 3


@pytest.mark.parametrize("variable", ["MOSS_JAMF_INTEGRATION", "MOSS_JAMF_INTEGRATIONS"])
def test_an_integration_that_the_environment_does_not_name_is_not_taken(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "EMEA")
    with pytest.raises(SettingsContradictory, match=r"no integration 'APAC' among .*: 'EMEA'\."):
        _ = Settings().naming("APAC").integration


def test_variables_that_contradict_each_other_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "AMER,EMEA")
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "APAC")
    with pytest.raises(
        SettingsContradictory, match=r"'APAC', which .* does not name \('AMER', 'EMEA'\)"
    ):
        _ = Settings().integrations


def test_names_that_become_the_same_slug_are_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "JAMF (EMEA),AMER,Jamf EMEA")
    with pytest.raises(
        SettingsContradictory, match=r"'JAMF \(EMEA\)' and 'Jamf EMEA', and both become 'jamf_emea'"
    ):
        _ = Settings().integrations


def test_jamf_variables_count_only_for_the_only_integration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "AMER,EMEA")
    Settings().require_own_jamf_variables()
    monkeypatch.setenv("JAMF_BASE_URL", "https://amer.example.org")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "hush-secret")
    for named in (None, "AMER"):
        with pytest.raises(SettingsContradictory) as refusal:
            Settings().naming(named).require_own_jamf_variables()
        assert "JAMF_BASE_URL and JAMF_CLIENT_SECRET are set, and 2 JAMF servers" in str(
            refusal.value
        )
        assert "credentials set --integration" in refusal.value.remedy
        assert "hush" not in str(refusal.value)
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", "AMER")
    Settings().naming("AMER").require_own_jamf_variables()


def test_jamf_variables_are_not_taken_for_one_that_only_the_command_line_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JAMF_BASE_URL", "https://amer.example.org")
    Settings().require_own_jamf_variables()
    with pytest.raises(SettingsContradictory, match=r"JAMF_BASE_URL is set, and .*'EMEA' is meant"):
        Settings().naming("EMEA").require_own_jamf_variables()
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", "EMEA")
    Settings().naming("EMEA").require_own_jamf_variables()


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


# -- values that people paste ------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "s3cret\n",
        "s3cret\r\n",
        " s3cret\t",
        "\u00a0s3cret\u00a0",
        "\ufeffs3cret",
        "s3cret\u200b",
        "\u202as3cret\u202c",
        "\u3000s3cret\u2009\x00",
    ],
)
@pytest.mark.parametrize("variable", ["JAMF_CLIENT_SECRET", "ENCRYPTION_KEY", "JAMF_PASSWORD"])
def test_case_t10_unseen_characters_around_a_secret_are_no_part_of_it(
    variable: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if typed.startswith(" ") and variable == "JAMF_PASSWORD":
        typed = typed.strip(" ")  # a password may begin with a blank
    if "\x00" in typed:
        typed = typed.replace("\x00", "\x01")  # which no environment holds
    monkeypatch.setenv(variable, typed)
    secret = getattr(Settings(), variable.lower())
    assert secret.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("s3\u200bcret", "U+200B, ZERO WIDTH SPACE, at place 3 of 7"),
        ("s3\u00a0cret", "U+00A0, NO-BREAK SPACE"),
        ("s3\ncret", "U+000A, a control character"),
        ("s3\u202ecret", "U+202E, RIGHT-TO-LEFT OVERRIDE"),
        ("s3\udcffcret", "no UTF-8, at place 3"),
    ],
)
def test_case_t10_unseen_characters_inside_a_secret_are_refused_by_name(
    typed: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueMistyped) as mistyped:
        as_meant(typed)
    assert named in str(mistyped.value)
    monkeypatch.setenv("JAMF_CLIENT_SECRET", typed)
    with pytest.raises(
        SettingsUnusable, match="JAMF_CLIENT_SECRET: it holds a character"
    ) as caught:
        Settings()
    assert named in str(caught.value)
    assert "cret" not in f"{caught.value!r}".replace("SECRET", "").replace("secret is", "")


def test_passwords_keep_their_blanks() -> None:
    assert as_meant("  two words \u00a0", is_password=True) == "  two words "
    assert as_meant("a\u00a0b", is_password=True) == "a\u00a0b"
    with pytest.raises(ValueMistyped):
        as_meant("a\u200bb", is_password=True)


def test_a_secret_of_unseen_characters_only_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "\u00a0\n")
    assert Settings().jamf_client_secret is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MOSS_JAMF_RETENTION_DAYS", "hush-1"), ("MOSS_JAMF_EXPECTED_HOURS", "-3")],
)
def test_a_value_that_cannot_be_used_is_told_with_its_variable_and_not_repeated(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsUnusable, match=f"{variable}: Input should be") as caught:
        Settings()
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://jamf.example.org:8443/jss/", "https://jamf.example.org:8443/jss"),
        ("http://user:PASSWORD@jamf.example.org", "http://jamf.example.org"),
        ("https://user:P@SS/WORD#1@jamf.example.org/?x=PASSWORD", "https://jamf.example.org/"),
    ],
)
def test_case_s11_the_jamf_server_is_stored_and_shown_without_a_password(
    given: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_BASE_URL", given)
    server = Settings().jamf_server
    assert server == shown


# -- secrets as files --------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["MOSS_JAMF_SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_secret_may_stand_in_a_file_of_its_own(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Kubernetes mounts them: what is named leads to a directory that it exchanges as a whole.
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..data").symlink_to("..2026")
    url = "postgresql://sync:s3cret-in-a-file@db/moss"
    (tmp_path / "..2026" / "MOSS_DATABASE_URL").write_text(f"{url}\n")
    (tmp_path / "MOSS_DATABASE_URL").symlink_to("..data/MOSS_DATABASE_URL")
    (tmp_path / "JAMF_CLIENT_ID").write_text("of-the-file")
    (tmp_path / "moss_jamf_integration").write_text("EMEA\n")
    (tmp_path / "unknown").write_bytes(b"\xff")
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("JAMF_CLIENT_ID", "of-the-environment")

    settings = Settings()
    assert settings.moss_database_url is not None
    assert settings.moss_database_url.get_secret_value() == url
    assert settings.jamf_client_id == "of-the-environment"
    assert settings.integration.name == "EMEA"
    assert scrubbed(f"cannot log in to {url}") == "cannot log in to postgresql://sync:***@db/moss"


def test_a_directory_of_secrets_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_SECRETS_DIR", str(tmp_path / "run"))
    with pytest.raises(SettingsUnusable, match=r"MOSS_JAMF_SECRETS_DIR names .*, which is no dir"):
        Settings()


def test_a_file_of_a_secret_that_is_no_text_is_an_error_without_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "JAMF_CLIENT_SECRET").write_bytes(b"s3cret\xff")
    monkeypatch.setenv("MOSS_JAMF_SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsUnusable, match="no UTF-8 text") as unusable:
        Settings()
    assert "s3cret" not in str(unusable.value)


# -- the simulator of `moss-jamf up` -----------------------------------------------------------

_SERVED = ("http://127.0.0.1:4711", "simulated-client", "simulated-secret")


def test_the_simulator_of_up_is_found_for_as_long_as_up_serves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path))
    assert Settings().jamf_base_url is None
    with serving_simulator(tmp_path, *_SERVED):
        settings = Settings().naming(None)
        assert settings.jamf_base_url == _SERVED[0]
        assert settings.is_simulated_by_up
        assert scrubbed("it says simulated-secret") == "it says ***"
        left = (tmp_path / "simulated-jamf.json").read_text()
    assert Settings().jamf_base_url is None
    assert not Settings().is_simulated_by_up

    # What is left of one that was killed is nobody's.
    (tmp_path / "simulated-jamf.json").write_text(left)
    assert Settings().jamf_base_url is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        # Simulated Macs are for the embedded database, whoever serves them in the same directory.
        ("MOSS_DATABASE_URL", "postgresql://sync@db/moss"),
        ("JAMF_BASE_URL", "https://example.jamfcloud.com"),
        ("JAMF_CLIENT_ID", "of-mine"),
        ("JAMF_PASSWORD", "of-mine"),
        ("MOSS_JAMF_INTEGRATIONS", "AMER,EMEA"),
    ],
)
def test_the_simulator_of_up_goes_before_nothing_that_somebody_says(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path))
    monkeypatch.setenv(variable, value)
    with serving_simulator(tmp_path, *_SERVED):
        assert Settings().jamf_base_url != _SERVED[0]
        assert not Settings().is_simulated_by_up
