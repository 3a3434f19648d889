"""How an integration stands, as a door asks for it."""

from datetime import UTC, datetime

import pytest

from moss_jamf_pipeline.catalogue.collections import STANDARD_COLLECTIONS
from moss_jamf_pipeline.moss.plan.guard import guard_plan
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.services.status import IntegrationStatus, integration_status
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


@pytest.fixture
def status(workplace: Workplace) -> IntegrationStatus:
    """Before anything happened."""
    return integration_status(workplace, CHOICE)


def test_before_the_first_sync_nothing_is_stored_and_one_is_due(status: IntegrationStatus) -> None:
    assert [stored.collection for stored in status.collections] == list(STANDARD_COLLECTIONS)
    assert all(stored.capture is None for stored in status.collections)
    assert (status.plan, status.held, status.last_run, status.open_conflicts) == (
        None,
        (),
        None,
        {},
    )
    assert status.next_sweep.kind == "full"
    assert status.schedule.next_tick is not None
    assert status.schedule.next_tick > datetime.now(UTC)
    assert not status.schedule.daemon_is_running


def test_captures_plan_conflicts_and_what_is_held_are_told(
    workplace: Workplace, bench: Bench
) -> None:
    bench.policies(guard={"rename": {"absolute": 0}})
    device = bench.linked_device("1", serial_number="SERIAL1", hostname="old", asset_tag="A-1")
    assert device
    bench.computer("1", hostname="new", asset_tag="B-1")
    plan = bench.apply(bench.plan())
    bench.execute("update public.devices set hostname = 'older'")
    bench.computer("1", hostname="newer", asset_tag="B-1")
    later = bench.plan()
    guard_plan(bench.connection, bench.integration, later.plan_id)

    status = integration_status(workplace, CHOICE)
    assert {stored.capture is not None for stored in status.collections} == {True}
    assert status.plan is not None
    assert status.plan.plan_id == later.plan_id > plan.plan_id
    assert [held.kind for held in status.held] == [GuardKind.RENAME]
    assert status.open_conflicts["owned_field_differs"] == 1


def test_what_is_switched_off_in_moss_is_said(workplace: Workplace, bench: Bench) -> None:
    bench.execute(
        """update public.integration_configs
           set sync_settings = '{"sync_users": false}', auto_sync_enabled = false"""
    )
    status = integration_status(workplace, CHOICE)
    off = {stored.collection for stored in status.collections if stored.switched_off}
    # The bench has captured what is optional as well, and that is not switched on.
    assert off == {"users", "departments", "mobile_devices"}
    assert status.schedule.next_tick is None
    assert "auto_sync_enabled" in status.schedule.why_not
