"""What whoever runs the service asks it: does it live, can it work, what does it count; and what it says of faults."""

import re

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.companion.application import build_application
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.moss.plan.guard import guard_plan
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from tests.companion.conftest import API, Companion, Starter, problem, served
from tests.db.support import Bench


def _metrics(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    samples = [line.rpartition(" ") for line in lines if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_an_integration_is_measured_as_its_database_has_it(
    companion: Companion, bench: Bench
) -> None:
    bench.policies(guard={"rename": {"absolute": 0}})
    bench.linked_device("1", serial_number="SERIAL1", hostname="old", asset_tag="A-1")
    bench.computer("1", hostname="new", asset_tag="B-1")
    guard_plan(bench.connection, bench.integration, bench.apply(bench.plan()).plan_id)
    bench.computer("1", hostname="newer", asset_tag="B-1")
    guard_plan(bench.connection, bench.integration, bench.plan().plan_id)

    found = _metrics(companion.client())
    name = 'integration="JAMF Pro"'
    assert found["moss_jamf_up"] == 1
    assert found[f'moss_jamf_open_conflicts{{{name},kind="owned_field_differs"}}'] == 1
    # The bench notes records and no counts of them.
    assert found[f'moss_jamf_capture_records{{collection="computers",{name}}}'] == 0
    assert found[f'moss_jamf_held_changes{{{name},kind="rename"}}'] == 1
    rows = [value for key, value in found.items() if key.startswith("moss_jamf_plan_rows")]
    assert sum(rows) > 0


def test_requests_are_counted_by_route_and_not_by_what_is_in_their_path(
    companion: Companion,
) -> None:
    client = companion.signed_in("user")
    for number in (1, 2, 3):
        client.get(f"{API}/plans/{number}")
    client.get("/no/such/path")
    found = _metrics(companion.client())
    key = f'moss_jamf_http_requests_total{{method="GET",route="{API}/plans/{{plan_id}}",status="404"}}'
    assert found[key] == 3
    assert not any("/plans/2" in name or "/no/such" in name for name in found)


def test_no_person_and_no_device_is_named(companion: Companion, bench: Bench) -> None:
    bench.linked_device("1", serial_number="SERIAL1", hostname="macbook-of-ada")
    text = companion.client().get("/metrics").text
    assert not re.search("SERIAL1|macbook|ada@|example.com", text)


@pytest.mark.parametrize("path", ["/readyz", f"{API}/session"])
def test_while_the_database_is_away_it_lives_and_says_what_is_wrong(path: str) -> None:
    away = Settings(moss_database_url=SecretStr("postgresql://moss:s3cret@127.0.0.1:9/moss"))
    with (
        Workplace(away) as workplace,
        served(Surroundings(workplace, Starter())) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        assert client.get("/healthz").json() == {"status": "alive"}
        answer = client.get(path, headers={"Authorization": "Bearer moss_" + "A" * 32})
        assert answer.status_code == 503
        assert problem(answer)["detail"]
        assert "s3cret" not in answer.text
        assert _metrics(client)["moss_jamf_up"] == 0


def test_a_database_that_is_not_prepared_is_said(empty_database: object) -> None:
    url = empty_database()  # type: ignore[operator]
    with (
        Workplace(Settings(moss_database_url=SecretStr(url))) as workplace,
        served(Surroundings(workplace, Starter())) as address,
    ):
        answer = httpx.get(f"{address}/readyz", trust_env=False)
        assert answer.status_code == 503
        assert "moss-jamf init" in problem(answer)["remedy"]


def test_a_fault_of_ours_is_a_problem_with_a_number_to_look_up(
    companion: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(slug: str) -> None:
        raise ZeroDivisionError(slug)

    monkeypatch.setattr(companion.starter, "at_work", fail)
    client = companion.signed_in("admin")
    answer = client.post(f"{API}/sync", headers={"X-Request-Id": "look-me-up"})
    assert (answer.status_code, problem(answer)["type"]) == (
        500,
        "urn:moss-jamf:problem:unforeseen",
    )
    assert problem(answer)["request_id"] == answer.headers["X-Request-Id"] == "look-me-up"
    assert "ZeroDivisionError" in problem(answer)["detail"]


def test_every_answer_carries_what_keeps_browsers_careful(companion: Companion) -> None:
    for path in ("/healthz", f"{API}/sync-status", "/nowhere"):
        headers = companion.signed_in("user").get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Request-Id"]


def test_a_request_id_that_would_forge_lines_of_the_log_is_not_taken(companion: Companion) -> None:
    answer = companion.client().get("/healthz", headers={"X-Request-Id": "a b; c"})
    assert answer.headers["X-Request-Id"] != "a b; c"


def test_the_description_has_an_operation_id_and_problems_for_every_endpoint() -> None:
    application = build_application(Surroundings(Workplace(Settings()), Starter()))
    described = application.openapi()
    operations = [
        (path, operation)
        for path, methods in described["paths"].items()
        for operation in methods.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    for path, operation in operations:
        assert operation.get("description"), path
        if path.startswith(API):
            assert {"401", "403", "422", "503"} <= set(operation["responses"]), path
            assert operation["security"], path
