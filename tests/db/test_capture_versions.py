"""Captures: what is stored of each pull, what it costs when nothing changed, and that any can be rebuilt."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.moss.capture.captures import (
    Capture,
    CaptureFacts,
    covered_slots,
    newest_captures,
    open_capture,
)
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import OtherJamfServer
from tests.db.support import EARLY, LATE, Bench, Record, records, rows_of, terminate
from tests.support.properties import examples

# jamf_sync is the same beside any M.O.S.S.
pytestmark = pytest.mark.dialects("strategy")

_SLOT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_SERVER = "jamf.example.org"

Rejected = tuple[tuple[str | None, str, str], ...]


def _facts(
    total: int,
    *,
    reasons: Sequence[str] = (),
    rejected: Rejected = (),
    rejected_count: int | None = None,
) -> CaptureFacts:
    return CaptureFacts(
        server_version="11.30.0",
        endpoint="/api/v4/computers-inventory",
        total_count=total,
        requests=1,
        bytes_received=1_000,
        incomplete_reasons=tuple(reasons),
        rejected=rejected,
        rejected_count=len(rejected) if rejected_count is None else rejected_count,
    )


def _capture(
    bench: Bench,
    contents: Mapping[str, Any],
    *,
    collection: str = "computers",
    slots: Sequence[datetime] = (_SLOT,),
    **facts: Any,
) -> Capture:
    with open_capture(bench.connection, bench.integration.id, collection, _SERVER) as writer:
        page = records(contents)
        middle = len(page) // 2
        writer.write_page(page[:middle])
        writer.write_page(page[middle:])
        return writer.finish(_facts(len(contents), **facts), slots)


def _interrupted(bench: Bench, contents: Mapping[str, Any], error: BaseException) -> None:
    """A capture of which some pages arrive and then nothing more."""
    with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
        writer.write_page(records(contents))
        raise error


def _held(bench: Bench, capture: Capture, collection: str = "computers") -> dict[str, Any]:
    rows = bench.query(
        "select jamf_id, document -> 'content' as content from jamf_sync.raw_jamf_at(%s, %s, %s)",
        bench.integration.id,
        collection,
        capture.capture_id,
    )
    held = {row["jamf_id"]: row["content"] for row in rows}
    assert len(held) == len(rows), "an object has two versions at once"
    return held


def test_a_first_capture_stores_every_document(bench: Bench) -> None:
    capture = _capture(bench, {"1": "a", "2": "b", "3": "c"})
    assert (capture.captured, capture.changed, capture.removed) == (3, 3, 0)
    assert capture.is_complete
    assert _held(bench, capture) == {"1": "a", "2": "b", "3": "c"}


def test_an_unchanged_capture_writes_no_version(bench: Bench) -> None:
    first = _capture(bench, {"1": "a", "2": "b"})
    before = rows_of(bench, "jamf_sync.raw_jamf_computers")
    second = _capture(bench, {"1": "a", "2": "b"})
    assert rows_of(bench, "jamf_sync.raw_jamf_computers") == before
    assert (second.captured, second.changed, second.removed) == (2, 0, 0)
    assert _held(bench, first) == _held(bench, second)


def test_a_changed_object_closes_its_version_and_opens_another(bench: Bench) -> None:
    first = _capture(bench, {"1": "a", "2": "b"})
    second = _capture(bench, {"1": "a", "2": "B"})
    assert (second.changed, second.removed) == (1, 0)
    assert bench.query(
        "select valid_from_capture, valid_to_capture from jamf_sync.raw_jamf_computers where jamf_id = '2' order by 1"
    ) == [
        {"valid_from_capture": first.capture_id, "valid_to_capture": second.capture_id},
        {"valid_from_capture": second.capture_id, "valid_to_capture": None},
    ]


def test_a_complete_capture_closes_what_jamf_no_longer_lists(bench: Bench) -> None:
    first = _capture(bench, {"1": "a", "2": "b"})
    second = _capture(bench, {"1": "a"})
    assert second.removed == 1
    assert _held(bench, second) == {"1": "a"}
    assert _held(bench, first) == {"1": "a", "2": "b"}


def test_an_incomplete_capture_closes_nothing_and_still_brings_changes(bench: Bench) -> None:
    _capture(bench, {"1": "a", "2": "b"})
    second = _capture(bench, {"1": "A", "3": "c"}, reasons=["a page is missing"])
    assert second.status == "incomplete"
    assert not second.is_complete
    assert second.incomplete_reasons == ("a page is missing",)
    assert second.removed == 0
    assert _held(bench, second) == {"1": "A", "2": "b", "3": "c"}


def test_a_rejected_object_is_not_gone(bench: Bench) -> None:
    _capture(bench, {"1": "a", "2": "b", "3": "c"})
    second = _capture(bench, {"1": "a"}, rejected=(("2", "cannot_serve", "JAMF answered 500."),))
    assert second.is_complete
    assert second.removed == 1
    assert _held(bench, second) == {"1": "a", "2": "b"}
    assert bench.query(
        "select jamf_id, capture_id, reason, detail, is_whole_record from jamf_sync.quarantine"
    ) == [
        {
            "jamf_id": "2",
            "capture_id": second.capture_id,
            "reason": "cannot_serve",
            "detail": "JAMF answered 500.",
            "is_whole_record": True,
        }
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"rejected": ((None, "no_id", "A record without an id."),)},
        {"rejected": (("2", "cannot_serve", "500."),), "rejected_count": 7},
    ],
    ids=["one without an id", "more than are listed"],
)
def test_a_rejection_that_could_be_any_object_proves_no_absence(
    bench: Bench, facts: dict[str, Any]
) -> None:
    _capture(bench, {"1": "a", "2": "b", "3": "c"})
    second = _capture(bench, {"1": "a"}, **facts)
    assert second.status == "incomplete"
    assert _held(bench, second) == {"1": "a", "2": "b", "3": "c"}


def test_an_object_that_comes_back_begins_a_new_version(bench: Bench) -> None:
    first = _capture(bench, {"1": "a"})
    second = _capture(bench, {})
    third = _capture(bench, {"1": "a"})
    assert [_held(bench, capture) for capture in (first, second, third)] == [
        {"1": "a"},
        {},
        {"1": "a"},
    ]
    assert bench.value("select count(*) from jamf_sync.raw_jamf_computers") == 2


def test_collections_do_not_touch_each_other(bench: Bench) -> None:
    users = _capture(bench, {"1": "u"}, collection="users")
    _capture(bench, {}, collection="computers")
    assert _held(bench, users, "users") == {"1": "u"}


def test_contact_times_are_kept_once_and_make_no_version(bench: Bench) -> None:
    def pull(contact: datetime) -> None:
        with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
            writer.write_page([Record("1", "a", contact, contact)])
            writer.finish(_facts(1), [_SLOT])

    pull(EARLY)
    versions = rows_of(bench, "jamf_sync.raw_jamf_computers")
    pull(LATE)
    assert rows_of(bench, "jamf_sync.raw_jamf_computers") == versions
    assert bench.value("select last_contact_at from jamf_sync.jamf_computer_contacts") == LATE
    contacts = rows_of(bench, "jamf_sync.jamf_computer_contacts")
    pull(LATE)
    assert rows_of(bench, "jamf_sync.jamf_computer_contacts") == contacts


def test_case_i09_a_contact_of_the_future_is_noted_once_and_until_it_is_over(bench: Bench) -> None:
    def pull(content: str, *future_times: tuple[str, str]) -> Capture:
        known = None if future_times else EARLY
        record = Record("1", content, known, known, future_times)
        with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
            writer.write_page([record, Record("2", "b", EARLY, EARLY)])
            return writer.finish(_facts(2), [_SLOT])

    def notes() -> list[dict[str, Any]]:
        return bench.query(
            "select quarantine_id, jamf_id, field, detail from jamf_sync.quarantine order by field"
        )

    wrong = ("last_contact_at", "5251-12-17T21:33:23Z")
    pull("a", wrong)
    (note,) = notes()
    assert (note["jamf_id"], note["field"]) == ("1", "last_contact_at")
    assert note["detail"] == "'5251-12-17T21:33:23Z' is in the future; it counts as unknown."
    contact = "select last_contact_at from jamf_sync.jamf_computer_contacts where jamf_id = '1'"
    assert bench.value(contact) is None

    capture = pull("a", wrong)
    stage_snapshot(bench.connection, bench.integration.id, "computers", capture.capture_id)
    assert [each for each in notes() if each["field"] == "last_contact_at"] == [note]
    pull("a", wrong, ("reported_at", "2083-01-01T00:00:00Z"))
    assert [each["field"] for each in notes() if each["field"] != "serial_number"] == [
        "last_contact_at",
        "reported_at",
    ]
    pull("a")
    assert [each for each in notes() if each["field"] != "serial_number"] == []
    assert bench.value(contact) == EARLY


class Interrupted(BaseException):
    """What a cancelled run raises is no Exception."""


@pytest.mark.parametrize("error", [RuntimeError, Interrupted, KeyboardInterrupt])
def test_a_block_that_fails_brings_nothing_and_leaves_no_trace_but_its_failure(
    bench: Bench, error: type[BaseException]
) -> None:
    good = _capture(bench, {"1": "a"})
    with pytest.raises(error):
        _interrupted(bench, {"1": "A", "2": "b"}, error("the page after this one did not come"))
    assert bench.query(
        "select status from jamf_sync.captures where capture_id > %s", good.capture_id
    ) == [{"status": "failed"}]
    assert bench.value("select to_regclass('pg_temp.incoming_records')") is None
    assert (
        newest_captures(bench.connection, bench.integration.id)["computers"].capture_id
        == good.capture_id
    )
    assert _held(bench, good) == {"1": "a"}


def test_a_merge_that_fails_leaves_the_versions_as_they_were(bench: Bench) -> None:
    good = _capture(bench, {"1": "a", "2": "b"})
    before = rows_of(bench, "jamf_sync.raw_jamf_computers")

    def pull() -> None:
        with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
            writer.write_page(records({"1": "A"}))
            bench.execute("update incoming_records set document = 'no json'")
            writer.finish(_facts(1), [_SLOT])

    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        pull()
    assert rows_of(bench, "jamf_sync.raw_jamf_computers") == before
    assert covered_slots(bench.connection, bench.integration.id, [_SLOT]) == {
        ("computers", _SLOT): good.capture_id
    }


def test_an_id_that_comes_twice_in_one_capture_fails_it(bench: Bench) -> None:
    def pull() -> None:
        with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
            writer.write_page(records({"1": "a"}))
            writer.write_page(records({"1": "b"}))

    with pytest.raises(psycopg.errors.UniqueViolation):
        pull()
    assert bench.value("select count(*) from jamf_sync.raw_jamf_computers") == 0


def test_a_capture_after_a_failed_one_on_the_same_connection_starts_empty(bench: Bench) -> None:
    with pytest.raises(RuntimeError):
        _interrupted(bench, {"9": "z"}, RuntimeError())
    assert _held(bench, _capture(bench, {"1": "a"})) == {"1": "a"}


def test_a_killed_connection_leaves_the_last_good_capture_in_force(
    database: MossDatabase, bench: Bench
) -> None:
    good = _capture(bench, {"1": "a"})

    def pull() -> None:
        with open_capture(bench.connection, bench.integration.id, "computers", _SERVER) as writer:
            terminate(database, bench.connection)
            writer.write_page(records({"2": "b"}))

    with pytest.raises(psycopg.OperationalError):
        pull()
    with database.connection() as fresh:
        assert (
            newest_captures(fresh, bench.integration.id)["computers"].capture_id == good.capture_id
        )


def test_another_server_is_refused_before_anything_is_written(bench: Bench) -> None:
    _capture(bench, {"1": "a"})
    captures = rows_of(bench, "jamf_sync.captures")
    with (
        pytest.raises(OtherJamfServer, match=r"jamf\.example\.org.*other\.example\.org") as caught,
        open_capture(bench.connection, bench.integration.id, "users", "other.example.org"),
    ):
        pytest.fail("the block must not run")
    assert rows_of(bench, "jamf_sync.captures") == captures
    assert "MOSS_JAMF_INTEGRATION" in caught.value.remedy
    assert not caught.value.is_transient


def test_a_failed_capture_of_another_server_binds_nobody(bench: Bench) -> None:
    bench.execute("update jamf_sync.captures set status = 'failed'")
    with (
        pytest.raises(RuntimeError),
        open_capture(bench.connection, bench.integration.id, "computers", "mistyped.example.org"),
    ):
        raise RuntimeError
    assert _capture(bench, {"1": "a"}).is_complete


def test_one_capture_covers_every_slot_of_an_outage(bench: Bench) -> None:
    slots = [_SLOT - timedelta(hours=6 * place) for place in range(3)]
    earlier = _capture(bench, {"1": "a"}, slots=[slots[2]])
    now = _capture(bench, {"1": "b"}, slots=slots[:2])
    covered = covered_slots(bench.connection, bench.integration.id, slots)
    assert covered == {
        ("computers", slots[0]): now.capture_id,
        ("computers", slots[1]): now.capture_id,
        ("computers", slots[2]): earlier.capture_id,
    }


def test_a_slot_captured_again_is_covered_by_the_newest(bench: Bench) -> None:
    first = _capture(bench, {"1": "a"})
    second = _capture(bench, {"1": "b"})
    assert covered_slots(bench.connection, bench.integration.id, [_SLOT]) == {
        ("computers", _SLOT): second.capture_id
    }
    assert _held(bench, first) == {"1": "a"}


@pytest.mark.parametrize("status", ["failed", "capturing"])
def test_a_capture_that_is_not_finished_cannot_be_used(bench: Bench, status: str) -> None:
    usable = newest_captures(bench.connection, bench.integration.id)["computers"]
    unfinished = bench.new_capture("computers", status)
    newest = newest_captures(bench.connection, bench.integration.id)["computers"]
    assert newest.capture_id == usable.capture_id < unfinished.capture_id


def test_two_integrations_share_no_record(bench: Bench) -> None:
    mine = _capture(bench, {"1": "a"})
    other_id = bench.value(
        "insert into integration_configs (integration_type, name) values ('jamf', 'Second') returning id"
    )
    with open_capture(bench.connection, other_id, "computers", "second.example.org") as writer:
        writer.write_page(records({"1": "x"}))
        theirs = writer.finish(_facts(1), [_SLOT])
    assert theirs.removed == 0
    assert _held(bench, mine) == {"1": "a"}


_FLEETS = st.dictionaries(st.sampled_from("123456"), st.sampled_from("abc"), max_size=6)
_PULLS = st.lists(
    st.tuples(_FLEETS, st.sampled_from(["complete", "incomplete", "failed"])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls=_PULLS)
def test_any_earlier_capture_can_be_rebuilt_exactly(
    trial: Bench, pulls: list[tuple[dict[str, str], str]]
) -> None:
    """After any sequence of captures each of them still gives what was current when it ended."""
    with trial.connection.transaction(force_rollback=True):
        known: dict[str, str] = {}
        expected: list[tuple[Capture, dict[str, str]]] = []
        for fleet, status in pulls:
            if status == "failed":
                with pytest.raises(RuntimeError):
                    _interrupted(trial, fleet, RuntimeError())
                continue
            reasons = ["a page is missing"] if status == "incomplete" else []
            capture = _capture(trial, fleet, reasons=reasons)
            stage_snapshot(trial.connection, trial.integration.id, "computers", capture.capture_id)
            known = fleet if status == "complete" else known | fleet
            expected.append((capture, known))
        for capture, fleet in expected:
            assert _held(trial, capture) == fleet
            staged = trial.query(
                "select jamf_id from jamf_sync.jamf_computers_at(%s, %s)",
                trial.integration.id,
                capture.capture_id,
            )
            assert sorted(row["jamf_id"] for row in staged) == sorted(fleet)
