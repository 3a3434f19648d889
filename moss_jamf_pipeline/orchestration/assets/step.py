"""What surrounds the body of every asset: a connection, the integration, the run's history row, explained failures."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import psycopg

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES
from moss_jamf_pipeline.engine.failures import RunTerminated
from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.integration.history import (
    close_history,
    close_history_of_dead_runs,
    open_history,
)
from moss_jamf_pipeline.moss.integration.integrations import (
    Integration,
    find_integration,
    require_enabled,
)
from moss_jamf_pipeline.moss.plan.guard import Choice, choose_plan
from moss_jamf_pipeline.orchestration.assets.layout import SYNC_TYPE_TAG
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.orchestration.resources import MossResource


@dataclass(frozen=True, slots=True)
class Step:
    """What an asset body works with.

    Attributes:
        connection: to the M.O.S.S. database, in autocommit mode, for this step alone; under the role that cannot write
            M.O.S.S.
        integration: the JAMF server that is synced, with its policies.
        applied_object_types: what this run applies of a plan; empty if it does not write M.O.S.S.
    """

    connection: psycopg.Connection
    integration: Integration
    applied_object_types: tuple[str, ...]


@contextmanager
def step(context: dg.AssetExecutionContext, moss: MossResource) -> Iterator[Step]:
    """Opens what the body of an asset needs.

    A run that writes M.O.S.S. opens its history row before its first step, under a lock that says it is alive, and
    closes those of dead runs; its last step closes its own. If a step fails, `close_history_on_failure` does.

    Raises:
        dg.Failure: with a description that says what happened and what to do.
    """
    with explained_failures(), moss.database.reading() as connection:
        _stop_if_terminated(context)
        integration = find_integration(connection, moss.integration)
        require_enabled(integration)
        chain = _moss_assets_of_run(context)
        if chain:
            # The lock comes before the row: a row that nobody holds is a dead run's.
            moss.run_lock.hold(context.run.run_id)
            close_history_of_dead_runs(connection, integration.id)
            open_history(
                connection,
                integration.id,
                run_id=context.run.run_id,
                sync_type=context.run.tags.get(SYNC_TYPE_TAG) or _sync_type(chain),
                triggered_by=trigger_of(context.run.tags),
            )
        applied_object_types = tuple(
            kind.name for kind in APPLIED_OBJECT_TYPES if kind.asset in chain
        )
        yield Step(connection, integration, applied_object_types)
        if chain and context.asset_key.path[-1] == chain[-1]:
            choice = choice_of_run(context.run, connection, integration)
            outcome = run_outcome(
                connection, integration, choice.plan, applied_object_types, choice.chosen_at
            )
            close_history(
                connection,
                run_id=context.run.run_id,
                status=outcome.status,
                counts=outcome.counts,
                error_message=outcome.message,
                error_details=outcome.details,
            )


def choice_of_run(
    run: dg.DagsterRun,
    connection: psycopg.Connection,
    integration: Integration,
    *,
    plan_id: int = 0,
    approve: Collection[str] = (),
) -> Choice:
    """The plan that a run applies. The first step that asks decides; `guarded_plan` is the one that can name a plan.

    Args:
        run: which.
        connection: one in autocommit mode.
        integration: whose plan.
        plan_id: the plan that is meant; 0: the one the run made, else its parent's choice, else the newest.
        approve: kinds of held changes that whoever started the run lets through.

    Raises:
        PlanNotApplicable: the plan cannot be applied, or cannot be any more.
        NothingCaptured: there is no such plan.
    """
    return choose_plan(
        connection,
        integration,
        run_id=run.run_id,
        plan_id=plan_id,
        approve=approve,
        approved_by=trigger_of(run.tags),
        parent_run_id=run.parent_run_id,
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
    with moss.database.reading() as connection:
        close_history(
            connection,
            run_id=context.run_id,
            status="failed",
            error_message=message,
            error_details={"step": context.step_key, "error": type(error).__name__},
        )
