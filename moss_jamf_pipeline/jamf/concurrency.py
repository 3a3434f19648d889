"""How many requests are under way at once: up to the limit, fewer when JAMF pushes back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from anyio import CapacityLimiter

_CLEAN_ROUNDS_TO_RECOVER = 3

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to have one request under way; `round` tells which limit it was granted under."""

    round: int


class ConcurrencyLimiter:
    """Grants permits. Halves their number on push-back, adds one back after several clean rounds.

    Requests that were under way together are pushed back together, so one burst halves the number
    once. A timeout is push-back, slowness short of it is not: a saturated server that answers five
    requests in five times the time gets as much done as with one, and a reading has too few pages to
    tell more than that from chance. Slow answers make pages smaller (`page_sizes`).

    Args:
        most: the number of permits while nothing goes wrong.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._permits = CapacityLimiter(most)
        self._round = 0
        self._clean_answers = 0
        self._held_until = 0.0

    @property
    def allowed(self) -> int:
        """Permits that may be in use now."""
        return int(self._permits.total_tokens)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[Permit]:
        """Wait for a permit and hold it for the duration of the block."""
        loop = asyncio.get_running_loop()
        holder = object()
        await self._permits.acquire_on_behalf_of(holder)
        while (hold := self._held_until - loop.time()) > 0:
            # Without the permit: there may be fewer when the time has come.
            self._permits.release_on_behalf_of(holder)
            await asyncio.sleep(hold)
            await self._permits.acquire_on_behalf_of(holder)
        try:
            yield Permit(self._round)
        finally:
            self._permits.release_on_behalf_of(holder)

    def push_back(self, permit: Permit, hold_seconds: float = 0.0) -> None:
        """Take note that JAMF shed this request.

        Args:
            permit: the permit the request held.
            hold_seconds: how long JAMF asks to be left alone; nothing is started before.
        """
        until = asyncio.get_running_loop().time() + hold_seconds
        self._held_until = max(self._held_until, until)
        self._clean_answers = 0
        if permit.round == self._round:
            self._round += 1
            self._permits.total_tokens = max(1, self.allowed // 2)

    def clean(self) -> None:
        """Take note of an answer without push-back."""
        if self.allowed == self._most:
            return
        self._clean_answers += 1
        if self._clean_answers >= _CLEAN_ROUNDS_TO_RECOVER * self.allowed:
            self._clean_answers = 0
            self._permits.total_tokens += 1


async def in_window(
    jobs: Iterator[Coroutine[Any, Any, _T]], width: int
) -> AsyncGenerator[_T, None]:
    """Run coroutines `width` at a time and yield their results as they finish.

    The next coroutine is taken from `jobs` only when a result is handed out: however many jobs there
    are and however slow the caller is, at most `width` results wait for it, beside the one it works
    on. The first failure cancels the rest.
    """
    running: set[asyncio.Task[_T]] = set()

    def start_one() -> None:
        for job in jobs:
            running.add(asyncio.create_task(job))
            return

    try:
        for _ in range(width):
            start_one()
        while running:
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            while finished:
                task = finished.pop()
                running.discard(task)
                result = task.result()
                start_one()
                # Nothing here may keep a result alive that the caller is done with: it can be large.
                del task
                yield result
                del result
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
