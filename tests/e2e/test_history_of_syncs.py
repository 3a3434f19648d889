"""The history that M.O.S.S. shows: what a run is called, no dead run left open."""

from uuid import uuid4

import pytest

from moss_jamf_pipeline.moss.integration.history import open_history
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from tests.e2e.inventory import add_mac, furnish
from tests.support.world import Row, World


def _fill(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02HIST00001", user={"username": "jane"})


def _left_open(world: World) -> str:
    """Opens the history of a run, as one that died before it was done."""
    run_id = f"run-{uuid4()}"
    with world.database.connection() as connection:
        open_history(connection, world.integration.id, run_id=run_id, sync_type="full")
    return run_id


def _history_of(world: World, run_id: str) -> Row:
    (row,) = world.query(
        """select history.* from integration_sync_history as history
           join jamf_sync.sync_runs as run on run.history_id = history.id where run.run_id = %s""",
        [run_id],
    )
    return row


# -- what a run is called, and who started it ------------------------------------------------------


@pytest.mark.dialects("strategy")
@pytest.mark.parametrize(
    ("scope", "sync_type"),
    [("everything", "full"), ("computers", "computers"), ("users", "users"), ("groups", "groups")],
)
def test_every_kind_of_sync_has_its_name(world: World, scope: str, sync_type: str) -> None:
    _fill(world)
    world.sync(scope)
    (history,) = world.history()
    assert (history["sync_type"], history["status"]) == (sync_type, "success")


@pytest.mark.dialects("strategy")
def test_a_dry_run_has_no_history_and_single_assets_are_a_partial_sync(world: World) -> None:
    _fill(world)
    world.sync("plan")
    assert world.history() == []
    world.materialize("moss_locations", "moss_rooms", "moss_people")
    (history,) = world.history()
    assert (history["sync_type"], history["status"]) == ("partial", "success")
    (run,) = world.query("select triggered_by from jamf_sync.sync_runs")
    assert run == {"triggered_by": "dagster ui"}


# -- dead runs -------------------------------------------------------------------------------------


def test_the_next_sync_closes_the_history_of_a_dead_run(world: World) -> None:
    _fill(world)
    dead = _left_open(world)

    world.sync()

    row = _history_of(world, dead)
    assert row["status"] == "failed"
    assert "killed" in row["error_message"]
    assert world.history()[-1]["status"] == "success"
    (config,) = world.query("select last_sync_status, last_sync_error from integration_configs")
    assert config == {"last_sync_status": "success", "last_sync_error": None}


def test_a_sync_leaves_a_live_run_and_its_history_alone(world: World) -> None:
    _fill(world)
    live = f"run-{uuid4()}"
    lock = RunLock(world.database)
    lock.hold(live)
    with world.database.connection() as connection:
        open_history(connection, world.integration.id, run_id=live, sync_type="full")

    world.sync()

    assert _history_of(world, live)["status"] == "in_progress"
    lock.release()


@pytest.mark.dialects("strategy")
def test_a_dry_run_closes_nobodys_history(world: World) -> None:
    _fill(world)
    dead = _left_open(world)
    world.sync("plan")
    assert _history_of(world, dead)["status"] == "in_progress"


@pytest.mark.dialects("strategy")
def test_a_run_holds_its_lock_while_it_works_and_lets_it_go(world: World) -> None:
    _fill(world)
    held = """select count(*) as count from pg_locks, jamf_sync.sync_runs as run
              where locktype = 'advisory' and mode = 'ShareLock'
                and (classid::bigint << 32) | objid::bigint = hashtextextended('moss_jamf run ' || run.run_id, 0)"""
    world.execute("create table seen (number bigint)")
    world.execute(
        f"""create function look() returns trigger security definer language plpgsql as
            $$ begin insert into public.seen {held}; return null; end $$"""
    )
    world.execute("create trigger look after insert on public.devices execute function look()")

    world.sync()

    assert world.query("select number from seen") == [{"number": 1}]
    assert world.query(held) == [{"count": 0}]


# -- secrets ---------------------------------------------------------------------------------------


@pytest.mark.dialects("strategy")
def test_no_secret_of_an_exception_gets_into_the_history(world: World) -> None:
    _fill(world)
    world.execute(
        f"""create function tell_all() returns trigger language plpgsql as
            $$ begin raise exception 'upstream said: password=hunter2, % and postgresql://m:hunter3@db/m',
                 '{world.jamf.client_secret}' using errcode = '58030'; end $$"""
    )
    world.execute("create trigger tell_all before insert on devices execute function tell_all()")

    assert not world.sync(may_fail=True).success

    (history,) = world.history()
    (config,) = world.query("select last_sync_error from integration_configs")
    told = f"{history['error_message']} {history['error_details']} {config['last_sync_error']}"
    assert "upstream said" in history["error_message"]
    for secret in ("hunter2", "hunter3", world.jamf.client_secret):
        assert secret not in told
