"""Every setting of the simulator, its default and its meaning."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, field_validator

from moss_jamf_pipeline.simulator.fleet import DEFAULT_NOW
from moss_jamf_pipeline.simulator.versions import JamfVersion

READ_PRIVILEGES: frozenset[str] = frozenset(
    {
        "Read Computers",
        "Read Mobile Devices",
        "Read Smart Computer Groups",
        "Read Static Computer Groups",
        "Read User",
        "Read Buildings",
        "Read Departments",
        "Read Sites",
        "Read Computer Extension Attributes",
    }
)
"""What a read-only sync needs, by the names of JAMF's API role editor."""


class ApiClient(BaseModel):
    """An API client (OAuth client credentials) of the simulated server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str
    client_secret: SecretStr
    privileges: frozenset[str] = READ_PRIVILEGES
    role_ids: tuple[int, ...] = Field(
        default=(1,), description="What `scope` of a token request may name, as `api-role:<id>`."
    )


PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "devices:read": frozenset({"Read Computers", "Read Mobile Devices"}),
    "device-groups:read": frozenset({"Read Smart Computer Groups", "Read Static Computer Groups"}),
    "users:read": frozenset({"Read User"}),
    "buildings:read": frozenset({"Read Buildings"}),
    "departments:read": frozenset({"Read Departments"}),
    "sites:read": frozenset({"Read Sites"}),
    "extension-attributes:read": frozenset({"Read Computer Extension Attributes"}),
}
"""Permissions of an integration, and the privileges of JAMF Pro that each stands for."""


class GatewayConfig(BaseModel):
    """The integration that the simulated gateway knows, by the id and secret of the server's API client."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Literal["environment", "tenant"] = Field(
        default="environment", description="What the integration is for."
    )
    scope_id: str = Field(
        default="5b1c9a70-63d4-4f7b-8a52-0f6e1d2c3b4a", description="The id of that."
    )
    permissions: frozenset[str] = Field(
        default=frozenset(PERMISSIONS), description="What the integration may do."
    )
    token_lifetime_seconds: int = Field(default=900, gt=0, description="Of its tokens.")
    largest_page: int | None = Field(
        default=None, ge=1, description="Larger pages are refused with 400; none are by default."
    )

    @property
    def privileges(self) -> frozenset[str]:
        """The same permissions as JAMF Pro's privileges."""
        return frozenset().union(*(PERMISSIONS.get(name, ()) for name in self.permissions))


class SimulatorConfig(BaseModel):
    """What the simulated server is like. The defaults make a small fleet on a current JAMF Pro."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=0, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    certificate: FilePath | None = Field(
        default=None,
        description="Key and certificate (PEM): it serves https, as many clients want.",
    )
    computers: int = Field(default=1000, ge=0, description="Computer records to generate.")
    users: int | None = Field(
        default=None, ge=0, description="User records; by default 4 per 5 computers."
    )
    groups: int = Field(default=50, ge=0, description="Computer groups.")
    mobile_devices: int = Field(default=0, ge=0, description="Mobile device records.")
    seed: int = Field(default=1, description="Names the fleet: one seed is one fleet.")
    oddities: float = Field(
        default=1.0,
        ge=0,
        description="Rate of odd data relative to the usual one; 0 gives a clean fleet.",
    )
    hard_cases: bool = Field(
        default=False,
        description="Whether one of each hard case of who is who is among the computers.",
    )
    further_attributes: int = Field(
        default=0,
        ge=0,
        description="Extension attributes of GENERAL, HARDWARE and OPERATING_SYSTEM each, besides the usual ones.",
    )
    now: datetime = Field(
        default=DEFAULT_NOW,
        description="The fleet's present, to which contact times refer; fixed unless it is given.",
    )
    version: str = Field(
        default="11.30.1", description="The JAMF Pro release; endpoints that it lacks answer 404."
    )
    client_id: str = Field(default="simulated-client", description="Id of the server's API client.")
    client_secret: SecretStr = Field(default=SecretStr("simulated-client-secret"))
    username: str = Field(
        default="simulated-account", description="A user account for basic authentication."
    )
    password: SecretStr = Field(default=SecretStr("simulated-account-password"))
    privileges: frozenset[str] = Field(
        default=READ_PRIVILEGES, description="What the API client and the account may do."
    )
    additional_clients: tuple[ApiClient, ...] = Field(
        default=(), description="Further API clients, e.g. one that lacks a privilege."
    )
    token_lifetime_seconds: int = Field(
        default=1200,
        gt=0,
        description="Lifetime of API client tokens; JAMF's own is set per client.",
    )
    account_token_lifetime_seconds: int = Field(
        default=1200, gt=0, description="Lifetime of tokens of user accounts."
    )
    invalid_client_status: Literal[400, 401] = Field(
        default=400,
        description="Status for a wrong client id or secret: 400 is documented, 401 was observed.",
    )

    gateway: GatewayConfig | None = Field(
        default=None,
        description="Served as the Jamf Platform gateway shows it, and not otherwise; none by default.",
    )

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, version: str) -> str:
        JamfVersion.parse(version)
        return version

    @property
    def release(self) -> JamfVersion:
        """The JAMF Pro release as a comparable value."""
        return JamfVersion.parse(self.version)

    @property
    def clients(self) -> dict[str, ApiClient]:
        """All API clients by their id."""
        own = ApiClient(
            client_id=self.client_id, client_secret=self.client_secret, privileges=self.privileges
        )
        return {client.client_id: client for client in (own, *self.additional_clients)}
