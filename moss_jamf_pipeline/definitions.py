"""The whole code location on one page.

`build_definitions` puts one integration together: a JAMF server, its assets under its own key prefix, its
checks, jobs and the sensor that follows its schedule. Another JAMF server is one more call.
"""

from datetime import timedelta

import dagster as dg

from moss_jamf_pipeline.orchestration.assets.layout import Layout
from moss_jamf_pipeline.orchestration.assets.matching import build_matching_assets
from moss_jamf_pipeline.orchestration.assets.moss import build_moss_assets
from moss_jamf_pipeline.orchestration.assets.plan import build_plan_assets
from moss_jamf_pipeline.orchestration.assets.raw import build_raw_assets
from moss_jamf_pipeline.orchestration.assets.snapshots import build_snapshot_assets
from moss_jamf_pipeline.orchestration.checks import build_checks
from moss_jamf_pipeline.orchestration.jobs import build_jobs
from moss_jamf_pipeline.orchestration.partitions import slots_since
from moss_jamf_pipeline.orchestration.resources import JamfResource, MossResource
from moss_jamf_pipeline.orchestration.retention import build_retention
from moss_jamf_pipeline.orchestration.sensors import build_sensors
from moss_jamf_pipeline.settings import Settings


def build_definitions(
    prefix: str,
    settings: Settings | None = None,
    *,
    jamf: JamfResource | None = None,
    moss: MossResource | None = None,
) -> dg.Definitions:
    """The definitions of one integration.

    Args:
        prefix: its slug, the first part of every asset key.
        settings: the environment, of which the first slot and the time between syncs are part of the definitions.
        jamf: how to reach JAMF; by default as the environment says when a run asks.
        moss: how to reach M.O.S.S.; likewise.
    """
    settings = settings or Settings()
    layout = Layout(
        prefix, slots_since(settings.first_slot), timedelta(hours=settings.expected_hours)
    )
    forget_old_captures, every_night = build_retention(prefix)
    return dg.Definitions(
        assets=[
            *build_raw_assets(layout),
            *build_snapshot_assets(layout),
            *build_matching_assets(layout),
            *build_plan_assets(layout),
            *build_moss_assets(layout),
        ],
        asset_checks=build_checks(layout),
        jobs=[*build_jobs(prefix), forget_old_captures],
        schedules=[every_night],
        sensors=build_sensors(prefix),
        resources={"jamf": jamf or JamfResource(), "moss": moss or MossResource()},
        # A dozen small SQL steps: a process each would cost half a minute, this costs a second.
        executor=dg.in_process_executor,
    )


_settings = Settings()
defs = build_definitions(_settings.integration_slug, _settings)
