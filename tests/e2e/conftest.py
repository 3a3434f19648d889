"""Fixtures of the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from tests.support.dialects import Dialect
from tests.support.shelf import Shelf
from tests.support.world import InstanceMaker, World, open_world, recorder_in

WorldMaker = Callable[..., World]
SeparateWorld = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def make_world(
    moss_database: str,
    shelf: Shelf,
    dialect: Dialect,
    recorder: InstanceMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[WorldMaker]:
    """Makes the test's world from a simulator configuration, or an own fleet."""
    with ExitStack() as stack:

        def make(config: SimulatorConfig | None = None, *, fleet: Fleet | None = None) -> World:
            jamf = stack.enter_context(SimulatorServer(config, fleet=fleet))
            monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
            monkeypatch.setenv("JAMF_BASE_URL", jamf.base_url)
            monkeypatch.setenv("JAMF_CLIENT_ID", jamf.client_id)
            monkeypatch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
            moss = shelf.taken(moss_database)
            return stack.enter_context(open_world(moss_database, jamf, recorder, dialect, moss))

        yield make


@pytest.fixture
def world(make_world: WorldMaker) -> World:
    """A world whose JAMF is empty; the test fills it."""
    return make_world(fleet=Fleet())


@pytest.fixture(scope="session")
def separate_world(shelf: Shelf, dialect: Dialect) -> SeparateWorld:
    """Opens worlds with a database and a Dagster instance of their own, from what their JAMF is like (default: empty).

    For several tests together, or for one of many examples.
    """

    @contextmanager
    def separate(config: SimulatorConfig | None = None) -> Iterator[World]:
        moss, fleet = shelf.take(dialect), Fleet() if config is None else None
        try:
            with (
                pytest.MonkeyPatch.context() as patch,
                SimulatorServer(config, fleet=fleet) as jamf,
                ExitStack() as stack,
            ):
                patch.setenv("MOSS_DATABASE_URL", moss.url)
                patch.setenv("JAMF_BASE_URL", jamf.base_url)
                patch.setenv("JAMF_CLIENT_ID", jamf.client_id)
                patch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
                with open_world(moss.url, jamf, recorder_in(stack), dialect, moss) as world:
                    yield world
        finally:
            shelf.give_back(moss, dialect)

    return separate
