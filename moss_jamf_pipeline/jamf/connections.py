"""The two ways to JAMF: a JAMF Pro server itself, and the Jamf Platform gateway in front of one.

The rest of the package knows the paths of a JAMF Pro server (`/api/v4/…`, `/JSSResource/…`) and the names of its
privileges. What the gateway has otherwise is said here, and nowhere else: where a token is asked for, how a path is
spelled, which header says whose data is meant, which endpoints are published, and by which words it refuses.

Both take API credentials that look alike. Those of the one are never sent to the other (`Connection.require_host`).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import ClassVar, Final, Literal
from urllib.parse import urlsplit

import httpx
from typing_extensions import override  # of `typing` from Python 3.12 on

from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.credentials import ClientCredentials, UserCredentials
from moss_jamf_pipeline.jamf.errors import (
    JamfAddressInvalid,
    JamfAnswerInvalid,
    JamfCredentialsRejected,
    JamfEnvironmentRefused,
    JamfError,
    JamfNotFound,
    JamfPageRefused,
    JamfPrivilegeMissing,
)
from moss_jamf_pipeline.jamf.listings import CollectionSource, Listing
from moss_jamf_pipeline.jamf.transport import ApiRequest, is_loopback, usable_base_url
from moss_jamf_pipeline.jamf.version import ServerVersion

LOOPBACK: Final = "loopback"
"""What a JAMF server on this machine is called: the simulator, or a tunnel."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GATEWAYS: Final = ".api.jamfcloud.com"


class ConnectionKind(StrEnum):
    """The ways. The values are what configurations say; never rename one."""

    SERVER = "server"
    PLATFORM = "platform"


class Region(StrEnum):
    """Where the gateway is; tokens and data of one are not known in another."""

    US = "us"
    EU = "eu"
    APAC = "apac"

    @property
    def base_url(self) -> str:
        """The address of its gateway."""
        return f"https://{self.value}{_GATEWAYS}"


class Connection(ABC):
    """A way to JAMF.

    Attributes:
        kind: which.
        name: what answers, in sentences.
        itself: the same where an address is to be that and nothing in front of it.
        client: what a client id and its secret are called there.
        token_paths: where these get a token; a server that has none at the first is asked at the next.
    """

    kind: ClassVar[ConnectionKind]
    name: ClassVar[str]
    itself: ClassVar[str]
    client: ClassVar[str]
    token_paths: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """What every request for data carries besides its token."""

    @abstractmethod
    def spelled(self, path: str) -> str:
        """A path of JAMF Pro's as it is asked for here."""

    @abstractmethod
    def listings(self, source: CollectionSource, version: ServerVersion) -> tuple[Listing, ...]:
        """Where a collection can be read, the best first."""

    @abstractmethod
    def permissions(self, privileges: Sequence[str]) -> tuple[str, ...]:
        """What it takes to do something, by the names that whoever grants it sees.

        Args:
            privileges: the names of JAMF Pro's role editor.
        """

    @abstractmethod
    def granting(self, permissions: Sequence[str]) -> str:
        """Where permissions are granted, as a sentence without its end.

        Args:
            permissions: their names, as of `permissions`.
        """

    @abstractmethod
    def require_host(self, base_url: str) -> None:
        """Ends what would send credentials of this kind to a host of the other.

        Raises:
            JamfAddressInvalid: it is no host of this kind.
        """

    @abstractmethod
    def require_fit(self, kind: type[ClientCredentials | UserCredentials]) -> None:
        """Ends what cannot be, before anything is sent.

        Raises:
            JamfCredentialsRejected: no token is given for credentials of that kind here.
        """

    @abstractmethod
    def identity(self, base_url: str) -> str:
        """Names the JAMF Pro server whose data this is, so that another one is noticed."""

    @abstractmethod
    def told(self, base_url: str) -> str:
        """Where JAMF is asked, in words."""

    @abstractmethod
    def refusal(
        self, request: ApiRequest, answer: Answer, happened: str, privileges: Sequence[str]
    ) -> JamfError | None:
        """What an answer means that says so in words of its own; None: what it usually means.

        Args:
            request: what was asked.
            answer: neither data nor a redirect.
            happened: "… answered 403 (…) to".
            privileges: as of `permissions`.
        """

    @abstractmethod
    def nothing_there(self, base_url: str, error: JamfNotFound) -> JamfError:
        """What to say where not even the version is answered."""

    @property
    @abstractmethod
    def refused_token_remedy(self) -> str:
        """What to do where a fresh token is refused."""

    @property
    @abstractmethod
    def refused_client_remedy(self) -> str:
        """What to do where no token is given to a client."""


@dataclass(frozen=True, slots=True)
class Server(Connection):
    """A JAMF Pro server is asked itself."""

    kind = ConnectionKind.SERVER
    name = "JAMF Pro"
    itself = "the JAMF Pro server itself"
    client = "API client"
    token_paths = ("/api/v1/oauth/token", "/api/oauth/token")

    @property
    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def spelled(self, path: str) -> str:
        """As it is."""
        return path

    def listings(self, source: CollectionSource, version: ServerVersion) -> tuple[Listing, ...]:
        """Those that a server of this version should have, newest first."""
        return source.listings_for(version)

    def permissions(self, privileges: Sequence[str]) -> tuple[str, ...]:
        """The privileges themselves."""
        return tuple(privileges)

    def granting(self, permissions: Sequence[str]) -> str:
        """To a role."""
        return f"In JAMF Pro, give the API role (or the user account) {_quoted(permissions)}"

    def require_host(self, base_url: str) -> None:
        """Any but the gateway's."""
        if _is_gateway(base_url):
            raise JamfAddressInvalid(
                f"{base_url} is Jamf's platform gateway, and no JAMF Pro server: it takes other credentials.",
                "If the gateway is meant, say so: JAMF_CONNECTION=platform, or `moss-jamf credentials set --platform`.",
            )

    def require_fit(self, kind: type[ClientCredentials | UserCredentials]) -> None:
        """Both kinds do."""

    def identity(self, base_url: str) -> str:
        """Its host, and its port unless it is this machine's own."""
        return server_identity(base_url)

    def told(self, base_url: str) -> str:
        """Its address."""
        return base_url

    @override
    def refusal(
        self, request: ApiRequest, answer: Answer, happened: str, privileges: Sequence[str]
    ) -> JamfError | None:
        """JAMF Pro has no words of its own beside the status."""
        return None

    def nothing_there(self, base_url: str, error: JamfNotFound) -> JamfError:
        """No server of JAMF's is there."""
        return JamfAnswerInvalid(
            f"There is no JAMF Pro at {base_url}: {error.happened}", "Check the JAMF base URL."
        )

    @property
    def refused_token_remedy(self) -> str:
        """Its owner, or what is in between."""
        return (
            "See in JAMF Pro whether it is still enabled, and whether a gateway in front of JAMF "
            "strips the Authorization header."
        )

    @property
    def refused_client_remedy(self) -> str:
        """Id, secret, and what invalidates them."""
        return (
            "Check client id and client secret, and that the API client is enabled; adding or "
            "removing a role of a client asks for a new secret."
        )


SERVER: Final = Server()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data is meant, of all that the gateway serves.

    Attributes:
        kind: an environment of Jamf Account, or (as older integrations have it) a tenant.
        id: its id.
    """

    kind: Literal["environment", "tenant"]
    id: str

    @property
    def header(self) -> str:
        """The header that says so."""
        return "X-Environment-Id" if self.kind == "environment" else "X-Tenant-Id"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


_SPELLINGS: Final = (("/api/", "/pro/"), ("/JSSResource/", "/proclassic/"))

_PERMISSIONS: Final[Mapping[str, str]] = {
    "Read Computers": "Inventory > Devices (devices:read)",
    "Read Mobile Devices": "Inventory > Devices (devices:read)",
    "Update Computers": "Inventory > Devices (devices:update)",
    "Update Mobile Devices": "Inventory > Devices (devices:update)",
    "Read Smart Computer Groups": "Inventory > Device groups (device-groups:read)",
    "Read Static Computer Groups": "Inventory > Device groups (device-groups:read)",
    "Read Smart Mobile Device Groups": "Inventory > Device groups (device-groups:read)",
    "Read Static Mobile Device Groups": "Inventory > Device groups (device-groups:read)",
    "Update Static Computer Groups": "Inventory > Device groups (device-groups:update)",
    "Update Static Mobile Device Groups": "Inventory > Device groups (device-groups:update)",
    "Read User": "Users (users:read)",
    "Update User": "Users (users:update)",
    "Read Buildings": "Organizational context > Buildings (buildings:read)",
    "Read Departments": "Organizational context > Departments (departments:read)",
    "Read Sites": "Organizational context > Sites (sites:read)",
    "Read Computer Extension Attributes": "Inventory > Device extension attributes (extension-attributes:read)",
    "Read Mobile Device Extension Attributes": "Inventory > Device extension attributes (extension-attributes:read)",
    "Read Computer Inventory Collection Settings": "Device inventory collection settings "
    "(computer-inventory-collection-settings:read)",
    "Read Patch Management Software Titles": "App lifecycle management > Patch titles "
    "(patch-management-software-titles:read)",
    "Read Patch Policies": "App lifecycle management > Patch policies (patch-policies:read)",
}
"""Section and name as Jamf Account's form of an integration has them, and the permission's own spelling: the published
one. Several privileges of JAMF Pro are one permission there."""

_NOT_ROUTED: Final = b"page not found"
_LONGEST_PLAIN: Final = 200
_SMALLEST_REFUSED_PAGE: Final = 100
"""A page that is not larger than this is not refused for its size."""


@dataclass(frozen=True, slots=True)
class Gateway(Connection):
    """The Jamf Platform gateway: one address per region, for the customers of Jamf Cloud.

    Attributes:
        scope: whose data is meant; None: what belongs to the organisation as a whole, which no inventory does.
        web_url: the JAMF Pro server behind it, as people open it; None: it is not known. By it captures know their
            server, so that one that was read itself can be read through the gateway from now on.
    """

    scope: Scope | None = None
    web_url: str | None = None

    kind = ConnectionKind.PLATFORM
    name = "Jamf's platform gateway"
    itself = "the gateway of your region itself, such as https://eu.api.jamfcloud.com"
    client = "integration"
    token_paths = ("/auth/token",)

    @property
    def headers(self) -> Mapping[str, str]:
        """The one that says whose data is meant."""
        return {} if self.scope is None else {self.scope.header: self.scope.id}

    def spelled(self, path: str) -> str:
        """Without JAMF Pro's `/api`, below the name of the product."""
        for own, spelled in _SPELLINGS:
            if path.startswith(own):
                return spelled + path.removeprefix(own)
        return path

    @override
    def listings(self, source: CollectionSource, version: ServerVersion) -> tuple[Listing, ...]:
        """The newest: it publishes no other, and refuses those as if a permission were missing."""
        return source.listings[:1]

    def permissions(self, privileges: Sequence[str]) -> tuple[str, ...]:
        """Of an integration; what is not known by another name keeps JAMF Pro's."""
        return tuple(dict.fromkeys(_PERMISSIONS.get(name, name) for name in privileges))

    def granting(self, permissions: Sequence[str]) -> str:
        """To an integration, in another console than JAMF Pro's."""
        return f"In Jamf Account, give the integration {_quoted(permissions)}"

    def require_host(self, base_url: str) -> None:
        """A region's, or one on this machine: a simulator, or a tunnel."""
        url = usable_base_url(base_url)
        if not _is_gateway(base_url) and not is_loopback(url.host):
            raise JamfAddressInvalid(
                f"{base_url} is not Jamf's platform gateway: the integration's credentials are not sent there.",
                "Name the gateway of your region, such as https://eu.api.jamfcloud.com; or, if a JAMF Pro server is "
                "to be asked itself, set the connection to server.",
            )
        if url.path.strip("/"):
            raise JamfAddressInvalid(
                f"{base_url} has a path, and Jamf's platform gateway begins at the root of its host.",
                f"Leave out {url.path}.",
            )

    def require_fit(self, kind: type[ClientCredentials | UserCredentials]) -> None:
        """An integration's do; a user account's do not."""
        if issubclass(kind, UserCredentials):
            raise JamfCredentialsRejected(
                "Jamf's platform gateway takes no user names and passwords; nothing was sent.",
                "Create an integration in Jamf Account, and use its client id and client secret.",
            )

    def identity(self, base_url: str) -> str:
        """The JAMF Pro server's own, if that is known; else by the environment, as one host serves them all."""
        host = server_identity(base_url)
        if host == LOOPBACK:
            return LOOPBACK
        if self.web_url is not None:
            return server_identity(self.web_url)
        return host if self.scope is None else f"{host}/{self.scope.kind}/{self.scope.id}"

    def told(self, base_url: str) -> str:
        """Its address, and whose data is meant."""
        meant = "no environment" if self.scope is None else str(self.scope)
        return f"{base_url} (platform gateway, {meant})"

    def refusal(
        self, request: ApiRequest, answer: Answer, happened: str, privileges: Sequence[str]
    ) -> JamfError | None:
        """The gateway says by codes what JAMF Pro never says."""
        size = _page_size(request)
        if {"REQUEST_CONTEXT_NOT_PROVIDED", "OWNERSHIP_FORBIDDEN"} & answer.error_codes:
            return self._not_the_scope(request, answer, happened)
        if answer.status == HTTPStatus.FORBIDDEN:
            return self._not_permitted(request, answer, happened, privileges)
        if answer.status == HTTPStatus.NOT_FOUND and _NOT_ROUTED in answer.body[:_LONGEST_PLAIN]:
            return JamfAnswerInvalid(
                f"{happened} {request}: the gateway leads that path nowhere.",
                f"Check that the base URL is {self.itself}, and that the integration is for a JAMF Pro.",
            )
        if answer.status == HTTPStatus.BAD_REQUEST and size > _SMALLEST_REFUSED_PAGE:
            return JamfPageRefused(
                f"{happened} {request}.",
                "Smaller pages are tried by themselves; report it if they are refused too.",
                seen=f"answered 400 to a page of {size} records",
            )
        return None

    def _not_the_scope(
        self, request: ApiRequest, answer: Answer, happened: str
    ) -> JamfEnvironmentRefused:
        if "OWNERSHIP_FORBIDDEN" in answer.error_codes:
            return JamfEnvironmentRefused(
                f"{happened} {request}: the integration is not for {self.scope or 'the whole organisation'}.",
                "See in Jamf Account what the integration is for: an environment's id goes as environment id, a "
                "tenant's as tenant id, and neither is taken for the other.",
            )
        return JamfEnvironmentRefused(
            f"{happened} {request}: it is not told which environment is meant.",
            "Name the integration's environment (JAMF_ENVIRONMENT_ID, or `moss-jamf credentials set "
            "--environment-id`); an older integration's tenant instead.",
        )

    def _not_permitted(
        self, request: ApiRequest, answer: Answer, happened: str, privileges: Sequence[str]
    ) -> JamfError:
        if answer.is_html:
            return JamfAnswerInvalid(
                f"{happened} {request}, before the gateway looked at it.",
                "What stands in front of Jamf's gateway stopped the request; no permission is missing. Run again, and "
                "report it to Jamf if it stays so.",
                is_transient=True,
            )
        permissions = self.permissions(privileges)
        granting = (
            self.granting(permissions)
            if permissions
            else "In Jamf Account, review the permissions of the integration"
        )
        return JamfPrivilegeMissing(
            f"{happened} {request}.",
            endpoint=request.path,
            privileges=permissions,
            remedy=f"{granting}. The gateway says the same of an endpoint that it does not publish: if the permission "
            "is there, report it.",
        )

    def nothing_there(self, base_url: str, error: JamfNotFound) -> JamfError:
        """The gateway is there, and what is meant is not."""
        return JamfEnvironmentRefused(
            f"Jamf's platform gateway at {base_url} does not know the {self.scope or 'organisation'}: "
            f"{error.happened}",
            "Check the id in Jamf Account, and the region: an environment is known in its own region only.",
        )

    @property
    def refused_token_remedy(self) -> str:
        """The gateway says the same of a token that is none and of a product that is not granted."""
        return (
            "See in Jamf Account whether the integration is still there and covers JAMF Pro, and whether the base URL "
            "is of its region: a token of one region is none in another."
        )

    @property
    def refused_client_remedy(self) -> str:
        """Id, secret, region, and their end."""
        return (
            "Check client id, client secret and region. An integration's credentials end after six months: make new "
            "ones in Jamf Account and save them with `moss-jamf credentials set`."
        )


def scope_of(environment_id: str | None, tenant_id: str | None) -> Scope | None:
    """Whose data is meant.

    Args:
        environment_id: of an environment of Jamf Account.
        tenant_id: of a tenant.

    Raises:
        ValueError: both are given, or one is no id.
    """
    if environment_id and tenant_id:
        raise ValueError("an environment id and a tenant id are given, and the gateway takes one")
    for kind, given in (("environment", environment_id), ("tenant", tenant_id)):
        if given:
            written = given.strip().lower()
            if _UUID.fullmatch(written) is None:
                raise ValueError(
                    f"{given.strip()[:80]!r} is no {kind} id: Jamf Account shows one such as "
                    "2f0cf3b6-71ab-4a3e-9f0e-7b2a64d1c908"
                )
            return Scope("environment" if kind == "environment" else "tenant", written)
    return None


def server_identity(base_url: str) -> str:
    """Names a JAMF server so that another one is noticed: its host, and its port unless it is this machine's own.

    A server on the loopback is the simulator or a tunnel, whose port changes from run to run.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in {"localhost", "127.0.0.1", "::1"}:
        return LOOPBACK
    return host if parts.port in {None, 443} else f"{host}:{parts.port}"


def _is_gateway(base_url: str) -> bool:
    try:
        host = httpx.URL(base_url.strip()).host.lower().rstrip(".")
    except httpx.InvalidURL:
        return False
    return host.endswith(_GATEWAYS)


def _page_size(request: ApiRequest) -> int:
    """The records that a page was to hold; 0 where a filter may be what is refused, or nothing is paged."""
    parameters = dict(request.parameters)
    size = parameters.get("page-size", "")
    return int(size) if size.isdecimal() and "filter" not in parameters else 0


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
