"""JAMF credentials saved in M.O.S.S.: saving them, and trying those that a sync would use."""

from dataclasses import dataclass
from typing import Literal

import psycopg

from moss_jamf_pipeline.engine.access import (
    ConfigurationMissing,
    JamfAccess,
    given_keys,
    jamf_access,
)
from moss_jamf_pipeline.jamf import ClientCredentials
from moss_jamf_pipeline.jamf.connections import server_identity
from moss_jamf_pipeline.jamf.transport import usable_base_url
from moss_jamf_pipeline.moss.integration.credentials import (
    JamfCredentials,
    Protection,
    ignored_key,
    save_base_url,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.services.jamf_checks import JamfAnswer, ask_everything
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

CredentialsKind = Literal["API client", "user account"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Which server credentials are for: they will be sent to no other.

    Attributes:
        integration: the name of the integration.
        base_url: the server.
    """

    integration: str
    base_url: str


@dataclass(frozen=True, slots=True)
class SavedCredentials:
    """What was saved.

    Attributes:
        integration: the name of the integration.
        base_url: the server they are for; saved as well.
        protection: how they are protected.
        ignored_key: why ENCRYPTION_KEY of the environment was not used; None: it was, or is not set.
        overriding: the variables of the environment that override what was saved.
    """

    integration: str
    base_url: str
    protection: Protection
    ignored_key: str | None
    overriding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialsInUse:
    """The credentials that a sync would use.

    Attributes:
        base_url: the server.
        kind: what they are.
        source: where they come from, in words that carry no value.
        access: the same for the engine; its text carries no secret either.
    """

    base_url: str
    kind: CredentialsKind
    source: str
    access: JamfAccess


def destination(
    workplace: Workplace, choice: IntegrationChoice, base_url: str | None = None
) -> Destination:
    """The server that credentials would be saved for.

    Args:
        workplace: where.
        choice: which integration.
        base_url: the server, if somebody named it; else the one M.O.S.S. has, or JAMF_BASE_URL.

    Raises:
        ConfigurationMissing: it is not known, or M.O.S.S. and the environment name different ones.
        SettingsContradictory: JAMF_* variables are set, and not for this integration alone.
        JamfAddressInvalid: the address cannot be used.
    """
    with workplace.reading(choice) as desk:
        return Destination(
            desk.integration.name, _server(workplace.settings, desk.integration, base_url)
        )


def save(
    workplace: Workplace,
    choice: IntegrationChoice,
    given: JamfCredentials,
    base_url: str | None = None,
) -> SavedCredentials:
    """Saves credentials, and the server they are for, with an integration, as M.O.S.S.'s own admin page does.

    Args:
        workplace: where.
        choice: which integration.
        given: the credentials.
        base_url: as of `destination`.

    Raises:
        ConfigurationMissing: as `destination`.
        JamfAddressInvalid: as `destination`.
        CredentialsNotKept: there is no usable key and none can be kept, or the integration is gone.
    """
    with workplace.deciding(choice) as (connection, integration):
        return save_with(workplace.settings, connection, integration, given, base_url)


def save_with(
    settings: Settings,
    connection: psycopg.Connection,
    integration: Integration,
    given: JamfCredentials,
    base_url: str | None = None,
) -> SavedCredentials:
    """As `save`, on a connection that is open and for an integration that was read."""
    keys = given_keys(settings)
    server = _server(settings, integration, base_url)
    with connection.transaction():
        protection = save_credentials(connection, integration, given, keys)
        save_server(connection, integration, server)
    return SavedCredentials(
        integration.name, server, protection, ignored_key(keys), overriding(settings)
    )


def save_server(connection: psycopg.Connection, integration: Integration, server: str) -> None:
    """Saves which JAMF server an integration is; credentials that are saved must be for it."""
    if server != integration.base_url:
        save_base_url(connection, integration, server)


def in_use(workplace: Workplace, choice: IntegrationChoice) -> CredentialsInUse:
    """The credentials that a sync would use.

    Raises:
        ConfigurationMissing: no server or no credentials are configured.
        CredentialsUnreadable: credentials are saved and cannot be read.
    """
    with workplace.reading(choice) as (connection, integration):
        access = jamf_access(workplace.settings, integration, connection)
    is_client = isinstance(access.credentials, ClientCredentials)
    return CredentialsInUse(
        access.base_url, "API client" if is_client else "user account", access.source, access
    )


def ask_jamf(used: CredentialsInUse) -> JamfAnswer:
    """Asks JAMF with these credentials.

    Raises:
        JamfError: it does not accept them, or cannot be asked.
    """
    return ask_everything(used.access)


def _server(settings: Settings, integration: Integration, base_url: str | None) -> str:
    if base_url is not None:
        return str(usable_base_url(base_url)).rstrip("/")
    settings.require_own_jamf_variables()
    saved, configured = integration.base_url, settings.jamf_base_url
    if saved and configured and server_identity(saved) != server_identity(configured):
        raise ConfigurationMissing(
            f"JAMF_BASE_URL names {configured}, and M.O.S.S. has saved {saved} for the integration "
            f"{integration.name!r}.",
            "Say with --base-url which server the credentials are for; it is saved with them.",
        )
    server = saved or configured
    if server is None:
        raise ConfigurationMissing(
            "It is not known which JAMF Pro server the credentials are for.",
            "Name it, e.g. --base-url https://example.jamfcloud.com; it is saved with them.",
        )
    return str(usable_base_url(server)).rstrip("/")


def overriding(settings: Settings) -> tuple[str, ...]:
    """The variables of the environment that override the credentials that are saved."""
    given = {
        "JAMF_CLIENT_ID": settings.jamf_client_id,
        "JAMF_CLIENT_SECRET": settings.jamf_client_secret,
        "JAMF_USERNAME": settings.jamf_username,
        "JAMF_PASSWORD": settings.jamf_password,
    }
    return tuple(name for name, value in given.items() if value)
