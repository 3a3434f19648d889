"""How JAMF is to be reached, as somebody says it: checked, and completed by what is saved, before it is used."""

from dataclasses import dataclass, replace

from moss_jamf_pipeline.jamf.connections import (
    SERVER,
    Connection,
    ConnectionKind,
    Gateway,
    Scope,
    scope_of,
)
from moss_jamf_pipeline.jamf.errors import JamfError
from moss_jamf_pipeline.jamf.transport import usable_base_url
from moss_jamf_pipeline.moss.integration.routes import Route
from moss_jamf_pipeline.services.explanations import ProblemFound


class RouteInvalid(ProblemFound):
    """What was said of the way to JAMF cannot be used.

    Attributes:
        where: the name of what is wrong.
    """

    def __init__(self, where: str, message: str, remedy: str) -> None:
        self.where = where
        super().__init__(message, remedy)


@dataclass(frozen=True, slots=True)
class RouteGiven:
    """What somebody says of the way to JAMF; None: nothing, it stays as it is.

    Attributes:
        kind: a JAMF Pro server, or the platform gateway.
        base_url: its address.
        environment_id: whose data is meant, of the gateway; empty: no environment's.
        tenant_id: the same for an older integration.
        web_url: where people open JAMF Pro; empty: where it is asked.
    """

    kind: ConnectionKind | None = None
    base_url: str | None = None
    environment_id: str | None = None
    tenant_id: str | None = None
    web_url: str | None = None

    def onto(self, saved: Route) -> Route:
        """The way to JAMF that follows.

        Args:
            saved: the one that was there.

        Raises:
            RouteInvalid: a part of it cannot be used.
        """
        kind = self.kind or saved.connection.kind
        is_same_kind = kind is saved.connection.kind
        web_url = saved.web_url if self.web_url is None else self.web_url.strip() or None
        if web_url is not None:
            web_url = _usable("web_url", web_url)
            _require("web_url", SERVER, web_url)
        connection: Connection = SERVER
        if kind is ConnectionKind.PLATFORM:
            connection = Gateway(self._scope(saved), web_url)
        elif self.environment_id or self.tenant_id:
            raise RouteInvalid(
                "environment_id" if self.environment_id else "tenant_id",
                "A JAMF Pro server that is asked itself has no environment or tenant.",
                "Leave it out, or choose the platform gateway.",
            )
        address = self.base_url or (saved.base_url if is_same_kind else None)
        if address is not None:
            address = _usable("base_url", address)
            _require("base_url", connection, address)
        elif not is_same_kind:
            raise RouteInvalid(
                "base_url",
                f"It is not known where {connection.name} is.",
                f"Give the address of {connection.itself}.",
            )
        return replace(saved, base_url=address, connection=connection, web_url=web_url)

    def _scope(self, saved: Route) -> Scope | None:
        given = (self.environment_id, self.tenant_id)
        if given == (None, None):
            scope = saved.connection.scope if isinstance(saved.connection, Gateway) else None
        else:
            try:
                scope = scope_of(*given)
            except ValueError as error:
                raise RouteInvalid(
                    "environment_id" if self.environment_id else "tenant_id",
                    f"The id cannot be used: {error}.",
                    "Copy it from Jamf Account.",
                ) from None
        if scope is None:
            raise RouteInvalid(
                "environment_id",
                "Jamf's platform gateway has to be told which environment is meant.",
                "Give the environment id of the integration (an older integration's tenant id instead).",
            )
        return scope


def _usable(where: str, address: str) -> str:
    try:
        return str(usable_base_url(address)).rstrip("/")
    except JamfError as error:
        raise RouteInvalid(where, error.happened, error.remedy or "Correct the address.") from None


def _require(where: str, connection: Connection, address: str) -> None:
    try:
        connection.require_host(address)
    except JamfError as error:
        raise RouteInvalid(where, error.happened, error.remedy) from None
