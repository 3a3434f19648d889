"""Asks JAMF Pro for single records while people wait, without ever making them wait for long.

What JAMF answers is remembered for a minute, in memory only. One request is under way per record at a time: whoever
asks meanwhile waits for its answer. A server that fails is left alone for a while, and then tried with one request. All
requests live in a thread of their own, so that one outlives whoever asked first and the next one finds its answer.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedLongEnough
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from moss_jamf_pipeline.engine.access import AccessKey, JamfAccess
from moss_jamf_pipeline.jamf import (
    ClientLimits,
    ComputerNow,
    JamfAnswerInvalid,
    JamfClient,
    JamfCredentialsRejected,
    JamfEnvironmentRefused,
    JamfError,
    JamfUnreachable,
    Section,
)
from moss_jamf_pipeline.jamf.errors import ConnectionTrouble, JamfNotServed

SECONDS_OF_AN_ANSWER: Final = 60.0
"""For which an answer is good."""
SECONDS_TOWARDS_JAMF: Final = 3.0
"""In which JAMF has to answer a request, with all that it takes: a token, the version of the server."""
_SECONDS_OF_A_FAILURE: Final = 5.0
"""For which a failure is told to whoever asks next: those who waited for it do not each try again."""
_SECONDS_OF_AN_ACCESS: Final = 15.0
"""For which an address and credentials are used that may have been changed in M.O.S.S. meanwhile."""
_SECONDS_FRESH: Final = 1.0
"""What is not older is fresh, however often somebody asks for it anew."""
_MOST_RECORDS: Final = 500
"""Kept of a server. A record with two hundred applications takes 100 KB."""
_MOST_UNDER_WAY: Final = 32
"""Requests to a server that wait for their turn or their answer: five are sent at once."""
_FAILURES_BEFORE_OPENING: Final = 5
_SECONDS_OPEN: Final = 30.0

LIMITS: Final = ClientLimits(
    max_attempts=2,
    max_attempts_on_faults=2,
    max_retries_per_sweep=1,
    back_off_base_seconds=0.05,
    back_off_cap_seconds=0.5,
    connect_timeout_seconds=SECONDS_TOWARDS_JAMF,
    read_timeout_seconds=SECONDS_TOWARDS_JAMF,
    answer_timeout_seconds=SECONDS_TOWARDS_JAMF,
    largest_answer_bytes=5 * 2**20,
    idle_connection_seconds=110.0,
)


_FOR_CERTAIN: Final = (JamfCredentialsRejected, JamfEnvironmentRefused)
_TROUBLES: Final = (JamfNotServed, JamfAnswerInvalid, *_FOR_CERTAIN)


class _State(Enum):
    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


class Breaker:
    """Keeps a server that fails from being asked again and again.

    After some failures in a row it opens: nothing is asked. After a while it lets one request through, by which it is
    decided whether it closes.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state = _State.CLOSED
        self._failures = 0
        self._until = 0.0

    @property
    def seconds_to_wait(self) -> float:
        """How long until a request is let through again; 0: now."""
        return max(0.0, self._until - self._clock()) if self._state is _State.OPEN else 0.0

    @property
    def admits(self) -> bool:
        """Whether a request may be sent now. It then has to be told how it ended."""
        if self._state is _State.OPEN and self._clock() >= self._until:
            self._state = _State.HALF_OPEN
            return True
        return self._state is _State.CLOSED

    def succeeded(self) -> None:
        """JAMF answered, whatever it said."""
        self._state, self._failures = _State.CLOSED, 0

    def failed(self, *, for_certain: bool = False) -> None:
        """JAMF did not answer.

        Args:
            for_certain: nor will it if it is asked again at once: one failure is enough.
        """
        self._failures += 1
        if (
            for_certain
            or self._state is _State.HALF_OPEN
            or self._failures >= _FAILURES_BEFORE_OPENING
        ):
            self._state, self._until = _State.OPEN, self._clock() + _SECONDS_OPEN


@dataclass(frozen=True, slots=True)
class AnswerNow:
    """What came of asking.

    Attributes:
        computer: the record; None: it could not be had.
        error: why not.
        at: when.
        monotonic: the same by the clock that only grows.
    """

    computer: ComputerNow | None
    error: JamfError | None
    at: datetime
    monotonic: float

    def is_good(self, wanted: Collection[Section], since: float) -> bool:
        """Whether whoever asks now can be given this.

        Args:
            wanted: the sections.
            since: on the monotonic clock, from when an answer may be.
        """
        if self.computer is None:
            return self.monotonic >= max(since, time.monotonic() - _SECONDS_OF_A_FAILURE)
        has_all = self.computer.is_personal or set(wanted) <= (
            self.computer.sections.keys() | self.computer.lacking.keys()
        )
        return has_all and self.monotonic >= since


class JamfNow:
    """Asks JAMF servers for single records; see the module. Close it, or leave it to the end of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._accesses: dict[UUID, tuple[JamfAccess, float]] = {}
        self._servers: dict[AccessKey, _Server] = {}

    def computer(
        self,
        access: JamfAccess,
        jamf_id: str,
        wanted: Collection[Section],
        *,
        wait_seconds: float,
        is_fresh: bool = False,
    ) -> AnswerNow | None:
        """One computer.

        Args:
            access: the server, and the credentials for it.
            jamf_id: which.
            wanted: the sections.
            wait_seconds: how long to wait for an answer that is not there yet. While the server keeps others waiting
                for longer than they would, a short wait is none: nobody waits for what will not come.
            is_fresh: an answer of a moment ago is too old.

        Returns:
            The answer; None: none came in time, and it can be asked for again in a moment.
        """
        server = self._server(access)
        waits = wait_seconds >= SECONDS_TOWARDS_JAMF or not server.keeps_waiting
        asked = self._run(server.computer(jamf_id, wanted, is_fresh=is_fresh))
        try:
            # What is remembered is there within a millisecond, and no wait.
            return asked.result(wait_seconds if waits else _SECONDS_TO_REMEMBER)
        except WaitedLongEnough:
            server.keeps_waiting = True
            return None

    def access(self, integration_id: UUID, find: Callable[[], JamfAccess]) -> JamfAccess:
        """How an integration's server is reached, remembered for a moment: reading credentials takes long by intent.

        Args:
            integration_id: which.
            find: finds it; what it raises is not remembered.
        """
        known = self._accesses.get(integration_id)
        if known is not None and time.monotonic() - known[1] < _SECONDS_OF_AN_ACCESS:
            return known[0]
        access = find()
        self._accesses[integration_id] = (access, time.monotonic())
        return access

    def close(self) -> None:
        """Ends what is under way, and the connections."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            servers = [*self._servers.values()]
            self._servers.clear()
        if loop is None or thread is None:
            return
        for server in servers:
            with suppress(WaitedLongEnough):
                asyncio.run_coroutine_threadsafe(server.close(), loop).result(_SECONDS_TO_CLOSE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_SECONDS_TO_CLOSE)

    def _server(self, access: JamfAccess) -> "_Server":
        key = access.key
        with self._lock:
            if key not in self._servers:
                self._servers[key] = _Server(access.client(LIMITS))
            return self._servers[key]

    def _run(self, work: Coroutine[Any, Any, AnswerNow]) -> "Future[AnswerNow]":
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="jamf-now", daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)


_SECONDS_TO_REMEMBER: Final = 0.05
_SECONDS_TO_CLOSE: Final = 5.0


class _Server:
    """One JAMF server: its connections, its answers, and whether it is worth asking. Lives in one event loop."""

    def __init__(self, client: JamfClient) -> None:
        self.keeps_waiting = False
        self._client = client
        self._is_open = False
        self._breaker = Breaker()
        self._last_trouble: JamfError | None = None
        self._answers: OrderedDict[str, AnswerNow] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def computer(
        self, jamf_id: str, wanted: Collection[Section], *, is_fresh: bool
    ) -> AnswerNow:
        since = time.monotonic() - (_SECONDS_FRESH if is_fresh else SECONDS_OF_AN_ANSWER)
        while True:
            known = self._answers.get(jamf_id)
            if known is not None and known.is_good(wanted, since):
                return known
            task = self._under_way.get(jamf_id)
            if task is None:
                refusal = self._refusal()
                if refusal is not None:
                    return _failure(refusal)
                task = asyncio.create_task(self._ask(jamf_id, wanted))
                self._under_way[jamf_id] = task
            # It goes on for the others if whoever waits here is gone.
            await asyncio.shield(task)

    async def close(self) -> None:
        for task in [*self._under_way.values()]:
            task.cancel()
        if self._is_open:
            await self._client.__aexit__(None, None, None)

    def _refusal(self) -> JamfError | None:
        """Why JAMF is not asked now; None: it is."""
        if len(self._under_way) >= _MOST_UNDER_WAY:
            return _not_asked(
                f"JAMF Pro at {self._client.base_url} was not asked: {_MOST_UNDER_WAY} requests wait for it already.",
                "Try again in a moment.",
            )
        if self._breaker.admits:
            return None
        seconds = max(1, round(self._breaker.seconds_to_wait))
        last = self._last_trouble
        return _not_asked(
            f"JAMF Pro at {self._client.base_url} is not asked for another {seconds} s, because it failed before"
            f"{f': {last.happened}' if last else '.'}",
            last.remedy if last else "Try again then.",
        )

    async def _ask(self, jamf_id: str, wanted: Collection[Section]) -> None:
        try:
            if not self._is_open:
                self._is_open = True
                await self._client.__aenter__()
            async with asyncio.timeout(SECONDS_TOWARDS_JAMF):
                computer = await self._client.computer_now(jamf_id, wanted)
        except TimeoutError:
            self._note(jamf_id, _failure(self._too_late()))
        except JamfError as error:
            self._note(jamf_id, _failure(error))
        except BaseException:
            self._breaker.failed()  # a defect, or the end: who was let through to try has not succeeded
            raise
        else:
            self._note(jamf_id, AnswerNow(computer, None, datetime.now(UTC), time.monotonic()))
        finally:
            self._under_way.pop(jamf_id, None)

    def _note(self, jamf_id: str, answer: AnswerNow) -> None:
        error = answer.error
        # No such record, no privilege: JAMF answered. A page for maintenance is no answer.
        if isinstance(error, _TROUBLES):
            self._last_trouble = error
            # Asked again and again with a wrong password, some directories lock an account.
            self._breaker.failed(for_certain=isinstance(error, _FOR_CERTAIN))
        else:
            self._breaker.succeeded()
            self.keeps_waiting = False
        self._answers[jamf_id] = answer
        self._answers.move_to_end(jamf_id)
        while len(self._answers) > _MOST_RECORDS:
            self._answers.popitem(last=False)

    def _too_late(self) -> JamfUnreachable:
        return JamfUnreachable(
            f"JAMF Pro at {self._client.base_url} did not answer within {SECONDS_TOWARDS_JAMF:.0f} s.",
            "It hangs or is overloaded: try again later.",
            seen="did not answer in time",
            trouble=ConnectionTrouble.WAITING,
        )


def _not_asked(happened: str, remedy: str) -> JamfUnreachable:
    return JamfUnreachable(
        happened, remedy, seen="was not asked", trouble=ConnectionTrouble.WAITING
    )


def _failure(error: JamfError) -> AnswerNow:
    return AnswerNow(None, error, datetime.now(UTC), time.monotonic())
