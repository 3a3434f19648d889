"""The counts of a plan: when they add up, and what is summed."""

import pytest

from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, total

_CATEGORIES = ("created", "updated", "unchanged", "conflicts", "skipped", "failed", "removed")
_NUMBERS = [name for name in ObjectCounts.__slots__ if name != "object_type"]


def _counts(type_: str = "device", /, **given: int) -> ObjectCounts:
    return ObjectCounts(type_, **{**dict.fromkeys(_NUMBERS, 0), **given})


def test_counts_add_up_when_every_object_is_in_one_category() -> None:
    given = {name: place for place, name in enumerate(_CATEGORIES, 1)}
    assert _counts(seen=sum(given.values()), **given).adds_up


@pytest.mark.parametrize("category", _CATEGORIES)
def test_one_object_too_many_or_too_few_is_noticed(category: str) -> None:
    assert not _counts(seen=0, **{category: 1}).adds_up
    assert not _counts(seen=2, **{category: 1}).adds_up
    assert _counts(seen=1, **{category: 1}).adds_up


@pytest.mark.parametrize(
    "detail", ["linked", "moved", "returned", "unenrolled", "deleted_internal"]
)
def test_what_only_says_more_about_others_is_no_category(detail: str) -> None:
    assert _counts(seen=0, **{detail: 5}).adds_up


def test_the_total_is_over_jamfs_own_records() -> None:
    every = dict.fromkeys(_NUMBERS, 1)
    object_types = ("location", "room", "person", "device", "io", "group", "group_member")
    summed = total([_counts(object_type, **every) for object_type in object_types])
    assert summed == _counts("all", **dict.fromkeys(_NUMBERS, 3))


def test_the_total_of_chosen_types_is_over_those() -> None:
    counts = [_counts("room", seen=2, created=2), _counts("io", seen=3, unchanged=3)]
    assert total(counts, ["io"]) == _counts("all", seen=3, unchanged=3)


def test_the_total_of_nothing_is_nothing() -> None:
    assert total([]) == _counts("all")
    assert total([]).adds_up
