"""Answers of a server that is broken, or means harm: each ends in a sentence, soon, and in little memory."""

import json
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import httpx
import pytest

from moss_jamf_pipeline.jamf import (
    CollectionName,
    JamfAnswerInvalid,
    JamfAnswerTooLarge,
    JamfBusy,
    JamfClient,
    JamfError,
    JamfUnreachable,
    RejectionReason,
)
from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.version import ServerVersion
from tests.jamf.support import (
    ODD_CREDENTIALS,
    ODD_SERVER,
    QUICK,
    OddNetwork,
    Reading,
    odd_answer,
    odd_client,
    page_asked_for,
    read_now,
    run,
)

MEGABYTE = 2**20
_GZIP, _DEFLATE, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS


def _packed(text: bytes, window: int = _GZIP) -> bytes:
    packer = zlib.compressobj(wbits=window)
    return packer.compress(text) + packer.flush()


def _departments(handler: Callable[[httpx.Request], httpx.Response], **limits: Any) -> Reading:
    return read_now(odd_client(handler, **limits), CollectionName.DEPARTMENTS)


def _page(*records: object, total: object = None, **more: object) -> dict[str, object]:
    return {
        "totalCount": len(records) if total is None else total,
        "results": list(records),
        **more,
    }


class _Blanks(httpx.AsyncByteStream):
    """Three gigabytes of blanks, packed into three megabytes; counts how much of it is fetched."""

    def __init__(self, window: int) -> None:
        packer = zlib.compressobj(wbits=window)
        blanks = b" " * MEGABYTE
        first = packer.compress(b"[") + packer.flush(zlib.Z_FULL_FLUSH)
        # Flushed so, each piece is packed without the others, and all alike.
        piece = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
        self._pieces = [first, *[piece] * 3 * 1024]
        self.fetched = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.fetched += 1
            yield piece


@pytest.mark.parametrize(
    ("encoding", "window"), [("gzip", _GZIP), ("deflate", _DEFLATE), ("deflate", _RAW)]
)
def test_case_s08_an_answer_that_unpacks_to_gigabytes_is_read_to_its_limit_only(
    encoding: str, window: int
) -> None:
    bombs: list[_Blanks] = []

    class Bombing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if (answer := odd_answer(request)) is not None:
                return await OddNetwork(lambda _: answer).handle_async_request(request)
            bombs.append(_Blanks(window))
            return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=bombs[-1])

    client = JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=Bombing())
    with pytest.raises(JamfAnswerTooLarge, match="20,971,520 bytes") as caught:
        read_now(client, CollectionName.GROUPS)
    assert not caught.value.is_transient
    assert [bomb.fetched for bomb in bombs] == [21]  # once, and a hundredth of it


def test_pages_too_large_are_read_in_parts_and_a_record_too_large_is_set_aside() -> None:
    def heavy(request: httpx.Request) -> httpx.Response:
        offset, size = page_asked_for(request)
        ids = range(offset, min(offset + size, 40))
        records = [
            {"id": str(number), "name": "x", "blanks": " " * (9_000 if number == 7 else 900)}
            for number in ids
        ]
        return httpx.Response(200, json=_page(*records, total=40))

    reading = _departments(heavy, page_size=20, largest_answer_bytes=8_000)
    assert len(reading.records) == 39
    (rejected,) = reading.rejected
    assert rejected.reason == RejectionReason.CANNOT_SERVE
    assert "offset 7" in rejected.detail
    assert "8,000 bytes" in rejected.detail


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 1_000])
def test_answers_packed_as_nobody_asked_are_refused_with_the_name_of_it(encoding: str) -> None:
    def packing(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "gzip, deflate"
        return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=_Bytes(b"\x1b"))

    with pytest.raises(JamfUnreachable, match="gzip, deflate only") as caught:
        read_now(_raw_client(packing), CollectionName.GROUPS)
    assert encoding[:40] in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("window", [_GZIP, _DEFLATE, _RAW])
def test_packed_answers_are_read_whichever_way_they_are_packed(window: int) -> None:
    body = _packed(json.dumps([{"id": 1, "name": "g", "smartGroup": False}]).encode(), window)
    encoding = "gzip" if window == _GZIP else "deflate"

    def packing(_: httpx.Request) -> httpx.Response:
        pieces = _Bytes(*(body[at : at + 1] for at in range(len(body))))
        return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=pieces)

    assert read_now(_raw_client(packing), CollectionName.GROUPS).ids == ["1"]


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08\x00garbage", _packed(b"[]")[:-12], b""])
def test_damaged_and_broken_off_answers_are_tried_again_and_end_in_a_sentence(body: bytes) -> None:
    asked = 0

    def breaking(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Bytes(body))

    with pytest.raises((JamfUnreachable, JamfAnswerInvalid)):
        read_now(_raw_client(breaking), CollectionName.GROUPS)
    assert asked > 1


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"totalCount":1,"results":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"totalCount":1,"results":[' + b'{"id":' * 100_000,
        b'{"totalCount":' + b"9" * 10_000 + b',"results":[]}',
        b'{"totalCount":1e400,"results":[{}]}',
        b'{"totalCount":true,"results":[1]}',
        b'{"totalCount":2,"results":[' + b"1," * 1_000_001 + b"1]}",
        b'{"totalCount":2,"results":[' + b"{}," * 20_000 + b"{}]}",
        b"\xff\xfe[\x00]\x00",
        b'"' + b"\\ud800" * 1_000 + b'"',
        b"NaN",
    ],
    ids=lambda body: body[:40].decode(errors="replace") + str(len(body)),
)
def test_bodies_that_are_no_data_end_in_a_sentence(body: bytes) -> None:
    with pytest.raises(JamfError) as caught:
        _departments(lambda _: httpx.Response(200, content=body))
    assert len(str(caught.value)) < 600


def test_a_record_that_is_deep_costs_itself_only() -> None:
    body = b'{"totalCount":1,"results":[' + b'{"id":' * 900 + b"1" + b"}" * 900 + b"]}"
    reading = _departments(lambda _: httpx.Response(200, content=body))
    assert [record.reason for record in reading.rejected] == [RejectionReason.WRONG_TYPE]


def test_case_s08_a_listing_that_always_has_another_full_page_ends_in_a_sentence() -> None:
    numbers = count()

    def endless(request: httpx.Request) -> httpx.Response:
        _, size = page_asked_for(request)
        records = [{"id": str(next(numbers)), "name": "x"} for _ in range(size)]
        return httpx.Response(200, json=_page(*records, total=size))

    with pytest.raises(JamfAnswerInvalid, match="ever more behind them"):
        _departments(endless, page_size=500)
    assert next(numbers) < 20_000


@pytest.mark.parametrize("total", [2_000_001, 10**30])
def test_a_listing_of_more_records_than_any_server_has_is_not_begun(total: int) -> None:
    asked = 0

    def boastful(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        _, size = page_asked_for(request)
        records = [{"id": f"{asked}-{number}", "name": "x"} for number in range(size)]
        return httpx.Response(200, json=_page(*records, total=total))

    with pytest.raises(JamfAnswerInvalid, match="no JAMF Pro server holds more than 2,000,000"):
        _departments(boastful)
    assert asked == 1


def test_ids_and_records_of_any_length_cost_their_record_only() -> None:
    def odd(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json=_page(
                {"id": "1", "name": "x"},
                {"id": "9" * 101, "name": "long"},
                {"id": ["3"], "name": "no id"},
                {"id": "4", "name": "n" * 200_000},
            ),
        )

    reading = _departments(odd)
    assert reading.ids == ["1", "4"]
    assert len(reading.records["4"].document) < 5_000
    assert [(each.jamf_id, each.reason) for each in reading.rejected] == [
        (None, RejectionReason.ID_MISSING),
        (None, RejectionReason.WRONG_TYPE),
    ]


def test_a_record_of_more_groups_than_any_server_has_is_set_aside() -> None:
    memberships = [{"groupId": str(number), "smartGroup": False} for number in range(20_000)]
    names = ("general", "hardware", "operatingSystem", "userAndLocation")
    sections: dict[str, object] = {name: {} for name in names}

    def crowded(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=_page({"id": "1", **sections, "groupMemberships": memberships})
        )

    (rejected,) = read_now(odd_client(crowded), CollectionName.COMPUTERS).rejected
    assert (rejected.jamf_id, rejected.reason) == ("1", RejectionReason.WRONG_TYPE)
    assert "bytes" in rejected.detail


@pytest.mark.parametrize(
    "listed", ["../../api/v1/auth", "1?x=1", "1\r\nX: y", "٣", "", "7" * 90_000]
)
def test_ids_of_the_classic_api_never_become_another_address(listed: str) -> None:
    asked: list[str] = []

    def classic(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/v1/jamf-pro-version":
            return httpx.Response(200, json={"version": "10.40.0"})
        if "token" in path:
            return httpx.Response(200, json={"access_token": "token", "expires_in": 600})
        asked.append(path)
        if path == "/JSSResource/users":
            return httpx.Response(200, json={"users": [{"id": listed, "name": "x"}]})
        return httpx.Response(404)

    client = JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=OddNetwork(classic))
    reading = read_now(client, CollectionName.USERS)
    assert asked == ["/JSSResource/users"]
    assert not reading.summary.is_complete


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "x" * 50_000},
        {"Date": "Fri, 99 Foo 99999 99:99:99 +9999"},
        {"Date": "Mon, 01 Jan 0001 00:00:00 +2359"},
        {"Date": "0"},
        {"Date": "(" * 900},
        {"Retry-After": "9" * 5_000},
        {"Retry-After": "-1"},
        {"Retry-After": "nan"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359", "Date": "Mon, 01 Jan 0001 00:00:00 GMT"},
        {"Retry-After": "², ³"},
        {"Location": "//user:pw@x" + "/y" * 40_000},
    ],
    ids=str,
)
def test_headers_that_cannot_be_read_count_as_absent(headers: dict[str, str]) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    answer = Answer.of(httpx.Response(503, headers=encoded), b"", 0.1)
    assert (answer.retry_after_seconds or 0) >= 0
    assert len(answer.location or "") <= 300
    assert "pw" not in (answer.location or "")


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors": 5}',
        b'{"errors": {"code": 1}}',
        b'{"errors": [null, 3, {"code": {"a": [1]}, "description": null}]}',
        b'{"error": ["x"], "error_description": {"y": 1}}',
        b'{"fault": {"faultstring": 7}}',
        b'{"fault": []}',
        b"<html>" + b"<title>" * 300_000,
        b"<title>" + b"x" * 3_000_000,
        b"<title " + b" " * 3_000_000,
        b"\x00" * 70_000,
        b"{" * 70_000,
        b"[" * 70_000,
        b"",
    ],
    ids=lambda body: body[:30].decode(),
)
def test_error_bodies_of_any_shape_are_told_in_a_line(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (500, 429, 404, 403, 302, 200):
        with pytest.raises(JamfError) as caught:
            _departments(
                lambda _, status=status: httpx.Response(status, content=body),  # type: ignore[misc]
                max_attempts=1,
            )
        assert len(str(caught.value)) < 900
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "token", ["two words", "line\nbreak", "ümlaut", "", "x" * 10_001, "\ud800", 7, None]
)
def test_a_token_that_no_header_can_hold_is_none(token: object) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert "token" in request.url.path
        return httpx.Response(200, content=json.dumps({"access_token": token, "expires_in": 60}))

    client = JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=OddNetwork(handle))
    with pytest.raises(JamfAnswerInvalid, match="token endpoint"):
        run(_version(client))


@pytest.mark.parametrize("lifetime", ["1e999", "-1e999", "-5", '"soon"', "null", "0"])
def test_lifetimes_of_any_kind_are_lived_with(lifetime: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if "token" in request.url.path:
            body = f'{{"access_token": "t0ken", "expires_in": {lifetime}}}'
            return httpx.Response(200, content=body)
        return httpx.Response(200, json={"version": "11.30.1"})

    client = JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=OddNetwork(handle))
    try:
        assert run(_version(client)).major == 11
    except JamfAnswerInvalid as refused:
        assert "token" in str(refused)  # noqa: PT017 - either is right


def test_a_version_of_any_length_is_kept_short() -> None:
    assert len(str(ServerVersion.parse("11.30.1-" + "t" * 10_000))) == 60


# -- a server that is down ---------------------------------------------------------------------------


def test_case_t14_a_server_that_answers_500_to_all_is_given_up_soon_and_in_plain_words() -> None:
    asked: list[str] = []

    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(500)

    with pytest.raises(JamfBusy) as caught:
        read_now(odd_client(broken, page_size=500), CollectionName.COMPUTERS)
    assert len(asked) == 6
    assert caught.value.happened == (
        f"JAMF Pro at {ODD_SERVER} answered 500 on every request for /api/v4/computers-inventory, be it for 500 "
        "records or for a single one."
    )
    assert caught.value.is_transient


def test_a_server_that_goes_down_while_it_is_read_is_told_of_as_a_whole() -> None:
    served = count()

    def failing(request: httpx.Request) -> httpx.Response:
        if next(served) > 2:
            return httpx.Response(502)
        offset, size = page_asked_for(request)
        records = [{"id": str(number), "name": "x"} for number in range(offset, offset + size)]
        return httpx.Response(200, json=_page(*records, total=5_000))

    with pytest.raises(JamfBusy, match=r"1\d records of /api/v1/departments in a row") as caught:
        _departments(failing, page_size=500)
    assert "page-size" not in str(caught.value)


def test_a_first_page_of_which_some_records_break_is_still_taken_apart() -> None:
    def sick(request: httpx.Request) -> httpx.Response:
        offset, size = page_asked_for(request)
        ids = range(offset, min(offset + size, 90))
        if {0, 1, 2, 89} & set(ids):
            return httpx.Response(500)
        return httpx.Response(
            200, json=_page(*({"id": str(number), "name": "x"} for number in ids), total=90)
        )

    reading = _departments(sick, page_size=100)
    assert len(reading.records) == 86
    assert len(reading.rejected) == 4


# -- what a record repeats ---------------------------------------------------------------------------


def test_case_s05_a_record_that_repeats_the_token_or_the_secret_is_set_aside() -> None:
    def echoing(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return httpx.Response(
            200,
            json=_page(
                {"id": "1", "name": "fine"},
                {"id": "2", "name": f"named {token}!"},
                {"id": token, "name": "x"},
                {"id": 4.5, "name": [token]},
            ),
        )

    reading = _departments(echoing)
    assert reading.ids == ["1"]
    assert [(each.jamf_id, each.reason) for each in reading.rejected] == [
        ("2", RejectionReason.HOLDS_SECRET),
        (None, RejectionReason.HOLDS_SECRET),
        (None, RejectionReason.WRONG_TYPE),
    ]
    assert not reading.summary.is_complete  # whoever has no id cannot be told from who is gone


class _Bytes(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def _raw_client(handler: Callable[[httpx.Request], httpx.Response]) -> JamfClient:
    """A client of a server whose bodies come as they are, packed or not."""

    class Raw(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if (answer := odd_answer(request)) is not None:
                return await OddNetwork(lambda _: answer).handle_async_request(request)
            return handler(request)

    return JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=Raw())


async def _version(client: JamfClient) -> ServerVersion:
    async with client:
        return await client.server_version()
