"""Promise 5, in plain words: what fails leaves nothing half-written, says why, and the next run makes it good."""

from uuid import uuid4

import pytest

from moss_jamf_pipeline.engine import databases
from moss_jamf_pipeline.moss.integration.history import open_history
from moss_jamf_pipeline.simulator import Faults
from tests.e2e.inventory import add_mac, device, devices, furnish, stored_rows
from tests.support.dialects import CORE_TABLES
from tests.support.hurried import run_hurriedly, sync_impatiently
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")


def _assert_failed_with(world: World, *texts: str) -> None:
    """Asserts that the newest run is closed as failed, on M.O.S.S.'s own pages too, with these texts in its message."""
    history = world.history()[-1]
    assert history["status"] == "failed"
    assert history["sync_completed_at"] is not None
    for text in texts:
        assert text in history["error_message"]
    (config,) = world.query("select last_sync_status, last_sync_error from integration_configs")
    assert config == {"last_sync_status": "failed", "last_sync_error": history["error_message"]}
    assert not world.query("select * from integration_sync_history where status = 'in_progress'")


def _assert_nothing_written(world: World) -> None:
    assert world.row_versions() == {table: [] for table in CORE_TABLES}
    assert world.query("select * from integration_object_mappings") == []


@_ANY_MOSS
def test_wrong_credentials_are_named_and_nothing_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_mac(world, "1", "C02FAIL00001")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "a-wrong-secret")

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, "JAMF", "client")
    assert "a-wrong-secret" not in world.history()[-1]["error_message"]
    _assert_nothing_written(world)


@_ANY_MOSS
def test_missing_credentials_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_mac(world, "1", "C02FAIL00002")
    monkeypatch.delenv("JAMF_CLIENT_SECRET")

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET")
    _assert_nothing_written(world)


@_ANY_MOSS
def test_a_missing_privilege_is_named_exactly_and_nothing_is_written(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02FAIL00003")
    world.jamf.set_faults(Faults(removed_privileges=frozenset({"Read Computers"})))

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, '"Read Computers"')
    _assert_nothing_written(world)
    assert not world.query("select * from jamf_sync.captures where status = 'capturing'")

    world.jamf.clear_faults()
    world.sync()

    assert "C02FAIL00003" in devices(world)
    assert world.history()[-1]["status"] == "success"
    (config,) = world.query("select last_sync_status, last_sync_error from integration_configs")
    assert config == {"last_sync_status": "success", "last_sync_error": None}


@_ANY_MOSS
def test_an_unreachable_jamf_is_named_and_what_was_synced_stays(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02FAIL00004")
    world.sync()
    before = stored_rows(world)
    address = world.jamf.base_url
    world.jamf.stop()

    assert not sync_impatiently(world).success

    _assert_failed_with(world, address)
    assert stored_rows(world) == before


@_ANY_MOSS
def test_an_unreachable_database_is_named_without_its_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_DATABASE_URL", "postgresql://moss:a-password@127.0.0.1:1/moss")
    monkeypatch.setattr(databases, "_PAUSES_SECONDS", (0.01,))

    result = run_hurriedly(world.instance, "raw_jamf_buildings", attempts=2, page_size=500)

    assert not result.success
    messages = [
        str(event.step_failure_data.user_failure_data.description)
        for event in result.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data
    ]
    assert messages
    assert all("127.0.0.1:1" in message and "MOSS_DATABASE_URL" in message for message in messages)
    assert not [message for message in messages if "a-password" in message]
    assert world.history() == []


@_ANY_MOSS
def test_another_jamf_server_is_refused_before_anything_is_read_from_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_mac(world, "1", "C02FAIL00005")
    world.sync()
    before = stored_rows(world)
    world.execute("update jamf_sync.captures set server = 'production.example.com'")

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, "production.example.com", "MOSS_JAMF_INTEGRATION")
    assert stored_rows(world) == before


def test_a_check_that_stops_the_run_closes_its_history_as_failed(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02FAIL00006")
    world.sync()
    world.fleet.remove_computer("1")

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, "snapshot_did_not_vanish")
    assert device(world, "C02FAIL00006")["enrollment"] == "enrolled"


def _assert_no_doubles(world: World) -> None:
    keys = {
        "devices": "upper(serial_number)",
        "people": "lower(coalesce(email_address, username))",
        "locations": "lower(name)",
        "rooms": "location_id::text || lower(name)",
        "ios": "device_id::text || mac_address",
        "groups": "external_id",
    }
    for table, key in keys.items():
        assert not world.query(f"select {key} from {table} group by 1 having count(*) > 1"), table


def test_a_step_that_dies_in_the_middle_leaves_the_database_as_it_was(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02FAIL00007", user={"username": "jane"})
    world.execute(
        """create function break_down() returns trigger language plpgsql as
           $$ begin raise exception 'the disk of M.O.S.S. is upside down' using errcode = '58030'; end $$"""
    )
    # After the devices of the transaction were written.
    world.execute(
        "create trigger break_down after insert on integration_object_mappings for each row"
        " when (new.internal_type = 'device') execute function break_down()"
    )

    assert not world.sync(may_fail=True).success

    _assert_failed_with(world, "upside down")
    assert world.query("select * from devices") == []
    assert world.query("select username from people where username = 'jane'") == [
        {"username": "jane"}
    ]
    world.execute("drop trigger break_down on integration_object_mappings")
    world.sync()
    assert device(world, "C02FAIL00007")["person"] == "jane"
    _assert_no_doubles(world)


@_ANY_MOSS
def test_a_history_row_is_opened_and_closed_once_per_run(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02FAIL00008")
    world.sync()
    run_id = str(uuid4())
    with world.database.connection() as connection:
        first = open_history(connection, world.integration.id, run_id=run_id, sync_type="full")
        assert first == open_history(
            connection, world.integration.id, run_id=run_id, sync_type="full"
        )
    assert len(world.history()) == 2
