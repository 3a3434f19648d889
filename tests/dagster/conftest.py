"""Fixtures of the Dagster tests: a world (simulator, M.O.S.S., instance) whose syncs are quick."""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorServer
from tests.support.world import InstanceMaker, World, open_world


@pytest.fixture
def small_world(
    moss_database: str, recorder: InstanceMaker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A world of two computers, a user and a group; the environment names both servers."""
    fleet = Fleet()
    fleet.add_user(username="jane", email="jane@example.org")
    fleet.add_group("Design")
    for number in (1, 2):
        fleet.add_computer({"hardware": {"serialNumber": f"C02ABC00000{number}"}})
    with SimulatorServer(fleet=fleet) as jamf:
        monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
        monkeypatch.setenv("JAMF_BASE_URL", jamf.base_url)
        monkeypatch.setenv("JAMF_CLIENT_ID", jamf.client_id)
        monkeypatch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
        with open_world(moss_database, jamf, recorder) as world:
            yield world
