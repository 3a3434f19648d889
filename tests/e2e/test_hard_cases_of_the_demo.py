"""What a newcomer sees after the demo: one of each hard case, in the queue or right, each said in a sentence."""

import pytest

from moss_jamf_pipeline.moss.statements import execute
from moss_jamf_pipeline.simulator import Fleet
from moss_jamf_pipeline.simulator.hard_cases import plant_hard_cases
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    assert_calm,
    device,
    devices,
    furnish,
    last_message,
    stored_rows,
)
from tests.support.world import World

_IN_THE_QUEUE = {
    ("hardware_replaced", "DEMO-OLD-MAC"),
    ("id_reused", "DEMO-LEFT"),
    ("serial_changed", "DEMO-CORRECTED"),
    ("serial_not_linked", "DEMO-KNOWN-BEFORE"),
    ("owned_field_differs", "DEMO-KNOWN-BEFORE"),
    ("shared_serial", "DEMO-ONE-SERIAL-A"),
    ("linked_again", "DEMO-ENTERED-AGAIN"),
    ("mac_elsewhere", "DEMO-DOCKED"),
    ("likely_duplicate", "CORP\\demo.asmith"),
    ("identity_contradicted", "Jane Smith"),
}


@pytest.fixture
def demo_world(make_world: WorldMaker) -> World:
    """A world with the demo's hard cases and what M.O.S.S. knew of them before, synced once."""
    fleet = Fleet()
    plant_hard_cases(fleet)
    world = make_world(fleet=fleet)
    furnish(world)
    _enter_earlier_inventory(world)
    world.sync()
    return world


def _enter_earlier_inventory(world: World) -> None:
    with world.database.connection() as connection:
        execute(connection, "demo/earlier_inventory", {"integration_id": world.integration.id})


@pytest.mark.every_dialect
def test_each_hard_case_is_in_the_queue_once_and_said_in_a_sentence(demo_world: World) -> None:
    rows = demo_world.query(
        "select kind, label, detail from jamf_sync.conflicts where status = 'open'"
    )
    assert {(row["kind"], row["label"]) for row in rows} == _IN_THE_QUEUE
    assert len(rows) == len(_IN_THE_QUEUE)
    for row in rows:
        assert row["detail"].endswith(".")
        assert len(row["detail"].split()) > 5
    assert_calm(demo_world)


def test_nobody_takes_over_what_is_somebody_elses(demo_world: World) -> None:
    for serial_number, mark in (
        ("C02OLDDEM001", "bought in 2020, insured."),
        ("C02OLDDEM002", "on loan to the print shop."),
        ("C02DEMO00003", "with the plotter."),
        ("C02DEMO00004", "with the scanner."),
        ("C02DEMO00005", "mistyped when it came."),
        ("C02DEMO00019", "deleted by mistake, entered again."),
    ):
        assert device(demo_world, serial_number)["notes"] == f"The demo: {mark}"
    found = devices(demo_world)
    for serial_number in ("C02NEWDEM001", "C02NEWDEM002", "VM5vodACsc+k", "VM5VODacSC+K"):
        assert found[serial_number]["notes"] == "Synced from JAMF Pro"
    assert found["C02DEMO00018"]["person"] is None
    assert [found[f"C02DEMO000{number}"]["person"] for number in (16, 17)] == [
        "demo.lab1",
        "demo.bnguyen",
    ]
    assert demo_world.query("select email_address from people where username = 'demo.jsmith'") == [
        {"email_address": "john.smith@example.org"}
    ]


def test_what_cannot_be_used_is_told(demo_world: World) -> None:
    rows = demo_world.query(
        "select reason, field from jamf_sync.quarantine where reason in"
        " ('serial_number_placeholder', 'time_in_future') order by reason"
    )
    assert [(row["reason"], row["field"]) for row in rows] == [
        ("serial_number_placeholder", "serial_number"),
        ("time_in_future", "last_contact_at"),
    ]


def test_the_earlier_inventory_is_entered_into_an_empty_moss_only(demo_world: World) -> None:
    before = stored_rows(demo_world)
    _enter_earlier_inventory(demo_world)
    assert stored_rows(demo_world) == before


@pytest.mark.every_dialect
def test_what_was_sold_is_held_until_somebody_says_that_it_is_meant(make_world: WorldMaker) -> None:
    fleet = Fleet()
    plant_hard_cases(fleet)
    world = make_world(fleet=fleet)
    furnish(world)
    _enter_earlier_inventory(world)
    with world.database.connection() as connection:
        execute(
            connection, "demo/sold_macs", {"integration_id": world.integration.id, "row_limit": 30}
        )
    world.sync()
    assert "30 of " in last_message(world)
    assert "held (unenroll)" in last_message(world)
    # As long as nobody says that it is meant, nothing more happens to them.
    assert_calm(world)
    sold = [row for row in devices(world).values() if row["notes"] == "The demo: sold in summer."]
    assert len(sold) == 30
