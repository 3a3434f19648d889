"""A window of coroutines holds what it says, and no more."""

import asyncio
import weakref
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from moss_jamf_pipeline.jamf.concurrency import in_window
from tests.jamf.support import run


class Large:
    """A result of which a test counts how many are alive."""

    def __init__(self, number: int) -> None:
        self.number = number


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_slow_caller_has_no_more_results_waiting_than_the_window_is_wide(width: int) -> None:
    alive: weakref.WeakSet[Large] = weakref.WeakSet()
    most = 0

    async def make(number: int) -> Large:
        large = Large(number)
        alive.add(large)
        return large

    def jobs() -> Iterator[Coroutine[Any, Any, Large]]:
        return (make(number) for number in range(50))

    async def scenario() -> list[int]:
        nonlocal most
        numbers = []
        async for large in in_window(jobs(), width):
            numbers.append(large.number)
            for _ in range(10):  # meanwhile everything that was started comes to its end
                await asyncio.sleep(0)
            most = max(most, len(alive))
            del large
        return numbers

    assert sorted(run(scenario())) == list(range(50))
    assert most <= width + 1


def test_a_window_without_work_ends_at_once() -> None:
    def none() -> Iterator[Coroutine[Any, Any, int]]:
        return iter(())

    async def scenario() -> list[int]:
        return [number async for number in in_window(none(), 5)]

    assert run(scenario()) == []
