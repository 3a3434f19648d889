"""The two ciphers of M.O.S.S.: known ciphertexts, what is refused, and that no key is shown."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moss_jamf_pipeline.moss.integration.ciphers import (
    Cipher,
    DecryptionFailed,
    EncryptionKey,
    IntegrationKey,
    KeyUnusable,
    cipher_of,
    decrypt_a,
    decrypt_b,
    derived_key,
    encrypt_a,
    encrypt_b,
)

_PLAINTEXT = '{"username":"jamf_api","password":"p@ss/w0rd","note":"zażółć"}'
_KEY_A = EncryptionKey.from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
_STORED_A = (
    "oKGio6SlpqeoqaqrrK2urw==:uaG+FNjTzSGRSz9CcY1YUg==:UYFWz32/oxeu+z2Lz37s/eQaIgkXFn2OjXMZxW5aVOMuq8QT1aDMkpk5QsY6"
    "bpWedU7CQO4n10Ajhb3XZOdkbivj"
)
_STORED_BY_THE_WEB_APPLICATION = (
    "cxMlpu9tWf1o+l7SDBKpCg==:GGdXMMZquuJlIsc+p6WkeQ==:AX6OGEEyAA+miFb2iAPoS+1hNDzzKbBzhBS/aHGIYOcpxsIkCMMAgQ/OuF0Y"
    "pf191tTW"
)
_KEY_B = IntegrationKey.from_text(
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)
_STORED_B = (
    "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f7CxsrO0tba3uLm6u7y9vr95"
    "gkhbQkPQywaFF2xRkwk0jJ+ADgqriHnBfvIbhx/3ntWyzpnQkwOvgVmS/QTurMJ64AjJ1/VIvhJzpbSOQZSnh7JagEr56wjAvXluuOOemtEG"
)


def test_cipher_a_reads_a_known_ciphertext() -> None:
    assert decrypt_a(_STORED_A, _KEY_A) == _PLAINTEXT


def test_cipher_a_reads_what_the_web_application_stored() -> None:
    assert json.loads(decrypt_a(_STORED_BY_THE_WEB_APPLICATION, _KEY_A)) == {
        "jamf_client_id": "cid",
        "jamf_client_secret": "sec",
    }


def test_cipher_b_reads_a_known_ciphertext() -> None:
    assert decrypt_b(_STORED_B, _KEY_B) == _PLAINTEXT


def test_cipher_b_derives_the_known_key() -> None:
    assert (
        derived_key(_KEY_B, bytes(range(0x40, 0x80))).hex()
        == "da670671497785e3effcbd468701207be1ece5e0989465dbb6c3a714343fbb47"
    )


@given(st.text())
def test_cipher_a_gives_back_what_it_took(plaintext: str) -> None:
    assert decrypt_a(encrypt_a(plaintext, _KEY_A), _KEY_A) == plaintext


@pytest.mark.parametrize("plaintext", ["", _PLAINTEXT, "x" * 5000])
def test_cipher_b_gives_back_what_it_took(plaintext: str) -> None:
    assert decrypt_b(encrypt_b(plaintext, _KEY_B), _KEY_B) == plaintext


def test_what_is_encrypted_has_the_form_that_moss_reads() -> None:
    parts = [base64.b64decode(part) for part in encrypt_a(_PLAINTEXT, _KEY_A).split(":")]
    assert [len(part) for part in parts] == [16, 16, len(_PLAINTEXT.encode())]
    blob = base64.b64decode(encrypt_b(_PLAINTEXT, _KEY_B))
    assert len(blob) == 64 + 16 + 16 + len(_PLAINTEXT.encode())


def test_no_two_ciphertexts_are_alike() -> None:
    assert encrypt_a(_PLAINTEXT, _KEY_A) != encrypt_a(_PLAINTEXT, _KEY_A)
    assert encrypt_b(_PLAINTEXT, _KEY_B) != encrypt_b(_PLAINTEXT, _KEY_B)


@pytest.mark.parametrize(
    ("stored", "cipher"),
    [
        (_STORED_A, Cipher.A),
        (_STORED_BY_THE_WEB_APPLICATION, Cipher.A),
        (_STORED_B, Cipher.B),
        (_PLAINTEXT, Cipher.PLAIN),
        (f"\n {_PLAINTEXT}", Cipher.PLAIN),
        ('{"username":"a:b:c"}', Cipher.PLAIN),
    ],
)
def test_the_stored_forms_are_told_apart(stored: str, cipher: Cipher) -> None:
    assert cipher_of(stored) is cipher


def _changed_a(place: int) -> str:
    parts = [bytearray(base64.b64decode(part)) for part in _STORED_A.split(":")]
    parts[place][3] ^= 1
    return ":".join(base64.b64encode(part).decode() for part in parts)


def _changed_b(place: int) -> str:
    blob = bytearray(base64.b64decode(_STORED_B))
    blob[place] ^= 1
    return base64.b64encode(blob).decode()


@pytest.mark.parametrize(
    ("decrypt", "stored"),
    [
        pytest.param(lambda stored: decrypt_a(stored, _KEY_A), _changed_a(0), id="A's vector"),
        pytest.param(lambda stored: decrypt_a(stored, _KEY_A), _changed_a(1), id="A's tag"),
        pytest.param(lambda stored: decrypt_a(stored, _KEY_A), _changed_a(2), id="A's text"),
        pytest.param(lambda stored: decrypt_b(stored, _KEY_B), _changed_b(0), id="B's salt"),
        pytest.param(lambda stored: decrypt_b(stored, _KEY_B), _changed_b(70), id="B's vector"),
        pytest.param(lambda stored: decrypt_b(stored, _KEY_B), _changed_b(90), id="B's tag"),
        pytest.param(lambda stored: decrypt_b(stored, _KEY_B), _changed_b(100), id="B's text"),
    ],
)
def test_one_changed_bit_is_noticed(decrypt: Callable[[str], str], stored: str) -> None:
    with pytest.raises(DecryptionFailed, match="damaged or was made with another key"):
        decrypt(stored)


@pytest.mark.parametrize(
    "stored",
    [
        *("", ":", "::", "a:b:c", "no base64!", "é::", "Zm9v:Zm9v:Zm9v"),
        _STORED_A.rpartition(":")[0],
        f"{_STORED_A}:{_STORED_A}",
        _STORED_A[:-2],
        # A tag cut short would be easier to guess: it has all of its 16 bytes or is refused.
        _STORED_A.replace("uaG+FNjTzSGRSz9CcY1YUg==", "uaG+FNjTzSGRSz9C"),
        base64.b64encode(b"x" * 95).decode(),
    ],
)
def test_what_is_no_ciphertext_is_refused(stored: str) -> None:
    with pytest.raises(DecryptionFailed):
        decrypt_a(stored, _KEY_A)
    with pytest.raises(DecryptionFailed):
        decrypt_b(stored, _KEY_B)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(DecryptionFailed):
        decrypt_a(_STORED_A, EncryptionKey.generate())
    with pytest.raises(DecryptionFailed):
        decrypt_b(_STORED_B, IntegrationKey(b"\1" * 32))


def test_a_failure_repeats_neither_plaintext_nor_ciphertext() -> None:
    with pytest.raises(DecryptionFailed) as failed:
        decrypt_a(_changed_a(2), _KEY_A)
    assert failed.value.__cause__ is None
    assert _STORED_A[60:80] not in str(failed.value)


@pytest.mark.parametrize(
    "text",
    [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        " AAECAwQFBgcICQoLDA0ODxAR\nEhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_a_key_of_cipher_a_is_read_with_or_without_padding_and_white_space(text: str) -> None:
    assert EncryptionKey.from_text(text) == _KEY_A


def test_a_key_of_cipher_a_is_read_in_the_alphabet_of_urls_too() -> None:
    value = b"\xfb\xff" * 16
    assert EncryptionKey.from_text(base64.urlsafe_b64encode(value).decode()).value == value
    assert EncryptionKey.from_text(base64.b64encode(value).decode()).value == value


@given(st.binary(min_size=32, max_size=32))
def test_a_key_survives_its_text(value: bytes) -> None:
    assert EncryptionKey.from_text(EncryptionKey(value).as_text()).value == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "=", "A", "hush-hush-hush-hush-hush-hush-32", "00" * 32),
        base64.b64encode(b"h" * 31).decode(),
        base64.b64encode(b"h" * 33).decode(),
    ],
)
def test_a_key_of_cipher_a_has_32_bytes(text: str) -> None:
    with pytest.raises(KeyUnusable, match="not 32 bytes in base64"):
        EncryptionKey.from_text(text)


@pytest.mark.parametrize(
    "text", ["", "00" * 31, "00" * 33, "zz" * 32, f"{'00' * 32}\n", "0x" + "00" * 31, "٣" * 64]
)
def test_a_key_of_cipher_b_has_64_hexadecimal_digits(text: str) -> None:
    with pytest.raises(KeyUnusable, match="not 64 hexadecimal digits"):
        IntegrationKey.from_text(text)


@pytest.mark.parametrize("make", [EncryptionKey, IntegrationKey])
@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_no_key_of_another_length_can_be_made(
    make: Callable[[bytes], EncryptionKey | IntegrationKey], length: int
) -> None:
    with pytest.raises(KeyUnusable):
        make(b"k" * length)


def test_a_key_does_not_show_itself() -> None:
    for key in (EncryptionKey(b"hush" * 8), IntegrationKey(b"hush" * 8)):
        assert "hush" not in f"{key!r} {key}"


def test_generated_keys_differ() -> None:
    assert EncryptionKey.generate() != EncryptionKey.generate()
