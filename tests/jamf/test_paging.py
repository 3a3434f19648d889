"""A listing is read completely, or the sweep says that it was not: whatever the server does meanwhile.

The server here is a list of ids that changes, caps and fails on cue, so that every interleaving can
be tried; the same is tried over HTTP in `test_sweeps`.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.jamf import (
    ClientLimits,
    CollectionName,
    JamfAnswerInvalid,
    JamfBusy,
    JamfClient,
    RejectionReason,
    ServerVersion,
    Sweep,
)
from moss_jamf_pipeline.jamf.acquaintance import Acquaintance
from moss_jamf_pipeline.jamf.authentication import TokenSource
from moss_jamf_pipeline.jamf.connections import SERVER
from moss_jamf_pipeline.jamf.listings import Listing
from moss_jamf_pipeline.jamf.page_sizes import PageSizes
from moss_jamf_pipeline.jamf.session import JamfSession
from moss_jamf_pipeline.jamf.transport import JamfTransport
from tests.jamf.support import (
    ODD_CREDENTIALS,
    ODD_SERVER,
    QUICK,
    OddNetwork,
    Reading,
    odd_answer,
    odd_client,
    odd_network,
    page_asked_for,
    read_now,
    run,
)
from tests.support.properties import examples


class ChangingListing:
    """Departments whose ids a test changes between requests.

    Args:
        count: departments at first, with the ids 1 to `count`.
        changes: by the number of an answer, what happens to the ids after it.
        unserved: ids that make any page with them fail.
        cap: the largest page it serves.

    Attributes:
        ids: the ids now.
        answers: how many answers it gave.
        states: the ids at each of them.
    """

    def __init__(
        self,
        count: int,
        *,
        changes: Mapping[int, Callable[[list[int]], None]] | None = None,
        unserved: frozenset[int] = frozenset(),
        cap: int = 2_000,
    ) -> None:
        self.ids = list(range(1, count + 1))
        self.states: list[set[int]] = []
        self.answers = 0
        self._changes = changes or {}
        self._unserved = unserved
        self._cap = cap

    def __call__(self, request: httpx.Request) -> httpx.Response:
        page_size = min(int(request.url.params["page-size"]), self._cap)
        offset = int(request.url.params["page"]) * page_size
        page = self.ids[offset : offset + page_size]
        if self._unserved.intersection(page):
            return httpx.Response(500, json={"httpStatus": 500, "errors": []})
        results = [{"id": str(number), "name": f"Department {number}"} for number in page]
        answer = httpx.Response(200, json={"totalCount": len(self.ids), "results": results})
        self.answers += 1
        self.states.append(set(self.ids))
        if change := self._changes.get(self.answers):
            change(self.ids)
        return answer


def departments(listing: Callable[[httpx.Request], httpx.Response], **limits: Any) -> Reading:
    return read_now(odd_client(listing, **limits), CollectionName.DEPARTMENTS)


def delete(*positions: int) -> Callable[[list[int]], None]:
    def change(ids: list[int]) -> None:
        for position in sorted(positions, reverse=True):
            if position < len(ids):
                del ids[position]

    return change


def add(count: int) -> Callable[[list[int]], None]:
    def change(ids: list[int]) -> None:
        # Ids are never used again, not even those of records that were deleted last.
        highest = max(ids, default=0) + 100
        ids.extend(range(highest, highest + count))

    return change


def both(*changes: Callable[[list[int]], None]) -> Callable[[list[int]], None]:
    def change(ids: list[int]) -> None:
        for one in changes:
            one(ids)

    return change


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 19, 20, 21, 99, 100])
def test_every_record_is_read_once_whatever_the_page_size_makes_of_the_count(count: int) -> None:
    reading = departments(ChangingListing(count), page_size=10)
    assert sorted(reading.ids, key=int) == [str(number) for number in range(1, count + 1)]
    assert reading.summary.is_complete
    assert reading.summary.distinct_count == reading.summary.total_count == count


def test_requests_are_as_many_as_pages_and_two_looks_at_the_ends() -> None:
    assert departments(ChangingListing(95), page_size=10).summary.requests == 12


def test_one_page_needs_one_request() -> None:
    assert departments(ChangingListing(9), page_size=10).summary.requests == 1


@pytest.mark.parametrize("cap", [1, 7, 25, 40, 99])
def test_a_capped_page_size_does_not_end_the_sweep_early(cap: int) -> None:
    reading = departments(ChangingListing(345, cap=cap), page_size=100)
    assert len(reading.records) == 345
    assert reading.summary.is_complete


def test_a_cap_that_sets_in_later_costs_no_record() -> None:
    listing = ChangingListing(345)

    def lower_the_cap(_: list[int]) -> None:
        listing._cap = 30

    listing._changes = {2: lower_the_cap}
    reading = departments(listing, page_size=100)
    assert len(reading.records) == 345
    assert reading.summary.is_complete


def test_records_added_while_reading_are_read_too() -> None:
    reading = departments(ChangingListing(40, changes={2: add(25), 4: add(1)}), page_size=10)
    assert len(reading.records) == 66
    assert reading.summary.is_complete


def test_a_deletion_while_reading_loses_no_other_record_and_is_told() -> None:
    listing = ChangingListing(40, changes={2: delete(3)})
    reading = departments(listing, page_size=10)
    assert set(reading.ids) >= {str(number) for number in listing.ids}
    assert not reading.summary.is_complete


def test_a_deletion_that_an_addition_hides_from_the_count_is_noticed() -> None:
    listing = ChangingListing(40, changes={1: both(delete(3), add(1))})
    reading = departments(listing, page_size=10, max_in_flight=1)
    assert reading.summary.total_count == 40
    assert set(reading.ids) >= {str(number) for number in listing.ids if number <= 40}
    assert not reading.summary.is_complete


_CHANGES = st.dictionaries(
    st.integers(1, 12),
    st.one_of(
        st.lists(st.integers(0, 60), max_size=4).map(lambda positions: delete(*positions)),
        st.integers(1, 15).map(add),
        st.builds(
            lambda position, count: both(delete(position), add(count)),
            st.integers(0, 60),
            st.integers(1, 3),
        ),
    ),
    max_size=4,
)


@settings(max_examples=examples(150))
@given(st.integers(1, 60), st.sampled_from([4, 10, 12, 50]), st.integers(1, 60), _CHANGES)
def test_no_lasting_record_is_lost_and_the_counts_of_a_complete_sweep_agree(
    count: int, page_size: int, cap: int, changes: dict[int, Callable[[list[int]], None]]
) -> None:
    listing = ChangingListing(count, changes=changes, cap=cap)
    # One at a time, so that the changes fall where the example says.
    reading = departments(listing, page_size=page_size, max_in_flight=1)
    assert len(reading.ids) == len(set(reading.ids))
    lasting = {str(number) for number in listing.ids if number <= count}
    assert lasting <= set(reading.ids)
    if reading.summary.is_complete:
        assert reading.summary.distinct_count == reading.summary.total_count


@settings(max_examples=examples(150))
@example(count=50, page_size=10, changes={7: both(delete(0), add(2))})
@given(st.integers(1, 60), st.sampled_from([4, 10, 12, 50]), _CHANGES)
def test_a_complete_sweep_is_what_there_was_at_one_moment(
    count: int, page_size: int, changes: dict[int, Callable[[list[int]], None]]
) -> None:
    listing = ChangingListing(count, changes=changes)
    reading = departments(listing, page_size=page_size, max_in_flight=1)
    if reading.summary.is_complete:
        assert {int(jamf_id) for jamf_id in reading.ids} in listing.states


class AnySizes(PageSizes):
    """Page sizes by lot, among those that fit: whatever a policy may choose."""

    def __init__(self, start: int, largest: int, limits: ClientLimits, lots: Iterator[int]) -> None:
        super().__init__(start, largest, limits)
        self._lots = lots

    def ending_at(self, end: int, start: int) -> int:
        fitting = [size for size in self.ladder if end % size == 0 and start <= end - size]
        return fitting[next(self._lots) % len(fitting)]


class AnySizesSession(JamfSession):
    """A session in which the sizes of pages are drawn by lot."""

    def __init__(self, transport: JamfTransport, tokens: TokenSource, lots: Iterator[int]) -> None:
        super().__init__(transport, tokens, SERVER)
        self._lots = lots

    def page_sizes(self, listing: Listing, limits: ClientLimits) -> PageSizes:
        largest = min(limits.largest_page_size, listing.largest_page)
        return AnySizes(limits.page_size, largest, limits, self._lots)


async def read_in_any_sizes(
    listing: Callable[[httpx.Request], httpx.Response], lots: Iterator[int], limits: ClientLimits
) -> Reading:
    transport = JamfTransport(ODD_SERVER, limits, odd_network(listing))
    tokens = TokenSource(
        transport, ODD_CREDENTIALS, limits.request_patience, Acquaintance(), SERVER
    )

    async def version() -> ServerVersion:
        return ServerVersion(11, 30)

    async with transport:
        session = AnySizesSession(transport, tokens, lots)
        sweep = Sweep(CollectionName.DEPARTMENTS, session, version, limits)
        return Reading([page async for page in sweep], sweep.summary)


@settings(max_examples=examples(150))
@example(
    # The last page came in a size that the server caps, with as many records as there had to be.
    count=19,
    lots=[0],
    cap=9,
    unserved=frozenset(),
    changes={6: delete(0, 0, 0), 2: delete(5)},
)
@given(
    st.integers(1, 60),
    st.lists(st.integers(0, 5), min_size=1),
    st.integers(5, 60),
    st.frozensets(st.integers(1, 60), max_size=2),
    _CHANGES,
)
def test_no_lasting_record_is_lost_however_the_page_size_grows_and_shrinks(
    count: int,
    lots: list[int],
    cap: int,
    unserved: frozenset[int],
    changes: dict[int, Callable[[list[int]], None]],
) -> None:
    """Every record that is there from the first request to the last one is read.

    With one request at a time, whatever is deleted and added between any two, in pages of any sizes, of a
    server that caps them at a size of its own. (Not if a cap sets in while JAMF is read, and cuts the last
    page to just as many records as there had to be: nothing in that answer differs from an honest one. The
    last record tells, and the sweep is incomplete.)
    """
    # A cap shows only once pages grow beyond it, as the first page is smaller.
    limits = replace(
        QUICK, page_size=5, largest_page_size=40, max_in_flight=1, max_attempts_on_faults=1
    )
    listing = ChangingListing(count, changes=changes, cap=cap, unserved=unserved)
    reading = run(read_in_any_sizes(listing, cycle(lots), limits))
    assert len(reading.ids) == len(set(reading.ids))
    lasting = {str(number) for number in listing.ids if number <= count and number not in unserved}
    assert lasting <= set(reading.ids)
    if reading.summary.is_complete:
        assert reading.summary.distinct_count == reading.summary.total_count


def test_no_page_on_trial_reaches_behind_the_end() -> None:
    sizes: list[int] = []
    listing = ChangingListing(97)

    def asked(request: httpx.Request) -> httpx.Response:
        sizes.append(page_asked_for(request)[1])
        return listing(request)

    limits = replace(QUICK, page_size=10, largest_page_size=80, max_in_flight=1)
    reading = run(read_in_any_sizes(asked, cycle([0]), limits))
    assert len(reading.records) == 97
    # The first page, the last one, those between them as large as they may be, and the two looks.
    assert sizes == [10, 10, 10, 40, 20, 10, 1, 1]


@settings(max_examples=examples(100))
@example(count=17, page_size=4, lots=[0, 1], changes={3: delete(0)})
@example(
    # By more places than a page has.
    count=51,
    page_size=5,
    lots=[0, 1],
    changes={11: delete(0, 0), 2: delete(0, 0, 0, 0)},
)
@given(
    st.integers(1, 60),
    st.sampled_from([5, 10]),
    st.lists(st.integers(0, 12), min_size=1, max_size=20),
    st.dictionaries(
        st.integers(1, 12),
        st.lists(st.integers(0, 60), min_size=1, max_size=2).map(lambda places: delete(*places)),
        max_size=2,
    ),
)
def test_no_lasting_record_is_lost_in_whatever_order_requests_under_way_together_are_served(
    count: int,
    page_size: int,
    lots: list[int],
    changes: dict[int, Callable[[list[int]], None]],
) -> None:
    """Every record that is there from the first request to the last one is read.

    With five requests at a time, served in any order, as long as a dozen pages are enough to read again what
    deletions between them concern: two moments of deletion here. An addition that makes up for a deletion in
    JAMF's count, between two requests under way together, hides that there was one: then the sweep is
    incomplete, and no more can be known of it.
    """
    listing = ChangingListing(count, changes=changes)
    turns = cycle(lots)

    async def in_any_order(request: httpx.Request) -> httpx.Response:
        if (answer := odd_answer(request)) is not None:
            return answer
        for _ in range(next(turns)):
            await asyncio.sleep(0)
        return listing(request)

    limits = replace(QUICK, page_size=page_size, max_in_flight=5)
    client = JamfClient(
        ODD_SERVER, ODD_CREDENTIALS, limits=limits, transport=OddNetwork(in_any_order)
    )
    reading = read_now(client, CollectionName.DEPARTMENTS)
    assert len(reading.ids) == len(set(reading.ids))
    assert {str(number) for number in listing.ids} <= set(reading.ids)
    if reading.summary.is_complete:
        assert {int(jamf_id) for jamf_id in reading.ids} in listing.states


@pytest.mark.parametrize("lots", [[0], [1], [2], [0, 1, 2, 3], [9, 4, 7]])
def test_growing_pages_are_read_once_each(lots: list[int]) -> None:
    listing = ChangingListing(997)
    limits = replace(QUICK, page_size=20, largest_page_size=80)
    reading = run(read_in_any_sizes(listing, cycle(lots), limits))
    assert len(reading.records) == 997
    assert reading.summary.is_complete
    assert reading.summary.requests == reading.summary.pages + 2


def test_a_cap_that_shows_only_when_pages_grow_costs_no_record() -> None:
    limits = replace(QUICK, page_size=20, largest_page_size=80)
    reading = run(read_in_any_sizes(ChangingListing(997, cap=20), cycle([0]), limits))
    assert len(reading.records) == 997
    assert reading.summary.is_complete


@settings(max_examples=examples(30))
@given(st.integers(1, 120), st.sampled_from([10, 50, 100]), st.data())
def test_the_records_that_break_a_page_are_isolated(
    count: int, page_size: int, data: st.DataObject
) -> None:
    unserved = data.draw(st.frozensets(st.integers(1, count), max_size=6))
    listing = ChangingListing(count, unserved=unserved)
    reading = departments(listing, page_size=page_size, max_attempts_on_faults=1)
    assert set(reading.ids) == {str(number) for number in listing.ids if number not in unserved}
    assert len(reading.rejected) == len(unserved)
    assert {record.reason for record in reading.rejected} <= {RejectionReason.CANNOT_SERVE}
    assert reading.summary.is_complete is not bool(unserved)


def test_a_record_that_cannot_be_served_is_named_by_its_offset() -> None:
    reading = departments(ChangingListing(50, unserved=frozenset({18})), page_size=25)
    (rejected,) = reading.rejected
    assert rejected.jamf_id is None
    assert "offset 17" in rejected.detail
    assert reading.summary.rejected == (rejected,)


def test_a_server_that_serves_nothing_is_down_and_not_full_of_bad_records() -> None:
    requests = 0

    def broken(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        return httpx.Response(500)

    with pytest.raises(JamfBusy, match="500") as caught:
        departments(broken, page_size=500)
    assert caught.value.is_transient
    assert requests < 100


def test_heavy_pages_make_all_later_pages_smaller() -> None:
    sizes: list[int] = []
    listing = ChangingListing(1_000)

    def slow(request: httpx.Request) -> httpx.Response:
        _, size = page_asked_for(request)
        sizes.append(size)
        return httpx.Response(504) if size > 50 else listing(request)

    reading = departments(slow, page_size=100, max_in_flight=1)
    assert len(reading.records) == 1_000
    assert reading.summary.is_complete
    assert sizes.count(100) < 6


def test_a_listing_that_promises_records_and_has_none_is_no_empty_listing() -> None:
    def hollow(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"totalCount": 12, "results": []})

    with pytest.raises(JamfAnswerInvalid, match="12 records"):
        departments(hollow)


def test_an_absurd_count_does_not_make_an_endless_sweep() -> None:
    listing = ChangingListing(30)

    def boastful(request: httpx.Request) -> httpx.Response:
        body = json.loads(listing(request).content)
        return httpx.Response(200, json=body | {"totalCount": 10**6})

    with pytest.raises(JamfAnswerInvalid, match="empty"):
        departments(boastful, page_size=10)
    assert listing.answers < 100


def test_a_server_that_ignores_the_page_number_does_not_make_an_endless_sweep() -> None:
    same = [{"id": str(number), "name": "x"} for number in range(10)]

    def stuck(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"totalCount": 10**6, "results": same})

    with pytest.raises(JamfAnswerInvalid, match="again and again"):
        departments(stuck, page_size=10)


def test_a_server_that_answers_everything_at_once_is_believed() -> None:
    all_at_once = [{"id": str(number), "name": "x"} for number in range(250)]

    def generous(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"totalCount": 250, "results": all_at_once})

    reading = departments(generous, page_size=100)
    assert len(reading.records) == 250
    assert reading.summary.is_complete
    assert reading.summary.requests == 1
