"""Which JAMF server is read, and with which credentials: what the environment and M.O.S.S. say together.

The environment overrides what is saved with the only integration; with several, only what is saved counts. Decrypting
is `moss.credentials`; asking JAMF is `jamf`.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

import psycopg

from moss_jamf_pipeline.catalogue.collections import STANDARD_COLLECTIONS, CollectionName
from moss_jamf_pipeline.jamf import (
    Acquaintance,
    ClientCredentials,
    ClientLimits,
    JamfClient,
    JamfFailing,
    UserCredentials,
)
from moss_jamf_pipeline.jamf.connections import (
    LOOPBACK,
    SERVER,
    Connection,
    ConnectionKind,
    Gateway,
    scope_of,
    server_identity,
)
from moss_jamf_pipeline.jamf.limits import DEFAULT_LIMITS
from moss_jamf_pipeline.jamf.network import Network
from moss_jamf_pipeline.jamf.transport import is_loopback, usable_base_url
from moss_jamf_pipeline.moss.integration.credentials import (
    GivenKeys,
    JamfCredentials,
    read_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.integration.routes import Route
from moss_jamf_pipeline.scrubbing import remember_secret
from moss_jamf_pipeline.settings import Settings, words_about_dotenv

CredentialsKind = Literal["API client", "integration", "user account"]
AccessKey = tuple[str, Connection, JamfCredentials]

_CLIENT_VARIABLES = ("JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET")
_USER_VARIABLES = ("JAMF_USERNAME", "JAMF_PASSWORD")


class ConfigurationMissing(Exception):
    """A setting that a run needs is not there.

    Attributes:
        remedy: what to set.
    """

    def __init__(self, what_is_missing: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(f"{what_is_missing} {remedy}")


@dataclass(frozen=True, slots=True)
class JamfAccess:
    """How JAMF is reached.

    Attributes:
        base_url: the server, or the gateway.
        credentials: for it.
        source: where the credentials come from, in words that carry no value.
        network: the way there.
        collections: what a sync reads with them.
        connection: which of the two it is.
        reads_attributes: whether a sync reads extension attributes as well.
    """

    base_url: str
    credentials: JamfCredentials
    source: str
    network: Network
    collections: tuple[CollectionName, ...] = STANDARD_COLLECTIONS
    connection: Connection = SERVER
    reads_attributes: bool = False

    @property
    def key(self) -> "AccessKey":
        """What makes it another access: clients of one key know the same."""
        return self.base_url, self.connection, self.credentials

    @property
    def told(self) -> str:
        """Where JAMF is asked, in words."""
        return self.connection.told(self.base_url)

    @property
    def kind(self) -> CredentialsKind:
        """What the credentials are."""
        if isinstance(self.credentials, UserCredentials):
            return "user account"
        return "API client" if self.connection.kind is ConnectionKind.SERVER else "integration"

    def client(
        self, limits: ClientLimits = DEFAULT_LIMITS, acquaintance: Acquaintance | None = None
    ) -> JamfClient:
        """A client of the server.

        Args:
            limits: how hard and how patiently it works.
            acquaintance: what earlier clients have learned.

        Raises:
            JamfAddressInvalid: the base URL cannot be used.
            JamfAuthoritiesUnusable: SSL_CERT_FILE names nothing that can be used.
        """
        return JamfClient(
            self.base_url,
            self.credentials,
            connection=self.connection,
            limits=limits,
            acquaintance=acquaintance,
            network=self.network,
        )


def given_keys(settings: Settings) -> GivenKeys:
    """The keys of the environment for credentials that are saved in M.O.S.S."""
    return GivenKeys(settings.encryption_key, settings.integration_encryption_key)


def given_credentials(settings: Settings) -> tuple[JamfCredentials, str] | None:
    """The credentials of the environment and the variables they stand in; None if it has none.

    Raises:
        ConfigurationMissing: one variable of a pair is set and the other is not.
    """
    client_id, client_secret = settings.jamf_client_id, settings.jamf_client_secret
    if client_id and client_secret:
        return ClientCredentials(client_id, client_secret), " and ".join(_CLIENT_VARIABLES)
    username, password = settings.jamf_username, settings.jamf_password
    if username and password:
        return UserCredentials(username, password), " and ".join(_USER_VARIABLES)
    for names, pair in (
        (_CLIENT_VARIABLES, (client_id, client_secret)),
        (_USER_VARIABLES, (username, password)),
    ):
        if any(pair):
            # Falling back to what is saved would use other credentials than the ones somebody began to set.
            present, absent = names if pair[0] else reversed(names)
            raise ConfigurationMissing(
                f"{present} is set and {absent} is not.", f"Set {absent}, or unset {present}."
            )
    return None


def jamf_access(
    settings: Settings, integration: Integration, reader: psycopg.Connection | None
) -> JamfAccess:
    """Finds the server and the credentials for it.

    Args:
        settings: the environment, which overrides what is saved.
        integration: the row in M.O.S.S.
        reader: a connection to the M.O.S.S. database; None if it cannot be asked, then only the environment counts.

    Raises:
        ConfigurationMissing: no server or no credentials are configured, or the credentials are for another server, or
            another kind of one, than the configured one; or a real server would be synced into the embedded database
            unasked.
        CredentialsUnreadable: credentials are saved and cannot be read.
        SettingsContradictory: the environment has JAMF_* variables and does not say whose they are.
        JamfAddressInvalid: JAMF_BASE_URL or the saved address cannot be compared, being none, or is of the other kind.
        JamfCredentialsRejected: a user account's are configured for the gateway.
    """
    settings.require_own_jamf_variables()
    base_url, connection = _way(settings, integration.route)
    require_meant_database(settings, base_url)
    if not base_url:
        raise ConfigurationMissing(
            f"No JAMF Pro server is configured for the integration {integration.name!r}.",
            "Set JAMF_BASE_URL, e.g. https://example.jamfcloud.com, or save it in M.O.S.S.: "
            "`moss-jamf credentials set --base-url`.",
        )
    usable_base_url(base_url)
    read = integration.settings.read_collections
    connection.require_host(base_url)
    given = given_credentials(settings)
    if given is not None:
        credentials, variables = given
        _require_meant_connection(settings, connection, variables)
        source = (
            "of the simulator that `moss-jamf up` serves"
            if settings.is_simulated_by_up
            else f"environment ({variables})"
        )
    else:
        saved = read_credentials(reader, integration, given_keys(settings)) if reader else None
        if saved is None:
            raise ConfigurationMissing(
                f"No credentials for JAMF Pro are configured for the integration {integration.name!r}.",
                "Set JAMF_CLIENT_ID and JAMF_CLIENT_SECRET of an API client (or, on a server older than 10.49, "
                "JAMF_USERNAME and JAMF_PASSWORD), or save them in M.O.S.S.: `moss-jamf credentials set`.",
            )
        _refuse_other_server(settings, base_url, connection, integration)
        credentials, source = saved.credentials, f"saved in M.O.S.S. ({saved.protection})"
    connection.require_fit(type(credentials))
    return JamfAccess(
        base_url,
        credentials,
        source,
        network_to(base_url, settings),
        read,
        connection,
        integration.settings.reads_attributes,
    )


def route_given(settings: Settings) -> tuple[str | None, Connection]:
    """What the environment alone says: where JAMF is asked (None: nothing), and whether that is a server.

    Raises:
        ConfigurationMissing: it does not fit together.
    """
    return _way(settings, Route())


def _way(settings: Settings, saved: Route) -> tuple[str | None, Connection]:
    """Where JAMF is asked, and whether that is a JAMF Pro server or the gateway; None: nobody said where.

    Raises:
        ConfigurationMissing: what is said does not fit together, or the gateway is not told whose data is meant.
    """
    ids = (settings.jamf_environment_id, settings.jamf_tenant_id)
    # Who names another address means a JAMF Pro server, unless it is said otherwise.
    means_server = settings.jamf_connection == "server" or (
        settings.jamf_connection is None and settings.jamf_base_url is not None
    )
    is_platform = settings.jamf_connection == "platform" or (
        not means_server and saved.connection.kind is ConnectionKind.PLATFORM
    )
    kind = ConnectionKind.PLATFORM if is_platform else ConnectionKind.SERVER
    own = saved.base_url if saved.connection.kind is kind else None
    base_url = settings.jamf_base_url or own
    if kind is ConnectionKind.SERVER:
        if any(ids):
            raise ConfigurationMissing(
                "JAMF_ENVIRONMENT_ID or JAMF_TENANT_ID is set, and a JAMF Pro server is to be asked itself.",
                "Set JAMF_CONNECTION=platform if the platform gateway is meant; else unset them.",
            )
        return base_url, SERVER
    if base_url is None:
        raise ConfigurationMissing(
            "It is not known which of Jamf's platform gateways is meant.",
            "Set JAMF_BASE_URL to that of your region, such as https://eu.api.jamfcloud.com.",
        )
    return base_url, _gateway(settings, saved, ids)


def _gateway(settings: Settings, saved: Route, ids: tuple[str | None, str | None]) -> Gateway:
    try:
        scope = scope_of(*ids)
    except ValueError as error:
        raise ConfigurationMissing(
            f"JAMF_ENVIRONMENT_ID and JAMF_TENANT_ID cannot be used: {error}.", "Correct them."
        ) from None
    if scope is None and isinstance(saved.connection, Gateway):
        scope = saved.connection.scope
    if scope is None:
        raise ConfigurationMissing(
            "Jamf's platform gateway is to be asked, and it is not said for which environment.",
            "Set JAMF_ENVIRONMENT_ID, or save it in M.O.S.S.: `moss-jamf credentials set --environment-id`. An older "
            "integration has a tenant's id instead.",
        )
    return Gateway(scope, settings.jamf_web_url or saved.web_url)


def _require_meant_connection(settings: Settings, connection: Connection, variables: str) -> None:
    """Credentials of the environment are for what it says, and for a JAMF Pro server if it says nothing.

    Raises:
        ConfigurationMissing: they would be sent to the other kind.
    """
    if connection.kind is ConnectionKind.PLATFORM and settings.jamf_connection is None:
        raise ConfigurationMissing(
            f"{variables} are set, and M.O.S.S. says that JAMF is reached through the platform gateway: it is not said "
            "that they are an integration's, and they are not sent there.",
            f"Set JAMF_CONNECTION=platform if they are; else unset {variables}.",
        )


def network_to(base_url: str, settings: Settings) -> Network:
    """The way to a server as the environment says: authorities for every host, a proxy for other machines.

    Args:
        base_url: the server.
        settings: the environment.

    Raises:
        JamfAddressInvalid: the base URL cannot be used.
    """
    return way_to(usable_base_url(base_url).host, settings)


def way_to(host: str, settings: Settings) -> Network:
    """The way to a host, JAMF's or any other, as the environment says."""
    return Network(settings.ssl_cert_file or settings.ssl_cert_dir, _proxy_to(host, settings))


def _proxy_to(host: str, settings: Settings) -> str | None:
    given = settings.https_proxy or settings.all_proxy
    # Systems have settings of their own, which the standard library knows.
    proxies = getproxies()
    url = given.get_secret_value() if given else proxies.get("https") or proxies.get("all")
    excepted = settings.no_proxy or proxies.get("no", "")
    if not url or is_loopback(host) or _is_named(host, excepted):
        return None
    remember_secret(urlsplit(url).password or "")
    return url if "://" in url else f"http://{url}"


def require_meant_database(settings: Settings, base_url: str | None) -> None:
    """Ends what would bring a real JAMF's people and devices into the embedded database unless that was said aloud.

    Args:
        settings: the environment.
        base_url: the JAMF server; None: not known.

    Raises:
        ConfigurationMissing: it is not on this machine, and neither is a database named nor the embedded one meant.
    """
    if base_url is None or settings.moss_database_url is not None or settings.embedded_is_meant:
        return
    server = server_identity(base_url)
    if server != LOOPBACK:
        raise ConfigurationMissing(
            f"The JAMF Pro server {server} is not on this machine, and MOSS_DATABASE_URL is not set: its people and "
            f"devices would go into an embedded PostgreSQL in {settings.state_directory.absolute()}.",
            f"Set MOSS_DATABASE_URL. {words_about_dotenv()} If the embedded one is meant, say so: --embedded, or "
            "MOSS_JAMF_EMBEDDED=true.".replace("  ", " "),
        )


def _refuse_other_server(
    settings: Settings, base_url: str, connection: Connection, integration: Integration
) -> None:
    """Credentials that were saved for one server are not sent to another, nor those of one kind to the other."""
    if settings.jamf_base_url is None and settings.jamf_connection is None:
        return
    saved = integration.route
    if saved.base_url is None:
        raise ConfigurationMissing(
            f"Credentials are saved for the integration {integration.name!r}, but not the server they are for; "
            f"they are not sent to {base_url} (JAMF_BASE_URL).",
            "Save both with `moss-jamf credentials set --base-url`, or set credentials in the environment.",
        )
    usable_base_url(saved.base_url)
    if (
        server_identity(base_url) != server_identity(saved.base_url)
        or connection.kind is not saved.connection.kind
    ):
        raise ConfigurationMissing(
            f"The credentials saved for the integration {integration.name!r} are for "
            f"{saved.connection.told(saved.base_url)}; they are not sent to {connection.told(base_url)} "
            f"({'JAMF_BASE_URL' if settings.jamf_base_url else 'JAMF_CONNECTION'}).",
            "Unset JAMF_BASE_URL, or set the credentials for that server in the environment too, or save both with "
            "`moss-jamf credentials set --base-url`.",
        )


def _is_named(host: str, no_proxy: str) -> bool:
    """Whether a list of hosts and domains, as NO_PROXY has it, names a host."""
    for name in (each.strip().lstrip(".").lower() for each in no_proxy.split(",")):
        if name == "*" or host.lower() == name or (name and host.lower().endswith(f".{name}")):
            return True
    return False


class JamfClients:
    """Makes the clients of a run, which follow one another: what one has asked, the next one knows.

    So it is with a server that fails: what one has met, the others do not ask for.
    """

    def __init__(self, limits: ClientLimits | None = None) -> None:
        """Takes how hard and how patiently the clients work."""
        self._limits = limits or ClientLimits()
        self._acquaintances: defaultdict[AccessKey, Acquaintance] = defaultdict(Acquaintance)
        self._failure: tuple[int, JamfFailing] | None = None

    @contextmanager
    def attempt(self, number: int) -> Iterator[None]:
        """Surrounds what a step of the run asks. Once JAMF has failed one, the others of that attempt fail unasked.

        Several captures that each go on asking a server that answers 500 to all would be a hundred requests; so one
        asks, and asks again when all of them are tried again.

        Args:
            number: which attempt of the step it is, from 0.

        Raises:
            JamfFailing: as a step met it in this attempt.
        """
        if self._failure is not None and number <= self._failure[0]:
            raise self._failure[1]
        try:
            yield
        except JamfFailing as failure:
            self._failure = (number, failure)
            raise

    def client(
        self, settings: Settings, integration: Integration, connection: psycopg.Connection | None
    ) -> JamfClient:
        """A client for the integration's server; arguments and errors as of `jamf_access`."""
        access = jamf_access(settings, integration, connection)
        return access.client(self._limits, self._acquaintances[access.key])

    def forget(self) -> None:
        """Forgets tokens and failures."""
        self._acquaintances.clear()
        self._failure = None
