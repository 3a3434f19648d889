"""What an HTTP answer of JAMF Pro says when it is not the data that was asked for.

JAMF explains itself in five shapes: its own error object, the OAuth error object, a gateway's
fault, an HTML page, or not at all. Everything here takes any of them and never fails.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import orjson

_LONGEST_EXPLANATION = 300
_HTML_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_GATEWAY_QUOTA = "QuotaViolation"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read to its end.

    Attributes:
        status: the HTTP status.
        body: the body, decompressed.
        location: the header `Location`, without its query (which may carry a login's state).
        retry_after_seconds: the header `Retry-After`, if it can be read.
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
    def of(cls, response: httpx.Response, seconds: float) -> "Answer":
        """Take what matters from a response whose body has been read.

        Args:
            response: the response.
            seconds: how long it took to come.
        """
        sent_at = _http_date(response.headers.get("date"))
        location = response.headers.get("location")
        return cls(
            status=response.status_code,
            body=response.content,
            location=location.partition("?")[0] if location else None,
            retry_after_seconds=_retry_after(response.headers.get("retry-after"), sent_at),
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
        return self.body.lstrip()[:1] == b"<"

    @property
    def exceeds_gateway_quota(self) -> bool:
        """Whether a 500 is really an API gateway's "too many requests"."""
        fault = _json_object(self.body).get("fault")
        return isinstance(fault, dict) and _GATEWAY_QUOTA in str(fault.get("detail"))

    @property
    def error_codes(self) -> frozenset[str]:
        """The codes in JAMF's error object, e.g. `INVALID_TOKEN`."""
        return frozenset(str(error.get("code")) for error in self._errors())

    @property
    def explanation(self) -> str:
        """What the server itself says went wrong: one line, or nothing."""
        if self.is_html:
            title = _HTML_TITLE.search(self.body)
            words = title.group(1).decode("utf-8", errors="replace") if title else ""
            return _one_line(f"a web page titled “{words.strip()}”" if words else "a web page")
        document = _json_object(self.body)
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
        errors = _json_object(self.body).get("errors")
        return [error for error in errors if isinstance(error, dict)] if errors else []


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXPLANATION else line[: _LONGEST_EXPLANATION - 1] + "…"


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _retry_after(text: str | None, sent_at: datetime | None) -> float | None:
    """Seconds to wait: `Retry-After` is a number of seconds or a date on the server's clock."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    moment = _http_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - (sent_at or datetime.now(UTC))).total_seconds())
