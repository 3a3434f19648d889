"""What surrounds the body of every asset: a connection, the integration, the run's history row, explained failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import psycopg

from moss_jamf_pipeline.assets.layout import APPLIED_OBJECT_TYPES, MOSS_CHAIN, SYNC_TYPE_TAG
from moss_jamf_pipeline.failures import RunTerminated, explained_failures
from moss_jamf_pipeline.moss.history import close_history, open_history
from moss_jamf_pipeline.moss.integrations import Integration, find_integration
from moss_jamf_pipeline.moss.outcome import run_outcome
from moss_jamf_pipeline.moss.planning import newest_plan
from moss_jamf_pipeline.resources import MossResource


@dataclass(frozen=True, slots=True)
class Step:
    """What an asset body works with.

    Attributes:
        connection: to the M.O.S.S. database, in autocommit mode, for this step alone.
        integration: the JAMF server that is synced, with its policies.
        applied_object_types: what this run applies of a plan; empty if it does not write M.O.S.S.
    """

    connection: psycopg.Connection
    integration: Integration
    applied_object_types: tuple[str, ...]


@contextmanager
def step(context: dg.AssetExecutionContext, moss: MossResource) -> Iterator[Step]:
    """Opens what the body of an asset needs.

    A run that writes M.O.S.S. opens its history row before its first step; its last step closes it. If a step fails,
    `close_history_on_failure` does.

    Raises:
        dg.Failure: with a description that says what happened and what to do.
    """
    with explained_failures(), moss.database.connection() as connection:
        _stop_if_terminated(context)
        integration = find_integration(connection, moss.integration)
        chain = _moss_assets_of_run(context)
        if chain:
            sync_type = context.run.tags.get(SYNC_TYPE_TAG) or _sync_type(chain)
            open_history(connection, integration.id, run_id=context.run.run_id, sync_type=sync_type)
        applied_object_types = tuple(
            APPLIED_OBJECT_TYPES[name] for name in chain if name in APPLIED_OBJECT_TYPES
        )
        yield Step(connection, integration, applied_object_types)
        if chain and context.asset_key.path[-1] == chain[-1]:
            plan = newest_plan(connection, integration.id)
            outcome = run_outcome(connection, integration, plan, applied_object_types)
            close_history(
                connection,
                run_id=context.run.run_id,
                status=outcome.status,
                counts=outcome.counts,
                error_message=outcome.message,
                error_details=outcome.details,
            )


def _stop_if_terminated(context: dg.AssetExecutionContext) -> None:
    """Ends the steps that a terminated run still has: Dagster interrupts the one at work and begins the others."""
    run = context.instance.get_run_by_id(context.run.run_id)
    if run is not None and run.status is dg.DagsterRunStatus.CANCELING:
        raise RunTerminated


def _moss_assets_of_run(context: dg.AssetExecutionContext) -> list[str]:
    """The assets of this run that write M.O.S.S., in the order in which they run."""
    selected = {key.path[-1] for key in context.job_def.asset_layer.selected_asset_keys}
    return [name for name in MOSS_CHAIN if name in selected]


def _sync_type(chain: list[str]) -> str:
    return "full" if len(chain) == len(MOSS_CHAIN) else "partial"


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
    with moss.database.connection() as connection:
        close_history(
            connection,
            run_id=context.run_id,
            status="failed",
            error_message=message,
            error_details={"step": context.step_key, "error": type(error).__name__},
        )
