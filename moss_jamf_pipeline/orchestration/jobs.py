"""The jobs of one integration: what runs together. When it runs is `schedule` and `sensors`."""

import dagster as dg

from moss_jamf_pipeline.engine.scopes import SCOPES, job_name, name_for
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure
from moss_jamf_pipeline.orchestration.dagster_internals import UnresolvedAssetJobDefinition
from moss_jamf_pipeline.orchestration.run_configuration import op_config
from moss_jamf_pipeline.orchestration.tags import SYNC_TYPE_TAG

# The job that forgets what is older than its retention; see `retention`.
FORGET_JOB = "forget_old_captures"

# The job that forgets old runs of Dagster's; see `retention`, too.
FORGET_RUNS_JOB = "forget_old_runs"

# The job that makes a report; see `assets.report`.
REPORT_JOB = "report_jamf"

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
            config={"ops": op_config(prefix, scope)},
            tags={"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS), SYNC_TYPE_TAG: scope.sync_type},
        )
        for scope in SCOPES.values()
    ]


def job_names(prefix: str) -> frozenset[str]:
    """All jobs of one integration."""
    return frozenset(
        {
            name_for(prefix, FORGET_JOB),
            name_for(prefix, FORGET_RUNS_JOB),
            name_for(prefix, REPORT_JOB),
            *(job_name(prefix, scope) for scope in SCOPES.values()),
        }
    )


def belongs_to(run: dg.DagsterRun, prefix: str) -> bool:
    """Whether a run is one of an integration's, by what it was asked to make."""
    selected = run.asset_selection
    if selected:
        return any(key.path[0] == prefix for key in selected)
    return run.job_name in job_names(prefix)
