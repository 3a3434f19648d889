"""Whose syncs are incremental, what they bring to M.O.S.S., and what waits for the next full sweep."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.orchestration.dagster_internals import BACKFILL_ID_TAG
from moss_jamf_pipeline.orchestration.tags import TRIGGERED_BY_TAG
from moss_jamf_pipeline.settings import IntegrationChoice
from moss_jamf_pipeline.simulator import EvolveRequest, FilterFault, SimulatorConfig
from moss_jamf_pipeline.simulator.faults import Faults
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import device, devices
from tests.support.hurried import HurriedJamf, sync_hurriedly
from tests.support.world import PREFIX, World

pytestmark = pytest.mark.dialects("strategy")

_JOB = build_definitions([IntegrationChoice()], jamf=HurriedJamf(page_size=8)).resolve_job_def(
    SCOPES["everything"].job
)
_COMPUTERS = dg.AssetKey([PREFIX, "raw_jamf_computers"])
_SCHEDULED = {TRIGGERED_BY_TAG: "schedule"}


@pytest.fixture
def synced(make_world: WorldMaker) -> World:
    """A clean fleet of 40 Macs that was synced once, as a whole."""
    world = make_world(SimulatorConfig(computers=40, users=30, groups=6, oddities=0))
    assert sync_hurriedly(world).success
    assert world.query("select sweep from jamf_sync.captures where collection = 'computers'") == [
        {"sweep": "full"}
    ]
    return world


def _sync(
    world: World, tags: dict[str, str], *, only_captures: bool = False, **config: str
) -> dict[str, Any]:
    """Syncs everything, or captures the computers only, in pages of 8, and says how these were captured."""
    slot = slot_key_at(datetime.now(UTC))
    run_config = dict(_JOB.get_run_config_for_partition_key(slot))
    if config:
        step = {f"{PREFIX}__raw_jamf_computers": {"config": config}}
        run_config["ops"] = {**run_config["ops"], **step}
    run_config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    result = _JOB.execute_in_process(
        instance=world.instance,
        partition_key=slot,
        run_config=run_config,
        tags=tags,
        asset_selection=[_COMPUTERS] if only_captures else None,
    )
    assert result.success
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == _COMPUTERS
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_scheduled_sync_brings_what_changed_and_reads_no_more(synced: World) -> None:
    before = _sync(synced, _SCHEDULED, only_captures=True)
    assert (before["sweep"], before["captured"], before["fetched"]) == ("incremental", 40, 0)
    report = synced.jamf.evolve(
        EvolveRequest(renames=2, reassignments=2, wipes=1, enrolments=1, reports=True)
    )
    metadata = _sync(synced, _SCHEDULED)
    assert metadata["sweep"] == "incremental"
    assert (metadata["listed"], metadata["captured"], metadata["fetched"]) == (40, 40, 5)
    assert (metadata["changed"], metadata["removed"]) == (5, 1)
    assert "5 of 40 computers are new or changed" in metadata["sweep_reason"]
    names = {row["hostname"] for row in devices(synced).values()}
    assert {change.after["name"] for change in report.renames} <= names
    assert report.enrolments[0].after["name"] in names
    wiped = device(synced, str(report.wipes[0].before["serial_number"]))
    assert wiped["enrollment"] == "unenrolled"
    for change in report.reassignments:
        serial_number = synced.fleet.computers[change.id].serial_number
        assert device(synced, str(serial_number))["person"] == change.after["username"]


def test_an_edit_without_a_trace_waits_for_a_sync_that_a_person_starts(synced: World) -> None:
    (change,) = synced.jamf.evolve(EvolveRequest(reassignments=1)).reassignments
    serial_number = str(synced.fleet.computers[change.id].serial_number)
    assert _sync(synced, _SCHEDULED)["sweep"] == "incremental"
    assert device(synced, serial_number)["person"] == change.before["username"]
    metadata = _sync(synced, {})
    assert (metadata["sweep"], metadata["fetched"]) == ("full", 40)
    assert "dagster ui" in metadata["sweep_reason"]
    assert device(synced, serial_number)["person"] == change.after["username"]


def test_the_schedule_and_whoever_asks_for_it_does_without_a_full_sweep(synced: World) -> None:
    for tags, config, expected in (
        (_SCHEDULED, {}, "incremental"),
        (_SCHEDULED, {"sweep": "full"}, "full"),
        ({}, {"sweep": "incremental"}, "incremental"),
        ({BACKFILL_ID_TAG: "abc"}, {}, "full"),
        ({TRIGGERED_BY_TAG: "ada@example.org"}, {"sweep": "auto"}, "full"),
    ):
        assert _sync(synced, tags, only_captures=True, **config)["sweep"] == expected, (
            tags,
            config,
        )


def test_the_setting_in_moss_says_how_often_a_full_sweep_is_due(synced: World) -> None:
    def set_hours(hours: float) -> None:
        synced.execute(
            "update integration_configs set sync_settings = %s",
            [Jsonb({"full_sweep_hours": hours})],
        )

    set_hours(0)
    metadata = _sync(synced, _SCHEDULED, only_captures=True)
    assert (metadata["sweep"], metadata.get("listed")) == ("full", None)
    assert "full_sweep_hours is 0" in metadata["sweep_reason"]
    set_hours(3)
    synced.execute("update jamf_sync.captures set started_at = now() - interval '2 hours'")
    assert _sync(synced, _SCHEDULED, only_captures=True)["sweep"] == "incremental"
    synced.execute("update jamf_sync.captures set started_at = now() - interval '175 minutes'")
    assert _sync(synced, _SCHEDULED, only_captures=True)["sweep"] == "full"


def test_a_filter_that_jamf_ignores_makes_a_scheduled_sync_a_full_sweep(synced: World) -> None:
    report = synced.jamf.evolve(EvolveRequest(renames=12, reports=True))
    synced.jamf.set_faults(Faults(filter_fault=FilterFault(mode="ignored")))
    metadata = _sync(synced, _SCHEDULED)
    assert (metadata["sweep"], metadata["listed"], metadata["fetched"]) == ("full", 40, 40)
    assert "JAMF Pro was asked for" in metadata["sweep_reason"]
    names = {row["hostname"] for row in devices(synced).values()}
    assert {change.after["name"] for change in report.renames} <= names
