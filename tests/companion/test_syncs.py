"""The strategy's endpoints of syncs, over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from moss_jamf_pipeline.services.requested_runs import RunAtWork
from tests.companion.conftest import API, Companion, problem


@pytest.mark.parametrize(
    ("path", "body", "scope", "sweep"),
    [
        ("sync", None, "everything", "auto"),
        ("sync", {"sweep": "full"}, "everything", "full"),
        ("sync", {"dry_run": True}, "plan", "auto"),
        ("sync-computers", {"sweep": "incremental"}, "computers", "incremental"),
        ("sync-users", None, "users", "auto"),
        ("sync-groups", None, "groups", "auto"),
    ],
)
def test_each_starts_its_run_and_moss_notes_who_did(
    companion: Companion, path: str, body: object, scope: str, sweep: str
) -> None:
    answer = companion.signed_in("admin").post(f"{API}/{path}", json=body)
    assert (answer.status_code, answer.json()) == (202, {"run_id": "run-0", "is_new": True})
    (order,) = companion.starter.orders
    assert (order.options.scope, order.options.sweep) == (scope, sweep)
    assert (order.slug, order.triggered_by) == ("jamf_pro", "admin@example.com")
    (act,) = companion.moss.acts()
    assert (act["user_id"], act["action"], act["category"], act["target_type"]) == (
        companion.moss.users["admin"],
        "trigger_sync",
        "integrations",
        "integration",
    )
    assert act["details"]["run_id"] == "run-0"
    assert act["ip_address"] == "127.0.0.1"


def test_while_a_run_is_at_work_nothing_is_started_and_it_is_named(companion: Companion) -> None:
    companion.starter.unended.append(RunAtWork("abc", "sync_jamf", "STARTED"))
    answer = companion.signed_in("admin").post(f"{API}/sync")
    assert answer.status_code == 409
    told = problem(answer)
    assert told["type"] == "urn:moss-jamf:problem:another-run-at-work"
    assert told["run_id"] == "abc"
    assert "abc" in told["detail"]
    assert told["remedy"]
    assert (companion.starter.orders, companion.moss.acts()) == ([], [])


def test_a_request_that_is_repeated_starts_nothing_twice(companion: Companion) -> None:
    client = companion.signed_in("admin")
    client.headers["Idempotency-Key"] = "8f1c"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post(f"{API}/sync").json(), range(6)))
    assert {answer["run_id"] for answer in answers} == {"run-0"}
    assert sorted(answer["is_new"] for answer in answers) == [False] * 5 + [True]
    assert len(companion.starter.orders) == 1

    other = client.post(f"{API}/sync-users")
    assert (other.status_code, problem(other)["type"]) == (
        422,
        "urn:moss-jamf:problem:idempotency-key-reused",
    )
    assert client.post(f"{API}/sync", headers={"Idempotency-Key": "a" * 201}).status_code == 422


def test_an_integration_that_is_switched_off_is_not_synced(companion: Companion) -> None:
    companion.moss.connection.execute("update integration_configs set is_enabled = false")
    answer = companion.signed_in("admin").post(f"{API}/sync")
    assert answer.status_code == 409
    assert "switched off" in problem(answer)["detail"]


def test_another_integration_is_none_of_this_one_s_business(companion: Companion) -> None:
    answer = companion.signed_in("super_admin").get(
        f"{API}/sync-status", params={"integration": "elsewhere"}
    )
    assert answer.status_code == 404
    assert "elsewhere" in problem(answer)["detail"]


def test_status_and_history_are_for_whoever_is_signed_in(companion: Companion) -> None:
    client = companion.signed_in("user")
    status = client.get(f"{API}/sync-status").json()
    assert status["at_work"] == []
    assert {each["collection"] for each in status["status"]["collections"]} >= {
        "computers",
        "users",
    }
    history = client.get(f"{API}/sync-history").json()
    assert history == {"items": [], "total": 0, "next_cursor": None}


def test_who_has_the_answer_already_is_told_so(companion: Companion) -> None:
    client = companion.signed_in("user")
    first = client.get(f"{API}/sync-history")
    again = client.get(f"{API}/sync-history", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]


def test_a_cursor_that_is_none_is_said_to_be_none(companion: Companion) -> None:
    client = companion.signed_in("user")
    for cursor in ("x", "YXQgLTE", "é", "YXQgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"):
        answer = client.get(f"{API}/sync-history", params={"cursor": cursor})
        assert (answer.status_code, problem(answer)["type"]) == (
            422,
            "urn:moss-jamf:problem:invalid-cursor",
        )
