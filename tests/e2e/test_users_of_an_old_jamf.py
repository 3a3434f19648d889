"""Users of a JAMF Pro before 11.26, where the details of each cost a request."""

from dataclasses import replace

from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.sync import Order, sync
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.support.world import World

_DETAILS = "JSSResource/users/id/"


def _details_read(world: World, order: Order | None = None) -> int:
    """Syncs everything; how many users were read one by one."""
    before = world.jamf.requests.of(_DETAILS)
    outcome = sync(SCOPES["everything"], world.database, Settings(), order=order or Order())
    assert outcome.failures == ()
    return world.jamf.requests.of(_DETAILS) - before


def _emails(world: World) -> set[str]:
    return {row["email_address"] for row in world.query("select email_address from people")}


def test_known_users_are_read_again_once_a_day(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=2, users=20, version="11.20.0"))
    assert _details_read(world) == 20
    assert _details_read(world) == 0

    # Who is new or has another name is read, and who is gone is gone; an edit without a trace waits.
    changed, renamed, gone = list(world.fleet.users.values())[:3]
    world.fleet.store_user(replace(changed, email="changed@example.com"))
    world.fleet.store_user(replace(renamed, username="renamed", email="renamed@example.com"))
    world.fleet.remove_user(gone.id)
    world.fleet.add_user(username="new", realname="New Person", email="new@example.com")
    assert _details_read(world) == 2
    assert {"renamed@example.com", "new@example.com"} <= _emails(world)
    assert "changed@example.com" not in _emails(world)
    (capture,) = world.query(
        "select sweep, fetched_count, captured_count, status from jamf_sync.captures"
        " where collection = 'users' order by capture_id desc limit 1"
    )
    assert capture == {
        "sweep": "incremental",
        "fetched_count": 2,
        "captured_count": 20,
        "status": "complete",
    }

    world.execute(
        "update jamf_sync.captures set started_at = started_at - interval '25 hours'"
        " where collection = 'users' and sweep = 'full'"
    )
    assert _details_read(world) == 20
    assert "changed@example.com" in _emails(world)


def test_all_users_are_read_again_where_somebody_asks_for_it(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=1, users=6, version="11.20.0"))
    assert _details_read(world) == 6
    assert _details_read(world, Order(sweep="incremental")) == 0
    assert _details_read(world, Order(sweep="full")) == 6
    world.execute(
        "update public.integration_configs set sync_settings = '{\"full_sweep_hours\": 0}'"
    )
    assert _details_read(world) == 6
