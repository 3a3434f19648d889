"""What holds for any two JAMF servers over one M.O.S.S., whatever they share and in whatever order they sync."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.db.support import Bench, rows_of, second_server
from tests.support.properties import examples

_FEW = settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Small alphabets: the servers share record ids, serial numbers, host names, people, groups and MAC addresses.
_IDS = ("1", "2", "3")
_TEXTS = st.sampled_from(["x", "y", None])
_COMPUTER = st.fixed_dictionaries(
    {
        "serial_number": st.sampled_from(["A", "B", "C"]),
        "hostname": _TEXTS,
        "os_version": _TEXTS,
        "asset_tag": _TEXTS,
        "os_build": _TEXTS,
        "username": st.sampled_from(["jane", "john", None]),
        "building_id": st.sampled_from(["1", None]),
        "room": st.sampled_from(["301", None]),
        "mac_address": st.sampled_from(["AC:AA:AA:AA:AA:01", "AC:AA:AA:AA:AA:02", None]),
        "mac_interface_type": st.just("wifi"),
        "static_group_ids": st.sampled_from([["1"], ["1", "2"], [], None]),
    }
)
_USER = st.fixed_dictionaries(
    {
        "username": st.sampled_from(["jane", "john"]),
        "phone": _TEXTS,
        "job_title": _TEXTS,
    }
)


class Fleet(NamedTuple):
    """What one JAMF server holds."""

    computers: dict[str, dict[str, Any]]
    users: dict[str, dict[str, Any]]
    groups: dict[str, tuple[str, bool]]


_FLEETS = st.builds(
    Fleet,
    computers=st.dictionaries(st.sampled_from(_IDS), _COMPUTER, max_size=3),
    users=st.dictionaries(st.sampled_from(_IDS), _USER, max_size=2),
    groups=st.dictionaries(
        st.sampled_from(["1", "2"]), st.tuples(st.sampled_from(["Staff", "Lab"]), st.booleans())
    ),
)
_WRITTEN = ("devices", "people", "groups", "ios")
_OWNED_BY_MOSS = "select id, notes, device_type, status, asset_tag from devices"


def _furnish(bench: Bench, fleet: Fleet) -> None:
    for jamf_id in _IDS:
        for collection in ("computers", "users", "groups"):
            bench.gone(collection, jamf_id)
    for jamf_id, computer in fleet.computers.items():
        bench.computer(jamf_id, **computer)
    for jamf_id, user in fleet.users.items():
        bench.user(jamf_id, **user)
    for jamf_id, (name, is_smart) in fleet.groups.items():
        bench.computer_group(jamf_id, name, is_smart=is_smart)
    bench.building("1", "HQ")


def _written(bench: Bench) -> list[dict[str, str]]:
    return [rows_of(bench, table) for table in bench.dialect.synced_tables]


def _leads(bench: Bench) -> dict[Any, Any]:
    rows = bench.query("select object_type, object_id, integration_id from jamf_sync.object_leads")
    return {(row["object_type"], row["object_id"]): row["integration_id"] for row in rows}


def _objects_written(bench: Bench, plan_id: int) -> set[Any]:
    rows = bench.query(
        """select object_type, object_id from jamf_sync.change_plan
           where plan_id = %s and outcome = 'applied' and object_type = any (%s) and after <> '{}'
             and action <> 'agree'""",
        plan_id,
        ["device", "person", "group", "io"],
    )
    return {(row["object_type"], row["object_id"]) for row in rows}


def _sync(bench: Bench) -> set[Any]:
    """Syncs one server; the objects that it wrote."""
    plan = bench.sync()
    assert [count for count in plan.counts if not count.adds_up] == []
    return _objects_written(bench, plan.plan_id)


def _servers(trial: Bench) -> tuple[Bench, Bench]:
    trial.captures = {name: trial.new_capture(name) for name in trial.captures}
    return trial, second_server(trial)


@_FEW
@given(
    fleets=st.tuples(_FLEETS, _FLEETS),
    changes=st.lists(st.tuples(st.integers(0, 1), _FLEETS | st.none()), max_size=5),
)
def test_any_course_of_two_servers_converges_and_no_round_writes_an_object_twice(
    trial: Bench,
    fleets: tuple[Fleet, Fleet],
    changes: Sequence[tuple[int, Fleet | None]],
) -> None:
    with trial.connection.transaction(force_rollback=True):
        servers = _servers(trial)
        for bench, fleet in zip(servers, fleets, strict=True):
            _furnish(bench, fleet)
        device_id = trial.device(serial_number="A", asset_tag="OWN", notes="kept")
        for server, changed in changes:
            if changed is not None:
                _furnish(servers[server], changed)
            _sync(servers[server])

        # People who share names crosswise, and what the other server had yet to link, may take a second round.
        for _ in range(2):
            before = _leads(trial)
            objects = [_sync(bench) for bench in servers]
            steady = {key for key, lead in _leads(trial).items() if before.get(key) == lead}
            assert not objects[0] & objects[1] & steady

        settled = _written(trial)
        edits = trial.value(
            "select count(*) from jamf_sync.conflicts where kind like 'human_edit%%'"
        )
        for bench in (*servers, *reversed(servers)):
            assert _sync(bench) == set()
            assert _written(trial) == settled
        assert edits == 0
        (device,) = (row for row in trial.query(_OWNED_BY_MOSS) if row["id"] == device_id)
        assert (device["asset_tag"], device["notes"]) == ("OWN", "kept")


@_FEW
@given(fleet=_FLEETS, priorities=st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_two_servers_of_one_fleet_agree_without_a_conflict_between_them(
    trial: Bench, fleet: Fleet, priorities: tuple[int, int]
) -> None:
    with trial.connection.transaction(force_rollback=True):
        servers = _servers(trial)
        for bench, priority in zip(servers, priorities, strict=True):
            trial.execute(
                "update integration_configs set sync_settings = %s where id = %s",
                Jsonb({"priority": priority}),
                bench.integration.id,
            )
            _furnish(bench, fleet)
        for bench in (*servers, *servers):
            _sync(bench)
        settled = _written(trial)
        for bench in servers:
            _sync(bench)
        assert _written(trial) == settled
        assert (
            trial.value(
                "select count(*) from jamf_sync.conflicts where kind = 'other_server_differs' and status = 'open'"
            )
            == 0
        )
