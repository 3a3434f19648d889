"""What-if plans: a stored slot against M.O.S.S. as it is now. The current matches stay, for every other session too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.capture.captures import (
    Capture,
    CaptureFacts,
    newest_captures,
    open_capture,
)
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import NothingCaptured, PlanNotApplicable
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.moss.plan.planning import Plan, make_plan, newest_plan, read_plan
from moss_jamf_pipeline.moss.plan.what_if import make_what_if_plan
from tests.db.support import Bench, Record, counts_of, rows_of, second_server

EARLY = datetime(2026, 11, 20, 6, tzinfo=UTC)
LATE = EARLY + timedelta(hours=6)


class Jamf:
    """Captures as the raw assets make them: documents of computers, versions, slots."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def capture(self, slot: datetime, *computers: tuple[str, str]) -> None:
        """Captures and stages computers (id, host name) for a slot."""
        integration_id = self.bench.integration.id
        with open_capture(
            self.bench.connection, integration_id, "computers", "jamf.example.org"
        ) as writer:
            writer.write_page([_computer(jamf_id, name) for jamf_id, name in computers])
            facts = CaptureFacts("11.30.0", "/api/v4", len(computers), 1, 1, (), (), 0)
            capture = writer.finish(facts, [slot])
        stage_snapshot(self.bench.connection, integration_id, "computers", capture.capture_id)

    def match(self) -> dict[str, Capture]:
        """Matches the newest captures, and returns them."""
        bench = self.bench
        captures = newest_captures(bench.connection, bench.integration.id)
        for table in MATCH_TABLES:
            match(bench.connection, table, bench.integration, captures)
        return captures

    def plan(self) -> Plan:
        """Matches and plans the newest captures."""
        captures = self.match()
        return make_plan(self.bench.connection, self.bench.integration, captures, run_id="a-run")

    def sync(self) -> None:
        """Matches, plans and applies the newest captures."""
        self.bench.apply(self.plan())


class Computer(Record):
    """A record whose document is the content itself, as staging reads it."""

    @property
    def document(self) -> bytes:
        return orjson.dumps(self.content)


def _computer(jamf_id: str, name: str) -> Computer:
    return Computer(
        jamf_id,
        {
            "id": jamf_id,
            "general": {"name": name},
            "hardware": {"serialNumber": f"C02SERIAL{jamf_id}", "model": "MacBook Pro"},
        },
    )


@pytest.fixture
def jamf(bench: Bench) -> Jamf:
    """JAMF in the early slot: two Macs; in the late one the first is renamed, the second gone, a third new."""
    bench.execute("delete from jamf_sync.captures")
    jamf = Jamf(bench)
    jamf.capture(EARLY, ("1", "one"), ("2", "two"))
    jamf.capture(LATE, ("1", "one renamed"), ("3", "three"))
    jamf.sync()
    return jamf


def test_a_what_if_knows_what_another_jamf_server_leads_and_moves_no_lead(bench: Bench) -> None:
    bench.execute("delete from jamf_sync.captures")
    lab = second_server(bench)
    lab.computer("77", "C02SERIAL1", hostname="LAB-1")
    lab.sync()
    jamf = Jamf(bench)
    jamf.capture(EARLY, ("1", "one"))
    leads = "select * from jamf_sync.object_leads"
    assert bench.query(leads) == []

    plan = make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    assert counts_of(plan)["device"].linked == 1
    assert bench.query("select after from jamf_sync.change_plan where after ? 'hostname'") == [
        {"after": after} for after in _created_by(lab)
    ]
    assert bench.query(leads) == []


def _created_by(bench: Bench) -> list[dict[str, Any]]:
    rows = bench.query(
        """select change.after from jamf_sync.change_plan as change join jamf_sync.plans using (plan_id)
           where integration_id = %s and object_type = 'device'""",
        bench.integration.id,
    )
    return [row["after"] for row in rows]


def contents(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    return {
        table: bench.query(f"select * from jamf_sync.{table} order by 1, 2, 3")
        for table in MATCH_TABLES
    }


def test_a_what_if_shows_what_an_older_slot_would_do_to_moss_as_it_is(jamf: Jamf) -> None:
    bench = jamf.bench
    plan = make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    rows = bench.query(
        """select action, external_id, after ->> 'hostname' as hostname from jamf_sync.change_plan
           where plan_id = %s and action <> 'agree' and not (object_type = 'mapping' and action = 'update')
           order by object_type, external_id""",
        plan.plan_id,
    )
    assert rows == [
        {"action": "update", "external_id": "1", "hostname": "one"},
        {"action": "create", "external_id": "2", "hostname": "two"},
        {"action": "unenroll", "external_id": "3", "hostname": None},
    ]
    assert (plan.kind, plan.status) == ("what_if", "what_if")
    assert counts_of(plan)["device"].adds_up


def test_a_what_if_leaves_the_current_matches_and_moss_as_they_are(jamf: Jamf) -> None:
    bench = jamf.bench
    before = contents(bench)
    moss = {table: rows_of(bench, table) for table in bench.dialect.synced_tables}

    make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    assert contents(bench) == before
    assert {table: rows_of(bench, table) for table in bench.dialect.synced_tables} == moss


def test_matches_that_a_what_if_does_not_change_are_not_written(jamf: Jamf) -> None:
    bench = jamf.bench
    jamf.match()
    before = {table: rows_of(bench, f"jamf_sync.{table}") for table in MATCH_TABLES}

    make_what_if_plan(bench.connection, bench.integration, LATE, run_id="look")

    assert {table: rows_of(bench, f"jamf_sync.{table}") for table in MATCH_TABLES} == before


def test_other_sessions_see_the_current_matches_all_the_time(
    jamf: Jamf, database: MossDatabase
) -> None:
    bench = jamf.bench
    before = contents(bench)
    with database.connection() as other, bench.connection.transaction():
        # Only the end of the outermost transaction would show anything else.
        make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")
        assert contents(Bench(other, bench.integration, bench.dialect)) == before
    assert contents(bench) == before


def test_the_id_of_a_device_that_is_yet_to_be_created_survives_a_what_if(jamf: Jamf) -> None:
    bench = jamf.bench
    jamf.capture(LATE + timedelta(hours=6), ("1", "one renamed"), ("3", "three"), ("4", "four"))
    jamf.match()
    chosen = bench.match_of("device_matches", "4")["device_id"]

    make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")
    jamf.sync()

    assert bench.value("select id from devices where hostname = 'four'") == chosen


def test_a_what_if_is_not_applied(jamf: Jamf) -> None:
    bench = jamf.bench
    newest = newest_plan(bench.connection, bench.integration.id)
    plan = make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    with pytest.raises(PlanNotApplicable, match="what-if"):
        apply_objects(bench.connection, bench.integration, plan, "device")

    assert newest_plan(bench.connection, bench.integration.id) == newest


def test_a_what_if_supersedes_no_plan_that_waits(jamf: Jamf) -> None:
    bench = jamf.bench
    waiting = jamf.plan()

    make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    assert read_plan(bench.connection, waiting.plan_id).status == "planned"


def test_a_slot_is_staged_anew_if_the_rules_changed(jamf: Jamf) -> None:
    bench = jamf.bench
    bench.execute(
        "update jamf_sync.jamf_computers_snapshot set staging_rules = 0, hostname = 'old rules'"
    )

    plan = make_what_if_plan(bench.connection, bench.integration, EARLY, run_id="look")

    assert (
        bench.value(
            """select after ->> 'hostname' from jamf_sync.change_plan
           where plan_id = %s and external_id = '2' and action = 'create'""",
            plan.plan_id,
        )
        == "two"
    )


def test_a_slot_of_which_nothing_is_stored_names_those_that_are(jamf: Jamf) -> None:
    bench = jamf.bench
    with pytest.raises(
        NothingCaptured, match=r"2026-11-21-06:00.*2026-11-20-12:00, 2026-11-20-06:00"
    ):
        make_what_if_plan(
            bench.connection, bench.integration, EARLY + timedelta(days=1), run_id="look"
        )


def test_a_collection_that_was_not_captured_in_the_slot_is_taken_from_before(jamf: Jamf) -> None:
    bench = jamf.bench
    between = LATE + timedelta(hours=6)
    bench.execute(
        """insert into jamf_sync.captures (integration_id, collection, status, captured_at, server, captured_count)
           values (%s, 'users', 'complete', now(), 'jamf.example.org', 0)""",
        bench.integration.id,
    )
    users = bench.value("select max(capture_id) from jamf_sync.captures")
    bench.cover("users", users, [between])

    plan = make_what_if_plan(bench.connection, bench.integration, between, run_id="look")

    assert counts_of(plan)["device"].unchanged == 2
