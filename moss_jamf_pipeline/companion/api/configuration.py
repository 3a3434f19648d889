"""The strategy's endpoints of the configuration: read it, save it, test the connection."""

from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from moss_jamf_pipeline.companion.api.routing import router
from moss_jamf_pipeline.companion.identity.callers import SuperAdministrator, needed
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.jamf import ClientCredentials, ConnectionKind, UserCredentials
from moss_jamf_pipeline.moss.integration.credentials import JamfCredentials
from moss_jamf_pipeline.services import configuration
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.services.configuration import (
    Configuration,
    ConfigurationChange,
    ConnectionTest,
)
from moss_jamf_pipeline.services.routes import RouteGiven
from moss_jamf_pipeline.settings import ValueMistyped, as_meant

ROUTER = router("configuration")

_Address = Annotated[
    str,
    Field(
        max_length=500,
        description="The JAMF Pro server, or the platform gateway of the region.",
        examples=["https://example.jamfcloud.com"],
    ),
]
_Word = Annotated[str, Field(min_length=1, max_length=1000)]
_Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class CredentialsGiven(BaseModel):
    """An API client's id and secret, or, for servers older than 10.49, a user account. Never shown again."""

    model_config = ConfigDict(extra="forbid")

    client_id: _Word | None = None
    client_secret: _Secret | None = None
    username: _Word | None = None
    password: _Secret | None = None

    @model_validator(mode="after")
    def _is_one_pair(self) -> "CredentialsGiven":
        client, user = (self.client_id, self.client_secret), (self.username, self.password)
        if not (all(client) and not any(user)) and not (all(user) and not any(client)):
            raise ValueError(
                "give client_id and client_secret, or username and password, and not both"
            )
        return self

    def credentials(self) -> JamfCredentials:
        """The same for the client of JAMF, as whoever pasted them meant them.

        Raises:
            ConfigurationInvalid: there is a character in them that nobody sees.
        """
        if self.client_id is not None and self.client_secret is not None:
            return ClientCredentials(
                _meant("client_id", self.client_id),
                SecretStr(_meant("client_secret", self.client_secret.get_secret_value())),
            )
        password = "" if self.password is None else self.password.get_secret_value()
        return UserCredentials(
            _meant("username", self.username or ""),
            SecretStr(_meant("password", password, is_password=True)),
        )


class _WayGiven(BaseModel):
    """Where JAMF is, and how it is asked."""

    model_config = ConfigDict(extra="forbid")

    connection: ConnectionKind | None = Field(
        default=None,
        description="`server`: a JAMF Pro server is asked itself; `platform`: Jamf's platform gateway, with an "
        "integration's credentials.",
    )
    base_url: _Address | None = None
    environment_id: str | None = Field(
        default=None,
        max_length=100,
        description="The environment that the integration is for; of the platform only.",
    )
    tenant_id: str | None = Field(
        default=None, max_length=100, description="The tenant instead, of an older integration."
    )
    web_url: str | None = Field(
        default=None,
        max_length=500,
        description="Where people open JAMF Pro, for links to it; empty: at `base_url`.",
    )

    def route(self) -> RouteGiven:
        """The same for the services."""
        return RouteGiven(
            self.connection, self.base_url, self.environment_id, self.tenant_id, self.web_url
        )


class ConfigurationGiven(_WayGiven):
    """What is to be saved; what is left out stays as it is."""

    credentials: CredentialsGiven | None = None
    credentials_expire_on: date | None = Field(
        default=None, description="The day on which the credentials end, if it is known."
    )
    is_enabled: bool | None = None
    is_scheduled: bool | None = None
    schedule: str | None = Field(
        default=None,
        max_length=100,
        description="A cron expression, UTC.",
        examples=["0 */6 * * *"],
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        max_length=100,
        description="Keys of sync_settings; null takes one away, so that its default counts.",
        examples=[{"on_empty_user": "clear"}],
    )
    scope_group: str | None = Field(
        default=None,
        max_length=255,
        description="The JAMF group (id or name) to which computers must belong; empty: all computers.",
    )
    version: str | None = Field(
        default=None,
        max_length=64,
        description="`version` of the configuration that was looked at: 409 if somebody changed it meanwhile.",
    )


class ConnectionGiven(_WayGiven):
    """What is to be tried instead of what is configured; nothing is saved."""

    credentials: CredentialsGiven | None = None


@ROUTER.get("/config", dependencies=[Depends(needed(Role.ADMIN))])
def get_config(workplace: WorkplaceNeeded, choice: ChoiceNeeded) -> Configuration:
    """Shows how an integration is configured: connection, schedule, policies and their meaning, who wins a field."""
    return configuration.show(workplace, choice)


@ROUTER.post("/config")
def save_config(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    super_administrator: SuperAdministrator,
    given: ConfigurationGiven,
) -> Configuration:
    """Saves what is given, in M.O.S.S.'s own row and form, all of it or nothing."""
    change = ConfigurationChange(
        route=given.route(),
        credentials=None if given.credentials is None else given.credentials.credentials(),
        credentials_expire_on=given.credentials_expire_on,
        is_enabled=given.is_enabled,
        is_scheduled=given.is_scheduled,
        schedule=given.schedule,
        settings={
            key: None if value is None else orjson.dumps(value).decode()
            for key, value in given.settings.items()
        },
        scope_group=given.scope_group,
        version=given.version,
    )
    return configuration.save(
        workplace,
        choice,
        change,
        saved_by=super_administrator.caller,
        whereabouts=super_administrator.whereabouts,
    )


@ROUTER.post("/test-connection", dependencies=[Depends(needed(Role.SUPER_ADMIN))])
def try_connection(
    workplace: WorkplaceNeeded, choice: ChoiceNeeded, given: ConnectionGiven | None = None
) -> ConnectionTest:
    """Tries every endpoint that a sync reads, and says what is missing, in the words of who grants it."""
    tried = given or ConnectionGiven()
    return configuration.try_connection(
        workplace,
        choice,
        route=tried.route(),
        given=None if tried.credentials is None else tried.credentials.credentials(),
    )


def _meant(where: str, typed: str, *, is_password: bool = False) -> str:
    try:
        return as_meant(typed, is_password=is_password)
    except ValueMistyped as mistyped:
        raise configuration.ConfigurationInvalid(
            f"credentials.{where}",
            f"The {where.replace('_', ' ')} cannot be meant: {mistyped}.",
            "Paste it again, alone.",
        ) from None
