"""What clients of one server leave to those that come after them."""

import asyncio

from pydantic import SecretStr

from moss_jamf_pipeline.jamf import Acquaintance, ClientCredentials, CollectionName, JamfClient
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer

_CONFIG = SimulatorConfig(computers=3, users=2, groups=1)


def _count(server: SimulatorServer, acquaintance: Acquaintance) -> int:
    """How many computers a new client finds."""

    async def count() -> int:
        credentials = ClientCredentials(server.client_id, SecretStr(server.client_secret))
        async with JamfClient(server.base_url, credentials, acquaintance=acquaintance) as client:
            return sum([len(page.records) async for page in client.sweep(CollectionName.COMPUTERS)])

    return asyncio.run(count())


def test_the_next_client_asks_for_pages_only() -> None:
    acquaintance = Acquaintance()
    with SimulatorServer(_CONFIG) as server:
        assert _count(server, acquaintance) == 3
        server.reset_requests()
        assert _count(server, acquaintance) == 3
        assert server.requests.total == server.requests.of("computers-inventory") == 1


def test_a_token_that_jamf_refuses_meanwhile_is_asked_for_anew_and_never_shown() -> None:
    acquaintance = Acquaintance()
    with SimulatorServer(_CONFIG) as server:
        _count(server, acquaintance)
    first = acquaintance.token
    assert first is not None
    with SimulatorServer(_CONFIG) as server:  # another one, that never issued that token
        assert _count(server, acquaintance) == 3
        assert server.requests.of("oauth/token") == 1
    assert acquaintance.token not in (None, first)
    assert first.value.get_secret_value() not in repr(first)
