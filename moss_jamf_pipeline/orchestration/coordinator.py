"""The queue of runs, which `dagster.yaml` names: Dagster's own, and no run of slots without a slot."""

from datetime import UTC, datetime
from typing import Final

from dagster import DagsterRun

from moss_jamf_pipeline.engine.scopes import SCOPES, job_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.orchestration.dagster_internals import (
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    QueuedRunCoordinator,
    SubmitRunContext,
)
from moss_jamf_pipeline.settings import Settings

_TAGS_OF_SLOTS: Final = (PARTITION_NAME_TAG, ASSET_PARTITION_RANGE_START_TAG)


class SlotCoordinator(QueuedRunCoordinator):
    """Dagster's queue, in which a job of slots that was launched without one gets the slot that contains now."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Puts a run into the queue."""
        run = context.dagster_run
        if run.job_name in _jobs_of_slots() and not any(tag in run.tags for tag in _TAGS_OF_SLOTS):
            slot = slot_key_at(datetime.now(UTC))
            self._instance.add_run_tags(run.run_id, {PARTITION_NAME_TAG: slot})
        return super().submit_run(context)


def _jobs_of_slots() -> frozenset[str]:
    return frozenset(
        job_name(choice.slug, scope)
        for choice in Settings().integrations
        for scope in SCOPES.values()
        if scope.has_slots
    )
