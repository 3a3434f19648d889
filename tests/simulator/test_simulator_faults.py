"""Every fault does what its description says, to the requests it is scoped to, as often as it is told."""

import anyio
import httpx
import pytest

from moss_jamf_pipeline.simulator import (
    Churn,
    DroppedConnection,
    EmptyListing,
    Faults,
    FilterFault,
    Latency,
    LogInPage,
    MissingListing,
    PageLimit,
    Poison,
    RateLimited,
    RejectedTokens,
    SimulatorServer,
    StaleNodes,
    TruncatedBody,
    WrongContentType,
)
from tests.simulator.clients import StartServer, client_of, ids_of

PATH = "/api/v4/computers-inventory"


@pytest.fixture
def own_server(start_server: StartServer) -> SimulatorServer:
    return start_server()


def statuses(client: httpx.Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("knob", "expected"),
    [
        ({"count": 2}, [429, 429, 200, 200, 200, 200]),
        ({"every": 3}, [200, 200, 429, 200, 200, 429]),
        ({"after": 2, "count": 1}, [200, 200, 429, 200, 200, 200]),
        ({"after": 1, "every": 2, "count": 2}, [200, 200, 429, 200, 429, 200]),
        ({"path": "/users"}, [200, 200, 200, 200, 200, 200]),
        ({"path": r"inventory$"}, [429, 429, 429, 429, 429, 429]),
    ],
)
def test_a_knob_strikes_the_requests_it_is_scoped_to(
    own_server: SimulatorServer, knob: dict[str, object], expected: list[int]
) -> None:
    with client_of(own_server) as client:
        assert client.put("/simulator/faults", json={"rate_limited": knob}).status_code == 200
        assert statuses(client, PATH, 6) == expected


def test_a_rate_limit_may_or_may_not_say_how_long_to_wait(own_server: SimulatorServer) -> None:
    with client_of(own_server) as client:
        own_server.set_faults(Faults(rate_limited=RateLimited(retry_after_seconds=7)))
        assert client.get(PATH).headers["retry-after"] == "7"
        own_server.set_faults(Faults(rate_limited=RateLimited()))
        assert "retry-after" not in client.get(PATH).headers


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_have_the_status_that_was_asked_for(
    own_server: SimulatorServer, status: int
) -> None:
    with client_of(own_server) as client:
        client.put("/simulator/faults", json={"server_error": {"status": status}})
        answer = client.get(PATH)
    assert (answer.status_code, answer.json()["httpStatus"]) == (status, status)


@pytest.mark.parametrize(
    ("body", "content_type", "part"),
    [
        ("api_error", "application/json", "traceId"),
        ("no_causes", "application/json", '"errors":[]'),
        ("html", "text/html", "<title>Status page</title>"),
        ("empty", "", ""),
        ("apigee_quota", "application/json", "policies.ratelimit.QuotaViolation"),
    ],
)
def test_server_errors_come_in_every_known_body(
    own_server: SimulatorServer, body: str, content_type: str, part: str
) -> None:
    with client_of(own_server) as client:
        client.put("/simulator/faults", json={"server_error": {"status": 500, "body": body}})
        answer = client.get(PATH)
    assert answer.status_code == 500
    assert content_type in answer.headers.get("content-type", "")
    assert part in answer.text


def test_a_dropped_connection_breaks_off_in_the_body(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(dropped_connection=DroppedConnection(path="inventory", count=1)))
    with client_of(own_server) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(PATH)
        assert client.get(PATH).status_code == 200


def test_a_truncated_body_is_a_whole_answer_of_broken_json(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(truncated_body=TruncatedBody(path="inventory", fraction=0.3)))
    with client_of(own_server) as client:
        answer = client.get(PATH)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        answer.json()


def test_an_answer_can_be_labelled_wrongly(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(wrong_content_type=WrongContentType(path="inventory")))
    with client_of(own_server) as client:
        answer = client.get(PATH)
    assert answer.headers["content-type"] == "text/html"
    assert answer.json()["totalCount"] == 10


def test_a_log_in_page_is_html_with_status_200(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(log_in_page=LogInPage(path="inventory", count=1)))
    with client_of(own_server) as client:
        answer = client.get(PATH)
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/html; charset=utf-8",
        )
        assert client.get(PATH).json()["totalCount"] == 10


def test_a_rejected_token_stays_rejected_and_a_new_one_works(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(rejected_tokens=RejectedTokens(path="inventory", count=1)))
    with client_of(own_server) as client:
        assert statuses(client, PATH, 2) == [401, 401]
    with client_of(own_server) as client:
        assert client.get(PATH).status_code == 200


def test_every_page_with_a_poisoned_record_fails_and_the_others_do_not(
    own_server: SimulatorServer,
) -> None:
    own_server.set_faults(Faults(poison=Poison(computer_ids=frozenset({"5"}))))
    with client_of(own_server) as client:

        def status(page: int, size: int) -> int:
            params: dict[str, str | int] = {"page": page, "page-size": size, "sort": "id:asc"}
            return client.get(PATH, params=params).status_code

        assert status(0, 10) == 500
        assert [status(page, 5) for page in range(2)] == [500, 200]
        assert [status(page, 1) for page in range(3, 6)] == [200, 500, 200]
        assert client.get(f"{PATH}/5").status_code == 500
        assert client.get("/api/v4/computers-inventory-detail/6").status_code == 200


def test_an_empty_listing_still_tells_the_total(own_server: SimulatorServer) -> None:
    with client_of(own_server) as client:
        own_server.set_faults(Faults(empty_listing=EmptyListing(path="computers")))
        assert client.get(PATH).json() == {"totalCount": 10, "results": []}
        own_server.set_faults(Faults(empty_listing=EmptyListing(total_count=0)))
        assert client.get(PATH).json() == {"totalCount": 0, "results": []}
        assert client.get("/JSSResource/users").text.endswith("<users><size>0</size></users>")


@pytest.mark.parametrize("path", [PATH, "/api/v1/users", "/JSSResource/users"])
def test_a_listing_can_be_missing(own_server: SimulatorServer, path: str) -> None:
    with client_of(own_server) as client:
        own_server.set_faults(Faults(missing_listing=MissingListing(status=405)))
        assert client.get(path).status_code == 405
        own_server.set_faults(Faults(missing_listing=MissingListing()))
        assert client.get(path).status_code == 404


def test_the_server_can_cope_with_smaller_pages_only(own_server: SimulatorServer) -> None:
    with client_of(own_server) as client:
        own_server.set_faults(Faults(page_limit=PageLimit(largest=3)))
        assert len(ids_of(client.get(PATH, params={"page-size": 500}))) == 3
        own_server.set_faults(Faults(page_limit=PageLimit(gateway_timeout_above=4)))
        assert client.get(PATH, params={"page-size": 5}).status_code == 504
        assert client.get(PATH, params={"page-size": 4}).status_code == 200


def test_a_gateway_gives_up_on_a_page_that_takes_too_long(own_server: SimulatorServer) -> None:
    latency = Latency(milliseconds=0, microseconds_per_record=2_000, gateway_timeout_milliseconds=9)
    with client_of(own_server) as client:
        own_server.set_faults(Faults(latency=latency))
        assert client.get(PATH, params={"page-size": 5}).status_code == 504
        assert client.get(PATH, params={"page-size": 4}).status_code == 200


def test_a_filter_can_be_ignored_refused_or_find_nothing(own_server: SimulatorServer) -> None:
    params = {"filter": "id=in=(3,4)", "sort": "id:asc"}
    with client_of(own_server) as client:
        assert ids_of(client.get(PATH, params=params)) == ["3", "4"]
        own_server.set_faults(Faults(filter_fault=FilterFault(mode="ignored")))
        assert len(ids_of(client.get(PATH, params=params))) == 10
        own_server.set_faults(Faults(filter_fault=FilterFault(mode="refused", path="inventory")))
        assert client.get(PATH, params=params).status_code == 400
        assert client.get(PATH).status_code == 200
        own_server.set_faults(Faults(filter_fault=FilterFault(mode="finds_nothing", count=1)))
        assert client.get(PATH, params=params).json() == {"totalCount": 0, "results": []}
        assert ids_of(client.get(PATH, params=params)) == ["3", "4"]


def test_deleting_between_pages_skips_one_record_per_deletion(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(churn=Churn(deleted=1, inserted=2, count=1)))
    with client_of(own_server) as client:
        pages = [
            ids_of(client.get(PATH, params={"sort": "id:asc", "page": page, "page-size": 4}))
            for page in range(3)
        ]
    assert pages == [["1", "2", "3", "4"], ["6", "7", "8", "9"], ["10", "11", "12"]]


def test_a_stale_node_answers_from_the_past_until_its_lag_is_over(
    own_server: SimulatorServer,
) -> None:
    own_server.set_faults(Faults(stale_nodes=StaleNodes(lag_seconds=3600)))
    own_server.fleet.computers["1"].name = "Renamed"
    with client_of(own_server) as client:
        names: dict[str, set[str]] = {}
        for _ in range(4):
            client.cookies.clear()
            first = client.get(f"{PATH}/1")
            node = first.cookies["jpro-ingress"]
            again = client.get(f"{PATH}/1")
            assert "set-cookie" not in again.headers
            names.setdefault(node, set()).update(
                answer.json()["general"]["name"] for answer in (first, again)
            )
        assert len(names) == 2
        assert sorted(len(seen) for seen in names.values()) == [1, 1]
        assert {"Renamed"} in names.values()
        own_server.set_faults(Faults(stale_nodes=StaleNodes(lag_seconds=0)))
        own_server.fleet.computers["1"].name = "Renamed again"
        answers = []
        for _ in range(4):
            client.cookies.clear()
            answers.append(client.get(f"{PATH}/1").json()["general"]["name"])
        assert set(answers) == {"Renamed again"}


def test_faults_are_read_replaced_and_cleared_without_a_token(own_server: SimulatorServer) -> None:
    with httpx.Client(base_url=own_server.base_url) as client:
        put = client.put("/simulator/faults", json={"latency": {"milliseconds": 1}})
        assert put.json()["latency"]["milliseconds"] == 1
        client.put("/simulator/faults", json={"rate_limited": {}})
        document = client.get("/simulator/faults").json()
        assert (document["latency"], document["rate_limited"]["every"]) == (None, 1)
        assert client.delete("/simulator/faults").json()["rate_limited"] is None
        wrong_documents: tuple[dict[str, object], ...] = (
            {"nonsense": {}},
            {"latency": {}},
            {"rate_limited": {"path": "("}},
        )
        for wrong in wrong_documents:
            assert client.put("/simulator/faults", json=wrong).status_code == 422


def test_a_saturated_server_takes_longer_in_proportion_to_the_requests_under_way() -> None:
    latency = Latency(milliseconds=100, microseconds_per_record=500, saturated_above=2)
    before = [latency.seconds_before(in_flight) for in_flight in (1, 2, 3, 5)]
    assert before == pytest.approx([0.1, 0.1, 0.15, 0.25])
    assert latency.seconds_of_page(400, in_flight=1) == pytest.approx(0.2)
    assert latency.seconds_of_page(400, in_flight=4) == pytest.approx(0.4)
    heavy = Latency(milliseconds=0, microseconds_per_record=500, share_more_per_hundred=0.1)
    assert heavy.seconds_of_page(100, in_flight=1) == pytest.approx(0.05)
    assert heavy.seconds_of_page(400, in_flight=1) == pytest.approx(0.2 * 1.3)
    tireless = Latency(milliseconds=100)
    assert tireless.seconds_before(9) == 0.1
    assert tireless.seconds_of_page(400, in_flight=9) == 0


def test_putting_the_same_faults_again_counts_anew(own_server: SimulatorServer) -> None:
    faults = Faults(rate_limited=RateLimited(count=1))
    with client_of(own_server) as client:
        for _ in range(2):
            own_server.set_faults(faults)
            assert statuses(client, PATH, 2) == [429, 200]


def test_requests_are_counted_by_path_and_status(own_server: SimulatorServer) -> None:
    with client_of(own_server) as client:
        client.delete("/simulator/requests")
        statuses(client, f"{PATH}/1", 2)
        client.get(f"{PATH}/999")
        client.get("/JSSResource/users/name/someone")
        counts = client.get("/simulator/requests").json()
    assert counts["total"] == 4
    assert counts["in_flight"] == 0
    assert counts["paths"] == {
        "GET /api/v4/computers-inventory/{id}": {"requests": 3, "statuses": {"200": 2, "404": 1}},
        "GET /JSSResource/users/name/{name}": {"requests": 1, "statuses": {"404": 1}},
    }
    assert own_server.requests.of("computers-inventory") == 3


@pytest.mark.anyio
async def test_the_most_requests_at_once_are_told(own_server: SimulatorServer) -> None:
    own_server.set_faults(Faults(latency=Latency(milliseconds=200)))
    async with (
        httpx.AsyncClient(base_url=own_server.base_url) as client,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(3):
            tasks.start_soon(client.get, "/api/v1/health-check")
    assert own_server.requests.max_in_flight == 3
