"""When the credentials for JAMF end: those of an integration of the platform do, six months after they were made."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from moss_jamf_pipeline.engine.access import ConfigurationMissing, given_credentials
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

DAYS_TOLD: Final = 30
"""Before their end, from when on somebody has to do something."""


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
    with workplace.reading(choice) as (_, integration):
        return expiry_of(workplace.settings, integration, today)


def expiry_of(
    settings: Settings, integration: Integration, today: date | None = None
) -> CredentialsExpiry | None:
    """As `credentials_expiring`, for an integration that was read."""
    ends_on = end_of_credentials(settings, integration)
    if ends_on is None:
        return None
    days = (ends_on - (today or datetime.now(UTC).date())).days
    whose = f"The credentials of {integration.name!r} for JAMF"
    if days < 0:
        state: Literal["fine", "soon", "over"] = "over"
        message = f"{whose} ended on {ends_on}: no sync can log in any more."
    else:
        state = "soon" if days <= DAYS_TOLD else "fine"
        left = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"
        message = f"{whose} end on {ends_on}, {left}."
    remedy = (
        ""
        if state == "fine"
        else "Make new ones (of an integration: in Jamf Account) and save them: `moss-jamf credentials set`, or "
        "M.O.S.S.'s page."
    )
    return CredentialsExpiry(integration.name, ends_on, days, state, message, remedy)


def end_of_credentials(settings: Settings, integration: Integration) -> date | None:
    """The day on which those end that a sync would use; None: it is not known, or there is none."""
    try:
        is_of_environment = given_credentials(settings) is not None
    except ConfigurationMissing:
        return None  # half a pair: nothing can log in, and other checks say so
    if is_of_environment:
        return settings.jamf_credentials_expire_on
    return integration.route.credentials_end_on
