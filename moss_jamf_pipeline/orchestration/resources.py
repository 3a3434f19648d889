"""The two resources: how to reach JAMF and M.O.S.S. Configuration and construction, nothing else.

Their fields are left empty in production: what is missing comes from the environment (`settings.py`) when a run uses
it, so that no secret enters a definition. What fails when a run starts is left to its steps, whose retry policy covers
it. Dagster makes them anew for each run.
"""

import logging
from functools import cached_property

import dagster as dg

from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.context import Run, RunContext
from moss_jamf_pipeline.engine.databases import resolve_databases
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.jamf import ClientLimits, JamfClient
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.run_lock import RunLock, place_of_locks
from moss_jamf_pipeline.orchestration.endings import forget_ending_of_parent, tag_ending
from moss_jamf_pipeline.orchestration.instance import STORAGE_TROUBLES
from moss_jamf_pipeline.orchestration.tags import LOCK_PLACE_TAG
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

logger = logging.getLogger(__name__)


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
            known = RunContext(run, self.database, settings, integration, self._lock)
            self._contexts[run.run_id] = known
        return known

    @cached_property
    def _lock(self) -> RunLock:
        """What shows others that the run of this process is alive."""
        return RunLock(self.database)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Shows others that the run is alive before it does anything: a step may have to wait for its pool.

        Where the database is away, the first step says so, and tries again.
        """
        run, instance = context.run, context.instance
        if run is None or instance is None:
            return
        forget_ending_of_parent(instance, run)
        try:
            with self.database.reading() as connection:
                place = place_of_locks(connection)
            self._lock.hold(run.run_id)
        except EXPLAINED:
            return
        if run.tags.get(LOCK_PLACE_TAG) != place:
            instance.add_run_tags(run.run_id, {LOCK_PLACE_TAG: place})

    @cached_property
    def _contexts(self) -> dict[str, RunContext]:
        return {}

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Says of the run how it ended; ends its lock and its connections, in a process that may live on after it."""
        try:
            self._tag_ending(context)
        finally:
            self._let_go()

    def _tag_ending(self, context: dg.InitResourceContext) -> None:
        if context.run is None or context.instance is None:
            return
        known = self._contexts.get(context.run.run_id)
        try:
            ending = None if known is None else known.ending
            tag_ending(context.instance, context.run.run_id, ending)
        except STORAGE_TROUBLES as trouble:
            # Nothing can be said of a run that has lost Dagster's database; whoever closes it says that it failed.
            logger.debug("How run %s ended cannot be noted: %s", context.run.run_id, trouble)

    def _let_go(self) -> None:
        for run in self._contexts.values():
            run.close()
        self._contexts.clear()
        if "_lock" in self.__dict__:
            self._lock.release()
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
