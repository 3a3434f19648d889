"""The page size follows what pages take: given answers of so many records in so many seconds, so many
records are asked for next."""

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from moss_jamf_pipeline.jamf import ClientLimits
from moss_jamf_pipeline.jamf.page_sizes import PageSizes, ServedPage, page_size_ladder

LIMITS = ClientLimits()


def page_sizes(limits: ClientLimits = LIMITS, largest: int = 2_000) -> PageSizes:
    return PageSizes(limits.page_size, largest, limits)


def take(round_trip: float, per_record: float) -> Callable[[int], float]:
    """A server whose answers take so long."""
    return lambda size: round_trip + per_record * size


def serve(sizes: PageSizes, size: int, seconds: float, bytes_per_record: int = 4_200) -> None:
    sizes.served(ServedPage(size, size, seconds, size * bytes_per_record))


def read(
    sizes: PageSizes,
    total: int,
    seconds: Callable[[int], float],
    *,
    bytes_per_record: int = 4_200,
    largest: int = 2_000,
) -> list[int]:
    """Reads a listing as `paging` does, one page at a time; returns the sizes of its pages.

    Pages above `largest` are not served, and read in parts.
    """
    used = [sizes.current]
    serve(sizes, sizes.current, seconds(sizes.current), bytes_per_record)
    start = end = -(-total // used[0]) * used[0]
    start = used[0]
    while end > start:
        size = sizes.ending_at(end, start) if end <= total else used[0]
        used.append(size)
        end -= size
        if size > largest:
            sizes.not_served(size)
            sizes.too_heavy(size)
        else:
            serve(sizes, size, seconds(size), bytes_per_record)
    return used


@pytest.mark.parametrize(
    ("round_trip", "per_record", "size"),
    [
        # Half a second to get there, 50 ms for 500 records: the round trip is what costs.
        (0.5, 0.000_1, 2_000),
        (0.1, 0.000_05, 2_000),
        # 2,000 records would take too long, 1,000 do not.
        (0.9, 0.001, 1_000),
        # Nearly all the time goes into the records: larger pages save nothing.
        (0.05, 0.001, 500),
        (0.0, 0.000_2, 500),
        (0.02, 0.000_001, 500),
        # A larger page might take longer than JAMF should be kept busy.
        (2.0, 0.001, 500),
        # 20 s for 500 records: fewer, until an answer takes no more than 6 s.
        (0.0, 0.04, 125),
        (1.0, 0.2, 25),
        # 8 s whatever is asked for: smaller pages would only be more of them.
        (8.0, 0.0, 500),
    ],
)
def test_the_size_follows_from_what_a_round_trip_and_a_record_cost(
    round_trip: float, per_record: float, size: int
) -> None:
    sizes = page_sizes()
    read(sizes, 60_000, take(round_trip, per_record))
    assert sizes.current == size


def test_a_reading_covers_everything_once_in_pages_that_begin_where_they_may() -> None:
    sizes = page_sizes()
    used = read(sizes, 21_300, take(0.5, 0.000_1))
    assert sum(used) == 21_500
    assert used[0] == 500
    end = 21_500
    for size in used[1:]:
        assert end % size == 0
        end -= size


def test_growing_takes_one_page_on_trial_and_few_small_pages() -> None:
    used = read(page_sizes(), 40_000, take(0.5, 0.000_1))
    assert used[:2] == [500, 2_000]
    assert used.count(2_000) >= 19
    assert len(used) <= 24


def test_a_page_on_trial_leaves_as_much_to_every_other_request() -> None:
    assert set(read(page_sizes(), 5_000, take(0.5, 0.0))) == {500}
    assert max(read(page_sizes(), 9_000, take(0.5, 0.0))) == 1_000


def test_a_trial_that_fails_puts_off_the_next_one_twice_as_long() -> None:
    used = read(page_sizes(), 200_000, take(0.0, 0.000_2))
    trials = [index for index, size in enumerate(used) if size > 500]
    gaps = [later - earlier for earlier, later in pairwise(trials)]
    assert len(trials) >= 3
    assert all(later >= 1.5 * earlier for earlier, later in pairwise(gaps))
    assert sum(used[index] for index in trials) < 0.1 * 200_000


def test_a_size_that_the_server_does_not_serve_costs_a_request_and_then_caution() -> None:
    used = read(page_sizes(), 60_000, take(0.5, 0.000_1), largest=500)
    refused = [size for size in used if size > 500]
    assert refused[0] == 2_000
    assert set(refused[1:]) <= {1_000}
    assert len(refused) <= 4


def test_a_server_that_caps_its_pages_is_not_asked_for_more_again() -> None:
    sizes = page_sizes()
    serve(sizes, 500, 0.5)
    assert sizes.ending_at(60_000, 500) == 2_000
    assert sizes.part_of(2_000, received=700) == 500
    sizes.not_served(2_000, received=700)
    assert set(read(sizes, 60_000, take(0.5, 0.000_1))) == {500}


def test_a_page_on_trial_is_not_asked_for_twice() -> None:
    sizes = page_sizes()
    serve(sizes, 500, 0.5)
    assert not sizes.is_on_trial(2_000)
    assert sizes.ending_at(60_000, 500) == 2_000
    assert sizes.is_on_trial(2_000)
    assert not sizes.is_on_trial(500)
    # Nor is another one tried before it is back.
    for _ in range(40):
        serve(sizes, 500, 0.5)
        assert sizes.ending_at(60_000, 500) == 500


def test_heavy_pages_become_smaller_down_to_a_minimum_and_recover_more_slowly_each_time() -> None:
    sizes = page_sizes()
    for size in (500, 250, 125, 25, 5):
        sizes.too_heavy(size)
    assert sizes.current == 25
    used = read(sizes, 60_000, take(0.0, 0.000_2))
    assert used[:64] == [25] * 64
    # Step by step, and no larger than at first: the round trip is not worth more.
    assert sorted(set(used[: used.index(500) + 1])) == [25, 125, 250, 500]
    assert sizes.current == 500


def test_pages_that_were_under_way_when_the_size_changed_change_nothing() -> None:
    sizes = page_sizes()
    sizes.too_heavy(500)
    for _ in range(40):
        serve(sizes, 500, 0.01)
        sizes.too_heavy(500)
    assert sizes.current == 250


def test_the_bytes_held_at_once_decide_the_largest_page() -> None:
    heavy = page_sizes()
    # Six pages of 1,000 such records fit into 64 MiB, of 2,000 not.
    read(heavy, 60_000, take(0.5, 0.000_1), bytes_per_record=10_000)
    assert heavy.current == 1_000
    very_heavy = page_sizes()
    assert read(very_heavy, 5_000, take(0.5, 0.000_1), bytes_per_record=60_000)[1] == 125
    single = page_sizes(replace(LIMITS, max_in_flight=1))
    read(single, 60_000, take(0.5, 0.000_1), bytes_per_record=10_000)
    assert single.current == 2_000


def test_one_odd_record_is_not_taken_for_all() -> None:
    sizes = page_sizes()
    sizes.served(ServedPage(1, 1, 0.5, 10_000_000))
    sizes.served(ServedPage(500, 20, 0.5, 20_000_000))
    assert sizes.current == 500


def test_a_change_is_told_once_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        read(page_sizes(), 40_000, take(0.5, 0.000_1))
    assert caplog.messages == [
        "of 500 records a page takes 0.55 s, of 2000 0.70 s; page size is now 2000"
    ]


@pytest.mark.parametrize("start", [1, 7, 100, 500, 990, 2_000])
@pytest.mark.parametrize("largest", [1, 1_000, 2_000])
def test_page_sizes_divide_each_other(start: int, largest: int) -> None:
    ladder = page_size_ladder(start, largest)
    assert start in ladder
    assert ladder[0] <= max(start, largest)
    assert ladder[-1] == 1
    assert all(upper % lower == 0 and upper > lower for upper, lower in pairwise(ladder))


def test_a_page_ends_where_the_one_behind_it_begins_whatever_its_size() -> None:
    sizes = page_sizes()
    assert sizes.ending_at(1_000, 0) == 500
    assert sizes.ending_at(1_250, 0) == 250
    assert sizes.ending_at(1_025, 0) == 25
    assert sizes.ending_at(1_000, 750) == 250
    sizes.too_heavy(500)
    assert sizes.ending_at(1_000, 0) == 250
