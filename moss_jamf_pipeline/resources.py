"""The two resources: how to reach JAMF and M.O.S.S. Configuration and construction, nothing else.

Their fields are left empty in production: what is missing comes from the environment (`settings.py`) when a run uses
it, so that no secret enters a definition. They do no I/O when a run starts, so that a step's retry policy covers it.
"""

from functools import cached_property

import dagster as dg

from moss_jamf_pipeline.databases import resolve_databases
from moss_jamf_pipeline.failures import ConfigurationMissing
from moss_jamf_pipeline.jamf import ClientCredentials, ClientLimits, JamfClient, UserCredentials
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.settings import Settings


class MossResource(dg.ConfigurableResource[MossDatabase]):
    """The M.O.S.S. database and the integration that is synced."""

    integration_name: str = ""

    @cached_property
    def database(self) -> MossDatabase:
        """The database of MOSS_DATABASE_URL, or the embedded one; connects when first used."""
        return MossDatabase(resolve_databases(Settings()).moss_url)

    def teardown_after_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - Dagster's signature
    ) -> None:
        """Closes the pooled connections of a run, in a process that may live on after it."""
        if "database" in self.__dict__:
            self.database.dispose()

    @property
    def integration(self) -> str:
        """The name of the `integration_configs` row."""
        return self.integration_name or Settings().integration_name


class JamfResource(dg.ConfigurableResource[JamfClient]):
    """A JAMF Pro server and the credentials for it."""

    max_in_flight: int = 5

    def client(self, integration: Integration) -> JamfClient:
        """A client for the integration's server; the environment overrides what M.O.S.S. has saved.

        Raises:
            ConfigurationMissing: no server or no credentials are configured.
        """
        settings = Settings()
        base_url = settings.jamf_base_url or integration.base_url
        if not base_url:
            raise ConfigurationMissing(
                f"No JAMF Pro server is configured for the integration {integration.name!r}.",
                "Set JAMF_BASE_URL, e.g. https://example.jamfcloud.com.",
            )
        return JamfClient(
            base_url, _credentials(settings), limits=ClientLimits(max_in_flight=self.max_in_flight)
        )


def _credentials(settings: Settings) -> ClientCredentials | UserCredentials:
    if settings.jamf_client_id and settings.jamf_client_secret:
        return ClientCredentials(settings.jamf_client_id, settings.jamf_client_secret)
    if settings.jamf_username and settings.jamf_password:
        return UserCredentials(settings.jamf_username, settings.jamf_password)
    raise ConfigurationMissing(
        "No credentials for JAMF Pro are configured.",
        "Set JAMF_CLIENT_ID and JAMF_CLIENT_SECRET of an API client (or, on a server older than 10.49, "
        "JAMF_USERNAME and JAMF_PASSWORD).",
    )
