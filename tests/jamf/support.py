"""What the client's tests share: a client that hardly waits, a full reading of a sweep, and a JAMF Pro
that gives whatever odd answers a test asks for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import parse_qs

import httpx
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    ClientLimits,
    CollectionName,
    JamfClient,
    JamfRecord,
    RejectedRecord,
    SweepPage,
    SweepSummary,
)
from moss_jamf_pipeline.simulator.server import SimulatorServer

QUICK = ClientLimits(
    page_size=100,
    largest_page_size=1,
    smallest_page_size=5,
    back_off_base_seconds=0.001,
    back_off_cap_seconds=0.02,
)
"""The real client, except that it waits milliseconds where it would wait seconds, and that pages grow
only where a test lets them."""

ODD_SERVER = "https://jamf.example.org"
ODD_CREDENTIALS = ClientCredentials("2f0cf3b6-71ab-4a3e-9f0e-7b2a64d1c908", SecretStr("s3cret"))
ODD_TOKEN = "token-of-the-odd-server"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Reading:
    """Everything a sweep yielded."""

    pages: list[SweepPage]
    summary: SweepSummary

    @property
    def records(self) -> dict[str, JamfRecord]:
        return {record.jamf_id: record for page in self.pages for record in page.records}

    @property
    def ids(self) -> list[str]:
        return [record.jamf_id for page in self.pages for record in page.records]

    @property
    def rejected(self) -> list[RejectedRecord]:
        return [record for page in self.pages for record in page.rejected]


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end; work that hangs fails the test."""
    return asyncio.run(asyncio.wait_for(work, timeout=60))


def client_of(server: SimulatorServer, **limits: Any) -> JamfClient:
    """A client of a simulated server, with `QUICK` limits except for those given."""
    credentials = ClientCredentials(server.client_id, SecretStr(server.client_secret))
    return JamfClient(server.base_url, credentials, limits=replace(QUICK, **limits))


def odd_client(handler: Callable[[httpx.Request], httpx.Response], **limits: Any) -> JamfClient:
    """A client of a server that a test makes up."""
    return JamfClient(
        ODD_SERVER,
        ODD_CREDENTIALS,
        limits=replace(QUICK, **limits),
        transport=odd_network(handler),
    )


class OddNetwork(httpx.MockTransport):
    """Answers as a handler says, piece by piece as from a network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=_Pieces(answer.stream)
        )


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._body:
            yield piece


def odd_network(handler: Callable[[httpx.Request], httpx.Response]) -> OddNetwork:
    """A server that a test makes up. Token and version requests are answered for it."""
    return OddNetwork(lambda request: odd_answer(request) or handler(request))


def odd_answer(request: httpx.Request) -> httpx.Response | None:
    """The answer to a token or version request; None for anything else."""
    if request.url.path == "/api/v1/oauth/token":
        body = {"access_token": ODD_TOKEN, "token_type": "Bearer", "expires_in": 1199}
        return httpx.Response(200, json=body)
    if request.url.path == "/api/v1/jamf-pro-version":
        return httpx.Response(200, json={"version": "11.30.1-t1"})
    return None


async def read(client: JamfClient, collection: CollectionName) -> Reading:
    """Open a client and read a collection to its end."""
    async with client:
        sweep = client.sweep(collection)
        pages = [page async for page in sweep]
        return Reading(pages, sweep.summary)


def read_now(client: JamfClient, collection: CollectionName = CollectionName.COMPUTERS) -> Reading:
    """`read`, for tests that are not coroutines."""
    return run(read(client, collection))


def page_asked_for(request: httpx.Request) -> tuple[int, int]:
    """The offset and the size of the page that a request asks for."""
    query = parse_qs(request.url.query.decode())
    size = int(query["page-size"][0])
    return int(query["page"][0]) * size, size
