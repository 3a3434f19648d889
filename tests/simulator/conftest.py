"""A server for the whole session, and servers of a test's own.

Tests that change a fleet or its faults start their own small server with `start_server`.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from tests.simulator.clients import StartServer, client_of


@pytest.fixture
def anyio_backend() -> str:
    """The project runs on asyncio; the plugin would try every loop it knows."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[SimulatorServer]:
    """250 Macs and 60 mobile devices with all their oddities, on the default release; not to be changed."""
    config = SimulatorConfig(computers=250, groups=40, seed=7, mobile_devices=60)
    with SimulatorServer(config) as running:
        yield running


@pytest.fixture(scope="session")
def jamf(server: SimulatorServer) -> Iterator[httpx.Client]:
    """A client of the session's server."""
    with client_of(server) as client:
        yield client


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers of a test's own; by default ten clean Macs."""
    with ExitStack() as servers:

        def start(fleet: Fleet | None = None, **settings: object) -> SimulatorServer:
            config = SimulatorConfig.model_validate(
                {"computers": 10, "groups": 12, "oddities": 0, **settings}
            )
            return servers.enter_context(SimulatorServer(config, fleet=fleet))

        yield start
