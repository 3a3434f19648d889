"""The jobs of one integration: what runs together. When it runs is `schedule` and `sensors`."""

import dagster as dg

from moss_jamf_pipeline.engine.scopes import SCOPES, SyncScope, job_name, name_for
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure
from moss_jamf_pipeline.orchestration.assets.triggers import SYNC_TYPE_TAG
from moss_jamf_pipeline.orchestration.dagster_internals import UnresolvedAssetJobDefinition

# The job that forgets what is older than its retention; see `retention`.
FORGET_JOB = "forget_old_captures"

# The only thing that ends a run whose machine died; a sync of 100,000 Macs takes minutes.
_MAX_RUNTIME_SECONDS = 2 * 60 * 60


def build_jobs(prefix: str) -> list[UnresolvedAssetJobDefinition]:
    """The jobs of one integration, one per scope."""
    return [
        dg.define_asset_job(
            name=job_name(prefix, scope),
            selection=dg.AssetSelection.assets(
                *(dg.AssetKey([prefix, name]) for name in scope.steps())
            ),
            description=scope.description,
            executor_def=dg.in_process_executor,
            # Assets carry the hook for runs of any kind; a job's own hears the steps of checks as well.
            hooks={close_history_on_failure},
            config={"ops": _op_config(prefix, scope)},
            tags={"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS), SYNC_TYPE_TAG: scope.sync_type},
        )
        for scope in SCOPES.values()
    ]


def _op_config(prefix: str, scope: SyncScope) -> dict[str, object]:
    """The configuration that a job's launchpad begins with."""
    config: dict[str, object] = {}
    if "computers" in scope.collections:
        config[f"{prefix}__raw_jamf_computers"] = {"config": {"sweep": "auto"}}
    if scope.object_types:
        config[f"{prefix}__change_plan"] = {"config": {"object_types": list(scope.object_types)}}
    elif scope.applies:
        config[f"{prefix}__guarded_plan"] = {
            "config": {"plan_id": 0, "approve": [], "approved_by": ""}
        }
    return config


def job_names(prefix: str) -> frozenset[str]:
    """All jobs of one integration."""
    return frozenset(
        {name_for(prefix, FORGET_JOB), *(job_name(prefix, scope) for scope in SCOPES.values())}
    )
