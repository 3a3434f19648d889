"""Every asset check. A check's name is true when it passes.

A blocking check stops what follows: it guards what must not be used at all. A warning turns its asset yellow and says
why; the run goes on with what is good.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import psycopg

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS, Collection
from moss_jamf_pipeline.moss.apply.validation import plan_problems
from moss_jamf_pipeline.moss.capture.captures import (
    Capture,
    captured_before,
    misses_something,
    newest_captures,
    usual_count,
)
from moss_jamf_pipeline.moss.integration.history import close_history
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.moss.plan.guard import held_summary
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one
from moss_jamf_pipeline.orchestration.assets.step import choice_of_run
from moss_jamf_pipeline.orchestration.failures import explained_failures
from moss_jamf_pipeline.orchestration.presentation import counts_table, held_table, markdown_table
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.staging import Reason

_UNUSUAL_SHARE = 0.2
_UNUSUAL_NUMBER = 25
# Not unusable: left out on purpose.
_LEFT_OUT = (Reason.PERSONALLY_OWNED, Reason.OUT_OF_SCOPE)


def build_checks(prefix: str) -> list[dg.AssetChecksDefinition]:
    """The checks of one integration."""
    return [
        *(_snapshot_is_complete(prefix, each.name.value) for each in COLLECTIONS),
        *(_snapshot_did_not_vanish(prefix, each) for each in COLLECTIONS if not each.may_be_empty),
        *(_count_is_usual(prefix, each.name.value) for each in COLLECTIONS if each.is_steady),
        _serial_numbers_are_unique(prefix),
        *(
            _every_record_is_usable(prefix, each.name.value)
            for each in COLLECTIONS
            if each.is_judged_by_record
        ),
        _identities_are_unique(prefix, "device_matches", "matching/doubly_matched_devices"),
        _identities_are_unique(prefix, "person_matches", "matching/doubly_matched_people"),
        _counts_add_up(prefix),
        _nothing_is_held(prefix),
        _plan_fits_moss(prefix),
        _written_objects_exist(prefix),
    ]


def _snapshot_is_complete(prefix: str, collection: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, f"jamf_{collection}_snapshot"]),
        description="Every page arrived and the count agrees with JAMF's. If not, nothing counts as gone from JAMF.",
    )
    def snapshot_is_complete(moss: MossResource) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            if reason := integration.settings.switched_off(collection):
                return _not_looked_at(reason)
            capture = _newest(newest_captures(connection, integration.id), collection)
            passed = capture is not None and not misses_something(
                connection, integration.id, capture
            )
        return dg.AssetCheckResult(
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "incomplete_reasons": list(capture.incomplete_reasons)
                if capture
                else ["no capture"]
            },
        )

    return snapshot_is_complete


def _snapshot_did_not_vanish(prefix: str, declared: Collection) -> dg.AssetChecksDefinition:
    collection = declared.name.value

    @dg.asset_check(
        asset=dg.AssetKey([prefix, f"jamf_{collection}_snapshot"]),
        blocking=True,
        description=(
            f"JAMF still lists {collection} if it did before. An empty listing is taken for an error of "
            "JAMF's, not for the end of the fleet."
        ),
    )
    def snapshot_did_not_vanish(
        context: dg.AssetCheckExecutionContext, moss: MossResource
    ) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            if reason := integration.settings.switched_off(collection):
                return _not_looked_at(reason)
            capture = _newest(newest_captures(connection, integration.id), collection)
            before = captured_before(connection, integration.id, capture) if capture else None
            captured = capture.captured if capture else 0
            return _guard_result(
                context,
                connection,
                passed=captured > 0 or not before,
                severity=dg.AssetCheckSeverity.ERROR
                if declared.ends_the_run_when_empty
                else dg.AssetCheckSeverity.WARN,
                metadata={"captured": captured, "captured_before": before or 0},
            )

    return snapshot_did_not_vanish


def _count_is_usual(prefix: str, collection: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, f"jamf_{collection}_snapshot"]),
        description=(
            f"JAMF lists about as many {collection} as in the captures before (the median of ten; a fifth more or "
            "less, but at least 25, is unusual). Look whether JAMF's sites, the API role or the scope changed."
        ),
    )
    def count_is_usual(moss: MossResource) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            if reason := integration.settings.switched_off(collection):
                return _not_looked_at(reason)
            capture = _newest(newest_captures(connection, integration.id), collection)
            usual = usual_count(connection, integration.id, capture) if capture else None
        captured = capture.captured if capture else 0
        allowed = max(_UNUSUAL_NUMBER, _UNUSUAL_SHARE * (usual or 0))
        return dg.AssetCheckResult(
            passed=usual is None or abs(captured - usual) <= allowed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"captured": captured} | ({} if usual is None else {"usual": usual}),
        )

    return count_is_usual


def _serial_numbers_are_unique(prefix: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, "jamf_computers_snapshot"]),
        description="No two JAMF computers carry one serial number. Of twins one is synced; delete the stale one.",
    )
    def serial_numbers_are_unique(moss: MossResource) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            if reason := integration.settings.switched_off("computers"):
                return _not_looked_at(reason)
            capture = _newest(newest_captures(connection, integration.id), "computers")
            twins = fetch_all(
                connection,
                "staging/twin_serials",
                {
                    "integration_id": integration.id,
                    "capture_id": capture.capture_id if capture else 0,
                },
            )
        return dg.AssetCheckResult(
            passed=not twins,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "serial_numbers": len(twins),
                "twins": markdown_table(twins[:25], "No twins."),
            },
        )

    return serial_numbers_are_unique


def _every_record_is_usable(prefix: str, collection: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, f"jamf_{collection}_snapshot"]),
        description="No record is held back whole. Those that are, and why, are in jamf_sync.quarantine.",
    )
    def every_record_is_usable(moss: MossResource) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            if reason := integration.settings.switched_off(collection):
                return _not_looked_at(reason)
            capture = _newest(newest_captures(connection, integration.id), collection)
            reasons = fetch_all(
                connection,
                "staging/preview_quarantine",
                {
                    "integration_id": integration.id,
                    "collection": collection,
                    "capture_id": capture.capture_id if capture else 0,
                },
            )
        held_back = [
            row for row in reasons if row["is_whole_record"] and row["reason"] not in _LEFT_OUT
        ]
        return dg.AssetCheckResult(
            passed=not held_back,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"reasons": markdown_table(held_back, "Nothing is held back.")},
        )

    return every_record_is_usable


def _identities_are_unique(
    prefix: str, table: str, statement_name: str
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, table]),
        blocking=True,
        description="No M.O.S.S. object is claimed by two JAMF records.",
    )
    def identities_are_unique(
        context: dg.AssetCheckExecutionContext, moss: MossResource
    ) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            doubles = fetch_all(connection, statement_name, {"integration_id": integration.id})
            return _guard_result(
                context,
                connection,
                passed=not doubles,
                metadata={
                    "objects": len(doubles),
                    "doubles": markdown_table(doubles[:25], "None."),
                },
            )

    return identities_are_unique


def _counts_add_up(prefix: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, "change_plan"]),
        blocking=True,
        description=(
            "Every object seen is created, updated, unchanged, in conflict, skipped or failed, each counted on its own."
        ),
    )
    def counts_add_up(
        context: dg.AssetCheckExecutionContext, moss: MossResource
    ) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            plan = newest_plan(connection, find_integration(connection, moss.integration).id)
            return _guard_result(
                context,
                connection,
                passed=all(count.adds_up for count in plan.counts),
                metadata={"counts": counts_table(plan.counts)},
            )

    return counts_add_up


def _nothing_is_held(prefix: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, "guarded_plan"]),
        description=(
            "The plan makes no more changes of a kind at once than the guard lets through. Those that are too many are "
            "held until somebody approves them; the rest was applied."
        ),
    )
    def nothing_is_held(
        context: dg.AssetCheckExecutionContext, moss: MossResource
    ) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            choice = choice_of_run(context.run, connection, integration)
            return dg.AssetCheckResult(
                passed=not choice.held,
                severity=dg.AssetCheckSeverity.WARN,
                description=held_summary(choice.plan.plan_id, choice.held)
                or "Nothing is held: every change of the plan is applied.",
                metadata={
                    "plan_id": choice.plan.plan_id,
                    "held": sum(change.planned for change in choice.held),
                    "guard": held_table(connection, choice.plan.plan_id),
                },
            )

    return nothing_is_held


def _plan_fits_moss(prefix: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, "plan_validation"]),
        description=(
            "M.O.S.S. takes every change of the plan. What its constraints or triggers reject would be left out and "
            "counted as failed; the rest would be applied."
        ),
    )
    def plan_fits_moss(moss: MossResource) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration = find_integration(connection, moss.integration)
            plan = newest_plan(connection, integration.id)
            found = plan_problems(connection, plan.plan_id, limit=25)
        total = found[0]["total"] if found else 0
        return dg.AssetCheckResult(
            passed=not found,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"M.O.S.S. would not take {total:,} changes of plan {plan.plan_id} as they are; the first: "
            f"{found[0]['detail']}"
            if found
            else f"M.O.S.S. takes plan {plan.plan_id} as it is.",
            metadata={
                "plan_id": plan.plan_id,
                "problems": total,
                "examples": markdown_table(
                    [{name: row[name] for name in row if name != "total"} for row in found],
                    "None.",
                ),
            },
        )

    return plan_fits_moss


def _written_objects_exist(prefix: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([prefix, "moss_mappings"]),
        description="What the plan says it created is in M.O.S.S. and linked to its JAMF record.",
    )
    def written_objects_exist(
        context: dg.AssetCheckExecutionContext, moss: MossResource
    ) -> dg.AssetCheckResult:
        with explained_failures(), moss.database.reading() as connection:
            integration: Integration = find_integration(connection, moss.integration)
            plan = choice_of_run(context.run, connection, integration).plan
            row = fetch_one(
                connection,
                "apply/missing_objects",
                {"plan_id": plan.plan_id, "integration_id": integration.id},
            )
        missing = row["missing"] if row else 0
        unlinked = row["unlinked"] if row else 0
        return dg.AssetCheckResult(
            passed=not missing and not unlinked, metadata={"missing": missing, "unlinked": unlinked}
        )

    return written_objects_exist


def _not_looked_at(reason: str) -> dg.AssetCheckResult:
    """Nothing is wrong with what M.O.S.S. has switched off: no stale snapshot of it is used."""
    return dg.AssetCheckResult(passed=True, metadata={"switched_off": reason})


def _newest(captures: dict[str, Capture], collection: str) -> Capture | None:
    return captures.get(collection)


def _guard_result(
    context: dg.AssetCheckExecutionContext,
    connection: psycopg.Connection,
    *,
    passed: bool,
    metadata: Mapping[str, Any],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    """The result of a blocking check. One that fails ends the run, and with it the run's history row.

    The step of a check cannot carry the hook that closes the history when the step of an asset fails.
    """
    if not passed and severity is dg.AssetCheckSeverity.ERROR:
        (spec,) = context.check_specs
        asset = spec.asset_key.path[-1]
        close_history(
            connection,
            run_id=context.run.run_id,
            status="failed",
            error_message=f"The check {spec.name} of {asset} failed, and nothing after it was done. It says: "
            f"{spec.description}",
            error_details={"check": spec.name, "asset": asset},
        )
    return dg.AssetCheckResult(passed=passed, severity=severity, metadata=metadata)
