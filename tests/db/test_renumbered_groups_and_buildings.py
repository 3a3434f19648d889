"""Groups and buildings whose JAMF ids are another's by now: what moves by its name, what is held, and what is told."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.plan.guard import choose_plan, held_changes, held_summary
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of, rows_of

_WRITTEN = (
    "groups",
    "locations",
    "integration_object_mappings",
    "jamf_sync.group_member_additions",
)


_LINKS = (
    "select id, external_id, internal_id, sync_status from integration_object_mappings"
    " where internal_type in ('group', 'location') order by id"
)


def _show(bench: Bench, names: Mapping[str, str], **kinds: bool) -> None:
    """JAMF has these groups and buildings, and in each group one Mac with the number of its first letter."""
    bench.captures |= {name: bench.new_capture(name) for name in ("groups", "buildings")}
    for collection in ("groups", "buildings"):
        for jamf_id in map(str, range(1, 30)):
            bench.gone(collection, jamf_id)
    for jamf_id, name in names.items():
        bench.computer_group(jamf_id, name, is_smart=kinds.get(name, False))
        bench.building(jamf_id, name)
        bench.computer(
            str(ord(name[0])), static_group_ids=[jamf_id], building_id=jamf_id, mac_address=None
        )


def _groups(bench: Bench) -> dict[str, tuple[Any, str]]:
    rows = bench.query("select id, name, external_id from groups")
    return {row["name"].removeprefix("[JAMF] "): (row["id"], row["external_id"]) for row in rows}


def _members(bench: Bench) -> dict[str, list[str]]:
    """The serial numbers of what the sync added to each group, by its name."""
    rows = bench.query(
        """select moss_group.name, device.serial_number
           from jamf_sync.group_member_additions as addition
           join groups as moss_group on moss_group.id = addition.group_id
           join devices as device on device.id = addition.member_id
           where addition.member_type = 'device' order by 1, 2"""
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["name"].removeprefix("[JAMF] "), []).append(row["serial_number"])
    return found


def _places(bench: Bench) -> dict[str, str]:
    """Building to the location that it is."""
    rows = bench.query(
        """select match.name, location.name as location from jamf_sync.location_matches as match
           join locations as location on location.id = match.location_id"""
    )
    return {row["name"]: row["location"] for row in rows}


def _conflicts(bench: Bench) -> list[tuple[str, str, str]]:
    rows = bench.query(
        """select object_type, kind, external_id from jamf_sync.conflicts
           where status = 'open' and object_type in ('group', 'location') order by 1, 2, 3"""
    )
    return [(row["object_type"], row["kind"], row["external_id"]) for row in rows]


def _assert_calm(bench: Bench) -> None:
    written = [rows_of(bench, table) for table in _WRITTEN]
    plan = bench.sync()
    assert [rows_of(bench, table) for table in _WRITTEN] == written
    assert all(count.adds_up for count in counts_of(plan).values())


def _revert(bench: Bench, plan: Plan) -> Plan:
    made = make_revert_plan(bench.connection, bench.integration, plan.plan_id, run_id="a-revert")
    return bench.apply(made)


def test_case_i01_renumbered_groups_keep_their_names_and_members(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology", "3": "Chemistry"})
    trial.sync()
    before, members = _groups(trial), _members(trial)

    _show(trial, {"2": "Art", "3": "Biology", "1": "Chemistry"})
    plan = trial.sync()

    after = _groups(trial)
    assert {name: group for name, (group, _) in after.items()} == {
        name: group for name, (group, _) in before.items()
    }
    assert {name: number for name, (_, number) in after.items()} == {
        "Art": "2",
        "Biology": "3",
        "Chemistry": "1",
    }
    assert _members(trial) == members
    assert counts_of(plan)["group"].moved == 3
    assert counts_of(plan)["group_member"].unchanged == counts_of(plan)["group_member"].seen
    assert _conflicts(trial) == []
    (row,) = trial.query(
        "select details -> 'evidence' as evidence from jamf_sync.change_plan"
        " where plan_id = %s and object_type = 'group' and external_id = '1'",
        plan.plan_id,
    )
    assert row["evidence"] == {"agreed": ["name", "kind"], "contradicted": {}}
    _assert_calm(trial)


def test_case_i01_renumbered_buildings_stay_the_locations_they_were(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology"})
    trial.sync()
    trial.execute("update locations set name = 'Hall of ' || name")
    _show(trial, {"1": "Biology", "2": "Art"})
    trial.computer("99", "C02NEW", building_id="2")
    plan = trial.sync()

    assert _places(trial) == {"Art": "Hall of Art", "Biology": "Hall of Biology"}
    assert counts_of(plan)["location"].moved == 2
    assert trial.value("select count(*) from locations") == 2
    assert (
        trial.value(
            "select l.name from devices d join locations l on l.id = d.location_id where serial_number = 'C02NEW'"
        )
        == "Hall of Art"
    )
    assert _conflicts(trial) == []
    _assert_calm(trial)


def test_a_building_made_anew_under_its_name_keeps_its_location(trial: Bench) -> None:
    _show(trial, {"1": "Art"})
    trial.sync()
    trial.execute("update locations set name = 'Hall of Art'")
    _show(trial, {"9": "Art"})
    plan = trial.sync()

    assert _places(trial) == {"Art": "Hall of Art"}
    assert counts_of(plan)["location"].moved == 1
    assert held_changes(trial.connection, plan.plan_id) == ()
    _assert_calm(trial)


def test_a_new_name_is_the_same_group_and_building(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology"})
    trial.sync()
    before = _groups(trial)
    _show(trial, {"1": "Art and Design", "2": "Biology"})
    trial.sync()

    assert _groups(trial) == {
        "Art and Design": before["Art"],
        "Biology": before["Biology"],
    }
    assert _places(trial) == {"Art and Design": "Art", "Biology": "Biology"}
    assert _conflicts(trial) == []


def test_a_name_given_away_goes_to_whom_has_it_and_the_rest_is_told(trial: Bench) -> None:
    """Biology is Art by now, and what was Art is called Crafts: ids would have both groups renamed."""
    _show(trial, {"1": "Art", "2": "Biology", "3": "Drama", "4": "English"})
    trial.sync()
    before = _groups(trial)
    _show(trial, {"1": "Crafts", "2": "Art", "3": "Drama", "4": "English"})
    plan = trial.sync()

    after = _groups(trial)
    assert after["Art"] == (before["Art"][0], "2")
    assert after["Biology"] == before["Biology"]
    assert after["Crafts"][0] not in {group for group, _ in before.values()}
    assert _conflicts(trial) == [("group", "id_reused", "2"), ("location", "id_reused", "2")]
    assert counts_of(plan)["group"].adds_up
    _assert_calm(trial)

    # Back under an id of its own.
    _show(trial, {"1": "Crafts", "2": "Art", "3": "Drama", "4": "English", "9": "Biology"})
    trial.sync()
    assert _groups(trial)["Biology"] == (before["Biology"][0], "9")
    assert _places(trial)["Biology"] == "Biology"
    assert _conflicts(trial) == []
    _assert_calm(trial)


def test_another_name_and_another_kind_are_another_group(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology", "3": "Drama"})
    trial.sync()
    before = _groups(trial)
    _show(trial, {"1": "Updates needed", "2": "Biology", "3": "Drama"}, **{"Updates needed": True})
    trial.sync()

    after = _groups(trial)
    assert after["Art"] == before["Art"]
    assert after["Updates needed"][0] != before["Art"][0]
    assert _members(trial)["Art"] == [f"SERIAL{ord('A')}"]
    detail = trial.value("select detail from jamf_sync.conflicts where kind = 'id_reused'")
    assert (
        "1 was [JAMF] Art and is [JAMF] Updates needed by now: "
        "the name was Art and is now Updates needed; the kind was static and is now smart."
        in detail
    )
    _assert_calm(trial)


def test_where_most_ids_are_anothers_a_new_name_is_no_new_name_of_the_old(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology", "3": "Chemistry", "4": "Drama"})
    trial.sync()
    before = _groups(trial)
    # A server that was rebuilt: Drama is gone, and its id is a team's that was never there.
    _show(trial, {"2": "Art", "3": "Biology", "1": "Chemistry", "4": "Theology"})
    trial.sync()

    after = _groups(trial)
    assert {name: after[name][0] for name in before} == {
        name: group for name, (group, _) in before.items()
    }
    assert after["Theology"][0] not in {group for group, _ in before.values()}
    assert _places(trial)["Theology"] == "Theology"
    assert _conflicts(trial) == [("group", "id_reused", "4"), ("location", "id_reused", "4")]
    _assert_calm(trial)


def test_a_group_that_was_deleted_stays_so_under_any_id(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology", "3": "Drama"})
    trial.sync()
    trial.execute("delete from groups where name = '[JAMF] Art'")
    trial.execute("delete from locations where name = 'Art'")
    trial.sync()
    _show(trial, {"2": "Art", "1": "Biology", "3": "Drama"})
    trial.sync()
    trial.sync()

    assert set(_groups(trial)) == {"Biology", "Drama"}
    assert _places(trial) == {"Biology": "Biology", "Drama": "Drama"}
    assert _conflicts(trial) == [("group", "link_lost", "2"), ("location", "link_lost", "2")]
    _assert_calm(trial)


def test_of_a_sweep_that_saw_one_of_two_nothing_is_concluded(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology"})
    trial.sync()
    before = _groups(trial), _members(trial)
    # The record of Art was not read yet: it still says Art.
    trial.captures |= {
        name: trial.new_capture(name, "incomplete") for name in ("groups", "buildings")
    }
    trial.computer_group("2", "Art")
    trial.building("2", "Art")
    trial.sync()

    assert (_groups(trial), _members(trial)) == before
    assert _conflicts(trial) == [("group", "ambiguous_match", "2")]
    assert _places(trial) == {"Art": "Art"}
    _show(trial, {"1": "Biology", "2": "Art"})
    trial.sync()
    assert {name: group for name, (group, _) in _groups(trial).items()} == {
        name: group for name, (group, _) in before[0].items()
    }
    assert _conflicts(trial) == []
    _assert_calm(trial)


def test_many_are_held_whole_until_somebody_approves(trial: Bench) -> None:
    names = ["Art", "Biology", "Chemistry", "Drama", "English", "French", "German"]
    ids = [str(number) for number in range(1, len(names) + 1)]
    _show(trial, dict(zip(ids, names, strict=True)))
    trial.sync()
    links = trial.query(_LINKS)
    before = _groups(trial), _members(trial)

    _show(trial, dict(zip(ids, reversed(names), strict=True)))
    # Drama kept its id; the Mac in Art is in no group of JAMF any more, and the one of Art's former number is.
    trial.computer(str(ord("A")), static_group_ids=["1"])
    plan = trial.plan()
    choice = choose_plan(
        trial.connection, trial.integration, run_id=str(uuid4()), plan_id=plan.plan_id
    )
    for object_type in ("location", "group", "group_member", "mapping"):
        apply_objects(trial.connection, trial.integration, choice.plan, object_type)

    assert (_groups(trial), _members(trial)) == before
    assert trial.query(_LINKS) == links
    said = held_summary(plan.plan_id, choice.held)
    assert "The JAMF ids of 6 of 7 linked groups belong to others by now" in said
    assert "The JAMF ids of 6 of 7 linked locations belong to others by now" in said
    assert said.count("another or a restored JAMF server") == 1

    approved = choose_plan(
        trial.connection,
        trial.integration,
        run_id=str(uuid4()),
        plan_id=plan.plan_id,
        approve=["relink"],
        approved_by="ada",
    )
    for object_type in ("location", "group", "group_member", "mapping"):
        apply_objects(trial.connection, trial.integration, approved.plan, object_type)
    assert {name: number for name, (_, number) in _groups(trial).items()} == dict(
        zip(reversed(names), ids, strict=True)
    )
    assert _members(trial)["German"] == [f"SERIAL{ord('A')}", f"SERIAL{ord('G')}"]
    assert "Art" not in _members(trial)


def test_links_that_moved_move_back(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology", "3": "Drama"})
    trial.sync()
    links = trial.query(_LINKS)
    _show(trial, {"1": "Biology", "2": "Art", "3": "Drama"})
    undone = trial.sync()
    revert = _revert(trial, undone)

    assert revert.status == "applied"
    assert trial.query(_LINKS) == links
    assert {name: number for name, (_, number) in _groups(trial).items()} == {
        "Art": "1",
        "Biology": "2",
        "Drama": "3",
    }


def test_a_building_that_comes_back_is_linked_again(trial: Bench) -> None:
    _show(trial, {"1": "Art", "2": "Biology"})
    trial.sync()
    _show(trial, {"2": "Biology"})
    trial.sync()
    status = (
        "select sync_status from integration_object_mappings"
        " where external_type = 'building' and external_id = '1'"
    )
    assert trial.value(status) == "deleted_external"
    _show(trial, {"1": "Art", "2": "Biology"})
    plan = trial.sync()

    assert trial.value(status) == "synced"
    assert counts_of(plan)["location"].returned == 1
    _assert_calm(trial)


def test_a_building_that_moves_to_a_place_that_moss_has_is_that_place(trial: Bench) -> None:
    """An office moves: JAMF renames the building, and M.O.S.S. has got the new office as a location of its own."""
    _show(trial, {"1": "Old office", "2": "Biology"})
    trial.sync()
    new = trial.location("New Office")
    _show(trial, {"1": "New office", "2": "Biology"})
    trial.computer("99", "C02NEW", building_id="1")
    trial.sync()

    assert _places(trial) == {"New office": "New Office", "Biology": "Biology"}
    placed = "select location_id from devices where serial_number = 'C02NEW'"
    assert trial.value(placed) == new
    assert _conflicts(trial) == [("location", "id_reused", "1")]
    # Who was in the old office still is, until somebody decides.
    assert (
        trial.value(
            "select count(*) from jamf_sync.conflicts where status = 'open'"
            " and kind = 'owned_field_differs' and field = 'location_id'"
        )
        == 1
    )
    _assert_calm(trial)
