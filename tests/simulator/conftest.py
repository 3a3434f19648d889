"""One clean and one odd fleet served for the whole session, and the clients to talk to them.

Tests that change a fleet or its faults start their own small server (`start_server`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer

StartServer = Callable[..., SimulatorServer]


def token_of(server: SimulatorServer, **overrides: str) -> str:
    """A fresh API client token of a server."""
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        **overrides,
    }
    answer = httpx.post(f"{server.base_url}/api/v1/oauth/token", data=form)
    answer.raise_for_status()
    token = answer.json()["access_token"]
    assert isinstance(token, str)
    return token


def client_of(server: SimulatorServer, **overrides: str) -> httpx.Client:
    """An HTTP client with a token of a server."""
    headers = {"Authorization": f"Bearer {token_of(server, **overrides)}"}
    return httpx.Client(base_url=server.base_url, headers=headers, timeout=60)


def ids_of(answer: httpx.Response) -> list[str]:
    """The record ids of a page, in its order."""
    answer.raise_for_status()
    return [record["id"] for record in answer.json()["results"]]


@pytest.fixture(scope="session")
def server() -> Iterator[SimulatorServer]:
    """250 Macs with all their oddities, on the default release; not to be changed."""
    with SimulatorServer(SimulatorConfig(computers=250, groups=40, seed=7)) as running:
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
