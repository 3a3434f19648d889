"""The whole code location on one page.

Each integration that the environment names has its own assets, checks, jobs and sensors; loading them asks no database.
"""

import gc
from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from moss_jamf_pipeline.orchestration.assets.layout import Layout
from moss_jamf_pipeline.orchestration.assets.matching import build_matching_assets
from moss_jamf_pipeline.orchestration.assets.moss import build_moss_assets
from moss_jamf_pipeline.orchestration.assets.plan import build_plan_assets
from moss_jamf_pipeline.orchestration.assets.raw import build_raw_assets
from moss_jamf_pipeline.orchestration.assets.report import build_report
from moss_jamf_pipeline.orchestration.assets.snapshots import build_snapshot_assets
from moss_jamf_pipeline.orchestration.checks import build_checks
from moss_jamf_pipeline.orchestration.jobs import build_jobs
from moss_jamf_pipeline.orchestration.partitions import slots_since
from moss_jamf_pipeline.orchestration.remembered import first_slot
from moss_jamf_pipeline.orchestration.resources import JamfResource, MossResource
from moss_jamf_pipeline.orchestration.retention import build_retention, build_run_retention
from moss_jamf_pipeline.orchestration.schedules import build_schedule
from moss_jamf_pipeline.orchestration.sensors import build_sensors
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


def build_definitions(
    integrations: Sequence[IntegrationChoice],
    settings: Settings | None = None,
    *,
    jamf: JamfResource | None = None,
    moss: MossResource | None = None,
) -> dg.Definitions:
    """The definitions of one or several integrations, which share nothing but the M.O.S.S. database.

    Args:
        integrations: which; their slugs differ.
        settings: the environment, of which the first slot and the time between syncs are part of the definitions.
        jamf: how hard JAMF is asked.
        moss: how to reach M.O.S.S.; by default as the environment says when a run asks.
    """
    settings = settings or Settings()
    slots = slots_since(first_slot(settings))
    expected_every = timedelta(hours=settings.expected_hours)
    resources = {"jamf": jamf or JamfResource(), "moss": moss or MossResource()}
    return dg.Definitions.merge(
        # A dozen small SQL steps: a process each would cost half a minute, this costs a second.
        dg.Definitions(resources=resources, executor=dg.in_process_executor),
        *(
            _definitions_of(Layout(choice, len(integrations) == 1, slots, expected_every), settings)
            for choice in integrations
        ),
    )


def _definitions_of(layout: Layout, settings: Settings) -> dg.Definitions:
    """One integration: a JAMF server, its assets under its own key prefix, its checks, jobs, schedule and sensors."""
    forget_old_captures, every_night = build_retention(layout.integration)
    forget_old_runs, later_every_night = build_run_retention(layout.integration)
    sync_report, report_jamf, every_week = build_report(layout)
    return dg.Definitions(
        assets=[
            *build_raw_assets(layout),
            *build_snapshot_assets(layout),
            *build_matching_assets(layout),
            *build_plan_assets(layout),
            *build_moss_assets(layout),
            sync_report,
        ],
        asset_checks=build_checks(layout),
        jobs=[*build_jobs(layout.prefix), forget_old_captures, forget_old_runs, report_jamf],
        schedules=[
            *(every_night, later_every_night, every_week),
            build_schedule(layout.integration, settings),
        ],
        sensors=build_sensors(layout.integration),
    )


_settings = Settings()
defs = build_definitions(_settings.integrations, _settings)

# What was loaded until here stays as long as the process. Looking through it for garbage, over and over while a million
# values of JAMF's come and go, is a tenth of a run's CPU in this process.
gc.freeze()
