"""JAMF credentials saved in M.O.S.S.: saving them, and trying those that a sync would use."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import psycopg

from moss_jamf_pipeline.engine.access import (
    ConfigurationMissing,
    CredentialsKind,
    JamfAccess,
    given_keys,
    jamf_access,
    route_given,
)
from moss_jamf_pipeline.jamf.connections import Gateway, server_identity
from moss_jamf_pipeline.moss.integration.credentials import (
    JamfCredentials,
    Protection,
    ignored_key,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from moss_jamf_pipeline.services.credentials_expiry import end_of_credentials
from moss_jamf_pipeline.services.jamf_checks import JamfAnswer, ask_everything
from moss_jamf_pipeline.services.routes import RouteGiven
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_AS_IT_IS: Final = RouteGiven()


@dataclass(frozen=True, slots=True)
class SavedCredentials:
    """What was saved.

    Attributes:
        integration: the name of the integration.
        route: how the server is reached that they are for; saved as well.
        protection: how they are protected.
        end_on: the day on which those end that a sync would use now; None: it is not known, or they do not.
        ignored_key: why ENCRYPTION_KEY of the environment was not used; None: it was, or is not set.
        overriding: the variables of the environment that override what was saved.
    """

    integration: str
    route: Route
    protection: Protection
    end_on: date | None
    ignored_key: str | None
    overriding: tuple[str, ...]

    @property
    def server(self) -> str:
        """The server in words."""
        return self.route.connection.told(self.route.base_url or "")


@dataclass(frozen=True, slots=True)
class CredentialsInUse:
    """The credentials that a sync would use.

    Attributes:
        base_url: the server, or the gateway.
        server: the same in words.
        kind: what they are.
        source: where they come from, in words that carry no value.
        access: the same for the engine; its text carries no secret either.
    """

    base_url: str
    server: str
    kind: CredentialsKind
    source: str
    access: JamfAccess


def destination(
    workplace: Workplace, choice: IntegrationChoice, given: RouteGiven = _AS_IT_IS
) -> Route:
    """The server that credentials would be saved for: they will be sent to no other.

    Args:
        workplace: where.
        choice: which integration.
        given: the way to it, as far as somebody said; else the one M.O.S.S. has, or that of the environment.

    Raises:
        ConfigurationMissing: it is not known, or M.O.S.S. and the environment name different ones.
        SettingsContradictory: JAMF_* variables are set, and not for this integration alone.
        RouteInvalid: what was said cannot be used.
        JamfAddressInvalid: the address of the environment cannot be used.
    """
    with workplace.reading(choice) as desk:
        return destination_of(workplace.settings, desk.integration, given)


def save(
    workplace: Workplace,
    choice: IntegrationChoice,
    credentials: JamfCredentials,
    given: RouteGiven = _AS_IT_IS,
    expire_on: date | None = None,
) -> SavedCredentials:
    """Saves credentials, and the server they are for, with an integration, as M.O.S.S.'s own admin page does.

    Args:
        workplace: where.
        choice: which integration.
        credentials: which.
        given: as of `destination`.
        expire_on: the day on which they end; None: it is not known, and counted from today where such credentials do
            end.

    Raises:
        ConfigurationMissing: as `destination`.
        RouteInvalid: as `destination`.
        JamfAddressInvalid: as `destination`.
        JamfCredentialsRejected: that server takes no credentials of that kind.
        CredentialsNotKept: there is no usable key and none can be kept, or the integration is gone.
    """
    with workplace.deciding(choice) as (connection, integration):
        route = destination_of(workplace.settings, integration, given)
        return save_with(workplace.settings, connection, integration, credentials, route, expire_on)


def save_with(
    settings: Settings,
    connection: psycopg.Connection,
    integration: Integration,
    credentials: JamfCredentials,
    route: Route,
    expire_on: date | None = None,
) -> SavedCredentials:
    """As `save`, on a connection that is open and for an integration and a way to JAMF that are known."""
    route.connection.require_fit(type(credentials))
    keys = given_keys(settings)
    dated = replace(route, credentials_expire_on=expire_on)
    with connection.transaction():
        protection = save_credentials(connection, integration, credentials, keys)
        save_route(connection, integration.id, dated)
    return SavedCredentials(
        integration.name,
        dated,
        protection,
        end_of_credentials(connection, settings, replace(integration, route=dated)),
        ignored_key(keys),
        overriding(settings),
    )


def in_use(workplace: Workplace, choice: IntegrationChoice) -> CredentialsInUse:
    """The credentials that a sync would use.

    Raises:
        ConfigurationMissing: no server or no credentials are configured.
        CredentialsUnreadable: credentials are saved and cannot be read.
    """
    with workplace.reading(choice) as (connection, integration):
        access = jamf_access(workplace.settings, integration, connection)
    return CredentialsInUse(access.base_url, access.told, access.kind, access.source, access)


def ask_jamf(used: CredentialsInUse) -> JamfAnswer:
    """Asks JAMF with these credentials.

    Raises:
        JamfError: it does not accept them, or cannot be asked.
    """
    return ask_everything(used.access)


def destination_of(settings: Settings, integration: Integration, given: RouteGiven) -> Route:
    """As `destination`, for an integration that was read."""
    saved = integration.route
    if given.base_url is not None or given.kind is not None:
        return given.onto(saved)
    settings.require_own_jamf_variables()
    named = {"jamf_environment_id": given.environment_id, "jamf_tenant_id": given.tenant_id}
    update = named if any(named.values()) else {}
    configured, connection = route_given(settings.model_copy(update=update))
    if saved.base_url is None and configured is not None:
        scope = connection.scope if isinstance(connection, Gateway) else None
        by_environment = RouteGiven(
            kind=connection.kind,
            base_url=configured,
            environment_id=scope.id if scope and scope.kind == "environment" else None,
            tenant_id=scope.id if scope and scope.kind == "tenant" else None,
            web_url=given.web_url if given.web_url is not None else settings.jamf_web_url,
        )
        return by_environment.onto(saved)
    if saved.base_url is None:
        raise ConfigurationMissing(
            "It is not known which JAMF Pro server the credentials are for.",
            "Name it, e.g. --base-url https://example.jamfcloud.com; it is saved with them.",
        )
    if configured and server_identity(saved.base_url) != server_identity(configured):
        raise ConfigurationMissing(
            f"JAMF_BASE_URL names {configured}, and M.O.S.S. has saved {saved.base_url} for the integration "
            f"{integration.name!r}.",
            "Say with --base-url which server the credentials are for; it is saved with them.",
        )
    return given.onto(saved)


def overriding(settings: Settings) -> tuple[str, ...]:
    """The variables of the environment that override the credentials that are saved."""
    given = {
        "JAMF_CLIENT_ID": settings.jamf_client_id,
        "JAMF_CLIENT_SECRET": settings.jamf_client_secret,
        "JAMF_USERNAME": settings.jamf_username,
        "JAMF_PASSWORD": settings.jamf_password,
    }
    return tuple(name for name, value in given.items() if value)
