"""`moss-jamf credentials`: saved from standard input or a hidden prompt, used by a sync, shown by nobody."""

import json
import os
import pty
import subprocess
import termios

import psycopg
import pytest

from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey, decrypt_a
from moss_jamf_pipeline.simulator import (
    PERMISSIONS,
    READ_PRIVILEGES,
    GatewayConfig,
    SimulatorConfig,
    SimulatorServer,
)
from tests.cli.conftest import CommandLine, query, wait_until
from tests.support.dialects import RELEASE

_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_INTEGRATION_KEY = "5a" * 32
_WRONG = "hush-not-the-secret"

_on_the_released_moss = pytest.mark.parametrize("dialect", [RELEASE], indirect=True, ids=str)


@pytest.fixture
def shell(moss_command_line: CommandLine) -> CommandLine:
    """A shell without JAMF in its environment."""
    for name in ("JAMF_BASE_URL", "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET"):
        del moss_command_line.environment[name]
    return moss_command_line


def _shows_no_secret(result: "subprocess.CompletedProcess[str]", *secrets: str) -> bool:
    said = result.stdout + result.stderr
    return not any(secret in said for secret in (_KEY, _INTEGRATION_KEY, _WRONG, *secrets))


def _assert_nothing_recorded(shell: CommandLine, *secrets: str) -> None:
    """Asserts that no secret is in what Dagster recorded of the runs, nor in M.O.S.S.'s history."""
    events = query(shell.environment["DAGSTER_PG_URL"], "select event from event_logs")
    runs = query(shell.environment["DAGSTER_PG_URL"], "select run_body from runs")
    history = query(
        shell.environment["MOSS_DATABASE_URL"], "select * from public.integration_sync_history"
    )
    assert events
    recorded = f"{events} {runs} {history}"
    assert [secret for secret in (_KEY, _WRONG, *secrets) if secret in recorded] == []


def _save(
    shell: CommandLine, jamf: SimulatorServer, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    result = shell.run(
        *("credentials", "set", "--client-id", jamf.client_id, "--base-url", jamf.base_url),
        *arguments,
        stdin=f"{jamf.client_secret}\n",
        **environment,
    )
    assert _shows_no_secret(result, jamf.client_secret)
    return result


def _stored(shell: CommandLine) -> str | None:
    url = shell.environment["MOSS_DATABASE_URL"]
    (row,) = query(url, "select credentials_encrypted from public.integration_configs")
    stored = row["credentials_encrypted"]
    assert stored is None or isinstance(stored, str)
    return stored


def test_saved_credentials_are_tested_and_used_by_a_sync(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    saved = _save(shell, jamf)
    assert saved.returncode == 0, saved.stderr
    assert "cipher A with the key from ENCRYPTION_KEY" in saved.stdout
    assert jamf.base_url in saved.stdout

    tested = shell.run("credentials", "test")
    assert tested.returncode == 0, tested.stderr
    assert "saved in M.O.S.S. (cipher A with the key from ENCRYPTION_KEY)" in tested.stdout
    assert f"JAMF Pro {jamf.config.version}" in tested.stdout
    assert "can be read" in tested.stdout

    doctor = shell.run("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "saved in M.O.S.S. (cipher A" in doctor.stdout

    synced = shell.run("sync", "--dry-run")
    assert synced.returncode == 0, synced.stderr
    assert "would be done" in synced.stdout
    assert all(_shows_no_secret(result, jamf.client_secret) for result in (tested, doctor, synced))
    _assert_nothing_recorded(shell, jamf.client_secret)


@_on_the_released_moss
def test_moss_without_a_key_gets_one(shell: CommandLine, jamf: SimulatorServer) -> None:
    url = shell.environment["MOSS_DATABASE_URL"]
    first = _save(shell, jamf, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == {
        "integration": "JAMF Pro",
        "base_url": jamf.base_url,
        "connection": "server",
        "credentials_end_on": None,
        "cipher": "A",
        "key_source": "encryption_keys",
        "key_created": True,
    }
    (kept,) = query(url, "select encryption_key from public.encryption_keys where is_active")
    document = json.loads(
        decrypt_a(_stored(shell) or "", EncryptionKey.from_text(kept["encryption_key"]))
    )
    assert document["jamf_client_id"] == jamf.client_id
    assert document["jamf_client_secret"] == jamf.client_secret

    again = _save(shell, jamf)
    assert "cipher A with the key from encryption_keys" in again.stdout
    assert "new one was made" in first.stderr
    assert "new one was made" not in again.stderr
    assert query(url, "select encryption_key from public.encryption_keys") == [kept]

    tested = shell.run("credentials", "test", "--json")
    assert tested.returncode == 0, tested.stderr
    answer = json.loads(tested.stdout)
    assert answer["kind"] == "API client"
    assert answer["source"] == "saved in M.O.S.S. (cipher A with the key from encryption_keys)"
    assert answer["missing_privileges"] == []
    for result in (first, again, tested):
        assert _shows_no_secret(result, kept["encryption_key"])


@_on_the_released_moss
def test_a_key_that_moss_ignores_is_named(shell: CommandLine, jamf: SimulatorServer) -> None:
    saved = _save(shell, jamf, ENCRYPTION_KEY=_WRONG)
    assert saved.returncode == 0
    assert "ENCRYPTION_KEY is ignored: it is not 32 bytes in base64" in saved.stderr
    assert "with the key from encryption_keys" in saved.stdout


def test_without_any_key_nothing_is_saved_and_the_error_says_how_to_make_one(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    saved = _save(shell, jamf)
    assert saved.returncode == 1
    assert "There is no key to encrypt the credentials with" in saved.stderr
    assert "openssl rand -base64 32" in saved.stderr
    assert _stored(shell) is None


def test_a_moss_without_the_table_takes_cipher_b(shell: CommandLine, jamf: SimulatorServer) -> None:
    shell.environment["INTEGRATION_ENCRYPTION_KEY"] = _INTEGRATION_KEY
    saved = _save(shell, jamf)
    assert "cipher B with the key from INTEGRATION_ENCRYPTION_KEY" in saved.stdout
    assert shell.run("credentials", "test").returncode == 0


def test_a_user_account_can_be_saved(shell: CommandLine, jamf: SimulatorServer) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    saved = shell.run(
        *("credentials", "set", "--username", jamf.username, "--base-url", jamf.base_url),
        stdin=jamf.password,
    )
    assert saved.returncode == 0, saved.stderr
    tested = shell.run("credentials", "test")
    assert tested.returncode == 0, tested.stderr
    assert "Credentials: user account, saved in M.O.S.S." in tested.stdout
    assert _shows_no_secret(saved, jamf.password)
    assert _shows_no_secret(tested, jamf.password)


def test_the_environment_overrides_and_both_commands_say_so(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    overriding = {
        "ENCRYPTION_KEY": _KEY,
        "JAMF_CLIENT_ID": jamf.client_id,
        "JAMF_CLIENT_SECRET": _WRONG,
    }
    saved = _save(shell, jamf, **overriding)
    assert "unset JAMF_CLIENT_ID, JAMF_CLIENT_SECRET to use it" in saved.stderr
    tested = shell.run("credentials", "test", **overriding)
    assert tested.returncode == 1
    assert "environment (JAMF_CLIENT_ID and JAMF_CLIENT_SECRET)" in tested.stdout
    assert "gives no token" in tested.stderr
    assert _shows_no_secret(tested, jamf.client_secret)


def test_a_wrong_secret_fails_the_test_and_is_not_shown(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    shell.run(
        *("credentials", "set", "--client-id", jamf.client_id, "--base-url", jamf.base_url),
        stdin=_WRONG,
    )
    tested = shell.run("credentials", "test")
    assert tested.returncode == 1
    assert "gives no token" in tested.stderr
    assert _shows_no_secret(tested)


def test_a_missing_privilege_fails_the_test_and_is_named(shell: CommandLine) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    config = SimulatorConfig(computers=5, privileges=READ_PRIVILEGES - {"Read Buildings"})
    with SimulatorServer(config) as jamf:
        _save(shell, jamf)
        tested = shell.run("credentials", "test")
        as_json = shell.run("credentials", "test", "--json")
    assert (tested.returncode, as_json.returncode) == (1, 1)
    assert '"Read Buildings"' in tested.stderr
    assert json.loads(as_json.stdout)["missing_privileges"] == [
        {"collection": "buildings", "privileges": ["Read Buildings"]}
    ]


def test_an_integration_of_the_platform_is_saved_and_tested(shell: CommandLine) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    permissions = frozenset(PERMISSIONS) - {"buildings:read"}
    config = SimulatorConfig(computers=5, gateway=GatewayConfig(permissions=permissions))
    with SimulatorServer(config) as gateway:
        saved = shell.run(
            *("credentials", "set", "--client-id", gateway.client_id, "--platform"),
            *("--base-url", gateway.base_url, "--environment-id", GatewayConfig().scope_id),
            *("--web-url", "https://example.jamfcloud.com", "--expires-on", "2027-05-28"),
            stdin=gateway.client_secret,
        )
        assert saved.returncode == 0, saved.stderr
        assert "They end on 2027-05-28." in saved.stdout
        tested = shell.run("credentials", "test")
    assert f"platform gateway, environment {GatewayConfig().scope_id}" in tested.stdout
    assert "Credentials: integration, saved in M.O.S.S." in tested.stdout
    assert 'give the integration "Organizational context > Buildings (buildings:read)"' in (
        tested.stderr
    )
    assert all(_shows_no_secret(result, gateway.client_secret) for result in (saved, tested))


def test_a_wrong_or_missing_key_names_the_keys_looked_at(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    _save(shell, jamf, ENCRYPTION_KEY=_KEY)
    other_key = EncryptionKey.generate().as_text()
    missing = shell.run("credentials", "test")
    wrong = shell.run("sync", ENCRYPTION_KEY=other_key)
    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert "ENCRYPTION_KEY (not set)" in missing.stderr
    assert "ENCRYPTION_KEY (does not open them)" in wrong.stderr
    for result in (missing, wrong):
        assert "What to do: Set ENCRYPTION_KEY to the value" in result.stderr
        assert _shows_no_secret(result, jamf.client_secret, other_key)
    url = shell.environment["MOSS_DATABASE_URL"]
    (run,) = query(url, "select status, error_message from integration_sync_history")
    assert run["status"] == "failed"
    assert "cannot be decrypted" in run["error_message"]
    _assert_nothing_recorded(shell, jamf.client_secret, other_key)


def test_saved_credentials_are_not_sent_to_another_server(
    shell: CommandLine, jamf: SimulatorServer
) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    _save(shell, jamf)
    elsewhere = {"JAMF_BASE_URL": "https://elsewhere.example.org"}
    tested = shell.run("credentials", "test", **elsewhere)
    assert tested.returncode == 1
    assert "they are not sent to https://elsewhere.example.org" in tested.stderr
    unclear = shell.run("credentials", "set", "--client-id", "c", stdin=_WRONG, **elsewhere)
    assert unclear.returncode == 1
    assert "Say with --base-url which server" in unclear.stderr


def test_credentials_for_no_known_server_are_not_saved(shell: CommandLine) -> None:
    shell.environment["ENCRYPTION_KEY"] = _KEY
    unknown = shell.run("credentials", "set", "--client-id", "c", stdin=_WRONG)
    assert unknown.returncode == 1
    assert "--base-url" in unknown.stderr
    plain = shell.run(
        *("credentials", "set", "--client-id", "c", "--base-url", "http://jamf.example.org"),
        stdin=_WRONG,
    )
    assert plain.returncode == 1
    assert "unencrypted" in plain.stderr
    assert _stored(shell) is None


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        ("", "holds no client secret"),
        (" \n", "holds no client secret"),
        (f"{_WRONG}\n{_WRONG}\n", "more than one line"),
    ],
)
def test_standard_input_holds_one_secret(
    shell: CommandLine, jamf: SimulatorServer, stdin: str, said: str
) -> None:
    result = shell.run(
        *("credentials", "set", "--client-id", "c", "--base-url", jamf.base_url),
        stdin=stdin,
        ENCRYPTION_KEY=_KEY,
    )
    assert result.returncode == 1
    assert said in result.stderr
    assert _shows_no_secret(result)
    assert _stored(shell) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["set"],
        ["set", "--client-id", " "],
        ["set", "--client-id", "c", "--username", "u"],
        ["set", "--client-id", "c", "--client-secret", "s"],
        ["set", "--username", "u", "--password", "s"],
        ["show"],
    ],
)
def test_wrong_usage_of_credentials_exits_with_2(
    command_line: CommandLine, arguments: list[str]
) -> None:
    assert command_line.run("credentials", *arguments, stdin=_WRONG).returncode == 2


def test_a_person_types_the_secret_unseen(shell: CommandLine, jamf: SimulatorServer) -> None:
    terminal, keyboard = pty.openpty()
    try:
        process = shell.start(
            *("credentials", "set", "--client-id", jamf.client_id, "--base-url", jamf.base_url),
            stdin=keyboard,
            ENCRYPTION_KEY=_KEY,
        )
        wait_until(lambda: process.poll() is not None or not _echoes(keyboard))
        os.write(terminal, f"{jamf.client_secret}\n".encode())
        said = "".join(process.communicate(timeout=60))
    finally:
        os.close(keyboard)
        shown = _rest_of(terminal)
        os.close(terminal)
    assert process.returncode == 0, said
    assert "Client secret" in said + shown
    assert jamf.client_secret not in said + shown
    with psycopg.connect(shell.environment["MOSS_DATABASE_URL"]) as connection:
        row = connection.execute(
            "select credentials_encrypted from public.integration_configs"
        ).fetchone()
    assert row is not None
    document = json.loads(decrypt_a(row[0], EncryptionKey.from_text(_KEY)))
    assert document["jamf_client_secret"] == jamf.client_secret


def _echoes(terminal: int) -> bool:
    local_modes = termios.tcgetattr(terminal)[3]
    assert isinstance(local_modes, int)
    return bool(local_modes & termios.ECHO)


def _rest_of(terminal: int) -> str:
    """What a terminal showed, once nothing is attached to it any more."""
    os.set_blocking(terminal, False)
    try:
        return os.read(terminal, 65536).decode()
    except OSError:  # Nothing was shown: the other end is closed.
        return ""
