"""The way to JAMF as M.O.S.S. keeps it with an integration: `integration_configs.config`, which is not secret.

Which way is taken is decided where the environment is known too (`engine.access`); what the ways are is
`jamf.connections`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from moss_jamf_pipeline.jamf.connections import (
    SERVER,
    Connection,
    ConnectionKind,
    Gateway,
    scope_of,
)
from moss_jamf_pipeline.moss.statements import execute
from moss_jamf_pipeline.moss.text import unescaped
from moss_jamf_pipeline.scrubbing import remember_address


def _plain(value: object) -> object:
    """A text as somebody typed it; M.O.S.S.'s pages escape what they save. An empty one is none."""
    return (unescaped(value).strip() or None) if isinstance(value, str) else value


def _address(value: object) -> object:
    plain = _plain(value)
    if not isinstance(plain, str):
        return None
    address = plain.rstrip("/")
    remember_address(address)
    return address or None


def _kind(value: object) -> object:
    plain = _plain(value)
    return ConnectionKind.SERVER if plain is None else str(plain).lower()


_Plain = Annotated[str | None, BeforeValidator(_plain)]
_Address = Annotated[str | None, BeforeValidator(_address)]
_Day = Annotated[date | None, BeforeValidator(_plain)]


class _Kept(BaseModel):
    """The keys of `config` that are ours; M.O.S.S. may keep others there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    connection: Annotated[ConnectionKind, BeforeValidator(_kind)] = ConnectionKind.SERVER
    base_url: _Address = None
    environment_id: _Plain = None
    tenant_id: _Plain = None
    web_url: _Address = None
    credentials_expire_on: _Day = None

    @model_validator(mode="after")
    def _has_one_scope(self) -> "_Kept":
        if self.connection is ConnectionKind.PLATFORM:
            scope_of(self.environment_id, self.tenant_id)
        return self


_KEYS: Final = tuple(_Kept.model_fields)


@dataclass(frozen=True, slots=True)
class Route:
    """The way to JAMF.

    Attributes:
        base_url: the JAMF Pro server or the gateway, without a trailing slash; None: none is known.
        connection: which of the two.
        web_url: where people open JAMF Pro, if that is not `base_url`.
        credentials_expire_on: when the saved credentials end, if that was said when they were saved.
    """

    base_url: str | None = None
    connection: Connection = SERVER
    web_url: str | None = None
    credentials_expire_on: date | None = None

    @property
    def pages(self) -> str | None:
        """Where people open JAMF Pro; None: nobody said, and the gateway has no pages."""
        return self.web_url or (self.base_url if self.connection is SERVER else None)


def read_route(config: object) -> Route:
    """Reads the way to JAMF.

    Args:
        config: what M.O.S.S. has as the integration's configuration.

    Raises:
        ValidationError: a value in it cannot be used.
    """
    kept = _Kept.model_validate(config if isinstance(config, dict) else {})
    connection: Connection = SERVER
    if kept.connection is ConnectionKind.PLATFORM:
        connection = Gateway(scope_of(kept.environment_id, kept.tenant_id), kept.web_url)
    return Route(
        kept.base_url,
        connection,
        kept.web_url,
        kept.credentials_expire_on,
    )


def save_route(connection: psycopg.Connection, integration_id: UUID, route: Route) -> None:
    """Saves with an integration how its JAMF is reached, in plain text; the rest of its configuration stays."""
    execute(
        connection,
        "credentials/save_route",
        {
            "integration_id": integration_id,
            "keys": list(_KEYS),
            "route": Jsonb(_document_of(route)),
        },
    )


def _document_of(route: Route) -> dict[str, Any]:
    scope = route.connection.scope if isinstance(route.connection, Gateway) else None
    expire_on = route.credentials_expire_on
    said = {
        # A row that says nothing means a JAMF Pro server, as M.O.S.S. writes it.
        "connection": None if route.connection is SERVER else route.connection.kind.value,
        "base_url": route.base_url,
        "environment_id": scope.id if scope and scope.kind == "environment" else None,
        "tenant_id": scope.id if scope and scope.kind == "tenant" else None,
        "web_url": route.web_url,
        "credentials_expire_on": None if expire_on is None else expire_on.isoformat(),
    }
    return {name: value for name, value in said.items() if value is not None}
