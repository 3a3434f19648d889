"""What a job's launchpad begins with, and what a run of it is told: plain data, without Dagster."""

from typing import Final

from moss_jamf_pipeline.engine.scopes import SyncScope
from moss_jamf_pipeline.services.runs import RunOptions

_USUAL: Final = RunOptions()


def op_config(
    slug: str, scope: SyncScope, options: RunOptions = _USUAL, approved_by: str = ""
) -> dict[str, object]:
    """The configuration of a job's steps.

    Args:
        slug: of the integration.
        scope: of the job.
        options: what is asked for; by default what the launchpad begins with.
        approved_by: the person who lets held changes through.
    """
    config: dict[str, object] = {}
    if "computers" in scope.collections:
        config[f"{slug}__raw_jamf_computers"] = {"config": {"sweep": options.sweep}}
    if scope.object_types:
        config[f"{slug}__change_plan"] = {"config": {"object_types": list(scope.object_types)}}
    elif scope.applies:
        config[f"{slug}__guarded_plan"] = {
            "config": {
                "plan_id": options.plan_id,
                "approve": list(options.approve),
                "approved_by": approved_by,
                "approval_reason": options.approval_reason,
            }
        }
    return config
