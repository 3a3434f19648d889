"""Sessions as Auth.js makes them, by RFC 7516 and 7518 and not by the library that reads them."""

import base64
import hashlib
import hmac
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET: Final = "q4Xv0pJ9m1sLr7TzB2uWc8Ye3dKa6HfN5gQi"
COOKIE: Final = "next-auth.session-token"


def encoded(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def session_token(
    claims: object, *, secret: str = SECRET, cookie: str = COOKIE, header: object = None
) -> str:
    """A session token with these claims."""
    info = f"Auth.js Generated Encryption Key ({cookie})".encode()
    key = HKDF(SHA256(), length=64, salt=cookie.encode(), info=info).derive(secret.encode())
    head = encoded(json.dumps(header or {"alg": "dir", "enc": "A256CBC-HS512"}).encode())
    padder = padding.PKCS7(128).padder()
    plaintext = padder.update(json.dumps(claims).encode()) + padder.finalize()
    vector = os.urandom(16)
    encryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(vector)).encryptor()
    ciphertext = encryptor.update(plaintext) + encryptor.finalize()
    length = (len(head) * 8).to_bytes(8, "big")
    tag = hmac.digest(key[:32], head.encode() + vector + ciphertext + length, hashlib.sha512)[:32]
    return ".".join((head, "", encoded(vector), encoded(ciphertext), encoded(tag)))


def session_of(user_id: UUID, *, secret: str = SECRET, expires_in_days: float = 29) -> str:
    """The session of a log-in that signed in yesterday, long before its role was what it is now."""
    now = datetime.now(UTC)
    return session_token(
        {
            "id": str(user_id),
            "role": "super_admin",
            "is_active": True,
            "iat": (now - timedelta(days=1)).timestamp(),
            "exp": (now + timedelta(days=expires_in_days)).timestamp(),
            "jti": f"session-of-{user_id}",
        },
        secret=secret,
    )
