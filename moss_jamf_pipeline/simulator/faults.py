"""Faults on demand: what can be broken, and for which requests.

`Faults` is the document that `PUT /simulator/faults` takes; every knob is off until it is given. A knob strikes
the requests whose path contains its pattern, after letting some through, every so often, and so many times:

    {"rate_limited": {"path": "computers-inventory", "count": 3, "retry_after_seconds": 1}}
    {"server_error": {"path": "/users", "after": 2, "every": 5, "status": 503}}

Faults of the transport are carried out in `middleware`, those of the content by the endpoints.
"""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator


class Knob(BaseModel):
    """What all knobs have: which requests they strike."""

    model_config = ConfigDict(extra="forbid")

    path: str | None = Field(
        default=None,
        description="Regular expression searched in the request's path; none strikes every path.",
    )
    after: int = Field(
        default=0, ge=0, description="How many matching requests are let through first."
    )
    every: int = Field(default=1, ge=1, description="Strike every Nth matching request.")
    count: int | None = Field(
        default=None,
        ge=1,
        description="How many requests to strike; without it, until the fault is removed.",
    )

    _matched: int = PrivateAttr(default=0)
    _struck: int = PrivateAttr(default=0)

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, path: str | None) -> str | None:
        if path is not None:
            try:
                re.compile(path)
            except re.error as error:
                raise ValueError(f"path is not a regular expression: {error}") from error
        return path

    @property
    def struck(self) -> int:
        """How many requests it has struck so far."""
        return self._struck

    def strikes(self, path: str) -> bool:
        """Whether a request is struck; asking counts it.

        Args:
            path: the request's path.

        Returns:
            True if the knob applies to this request.
        """
        if self.path is not None and re.search(self.path, path) is None:
            return False
        self._matched += 1
        if self._matched <= self.after or (self._matched - self.after) % self.every:
            return False
        if self.count is not None and self._struck >= self.count:
            return False
        self._struck += 1
        return True


class Latency(Knob):
    """Answers late: by a fixed time, and by one for every record of a listing's page."""

    milliseconds: int = Field(ge=0)
    microseconds_per_record: int = Field(
        default=0, ge=0, description="For each record on the page, of listings that have pages."
    )
    share_more_per_hundred: float = Field(
        default=0.0,
        ge=0,
        description="By which share more each record takes for every further hundred on its page.",
    )
    gateway_timeout_milliseconds: int | None = Field(
        default=None,
        ge=1,
        description="After how long over a page a gateway in front of the server gives up: 504.",
    )
    saturated_above: int | None = Field(
        default=None,
        ge=1,
        description="When more requests than this are being answered, each takes longer in proportion: together they "
        "get no more done.",
    )

    def seconds_before(self, in_flight: int) -> float:
        """How long an answer waits before its page is put together.

        Args:
            in_flight: requests being answered now, this one included.
        """
        return self.milliseconds / 1e3 * self._slowdown(in_flight)

    def seconds_of_page(self, records: int, in_flight: int) -> float:
        """How long putting its page together takes.

        Args:
            records: records on the page.
            in_flight: requests being answered now, this one included.
        """
        heavier = 1 + self.share_more_per_hundred * max(0, records - 100) / 100
        return records * self.microseconds_per_record / 1e6 * heavier * self._slowdown(in_flight)

    def gives_up_after(self, seconds: float) -> float | None:
        """When a gateway gives up on a page; None if it does not.

        Args:
            seconds: that the page takes.
        """
        limit = self.gateway_timeout_milliseconds
        return None if limit is None or seconds * 1e3 <= limit else limit / 1e3

    def _slowdown(self, in_flight: int) -> float:
        return max(1.0, in_flight / self.saturated_above) if self.saturated_above else 1.0


class RateLimited(Knob):
    """Answers 429. JAMF Pro documents no `Retry-After`; a gateway in front of it may send one."""

    retry_after_seconds: int | None = Field(
        default=None, ge=0, description="Value of `Retry-After`, if any."
    )


class ServerError(Knob):
    """Answers a server error."""

    status: Literal[500, 502, 503, 504] = 503
    body: Literal["api_error", "no_causes", "html", "empty", "apigee_quota"] = Field(
        default="api_error",
        description="`no_causes` is an ApiError with an empty list; `apigee_quota` is the fault body of a gateway "
        "whose quota is spent.",
    )


class LogInPage(Knob):
    """Answers 200 with a page of HTML, as a proxy or a portal between client and server does."""


class DroppedConnection(Knob):
    """Closes the connection in the middle of the body."""

    fraction: float = Field(
        default=0.5, ge=0, lt=1, description="How much of the body is sent before that."
    )


class TruncatedBody(Knob):
    """Sends only part of the body, as if it were all: invalid JSON in a well-formed answer."""

    fraction: float = Field(default=0.5, ge=0, lt=1)


class WrongContentType(Knob):
    """Labels the answer as something that it is not."""

    content_type: str = "text/html"


class RejectedTokens(Knob):
    """Answers 401 INVALID_TOKEN to a token that is good, and revokes it."""


class Poison(Knob):
    """Any page that contains one of these records answers 500, as does the record itself."""

    computer_ids: frozenset[str] = frozenset()
    mobile_device_ids: frozenset[str] = Field(
        default=frozenset(),
        description="A lenient reading of these gets their page, and them without section HARDWARE.",
    )


class EmptyListing(Knob):
    """A listing answers its true `totalCount` and no records."""

    total_count: int | None = Field(
        default=None, description="Answer this total instead of the true one."
    )


class MissingListing(Knob):
    """A listing is not there."""

    status: Literal[404, 405] = 404


class PageLimit(Knob):
    """The server copes with less than it promises."""

    largest: int | None = Field(
        default=None, ge=1, description="Clamp the page size to this, silently."
    )
    gateway_timeout_above: int | None = Field(
        default=None, ge=1, description="Answer 504 to a larger page size than this."
    )


class FilterFault(Knob):
    """A `filter` does not do what it should."""

    mode: Literal["ignored", "refused", "finds_nothing"] = Field(
        description="`ignored` answers as if there were none, `refused` with 400, `finds_nothing` with an empty page."
    )


class Churn(Knob):
    """The fleet changes after each page of computers that is served.

    The removed records are those with the lowest ids: a sweep by id has passed them, so every record behind them
    moves one place to the left and one is skipped by the next page.
    """

    inserted: int = Field(default=0, ge=0)
    deleted: int = Field(default=0, ge=0)


class StaleNodes(BaseModel):
    """A second node answers from the state it last read; nodes are chosen by the cookie `jpro-ingress`.

    Requests without the cookie are dealt to the two nodes in turn.
    """

    model_config = ConfigDict(extra="forbid")

    lag_seconds: float = Field(default=60, ge=0, description="How long that node keeps a state.")


class Faults(BaseModel):
    """All faults in force. An empty document is a healthy server."""

    model_config = ConfigDict(extra="forbid")

    latency: Latency | None = None
    rate_limited: RateLimited | None = None
    server_error: ServerError | None = None
    log_in_page: LogInPage | None = None
    dropped_connection: DroppedConnection | None = None
    truncated_body: TruncatedBody | None = None
    wrong_content_type: WrongContentType | None = None
    rejected_tokens: RejectedTokens | None = None
    poison: Poison | None = None
    empty_listing: EmptyListing | None = None
    missing_listing: MissingListing | None = None
    page_limit: PageLimit | None = None
    filter_fault: FilterFault | None = None
    churn: Churn | None = None
    stale_nodes: StaleNodes | None = None
    removed_privileges: frozenset[str] = Field(
        default=frozenset(),
        description="Privileges that nobody has any more, whatever their token says.",
    )
    token_lifetime_seconds: int | None = Field(
        default=None,
        gt=0,
        description="Lifetime of tokens issued from now on, instead of the configured one.",
    )
    expire_tokens_now: bool = Field(
        default=False, description="End every token at the moment this document is put; not kept."
    )
