"""An alert as people read it: a headline, sentences, and where to look. `webhook` and `mail` spell it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

from moss_jamf_pipeline.outputs import one_line
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.alerts import Alert
from moss_jamf_pipeline.services.causes import Cause
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

Turn = Literal["begins", "lasts", "is over", "is a test"]
"""Where in its life a cause is told of."""

_LONGEST: Final = 3_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told. Every text is on one line, holds no secret, and may name what somebody else has named.

    Attributes:
        integration: whose it is.
        kind: what it is, for programs; `test` for one that only tries the way.
        cause: which of its kind, for programs.
        turn: where in its life it is told of.
        headline: what it is, in a few words.
        text: what happened, in sentences.
        remedy: what to do; may be empty.
        links: where to look.
    """

    integration: str
    kind: str
    cause: str
    turn: Turn
    headline: str
    text: str
    remedy: str = ""
    links: tuple[Link, ...] = ()


def message_of(
    settings: Settings, choice: IntegrationChoice, integration: str, alert: Alert, now: datetime
) -> Message:
    """What people are told of an alert.

    Args:
        settings: the environment, which says where the companion and the Dagster UI are.
        choice: the integration as the environment names it.
        integration: its name in M.O.S.S.
        alert: what it is about.
        now: aware.
    """
    links = _links(settings, choice, alert.page, alert.run_id)
    title = alert.kind.heading
    if alert.ended_at is not None:
        lasted = _span((alert.ended_at - alert.opened_at).total_seconds())
        return _message(
            integration,
            alert.kind,
            alert.cause,
            "is over",
            f"Over: {title[0].lower()}{title[1:]}",
            f"It lasted {lasted}, and is over since {_at(alert.ended_at)}. It was: {alert.summary}",
            links=links,
        )
    lasts = _span((now - alert.opened_at).total_seconds())
    return _message(
        integration,
        alert.kind,
        alert.cause,
        "lasts" if alert.times_told else "begins",
        f"Still: {title[0].lower()}{title[1:]}" if alert.times_told else title,
        f"{alert.summary} It has lasted {lasts}." if alert.times_told else alert.summary,
        alert.remedy,
        links,
    )


def message_of_cause(
    settings: Settings, choice: IntegrationChoice, integration: str, cause: Cause
) -> Message:
    """What people are told of a cause that could not be noted; arguments as of `message_of`."""
    return _message(
        integration,
        cause.kind,
        cause.cause,
        "begins",
        cause.kind.heading,
        cause.summary,
        cause.remedy,
        _links(settings, choice, cause.page, cause.run_id),
    )


def trial_message(settings: Settings, choice: IntegrationChoice, integration: str) -> Message:
    """One that only tries the way."""
    return _message(
        integration,
        "test",
        "test",
        "is a test",
        "A test",
        f"This tries how alerts of {integration!r} are told. Nothing has happened.",
        links=_links(settings, choice, None, None),
    )


def _message(
    integration: str,
    kind: str,
    cause: str,
    turn: Turn,
    headline: str,
    text: str,
    remedy: str = "",
    links: tuple[Link, ...] = (),
) -> Message:
    return Message(
        _shown(integration, 200),
        str(kind),
        _shown(cause, 200),
        turn,
        headline,
        _shown(text, _LONGEST),
        _shown(remedy, _LONGEST),
        links,
    )


def _shown(text: str, longest: int) -> str:
    clean = one_line(" ".join(scrubbed(text).split()))
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def companion_address(settings: Settings, choice: IntegrationChoice, page: str) -> str | None:
    """Where people's browsers find a page of the companion; None: nobody said where it is.

    Args:
        settings: the environment.
        choice: about which integration.
        page: below `/jamf/`.
    """
    base = settings.companion_link_url
    if base is None:
        return None
    several = len(settings.integrations) > 1 and choice.name is not None
    query = f"?integration={quote(choice.name or '')}" if several else ""
    return f"{base.rstrip('/').removesuffix('/jamf')}/jamf/{page}{query}"


def _links(
    settings: Settings, choice: IntegrationChoice, page: str | None, run_id: str | None
) -> tuple[Link, ...]:
    found = []
    companion = companion_address(settings, choice, page or "")
    if companion is not None:
        found.append(Link("Look at it" if page else "Dashboard", companion))
    dagster = settings.dagster_link_url
    if dagster is not None:
        base = dagster.rstrip("/")
        found.append(
            Link("The run in Dagster", f"{base}/runs/{quote(run_id)}")
            if run_id
            else Link("Dagster", base)
        )
    return tuple(found)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        number = int(seconds // unit)
        if number:
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a minute"
