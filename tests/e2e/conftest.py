"""Fixtures of the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from dagster import DagsterInstance

from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from tests.support.databases import DatabaseServer
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


@contextmanager
def separate_world(
    server: DatabaseServer, template: str, config: SimulatorConfig | None = None
) -> Iterator[World]:
    """A world with a database and a Dagster instance of its own: for several tests together, or one of many examples.

    Args:
        server: where its database is made.
        template: the database to copy.
        config: what its JAMF is like; empty by default.
    """
    name = server.create("moss", template=template)
    fleet = Fleet() if config is None else None
    try:
        with (
            pytest.MonkeyPatch.context() as patch,
            SimulatorServer(config, fleet=fleet) as jamf,
            DagsterInstance.ephemeral() as instance,
        ):
            patch.setenv("MOSS_DATABASE_URL", server.url_of(name))
            patch.setenv("JAMF_BASE_URL", jamf.base_url)
            patch.setenv("JAMF_CLIENT_ID", jamf.client_id)
            patch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
            with open_world(server.url_of(name), jamf, instance) as world:
                yield world
    finally:
        server.drop(name)
