"""After a change in JAMF a sync makes exactly that change, and counts it."""

import pytest

from moss_jamf_pipeline.simulator import EvolveReport, EvolveRequest, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    actions,
    assert_calm,
    assert_counts_add_up,
    devices,
    mappings,
    open_conflicts,
)
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")

_EACH = (
    EvolveRequest(enrolments=3),
    EvolveRequest(wipes=3),
    EvolveRequest(re_enrolments=3),
    EvolveRequest(board_swaps=3),
    EvolveRequest(reassignments=3),
    EvolveRequest(renames=3),
    EvolveRequest(os_updates=3),
    EvolveRequest(user_changes=3),
    EvolveRequest(building_renames=1),
    EvolveRequest(group_changes=5),
)
_TOGETHER = EvolveRequest(
    enrolments=4,
    wipes=3,
    re_enrolments=3,
    board_swaps=2,
    reassignments=4,
    renames=3,
    os_updates=5,
    user_changes=4,
    building_renames=1,
    group_changes=5,
    contacts=True,
)


def _without_empty(found: dict[str, set[str]]) -> dict[str, set[str]]:
    return {action: ids for action, ids in found.items() if ids}


def _expected_device_actions(report: EvolveReport) -> dict[str, set[str]]:
    return _without_empty(
        {
            "create": {change.id for change in report.enrolments},
            "move": {change.id for change in (*report.re_enrolments, *report.board_swaps)},
            "update": {
                change.id for change in (*report.reassignments, *report.renames, *report.os_updates)
            },
        }
    )


def _expected_group_actions(report: EvolveReport) -> dict[str, set[str]]:
    named = [
        change for change in report.group_changes if "name" in {**change.before, **change.after}
    ]
    return _without_empty(
        {
            "create": {change.id for change in named if not change.before},
            "update": {change.id for change in named if change.before and change.after},
        }
    )


def _expected_unenrolments(report: EvolveReport) -> set[str]:
    deleted_groups = {
        change.id for change in report.group_changes if "name" in change.before and not change.after
    }
    return {change.id for change in report.wipes} | deleted_groups


def _assert_exactly(world: World, report: EvolveReport) -> None:
    """Asserts that the newest plan, which was applied, holds the report's changes and nothing else."""
    assert actions(world, "device") == _expected_device_actions(report)
    assert actions(world, "person") == _without_empty(
        {"update": {change.id for change in report.user_changes}}
    )
    assert actions(world, "group") == _expected_group_actions(report)
    assert actions(world, "mapping").get("unenroll", set()) == _expected_unenrolments(report)
    assert actions(world, "location") == {}
    _assert_counted(world, report)
    assert_counts_add_up(world)


def _assert_counted(world: World, report: EvolveReport) -> None:
    counts = world.counts()
    added, removed = _device_members(world)
    moved = len(report.re_enrolments) + len(report.board_swaps)
    changed = len(report.reassignments) + len(report.renames) + len(report.os_updates)
    device = counts["device"]
    assert device.seen == report.computers_total
    assert (device.created, device.updated, device.moved, device.unenrolled) == (
        len(report.enrolments),
        moved + changed,
        moved,
        len(report.wipes),
    )
    assert counts["person"].updated == len(report.user_changes)
    assert counts["person"].created == 0
    joined = [change for change in report.group_changes if "member" in change.after]
    left = [change for change in report.group_changes if "member" in change.before]
    assert (added, removed) == (len(joined), len(left))
    history = world.history()[-1]
    assert history["items_created"] == device.created + counts["group"].created
    assert (
        history["items_updated"]
        == device.updated + counts["person"].updated + counts["group"].updated
    )


def _device_members(world: World) -> tuple[int, int]:
    """How many devices the newest plan adds to groups and removes from them; people may come and go with them."""
    (row,) = world.query(
        """select count(*) filter (where action = 'add') as added, count(*) filter (where action = 'remove') as removed
           from jamf_sync.change_plan where plan_id = (select max(plan_id) from jamf_sync.plans)
             and object_type = 'group_member' and external_type = 'device'"""
    )
    return row["added"], row["removed"]


def _assert_devices_are_as_jamf_has_them(world: World) -> None:
    """Asserts name, system and user of every device whose serial number one managed Mac carries."""
    owned: dict[str, list[str]] = {}
    for computer in world.fleet.computers.values():
        if computer.managed and computer.serial_number:
            owned.setdefault(computer.serial_number, []).append(computer.id)
    found = devices(world)
    linked = mappings(world, "computer")
    for serial, (jamf_id, *others) in owned.items():
        if others:
            continue
        computer, device = world.fleet.computers[jamf_id], found[serial]
        assert (device["hostname"], device["os_version"], device["person"]) == (
            computer.name,
            computer.operating_system_version,
            computer.username,
        )
        assert linked[jamf_id] == (str(device["id"]), "synced")


@_ANY_MOSS
def test_each_kind_of_change_alone_is_made_and_nothing_else(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=60, groups=12, seed=7, oddities=0))
    world.sync()

    for request in _EACH:
        report = world.jamf.evolve(request)
        world.sync()
        _assert_exactly(world, report)

    _assert_devices_are_as_jamf_has_them(world)


def test_all_kinds_of_changes_together_are_made_and_nothing_else(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=150, groups=20, seed=11))
    world.sync()

    for _ in range(2):
        report = world.jamf.evolve(_TOGETHER)
        world.sync()
        _assert_exactly(world, report)

    assert_calm(world)


@pytest.mark.every_dialect
def test_whatever_becomes_of_identities_everybody_stays_who_they_are(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=60, groups=12, seed=7, oddities=0))
    world.sync()
    device_of, group_of, place_of = (
        {jamf_id: link[0] for jamf_id, link in mappings(world, kind).items()}
        for kind in ("computer", "computer_group", "building")
    )

    report = world.jamf.evolve(
        EvolveRequest(
            renumber_ids=4,
            renumber_groups=3,
            renumber_buildings=2,
            replace_hardware=1,
            reuse_username=1,
            share_mailbox=1,
            future_contact=1,
        )
    )
    world.sync()

    for changes, kind, former in (
        (report.renumber_groups, "computer_group", group_of),
        (report.renumber_buildings, "building", place_of),
    ):
        now = mappings(world, kind)
        assert {change.id: now[change.id] for change in changes} == {
            change.id: (former[str(change.before["id"])], "synced") for change in changes
        }

    found, linked = devices(world), mappings(world, "computer")
    for change in report.renumber_ids:
        device = found[str(change.after["serial_number"])]
        assert str(device["id"]) == device_of[str(change.before["id"])] == linked[change.id][0]
    (replaced,) = report.replace_hardware
    old, new = (found[str(side["serial_number"])] for side in (replaced.before, replaced.after))
    assert (str(old["id"]), old["enrollment"]) == (device_of[replaced.id], "unenrolled")
    assert (str(new["id"]), new["enrollment"]) == (linked[replaced.id][0], "enrolled")
    people = {row["username"]: row for row in world.query("select * from people")}
    (handed_on,) = report.reuse_username
    leaver = people[str(handed_on.before["username"])]
    assert (leaver["full_name"], leaver["email_address"]) == (
        handed_on.before["realname"],
        handed_on.before["email"],
    )
    (shared,) = report.share_mailbox
    sharers = [row for row in people.values() if row["email_address"] == shared.after["email"]]
    assert len(sharers) == 2
    (ahead,) = report.future_contact
    assert world.query("select jamf_id, field, reason from jamf_sync.quarantine") == [
        {"jamf_id": ahead.id, "field": "last_contact_at", "reason": "time_in_future"}
    ]
    # The old machine's device keeps its name, which the new one has in JAMF.
    taken = ["hostname_taken"] * world.dialect.hostname_is_unique
    assert [kind for kind, _ in open_conflicts(world)] == [
        *("hardware_replaced", *taken, "identity_contradicted")
    ]
    assert_calm(world)
