"""Telling alerts: what there is to tell goes out by each way that is configured, and is noted where it was taken."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import psycopg

from moss_jamf_pipeline.jamf.errors import JamfAuthoritiesUnusable
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.notifying.errors import MailUnusable, NotTold
from moss_jamf_pipeline.notifying.mail import mail_server_of
from moss_jamf_pipeline.notifying.messages import (
    Message,
    message_of,
    message_of_cause,
    trial_message,
)
from moss_jamf_pipeline.notifying.webhook import webhook_of
from moss_jamf_pipeline.services import alerts
from moss_jamf_pipeline.services.alerts import ChannelName
from moss_jamf_pipeline.services.causes import Cause
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


class Channel(Protocol):
    """A way to tell people."""

    @property
    def name(self) -> ChannelName:
        """What it is called in `jamf_sync.alert_deliveries`."""

    @property
    def words(self) -> str:
        """Which one it is, for an operator; no secret."""

    def tell(self, message: Message) -> None:
        """Tells.

        Raises:
            NotTold: it was not taken.
            JamfAuthoritiesUnusable: the certificates to check by cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling.

    Attributes:
        messages: how many were taken, over all ways.
        troubles: what was not, as sentences; it is told again in a while.
    """

    messages: int
    troubles: tuple[str, ...]


NOTHING: Final = Told(0, ())

# What could not be noted, by integration and cause, and when it was told: as long as the process lives.
_TOLD_UNNOTED: Final[dict[tuple[str, str, str], datetime]] = {}
_LOCK: Final = threading.Lock()


def channels_of(settings: Settings) -> tuple[Channel, ...]:
    """The ways that the environment names.

    Raises:
        MailUnusable: what it says of mail cannot be used.
    """
    found = (webhook_of(settings), mail_server_of(settings))
    return tuple(channel for channel in found if channel is not None)


def usable_channels(settings: Settings) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """The same, and what is wrong with the others: one that cannot be used silences no other."""
    try:
        return channels_of(settings), ()
    except MailUnusable as error:
        webhook = webhook_of(settings)
        return () if webhook is None else (webhook,), (str(error),)


def look_and_tell(
    connection: psycopg.Connection,
    integration: Integration,
    choice: IntegrationChoice,
    settings: Settings,
    now: datetime,
    succeeded: Mapping[str, datetime] | None = None,
) -> Told:
    """Looks for causes and tells what is to be told; arguments as of `services.alerts.look`."""
    alerts.look(connection, integration, settings, now, succeeded)
    return tell_noted(connection, integration, choice, settings, now)


def tell_noted(
    connection: psycopg.Connection,
    integration: Integration,
    choice: IntegrationChoice,
    settings: Settings,
    now: datetime,
) -> Told:
    """Tells what is noted and not told yet, what lasts, and what is over."""
    channels, troubles = usable_channels(settings)
    told, failed = 0, list(troubles)
    for channel in channels:
        for alert in alerts.claim(connection, integration, channel.name, now):
            message = message_of(settings, choice, integration.name, alert, now)
            try:
                channel.tell(message)
            except (NotTold, JamfAuthoritiesUnusable) as error:
                # It would take no other either, and each takes its time to say so; all are told in a while.
                failed.append(str(error))
                break
            alerts.told(connection, alert, channel.name, now)
            told += 1
    return Told(told, tuple(failed))


def tell_unnoted(
    choice: IntegrationChoice, settings: Settings, cause: Cause, now: datetime
) -> Told:
    """Tells a cause while M.O.S.S.'s database, which would note it, is away: once from this process, and again later.

    Args:
        choice: which integration.
        settings: the environment.
        cause: what to tell.
        now: aware.
    """
    key = (choice.slug, cause.kind.value, cause.cause)
    with _LOCK:
        before = _TOLD_UNNOTED.get(key)
        if before is not None and now - before < timedelta(hours=settings.alert_again_hours):
            return NOTHING
        _TOLD_UNNOTED[key] = now
    channels, troubles = usable_channels(settings)
    message = message_of_cause(settings, choice, choice.name or choice.slug, cause)
    failed = [*troubles, *_tell(channels, message)]
    taken = len(channels) - (len(failed) - len(troubles))
    if not taken:
        with _LOCK:
            _TOLD_UNNOTED.pop(key, None)
    return Told(taken, tuple(failed))


def tell_trial(settings: Settings, choice: IntegrationChoice, integration: str) -> Told:
    """Tells by each way that this is a test.

    Raises:
        MailUnusable: what the environment says of mail cannot be used.
    """
    channels = channels_of(settings)
    failed = _tell(channels, trial_message(settings, choice, integration))
    return Told(len(channels) - len(failed), tuple(failed))


def _tell(channels: Sequence[Channel], message: Message) -> list[str]:
    failed = []
    for channel in channels:
        try:
            channel.tell(message)
        except (NotTold, JamfAuthoritiesUnusable) as error:
            failed.append(str(error))
    return failed
