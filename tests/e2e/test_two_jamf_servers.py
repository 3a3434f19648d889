"""Two JAMF servers with the same Macs and people, each synced from its own server over HTTP, by turns."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_NAME, create_integration
from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig, SimulatorServer
from tests.e2e.inventory import assert_counts_add_up, stored_rows
from tests.support.dialects import Dialect
from tests.support.world import InstanceMaker, World, open_world

LAB = "JAMF Lab"
_FLEET = SimulatorConfig(computers=10, users=20, groups=4, seed=5, oddities=0)


class Turns:
    """Syncs either server; which one is meant stands in the environment, as on a machine of its own."""

    def __init__(self, worlds: dict[str, World], patch: pytest.MonkeyPatch) -> None:
        self.worlds = worlds
        self._patch = patch

    def sync(self, name: str) -> World:
        """Syncs one server."""
        world = self.worlds[name]
        self._patch.setenv("MOSS_JAMF_INTEGRATION", name)
        self._patch.setenv("JAMF_BASE_URL", world.jamf.base_url)
        self._patch.setenv("JAMF_CLIENT_ID", world.jamf.client_id)
        self._patch.setenv("JAMF_CLIENT_SECRET", world.jamf.client_secret)
        world.sync()
        assert_counts_add_up(world)
        return world

    def both(self) -> World:
        """One round."""
        self.sync(DEFAULT_NAME)
        return self.sync(LAB)


@pytest.fixture
def turns(
    moss_database: str,
    dialect: Dialect,
    recorder: InstanceMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Turns]:
    """One fleet on two servers; the second one says otherwise of every Mac and of every other person."""
    monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
    with ExitStack() as stack:
        worlds = {}
        for name in (DEFAULT_NAME, LAB):
            jamf = stack.enter_context(SimulatorServer(_FLEET))
            worlds[name] = stack.enter_context(open_world(moss_database, jamf, recorder, dialect))
        worlds[LAB].jamf.evolve(EvolveRequest(renames=5, reassignments=5, user_changes=10))
        with worlds[LAB].database.connection() as connection:
            create_integration(connection, LAB, base_url=None)
        yield Turns(worlds, monkeypatch)


def test_servers_that_share_a_fleet_write_nothing_from_the_second_round_on(turns: Turns) -> None:
    world = turns.both()
    settled = stored_rows(world)
    names = world.query("select id, hostname, assigned_to_person_id from devices order by id")
    for _ in range(2):
        turns.both()
    assert stored_rows(world) == settled
    assert (
        world.query("select id, hostname, assigned_to_person_id from devices order by id") == names
    )
    conflicts = world.query(
        "select kind, object_type, count(*) as objects, count(distinct object_id) as told, min(detail) as detail "
        "from jamf_sync.conflicts group by kind, object_type order by object_type"
    )
    assert [(row["kind"], row["object_type"]) for row in conflicts] == [
        ("other_server_differs", "device"),
        ("other_server_differs", "person"),
    ]
    assert [row["objects"] for row in conflicts] == [row["told"] for row in conflicts] == [10, 10]
    for row in conflicts:
        assert DEFAULT_NAME in row["detail"]
        assert LAB in row["detail"]
    history = world.history()
    assert [row["status"] for row in history] == ["success"] * 6
    assert [row["items_updated"] for row in history[2:]] == [0] * 4


def test_the_other_server_takes_the_fleet_over_from_one_that_is_switched_off(turns: Turns) -> None:
    world = turns.both()
    world.execute(
        "update integration_configs set is_enabled = false where name = %s", [DEFAULT_NAME]
    )
    turns.sync(LAB)
    said = {computer.name for computer in world.fleet.computers.values()}
    assert {row["hostname"] for row in world.query("select hostname from devices")} == said
    assert world.query("select from jamf_sync.conflicts where status = 'open'") == []
    settled = stored_rows(world)
    turns.sync(LAB)
    world.execute(
        "update integration_configs set is_enabled = true where name = %s", [DEFAULT_NAME]
    )
    turns.both()
    assert {row["hostname"] for row in world.query("select hostname from devices")} == said
    for table in ("devices", "people", "ios", "groups", "group_members"):
        assert stored_rows(world)[table] == settled[table]
