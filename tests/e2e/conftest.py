"""Fixtures of the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from dagster import DagsterInstance

from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from tests.support.world import World, open_world

WorldMaker = Callable[..., World]


@pytest.fixture
def make_world(
    moss_database: str, ephemeral_instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WorldMaker]:
    """Makes the test's world from a simulator configuration, or an own fleet."""
    with ExitStack() as stack:

        def make(config: SimulatorConfig | None = None, *, fleet: Fleet | None = None) -> World:
            jamf = stack.enter_context(SimulatorServer(config, fleet=fleet))
            monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
            monkeypatch.setenv("JAMF_BASE_URL", jamf.base_url)
            monkeypatch.setenv("JAMF_CLIENT_ID", jamf.client_id)
            monkeypatch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
            return stack.enter_context(open_world(moss_database, jamf, ephemeral_instance))

        yield make


@pytest.fixture
def world(make_world: WorldMaker) -> World:
    """A world whose JAMF is empty; the test fills it."""
    return make_world(fleet=Fleet())
