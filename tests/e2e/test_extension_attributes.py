"""Extension attributes: what is mapped becomes custom fields, with owner, guard and revert; the rest is not stored."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from moss_jamf_pipeline.cli.attributes import app
from moss_jamf_pipeline.cli.device import app as device_command
from moss_jamf_pipeline.cli.plan import app as plan_commands
from moss_jamf_pipeline.cli.report import app as report_command
from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import open_conflicts, set_policies
from tests.support.world import World

_PATH = "/api/v1/computer-extension-attributes"
_ANY_MOSS = pytest.mark.dialects("strategy")


def _fleet(make_world: WorldMaker, computers: int = 12) -> World:
    world = make_world(SimulatorConfig(computers=computers, users=6, groups=2, oddities=0))
    for computer in world.fleet.computers.values():
        computer.attribute_values = {
            "4": ("Spare",),
            "8": (f"cost-{computer.id}",),
            "9": ("secret-9",),
        }
    return world


def _sync(world: World) -> None:
    """A sync that reads JAMF anew, whatever slot it is."""
    world.execute("delete from jamf_sync.slot_captures")
    world.sync()


def _values(world: World, field: str) -> dict[str, str | None]:
    """The values of a custom field by the JAMF id of the device."""
    rows = world.query(
        "select m.external_id, v.value from custom_field_values v join integration_object_mappings m"
        " on m.internal_id = v.object_id and m.internal_type = 'device' where v.field_name = %s",
        [field],
    )
    return {row["external_id"]: row["value"] for row in rows}


def _dump(world: World) -> str:
    """Every row of every table, as text."""
    tables = world.query(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('public', 'jamf_sync') and table_type = 'BASE TABLE'"
    )
    return "\n".join(
        str(world.query(f"select t::text from {row['table_schema']}.{row['table_name']} t"))
        for row in tables
    )


def _listed(*options: str) -> Any:
    """What `moss-jamf attributes list` says."""
    return json.loads(_said(app, "list", "--json", *options))


def _said(command: typer.Typer, *arguments: str) -> str:
    """What a command prints."""
    printed = CliRunner().invoke(command, arguments)
    assert printed.exit_code == 0, (printed.output, printed.exception)
    return printed.stdout


def _newest_plan(world: World) -> int:
    (row,) = world.query("select max(plan_id) as id from jamf_sync.plans")
    return int(row["id"])


def test_what_is_mapped_becomes_custom_fields_and_a_second_sync_writes_nothing(
    make_world: WorldMaker,
) -> None:
    world = _fleet(make_world)
    (first, *_) = world.fleet.computers.values()
    first.attribute_values = {
        **first.attribute_values,
        "6": (" 0042 ",),
        "11": ("2026-09-01 13:00:00",),
        "13": ("Zephyr", "Atlas"),
        "14": ("old",),
    }
    set_policies(
        world,
        extension_attributes=[
            "Lifecycle State",
            "8",
            "battery cycle count",
            11,
            13,
            "Legacy Agent",
        ],
    )
    _sync(world)

    assert set(_values(world, "jamf_ea_4").values()) == {"Spare"}
    assert _values(world, "jamf_ea_8") == {each: f"cost-{each}" for each in world.fleet.computers}
    assert [_values(world, f"jamf_ea_{each}")[first.id] for each in (6, 11, 13)] == [
        *("42", "2026-09-01", "Atlas; Zephyr")
    ]
    # Disabled: frozen, not taken over.
    assert _values(world, "jamf_ea_14") == {}
    fields = world.query(
        "select field_name, field_label, field_type from custom_fields where field_name like 'jamf\\_ea\\_%'"
    )
    assert {row["field_name"]: (row["field_label"], row["field_type"]) for row in fields} == {
        "jamf_ea_4": ("Lifecycle State", "select"),
        "jamf_ea_6": ("Battery Cycle Count", "number"),
        "jamf_ea_8": ("Cost Centre", "text"),
        "jamf_ea_11": ("Loan Return Date", "date"),
        "jamf_ea_13": ("Projects", "multi_select"),
        "jamf_ea_14": ("Legacy Agent", "text"),
    }
    # What is not mapped is nowhere.
    assert "secret-9" not in _dump(world)

    listed = {each["name"]: each for each in _listed()["attributes"]}
    assert listed["Lifecycle State"]["devices_with_value"] == 12
    assert listed["Insurance Number"]["is_mapped"] is False
    assert "frozen" in listed["Legacy Agent"]["not_compared"]
    assert "jamf-patch-Google Chrome" not in listed
    assert "jamf-patch-Google Chrome" in {each["name"] for each in _listed("--all")["attributes"]}

    sections = json.loads(_said(report_command, "--json"))["report"]["sections"]
    (section,) = [each for each in sections if each["name"] == "attributes"]
    assert "6 are custom fields of devices; 1 of these" in section["sentence"]

    before, defined = world.row_versions(), world.query("select * from custom_fields")
    values = world.query(f"select ctid::text, xmin::text from {world.dialect.custom_field_values}")
    _sync(world)
    assert world.row_versions() == before
    assert world.query("select * from custom_fields") == defined
    assert values == world.query(
        f"select ctid::text, xmin::text from {world.dialect.custom_field_values}"
    )
    assert world.counts()["device"].unchanged == len(world.fleet.computers)


@_ANY_MOSS
def test_while_it_is_off_nothing_is_asked_and_nothing_is_kept(make_world: WorldMaker) -> None:
    world = _fleet(make_world, computers=3)
    _sync(world)
    assert world.jamf.requests.of(_PATH) == 0
    assert world.query("select * from jamf_sync.extension_attributes") == []
    assert "cost-" not in _dump(world)

    set_policies(world, extension_attributes=True)
    _sync(world)
    counted = {
        row["name"]: row["devices_with_value"]
        for row in world.query(
            "select name, devices_with_value from jamf_sync.extension_attributes"
        )
    }
    assert counted["Lifecycle State"] == counted["Insurance Number"] == 3
    assert "secret-9" not in _dump(world)


@pytest.mark.every_dialect
def test_each_attribute_has_its_owner_and_what_was_written_can_be_undone(
    make_world: WorldMaker,
) -> None:
    world = _fleet(make_world, computers=3)
    _sync(world)
    set_policies(
        world, extension_attributes={"4": {}, "8": {"on_update": "fill"}}, on_human_edit="keep"
    )
    _sync(world)
    first_plan = _newest_plan(world)
    edited, cleared, moved = sorted(world.fleet.computers)
    world.execute(
        "update custom_field_values v set value = 'by hand' from integration_object_mappings m where"
        " m.internal_id = v.object_id and m.external_id = %s and v.field_name in ('jamf_ea_4', 'jamf_ea_8')",
        [edited],
    )
    for jamf_id, lifecycle in ((edited, ("Retired",)), (cleared, ()), (moved, ("In use",))):
        world.fleet.computers[jamf_id].attribute_values = {"4": lifecycle, "8": ("new",)}
    _sync(world)

    # JAMF wins the one but for what a person changed; the other is only filled.
    assert _values(world, "jamf_ea_4") == {edited: "by hand", cleared: None, moved: "In use"}
    assert _values(world, "jamf_ea_8") == {
        edited: "by hand",
        cleared: f"cost-{cleared}",
        moved: f"cost-{moved}",
    }
    assert open_conflicts(world) == [
        ("human_edit_kept", "jamf_ea_4"),
        *[("owned_field_differs", "jamf_ea_8")] * 3,
    ]

    assert "Lifecycle State (jamf_ea_4)" in _said(plan_commands, "show")
    serial_number = world.fleet.computers[moved].serial_number or ""
    assert "Lifecycle State" in _said(device_command, serial_number)

    undone = _newest_plan(world)
    planned = _reverted(world, undone)
    world.apply(planned)
    assert _values(world, "jamf_ea_4") == {edited: "by hand", cleared: "Spare", moved: "Spare"}
    # Switched off meanwhile, what the first plan wrote can be undone still.
    set_policies(world)
    world.apply(_reverted(world, first_plan))
    assert set(_values(world, "jamf_ea_8").values()) == {None, "by hand"}


def _reverted(world: World, plan_id: int) -> int:
    with world.database.connection() as connection:
        plan = make_revert_plan(connection, world.integration, plan_id, run_id="a-revert")
    return plan.plan_id


def test_values_that_vanish_from_many_devices_at_once_are_held(make_world: WorldMaker) -> None:
    world = _fleet(make_world, computers=30)
    set_policies(world, extension_attributes=["4"])
    _sync(world)
    world.jamf.evolve(EvolveRequest(attribute_wipes=20, renames=2))
    _sync(world)

    assert list(_values(world, "jamf_ea_4").values()).count("Spare") == 30
    (held,) = world.query("select * from jamf_sync.plan_guard where is_over order by plan_id desc")
    assert (held["kind"], held["planned"], held["linked"]) == ("vanish", 20, 30)
    # The rest of the plan went on.
    assert world.counts()["device"].updated == 2

    world.apply(_newest_plan(world), "vanish")
    assert list(_values(world, "jamf_ea_4").values()).count(None) == 20


@_ANY_MOSS
def test_what_changes_with_every_inventory_is_not_compared_any_more(make_world: WorldMaker) -> None:
    world = _fleet(make_world)
    set_policies(world, extension_attributes=["4", "Uptime Days"])
    _sync(world)
    for _ in range(3):
        world.jamf.evolve(EvolveRequest(contacts=True))
        _sync(world)
    kept = _values(world, "jamf_ea_12")
    assert kept
    world.jamf.evolve(EvolveRequest(contacts=True, attribute_changes=1))
    _sync(world)
    # It stays as it was; what else changes comes.
    assert _values(world, "jamf_ea_12") == kept
    assert set(_values(world, "jamf_ea_4").values()) != {"Spare"}
    assert world.counts()["device"].updated == 1

    set_policies(world, extension_attributes={"4": {}, "12": {"compare": "always"}})
    _sync(world)
    assert _values(world, "jamf_ea_12") != kept


def test_a_custom_field_that_people_made_is_adopted_and_only_filled(make_world: WorldMaker) -> None:
    world = _fleet(make_world, computers=3)
    world.execute(
        "insert into custom_fields (object_type, field_name, field_label, field_type)"
        " values ('device', 'kostenstelle', 'cost centre', 'text')"
    )
    _sync(world)
    (some, *_) = sorted(world.fleet.computers)
    world.execute(
        f"insert into {world.dialect.custom_field_values} (object_type, object_id, field_name, value)"
        " select 'device', internal_id, 'kostenstelle', 'ours' from integration_object_mappings"
        " where external_type = 'computer' and external_id = %s",
        [some],
    )
    set_policies(world, extension_attributes=["Cost Centre"])
    _sync(world)

    assert _values(world, "kostenstelle") == {
        each: "ours" if each == some else f"cost-{each}" for each in world.fleet.computers
    }
    assert world.query("select 1 from custom_fields where field_name = 'jamf_ea_8'") == []
    (defined,) = world.query("select * from custom_fields where field_name = 'kostenstelle'")
    assert defined["field_label"] == "cost centre"
    assert open_conflicts(world) == [("owned_field_differs", "kostenstelle")]
    # What JAMF never gave, its empty value does not take away.
    world.fleet.computers[some].attribute_values = {"8": ()}
    set_policies(world, extension_attributes={"Cost Centre": {"on_update": "overwrite"}})
    for _ in range(2):
        _sync(world)
    assert _values(world, "kostenstelle")[some] == "ours"
