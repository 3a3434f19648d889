"""Access tokens: issuing, looking up, ending. Which endpoint wants which privilege is declared beside its route."""

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Literal

import orjson

Owner = Literal["API_CLIENT", "ACCOUNT"]


@dataclass(frozen=True, slots=True)
class Session:
    """What one token stands for.

    Attributes:
        subject: client id or username.
        owner: whether that is an API client or a user account.
        privileges: what it may do, as it was when the token was issued (JAMF).
        expires_at: on the monotonic clock, in seconds.
    """

    subject: str
    owner: Owner
    privileges: frozenset[str]
    expires_at: float


class TokenStore:
    """The tokens in force. Many may be valid at once for one subject."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._issued: list[str] = []
        self._signing_key = secrets.token_bytes(32)

    @property
    def issued(self) -> tuple[str, ...]:
        """Every token handed out so far, ended or not: what must show up nowhere."""
        return tuple(self._issued)

    def issue(
        self,
        subject: str,
        owner: Owner,
        privileges: frozenset[str],
        lifetime_seconds: int,
        *,
        is_opaque: bool = False,
    ) -> str:
        """Makes a token.

        Args:
            subject: client id or username.
            owner: which of the two.
            privileges: what it allows.
            lifetime_seconds: how long.
            is_opaque: as the gateway's tokens are.

        Returns:
            A JWT with the claims that JAMF's tokens carry, which clients must treat as opaque; or what says nothing.
        """
        now = int(time.time())
        claims: dict[str, object] = {
            "sub": subject,
            "aud": subject,
            "iss": "http://localhost",
            "subject-type": "REGISTERED_CLIENT_ID" if owner == "API_CLIENT" else "JSS_USER_ID",
            "authentication-type": "CLIENT_CREDENTIALS" if owner == "API_CLIENT" else "JSS",
            "token-uuid": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
        }
        token = secrets.token_urlsafe(48) if is_opaque else self._signed(claims)
        self._issued.append(token)
        self._sessions[token] = Session(
            subject, owner, privileges, time.monotonic() + lifetime_seconds
        )
        return token

    def session(self, token: str) -> Session | None:
        """What a token stands for; None if it is unknown, ended or revoked."""
        session = self._sessions.get(token)
        if session is not None and session.expires_at <= time.monotonic():
            del self._sessions[token]
            return None
        return session

    def revoke(self, token: str) -> None:
        """Ends a token; an unknown one is ignored."""
        self._sessions.pop(token, None)

    def revoke_all(self) -> None:
        """Ends every token."""
        self._sessions.clear()

    def _signed(self, claims: dict[str, object]) -> str:
        head = f"{_encoded(orjson.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_encoded(orjson.dumps(claims))}"
        return f"{head}.{_encoded(hmac.digest(self._signing_key, head.encode(), hashlib.sha256))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
