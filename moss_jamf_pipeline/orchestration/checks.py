"""Every asset check, as the engine declares them (`engine.checks`). A check's name is true when it passes.

A check tells what its step found and decides nothing. A blocking one stops what follows; a warning turns its asset
yellow and says why.
"""

from collections.abc import Callable
from functools import partial

import dagster as dg

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.engine.checks import CHECKS, Check, Finding
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.engine.scopes import snapshot_step
from moss_jamf_pipeline.engine.steps import applying, guarding, matching, planning, staging
from moss_jamf_pipeline.engine.steps.history import close_as_stopped
from moss_jamf_pipeline.orchestration.assets.layout import Layout
from moss_jamf_pipeline.orchestration.assets.step import check_step
from moss_jamf_pipeline.orchestration.presentation import shown_fact
from moss_jamf_pipeline.orchestration.resources import MossResource

# What looks at a step's work as it is stored, for a check that runs without the step, or in another process.
_LOOKS: dict[str, Callable[[RunContext], tuple[Finding, ...]]] = {
    **{
        snapshot_step(collection): partial(staging.look, collection=collection)
        for collection in COLLECTION_NAMES
    },
    **{
        table: partial(matching.look, table=table) for table in ("device_matches", "person_matches")
    },
    "change_plan": planning.look_at_plan,
    "guarded_plan": guarding.look,
    "plan_validation": planning.look_at_trial,
    "moss_mappings": applying.look,
}


def build_checks(layout: Layout) -> list[dg.AssetChecksDefinition]:
    """The checks of one integration."""
    return [_build_check(layout, check) for check in CHECKS.values()]


def _build_check(layout: Layout, check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=layout.key(check.step),
        name=check.name,
        blocking=check.blocks,
        description=check.says,
    )
    def told(context: dg.AssetCheckExecutionContext, moss: MossResource) -> dg.AssetCheckResult:
        with check_step(context, moss, layout.integration) as run:
            finding = _finding(run, check)
            if finding.stops:
                # The step of a check cannot carry the hook that closes the history when the step of an asset fails.
                close_as_stopped(run, finding)
            return dg.AssetCheckResult(
                passed=finding.passed,
                severity=dg.AssetCheckSeverity.ERROR
                if finding.is_error
                else dg.AssetCheckSeverity.WARN,
                description=finding.told,
                metadata={name: shown_fact(fact) for name, fact in finding.facts.items()},
            )

    return told


def _finding(run: RunContext, check: Check) -> Finding:
    """What the step found; where it did not run here, what is stored."""
    if (check.step, check.name) not in run.findings:
        run.note(*_LOOKS[check.step](run))
    return run.findings[check.step, check.name]
