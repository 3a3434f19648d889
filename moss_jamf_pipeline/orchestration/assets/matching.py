"""Matching assets: who is who, in the newest snapshots. Current state, unpartitioned; writes to `jamf_sync` only."""

import dagster as dg

from moss_jamf_pipeline.engine.steps.matching import match_objects
from moss_jamf_pipeline.orchestration.assets.layout import MATCHING, Layout
from moss_jamf_pipeline.orchestration.assets.step import step
from moss_jamf_pipeline.orchestration.presentation import row_count
from moss_jamf_pipeline.orchestration.resources import MossResource

# Table of matches -> what it holds.
_MATCHES = {
    "location_matches": "Which M.O.S.S. location each JAMF building is: by mapping, then by name.",
    "room_matches": (
        "Which M.O.S.S. room each building and room text of the computers is: by name, inside its own location."
    ),
    "person_matches": (
        "Which M.O.S.S. person each JAMF user or user of a computer is: by mapping, e-mail, user name; exact."
    ),
    "device_matches": (
        "Which M.O.S.S. device each JAMF computer is: by mapping, hardware id, serial number. Of twins one wins."
    ),
    "group_matches": (
        "Which M.O.S.S. group each JAMF computer group is: by mapping, then by prefixed name."
    ),
}


def build_matching_assets(layout: Layout) -> list[dg.AssetsDefinition]:
    """The matching assets of one integration, keyed `<prefix>/<table>`."""
    return [_build_matching_asset(layout, table) for table in _MATCHES]


def _build_matching_asset(layout: Layout, table: str) -> dg.AssetsDefinition:
    @layout.asset(table, MATCHING, _MATCHES[table], table=f"jamf_sync.{table}")
    def matches(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss, layout.integration) as run:
            matched = match_objects(run, table)
            rows = sum(matched.outcomes.values())
            return dg.MaterializeResult(
                metadata={
                    **row_count(rows),
                    **matched.outcomes,
                }
            )

    return matches
