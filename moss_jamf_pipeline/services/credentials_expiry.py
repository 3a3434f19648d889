"""When the credentials for JAMF end: those of an integration of the platform do, six months after they were made."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

import psycopg

from moss_jamf_pipeline.engine.access import ConfigurationMissing, given_credentials
from moss_jamf_pipeline.jamf import ConnectionKind
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.statements import fetch_one
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_DAYS_TOLD: Final = 30
"""Before their end, from when on somebody has to do something."""
_MONTHS: Final = 6


@dataclass(frozen=True, slots=True)
class CredentialsExpiry:
    """The end of the credentials that a sync would use.

    Attributes:
        integration: whose.
        ends_on: the day.
        days_left: until then; negative: it is over.
        state: `fine`, `soon` or `over`.
        message: the same as a sentence.
        remedy: what to do; empty where it is fine.
    """

    integration: str
    ends_on: date
    days_left: int
    state: Literal["fine", "soon", "over"]
    message: str
    remedy: str


def credentials_expiring(
    workplace: Workplace, choice: IntegrationChoice, today: date | None = None
) -> CredentialsExpiry | None:
    """When the credentials of an integration end.

    Args:
        workplace: where.
        choice: which integration.
        today: the day from which is counted; None: today, UTC.

    Returns:
        None: nobody said so, or they do not end by themselves, as those of a JAMF Pro server.
    """
    with workplace.reading(choice) as (connection, integration):
        return expiry_of(connection, workplace.settings, integration, today)


def expiry_of(
    connection: psycopg.Connection | None,
    settings: Settings,
    integration: Integration,
    today: date | None = None,
) -> CredentialsExpiry | None:
    """As `credentials_expiring`, for an integration that was read; without a connection M.O.S.S. cannot be asked."""
    ends_on = end_of_credentials(connection, settings, integration)
    if ends_on is None:
        return None
    days = (ends_on - (today or datetime.now(UTC).date())).days
    whose = f"The credentials of {integration.name!r} for JAMF"
    if days < 0:
        state: Literal["fine", "soon", "over"] = "over"
        message = f"{whose} ended on {ends_on}: no sync can log in any more."
    else:
        state = "soon" if days <= _DAYS_TOLD else "fine"
        left = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"
        message = f"{whose} end on {ends_on}, {left}."
    remedy = (
        ""
        if state == "fine"
        else "Make new ones (of an integration: in Jamf Account) and save them: `moss-jamf credentials set`. If the "
        "date is `sync_settings.credentials_expire_on`, change it as well."
    )
    return CredentialsExpiry(integration.name, ends_on, days, state, message, remedy)


def end_of_credentials(
    connection: psycopg.Connection | None, settings: Settings, integration: Integration
) -> date | None:
    """The day on which those end that a sync would use; None: it is not known, or there is none.

    What was said of the saved ones goes first, then what the integration's settings say of any. Else those of the
    platform that M.O.S.S. has saved end six months after they were: Jamf Account made them then, or before.
    """
    route, named = integration.route, integration.settings.credentials_expire_on
    if _are_of_environment(settings):
        return named
    if route.credentials_expire_on is not None or named is not None:
        return route.credentials_expire_on or named
    if route.connection.kind is ConnectionKind.SERVER or connection is None:
        return None
    saved = fetch_one(connection, "credentials/saved_when", {"integration_id": integration.id})
    return None if saved is None else _months_later(saved["saved_at"].date(), _MONTHS)


def _are_of_environment(settings: Settings) -> bool:
    try:
        return given_credentials(settings) is not None
    except ConfigurationMissing:
        return True  # half a pair: nothing can log in with what is saved either, and other checks say so


def _months_later(day: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
