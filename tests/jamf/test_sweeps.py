"""Sweeps of a JAMF Pro server over HTTP, healthy and not."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.jamf import (
    CollectionName,
    JamfAnswerInvalid,
    JamfBusy,
    JamfPrivilegeMissing,
    JamfUnreachable,
    RejectionReason,
)
from moss_jamf_pipeline.jamf.errors import ConnectionTrouble
from moss_jamf_pipeline.simulator.configuration import SimulatorConfig
from moss_jamf_pipeline.simulator.faults import (
    DroppedConnection,
    EmptyListing,
    Faults,
    Latency,
    MissingListing,
    Poison,
    RateLimited,
    ServerError,
)
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.jamf.support import Reading, client_of, read, read_now, run

INVENTORY = "computers-inventory"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimulatorConfig(computers=450, groups=20)) as server:
        yield server


@pytest.fixture
def server(shared_server: SimulatorServer) -> Iterator[SimulatorServer]:
    """The shared server, healthy and with fresh counts; tests that change its fleet start their own."""
    shared_server.reset_requests()
    yield shared_server
    shared_server.clear_faults()


@pytest.fixture(scope="module")
def calm(shared_server: SimulatorServer) -> Reading:
    """What a sweep yields when nothing goes wrong."""
    return read_now(client_of(shared_server))


def test_every_collection_is_read_completely(server: SimulatorServer) -> None:
    fleet = server.fleet
    expected = {
        CollectionName.COMPUTERS: set(fleet.computers),
        CollectionName.USERS: set(fleet.users),
        CollectionName.GROUPS: set(fleet.groups),
        CollectionName.BUILDINGS: set(fleet.buildings),
        CollectionName.DEPARTMENTS: set(fleet.departments),
    }
    for collection, ids in expected.items():
        reading = read_now(client_of(server), collection)
        assert set(reading.records) == ids
        assert reading.rejected == []
        assert reading.summary.is_complete, reading.summary.incomplete_reasons


def test_a_computer_is_stored_as_the_server_has_it(server: SimulatorServer, calm: Reading) -> None:
    for jamf_id, record in calm.records.items():
        computer = server.fleet.computers[jamf_id]
        document = json.loads(record.document)
        assert document["userAndLocation"]["username"] == computer.username
        assert set(document["staticGroupIds"]) == {
            group_id
            for group_id in server.fleet.group_ids_of(computer)
            if not server.fleet.groups[group_id].is_smart
        }


def test_progress_adds_up(calm: Reading) -> None:
    assert [page.pages_done for page in calm.pages] == [1, 2, 3, 4, 5]
    assert calm.pages[-1].records_done == 450
    assert {page.total_count for page in calm.pages} == {450}
    assert calm.summary.pages == 5
    assert calm.summary.requests == 7
    assert calm.summary.server_version.startswith("11.30.1")


@pytest.mark.parametrize(
    ("version", "endpoint"),
    [
        ("11.32.0", "/api/v4/computers-inventory"),
        ("11.30.0", "/api/v4/computers-inventory"),
        ("11.29.2", "/api/v3/computers-inventory"),
        ("11.22.0", "/api/v1/computers-inventory"),
        ("10.49.0", "/api/v1/computers-inventory"),
    ],
)
def test_the_newest_inventory_of_a_release_is_read(version: str, endpoint: str) -> None:
    with SimulatorServer(SimulatorConfig(computers=120, version=version)) as server:
        reading = read_now(client_of(server))
    assert reading.summary.endpoint == endpoint
    assert len(reading.records) == 120
    assert any(record.last_contact_at for record in reading.records.values())
    assert any(record.reported_at for record in reading.records.values())


def test_the_next_older_inventory_is_read_where_a_gateway_hides_the_newest(
    server: SimulatorServer, calm: Reading
) -> None:
    server.set_faults(Faults(missing_listing=MissingListing(path="/v4/")))
    reading = read_now(client_of(server))
    assert reading.summary.endpoint == "/api/v3/computers-inventory"
    assert reading.records.keys() == calm.records.keys()
    assert reading.summary.is_complete


@pytest.mark.parametrize("status", [404, 405])
def test_a_listing_that_is_nowhere_is_an_error_and_not_an_empty_listing(
    server: SimulatorServer, status: int
) -> None:
    missing = MissingListing(path=INVENTORY, status=status)
    server.set_faults(Faults(missing_listing=missing))
    with pytest.raises(JamfAnswerInvalid, match=str(status)) as caught:
        read_now(client_of(server))
    assert not caught.value.is_transient


def test_a_listing_that_vanishes_while_it_is_read_is_an_error(server: SimulatorServer) -> None:
    server.set_faults(Faults(missing_listing=MissingListing(path=INVENTORY, after=2)))
    with pytest.raises(JamfAnswerInvalid, match="404"):
        read_now(client_of(server))


def test_a_listing_that_hides_its_records_is_an_error(server: SimulatorServer) -> None:
    server.set_faults(Faults(empty_listing=EmptyListing(path=INVENTORY)))
    with pytest.raises(JamfAnswerInvalid, match="450 records"):
        read_now(client_of(server))


def test_an_empty_listing_proves_nothing_about_absence(server: SimulatorServer) -> None:
    server.set_faults(Faults(empty_listing=EmptyListing(total_count=0)))
    computers = read_now(client_of(server))
    assert (computers.records, computers.summary.is_complete) == ({}, False)
    buildings = read_now(client_of(server), CollectionName.BUILDINGS)
    assert (buildings.records, buildings.summary.is_complete) == ({}, True)


@pytest.mark.parametrize("version", ["11.30.1", "11.20.0"])
def test_users_are_the_same_from_either_interface(version: str, server: SimulatorServer) -> None:
    config = server.config.model_copy(update={"version": version})
    with SimulatorServer(config) as other:
        reading = read_now(client_of(other), CollectionName.USERS)
    modern = read_now(client_of(server), CollectionName.USERS)
    assert reading.summary.endpoint == (
        "/api/v1/users" if version == "11.30.1" else "/JSSResource/users"
    )
    assert reading.summary.is_complete

    def known(these: Reading) -> dict[str, dict[str, str]]:
        # "Nothing" is "" in one interface and null in the other: staging makes them one.
        return {
            jamf_id: {key: value for key, value in json.loads(record.document).items() if value}
            for jamf_id, record in these.records.items()
        }

    assert known(reading) == known(modern)


@pytest.fixture(scope="module")
def classic_server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimulatorConfig(computers=120, users=130, version="11.20.0")) as server:
        yield server


def test_a_classic_user_that_cannot_be_read_costs_no_other(classic_server: SimulatorServer) -> None:
    unreadable, vanished = sorted(classic_server.fleet.users)[3:5]
    classic_server.set_faults(
        Faults(
            server_error=ServerError(path=f"/users/id/{unreadable}$", status=500),
            missing_listing=MissingListing(path=f"/users/id/{vanished}$"),
        )
    )
    reading = read_now(client_of(classic_server), CollectionName.USERS)
    classic_server.clear_faults()
    reasons = {record.jamf_id: record.reason for record in reading.rejected}
    assert reasons[unreadable] == RejectionReason.CANNOT_SERVE
    assert len(reading.records) + len(reading.rejected) == 130
    assert reading.summary.distinct_count == 130


def test_when_no_classic_user_can_be_read_the_sweep_fails(classic_server: SimulatorServer) -> None:
    classic_server.set_faults(Faults(server_error=ServerError(path="/users/id/", status=500)))
    with pytest.raises(JamfBusy):
        read_now(client_of(classic_server), CollectionName.USERS)
    classic_server.clear_faults()


def test_records_that_break_their_pages_are_isolated(
    server: SimulatorServer, calm: Reading
) -> None:
    bad = frozenset(sorted(server.fleet.computers, key=int)[position] for position in (0, 7, 300))
    server.set_faults(Faults(poison=Poison(computer_ids=bad)))
    reading = read_now(client_of(server, max_attempts_on_faults=1))
    assert reading.records.keys() == calm.records.keys() - bad
    assert [record.reason for record in reading.rejected] == [RejectionReason.CANNOT_SERVE] * 3
    assert not reading.summary.is_complete
    assert reading.summary.rejected_count == 3


def test_lasting_refusal_is_an_error_that_may_pass(server: SimulatorServer) -> None:
    server.set_faults(Faults(rate_limited=RateLimited(path=INVENTORY)))
    with pytest.raises(JamfBusy, match="429") as caught:
        read_now(client_of(server))
    assert caught.value.is_transient
    # The six tries of the one request that was made.
    assert server.requests.of(INVENTORY) == 6


def test_retries_are_bounded_over_the_whole_sweep(server: SimulatorServer) -> None:
    server.set_faults(Faults(rate_limited=RateLimited(path=INVENTORY, every=2)))
    with pytest.raises(JamfBusy):
        read_now(client_of(server, page_size=10, max_retries_per_sweep=8))
    assert server.requests.of(INVENTORY) < 30


def test_a_connection_that_always_breaks_is_an_error_that_may_pass(server: SimulatorServer) -> None:
    server.set_faults(Faults(dropped_connection=DroppedConnection()))
    with pytest.raises(JamfUnreachable) as caught:
        read_now(client_of(server))
    assert caught.value.trouble is ConnectionTrouble.DROPPED
    assert caught.value.is_transient


def test_a_server_that_hangs_is_given_up(server: SimulatorServer) -> None:
    server.set_faults(Faults(latency=Latency(path=INVENTORY, milliseconds=400)))
    limits = {"read_timeout_seconds": 0.02, "page_size": 4, "max_attempts_on_faults": 2}
    with pytest.raises(JamfUnreachable, match="in time") as caught:
        read_now(client_of(server, **limits))
    assert caught.value.trouble is ConnectionTrouble.WAITING


def test_no_more_requests_are_in_flight_than_jamf_advises_over_all_sweeps() -> None:
    async def read_two_at_once(server: SimulatorServer) -> None:
        async with client_of(server, page_size=20) as client:

            async def read_all(collection: CollectionName) -> None:
                async for _page in client.sweep(collection):
                    pass

            await asyncio.gather(read_all(CollectionName.COMPUTERS), read_all(CollectionName.USERS))

    with SimulatorServer(SimulatorConfig(computers=300)) as server:
        server.set_faults(Faults(latency=Latency(milliseconds=20)))
        run(read_two_at_once(server))
        assert 3 <= server.requests.max_in_flight <= 5


def test_pages_are_yielded_while_later_ones_are_still_unread(server: SimulatorServer) -> None:
    async def read_one_page() -> int:
        async with client_of(server, page_size=10) as client:
            async for page in client.sweep(CollectionName.COMPUTERS):
                return page.pages_done
        return 0

    assert run(read_one_page()) == 1
    assert server.requests.of(INVENTORY) < 10


def test_a_missing_privilege_is_named_as_jamf_names_it(server: SimulatorServer) -> None:
    server.set_faults(Faults(removed_privileges=frozenset({"Read User", "Read Computers"})))
    with pytest.raises(JamfPrivilegeMissing, match='"Read User"') as caught:
        read_now(client_of(server), CollectionName.USERS)
    assert caught.value.endpoint == "/api/v1/users"
    with pytest.raises(JamfPrivilegeMissing) as caught:
        read_now(client_of(server))
    assert caught.value.privileges == ("Read Computers",)


def test_a_summary_exists_only_after_the_end(server: SimulatorServer) -> None:
    async def peek() -> None:
        async with client_of(server) as client:
            sweep = client.sweep(CollectionName.DEPARTMENTS)
            with pytest.raises(RuntimeError, match="departments"):
                _ = sweep.summary
            async for _page in sweep:
                pass
            assert sweep.summary.is_complete
            with pytest.raises(RuntimeError, match="once"):
                aiter(sweep)

    run(peek())


def test_the_summary_keeps_a_bounded_number_of_rejected_records(server: SimulatorServer) -> None:
    bad = frozenset(sorted(server.fleet.computers, key=int)[10:14])
    server.set_faults(Faults(poison=Poison(computer_ids=bad)))
    limits = {"rejected_kept": 3, "max_attempts_on_faults": 1}
    summary = run(read(client_of(server, **limits), CollectionName.COMPUTERS)).summary
    assert (len(summary.rejected), summary.rejected_count) == (3, 4)
    assert not summary.is_complete
