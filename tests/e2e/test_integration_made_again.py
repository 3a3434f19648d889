"""Case I14 of real life: an integration whose row is deleted in M.O.S.S. and made again knows its own objects."""

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.integration.history import recent_history
from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_NAME, create_integration
from moss_jamf_pipeline.moss.plan.conflicts import resolve_conflicts
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    devices,
    mappings,
    open_conflicts,
    stored_rows,
)
from tests.support.world import World

_MACS = range(1, 13)
_CORE = ("devices", "people", "ios", "locations", "groups")


def _serial(number: int) -> str:
    return f"C02AGAIN{number:04}"


def _synced(world: World) -> None:
    """Twelve Macs with users, a group and a building; a decision, an open conflict, a device that a person deleted."""
    world.fleet.add_building("Main", building_id="1")
    world.fleet.add_group("Ours", group_id="9", members=[])
    for number in _MACS:
        name = f"user{number}"
        email = f"{name}@example.com"
        world.fleet.add_user(id=str(number), username=name, email=email, realname=name.title())
        add_mac(
            world,
            str(number),
            _serial(number),
            user={"username": name, "email": email},
            place={"buildingId": "1"},
            assetTag=f"TAG-{number}",
        )
    world.sync()
    world.execute("update devices set asset_tag = 'OURS-1' where serial_number = %s", [_serial(1)])
    world.execute("update devices set asset_tag = 'OURS-2' where serial_number = %s", [_serial(2)])
    world.execute("delete from devices where serial_number = %s", [_serial(3)])
    world.sync()
    (conflict,) = world.query(
        "select conflict_id from jamf_sync.conflicts where moss_value = 'OURS-1' and status = 'open'"
    )
    with world.database.connection() as connection:
        resolve_conflicts(
            connection,
            world.integration,
            [conflict["conflict_id"]],
            Resolution.KEEP_MOSS,
            resolved_by="pat@example.org",
        )
    world.sync()


def _made_again(world: World, name: str) -> None:
    world.execute("delete from integration_configs")
    with world.database.connection() as connection:
        create_integration(connection, name, None)


def _stored(world: World) -> dict[str, list[tuple[str, str]]]:
    return {
        table: [
            (row["ctid"], row["xmin"])
            for row in world.query(f"select ctid::text, xmin::text from public.{table} order by 1")
        ]
        for table in _CORE
    }


def _links(world: World) -> dict[str, dict[str, tuple[str, str]]]:
    kinds = ("computer", "user", "building", "computer_group")
    return {kind: mappings(world, kind) for kind in kinds}


def test_case_i14_an_integration_made_again_goes_on_where_it_was(world: World) -> None:
    _synced(world)
    before, links, conflicts = _stored(world), _links(world), open_conflicts(world)
    decided = "select count(*) as n from jamf_sync.conflicts where status = 'resolved'"
    assert world.query(decided) == [{"n": 1}]
    former = world.integration.id
    _made_again(world, DEFAULT_NAME)
    assert _links(world)["computer"] == {}

    world.sync()

    assert_counts_add_up(world)
    assert _stored(world) == before
    assert _links(world) == links
    assert open_conflicts(world) == conflicts
    assert world.query(decided) == [{"n": 1}]
    assert _serial(3) not in devices(world)
    assert world.integration.id != former
    left = world.query(
        "select count(*) as n from jamf_sync.conflicts where integration_id = %s", [former]
    )
    assert left == [{"n": 0}]
    told = world.history()[-1]["error_details"]["took_over"]
    assert "takes the place of 'JAMF Pro'" in told
    with world.database.connection() as connection:
        newest = recent_history(connection, world.integration.id, limit=1)[0]
    assert (newest["status"], newest["error_message"]) == (world.history()[-1]["status"], told)
    assert_calm(world)


def test_case_i14_under_another_name_it_is_known_by_its_server(world: World) -> None:
    _synced(world)
    before, links = _stored(world), _links(world)
    _made_again(world, "JAMF Pro again")
    world.sync()
    assert _stored(world) == before
    assert _links(world) == links
    assert_calm(world)


def test_case_i14_a_row_that_is_only_renamed_is_the_same(world: World) -> None:
    _synced(world)
    before, conflicts = _stored(world), open_conflicts(world)
    world.execute("update integration_configs set name = 'Another name'")
    world.sync()
    assert _stored(world) == before
    assert open_conflicts(world) == conflicts
    assert "took_over" not in (world.history()[-1]["error_details"] or {})


def _planned(world: World, plan_id: int) -> list[dict[str, object]]:
    """What a plan does, whatever became of it; the ids of new interfaces are each plan's own."""
    return world.query(
        """select object_type, case when object_type <> 'io' then object_id end as object_id,
                  external_type, external_id, action, reason, before, after
           from jamf_sync.change_plan where plan_id = %s and action <> 'agree' order by 1, 2, 3, 4, 5""",
        [plan_id],
    )


def _newest_plan(world: World) -> int:
    (row,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")
    plan_id = row["plan_id"]
    assert isinstance(plan_id, int)
    return plan_id


def _happens(world: World) -> None:
    """A Mac gets another name, one is new, one goes, and the one whose device was deleted gets another id."""
    world.fleet.computer("5").name = "renamed"
    world.fleet.remove_computer("6")
    removed = world.fleet.computer("3")
    world.fleet.remove_computer("3")
    add_mac(world, "30", _serial(3), udid=removed.udid)
    add_mac(world, "40", "C02AGAINNEW")


@pytest.mark.parametrize("is_applied_by_itself", [False, True], ids=["then a sync", "then applied"])
def test_case_i14_a_dry_run_plans_what_the_sync_does_and_writes_nothing_to_moss(
    world: World, *, is_applied_by_itself: bool
) -> None:
    _synced(world)
    links = _links(world)
    _made_again(world, DEFAULT_NAME)
    before = stored_rows(world)
    _happens(world)

    for _ in range(2):
        dry_run = world.sync("plan")
        assert dry_run.success
        assert stored_rows(world) == before
    assert _links(world)["computer"] == {}
    planned = _newest_plan(world)
    expected = _planned(world, planned)
    assert {(row["object_type"], row["action"], row["external_id"]) for row in expected} >= {
        ("device", "update", "5"),
        ("device", "create", "40"),
        ("mapping", "unenroll", "6"),
    }
    assert "30" not in {row["external_id"] for row in expected}

    if is_applied_by_itself:
        assert world.apply(planned).success
    else:
        world.sync()
        assert _planned(world, _newest_plan(world)) == expected

    assert devices(world).keys() == {_serial(number) for number in _MACS if number != 3} | {
        "C02AGAINNEW"
    }
    assert {jamf_id: _links(world)["computer"][jamf_id][0] for jamf_id in ("1", "5", "6")} == {
        jamf_id: links["computer"][jamf_id][0] for jamf_id in ("1", "5", "6")
    }
    assert_calm(world)
