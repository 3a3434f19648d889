"""What surrounds every step that Dagster runs: the run's context, explained failures, the history of one that fails."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg

from moss_jamf_pipeline.engine.context import Run, RunContext
from moss_jamf_pipeline.engine.failures import RunTerminated
from moss_jamf_pipeline.engine.slots import slot_key_at, slot_start
from moss_jamf_pipeline.engine.steps.history import close_as_failed
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.failures import (
    CANCELLED,
    CANCELLED_STATUSES,
    explained_failures,
)
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.orchestration.tags import SYNC_TYPE_TAG
from moss_jamf_pipeline.settings import IntegrationChoice


@contextmanager
def step(
    context: dg.AssetExecutionContext, moss: MossResource, integration: IntegrationChoice
) -> Iterator[RunContext]:
    """The context of the run that the step of an asset belongs to.

    Args:
        context: Dagster's.
        moss: the database.
        integration: the one that the asset was built for.

    Raises:
        dg.Failure: with a description that says what happened and what to do.
    """
    with explained_failures():
        _stop_if_terminated(context)
        yield moss.context_of(_run_of(context, context.asset_key), integration)


def slots_of(context: dg.AssetExecutionContext) -> list[datetime]:
    """The starts of the slots that a step is for; of a run that names none, and passed no queue, the current one's."""
    if context.has_partition_key or context.has_partition_key_range:
        return [slot_start(key) for key in context.partition_keys]
    current = slot_key_at(datetime.now(UTC))
    context.log.info(
        "The run names no slot (partition), so it is for the current one, %s.", current
    )
    return [slot_start(current)]


@contextmanager
def check_step(
    context: dg.AssetCheckExecutionContext, moss: MossResource, integration: IntegrationChoice
) -> Iterator[RunContext]:
    """The same for the step of a check."""
    (spec,) = context.check_specs
    with explained_failures():
        run = moss.context_of(_run_of(context, spec.asset_key), integration)
        with run.looking():
            yield run


def _run_of(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, asset: dg.AssetKey
) -> Run:
    run = context.run
    selected = context.job_def.asset_layer.selected_asset_keys
    _require_one_integration(selected)
    return Run(
        run_id=run.run_id,
        steps=frozenset(key.path[-1] for key in selected if key.path[0] == asset.path[0]),
        triggered_by=trigger_of(run.tags),
        sync_type=run.tags.get(SYNC_TYPE_TAG),
        parent_run_id=run.parent_run_id,
    )


def _require_one_integration(selected: Iterable[dg.AssetKey]) -> None:
    """Ends a run over several integrations: its history row, its plan and its credentials are one integration's.

    Raises:
        dg.Failure: naming them.
    """
    slugs = sorted({key.path[0] for key in selected})
    if len(slugs) > 1:
        raise dg.Failure(
            description=f"A run syncs one JAMF server, and this one has assets of {len(slugs)} "
            f"({', '.join(slugs)}). Start one run for each: select assets of one of them, or launch its job.",
            allow_retries=False,
        )


def _stop_if_terminated(context: dg.AssetExecutionContext) -> None:
    """Ends the steps that a terminated run still has: Dagster interrupts the one at work and begins the others.

    So it is with a run that somebody marked as ended while its process lives.
    """
    run = context.instance.get_run_by_id(context.run.run_id)
    if run is not None and (run.is_finished or run.status is dg.DagsterRunStatus.CANCELING):
        raise RunTerminated


@dg.failure_hook(required_resource_keys={"moss"})
def close_history_on_failure(context: dg.HookContext) -> None:
    """Closes the run's history row as failed, with the message of the step that failed."""
    moss = context.resources.moss
    if not isinstance(moss, MossResource):
        raise TypeError(f"the resource 'moss' is a {type(moss).__name__}")
    error = context.op_exception
    message = (
        error.description if isinstance(error, dg.Failure) else None
    ) or f"{type(error).__name__}: {error}"
    run = context.instance.get_run_by_id(context.run_id)
    if run is not None and run.status in CANCELLED_STATUSES:
        message = CANCELLED
    close_as_failed(
        moss.database,
        context.run_id,
        message,
        {"step": context.step_key, "error": type(error).__name__},
    )
