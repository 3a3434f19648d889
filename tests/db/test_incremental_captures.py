"""Incremental captures: they store what a full sweep would have stored of all that a listing shows.

JAMF is the simulator over HTTP. What a full sweep stores is seen in the versions of another integration.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from moss_jamf_pipeline.engine.extraction import Reading, capture_collection
from moss_jamf_pipeline.jamf import JamfUnreachable
from moss_jamf_pipeline.moss.capture.cadence import SweepChoice, SweepKind, sweep_standing
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.simulator import (
    Churn,
    Computer,
    DroppedConnection,
    EvolveRequest,
    Faults,
    FilterFault,
    Poison,
    ServerError,
    SimulatorConfig,
    SimulatorServer,
)
from tests.db.support import Bench, rows_of
from tests.jamf.support import client_of, run
from tests.support.properties import examples

# jamf_sync is the same beside any M.O.S.S.
pytestmark = pytest.mark.dialects("strategy")

_SLOT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_FLEET = SimulatorConfig(computers=230, users=40, groups=8, version="11.32.0")
_HOUR = 3_600_000
_LISTING_REQUESTS = 5
"""Of this fleet: three pages of 80, and a look at both ends."""
_COURSES = examples(3)


@dataclass
class Site:
    """A JAMF server and what is stored of it, by integration.

    Attributes:
        server: the simulated JAMF Pro.
        bench: the database.
        integration_id: the integration that is captured incrementally.
    """

    server: SimulatorServer
    bench: Bench
    integration_id: UUID = field(default_factory=uuid4)

    def capture(
        self,
        kind: SweepKind = "incremental",
        *,
        integration_id: UUID | None = None,
        connection: psycopg.Connection | None = None,
        **options: Any,
    ) -> tuple[Capture, Reading]:
        """Captures the computers, in pages of 20."""

        async def pull() -> tuple[Capture, Reading]:
            async with client_of(self.server, page_size=20) as client:
                return await capture_collection(
                    client,
                    connection or self.bench.connection,
                    integration_id or self.integration_id,
                    "computers",
                    [_SLOT],
                    asked=SweepChoice(kind, "The test wants it."),
                    **({"full_sweep_hours": 24.0} | options),
                )

        return run(pull())

    def computer(self, jamf_id: int) -> Computer:
        return self.server.fleet.computers[str(jamf_id)]

    def documents(self, integration_id: UUID | None = None) -> dict[str, Any]:
        """What is current: JAMF id to hash, document and contact times."""
        rows = self.bench.query(
            """select version.jamf_id, content_hash, document, last_contact_at, reported_at
               from jamf_sync.raw_jamf_computers as version
               left join jamf_sync.jamf_computer_contacts using (integration_id, jamf_id)
               where version.integration_id = %s and valid_to_capture is null""",
            integration_id or self.integration_id,
        )
        documents = {row.pop("jamf_id"): row for row in rows}
        assert len(documents) == len(rows)
        return documents

    def as_a_full_sweep_sees_it(self) -> dict[str, Any]:
        """What a full sweep by another integration stores now."""
        other = uuid4()
        capture, _ = self.capture("full", integration_id=other)
        assert capture.is_complete
        return self.documents(other)

    def assert_in_step(self) -> None:
        stored, wanted = self.documents(), self.as_a_full_sweep_sees_it()
        differing = [
            key for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key)
        ]
        assert not differing, [(stored.get(key), wanted.get(key)) for key in differing[:3]]


@pytest.fixture
def site(bench: Bench) -> Iterator[Site]:
    """A fleet of which there is a full sweep."""
    with SimulatorServer(_FLEET) as server:
        site = Site(server, bench)
        capture, reading = site.capture("full")
        assert (capture.sweep, reading.sweep, reading.listed) == ("full", "full", None)
        yield site


# -- what is read, and what it takes ---------------------------------------------------------------


def test_an_unchanged_fleet_is_listed_and_only_who_never_reported_is_read(site: Site) -> None:
    never = sum(record.report_date is None for record in site.server.fleet.computers.values())
    versions = rows_of(site.bench, "jamf_sync.raw_jamf_computers")
    contacts = rows_of(site.bench, "jamf_sync.jamf_computer_contacts")
    capture, reading = site.capture()
    assert (capture.sweep, capture.status) == ("incremental", "complete")
    assert (capture.captured, capture.changed, capture.removed) == (230, 0, 0)
    assert (reading.listed, reading.fetched) == (230, never)
    assert reading.requests == _LISTING_REQUESTS + bool(never)
    assert rows_of(site.bench, "jamf_sync.raw_jamf_computers") == versions
    assert rows_of(site.bench, "jamf_sync.jamf_computer_contacts") == contacts


def test_the_capture_says_how_it_was_made(site: Site) -> None:
    site.computer(3).name = "Renamed"
    capture, reading = site.capture()
    (row,) = site.bench.query(
        "select * from jamf_sync.captures where capture_id = %s", capture.capture_id
    )
    assert (row["sweep"], row["captured_count"], row["total_count"]) == ("incremental", 230, 230)
    assert row["fetched_count"] == reading.fetched
    assert row["requests"] == reading.requests
    assert row["bytes_received"] == reading.bytes_received
    assert "hours before" in reading.reason
    assert "of 230 computers are new or changed" in reading.reason
    standing = sweep_standing(site.bench.connection, site.integration_id)
    assert standing is not None
    assert standing.newest_is_complete
    assert standing.document_shape == row["document_shape"]


def test_it_takes_a_part_of_the_requests_and_bytes_of_a_full_sweep(site: Site) -> None:
    site.capture()
    site.server.evolve(EvolveRequest(os_updates=6, reassignments=6, reports=True))
    _, reading = site.capture()
    _, full = site.capture("full", integration_id=uuid4())
    assert reading.fetched >= 12
    assert reading.requests <= full.requests * 0.6
    assert reading.bytes_received <= full.bytes_received * 0.6
    site.assert_in_step()


def test_what_an_administrator_edits_in_section_general_is_seen_without_a_report(
    site: Site,
) -> None:
    site.computer(1).name = "Renamed"
    site.computer(2).asset_tag = "A-2"
    site.computer(3).barcode_1 = "B-3"
    site.computer(4).managed = not site.computer(4).managed
    site.computer(5).management_id = "0f0e0d0c-0000-4000-8000-000000000005"
    site.computer(6).site_id = "2"
    site.computer(7).udid = "00000000-0000-4000-8000-000000000007"
    capture, _ = site.capture()
    assert capture.sweep == "incremental"
    assert capture.changed == 7
    site.assert_in_step()


def test_edits_that_leave_no_trace_wait_for_the_next_full_sweep(site: Site) -> None:
    hidden = site.computer(8)
    before = site.documents()[hidden.id]["document"]
    hidden.username, hidden.room = "someone.else", "9.99"
    capture, _ = site.capture()
    assert (capture.sweep, capture.changed) == ("incremental", 0)
    assert site.documents()[hidden.id]["document"] == before
    site.capture("full")
    assert site.documents()[hidden.id]["document"]["userAndLocation"]["room"] == "9.99"
    site.assert_in_step()


def test_an_edit_without_a_trace_comes_with_the_next_report_too(site: Site) -> None:
    edited = site.computer(8)
    edited.room = "9.99"
    site.capture()
    assert edited.report_date is not None
    edited.report_date += 1
    site.capture()
    site.assert_in_step()


def test_a_mac_that_becomes_somebodys_own_is_a_stub_at_once_and_comes_back_whole(
    site: Site,
) -> None:
    mac = site.computer(9)
    mac.managed, mac.apple_enrollment_type = True, "user"
    capture, reading = site.capture()
    assert (capture.sweep, capture.captured, capture.changed) == ("incremental", 230, 1)
    assert site.documents()["9"]["document"] == {"id": "9", "personallyOwned": True}
    site.assert_in_step()
    mac.apple_enrollment_type = "supervised"
    capture, again = site.capture()
    assert (capture.sweep, again.fetched) == ("incremental", reading.fetched + 1)
    assert "hardware" in site.documents()["9"]["document"]
    site.assert_in_step()


def test_who_is_gone_is_removed_and_who_comes_is_read(site: Site) -> None:
    site.server.evolve(EvolveRequest(wipes=3, enrolments=4, re_enrolments=2, board_swaps=1))
    capture, _ = site.capture()
    assert (capture.sweep, capture.removed, capture.captured) == ("incremental", 5, 232)
    site.assert_in_step()


def test_contacts_alone_are_kept_up_to_date_without_reading_anything(site: Site) -> None:
    _, before = site.capture()
    moved = site.computer(10)
    assert moved.last_contact is not None
    moved.last_contact += _HOUR
    capture, reading = site.capture()
    assert (capture.changed, reading.fetched) == (0, before.fetched)
    site.assert_in_step()


# -- any course of events --------------------------------------------------------------------------


def _rename(computer: Computer, random: Random) -> None:
    computer.name = f"MAC-{random.randrange(10**6)}"


def _report(computer: Computer, random: Random) -> None:
    computer.room = f"{random.randrange(100)}.{random.randrange(100)}"
    computer.operating_system_version = random.choice(["26.0", "26.1", "15.7"])
    # JAMF's clock; also a Mac that was restored from a backup and reports what is older.
    computer.report_date = (computer.report_date or 1_790_000_000_000) + random.choice(
        [1, 999, _HOUR, 10 * _HOUR, -_HOUR]
    )


def _never_report(computer: Computer, random: Random) -> None:
    computer.report_date = None
    computer.room = f"never {random.randrange(1000)}"


def _edit_general(computer: Computer, random: Random) -> None:
    computer.asset_tag = random.choice([None, "", f"AT-{random.randrange(1000)}"])
    computer.barcode_2 = random.choice([None, f"B-{random.randrange(1000)}"])
    computer.room = f"with a trace {random.randrange(1000)}"
    computer.management_id = f"management-{random.randrange(10**9)}"


def _change_owner(computer: Computer, random: Random) -> None:
    computer.apple_enrollment_type = random.choice(["user", "supervised"])
    computer.managed = random.choice([True, False])
    computer.name = f"OWN-{random.randrange(10**6)}"


_EDITS: tuple[Callable[[Computer, Random], None], ...] = (
    *(_rename, _report, _report, _never_report, _edit_general, _change_owner),
)


def _live(server: SimulatorServer, random: Random) -> None:
    """Between two captures: edits that leave a trace, deletions, enrolments."""
    for _ in range(random.randrange(12)):
        random.choice(_EDITS)(random.choice(list(server.fleet.computers.values())), random)
    for jamf_id in random.sample(sorted(server.fleet.computers), random.randrange(4)):
        server.fleet.remove_computer(jamf_id)
    for _ in range(random.randrange(4)):
        computer = server.fleet.add_computer()
        computer.report_date = random.choice([None, computer.report_date])
    if random.random() < 0.5:
        request = EvolveRequest(
            renames=random.randrange(4), os_updates=random.randrange(4), reports=True
        )
        server.evolve(request.model_copy(update={"seed": random.randrange(10**6)}))


@pytest.mark.parametrize("course", range(_COURSES))
def test_whatever_leaves_a_trace_is_stored_as_by_a_full_sweep(site: Site, course: int) -> None:
    random = Random(course)
    kinds = []
    for _ in range(5):
        _live(site.server, random)
        capture, reading = site.capture()
        assert capture.is_complete, capture.incomplete_reasons
        assert capture.captured == len(site.server.fleet.computers)
        kinds.append(reading.sweep)
        site.assert_in_step()
    assert "incremental" in kinds


# -- when it is a full sweep after all -------------------------------------------------------------


def test_the_first_capture_is_a_full_sweep(bench: Bench) -> None:
    with SimulatorServer(_FLEET) as server:
        capture, reading = Site(server, bench).capture()
    assert (capture.sweep, reading.sweep) == ("full", "full")
    assert "no complete full sweep" in reading.reason


@pytest.mark.parametrize(
    ("preparation", "options", "said"),
    [
        ("", {"full_sweep_hours": 0.0}, "is 0"),
        ("update jamf_sync.captures set started_at = now() - interval '25 hours'", {}, "25.0"),
        ("update jamf_sync.captures set document_shape = 'older'", {}, "other fields"),
        ("update jamf_sync.captures set document_shape = null", {}, "other fields"),
        ("update jamf_sync.captures set server_version = '11.31.0'", {}, "and was 11.31.0"),
        ("update jamf_sync.captures set status = 'incomplete'", {}, "no complete full sweep"),
        ("update jamf_sync.captures set endpoint = '/api/v3/computers-inventory'", {}, "/api/v3"),
    ],
)
def test_a_full_sweep_is_read_where_an_incremental_capture_cannot_be(
    site: Site, preparation: str, options: dict[str, Any], said: str
) -> None:
    if preparation:
        site.bench.execute(preparation)
    site.computer(8).room = "9.99"
    capture, reading = site.capture(**options)
    assert (capture.sweep, reading.sweep) == ("full", "full")
    assert said in reading.reason
    site.assert_in_step()


def test_an_incomplete_capture_is_followed_by_a_full_sweep(site: Site) -> None:
    site.bench.execute(
        "insert into jamf_sync.captures (integration_id, collection, status, server, captured_count, sweep)"
        " values (%s, 'computers', 'incomplete', 'loopback', 230, 'incremental')",
        site.integration_id,
    )
    _, reading = site.capture()
    assert (reading.sweep, reading.reason) == ("full", "The capture before was incomplete.")


def test_an_incremental_capture_that_was_slower_than_a_full_sweep_is_not_made_for_a_week(
    site: Site,
) -> None:
    assert site.capture()[0].sweep == "incremental"
    site.bench.connection.execute(
        """update jamf_sync.captures set started_at = started_at - interval '1 minute'
           where collection = 'computers' and sweep = 'incremental'"""
    )
    capture, reading = site.capture()
    assert capture.sweep == "full"
    assert "The last incremental capture took 6" in reading.reason
    site.bench.connection.execute(
        """update jamf_sync.captures set started_at = started_at - interval '7 days',
                                         captured_at = captured_at - interval '7 days'
           where collection = 'computers' and sweep = 'incremental'"""
    )
    assert site.capture()[0].sweep == "incremental"


def test_a_scope_is_always_read_as_a_whole(site: Site) -> None:
    (group, *_) = (group for group in site.server.fleet.groups.values() if not group.is_smart)
    _, reading = site.capture(scope_groups=(group.id,))
    assert reading.sweep == "full"
    assert "smart group" in reading.reason
    outside = [row for row in site.documents().values() if row["document"].get("outOfScope")]
    assert outside
    # Without the scope those outside have changed, by the listing.
    site.capture()
    site.assert_in_step()


def test_of_a_fleet_that_changed_by_more_than_a_third_all_is_read(site: Site) -> None:
    for jamf_id in range(1, 90):
        site.computer(jamf_id).name = f"Renamed {jamf_id}"
    capture, reading = site.capture()
    assert (capture.sweep, reading.listed) == ("full", 230)
    assert reading.fetched == capture.captured == 230
    assert "more than a third" in reading.reason
    site.assert_in_step()
    assert site.capture()[1].sweep == "incremental"


@pytest.mark.parametrize("mode", ["ignored", "refused", "finds_nothing"])
@pytest.mark.parametrize("reports", [True, False], ids=["by report", "by ids"])
def test_a_filter_that_does_not_do_its_work_does_no_harm(
    site: Site, mode: Any, *, reports: bool
) -> None:
    site.server.evolve(EvolveRequest(renames=30, wipes=2, reports=reports))
    site.server.set_faults(Faults(filter_fault=FilterFault(mode=mode)))
    capture, reading = site.capture()
    assert (capture.sweep, reading.sweep, capture.status) == ("full", "full", "complete")
    assert "JAMF Pro" in reading.reason
    assert capture.captured == reading.fetched == 228
    site.assert_in_step()


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"server_error": ServerError(status=503, path="inventory", after=5, count=2)},
        {"server_error": ServerError(status=500, path="inventory", after=5, count=3)},
        {"dropped_connection": DroppedConnection(path="inventory", after=5, count=2)},
        {"server_error": ServerError(status=502, path="inventory", every=3)},
    ],
    ids=["503 in the fetch", "500 in the fetch", "connections killed in the fetch", "502 anywhere"],
)
def test_passing_faults_change_nothing(site: Site, fault: dict[str, Any]) -> None:
    site.server.evolve(EvolveRequest(renames=9, os_updates=9, wipes=2, enrolments=2, reports=True))
    site.server.set_faults(Faults(**fault))
    capture, reading = site.capture()
    site.server.clear_faults()
    assert (capture.sweep, capture.status) == ("incremental", "complete")
    assert reading.requests > _LISTING_REQUESTS
    site.assert_in_step()


def test_a_fetch_that_fails_stores_nothing_and_the_next_capture_makes_up_for_it(site: Site) -> None:
    before = site.documents()
    site.server.evolve(EvolveRequest(renames=30, wipes=2, reports=True))
    site.server.set_faults(
        Faults(dropped_connection=DroppedConnection(path="inventory", after=_LISTING_REQUESTS))
    )
    with pytest.raises(JamfUnreachable):
        site.capture()
    site.server.clear_faults()
    assert site.documents() == before
    assert site.bench.value("select to_regclass('pg_temp.listed_records')") is None
    assert site.capture()[1].sweep == "incremental"
    site.assert_in_step()


def test_a_database_connection_that_is_killed_loses_nothing(
    site: Site, database: MossDatabase
) -> None:
    site.server.evolve(EvolveRequest(renames=9, wipes=2, reports=True))
    before = site.documents()
    with database.connection() as connection:
        pid = connection.info.backend_pid
        # Killed while the listing is compared with what is stored: after the listing, before the fetch.
        with database.connection() as other:
            other.execute("begin; lock table jamf_sync.raw_jamf_computers in access exclusive mode")
            with pytest.raises(psycopg.OperationalError):
                _kill_when_blocked(database, pid, lambda: site.capture(connection=connection))
            other.execute("rollback")
    assert site.documents() == before
    assert site.capture()[1].sweep == "incremental"
    site.assert_in_step()


def _kill_when_blocked(database: MossDatabase, pid: int, work: Callable[[], object]) -> None:
    """Kills a server process as soon as it waits for a lock that `work` cannot get."""

    def kill() -> None:
        is_blocked = "select cardinality(pg_blocking_pids(%s)) > 0"
        with database.connection() as connection:
            while connection.execute(is_blocked, (pid,)).fetchone() != (True,):
                continue
            connection.execute("select pg_terminate_backend(%s, 5000)", (pid,))

    killer = Thread(target=kill)
    killer.start()
    try:
        work()
    finally:
        killer.join(30)


def test_deletions_during_the_listing_remove_nobody_who_is_there(site: Site) -> None:
    site.server.evolve(EvolveRequest(renames=9, reports=True))
    site.server.set_faults(Faults(churn=Churn(deleted=2, inserted=3, count=2)))
    capture, _ = site.capture()
    site.server.clear_faults()
    assert not capture.is_complete
    assert capture.removed == 0
    there = set(site.server.fleet.computers)
    assert there <= set(site.documents()) | {str(number) for number in range(231, 237)}
    # Nothing to rely on: the next is a full sweep.
    capture, reading = site.capture()
    assert (reading.sweep, capture.removed) == ("full", 4)
    site.assert_in_step()


def test_enrolments_during_the_listing_are_stored_now_or_next_time(site: Site) -> None:
    site.server.set_faults(Faults(churn=Churn(inserted=2, count=2)))
    capture, _ = site.capture()
    site.server.clear_faults()
    assert capture.removed == 0
    site.capture()
    site.assert_in_step()


def test_who_changes_or_vanishes_between_listing_and_fetch_is_left_for_the_next_capture(
    site: Site,
) -> None:
    site.capture()
    stored = site.documents()
    first, second = sorted(site.server.fleet.computers, key=int)[:2]
    site.computer(int(first)).name = site.computer(int(second)).name = "Renamed"
    # After the last request of the listing the computer with the lowest id is deleted, and another one comes.
    site.server.set_faults(
        Faults(churn=Churn(deleted=1, inserted=1, after=_LISTING_REQUESTS - 1, count=1))
    )
    capture, reading = site.capture()
    site.server.clear_faults()
    assert first not in site.server.fleet.computers
    assert (capture.sweep, capture.status, capture.removed) == ("incremental", "complete", 0)
    assert site.documents()[first]["document"] == stored[first]["document"]
    assert site.documents()[second]["document"]["general"]["name"] == "Renamed"
    assert site.documents().keys() == stored.keys()
    capture, again = site.capture()
    assert (again.sweep, capture.removed) == ("incremental", 1)
    assert again.fetched >= reading.fetched
    site.assert_in_step()


def test_a_computer_that_jamf_cannot_serve_keeps_its_version_and_is_tried_again(site: Site) -> None:
    sick, well = site.computer(50), site.computer(51)
    before = site.documents()[sick.id]
    for mac in (sick, well):
        assert mac.report_date is not None
        mac.report_date += _HOUR
        mac.room = "7.77"
    # The listing of section GENERAL is served; with more sections its page fails.
    site.server.set_faults(Faults(poison=Poison(computer_ids=frozenset({sick.id}), after=1)))
    for _ in range(2):
        capture, reading = site.capture()
        assert (capture.sweep, capture.status) == ("incremental", "complete")
        assert reading.rejected_count == 1
        stored = site.documents()
        assert stored[sick.id]["document"] == before["document"]
        assert stored[sick.id]["reported_at"] == before["reported_at"]
        assert stored[well.id]["document"]["userAndLocation"]["room"] == "7.77"
        assert site.bench.query(
            "select jamf_id, reason from jamf_sync.quarantine where capture_id = %s",
            capture.capture_id,
        ) == [{"jamf_id": sick.id, "reason": "jamf_cannot_serve_record"}]
        site.server.set_faults(Faults(poison=Poison(computer_ids=frozenset({sick.id}), after=1)))
    site.server.clear_faults()
    site.capture()
    site.assert_in_step()


def test_a_computer_that_was_rejected_before_is_read_again_though_nothing_moved(site: Site) -> None:
    odd = site.computer(60)
    odd.overrides = {"hardware": {"serialNumber": ["a list"]}}
    odd.name = "Renamed"
    capture, reading = site.capture()
    assert (capture.sweep, reading.rejected_count) == ("incremental", 1)
    odd.name = str(site.documents()["60"]["document"]["general"]["name"])
    odd.overrides = {}
    odd.room = "6.66"
    assert site.capture()[1].sweep == "incremental"
    assert site.documents()["60"]["document"]["userAndLocation"]["room"] == "6.66"
    site.assert_in_step()


def test_a_record_without_a_section_makes_the_capture_incomplete(site: Site) -> None:
    odd = site.computer(60)
    odd.overrides = {"hardware": None}
    odd.name = "Renamed"
    capture, _ = site.capture()
    assert (capture.sweep, capture.status) == ("incremental", "incomplete")
    assert "without a section" in " ".join(capture.incomplete_reasons)
    assert site.documents()["60"]["document"]["hardware"] is not None
