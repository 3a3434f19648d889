"""Matching assets: who is who, in the newest snapshots. Current state, unpartitioned; writes to `jamf_sync` only."""

import dagster as dg

from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.orchestration.assets.layout import DATABASE_RETRIES, OWNERS, tags
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure, step
from moss_jamf_pipeline.orchestration.presentation import table_facts
from moss_jamf_pipeline.orchestration.resources import MossResource

# Table of matches -> what it holds, and which assets it reads.
_MATCHES = {
    "location_matches": (
        "Which M.O.S.S. location each JAMF building is: by mapping, then by name.",
        ("jamf_buildings_snapshot",),
    ),
    "room_matches": (
        "Which M.O.S.S. room each building and room text of the computers is: by name, inside its own location.",
        ("jamf_computers_snapshot", "location_matches"),
    ),
    "person_matches": (
        "Which M.O.S.S. person each JAMF user or user of a computer is: by mapping, e-mail, user name; exact.",
        ("jamf_users_snapshot", "jamf_computers_snapshot"),
    ),
    "device_matches": (
        "Which M.O.S.S. device each JAMF computer is: by mapping, hardware id, serial number. Of twins one wins.",
        (
            "jamf_computers_snapshot",
            "location_matches",
            "room_matches",
            "person_matches",
        ),
    ),
    "group_matches": (
        "Which M.O.S.S. group each JAMF computer group is: by mapping, then by prefixed name.",
        ("jamf_groups_snapshot",),
    ),
}


def build_matching_assets(prefix: str) -> list[dg.AssetsDefinition]:
    """The matching assets of one integration, keyed `<prefix>/<table>`."""
    return [_build_matching_asset(prefix, table) for table in _MATCHES]


def _build_matching_asset(prefix: str, table: str) -> dg.AssetsDefinition:
    description, upstream = _MATCHES[table]

    @dg.asset(
        name=table,
        key_prefix=prefix,
        group_name="matching",
        description=description,
        deps=[dg.AssetKey([prefix, name]) for name in upstream],
        kinds={"sql", "postgres"},
        owners=OWNERS,
        tags=tags("matching"),
        retry_policy=DATABASE_RETRIES,
        hooks={close_history_on_failure},
    )
    def matches(
        context: dg.AssetExecutionContext, moss: MossResource
    ) -> dg.MaterializeResult[None]:
        with step(context, moss) as run:
            captures = newest_captures(run.connection, run.integration.id)
            outcomes = match(run.connection, table, run.integration, captures)
            return dg.MaterializeResult(
                metadata={
                    **table_facts(run.connection, f"jamf_sync.{table}"),
                    **outcomes,
                }
            )

    return matches
