"""M.O.S.S.'s log-ins: whose session a request's cookies carry.

M.O.S.S. signs people in with Auth.js, whose session is a token in a cookie, encrypted for whoever knows the secret of
the web application (NEXTAUTH_SECRET): no table is asked, and nothing can be revoked before the token expires. So a
session says who somebody is, and nothing more: what they may do is read from `users` at each request.

The token is a JWE in its compact form (`dir`, A256CBC-HS512). Its key is derived from the secret by HKDF-SHA256, salted
with the cookie's name. A cookie above 4 KB comes in pieces, `name.0`, `name.1`, and so on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

COOKIE_NAMES: Final = (
    "next-auth.session-token",
    "__Secure-next-auth.session-token",
    "authjs.session-token",
    "__Secure-authjs.session-token",
)
"""The released M.O.S.S. uses the first; the others are what Auth.js calls it by default, by version and scheme."""

_ALGORITHMS: Final = ["dir", "A256CBC-HS512"]
_KEY_BYTES: Final = 64
_SHORTEST_SECRET: Final = 32
_CLOCK_SKEW: Final = timedelta(seconds=15)
_MOST_CHARACTERS: Final = 64_000
"""Of a token. A browser keeps at most 4 KB in a cookie, and few servers take headers above 64 KB."""
_PIECE: Final = re.compile(r"\.(0|[1-9][0-9]?)")

_KNOWN_SECRETS: Final = frozenset(
    {
        "development-secret-change-in-production",
        "your-secret-key-change-this-in-production",
        "your-nextauth-secret-change-in-production",
        "please-change-this-secret-in-production",
        "generate-with-openssl-rand-base64-32",
    }
)
"""What M.O.S.S. falls back to without a secret, and what its templates and others' examples have in its place."""


class SecretUnfit(Exception):
    """Whoever knows M.O.S.S.'s secret can be anybody, and this one can be known or guessed.

    Attributes:
        remedy: what to do.
    """

    def __init__(self, what_is_wrong: str) -> None:
        self.remedy = (
            "Make one with `openssl rand -base64 32`, and give it to M.O.S.S. and to `moss-jamf serve` as "
            "NEXTAUTH_SECRET. Everybody has to sign in to M.O.S.S. again."
        )
        super().__init__(f"{what_is_wrong} {self.remedy}")


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in of M.O.S.S.

    Attributes:
        user_id: whose, as `users.id`.
        token_id: which; a form is bound to it.
        expires_at: until when.
    """

    user_id: UUID
    token_id: str
    expires_at: datetime


class SessionReader:
    """Reads sessions with M.O.S.S.'s secret.

    Args:
        secret: its NEXTAUTH_SECRET.

    Raises:
        SecretUnfit: it is short or known.
    """

    def __init__(self, secret: str) -> None:
        require_fit(secret)
        self._keys = {name: OctKey.import_key(_key(secret, name)) for name in COOKIE_NAMES}
        # Another key than any of M.O.S.S.'s: what we make with it opens nothing there.
        self.form_key = _key(secret, "moss-jamf forms")

    def read(self, cookies: Mapping[str, str], now: datetime | None = None) -> Session | None:
        """The session that the cookies carry; None if they carry none that holds.

        Args:
            cookies: of a request, by name.
            now: for tests of time.
        """
        for name in COOKIE_NAMES:
            token = _joined(cookies, name)
            if token:
                session = _session(_claims(token, self._keys[name]), now or datetime.now(UTC))
                if session is not None:
                    return session
        return None


def require_fit(secret: str) -> None:
    """Ends what would trust sessions that anybody could make.

    Raises:
        SecretUnfit: the secret is short or known.
    """
    if secret.strip().lower() in _KNOWN_SECRETS:
        raise SecretUnfit(
            "NEXTAUTH_SECRET is one that is published, so anybody could sign in as anybody."
        )
    if len(secret) < _SHORTEST_SECRET or len(set(secret)) < _SHORTEST_SECRET // 4:
        raise SecretUnfit(
            f"NEXTAUTH_SECRET can be guessed: it has to have at least {_SHORTEST_SECRET} characters, chosen at random."
        )


def _key(secret: str, cookie_name: str) -> bytes:
    return HKDF(
        algorithm=SHA256(),
        length=_KEY_BYTES,
        salt=cookie_name.encode(),
        info=f"Auth.js Generated Encryption Key ({cookie_name})".encode(),
    ).derive(secret.encode())


def _joined(cookies: Mapping[str, str], name: str) -> str:
    """The cookie of a name, whole or put together of its pieces in the order of their numbers."""
    if name in cookies:
        return cookies[name]
    pieces = {
        int(found[1]): value
        for key, value in cookies.items()
        if key.startswith(name) and (found := _PIECE.fullmatch(key, len(name)))
    }
    return "".join(pieces[number] for number in sorted(pieces))


def _claims(token: str, key: OctKey) -> Mapping[str, Any]:
    """What a token says; nothing if it was not made with the key."""
    if len(token) > _MOST_CHARACTERS:
        return {}
    try:
        plaintext = jwe.decrypt_compact(token, key, algorithms=_ALGORITHMS).plaintext
        claims = orjson.loads(plaintext or b"")
    except (JoseError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _session(claims: Mapping[str, Any], now: datetime) -> Session | None:
    user = claims.get("id")
    expires_at, issued_at = _moment(claims.get("exp")), _moment(claims.get("iat"))
    if not isinstance(user, str) or expires_at is None or issued_at is None:
        return None
    if expires_at + _CLOCK_SKEW <= now or issued_at - _CLOCK_SKEW > now:
        return None
    try:
        user_id = UUID(user)
    except ValueError:
        return None
    return Session(user_id, str(claims.get("jti") or f"{user}-{claims['iat']}"), expires_at)


def _moment(value: object) -> datetime | None:
    """A time in seconds since 1970; None for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
