"""The code location as people and runs see it: keys, groups, partitions, pools, checks, jobs, the sensor.

What is pinned here is stored for ever (asset keys, partitions, job names) or relied on by operators.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import dagster as dg
import pytest
from dagster import Shape

from moss_jamf_pipeline.definitions import build_definitions, defs
from moss_jamf_pipeline.engine.scopes import SCOPES, name_for
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure
from moss_jamf_pipeline.orchestration.partitions import slots_since
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.support.world import DEFINITIONS, PREFIX, World

SLOTS = slots_since("2026-11-01-00:00")
_COLLECTIONS = ("computers", "users", "groups", "buildings", "departments", "mobile_devices")
_GROUPS = {
    "jamf_raw": {
        "jamf_server",
        "named_records",
        *(f"raw_jamf_{collection}" for collection in _COLLECTIONS),
    },
    "jamf_snapshots": {f"jamf_{collection}_snapshot" for collection in _COLLECTIONS},
    "matching": {
        "location_matches",
        "room_matches",
        "person_matches",
        "device_matches",
        "group_matches",
    },
    "plan": {"change_plan", "guarded_plan", "conflicts", "plan_validation", "what_if_plan"},
    "moss": {
        "moss_locations",
        "moss_rooms",
        "moss_people",
        "moss_devices",
        "moss_ios",
        "moss_groups",
        "moss_group_members",
        "moss_mappings",
        "moss_sync_history",
    },
    "reports": {"sync_report"},
}
# What is read of JAMF as it is, and stands for no time.
_NOW = {"jamf_server", "named_records"}
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}
_BLOCKING = {
    ("jamf_computers_snapshot", "snapshot_did_not_vanish"),
    ("jamf_users_snapshot", "snapshot_did_not_vanish"),
    ("jamf_groups_snapshot", "snapshot_did_not_vanish"),
    ("device_matches", "identities_are_unique"),
    ("person_matches", "identities_are_unique"),
    ("change_plan", "counts_add_up"),
}
_WARNING = {
    *((f"jamf_{collection}_snapshot", "snapshot_is_complete") for collection in _COLLECTIONS),
    ("jamf_computers_snapshot", "count_is_usual"),
    ("jamf_users_snapshot", "count_is_usual"),
    ("jamf_mobile_devices_snapshot", "count_is_usual"),
    ("jamf_computers_snapshot", "serial_numbers_are_unique"),
    ("jamf_computers_snapshot", "every_record_is_usable"),
    ("jamf_users_snapshot", "every_record_is_usable"),
    ("jamf_mobile_devices_snapshot", "every_record_is_usable"),
    ("guarded_plan", "nothing_is_held"),
    ("plan_validation", "plan_fits_moss"),
    ("moss_mappings", "written_objects_exist"),
}
# No part of a sync: a dry run, a look back, and what webhooks named.
_ASIDE = {"sync_report", "plan_validation", "what_if_plan", "named_records"}


def _assets() -> Iterator[dg.AssetsDefinition]:
    for asset in DEFINITIONS.assets or []:
        assert isinstance(asset, dg.AssetsDefinition)
        yield asset


_ASSETS = {asset.key.path[-1]: asset for asset in _assets()}
_SPECS = {name: asset.get_asset_spec() for name, asset in _ASSETS.items()}


def test_the_code_location_is_loadable() -> None:
    dg.Definitions.validate_loadable(defs)


def test_every_asset_key_is_the_integrations_slug_and_a_table() -> None:
    assert {tuple(asset.key.path) for asset in _ASSETS.values()} == {
        (PREFIX, name) for name in _GROUP_OF
    }


@pytest.mark.parametrize("name", sorted(_GROUP_OF))
def test_every_asset_is_described_owned_tagged_retried_and_heard_when_it_fails(name: str) -> None:
    spec = _SPECS[name]
    assert spec.group_name == _GROUP_OF[name]
    assert spec.description
    assert len(spec.description) > 40
    assert spec.owners == ["team:it_asset_management"]
    assert "postgres" in spec.kinds or name == "jamf_server"
    assert spec.tags["domain"] == "it_asset_management"
    asset = _ASSETS[name]
    assert isinstance(asset.op, dg.OpDefinition)
    assert asset.op.retry_policy is not None
    assert asset.op.retry_policy.max_retries >= 2
    assert asset.hook_defs == {close_history_on_failure}


def test_kinds_say_what_each_layer_works_with() -> None:
    kinds = {
        group: {frozenset(_SPECS[name].kinds) for name in names} for group, names in _GROUPS.items()
    }
    assert kinds == {
        "jamf_raw": {frozenset({"http", "json", "postgres"}), frozenset({"http"})},
        "jamf_snapshots": {frozenset({"pandas", "postgres"})},
        "matching": {frozenset({"sql", "postgres"})},
        "plan": {frozenset({"sql", "postgres"})},
        "moss": {frozenset({"sql", "postgres"}), frozenset({"postgres"})},
        "reports": {frozenset({"html", "postgres"})},
    }


@pytest.mark.parametrize("name", sorted(_GROUP_OF))
def test_captures_and_snapshots_have_slots_and_the_rest_is_current(name: str) -> None:
    asset = _ASSETS[name]
    if _GROUP_OF[name] in ("jamf_raw", "jamf_snapshots") and name not in _NOW:
        assert asset.partitions_def == SLOTS
        assert asset.backfill_policy == dg.BackfillPolicy.single_run()
    elif name == "what_if_plan":
        assert asset.partitions_def == SLOTS
    else:
        assert asset.partitions_def is None


def test_slots_are_six_hourly_in_utc() -> None:
    assert SLOTS.cron_schedule == "0 */6 * * *"
    assert SLOTS.timezone == "UTC"
    assert SLOTS.end_offset == 1
    assert SLOTS.fmt == "%Y-%m-%d-%H:%M"


def test_pools_protect_the_jamf_api_and_the_writes_to_moss() -> None:
    pools = {
        name: asset.op.pool
        for name, asset in _ASSETS.items()
        if isinstance(asset.op, dg.OpDefinition)
    }
    expected = {"jamf_raw": "jamf_api", "moss": "moss_writes"}
    assert pools == {name: expected.get(group) for name, group in _GROUP_OF.items()} | {
        "plan_validation": "moss_writes"
    }


def test_assets_that_write_moss_run_one_after_the_other_after_the_plan() -> None:
    graph = DEFINITIONS.resolve_asset_graph()
    upstream = {
        name: {key.path[-1] for key in graph.get(dg.AssetKey([PREFIX, name])).parent_keys}
        for name in _GROUPS["moss"]
    }
    assert upstream == {
        "moss_locations": {"conflicts"},
        "moss_rooms": {"moss_locations"},
        "moss_people": {"moss_rooms"},
        "moss_devices": {"moss_people"},
        "moss_ios": {"moss_devices"},
        "moss_groups": {"moss_ios"},
        "moss_group_members": {"moss_groups"},
        "moss_mappings": {"moss_group_members"},
        "moss_sync_history": {"moss_mappings"},
    }


def test_the_checks_and_which_of_them_block() -> None:
    blocking = {
        (spec.asset_key.path[-1], spec.name): spec.blocking
        for checks in DEFINITIONS.asset_checks or []
        for spec in checks.check_specs
    }
    assert blocking == {**dict.fromkeys(_BLOCKING, True), **dict.fromkeys(_WARNING, False)}


def test_every_check_says_what_is_true_when_it_passes() -> None:
    for checks in DEFINITIONS.asset_checks or []:
        for spec in checks.check_specs:
            assert spec.description, spec.name


# -- jobs and what starts them -----------------------------------------------------------------


def test_the_jobs_and_what_each_materializes() -> None:
    jobs = {scope.job: scope for scope in SCOPES.values()}
    assert set(jobs) == {
        "sync_jamf",
        "sync_jamf_computers",
        "sync_jamf_mobile_devices",
        "sync_jamf_users",
        "sync_jamf_groups",
        "sync_jamf_webhooks",
        "plan_jamf",
        "apply_jamf_plan",
        "what_if_jamf",
    }
    everything = set(_GROUP_OF) - _ASIDE
    materialized = {
        name: {
            key.path[-1]
            for key in DEFINITIONS.resolve_job_def(name).asset_layer.selected_asset_keys
        }
        for name in jobs
    }
    assert materialized["sync_jamf"] == everything
    applying = _GROUPS["moss"] | {"guarded_plan", "conflicts"}
    assert materialized["plan_jamf"] == everything - applying | {"plan_validation"}
    assert materialized["apply_jamf_plan"] == applying
    assert materialized["what_if_jamf"] == {"what_if_plan"}
    assert materialized["sync_jamf_webhooks"] == (
        {"jamf_server", "named_records", "change_plan"} | _GROUPS["matching"] | applying
    )
    assert everything - materialized["sync_jamf_users"] == {
        f"{kind}{collection}{end}"
        for kind, end in (("raw_jamf_", ""), ("jamf_", "_snapshot"))
        for collection in ("computers", "mobile_devices", "groups", "buildings", "departments")
    }
    for name in ("sync_jamf_computers", "sync_jamf_users", "sync_jamf_groups"):
        assert applying | _GROUPS["matching"] | {"change_plan"} <= materialized[name]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
def test_every_job_runs_in_one_process_and_ends_by_itself(scope: object) -> None:
    assert hasattr(scope, "job")
    job = DEFINITIONS.resolve_job_def(scope.job)
    assert job.executor_def is dg.in_process_executor
    assert int(job.tags["dagster/max_runtime"]) == 2 * 60 * 60
    assert job.description


def test_a_job_of_some_objects_plans_only_those() -> None:
    planned = {
        name: DEFINITIONS.resolve_job_def(scope.job).get_run_config_for_partition_key(
            "2026-11-22-12:00"
        )["ops"][f"{PREFIX}__change_plan"]["config"]["object_types"]
        for name, scope in SCOPES.items()
        if scope.object_types and scope.collections
    }
    assert planned["users"] == ["person"]
    assert planned["groups"] == ["group", "group_member"]
    assert "group" not in planned["computers"]
    assert planned["everything"] == planned["plan"]


def test_the_job_that_applies_a_plan_explains_what_it_asks_for() -> None:
    job = DEFINITIONS.resolve_job_def("apply_jamf_plan")
    op = job.graph.node_named(f"{PREFIX}__guarded_plan").definition
    assert isinstance(op, dg.OpDefinition)
    assert op.config_schema is not None
    config = op.config_schema.config_type
    assert isinstance(config, Shape)
    fields = config.fields
    for name, default in (("plan_id", 0), ("approve", [])):
        assert not fields[name].is_required
        assert fields[name].default_value == default
        assert len(fields[name].description or "") > 80


def test_everything_is_synced_when_moss_says_so_unless_somebody_turns_it_off() -> None:
    sensor = DEFINITIONS.resolve_sensor_def("sync_jamf_on_schedule")
    assert sensor.job_name == "sync_jamf"
    assert sensor.minimum_interval_seconds == 30
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    for column in ("sync_schedule", "auto_sync_enabled", "is_enabled"):
        assert column in (sensor.description or "")


def test_what_webhooks_name_is_looked_at_unless_somebody_turns_it_off() -> None:
    sensor = DEFINITIONS.resolve_sensor_def("jamf_pro_webhooks")
    assert sensor.job_name == "sync_jamf_webhooks"
    assert sensor.minimum_interval_seconds == 5
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_people_are_told_of_what_needs_them_unless_somebody_turns_it_off() -> None:
    for name in ("jamf_pro_failed_runs", "jamf_pro_alerts"):
        sensor = DEFINITIONS.resolve_sensor_def(name)
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert "tells" in (sensor.description or "").lower()


def test_the_old_is_forgotten_every_night() -> None:
    schedule = DEFINITIONS.resolve_schedule_def("forget_old_captures_daily")
    assert schedule.job_name == "forget_old_captures"
    assert schedule.cron_schedule == "40 3 * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_a_week_is_reported_of_every_monday() -> None:
    schedule = DEFINITIONS.resolve_schedule_def("report_jamf_weekly")
    assert schedule.job_name == "report_jamf"
    assert schedule.cron_schedule == "0 6 * * 1"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    sensor = DEFINITIONS.resolve_sensor_def("report_jamf_after_syncs")
    assert sensor.job_name == "report_jamf"
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_jamf_is_asked_whether_it_answers_before_anything_is_captured() -> None:
    graph = DEFINITIONS.resolve_asset_graph()
    for collection in _COLLECTIONS:
        parents = graph.get(dg.AssetKey([PREFIX, f"raw_jamf_{collection}"])).parent_keys
        assert parents == {dg.AssetKey([PREFIX, "jamf_server"])}
    for scope in SCOPES.values():
        assert ("jamf_server" in scope.steps()) is bool(scope.collections or scope.reads_named)


@pytest.mark.parametrize("name", sorted(_GROUPS["moss"] | _GROUPS["jamf_snapshots"]))
def test_what_a_missed_sync_leaves_stale_turns_red(name: str) -> None:
    policy = _SPECS[name].freshness_policy
    assert policy == dg.FreshnessPolicy.time_window(
        warn_window=timedelta(hours=6.5), fail_window=timedelta(hours=7)
    )


# -- several JAMF servers ----------------------------------------------------------------------

_TWENTY = tuple(IntegrationChoice(f"School {number}") for number in range(1, 21))
_SEVERAL = ((IntegrationChoice("JAMF Pro"), IntegrationChoice("EMEA")), _TWENTY)
_each_number = pytest.mark.parametrize("choices", _SEVERAL, ids=len)


@cache
def _loaded(choices: tuple[IntegrationChoice, ...]) -> dg.Definitions:
    definitions = build_definitions(choices)
    dg.Definitions.validate_loadable(definitions)
    return definitions


@_each_number
def test_each_integration_has_assets_jobs_a_schedule_and_sensors_of_its_own(
    choices: tuple[IntegrationChoice, ...],
) -> None:
    loaded = _loaded(choices)
    slugs = {choice.slug for choice in choices}
    keys = loaded.resolve_asset_graph().get_all_asset_keys()
    assert {tuple(key.path) for key in keys} == {
        (slug, name) for slug in slugs for name in _GROUP_OF
    }
    names = (
        *(scope.job for scope in SCOPES.values()),
        "forget_old_captures",
        "forget_old_runs",
        "report_jamf",
    )
    jobs = [job.name for job in loaded.resolve_all_job_defs() if not job.name.startswith("__")]
    assert sorted(jobs) == sorted(name_for(slug, name) for slug in slugs for name in names)
    sensors = [sensor.name for sensor in loaded.sensors or []]
    assert sorted(sensors) == sorted(
        sensor
        for slug in slugs
        for sensor in (
            f"{name_for(slug, 'sync_jamf')}_on_schedule",
            f"{slug}_cancelled_runs",
            f"{slug}_failed_runs",
            f"{slug}_alerts",
            f"{name_for(slug, 'report_jamf')}_after_syncs",
            f"{slug}_webhooks",
        )
    )
    schedules = [schedule.name for schedule in loaded.schedules or []]
    assert sorted(schedules) == sorted(
        schedule
        for slug in slugs
        for schedule in (
            f"{name_for(slug, 'forget_old_captures')}_daily",
            f"{name_for(slug, 'forget_old_runs')}_daily",
            f"{name_for(slug, 'report_jamf')}_weekly",
            name_for(slug, "next_sync"),
        )
    )


@_each_number
def test_the_integrations_are_told_apart_by_group_and_read_one_server_at_a_time_each(
    choices: tuple[IntegrationChoice, ...],
) -> None:
    for asset in _loaded(choices).assets or []:
        assert isinstance(asset, dg.AssetsDefinition)
        assert isinstance(asset.op, dg.OpDefinition)
        slug, name = asset.key.path
        assert asset.get_asset_spec().group_name == f"{slug}_{_GROUP_OF[name]}"
        alone = _ASSETS[name].op
        assert isinstance(alone, dg.OpDefinition)
        # All of them write the same M.O.S.S., so one at a time does.
        shared = None if alone.pool is None else alone.pool.replace("jamf_api", f"jamf_api_{slug}")
        assert asset.op.pool == shared


@_each_number
def test_no_asset_of_one_integration_depends_on_another(
    choices: tuple[IntegrationChoice, ...],
) -> None:
    graph = _loaded(choices).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert {parent.path[0] for parent in graph.get(key).parent_keys} <= {key.path[0]}


@_each_number
def test_no_job_has_steps_of_two_integrations(choices: tuple[IntegrationChoice, ...]) -> None:
    loaded = _loaded(choices)
    for choice in choices:
        for scope in SCOPES.values():
            job = loaded.resolve_job_def(name_for(choice.slug, scope.job))
            selected = {tuple(key.path) for key in job.asset_layer.selected_asset_keys}
            assert selected == {(choice.slug, name) for name in scope.steps()}


def test_a_run_over_two_integrations_is_refused_and_says_how_to_start_two(
    small_world: World,
) -> None:
    job = _loaded(_SEVERAL[0]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=small_world.instance,
        asset_selection=[
            dg.AssetKey(["jamf_pro", "change_plan"]),
            dg.AssetKey(["emea", "change_plan"]),
        ],
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    told = [
        event.step_failure_data.user_failure_data
        for event in result.all_events
        if event.is_step_failure
    ]
    assert len(told) == 2
    for data in told:
        assert data is not None
        assert "has assets of 2 (emea, jamf_pro). Start one run for each" in (
            data.description or ""
        )


def test_loading_the_definitions_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://nobody:hush-hush@192.0.2.1:5432/nowhere")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "hush-secret")
    loaded = build_definitions([IntegrationChoice()])
    dg.Definitions.validate_loadable(loaded)
    snapshot = str(loaded.resolve_job_def("sync_jamf").get_job_snapshot())
    assert "hush" not in snapshot
