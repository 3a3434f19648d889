"""Which base URLs and answers are acceptable, and how the client behaves under push-back."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Coroutine, Iterator
from typing import Any

import httpx
import pytest

from moss_jamf_pipeline.jamf import (
    CollectionName,
    JamfAddressInvalid,
    JamfAnswerInvalid,
    JamfBusy,
    JamfClient,
    JamfUnreachable,
)
from moss_jamf_pipeline.jamf.answers import Answer
from moss_jamf_pipeline.jamf.concurrency import ConcurrencyLimiter, in_window
from moss_jamf_pipeline.jamf.errors import ConnectionTrouble
from tests.jamf.support import ODD_CREDENTIALS, QUICK, odd_client, read_now, run


@pytest.mark.parametrize(
    "url",
    [
        "",
        "jamf.example.org",
        "ftp://jamf.example.org",
        "https://",
        "http://jamf.example.org",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "https://admin:pa55word@jamf.example.org",
        "https://jamf.example.org?x=1",
        "https://jamf.example.org:notaport",
    ],
)
def test_an_unusable_base_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(JamfAddressInvalid) as caught:
        JamfClient(url, ODD_CREDENTIALS)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://jamf.example.org/", "https://jamf.example.org"),
        (" https://jamf.example.org:8443/jss/ ", "https://jamf.example.org:8443/jss"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_usable_base_url_is_kept_without_its_slash(url: str, base_url: str) -> None:
    assert JamfClient(url, ODD_CREDENTIALS).base_url == base_url


def test_a_port_nobody_listens_on_is_unreachable_and_may_pass() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(JamfUnreachable, match="6 tries") as caught:
            read_now(JamfClient(url, ODD_CREDENTIALS, limits=QUICK))
    assert caught.value.trouble is ConnectionTrouble.CONNECTING
    assert caught.value.is_transient


def test_a_certificate_that_does_not_verify_is_final() -> None:
    tries = 0

    def present_a_bad_certificate(_: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        raise httpx.ConnectError("TLS") from ssl.SSLCertVerificationError("self-signed")

    with pytest.raises(JamfUnreachable, match="SSL_CERT_FILE") as caught:
        read_now(odd_client(present_a_bad_certificate))
    assert not caught.value.is_transient
    assert tries == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, html="<html><title>Sign in</title></html>"), "Sign in"),
        (httpx.Response(200, content=b""), "not its data"),
        (httpx.Response(200, content=b'{"totalCount": 3, "resul'), "not its data"),
        (httpx.Response(200, json={"computers": []}), '"results"'),
        (httpx.Response(200, json=[]), '"results"'),
        (httpx.Response(204), "204"),
        (httpx.Response(302, headers={"Location": "https://sso.example.org/?SAML=x"}), "sso"),
        (httpx.Response(400, json={"errors": [{"code": "INVALID_FIELD"}]}), "INVALID_FIELD"),
    ],
)
def test_what_is_not_jamfs_data_is_an_error(answer: httpx.Response, words: str) -> None:
    with pytest.raises(JamfAnswerInvalid, match=words) as caught:
        read_now(odd_client(lambda _: answer))
    assert "SAML=x" not in str(caught.value)


def test_groups_in_an_envelope_are_an_error_and_not_a_page() -> None:
    answer = httpx.Response(200, json={"totalCount": 0, "results": []})
    with pytest.raises(JamfAnswerInvalid, match="bare array"):
        read_now(odd_client(lambda _: answer), CollectionName.GROUPS)


def test_groups_are_asked_for_once_without_paging() -> None:
    queries: list[bytes] = []

    def groups(request: httpx.Request) -> httpx.Response:
        queries.append(request.url.query)
        body = [{"id": str(number), "name": "g", "smartGroup": False} for number in range(2_500)]
        return httpx.Response(200, json=body)

    reading = read_now(odd_client(groups), CollectionName.GROUPS)
    assert len(reading.records) == 2_500
    assert reading.summary.is_complete
    assert queries == [b""]


def test_sections_are_repeated_parameters_and_pages_are_sorted_by_id() -> None:
    seen: list[httpx.QueryParams] = []

    def empty(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params)
        return httpx.Response(200, json={"totalCount": 0, "results": []})

    read_now(odd_client(empty))
    (query,) = seen
    assert query.get_list("section") == [
        "GENERAL",
        "GROUP_MEMBERSHIPS",
        "HARDWARE",
        "OPERATING_SYSTEM",
        "USER_AND_LOCATION",
    ]
    assert (query["sort"], query["page"], query["page-size"]) == ("id:asc", "0", "100")


def test_no_cookie_is_sent_back() -> None:
    cookies: list[str | None] = []

    def sticky(request: httpx.Request) -> httpx.Response:
        cookies.append(request.headers.get("Cookie"))
        page = int(request.url.params["page"])
        results = [{"id": str(page), "name": "x"}] if page < 3 else []
        return httpx.Response(
            200,
            json={"totalCount": 3, "results": results},
            headers={"Set-Cookie": "jpro-ingress=a; Path=/"},
        )

    read_now(odd_client(sticky, page_size=1), CollectionName.BUILDINGS)
    assert len(cookies) > 3
    assert set(cookies) == {None}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("1", "waiting 1.00 s"),
        ("900", "waiting 1.50 s"),
        ("-3", "waiting 0.0"),
        ("soon", "waiting 0.0"),
        ("Thu, 01 Jan 2026 00:00:01 GMT", "waiting 1.00 s"),
    ],
)
def test_jamfs_wish_to_be_left_alone_is_respected_up_to_a_cap(
    header: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "moss_jamf_pipeline.jamf")
    answers = iter(
        [
            httpx.Response(
                429,
                headers={"Retry-After": header, "Date": "Thu, 01 Jan 2026 00:00:00 GMT"},
            ),
            httpx.Response(200, json=[]),
        ]
    )
    read_now(odd_client(lambda _: next(answers), back_off_cap_seconds=1.5), CollectionName.GROUPS)
    assert expected in caplog.text


def test_busy_says_what_jamf_said_and_how_often_it_was_asked() -> None:
    body = {"fault": {"faultstring": "Quota spent", "detail": {"errorcode": "x.QuotaViolation"}}}
    with pytest.raises(JamfBusy, match=r"answered 500 \(Quota spent\).*6 tries") as caught:
        read_now(odd_client(lambda _: httpx.Response(500, json=body)))
    assert caught.value.sheds_load


@pytest.mark.parametrize(
    ("body", "explanation"),
    [
        (b"", ""),
        (b"[1, 2]", ""),
        (b'{"errors": "many"}', ""),
        (b'{"httpStatus": 500, "errors": []}', ""),
        (b'{"errors": [{"code": "A", "field": "b", "description": "c\\nd"}]}', "A b c d"),
        (b'{"error": "invalid_client", "error_description": null}', "invalid_client"),
        (b"<html><TITLE>\n Status page </TITLE>", "a web page titled “Status page”"),
        (b"  <p>", "a web page"),
    ],
)
def test_an_explanation_is_found_in_any_kind_of_body(body: bytes, explanation: str) -> None:
    assert Answer(500, body).explanation == explanation


def test_one_burst_of_push_back_halves_the_requests_in_flight_once() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter(5)
        async with limiter.permit() as first, limiter.permit() as second:
            limiter.push_back(first)
            limiter.push_back(second)
        assert limiter.allowed == 2
        async with limiter.permit() as third:
            limiter.push_back(third)
        assert limiter.allowed == 1
        async with limiter.permit() as fourth:
            limiter.push_back(fourth)
        assert limiter.allowed == 1

    run(scenario())


def test_requests_in_flight_recover_one_by_one_after_clean_rounds() -> None:
    async def scenario() -> list[int]:
        limiter = ConcurrencyLimiter(5)
        async with limiter.permit() as permit:
            limiter.push_back(permit)
        allowed = [limiter.allowed]
        for _ in range(60):
            limiter.clean()
            if limiter.allowed != allowed[-1]:
                allowed.append(limiter.allowed)
        return allowed

    assert run(scenario()) == [2, 3, 4, 5]


def test_a_cancelled_request_gives_its_place_to_the_next() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter(1)
        entered = asyncio.Event()

        async def hold() -> None:
            async with limiter.permit():
                entered.set()
                await asyncio.Event().wait()

        holder = asyncio.create_task(hold())
        await entered.wait()
        waiting = asyncio.create_task(hold())
        await asyncio.sleep(0)
        waiting.cancel()
        holder.cancel()
        await asyncio.gather(holder, waiting, return_exceptions=True)
        async with limiter.permit():
            pass

    run(scenario())


def test_a_failure_in_a_window_stops_what_was_started_with_it() -> None:
    async def scenario() -> None:
        stopped = asyncio.Event()

        async def wait_for_ever() -> int:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
            return 0

        async def fail() -> int:
            raise ValueError("no")

        started = 0

        def jobs() -> Iterator[Coroutine[Any, Any, int]]:
            nonlocal started
            for job in (wait_for_ever, fail, wait_for_ever):
                started += 1
                yield job()

        with pytest.raises(ValueError, match="no"):
            async for _ in in_window(jobs(), 2):
                pass
        assert stopped.is_set()
        assert started == 2

    run(scenario())
