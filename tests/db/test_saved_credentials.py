"""Credentials saved in M.O.S.S.: read from every form that M.O.S.S. stores, and stored as it reads them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import ClientCredentials, UserCredentials
from moss_jamf_pipeline.moss.contract.installation import READER, WRITER
from moss_jamf_pipeline.moss.contract.roles import take_on
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import CredentialsNotKept, CredentialsUnreadable
from moss_jamf_pipeline.moss.integration.ciphers import (
    Cipher,
    EncryptionKey,
    IntegrationKey,
    decrypt_a,
    decrypt_b,
    encrypt_a,
    encrypt_b,
)
from moss_jamf_pipeline.moss.integration.credentials import (
    GivenKeys,
    JamfCredentials,
    KeySource,
    ignored_key,
    read_credentials,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration, SyncSettings
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from tests.support.contract import role_of

pytestmark = pytest.mark.every_dialect

_TEXT_A = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
_TEXT_B = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
_OTHER_A = EncryptionKey(b"other-key-" * 3 + b"!!").as_text()
_OTHER_B = "ab" * 32
_KEY_A, _KEY_B = EncryptionKey.from_text(_TEXT_A), IntegrationKey.from_text(_TEXT_B)
_GIVEN_A = GivenKeys(encryption_key=SecretStr(_TEXT_A))
_GIVEN_B = GivenKeys(integration_encryption_key=SecretStr(_TEXT_B))

_BY_THE_WEB_APPLICATION = (
    "cxMlpu9tWf1o+l7SDBKpCg==:GGdXMMZquuJlIsc+p6WkeQ==:AX6OGEEyAA+miFb2iAPoS+1hNDzzKbBzhBS/aHGIYOcpxsIkCMMAgQ/OuF0Y"
    "pf191tTW"
)
_BY_THE_SYNC_LIBRARY = (
    "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f7CxsrO0tba3uLm6u7y9vr95"
    "gkhbQkPQywaFF2xRkwk0jJ+ADgqriHnBfvIbhx/3ntWyzpnQkwOvgVmS/QTurMJ64AjJ1/VIvhJzpbSOQZSnh7JagEr56wjAvXluuOOemtEG"
)
_CLIENT = ClientCredentials("cid", SecretStr("sec"))
_USER = UserCredentials("jamf_api", SecretStr("p@ss/w0rd"))


@pytest.fixture
def integration(rolled_back: psycopg.Connection) -> Integration:
    """The integration, with nothing saved."""
    return _integration(rolled_back)


def _integration(connection: psycopg.Connection) -> Integration:
    row = connection.execute("select id, name from moss_contract.integration_configs()").fetchone()
    assert row is not None
    return Integration(id=row[0], name=row[1], is_enabled=True, settings=SyncSettings())


def _store(connection: psycopg.Connection, stored: str | None) -> None:
    connection.execute(
        "update public.integration_configs set credentials_encrypted = %s", (stored,)
    )


def _stored(connection: psycopg.Connection) -> str:
    row = connection.execute(
        "select credentials_encrypted from public.integration_configs"
    ).fetchone()
    assert row is not None
    assert isinstance(row[0], str)
    return row[0]


def _keep_key(connection: psycopg.Connection, key: str, *, is_active: bool = True) -> None:
    connection.execute(
        "insert into public.encryption_keys (encryption_key, is_active) values (%s, %s)",
        (key, is_active),
    )


def _kept_keys(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("select encryption_key from public.encryption_keys where is_active")
    return [row[0] for row in rows]


@pytest.mark.parametrize("stored", [None, "", "  \n"])
def test_nothing_saved_is_nothing(
    rolled_back: psycopg.Connection, integration: Integration, stored: str | None
) -> None:
    _store(rolled_back, stored)
    assert read_credentials(rolled_back, integration, _GIVEN_A) is None


@pytest.mark.parametrize(
    ("stored", "given", "credentials", "how"),
    [
        pytest.param(
            _BY_THE_WEB_APPLICATION,
            _GIVEN_A,
            _CLIENT,
            "cipher A with the key from ENCRYPTION_KEY",
            id="the web application's",
        ),
        pytest.param(
            _BY_THE_SYNC_LIBRARY,
            _GIVEN_B,
            _USER,
            "cipher B with the key from INTEGRATION_ENCRYPTION_KEY",
            id="the sync library's",
        ),
        pytest.param(
            '{"username":"jamf_api","password":"p@ss/w0rd"}',
            GivenKeys(),
            _USER,
            "not encrypted",
            id="the sync library's without a key",
        ),
        pytest.param(
            encrypt_a('{"username":"jamf_api","password":"p@ss/w0rd"}', _KEY_A),
            _GIVEN_A,
            _USER,
            "cipher A with the key from ENCRYPTION_KEY",
            id="a user under cipher A",
        ),
        pytest.param(
            encrypt_b('{"jamf_client_id":"cid","jamf_client_secret":"sec"}', _KEY_B),
            _GIVEN_B,
            _CLIENT,
            "cipher B with the key from INTEGRATION_ENCRYPTION_KEY",
            id="a client under cipher B",
        ),
    ],
)
def test_every_form_that_moss_stores_is_read_by_the_role_that_captures(
    rolled_back: psycopg.Connection,
    integration: Integration,
    stored: str,
    given: GivenKeys,
    credentials: JamfCredentials,
    how: str,
) -> None:
    _store(rolled_back, stored)
    take_on(rolled_back, READER, for_transaction=True)
    saved = read_credentials(rolled_back, integration, given)
    assert saved is not None
    assert saved.credentials == credentials
    assert str(saved.protection) == how
    assert "sec'" not in repr(saved)
    assert "w0rd" not in repr(saved)


@pytest.mark.dialects("release")
@pytest.mark.parametrize("environment", [None, SecretStr(_OTHER_A), SecretStr("hush")])
def test_the_key_that_moss_keeps_is_found_by_the_role_that_captures(
    rolled_back: psycopg.Connection, integration: Integration, environment: SecretStr | None
) -> None:
    _keep_key(rolled_back, _OTHER_A, is_active=False)
    _keep_key(rolled_back, _TEXT_A)
    _store(rolled_back, _BY_THE_WEB_APPLICATION)
    take_on(rolled_back, READER, for_transaction=True)
    saved = read_credentials(rolled_back, integration, GivenKeys(environment))
    assert saved is not None
    assert saved.credentials == _CLIENT
    assert saved.protection.key_source is KeySource.ENCRYPTION_KEYS


@pytest.mark.parametrize("cipher", [Cipher.PLAIN, Cipher.A, Cipher.B])
def test_what_the_web_application_escaped_is_unescaped(
    rolled_back: psycopg.Connection, integration: Integration, cipher: Cipher
) -> None:
    document = json.dumps(
        {
            "jamf_client_id": "a&amp;b",
            "jamf_client_secret": "p&#x2F;w&amp;&quot;&#x27;&lt;&gt;+ &nbsp;",
        }
    )
    _store(
        rolled_back,
        {
            Cipher.PLAIN: document,
            Cipher.A: encrypt_a(document, _KEY_A),
            Cipher.B: encrypt_b(document, _KEY_B),
        }[cipher],
    )
    given = GivenKeys(_GIVEN_A.encryption_key, _GIVEN_B.integration_encryption_key)
    saved = read_credentials(rolled_back, integration, given)
    assert saved is not None
    assert saved.credentials == ClientCredentials("a&b", SecretStr("p/w&\"'<>+ &nbsp;"))


@pytest.mark.parametrize(
    "secret",
    [
        "plain",
        "&amp;",
        "&amp;amp;",
        "a&#x2F;b",
        "zażółć 🔑",
        "\"'\\<>&/",
        "{}::",
        "x" * 999,
    ],
)
@pytest.mark.parametrize("given", [_GIVEN_A, _GIVEN_B])
def test_what_we_save_comes_back_exactly(
    rolled_back: psycopg.Connection, integration: Integration, secret: str, given: GivenKeys
) -> None:
    for credentials in (
        ClientCredentials(secret, SecretStr(secret)),
        UserCredentials(secret, SecretStr(secret)),
    ):
        save_credentials(rolled_back, integration, credentials, given)
        saved = read_credentials(rolled_back, integration, given)
        assert saved is not None
        assert saved.credentials == credentials


def test_case_t10_what_was_pasted_into_a_form_is_read_as_it_was_meant(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    pasted = ClientCredentials("cid ", SecretStr("\ufeffsec\u00a0\n"))
    save_credentials(rolled_back, integration, pasted, _GIVEN_A)
    saved = read_credentials(rolled_back, integration, _GIVEN_A)
    assert saved is not None
    assert saved.credentials == ClientCredentials("cid", SecretStr("sec"))

    broken = ClientCredentials("cid", SecretStr("s\u200bec"))
    save_credentials(rolled_back, integration, broken, _GIVEN_A)
    with pytest.raises(CredentialsUnreadable, match=r"jamf_client_secret .* ZERO WIDTH SPACE"):
        read_credentials(rolled_back, integration, _GIVEN_A)


def test_what_we_save_is_what_moss_decrypts(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    protection = save_credentials(rolled_back, integration, _CLIENT, _GIVEN_A)
    assert (protection.cipher, protection.key_source) == (Cipher.A, KeySource.ENCRYPTION_KEY)
    document = json.loads(decrypt_a(_stored(rolled_back), _KEY_A))
    assert (document["jamf_client_id"], document["jamf_client_secret"]) == ("cid", "sec")

    save_credentials(rolled_back, integration, _USER, _GIVEN_A)
    document = json.loads(decrypt_a(_stored(rolled_back), _KEY_A))
    assert (document["username"], document["password"]) == ("jamf_api", "p@ss/w0rd")


@pytest.mark.dialects("release")
def test_moss_without_a_key_gets_one_and_keeps_it(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    first = save_credentials(rolled_back, integration, _CLIENT, GivenKeys())
    (kept,) = _kept_keys(rolled_back)
    assert (first.key_source, first.is_key_new) == (KeySource.ENCRYPTION_KEYS, True)
    assert json.loads(decrypt_a(_stored(rolled_back), EncryptionKey.from_text(kept)))

    second = save_credentials(rolled_back, integration, _USER, GivenKeys())
    assert (second.key_source, second.is_key_new) == (KeySource.ENCRYPTION_KEYS, False)
    assert _kept_keys(rolled_back) == [kept]


@pytest.mark.dialects("release")
@pytest.mark.parametrize("environment", [None, SecretStr("hush")])
def test_the_key_that_moss_keeps_is_used_and_left_alone(
    rolled_back: psycopg.Connection, integration: Integration, environment: SecretStr | None
) -> None:
    _keep_key(rolled_back, _TEXT_A)
    protection = save_credentials(rolled_back, integration, _CLIENT, GivenKeys(environment))
    assert (protection.key_source, protection.is_key_new) == (KeySource.ENCRYPTION_KEYS, False)
    assert _kept_keys(rolled_back) == [_TEXT_A]
    assert decrypt_a(_stored(rolled_back), _KEY_A)


@pytest.mark.dialects("release")
def test_a_key_of_the_environment_goes_before_the_one_that_moss_keeps(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    _keep_key(rolled_back, _OTHER_A)
    assert save_credentials(rolled_back, integration, _CLIENT, _GIVEN_A).key_source is (
        KeySource.ENCRYPTION_KEY
    )
    assert decrypt_a(_stored(rolled_back), _KEY_A)


@pytest.mark.dialects("release")
def test_an_unusable_key_that_moss_keeps_is_not_replaced(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    _keep_key(rolled_back, "hush-short")
    with pytest.raises(
        CredentialsNotKept, match=r"encryption_keys cannot be used.*not 32 bytes"
    ) as failed:
        save_credentials(rolled_back, integration, _CLIENT, GivenKeys())
    assert "hush" not in str(failed.value)
    assert _kept_keys(rolled_back) == ["hush-short"]


def _without_the_table(connection: psycopg.Connection) -> None:
    """As a M.O.S.S. that stopped at migration 27, or one of the strategy."""
    connection.execute("drop table if exists public.encryption_keys cascade")


def test_without_the_table_cipher_b_is_used(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    _without_the_table(rolled_back)
    protection = save_credentials(rolled_back, integration, _CLIENT, _GIVEN_B)
    assert str(protection) == "cipher B with the key from INTEGRATION_ENCRYPTION_KEY"
    assert decrypt_b(_stored(rolled_back), _KEY_B)


def test_without_the_table_and_a_key_nothing_is_saved(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    _without_the_table(rolled_back)
    _store(rolled_back, "as it was")
    given = GivenKeys(SecretStr("hush-key"), SecretStr("hush-integration"))
    with pytest.raises(CredentialsNotKept) as failed:
        save_credentials(rolled_back, integration, _CLIENT, given)
    message = str(failed.value)
    assert "ENCRYPTION_KEY (ignored: it is not 32 bytes in base64)" in message
    assert "encryption_keys (the table is absent or has no active key)" in message
    assert "INTEGRATION_ENCRYPTION_KEY (ignored: it is not 64 hexadecimal digits)" in message
    assert "openssl rand -base64 32" in message
    assert "hush" not in message
    assert _stored(rolled_back) == "as it was"


@pytest.mark.parametrize(
    ("stored", "given", "said"),
    [
        pytest.param(
            _BY_THE_WEB_APPLICATION,
            GivenKeys(),
            [
                "cipher A",
                "ENCRYPTION_KEY (not set)",
                "encryption_keys (the table is absent or has no active key)",
                "Set ENCRYPTION_KEY to the value that the M.O.S.S. web application runs with",
            ],
            id="no key",
        ),
        pytest.param(
            _BY_THE_WEB_APPLICATION,
            GivenKeys(SecretStr(_OTHER_A)),
            ["ENCRYPTION_KEY (does not open them)", "moss-jamf credentials set"],
            id="another key",
        ),
        pytest.param(
            _BY_THE_WEB_APPLICATION,
            GivenKeys(SecretStr("hush")),
            ["ENCRYPTION_KEY (ignored: it is not 32 bytes in base64)"],
            id="no usable key",
        ),
        pytest.param(
            _BY_THE_SYNC_LIBRARY,
            _GIVEN_A,
            [
                "cipher B",
                "INTEGRATION_ENCRYPTION_KEY (not set)",
                "Set INTEGRATION_ENCRYPTION_KEY to the value that they were saved under",
            ],
            id="no key of cipher B",
        ),
        pytest.param(
            _BY_THE_SYNC_LIBRARY,
            GivenKeys(None, SecretStr(_OTHER_B)),
            ["INTEGRATION_ENCRYPTION_KEY (does not open them)"],
            id="another key of cipher B",
        ),
        pytest.param(
            _BY_THE_SYNC_LIBRARY,
            GivenKeys(None, SecretStr("hush")),
            ["INTEGRATION_ENCRYPTION_KEY (ignored: it is not 64 hexadecimal digits)"],
            id="no usable key of cipher B",
        ),
        pytest.param(
            _BY_THE_WEB_APPLICATION[:-1] + "X",
            _GIVEN_A,
            ["ENCRYPTION_KEY (does not open them)"],
            id="damaged",
        ),
        pytest.param("hush, a plain word", _GIVEN_B, ["does not open them"], id="no ciphertext"),
    ],
)
def test_what_cannot_be_decrypted_names_the_keys_looked_at_and_no_value(
    rolled_back: psycopg.Connection,
    integration: Integration,
    stored: str,
    given: GivenKeys,
    said: list[str],
) -> None:
    _store(rolled_back, stored)
    with pytest.raises(CredentialsUnreadable) as failed:
        read_credentials(rolled_back, integration, given)
    message = str(failed.value)
    for text in (integration.name, *said):
        assert text in message
    for hidden in ("hush", stored, _TEXT_A, _TEXT_B, _OTHER_A, _OTHER_B):
        assert hidden not in message


@pytest.mark.parametrize(
    "plaintext",
    [
        "hush, no JSON",
        "[]",
        "{}",
        '{"jamf_client_id":"hush"}',
        '{"jamf_client_id":"hush","jamf_client_secret":""}',
        '{"username":"hush","password":null}',
        '{"username":1,"password":2}',
        '{"jamf_client_id":"hush","password":"hush"}',
    ],
)
def test_a_document_without_credentials_is_said_to_be_one(
    rolled_back: psycopg.Connection, integration: Integration, plaintext: str
) -> None:
    _store(rolled_back, encrypt_a(plaintext, _KEY_A))
    with pytest.raises(
        CredentialsUnreadable, match="neither a client id with its secret"
    ) as failed:
        read_credentials(rolled_back, integration, _GIVEN_A)
    assert "hush" not in str(failed.value)
    assert failed.value.__context__ is None


def test_of_two_kinds_in_one_document_the_client_is_used(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    both = {
        "username": "jamf_api",
        "password": "p",
        "jamf_client_id": "cid",
        "jamf_client_secret": "sec",
    }
    _store(rolled_back, json.dumps(both))
    saved = read_credentials(rolled_back, integration, GivenKeys())
    assert saved is not None
    assert saved.credentials == _CLIENT


def test_a_role_that_may_not_read_the_key_is_told_so(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    _store(rolled_back, _BY_THE_WEB_APPLICATION)
    rolled_back.execute(
        sql.SQL("revoke execute on function moss_contract.active_encryption_key from {}").format(
            sql.Identifier(role_of(rolled_back, READER))
        )
    )
    take_on(rolled_back, READER, for_transaction=True)
    with pytest.raises(
        CredentialsUnreadable, match=r"encryption_keys \(this database role may not read it"
    ):
        read_credentials(rolled_back, integration, GivenKeys())


@pytest.mark.parametrize("others", ["public", "writer"])
def test_others_may_neither_read_nor_keep_a_key(
    rolled_back: psycopg.Connection, others: str
) -> None:
    role = others if others == "public" else role_of(rolled_back, WRITER)
    for function in ("active_encryption_key()", "keep_encryption_key(text)"):
        may = rolled_back.execute(
            "select has_function_privilege(%s, %s, 'execute')", (role, f"moss_contract.{function}")
        ).fetchone()
        assert may == (False,)


def test_the_role_that_captures_may_not_save(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    take_on(rolled_back, READER, for_transaction=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        save_credentials(rolled_back, integration, _CLIENT, _GIVEN_A)


def test_an_integration_that_is_gone_cannot_be_saved(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    rolled_back.execute("delete from public.integration_configs")
    with pytest.raises(CredentialsNotKept, match="is not in M"):
        save_credentials(rolled_back, integration, _CLIENT, _GIVEN_A)
    assert read_credentials(rolled_back, integration, _GIVEN_A) is None


def test_the_server_is_saved_beside_the_rest_of_the_configuration(
    rolled_back: psycopg.Connection, integration: Integration
) -> None:
    rolled_back.execute(
        "update public.integration_configs set config = %s",
        (Jsonb({"api_version": "v1", "base_url": "https:&#x2F;&#x2F;old.example.org"}),),
    )
    save_route(rolled_back, integration.id, Route("https://new.example.org"))
    before = _config_row(rolled_back)
    assert before["config"] == {"api_version": "v1", "base_url": "https://new.example.org"}
    save_route(rolled_back, integration.id, Route("https://new.example.org"))
    assert _config_row(rolled_back) == before


def _config_row(connection: psycopg.Connection) -> dict[str, Any]:
    row = connection.execute("select config, ctid::text from public.integration_configs").fetchone()
    assert row is not None
    return {"config": row[0], "place": row[1]}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (GivenKeys(), None),
        (_GIVEN_A, None),
        (GivenKeys(SecretStr("hush")), "ignored: it is not 32 bytes in base64"),
    ],
)
def test_an_ignored_key_is_named(given: GivenKeys, why: str | None) -> None:
    assert ignored_key(given) == why


@pytest.mark.dialects("release")
def test_two_who_make_a_key_at_once_end_with_one(database: MossDatabase) -> None:
    with (
        database.connection() as first,
        database.connection() as second,
        ThreadPoolExecutor(max_workers=1) as pool,
    ):
        with first.transaction():
            kept = save_credentials(first, _integration(first), _CLIENT, GivenKeys())
            waiting = pool.submit(_key_of_another, second)
            _wait_until_blocked(first, second.info.backend_pid)
        (key,) = _kept_keys(first)
        assert kept.is_key_new
        assert waiting.result(timeout=60) == key


def _key_of_another(connection: psycopg.Connection) -> Any:
    (key,) = connection.execute(
        "select moss_contract.keep_encryption_key(%s)", (_OTHER_A,)
    ).fetchone() or (None,)
    return key


def _wait_until_blocked(connection: psycopg.Connection, pid: int) -> None:
    deadline = time.monotonic() + 60
    while connection.execute("select pg_blocking_pids(%s) = '{}'", (pid,)).fetchone() == (True,):
        assert time.monotonic() < deadline
