"""Mutated answers of a JAMF Pro: what is read of them ends in records or in a sentence, never in anything else.

Each case takes a real answer of the simulator, damages it by a seed of its own, and has a client read everything that a
sync reads, with the damaged answer in its place. `python -m tests.jamf.fuzzing 10000` runs many cases and the heaviest
answers that can be sent, in a process of their own, and prints what failed and the most memory it took.
"""

import asyncio
import gzip
import json
import random
import resource
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    ClientLimits,
    CollectionName,
    JamfClient,
    JamfError,
    JamfRecord,
    UserCredentials,
)
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from moss_jamf_pipeline.staging import RawVersion, stage

_LIMITS: Final = ClientLimits(
    page_size=10,
    largest_page_size=10,
    smallest_page_size=5,
    back_off_base_seconds=0.0001,
    back_off_cap_seconds=0.0005,
    max_attempts=3,
)
_SECONDS_PER_CASE: Final = 30.0
_PATHS: Final = {
    CollectionName.COMPUTERS: ("computers-inventory",),
    CollectionName.USERS: ("/api/v1/users", "/JSSResource/users"),
    CollectionName.GROUPS: ("computer-groups",),
    CollectionName.BUILDINGS: ("buildings",),
    CollectionName.DEPARTMENTS: ("departments",),
    CollectionName.MOBILE_DEVICES: ("mobile-devices/detail",),
}
_VERSIONS: Final = ("11.30.1", "11.24.0", "10.40.0")


@dataclass(frozen=True)
class RealAnswer:
    """An answer as the simulator gave it."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Conversation:
    """What a server of one version answered while everything was read.

    Attributes:
        version: the server's.
        credentials: that it takes.
        answers: by method, path and query.
    """

    version: str
    credentials: ClientCredentials | UserCredentials
    answers: dict[tuple[str, str, str], RealAnswer] = field(default_factory=dict)


class _Recording(httpx.AsyncBaseTransport):
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._network.handle_async_request(request)
        body = await answer.aread()
        real = RealAnswer(answer.status_code, dict(answer.headers), body)
        self._conversation.answers[_key(request)] = real
        return httpx.Response(real.status, headers=real.headers, stream=_Body(body))

    async def aclose(self) -> None:
        await self._network.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def _key(request: httpx.Request) -> tuple[str, str, str]:
    return request.method, request.url.path, request.url.query.decode()


def recorded(seed: int = 1) -> list[Conversation]:
    """Has everything read once of a server of each version, and by both kinds of credentials."""
    conversations = []
    for version in _VERSIONS:
        config = SimulatorConfig(
            computers=25, users=12, groups=6, mobile_devices=8, seed=seed, version=version
        )
        with SimulatorServer(config) as server:
            kinds: tuple[ClientCredentials | UserCredentials, ...] = (
                ClientCredentials(server.client_id, SecretStr(server.client_secret)),
                UserCredentials(server.username, SecretStr(server.password)),
            )
            if version.startswith("10."):
                kinds = kinds[1:]
            for credentials in kinds:
                conversation = Conversation(version, credentials)
                client = JamfClient(
                    server.base_url, credentials, limits=_LIMITS, transport=_Recording(conversation)
                )
                asyncio.run(_read(client, "", []))
                conversations.append(conversation)
    return conversations


async def _read(client: JamfClient, target: str, records: list[tuple[str, JamfRecord]]) -> None:
    """Reads what a sync reads of a path, and of whatever it needs for it.

    Args:
        client: of the server.
        target: the path; empty: everything is read.
        records: takes what was read.
    """
    of_none = not any(path in target for paths in _PATHS.values() for path in paths)
    failed: list[JamfError] = []
    async with client:
        if of_none:
            failed += await _tried(client.server_version())
            failed += await _tried(client.missing_privileges())
        for collection, paths in _PATHS.items():
            if not target or any(path in target for path in paths):
                failed += await _tried(_sweep(client, collection, records))
        if not target or "computers-inventory" in target:
            failed += await _tried(_list_and_fetch(client))
    for told in map(str, failed):
        assert told.strip()
        assert len(told) < 2_000, told[:200]


async def _tried(work: Coroutine[Any, Any, object]) -> list[JamfError]:
    try:
        await work
    except JamfError as error:
        return [error]
    return []


async def _sweep(
    client: JamfClient, collection: CollectionName, records: list[tuple[str, JamfRecord]]
) -> None:
    async for page in client.sweep(collection):
        records += [(collection.value, record) for record in page.records]


async def _list_and_fetch(client: JamfClient) -> None:
    async for _ in client.computer_listing():
        pass
    async for _ in client.fetch_computers("/api/v1/computers-inventory", {"1", "2"}):
        pass


# -- what damages an answer --------------------------------------------------------------------------

_HOSTILE_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 10**30, -(10**30), 1e308, 0.1),
    *("", " ", "0", "-1", "null", "x" * 5_000, "\x00", "\ud800", "\u202e", "🦊" * 50, "9" * 5_000),
    *([], {}, [[]], [None], [{}], {"": {}}, {"id": {"id": {}}}),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1e400", "NaN"),
)
_HOSTILE_HEADERS: Final = {
    "content-type": ("text/html", "application/xml", "", "x/y; charset=utf-99"),
    "content-encoding": ("gzip", "br", "deflate", "identity", "gzip, gzip", "x" * 200),
    "retry-after": ("-1", "9" * 400, "soon", "Fri, 31 Dec 9999 23:59:59 GMT", "²"),
    "date": ("yesterday", "Mon, 01 Jan 0001 00:00:00 +2359", "(" * 500),
    "location": ("//x", "https://u:p@elsewhere/" + "y" * 3_000, "", "::::"),
    "transfer-encoding": ("gzip", "chunked"),
}
_STATUSES: Final = (*(status.value for status in HTTPStatus if status.value >= 200), 599, 299)


def mutated(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    """A damaged copy of an answer, by one to three of the ways to damage one."""
    ways: tuple[Callable[[RealAnswer, random.Random], RealAnswer], ...] = (
        *(_other_json, _other_json, _other_json, _other_json),
        *(_other_bytes, _other_bytes, _cut_off, _other_status, _other_header, _packed),
        *(_repeated, _of_another_kind),
    )
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        answer = chance.choice(ways)(answer, chance)
    return answer


def _other_json(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return _other_bytes(answer, chance)
    places = list(_places(document))
    for _ in range(chance.choice((1, 1, 2, 8))):
        if not places:
            break
        holder, key = chance.choice(places)
        match chance.randrange(5):
            case 0 if isinstance(holder, dict) and key in holder:
                del holder[key]
            case 1 if isinstance(holder, dict) and key in holder:
                holder[str(key).upper()] = holder.pop(key)
            case 2:
                depth = chance.choice((3, 150, 300))
                _put(holder, key, json.loads("[" * depth + "]" * depth))
            case 3 if isinstance(holder, list) and holder:
                holder += holder[: chance.choice((1, 3, 50))]
            case _:
                _put(holder, key, chance.choice(_HOSTILE_VALUES))
    return replace(answer, body=json.dumps(document, allow_nan=True).encode())


def _put(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, dict) or key < len(holder):
        holder[key] = value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON document: what holds it, and under which key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()  # fmt: skip
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _other_bytes(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    body = bytearray(answer.body)
    for _ in range(chance.choice((1, 2, 10, 100))):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(4):
            case 0 if at < len(body):
                body[at] = chance.randrange(256)
            case 1:
                body[at:at] = chance.randbytes(chance.choice((1, 2, 30)))
            case 2:
                del body[at : at + chance.choice((1, 5, 400))]
            case _:
                body[at:at] = chance.choice(
                    (b"\\u0000", b"\\ud800", b"{", b"[" * 2_000, b'"', b"\xff")
                )
    return replace(answer, body=bytes(body))


def _cut_off(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    return replace(answer, body=answer.body[: chance.randrange(len(answer.body) + 1)])


def _other_status(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    return replace(answer, status=chance.choice(_STATUSES))


def _other_header(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    name = chance.choice(list(_HOSTILE_HEADERS))
    return replace(answer, headers={**answer.headers, name: chance.choice(_HOSTILE_HEADERS[name])})


def _packed(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    packed = chance.choice((gzip.compress, zlib.compress))(answer.body)
    if chance.random() < 0.5:
        at = chance.randrange(len(packed))
        packed = packed[:at] + chance.randbytes(1) + packed[at + 1 :]
    encoding = chance.choice(("gzip", "deflate"))
    return replace(answer, body=packed, headers={**answer.headers, "content-encoding": encoding})


def _repeated(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    return replace(answer, body=answer.body * chance.choice((0, 2, 5)))


def _of_another_kind(answer: RealAnswer, chance: random.Random) -> RealAnswer:
    bodies = (
        b"<html><title>Log in</title></html>",
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b'{"errors":[null,5,{"code":[]}]}',
        b'{"error":{"a":1}}',
        b'{"fault":{"detail":7}}',
        b"\xef\xbb\xbf[]",
        "{}".encode("utf-16"),
    )
    return replace(answer, body=chance.choice(bodies))


# -- cases -------------------------------------------------------------------------------------------


class _Damaged(httpx.AsyncBaseTransport):
    """Answers as recorded, except to one request."""

    def __init__(
        self, conversation: Conversation, target: tuple[str, str, str], chance: random.Random
    ) -> None:
        self._answers = conversation.answers
        self._target = target
        self._chance = chance
        self._left = chance.choice((1, 2, 10**9))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        key = _key(request)
        real = self._answers.get(key) or self._likely(key)
        if key[:2] == self._target[:2] and self._left:
            self._left -= 1
            real = mutated(real, self._chance)
        headers = {name: value for name, value in real.headers.items() if name != "content-length"}
        encoded = {name.encode(): value.encode() for name, value in headers.items()}
        return httpx.Response(real.status, headers=encoded, stream=_Body(real.body))

    def _likely(self, key: tuple[str, str, str]) -> RealAnswer:
        """What was not asked when it was recorded: another page of the same listing, else nothing."""
        for (method, path, _), answer in self._answers.items():
            if (method, path) == key[:2]:
                return answer
        return RealAnswer(404, {}, b"")


def run_case(
    conversations: list[Conversation], seed: int, records: list[tuple[str, JamfRecord]]
) -> str | None:
    """Reads with one answer damaged.

    Args:
        conversations: what was recorded.
        seed: of the case.
        records: takes what was read.

    Returns:
        What went wrong, with the seed; None if it ended as it should.
    """
    chance = random.Random(seed)
    conversation = chance.choice(conversations)
    target = chance.choice(list(conversation.answers))
    client = JamfClient(
        "https://jamf.example.org",
        conversation.credentials,
        limits=_LIMITS,
        transport=_Damaged(conversation, target, chance),
    )
    try:
        asyncio.run(asyncio.wait_for(_read(client, target[1], records), _SECONDS_PER_CASE))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return f"seed {seed}, {' '.join(target)}: {type(error).__name__}: {error}"
    return None


def run_cases(first: int, count: int, conversations: list[Conversation]) -> list[str]:
    """Runs cases, and stages what they read. Returns what went wrong."""
    failures = []
    records: list[tuple[str, JamfRecord]] = []
    for seed in range(first, first + count):
        failure = run_case(conversations, seed, records)
        if failure is not None:
            failures.append(failure)
        if len(records) > 5_000 or seed == first + count - 1:
            _stage(records)
            records.clear()
    return failures


def _stage(records: list[tuple[str, JamfRecord]]) -> None:
    for collection in {collection for collection, _ in records}:
        found = {record.document: record for name, record in records if name == collection}
        versions = [
            RawVersion(number, record.jamf_id, json.loads(record.document))
            for number, record in enumerate(found.values())
        ]
        staged = stage(collection, versions)
        assert len(staged.rows) == len(versions)


# -- the heaviest answers ----------------------------------------------------------------------------


class _Gigabytes(httpx.AsyncByteStream):
    """Gigabytes of one piece."""

    def __init__(self, first: bytes, piece: bytes, times: int) -> None:
        self._first, self._piece, self._times = first, piece, times

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        for _ in range(self._times):
            yield self._piece


def _bomb() -> tuple[httpx.AsyncByteStream, dict[str, str]]:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    first = packer.compress(b'{"totalCount":100000,"results":[') + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return _Gigabytes(first, piece, 3 * 1024), {"content-encoding": "gzip"}


def _endless(first: bytes, piece: bytes) -> tuple[httpx.AsyncByteStream, dict[str, str]]:
    return _Gigabytes(first, piece, 10**6), {}


def _heavy_page(start: bytes, record: bytes) -> tuple[httpx.AsyncByteStream, dict[str, str]]:
    """As many records as just fit into an answer."""
    times = (19 * 2**20 - len(start)) // (len(record) + 1)
    return _Body(start, record, (b"," + record) * times, b"]}"), {}


_START: Final = b'{"totalCount":1900000,"results":['
HEAVY: Final[dict[str, Callable[[], tuple[httpx.AsyncByteStream, dict[str, str]]]]] = {
    "3 GB of blanks in 3 MB": _bomb,
    "an answer without end": lambda: _endless(_START, b'{"id":"1","name":"x"},' * 5_000),
    "one text without end": lambda: _endless(_START + b'{"id":"', b"7" * 100_000),
    "lists in lists": lambda: _endless(b"[", b"[" * 100_000),
    "empty objects": lambda: _heavy_page(_START, b"{}"),
    "small objects": lambda: _heavy_page(_START, b'{"id":1}'),
    "as many objects as may be": lambda: (_Body(_START, b"{}", b",{}" * 999_000, b"]}"), {}),
    "as many groups as may be": lambda: (_Body(b"[{}", b",{}" * 999_000, b"]"), {}),
    "numbers": lambda: _heavy_page(_START, b"1"),
    "objects of many keys": lambda: _heavy_page(
        _START, json.dumps({f"k{number}": number for number in range(50)}).encode()
    ),
    "large records": lambda: _heavy_page(_START, json.dumps({"id": 1, "name": "n" * 60_000}).encode()),
    "texts of escapes": lambda: _heavy_page(_START, b'{"id":"1","name":"' + b"\\ud800" * 9_000 + b'"}'),
}  # fmt: skip


def read_heavy(name: str) -> str:
    """Reads every collection of a server that answers every listing so. Returns the last sentence."""
    told = ""

    class Heavy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if "token" in request.url.path:
                body = {"access_token": "t0ken", "expires_in": 600}
                return httpx.Response(200, stream=_Body(json.dumps(body).encode()))
            if request.url.path.endswith("version"):
                return httpx.Response(200, stream=_Body(b'{"version":"11.30.1"}'))
            size = parse_qs(request.url.query.decode()).get("page-size", ["1"])[0]
            stream, headers = HEAVY[name]()
            return httpx.Response(200, headers={**headers, "x-size": size}, stream=stream)

    async def read() -> None:
        nonlocal told
        limits = replace(_LIMITS, page_size=500, largest_page_size=2_000)
        credentials = ClientCredentials("client", SecretStr("s3cret-of-the-client"))
        client = JamfClient(
            "https://jamf.example.org", credentials, limits=limits, transport=Heavy()
        )
        async with client:
            for collection in (CollectionName.COMPUTERS, CollectionName.GROUPS):
                try:
                    async for _ in client.sweep(collection):
                        pass
                except JamfError as error:
                    told = str(error)

    asyncio.run(read())
    return told


def main() -> None:
    """Runs as many cases as asked for, then the heaviest answers; prints a JSON document."""
    count = int(sys.argv[1])
    failures = run_cases(0, count, recorded())
    heavy = {name: read_heavy(name) for name in HEAVY}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"failures": failures, "heavy": heavy, "megabytes": round(most)}))  # noqa: T201


if __name__ == "__main__":
    main()
