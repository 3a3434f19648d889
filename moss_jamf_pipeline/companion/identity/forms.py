"""That a request which changes something was meant by the person whose browser sent it.

A browser sends a session's cookie along with whatever any page has it send. So a request that carries one has to come
from a page of the same origin, as the browser says, and with a token that only such a page can read. A request that
carries a token of the API in a header is nobody's forgery: a browser adds none by itself.
"""

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

HEADER: Final = "X-CSRF-Token"
FIELD: Final = "csrf_token"


def form_token(key: bytes, session: str) -> str:
    """The token of all forms of a session.

    Args:
        key: known to this service only, or to whoever holds the session.
        session: which.
    """
    return hmac.new(key, f"form {session}".encode(), hashlib.sha256).hexdigest()


def is_from_here(request: Request) -> bool:
    """Whether the browser says that a page of this origin sent the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower() != ""
