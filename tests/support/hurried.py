"""The pipeline in a hurry: it waits milliseconds where it would wait seconds, and tries no failed step again.

For tests of a JAMF or a database with faults. Everything else is as in production.
"""

from datetime import UTC, datetime

import dagster as dg

from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.access import JamfClients
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.engine.sync import Order, Outcome, run_steps
from moss_jamf_pipeline.jamf import ClientLimits
from moss_jamf_pipeline.orchestration.resources import JamfResource
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.support.hurried_client import hurried_limits
from tests.support.world import PREFIX, World


class HurriedJamf(JamfResource):
    """Reads small pages, and tries again at once.

    Attributes:
        attempts: tries of one request.
        page_size: records per page, so that a tiny fleet has several.
    """

    attempts: int = 6
    page_size: int = 8

    @property
    def limits(self) -> ClientLimits:
        """A client that hardly waits."""
        return hurried_limits(self.attempts, self.page_size)


def hurried_job(scope: str, attempts: int, page_size: int) -> dg.JobDefinition:
    """The job of a scope, with the hurried client."""
    jamf = HurriedJamf(attempts=attempts, page_size=page_size)
    return build_definitions([IntegrationChoice()], jamf=jamf).resolve_job_def(SCOPES[scope].job)


def run_hurriedly(
    instance: dg.DagsterInstance,
    *names: str,
    scope: str = "everything",
    attempts: int = 6,
    page_size: int = 8,
) -> dg.JobExecutionResult:
    """Runs a scope's job for the slot that contains now; a run that fails is a result like any other.

    Args:
        instance: where the run is recorded.
        names: the assets, if not all of the scope.
        scope: whose job it is.
        attempts: tries of one request to JAMF.
        page_size: records per page of JAMF's listings.
    """
    job = dg.build_reconstructable_job(
        __name__,
        hurried_job.__name__,
        reconstructable_kwargs={"scope": scope, "attempts": attempts, "page_size": page_size},
    )
    with dg.execute_job(
        job,
        instance=instance,
        tags={"dagster/partition": slot_key_at(datetime.now(UTC))},
        run_config={
            "execution": {"config": {"retries": {"disabled": {}}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        asset_selection=[dg.AssetKey([PREFIX, name]) for name in names] or None,
        raise_on_error=False,
    ) as result:
        return result


def sync_hurriedly(
    world: World, *steps: str, scope: str = "everything", page_size: int = 8, attempts: int = 6
) -> Outcome:
    """Syncs a world, or runs some steps, in a hurry and without Dagster; a run that fails is an outcome like any other.

    Args:
        world: which.
        steps: their names, if not all of the scope.
        scope: what to sync.
        page_size: records per page of JAMF's listings.
        attempts: tries of one request to JAMF.
    """
    chosen = SCOPES[scope]
    outcome = run_steps(
        steps or chosen.steps(),
        world.database,
        Settings(),
        order=Order(object_types=chosen.object_types),
        sync_type=None if steps else chosen.sync_type,
        clients=JamfClients(hurried_limits(attempts, page_size)),
    )
    world.outcomes.append(outcome)
    return outcome


def sync_impatiently(world: World, *steps: str) -> Outcome:
    """The same, giving a request up after its second try: where JAMF fails for good."""
    return sync_hurriedly(world, *steps, attempts=2, page_size=500)
