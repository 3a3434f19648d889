"""Over HTTP: the size of pages follows how the server answers, and nothing is lost by it.

What a server takes is waited for here, so the tests are of milliseconds where JAMF would take seconds, and
far from where a busy machine could tip the scale.
"""

import time
from collections import Counter

import pytest

from moss_jamf_pipeline.jamf import CollectionName, JamfClient, RejectionReason, SweepPage
from moss_jamf_pipeline.simulator import Faults, Latency, SimulatorConfig
from moss_jamf_pipeline.simulator.faults import Churn, PageLimit, Poison
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.jamf.support import Reading, client_of, read_now, run

INVENTORY = "computers-inventory"
_GROWING = {"page_size": 25, "largest_page_size": 100}
"""A fortieth and a twentieth of the real sizes."""


def sizes_of(reading: Reading) -> Counter[int]:
    """How many pages brought so many records."""
    return Counter(len(page.records) + len(page.rejected) for page in reading.pages)


def test_pages_grow_when_round_trips_cost_more_than_what_they_carry() -> None:
    with SimulatorServer(SimulatorConfig(computers=2_000, users=10, groups=3)) as server:
        server.set_faults(Faults(latency=Latency(path=INVENTORY, milliseconds=200)))
        far = read_now(client_of(server, **_GROWING))
        # The same 200 ms for a page of 25, all of it for its records.
        heavy = Latency(path=INVENTORY, milliseconds=0, microseconds_per_record=8_000)
        server.set_faults(Faults(latency=heavy))
        slow = read_now(client_of(server, **_GROWING))
    assert far.records == slow.records
    assert len(far.records) == 2_000
    assert far.summary.is_complete
    assert slow.summary.is_complete
    assert max(sizes_of(far)) == 100
    assert far.summary.requests < 45
    # A few pages on trial, and otherwise the size it began with.
    assert sizes_of(slow)[25] >= 60
    assert slow.summary.requests > 65


def test_pages_shrink_when_answers_are_slow_because_of_their_records() -> None:
    with SimulatorServer(SimulatorConfig(computers=600, users=10, groups=3)) as server:
        latency = Latency(path=INVENTORY, milliseconds=0, microseconds_per_record=10_000)
        server.set_faults(Faults(latency=latency))
        limits = {"page_size": 100, "slow_answer_seconds": 0.6, "swift_answer_seconds": 0.3}
        reading = read_now(client_of(server, **limits))
    assert len(reading.records) == 600
    assert reading.summary.is_complete
    assert sizes_of(reading)[50] >= 2


def test_what_a_client_has_learned_serves_its_later_sweeps() -> None:
    async def read_twice(client: JamfClient) -> list[Reading]:
        readings = []
        async with client:
            for _ in range(2):
                sweep = client.sweep(CollectionName.COMPUTERS)
                pages = [page async for page in sweep]
                readings.append(Reading(pages, sweep.summary))
        return readings

    with SimulatorServer(SimulatorConfig(computers=1_000, users=10, groups=3)) as server:
        server.set_faults(Faults(latency=Latency(path=INVENTORY, milliseconds=150)))
        first, second = run(read_twice(client_of(server, **_GROWING)))
    assert sizes_of(first)[25] >= 1
    assert sizes_of(second) == {100: 10}
    assert second.summary.requests == 13
    assert first.records == second.records


def test_a_server_that_caps_its_pages_at_the_first_size_is_read_in_that_size() -> None:
    with SimulatorServer(SimulatorConfig(computers=1_000, users=10, groups=3)) as server:
        server.set_faults(
            Faults(
                page_limit=PageLimit(largest=25),
                latency=Latency(path=INVENTORY, milliseconds=60),
            )
        )
        reading = read_now(client_of(server, **_GROWING))
        assert set(reading.records) == set(server.fleet.computers)
    assert reading.summary.is_complete
    # 40 pages, one on trial that told of the cap, two looks at the ends, one page behind the last.
    assert reading.summary.requests <= 44


def test_a_server_that_does_not_cope_with_larger_pages_is_asked_for_few() -> None:
    with SimulatorServer(SimulatorConfig(computers=1_000, users=10, groups=3)) as server:
        server.set_faults(
            Faults(
                page_limit=PageLimit(gateway_timeout_above=25),
                latency=Latency(path=INVENTORY, milliseconds=60),
            )
        )
        reading = read_now(client_of(server, **_GROWING))
        refused = server.requests.paths[f"GET /api/v4/{INVENTORY}"].statuses[504]
        assert set(reading.records) == set(server.fleet.computers)
    assert reading.summary.is_complete
    assert refused <= 2


def test_a_record_that_breaks_its_page_is_isolated_in_a_large_page_too() -> None:
    with SimulatorServer(SimulatorConfig(computers=2_000, users=10, groups=3)) as server:
        # Among the first pages after growing: pages are read from the end.
        bad = sorted(server.fleet.computers, key=int)[1_010]
        latency = Latency(path=INVENTORY, milliseconds=60)
        server.set_faults(Faults(poison=Poison(computer_ids=frozenset({bad})), latency=latency))
        reading = read_now(client_of(server, max_attempts_on_faults=1, **_GROWING))
        assert set(reading.records) == set(server.fleet.computers) - {bad}
    assert [record.reason for record in reading.rejected] == [RejectionReason.CANNOT_SERVE]
    assert "offset 1010" in reading.rejected[0].detail
    assert sizes_of(reading)[100] >= 5


@pytest.mark.parametrize("inserted", [0, 1])
def test_deletions_while_pages_grow_lose_nothing_else_and_are_told(inserted: int) -> None:
    with SimulatorServer(SimulatorConfig(computers=700, users=10, groups=3)) as server:
        before = set(server.fleet.computers)
        latency = Latency(path=INVENTORY, milliseconds=60)
        server.set_faults(Faults(churn=Churn(inserted=inserted, deleted=1), latency=latency))
        reading = read_now(client_of(server, max_in_flight=1, **_GROWING))
        lasting = before & set(server.fleet.computers)
    assert lasting <= set(reading.records)
    assert len(reading.ids) == len(set(reading.ids))
    assert not reading.summary.is_complete
    assert max(sizes_of(reading)) > 25


def test_no_more_is_asked_at_once_than_the_memory_set_apart_holds() -> None:
    with SimulatorServer(SimulatorConfig(computers=600, users=10, groups=3)) as server:
        server.set_faults(Faults(latency=Latency(path=INVENTORY, milliseconds=60)))
        # Six pages of 50 such computers, of some 4 KB each, and not of 100.
        reading = read_now(client_of(server, answer_bytes_held=6 * 300_000, **_GROWING))
    assert len(reading.records) == 600
    assert max(sizes_of(reading)) == 50


def test_a_caller_that_takes_its_time_is_not_taken_for_a_slow_server() -> None:
    def store(_: SweepPage) -> None:
        time.sleep(0.25)  # holds up the event loop, as a database does

    async def read_slowly(client: JamfClient) -> Reading:
        async with client:
            sweep = client.sweep(CollectionName.COMPUTERS)
            pages = []
            async for page in sweep:
                store(page)
                pages.append(page)
            return Reading(pages, sweep.summary)

    with SimulatorServer(SimulatorConfig(computers=400, users=10, groups=3)) as server:
        limits = {"page_size": 50, "slow_answer_seconds": 0.2}
        reading = run(read_slowly(client_of(server, **limits)))
    assert sizes_of(reading) == {50: 8}
