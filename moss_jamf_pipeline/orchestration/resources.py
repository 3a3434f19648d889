"""The two resources: how to reach JAMF and M.O.S.S. Configuration and construction, nothing else.

Their fields are left empty in production: what is missing comes from the environment (`settings.py`) when a run uses
it, so that no secret enters a definition. They do no I/O when a run starts, so that a step's retry policy covers it.
Dagster makes them anew for each run.
"""

from functools import cached_property

import dagster as dg

from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.context import Run, RunContext
from moss_jamf_pipeline.engine.databases import resolve_databases
from moss_jamf_pipeline.jamf import ClientLimits, JamfClient
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


class MossResource(dg.ConfigurableResource[MossDatabase]):
    """The M.O.S.S. database, the same for all integrations; each asset, check and sensor knows its own."""

    @cached_property
    def settings(self) -> Settings:
        """The environment, as it is when the run first asks."""
        return Settings()

    @cached_property
    def database(self) -> MossDatabase:
        """The database of MOSS_DATABASE_URL, or the embedded one; connects when first used."""
        return MossDatabase(resolve_databases(self.settings).moss_url)

    def context_of(self, run: Run, integration: IntegrationChoice) -> RunContext:
        """What the steps of a run share, the same for all that run in this process.

        Args:
            run: the run.
            integration: the one that it syncs.
        """
        known = self._contexts.get(run.run_id)
        if known is None:
            settings = self.settings.naming(integration.name)
            known = RunContext(run, self.database, settings, integration)
            self._contexts[run.run_id] = known
        return known

    @cached_property
    def _contexts(self) -> dict[str, RunContext]:
        return {}

    def teardown_after_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - Dagster's signature
    ) -> None:
        """Ends the run's lock and its connections, in a process that may live on after it."""
        for run in self._contexts.values():
            run.close()
        self._contexts.clear()
        if "database" in self.__dict__:
            self.database.dispose()


class JamfResource(dg.ConfigurableResource[JamfClient]):
    """How hard JAMF Pro servers are asked, the same for all. Which server it is, the run's context knows."""

    max_in_flight: int = 5

    @cached_property
    def clients(self) -> JamfClients:
        """What makes the run's clients."""
        return JamfClients(self.limits)

    @property
    def limits(self) -> ClientLimits:
        """How hard and how patiently clients work."""
        return ClientLimits(max_in_flight=self.max_in_flight)

    def teardown_after_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002 - Dagster's signature
    ) -> None:
        """Forgets tokens, in a process that may live on after the run."""
        self.clients.forget()
