"""The two ciphers in which M.O.S.S. stores the credentials of an integration, and their keys.

Cipher A is the web application's, cipher B that of its sync library; both are AES-256-GCM with a 16-byte initialisation
vector and tag, and know nothing of each other. What is encrypted, and where keys come from, is `credentials`.
"""

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from moss_jamf_pipeline.scrubbing import remember_secret

KEY_BYTES = 32
_IV_BYTES = 16
_TAG_BYTES = 16
_SALT_BYTES = 64
_ITERATIONS = 100_000
_SEPARATOR = ":"
_SEPARATORS_OF_A = 2
_URL_SAFE_LETTERS = str.maketrans("-_", "+/")
_HEXADECIMAL_KEY = re.compile(r"[0-9a-fA-F]{64}")


class Cipher(StrEnum):
    """In which form credentials are stored."""

    PLAIN = "none"
    """Plain JSON: what M.O.S.S.'s sync library stores when it has no key."""
    A = "A"
    B = "B"


class KeyUnusable(ValueError):
    """A text is no key; the message says what one looks like and never repeats it."""


class DecryptionFailed(ValueError):
    """A ciphertext is damaged, is none, or was made with another key; authentication cannot tell which."""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key of cipher A.

    Attributes:
        value: 32 bytes; never shown.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != KEY_BYTES:
            raise KeyUnusable("it is not 32 bytes in base64")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads a key as M.O.S.S. does: base64 in either alphabet; padding and white space do not matter.

        Raises:
            KeyUnusable: it is not exactly 32 bytes.
        """
        remember_secret(text)
        return cls(_leniently_decoded(text))

    @classmethod
    def generate(cls) -> Self:
        """Makes a new key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def as_text(self) -> str:
        """The key in base64, as ENCRYPTION_KEY and the table `encryption_keys` hold it."""
        text = base64.b64encode(self.value).decode()
        remember_secret(text)
        return text


@dataclass(frozen=True, slots=True)
class IntegrationKey:
    """A key of cipher B, from which every ciphertext derives one of its own.

    Attributes:
        value: 32 bytes; never shown.
    """

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != KEY_BYTES:
            raise KeyUnusable("it is not 64 hexadecimal digits")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads a key from exactly 64 hexadecimal digits.

        Raises:
            KeyUnusable: it is anything else.
        """
        if _HEXADECIMAL_KEY.fullmatch(text) is None:
            raise KeyUnusable("it is not 64 hexadecimal digits")
        remember_secret(text)
        return cls(bytes.fromhex(text))


def cipher_of(stored: str) -> Cipher:
    """Tells the stored forms apart, as M.O.S.S. does: a brace begins plain JSON, two colons part cipher A."""
    if stored.lstrip().startswith("{"):
        return Cipher.PLAIN
    return Cipher.A if stored.count(_SEPARATOR) == _SEPARATORS_OF_A else Cipher.B


def encrypt_a(plaintext: str, key: EncryptionKey) -> str:
    """Encrypts with cipher A: `iv:tag:ciphertext`, each in base64."""
    iv = secrets.token_bytes(_IV_BYTES)
    tag, ciphertext = _sealed(plaintext, key.value, iv)
    return _SEPARATOR.join(base64.b64encode(part).decode() for part in (iv, tag, ciphertext))


def decrypt_a(stored: str, key: EncryptionKey) -> str:
    """Decrypts cipher A.

    Raises:
        DecryptionFailed: it is damaged or was made with another key.
    """
    parts = [_decoded(part) for part in stored.strip().split(_SEPARATOR)]
    match parts:
        case [iv, tag, ciphertext] if len(iv) == _IV_BYTES and len(tag) == _TAG_BYTES:
            return _opened(ciphertext, tag, key.value, iv)
    raise DecryptionFailed("it does not have the parts of cipher A")


def encrypt_b(plaintext: str, key: IntegrationKey) -> str:
    """Encrypts with cipher B: base64 of salt, initialisation vector, tag and ciphertext in a row."""
    salt, iv = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_IV_BYTES)
    tag, ciphertext = _sealed(plaintext, derived_key(key, salt), iv)
    return base64.b64encode(salt + iv + tag + ciphertext).decode()


def decrypt_b(stored: str, key: IntegrationKey) -> str:
    """Decrypts cipher B.

    Raises:
        DecryptionFailed: it is damaged or was made with another key.
    """
    blob = _decoded(stored.strip())
    salt, rest = blob[:_SALT_BYTES], blob[_SALT_BYTES:]
    iv, rest = rest[:_IV_BYTES], rest[_IV_BYTES:]
    tag, ciphertext = rest[:_TAG_BYTES], rest[_TAG_BYTES:]
    if len(tag) != _TAG_BYTES:
        raise DecryptionFailed("it is too short for cipher B")
    return _opened(ciphertext, tag, derived_key(key, salt), iv)


def derived_key(key: IntegrationKey, salt: bytes) -> bytes:
    """The 32 bytes under which cipher B encrypts: PBKDF2-HMAC-SHA512, 100,000 iterations."""
    return hashlib.pbkdf2_hmac("sha512", key.value, salt, _ITERATIONS, KEY_BYTES)


def _sealed(plaintext: str, key: bytes, iv: bytes) -> tuple[bytes, bytes]:
    sealed = AESGCM(key).encrypt(iv, plaintext.encode(), None)
    return sealed[-_TAG_BYTES:], sealed[:-_TAG_BYTES]


def _opened(ciphertext: bytes, tag: bytes, key: bytes, iv: bytes) -> str:
    try:
        return AESGCM(key).decrypt(iv, ciphertext + tag, None).decode()
    except (InvalidTag, UnicodeDecodeError):
        # A decoding error would carry the plaintext along.
        raise DecryptionFailed("it is damaged or was made with another key") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DecryptionFailed("it is not base64") from None


def _leniently_decoded(text: str) -> bytes:
    """Base64 as Node.js reads it: both alphabets, padding optional, whatever is no base64 left out."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0].translate(_URL_SAFE_LETTERS))
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + "=" * (-len(letters) % 4))
