"""What a run does when a check fails: blocking checks stop what must not go on, the history says so."""

import dagster as dg
import pytest

from tests.support.world import DEFINITIONS, PREFIX, World


def _materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.path[-1]
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def _failed_checks(result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    return {
        (check.asset_key.path[-1], check.check_name)
        for check in result.get_asset_check_evaluations()
        if not check.passed
    }


@pytest.fixture
def synced_world(small_world: World) -> World:
    small_world.sync()
    return small_world


def test_a_fleet_that_vanished_stops_the_run_and_the_next_recovers_when_it_is_back(
    synced_world: World,
) -> None:
    before = synced_world.row_versions()
    computers = [synced_world.fleet.remove_computer(identifier) for identifier in ("1", "2")]

    result = synced_world.sync_in_dagster(may_fail=True)

    assert not result.success
    assert ("jamf_computers_snapshot", "snapshot_did_not_vanish") in _failed_checks(result)
    assert not _materialized(result) & {
        "device_matches",
        "change_plan",
        "moss_devices",
        "moss_mappings",
    }
    assert synced_world.row_versions() == before
    assert synced_world.query("select distinct sync_status from integration_object_mappings") == [
        {"sync_status": "synced"}
    ]
    newest = synced_world.history()[-1]
    assert newest["status"] == "failed"
    assert newest["sync_completed_at"] is not None
    assert "snapshot_did_not_vanish" in newest["error_message"]
    assert synced_world.query("select last_sync_status from integration_configs") == [
        {"last_sync_status": "failed"}
    ]

    for computer in computers:
        synced_world.fleet.store_computer(computer)
    assert synced_world.sync().success
    assert synced_world.row_versions() == before


def test_users_and_groups_that_vanished_are_a_warning_and_nothing_of_theirs_is_unlinked(
    synced_world: World,
) -> None:
    synced_world.fleet.remove_user("1")
    synced_world.fleet.remove_group("1")
    result = synced_world.sync_in_dagster()
    assert {
        ("jamf_users_snapshot", "snapshot_did_not_vanish"),
        ("jamf_groups_snapshot", "snapshot_did_not_vanish"),
    } <= _failed_checks(result)
    assert synced_world.query("select distinct sync_status from integration_object_mappings") == [
        {"sync_status": "synced"}
    ]
    assert synced_world.history()[-1]["status"] == "partial"


def test_faulty_matches_and_counts_fail_the_checks_that_guard_the_plan_and_the_apply(
    synced_world: World,
) -> None:
    """The checks read what is stored, so they also catch what a faulty rule would store."""
    synced_world.execute(
        """insert into jamf_sync.device_matches (integration_id, jamf_id, version_id, device_id, outcome)
           select integration_id, 'intruder', version_id, device_id, outcome from jamf_sync.device_matches limit 1"""
    )
    synced_world.execute(
        "update jamf_sync.plan_counts set seen = seen + 1 where object_type = 'device'"
    )
    result = _run_checks_of(synced_world, "device_matches", "change_plan")
    assert not result.success
    assert _failed_checks(result) == {
        ("device_matches", "identities_are_unique"),
        ("change_plan", "counts_add_up"),
    }


def _run_checks_of(world: World, *assets: str) -> dg.ExecuteInProcessResult:
    guarded = {dg.AssetKey([PREFIX, asset]) for asset in assets}
    keys = [
        key
        for checks in DEFINITIONS.asset_checks or []
        for key in checks.check_keys
        if key.asset_key in guarded
    ]
    job = dg.define_asset_job(
        "only_checks",
        selection=dg.AssetSelection.checks(*keys),
        executor_def=dg.in_process_executor,
    )
    definitions = dg.Definitions.merge(DEFINITIONS, dg.Definitions(jobs=[job]))
    return definitions.resolve_job_def("only_checks").execute_in_process(
        instance=world.instance, raise_on_error=False
    )


def test_a_healthy_sync_passes_every_check(small_world: World) -> None:
    run = small_world.sync_in_dagster()
    assert len(run.get_asset_check_evaluations()) >= 14
    assert _failed_checks(run) == set()


def test_twins_and_unusable_records_turn_the_snapshot_yellow_and_stop_nothing(
    synced_world: World,
) -> None:
    (device,) = synced_world.query("select min(serial_number) as serial_number from devices")
    synced_world.fleet.add_computer({"hardware": {"serialNumber": device["serial_number"]}})
    synced_world.fleet.add_computer({"hardware": {"serialNumber": ""}})

    result = synced_world.sync_in_dagster()

    assert result.success
    assert _failed_checks(result) == {
        ("jamf_computers_snapshot", "serial_numbers_are_unique"),
        ("jamf_computers_snapshot", "every_record_is_usable"),
    }
    (twins,) = [
        check
        for check in result.get_asset_check_evaluations()
        if check.check_name == "serial_numbers_are_unique"
    ]
    assert twins.severity is dg.AssetCheckSeverity.WARN
    assert twins.metadata["serial_numbers"].value == 1
    assert synced_world.history()[-1]["status"] == "partial"
