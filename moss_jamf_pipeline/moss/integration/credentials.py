"""The JAMF credentials that M.O.S.S. keeps with an integration: read from what it stored, saved as it stores them.

They stand encrypted in `integration_configs.credentials_encrypted`. Where a key comes from, and what lies inside the
ciphertext, is decided here; the ciphers themselves are `ciphers`. No message repeats a value or a key.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import psycopg
from pydantic import SecretStr

from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.moss.errors import CredentialsNotKept, CredentialsUnreadable
from moss_jamf_pipeline.moss.integration.ciphers import (
    Cipher,
    DecryptionFailed,
    EncryptionKey,
    IntegrationKey,
    KeyUnusable,
    cipher_of,
    decrypt_a,
    decrypt_b,
    encrypt_a,
    encrypt_b,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import execute, fetch_one, fetch_value
from moss_jamf_pipeline.moss.text import unescaped
from moss_jamf_pipeline.scrubbing import remember_secret
from moss_jamf_pipeline.settings import ValueMistyped, as_meant

JamfCredentials = ClientCredentials | UserCredentials

# The web application escapes what it stores and says nothing of it; what is saved here says that it is not escaped.
_PLAIN_VALUES = "values_are_plain"
_CLIENT_ID, _CLIENT_SECRET = "jamf_client_id", "jamf_client_secret"
_USERNAME, _PASSWORD = "username", "password"

_SAVE_AGAIN = "save the credentials again with `moss-jamf credentials set`"
_SET_A_KEY = "Set ENCRYPTION_KEY (`openssl rand -base64 32` makes one), for the M.O.S.S. web application as well."


class KeySource(StrEnum):
    """Where a key was found, by the name an operator knows it by."""

    ENCRYPTION_KEY = "ENCRYPTION_KEY"
    ENCRYPTION_KEYS = "encryption_keys"
    """M.O.S.S.'s own table, which holds the key that its web application made."""
    INTEGRATION_ENCRYPTION_KEY = "INTEGRATION_ENCRYPTION_KEY"


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """The keys of the environment, as they were given.

    Attributes:
        encryption_key: of cipher A; M.O.S.S. ignores one that is not 32 bytes in base64, and so do we.
        integration_encryption_key: of cipher B; 64 hexadecimal digits.
    """

    encryption_key: SecretStr | None = None
    integration_encryption_key: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """How saved credentials are protected.

    Attributes:
        cipher: how they are encrypted, if they are.
        key_source: where the key was found; None if they are not encrypted.
        is_key_new: whether the key was made for them just now.
    """

    cipher: Cipher
    key_source: KeySource | None
    is_key_new: bool = False

    def __str__(self) -> str:
        if self.key_source is None:
            return "not encrypted"
        return f"cipher {self.cipher} with the key from {self.key_source}"


@dataclass(frozen=True, slots=True)
class SavedCredentials:
    """Credentials as M.O.S.S. keeps them.

    Attributes:
        credentials: which.
        protection: how they are stored.
    """

    credentials: JamfCredentials
    protection: Protection


_KeyT = TypeVar("_KeyT", EncryptionKey, IntegrationKey)


@dataclass(frozen=True, slots=True)
class _Lookup(Generic[_KeyT]):
    """A place where a key may be: the key, or why there is none."""

    source: KeySource
    key: _KeyT | None
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.source} ({self.problem or 'does not open them'})"


def read_credentials(
    connection: psycopg.Connection, integration: Integration, given: GivenKeys
) -> SavedCredentials | None:
    """Reads the credentials that are saved with an integration.

    Values come back as a person typed them: what the web application escaped is unescaped.

    Args:
        connection: to the M.O.S.S. database.
        integration: whose credentials.
        given: the keys of the environment; M.O.S.S.'s own key is looked up when they do not fit.

    Returns:
        None if none are saved.

    Raises:
        CredentialsUnreadable: no key opens them, or there are no credentials inside.
    """
    row = fetch_one(connection, "credentials/saved_credentials", {"integration_id": integration.id})
    stored = (row["credentials_encrypted"] or "").strip() if row else ""
    if not stored:
        return None
    plaintext, protection = _decrypted(connection, stored, integration, given)
    credentials = _credentials_in(plaintext)
    if credentials is None:
        raise CredentialsUnreadable(
            f"What M.O.S.S. has saved for the integration {integration.name!r} ({protection}) is neither a client id "
            "with its secret nor a user name with its password.",
            f"{_SAVE_AGAIN.capitalize()}.",
        )
    return SavedCredentials(credentials, protection)


def save_credentials(
    connection: psycopg.Connection,
    integration: Integration,
    credentials: JamfCredentials,
    given: GivenKeys,
) -> Protection:
    """Saves credentials with an integration, encrypted so that the M.O.S.S. web application can read them.

    The key is the web application's: ENCRYPTION_KEY, else the active one of `encryption_keys`, else a new one that is
    kept there. A M.O.S.S. without that table gets cipher B under INTEGRATION_ENCRYPTION_KEY.

    Args:
        connection: one that may write the integration's row; the caller ends the transaction.
        integration: whose credentials.
        credentials: which.
        given: the keys of the environment.

    Returns:
        How they are protected.

    Raises:
        CredentialsNotKept: there is no usable key and none can be kept, or the integration is gone.
    """
    stored, protection = _encrypted(connection, _document_of(credentials), given)
    touched = execute(
        connection,
        "credentials/save_credentials",
        {"integration_id": integration.id, "credentials_encrypted": stored},
    )
    if touched != 1:
        raise CredentialsNotKept(
            f"The integration {integration.name!r} is not in M.O.S.S. any more.",
            "Run `moss-jamf init` to create it again.",
        )
    execute(connection, "credentials/note_saved", {"integration_id": integration.id})
    return protection


def ignored_key(given: GivenKeys) -> str | None:
    """Why a given ENCRYPTION_KEY is not used; None if it is used, or not given."""
    lookup = _key_of_environment(given)
    return lookup.problem if given.encryption_key and lookup.key is None else None


def _decrypted(
    connection: psycopg.Connection, stored: str, integration: Integration, given: GivenKeys
) -> tuple[str, Protection]:
    cipher = cipher_of(stored)
    if cipher is Cipher.PLAIN:
        return stored, Protection(cipher, None)
    looked_at: list[str] = []
    if cipher is Cipher.A:
        opened = _opened(stored, _keys_of_a(connection, given), decrypt_a, looked_at)
        variable = KeySource.ENCRYPTION_KEY
        owner = "the M.O.S.S. web application runs with"
    else:
        opened = _opened(stored, [_key_of_b(given)], decrypt_b, looked_at)
        variable = KeySource.INTEGRATION_ENCRYPTION_KEY
        owner = "they were saved under"
    if opened is None:
        raise CredentialsUnreadable(
            f"The credentials that M.O.S.S. has saved for the integration {integration.name!r} (cipher {cipher}) "
            f"cannot be decrypted. Keys looked at: {', '.join(looked_at)}.",
            f"Set {variable} to the value that {owner}, or {_SAVE_AGAIN}.",
        )
    plaintext, source = opened
    return plaintext, Protection(cipher, source)


def _opened(
    stored: str,
    lookups: Iterable[_Lookup[_KeyT]],
    decrypt: Callable[[str, _KeyT], str],
    looked_at: list[str],
) -> tuple[str, KeySource] | None:
    """Tries one key after the other; what did not fit is added to `looked_at`."""
    for lookup in lookups:
        if lookup.key is not None:
            try:
                return decrypt(stored, lookup.key), lookup.source
            except DecryptionFailed:
                pass  # The next key may fit; what did not is named when none does.
        looked_at.append(str(lookup))
    return None


def _encrypted(
    connection: psycopg.Connection, plaintext: str, given: GivenKeys
) -> tuple[str, Protection]:
    looked_at: list[str] = []
    for lookup in _keys_of_a(connection, given):
        if lookup.key is not None:
            return encrypt_a(plaintext, lookup.key), Protection(Cipher.A, lookup.source)
        looked_at.append(str(lookup))
    new = EncryptionKey.generate()
    kept = _keep(connection, new)
    if kept is not None:
        protection = Protection(Cipher.A, KeySource.ENCRYPTION_KEYS, is_key_new=kept == new)
        return encrypt_a(plaintext, kept), protection
    integration_key = _key_of_b(given)
    if integration_key.key is not None:
        protection = Protection(Cipher.B, integration_key.source)
        return encrypt_b(plaintext, integration_key.key), protection
    looked_at.append(str(integration_key))
    raise CredentialsNotKept(
        f"There is no key to encrypt the credentials with. Keys looked at: {', '.join(looked_at)}.",
        _SET_A_KEY,
    )


def _keys_of_a(
    connection: psycopg.Connection, given: GivenKeys
) -> Iterator[_Lookup[EncryptionKey]]:
    """The environment's key, then M.O.S.S.'s own, which is asked for only when the first does not do."""
    yield _key_of_environment(given)
    source = KeySource.ENCRYPTION_KEYS
    try:
        # In a transaction of its own: a refusal must not spoil the caller's.
        with connection.transaction():
            text = fetch_value(connection, "credentials/active_encryption_key")
    except psycopg.errors.InsufficientPrivilege:
        yield _Lookup(source, None, "this database role may not read it")
    else:
        absent = "the table is absent or has no active key"
        yield _look_up(source, text, absent, EncryptionKey.from_text)


def _keep(connection: psycopg.Connection, new: EncryptionKey) -> EncryptionKey | None:
    """Keeps a key in M.O.S.S.'s table unless it has one.

    Returns:
        The active key; None if there is no such table, or this role may not write it.
    """
    try:
        with connection.transaction():
            text = fetch_value(
                connection, "credentials/keep_encryption_key", {"new_key": new.as_text()}
            )
    except psycopg.errors.InsufficientPrivilege:
        return None
    if text is None:
        return None
    try:
        return EncryptionKey.from_text(text)
    except KeyUnusable as unusable:
        raise CredentialsNotKept(
            f"The active key in M.O.S.S.'s table encryption_keys cannot be used: {unusable}.",
            _SET_A_KEY,
        ) from unusable


def _key_of_environment(given: GivenKeys) -> _Lookup[EncryptionKey]:
    return _look_up(
        KeySource.ENCRYPTION_KEY, _value(given.encryption_key), "not set", EncryptionKey.from_text
    )


def _key_of_b(given: GivenKeys) -> _Lookup[IntegrationKey]:
    return _look_up(
        KeySource.INTEGRATION_ENCRYPTION_KEY,
        _value(given.integration_encryption_key),
        "not set",
        IntegrationKey.from_text,
    )


def _look_up(
    source: KeySource, text: str | None, absent: str, read: Callable[[str], _KeyT]
) -> _Lookup[_KeyT]:
    if text is None:
        return _Lookup(source, None, absent)
    try:
        return _Lookup(source, read(text))
    except KeyUnusable as unusable:
        return _Lookup(source, None, f"ignored: {unusable}")


def _value(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _document_of(credentials: JamfCredentials) -> str:
    """The JSON that M.O.S.S. reads: its web application's keys for a client, its sync library's for a user."""
    if isinstance(credentials, ClientCredentials):
        values = {
            _CLIENT_ID: credentials.client_id,
            _CLIENT_SECRET: credentials.client_secret.get_secret_value(),
        }
    else:
        values = {
            _USERNAME: credentials.username,
            _PASSWORD: credentials.password.get_secret_value(),
        }
    return json.dumps({**values, _PLAIN_VALUES: True}, ensure_ascii=False)


def _credentials_in(plaintext: str) -> JamfCredentials | None:
    """The credentials in a decrypted document; of both kinds the client's. None if there are none."""
    try:
        document = json.loads(plaintext)
    except ValueError:
        return None  # The error itself would carry the text along.
    if not isinstance(document, dict):
        return None
    is_plain = document.get(_PLAIN_VALUES) is True
    values = {
        name: value if is_plain else unescaped(value)
        for name, value in document.items()
        if isinstance(value, str) and value
    }
    for secret in (_CLIENT_SECRET, _PASSWORD):
        remember_secret(values.get(secret, ""))
    if _CLIENT_ID in values and _CLIENT_SECRET in values:
        return ClientCredentials(
            _meant(values, _CLIENT_ID), SecretStr(_meant(values, _CLIENT_SECRET))
        )
    if _USERNAME in values and _PASSWORD in values:
        password = _meant(values, _PASSWORD, is_password=True)
        return UserCredentials(_meant(values, _USERNAME), SecretStr(password))
    return None


def _meant(values: Mapping[str, str], name: str, *, is_password: bool = False) -> str:
    """A saved value as it was meant: somebody has pasted it into a form.

    Raises:
        CredentialsUnreadable: there is a character in it that nobody sees.
    """
    try:
        return as_meant(values[name], is_password=is_password)
    except ValueMistyped as mistyped:
        raise CredentialsUnreadable(
            f"What M.O.S.S. has saved as {name} cannot be meant: {mistyped}.",
            f"{_SAVE_AGAIN.capitalize()}.",
        ) from None
