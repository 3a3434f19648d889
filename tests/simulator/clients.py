"""HTTP clients of simulated servers, and what tests read from their answers."""

from collections.abc import Callable

import httpx

from moss_jamf_pipeline.simulator import SimulatorServer

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
