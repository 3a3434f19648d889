"""The two resources: how to reach JAMF and M.O.S.S. Configuration and construction, nothing else.

Their fields are left empty in production: what is missing comes from the environment (`settings.py`) when a run uses
it, so that no secret enters a definition. They do no I/O when a run starts, so that a step's retry policy covers it.
"""

from collections import defaultdict
from functools import cached_property

import dagster as dg
import psycopg
from pydantic import PrivateAttr

from moss_jamf_pipeline.engine.access import JamfAccess, jamf_access
from moss_jamf_pipeline.engine.databases import resolve_databases
from moss_jamf_pipeline.jamf import Acquaintance, ClientLimits, JamfClient
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.credentials import JamfCredentials
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


class MossResource(dg.ConfigurableResource[MossDatabase]):
    """The M.O.S.S. database and the integration that is synced."""

    integration_name: str = ""

    @cached_property
    def database(self) -> MossDatabase:
        """The database of MOSS_DATABASE_URL, or the embedded one; connects when first used."""
        return MossDatabase(resolve_databases(Settings()).moss_url)

    @cached_property
    def run_lock(self) -> RunLock:
        """What shows other runs that this one is alive; held by a run that writes M.O.S.S., from its first step on."""
        return RunLock(self.database)

    def teardown_after_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - Dagster's signature
    ) -> None:
        """Ends the run's lock and its pooled connections, in a process that may live on after it."""
        if "run_lock" in self.__dict__:
            self.run_lock.release()
        if "database" in self.__dict__:
            self.database.dispose()

    @property
    def integration(self) -> IntegrationChoice:
        """Which row of `integration_configs` is synced."""
        chosen = Settings().integration
        return chosen._replace(name=self.integration_name or chosen.name)


class JamfResource(dg.ConfigurableResource[JamfClient]):
    """A JAMF Pro server and the credentials for it."""

    max_in_flight: int = 5
    # The clients of a run follow one another: what one has asked, the next one knows.
    _acquaintances: defaultdict[tuple[str, JamfCredentials], Acquaintance] = PrivateAttr(
        default_factory=lambda: defaultdict(Acquaintance)
    )

    def client(self, integration: Integration, connection: psycopg.Connection | None) -> JamfClient:
        """A client for the integration's server; the environment overrides what M.O.S.S. has saved.

        Args:
            integration: whose server.
            connection: to the M.O.S.S. database, for saved credentials; None if it cannot be asked.

        Raises:
            ConfigurationMissing: no server or no credentials are configured.
            CredentialsUnreadable: credentials are saved in M.O.S.S. and cannot be read.
            JamfAddressInvalid: the server's address cannot be used.
        """
        return self.client_for(jamf_access(Settings(), integration, connection))

    def client_for(self, access: JamfAccess) -> JamfClient:
        """A client for a server with its credentials.

        Raises:
            JamfAddressInvalid: the server's address cannot be used.
        """
        return JamfClient(
            access.base_url,
            access.credentials,
            limits=self.limits,
            acquaintance=self._acquaintances[access.base_url, access.credentials],
        )

    @property
    def limits(self) -> ClientLimits:
        """How hard and how patiently clients work."""
        return ClientLimits(max_in_flight=self.max_in_flight)

    def teardown_after_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - Dagster's signature
    ) -> None:
        """Forgets tokens, in a process that may live on after the run."""
        self._acquaintances.clear()
