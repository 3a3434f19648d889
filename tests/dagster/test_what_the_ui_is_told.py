"""What the UI learns before anything runs: when the next sync is due, which slots there are, whose a run is."""

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import ScheduleSnap

from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.orchestration import instance as instance_module
from moss_jamf_pipeline.orchestration.coordinator import SlotCoordinator
from moss_jamf_pipeline.orchestration.dagster_internals import (
    PARTITION_NAME_TAG,
    SubmitRunContext,
)
from moss_jamf_pipeline.orchestration.launching import origin_of
from moss_jamf_pipeline.orchestration.remembered import (
    first_slot,
    remember_cron,
    remember_first_slot,
    remembered,
)
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.support.world import DEFINITIONS


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of a new installation."""
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("MOSS_JAMF_FIRST_SLOT")
    return Settings()


def _shown(settings: Settings) -> tuple[object, bool]:
    """The ticks of the schedule of next syncs and whether it has any, as Dagster describes it to who asks now."""
    definitions = _loaded(settings)
    schedule = definitions.get_repository_def().get_schedule_def("next_sync")
    snap = ScheduleSnap.from_def(schedule, definitions.get_repository_def())
    return snap.cron_schedule, snap.default_status is dg.DefaultScheduleStatus.RUNNING


_DEFINITIONS: dict[Path, dg.Definitions] = {}


def _loaded(settings: Settings) -> dg.Definitions:
    """The code location of a code server: loaded once."""
    directory = settings.state_directory
    if directory not in _DEFINITIONS:
        _DEFINITIONS[directory] = build_definitions([IntegrationChoice()], settings)
    return _DEFINITIONS[directory]


def test_the_next_sync_follows_the_schedule_in_moss_without_loading_anything_again(
    settings: Settings,
) -> None:
    assert _shown(settings) == ("0 */6 * * *", True)
    assert remember_cron(settings, "jamf_pro", "0 2 * * *")
    assert not remember_cron(settings, "jamf_pro", "0 2 * * *")
    assert _shown(settings) == ("0 2 * * *", True)
    # Switched off in M.O.S.S.: nothing is to come.
    remember_cron(settings, "jamf_pro", None)
    assert _shown(settings) == ("0 */6 * * *", False)
    remember_cron(settings, "emea", "5 * * * *")
    assert remembered(settings).crons == {"jamf_pro": None, "emea": "5 * * * *"}


def test_the_schedule_that_shows_the_next_sync_starts_none_and_says_what_does() -> None:
    schedule = DEFINITIONS.resolve_schedule_def("next_sync")
    assert schedule.job_name == "sync_jamf"
    moment = datetime(2026, 11, 28, 12, tzinfo=UTC)
    tick = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=moment))
    assert not tick.run_requests
    assert "sync_jamf_on_schedule starts this sync" in (tick.skip_message or "")


def test_a_new_installation_begins_with_the_current_slot_and_keeps_it(settings: Settings) -> None:
    assert first_slot(settings) == "2026-11-01-00:00"  # before anybody has noted one
    remember_first_slot(settings, None)
    noted = first_slot(settings)
    assert noted == slot_key_at(datetime.now(UTC))
    remember_first_slot(settings, "2026-11-05-06:00")
    assert first_slot(settings) == noted


@pytest.mark.parametrize(
    ("oldest", "noted"),
    [("2026-11-05-06:00", "2026-11-05-06:00"), ("a partition of another's", None)],
)
def test_an_older_installation_keeps_the_slots_that_it_has(
    settings: Settings, oldest: str, noted: str | None
) -> None:
    remember_first_slot(settings, oldest)
    assert first_slot(settings) == noted or slot_key_at(datetime.now(UTC))


def test_what_the_environment_says_goes_before_what_is_remembered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_first_slot(settings, None)
    monkeypatch.setenv("MOSS_JAMF_FIRST_SLOT", "2026-11-03-00:00")
    assert first_slot(Settings()) == "2026-11-03-00:00"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"first_slot": 7, "crons": []}', '{"first_slot": "x"}']
)
def test_what_cannot_be_read_is_taken_for_nothing(settings: Settings, text: str) -> None:
    settings.state_directory.mkdir(parents=True)
    (settings.state_directory / "remembered.json").write_text(text)
    assert first_slot(settings) == "2026-11-01-00:00"
    assert remembered(settings).cron_of("jamf_pro") == "0 */6 * * *"


@pytest.mark.skipif(
    os.geteuid() != 0, reason="a directory below a file stops only who is no directory"
)
def test_where_nothing_can_be_written_nothing_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path / "file" / "state"))
    assert not remember_cron(Settings(), "jamf_pro", "0 2 * * *")


def test_the_configured_instance_notes_the_first_slot_and_gives_slots_to_runs_without(
    dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOSS_JAMF_FIRST_SLOT")
    with instance_module.open_instance(Settings(), captures_output=False):
        assert remembered(Settings()).first_slot == slot_key_at(datetime.now(UTC))
    coordinator = dagster_instance.run_coordinator
    assert isinstance(coordinator, SlotCoordinator)
    slots = []
    for job, tags in (
        ("sync_jamf", {}),
        ("sync_jamf", {PARTITION_NAME_TAG: "2026-11-02-00:00"}),
        ("apply_jamf_plan", {}),
    ):
        run = dagster_instance.create_run_for_job(
            job_def=DEFINITIONS.resolve_job_def(job), tags=tags, remote_job_origin=origin_of(job)
        )
        context = SimpleNamespace(dagster_run=run)
        queued = coordinator.submit_run(cast("SubmitRunContext", context))
        assert queued.status is dg.DagsterRunStatus.QUEUED
        slots.append(queued.tags.get(PARTITION_NAME_TAG))
    assert slots == [slot_key_at(datetime.now(UTC)), "2026-11-02-00:00", None]
