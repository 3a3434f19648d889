"""The report as an asset: what the UI shows of it, and that each full sync that ends leads to one."""

from pathlib import Path

import dagster as dg
import pytest

from moss_jamf_pipeline.orchestration.assets.report import report_config
from moss_jamf_pipeline.orchestration.resources import MossResource
from tests.support.world import DEFINITIONS, World


def _look(world: World, cursor: str | None) -> dg.SensorResult:
    """One look of the sensor that starts reports."""
    sensor = DEFINITIONS.resolve_sensor_def("report_jamf_after_syncs")
    with dg.build_sensor_context(
        instance=world.instance, cursor=cursor, resources={"moss": MossResource()}
    ) as context:
        found = sensor(context)
    assert isinstance(found, dg.SensorResult)
    return found


def test_each_full_sync_that_ends_leads_to_one_report(small_world: World) -> None:
    before = _look(small_world, None)
    assert (before.run_requests, before.cursor) == ([], "none yet")
    run_id = small_world.sync().run_id
    first = _look(small_world, before.cursor)
    (request,) = first.run_requests or []
    assert (request.run_key, first.cursor) == (run_id, run_id)
    assert _look(small_world, first.cursor).run_requests == []
    # Where syncs ran before the sensor did, only the next one is reported of.
    assert _look(small_world, None).run_requests == []


def test_a_report_is_shown_by_a_summary_its_address_and_numbers(
    small_world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("MOSS_JAMF_COMPANION_LINK_URL", "https://moss.example.org/jamf/")
    small_world.sync()
    job = DEFINITIONS.resolve_job_def("report_jamf")
    result = job.execute_in_process(
        instance=small_world.instance, run_config=report_config("jamf_pro", weekly=True)
    )
    (made,) = result.asset_materializations_for_node("jamf_pro__sync_report")
    shown = {name: value.value for name, value in made.metadata.items()}
    assert (shown["macs"], shown["linked_devices"], shown["open_conflicts"]) == (2, 2, 0)
    assert str(shown["report"]).startswith("https://moss.example.org/jamf/reports/")
    assert "2 Macs in JAMF" in str(shown["summary"])
    assert Path(str(shown["file"])).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (shown["mailed_to"], shown["needs_somebody"]) == (0, 0)
    (kept,) = small_world.query("select run_id, is_weekly from jamf_sync.reports")
    assert kept == {"run_id": result.run_id, "is_weekly": True}
