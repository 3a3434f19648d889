"""The same pipeline without waiting: for tests of a JAMF that fails for good, where back-off would take minutes."""

from datetime import UTC, datetime

import dagster as dg

from moss_jamf_pipeline.automation import SCOPES
from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.jamf import ClientCredentials, ClientLimits, JamfClient
from moss_jamf_pipeline.moss.integrations import Integration
from moss_jamf_pipeline.partitions import slot_key_at
from moss_jamf_pipeline.resources import JamfResource
from moss_jamf_pipeline.settings import Settings
from tests.support.world import PREFIX, World

_LIMITS = ClientLimits(max_attempts=2, max_attempts_on_faults=2, back_off_base_seconds=0.01)


class ImpatientJamf(JamfResource):
    """Tries each request twice, at once."""

    def client(self, _: Integration) -> JamfClient:
        """A client of the server in the environment."""
        settings = Settings()
        assert settings.jamf_base_url
        assert settings.jamf_client_id
        assert settings.jamf_client_secret
        return JamfClient(
            settings.jamf_base_url,
            ClientCredentials(settings.jamf_client_id, settings.jamf_client_secret),
            limits=_LIMITS,
        )


def impatient_job() -> dg.JobDefinition:
    """The job that syncs everything, with the impatient client."""
    return build_definitions(PREFIX, jamf=ImpatientJamf()).resolve_job_def(SCOPES["everything"].job)


def sync_impatiently(world: World, *names: str) -> dg.JobExecutionResult:
    """Syncs everything, or some assets, for the slot that contains now; a step that fails is not tried again."""
    with dg.execute_job(
        dg.reconstructable(impatient_job),
        instance=world.instance,
        tags={"dagster/partition": slot_key_at(datetime.now(UTC))},
        run_config={
            "execution": {"config": {"retries": {"disabled": {}}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        asset_selection=[dg.AssetKey([PREFIX, name]) for name in names] or None,
        raise_on_error=False,
    ) as result:
        return result
