"""What docs/design.md promises holds for any JAMF and any M.O.S.S., tried on random small worlds full of clashes."""

from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.moss.statements import fetch_all
from tests.db.support import EARLY, LATE, Bench, rows_of
from tests.support.properties import examples

_CORE = ("devices", "people", "ios", "locations", "rooms", "groups", "group_members")
_FEW = settings(
    max_examples=examples(6),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Small alphabets, so that serial numbers, names and addresses clash in most examples.
_SERIALS = st.sampled_from(["A", "B", "C"])
_USERNAMES = st.sampled_from(["jane", "john", "jane@example.org", None])
_EMAILS = st.sampled_from(["jane@example.org", "john@example.org", None])
_MACS = st.sampled_from(["AC:AA:AA:AA:AA:01", "AC:AA:AA:AA:AA:02", None])
_NAMES = st.sampled_from(["HQ", "hq", "Annex"])
_TEXTS = st.sampled_from(["x", "y", None])
_IDS = ("1", "2", "3", "4")


class World(NamedTuple):
    """What JAMF and M.O.S.S. hold, as keyword arguments of the bench's helpers."""

    computers: dict[str, dict[str, Any]]
    users: dict[str, dict[str, Any]]
    groups: dict[str, tuple[str, bool]]
    buildings: dict[str, str]
    devices: list[dict[str, Any]]
    people: list[dict[str, Any]]
    policies: dict[str, Any]
    incomplete: list[str]


_COMPUTER = st.fixed_dictionaries(
    {
        "serial_number": _SERIALS,
        "hostname": _TEXTS,
        "asset_tag": _TEXTS,
        "os_build": _TEXTS,
        "udid": st.sampled_from(["U1", "U2", None]),
        "username": _USERNAMES,
        "email": _EMAILS,
        "building_id": st.sampled_from(["1", "2", "9", None]),
        "room": st.sampled_from(["301", " 301", None]),
        "mac_address": _MACS,
        "is_managed": st.booleans(),
        "is_usable": st.sampled_from([True, True, True, False]),
        "contact": st.sampled_from([None, EARLY, LATE]),
        "static_group_ids": st.sampled_from([["1"], ["1", "2"], [], None]),
    }
)
_USER = st.fixed_dictionaries(
    {
        "username": _USERNAMES,
        "email": _EMAILS,
        "phone": _TEXTS,
        "is_usable": st.sampled_from([True, True, False]),
    }
)
_DEVICE = st.fixed_dictionaries(
    {
        "serial_number": _SERIALS | st.none(),
        "hostname": _TEXTS,
        "asset_tag": _TEXTS,
        "jamf_id": st.sampled_from([*_IDS, None]),
        "mac_address": _MACS,
    }
)
_PERSON = st.fixed_dictionaries(
    {"username": _USERNAMES, "email_address": _EMAILS, "jamf_id": st.sampled_from([*_IDS, None])}
)
_WORLDS = st.builds(
    World,
    computers=st.dictionaries(st.sampled_from(_IDS), _COMPUTER, max_size=4),
    users=st.dictionaries(st.sampled_from(_IDS), _USER, max_size=3),
    groups=st.dictionaries(st.sampled_from(["1", "2"]), st.tuples(_NAMES, st.booleans())),
    buildings=st.dictionaries(st.sampled_from(["1", "2"]), _NAMES),
    devices=st.lists(_DEVICE, max_size=3, unique_by=lambda device: device["jamf_id"] or id(device)),
    people=st.lists(_PERSON, max_size=3, unique_by=lambda person: person["jamf_id"] or id(person)),
    policies=st.fixed_dictionaries(
        {
            "create_missing_locations": st.booleans(),
            "on_unlinked_serial": st.sampled_from(["adopt_and_flag", "adopt", "hold"]),
            "on_empty_user": st.sampled_from(["keep", "clear"]),
            "on_human_edit": st.sampled_from(["overwrite_and_flag", "keep"]),
            "recreate_deleted": st.booleans(),
        }
    ),
    incomplete=st.lists(
        st.sampled_from(["computers", "users", "groups", "buildings"]), unique=True, max_size=2
    ),
)


def _furnish_moss(bench: Bench, world: World) -> None:
    taken: set[str] = set()
    for device in world.devices:
        columns = {name: device[name] for name in ("serial_number", "hostname", "asset_tag")}
        if bench.dialect.hostname_is_unique and columns["hostname"] in taken:
            columns["hostname"] = None
        taken.add(columns["hostname"])
        device_id = bench.device(**columns)
        if device["jamf_id"]:
            bench.mapping("computer", device["jamf_id"], "device", device_id)
        if device["mac_address"]:
            bench.interface(device_id, device["mac_address"])
    for person in world.people:
        person_id = bench.person(username=person["username"], email_address=person["email_address"])
        if person["jamf_id"]:
            bench.mapping("user", person["jamf_id"], "person", person_id)


def _furnish_jamf(bench: Bench, world: World) -> None:
    for jamf_id in _IDS:
        for collection in ("computers", "users"):
            bench.gone(collection, jamf_id)
    for jamf_id, computer in world.computers.items():
        kind = "ethernet" if computer["mac_address"] else None
        bench.computer(jamf_id, mac_interface_type=kind, **computer)
    for jamf_id, user in world.users.items():
        is_usable = user["is_usable"] and bool(user["username"] or user["email"])
        bench.user(jamf_id, **{**user, "is_usable": is_usable})
    for jamf_id, (name, is_smart) in world.groups.items():
        bench.computer_group(jamf_id, name, is_smart=is_smart)
    for jamf_id, name in world.buildings.items():
        bench.building(jamf_id, name)
    for collection in world.incomplete:
        bench.incomplete(collection)


def _assert_sound(bench: Bench, plan: Plan) -> None:
    """What the blocking checks of the pipeline ask of every plan."""
    assert [count for count in plan.counts if not count.adds_up] == []
    for statement in ("matching/doubly_matched_devices", "matching/doubly_matched_people"):
        assert (
            fetch_all(bench.connection, statement, {"integration_id": bench.integration.id}) == []
        )


def _assert_nothing_lost(bench: Bench, before: dict[str, set[Any]]) -> None:
    for table, ids in before.items():
        assert ids <= _ids(bench, table), f"the sync deleted {table}"


def _ids(bench: Bench, table: str) -> set[Any]:
    return {row["id"] for row in bench.query(f"select id from {table}")}


def _core(bench: Bench) -> list[dict[str, str]]:
    return [rows_of(bench, table) for table in _CORE]


@_FEW
@given(world=_WORLDS)
def test_any_first_sync_is_sound_and_settles(trial: Bench, world: World) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies(**world.policies)
        _furnish_moss(trial, world)
        _furnish_jamf(trial, world)
        before = {
            table: _ids(trial, table)
            for table in ("devices", "people", "ios", "locations", "groups")
        }

        plan = trial.plan()
        _assert_sound(trial, plan)
        applied = trial.apply(plan)
        _assert_sound(trial, applied)
        assert applied.status == "applied"
        assert [count.failed for count in applied.counts] == [count.failed for count in plan.counts]
        _assert_nothing_lost(trial, before)

        # People who share names and addresses crosswise may be told apart only once the first sync has put one right.
        _assert_sound(trial, trial.sync())
        settled = _core(trial)
        _assert_sound(trial, trial.sync())
        assert _core(trial) == settled


@_FEW
@given(world=_WORLDS)
def test_the_second_sync_of_any_world_without_people_writes_nothing(
    trial: Bench, world: World
) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies(**world.policies)
        nobody = {"username": None, "email": None}
        computers = {
            jamf_id: {**computer, **nobody} for jamf_id, computer in world.computers.items()
        }
        unpeopled = world._replace(computers=computers, users={}, people=[])
        _furnish_moss(trial, unpeopled)
        _furnish_jamf(trial, unpeopled)
        trial.sync()
        written = _core(trial)
        plan = trial.sync()
        assert _core(trial) == written
        assert [
            count for count in plan.counts if count.created or count.updated or count.removed
        ] == []


@_FEW
@given(first=_WORLDS, second=_WORLDS)
def test_any_change_of_jamf_is_synced_soundly_and_deletes_nothing(
    trial: Bench, first: World, second: World
) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies(**first.policies)
        _furnish_moss(trial, first)
        _furnish_jamf(trial, first)
        trial.sync()
        before = {
            table: _ids(trial, table)
            for table in ("devices", "people", "ios", "locations", "groups")
        }
        owned = "select id, asset_tag, notes, device_type, status from devices"
        labels = {row["id"]: row for row in trial.query(owned)}

        trial.policies(**second.policies)
        _furnish_jamf(trial, second)
        plan = trial.plan()
        _assert_sound(trial, plan)
        _assert_sound(trial, trial.apply(plan))

        _assert_nothing_lost(trial, before)
        for row in trial.query(owned):
            earlier = labels.get(row["id"])
            if earlier is not None:
                assert earlier["asset_tag"] in (None, row["asset_tag"])
                assert {**earlier, "asset_tag": None} == {**row, "asset_tag": None}


@_FEW
@given(
    world=_WORLDS,
    types=st.lists(st.sampled_from(["person", "device", "group", "io"]), min_size=1, unique=True),
)
def test_a_plan_of_some_types_is_as_sound_as_one_of_all(
    trial: Bench, world: World, types: list[str]
) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        trial.policies(**world.policies)
        _furnish_moss(trial, world)
        _furnish_jamf(trial, world)
        plan = trial.plan(types)
        _assert_sound(trial, plan)
        _assert_sound(trial, trial.apply(plan))
