"""What an HTTP answer of JAMF Pro says when it is not the data that was asked for.

JAMF explains itself in five shapes: its own error object, the OAuth error object, a gateway's
fault, an HTML page, or not at all. Everything here takes any of them and anything else, never fails, and looks at no
more of it than a server that means well needs.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from moss_jamf_pipeline.outputs import one_line
from moss_jamf_pipeline.scrubbing import scrubbed

_LONGEST_EXPLANATION = 300
_LOOKED_AT = 64 * 2**10
"""Bytes of a body in which an explanation is looked for."""
_LONGEST_HEADER = 1_000
_LONGEST_NUMBER = 12
_HTML_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{0,1000})", re.IGNORECASE)
_USER_OF_ADDRESS = re.compile(r"^([^/]{0,40}//)[^/]*@")
_GATEWAY_QUOTA = "QuotaViolation"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read to its end.

    Attributes:
        status: the HTTP status.
        body: the body, decompressed.
        location: the header `Location`, without its query (which may carry a login's state) and its user.
        retry_after_seconds: the header `Retry-After`, or of a 429 `X-RateLimit-Reset`, if it can be read.
        sent_at: the header `Date`: the server's clock.
        seconds: how long it took to come (`stopwatch`).
    """

    status: int
    body: bytes
    location: str | None = None
    retry_after_seconds: float | None = None
    sent_at: datetime | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, response: httpx.Response, body: bytes, seconds: float) -> "Answer":
        """Take what matters from a response.

        Args:
            response: the response.
            body: its body.
            seconds: how long it took to come.
        """
        sent_at = _http_date(response.headers.get("date"))
        return cls(
            status=response.status_code,
            body=body,
            location=_address(response.headers.get("location")),
            retry_after_seconds=_retry_after(response.headers.get("retry-after"), sent_at)
            or _until_reset(response, sent_at),
            sent_at=sent_at,
            seconds=seconds,
        )

    @property
    def is_redirect(self) -> bool:
        """Whether the server points elsewhere."""
        return HTTPStatus(300) <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, whatever its content type says."""
        return self._beginning.lstrip()[:1] == b"<"

    @property
    def exceeds_gateway_quota(self) -> bool:
        """Whether a 500 is really an API gateway's "too many requests"."""
        fault = _json_object(self._beginning).get("fault")
        return isinstance(fault, dict) and _GATEWAY_QUOTA in str(fault.get("detail"))

    @property
    def error_codes(self) -> frozenset[str]:
        """The codes in JAMF's error object, e.g. `INVALID_TOKEN`."""
        return frozenset(str(error.get("code")) for error in self._errors())

    @property
    def _beginning(self) -> bytes:
        return self.body[:_LOOKED_AT]

    @property
    def explanation(self) -> str:
        """What the server itself says went wrong: one line, or nothing."""
        if self.is_html:
            title = _HTML_TITLE.search(self._beginning)
            words = title.group(1).decode("utf-8", errors="replace") if title else ""
            return _one_line(f"a web page titled “{words.strip()}”" if words else "a web page")
        document = _json_object(self._beginning)
        if "error" in document:
            return _one_line(f"{document['error']} {document.get('error_description') or ''}")
        fault = document.get("fault")
        if isinstance(fault, dict):
            return _one_line(str(fault.get("faultstring") or ""))
        return _one_line(
            "; ".join(
                f"{error.get('code')} {error.get('field') or ''} {error.get('description') or ''}"
                for error in self._errors()
            )
        )

    def _errors(self) -> list[dict[str, Any]]:
        errors = _json_object(self._beginning).get("errors")
        listed = errors if isinstance(errors, list) else []
        return [error for error in listed if isinstance(error, dict)]


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _one_line(text: str) -> str:
    """A text of the server's, fit for a sentence. Secrets go first: a part of one is not recognised any more."""
    line = one_line(" ".join(scrubbed(text).split()))
    return line if len(line) <= _LONGEST_EXPLANATION else line[: _LONGEST_EXPLANATION - 1] + "…"


def _address(text: str | None) -> str | None:
    """Where a redirect leads, as far as it may be shown."""
    if not text:
        return None
    where = text[:_LONGEST_HEADER].partition("?")[0].partition("#")[0]
    return _one_line(_USER_OF_ADDRESS.sub(r"\1", where))


def _http_date(text: str | None) -> datetime | None:
    if not text or len(text) > _LONGEST_HEADER:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _retry_after(text: str | None, sent_at: datetime | None) -> float | None:
    """Seconds to wait: `Retry-After` is a number of seconds or a date on the server's clock."""
    if not text:
        return None
    number = text.strip()
    if number.isdecimal():
        return float(number[:_LONGEST_NUMBER])
    moment = _http_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - (sent_at or datetime.now(UTC))).total_seconds())


def _until_reset(response: httpx.Response, sent_at: datetime | None) -> float | None:
    """Seconds to wait after too many requests: the gateway says when, in seconds since 1970 on its own clock."""
    text = response.headers.get("x-ratelimit-reset", "").strip()
    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS or not text.isdecimal():
        return None
    now = (sent_at or datetime.now(UTC)).timestamp()
    return max(0.0, float(text[:_LONGEST_NUMBER]) - now)
