"""Runs whose process is gone: how they are told from those that live, closed, and how long anybody waits for one.

A run holds a lock in the M.O.S.S. database for as long as its process lives (`moss.integration.run_lock`), and says in
a tag which database that is. A run that works and whose lock nobody holds is dead, whatever else was away when it died;
unless its process still lives on this machine, has lost its connection and is about to take the lock again. Where
nobody can ask for the process, a lock has to be free for a while.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Final

import dagster as dg

from moss_jamf_pipeline.engine.databases import resolve_moss
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.engine.processes import described, is_gone
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.history import close_history
from moss_jamf_pipeline.moss.integration.run_lock import held_runs, place_of_locks
from moss_jamf_pipeline.orchestration.assets.triggers import trigger_of
from moss_jamf_pipeline.orchestration.dagster_internals import (
    NOT_FINISHED_STATUSES,
    pop_captured_interrupt,
)
from moss_jamf_pipeline.orchestration.endings import tag_as_failed
from moss_jamf_pipeline.orchestration.failures import CANCELLED
from moss_jamf_pipeline.orchestration.tags import LOCK_PLACE_TAG, PROCESS_TAG
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.settings import Settings

logger = logging.getLogger(__name__)

# A run that lost its connection takes the lock again with its next event, or when its step is tried again.
_SECONDS_FREE: Final = 30.0
_SECONDS_BETWEEN_LOOKS: Final = 1.0
_SECONDS_BETWEEN_VERDICTS: Final = 5.0
_SECONDS_FOR_A_FREE_SLOT: Final = 0.05
_DIED: Final = (
    "The process of this run is gone: it was killed, or it lost its database. Run it again: what was written stays, "
    "the rest is planned anew."
)


class WaitedTooLong(ProblemFound):
    """Another run keeps what this one needs, and has not ended in time."""


class RunWatch:
    """Tells dead runs from live ones, and closes the dead.

    Args:
        instance: where the runs are recorded.
        database: where they hold their locks.
        seconds_free: how long the lock of a run has to be free that nobody can ask for its process.
        free_since: since when the locks of runs were seen free, by monotonic time; for whoever looks again with another
            watch.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        database: MossDatabase,
        *,
        seconds_free: float = _SECONDS_FREE,
        free_since: dict[str, float] | None = None,
    ) -> None:
        self._instance = instance
        self._database = database
        self._seconds_free = seconds_free
        self._free_since = {} if free_since is None else free_since

    def close_dead(self, run_ids: Collection[str] | None = None) -> list[str]:
        """Closes the runs that are dead: in Dagster, in its pools and in M.O.S.S.'s history.

        Args:
            run_ids: which ones to look at; None: all that are not finished.

        Returns:
            The ids of those that were closed. None of them, if the M.O.S.S. database cannot be asked.
        """
        unfinished = self._instance.get_runs(
            dg.RunsFilter(
                statuses=NOT_FINISHED_STATUSES, run_ids=None if run_ids is None else list(run_ids)
            )
        )
        marked = [run for run in unfinished if LOCK_PLACE_TAG in run.tags]
        if not marked:
            return []
        try:
            dead = self._dead_among(marked)
        except EXPLAINED as trouble:
            logger.debug("Whether runs are alive cannot be told now: %s", trouble)
            return []
        for run in dead:
            self._close(run)
        return [run.run_id for run in dead]

    def _dead_among(self, runs: Iterable[dg.DagsterRun]) -> list[dg.DagsterRun]:
        with self._database.reading() as connection:
            place = place_of_locks(connection)
            ours = [run for run in runs if run.tags[LOCK_PLACE_TAG] == place]
            held = held_runs(connection, [run.run_id for run in ours])
        free = {run.run_id for run in ours if run.run_id not in held}
        now = time.monotonic()
        since = {run_id: self._free_since.get(run_id, now) for run_id in free}
        self._free_since.clear()
        self._free_since.update(since)
        return [run for run in ours if run.run_id in free and self._is_dead(run, now)]

    def _is_dead(self, run: dg.DagsterRun, now: float) -> bool:
        gone = is_gone(run.tags.get(PROCESS_TAG, ""))
        if gone is None:
            return now - self._free_since[run.run_id] >= self._seconds_free
        return gone

    def _close(self, run: dg.DagsterRun) -> None:
        is_cancelled = run.status is dg.DagsterRunStatus.CANCELING
        message = CANCELLED if is_cancelled else _DIED
        if is_cancelled:
            self._instance.report_run_canceled(run, message)
        else:
            self._instance.report_run_failed(run, message)
        tag_as_failed(self._instance, run)
        self._instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        try:
            with self._database.reading() as connection:
                close_history(connection, run_id=run.run_id, status="failed", error_message=message)
        except EXPLAINED as trouble:
            logger.debug("The history of run %s is closed by the next run: %s", run.run_id, trouble)


class PoolWait:
    """A wait for a pool that another run holds: it has an end, and says for whom it is.

    Args:
        instance: whose pools.
        watch: closes dead holders.
        seconds: how long at most.
        say: is told once why there is a wait.
        run_id: the run that waits; None: it has not begun.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        watch: RunWatch,
        seconds: float,
        say: Callable[[str], None],
        run_id: str | None = None,
    ) -> None:
        self._instance = instance
        self._watch = watch
        self._seconds = seconds
        self._say = say
        self._run_id = run_id
        self._began = time.monotonic()
        self._next_verdict = 0.0
        self._told = False

    def is_over(self, pools: Collection[str]) -> bool:
        """Looks once whether some pools are free; gives back the slots of runs that have ended, or are dead.

        Raises:
            WaitedTooLong: it lasts too long.
        """
        now = time.monotonic()
        holders = self._holders(pools)
        if holders and now >= self._next_verdict:
            self._next_verdict = now + _SECONDS_BETWEEN_VERDICTS
            if self._watch.close_dead(holders):
                holders = self._holders(pools)
        if not holders:
            return True
        if self.is_overdue:
            self._give_up(holders)
        if not self._told:
            self._say(
                f"Waiting for another sync to end, {self._bound} at most: {self._described(holders)}. "
                "The Dagster UI (`moss-jamf up`) can terminate it."
            )
            self._told = True
        return False

    @property
    def _bound(self) -> str:
        minutes = self._seconds / 60
        return "1 minute" if minutes == 1 else f"{minutes:g} minutes"

    @property
    def is_overdue(self) -> bool:
        """Whether it has lasted too long."""
        return time.monotonic() - self._began > self._seconds

    def _give_up(self, holders: Collection[str]) -> None:
        raise WaitedTooLong(
            f"Another sync has not ended within {self._bound}: {self._described(holders)}.",
            "Run this one again once that has ended. If it does not end, terminate it in the Dagster UI "
            "(`moss-jamf up`), or end its process. MOSS_JAMF_WAIT_MINUTES says how long a sync waits.",
        )

    def _holders(self, pools: Collection[str]) -> list[str]:
        """The unfinished runs that have a slot of a pool, or wait for one; those that have ended give theirs back."""
        storage = self._instance.event_log_storage
        asked = {
            run_id
            for info in storage.get_concurrency_infos(list(pools)).values()
            # A step that waits keeps its place in the queue, also when its run is dead.
            for run_id in info.active_run_ids | info.assigned_run_ids | info.pending_run_ids
        } - {self._run_id}
        holders = []
        for run_id in sorted(asked):
            run = self._instance.get_run_by_id(run_id)
            if run is None or run.is_finished:
                storage.free_concurrency_slots_for_run(run_id)
            else:
                holders.append(run_id)
        return holders

    def _described(self, run_ids: Iterable[str]) -> str:
        return "; ".join(self._described_run(run_id) for run_id in run_ids)

    def _described_run(self, run_id: str) -> str:
        record = self._instance.get_run_record_by_id(run_id)
        if record is None:
            return f"run {run_id[:8]}"
        run = record.dagster_run
        began = (
            datetime.fromtimestamp(record.start_time, UTC)
            if record.start_time
            else record.create_timestamp.astimezone(UTC)
        )
        process = described(run.tags.get(PROCESS_TAG, ""))
        return (
            f"run {run_id[:8]} ({run.job_name}, started by {trigger_of(run.tags)} at {began:%Y-%m-%d %H:%M} UTC"
            f"{f', {process}' if process else ''})"
        )


def wait_for_pools(wait: PoolWait, pools: Collection[str]) -> None:
    """Returns when no other run holds a slot of some pools.

    Raises:
        WaitedTooLong: it lasts too long.
    """
    while not wait.is_over(pools):
        time.sleep(_SECONDS_BETWEEN_LOOKS)


class StepWaits:
    """The waits of the steps of this process for their pools: what Dagster does itself, with an end.

    Dagster asks again and again whether a step may begin, and would for ever: for a holder that is dead, too, and
    deaf to interrupts meanwhile.
    """

    def __init__(self) -> None:
        self._waits: dict[tuple[str, str, str], PoolWait] = {}

    def wait(self, instance: dg.DagsterInstance, pool: str, run_id: str, step: str) -> None:
        """Waits a second for a slot that is not free.

        Raises:
            WaitedTooLong: the step has waited for too long.
            KeyboardInterrupt: the run is to end.
        """
        wait = self._waits.get((pool, run_id, step))
        if wait is None:
            settings = Settings()
            watch = RunWatch(instance, moss_database(settings))
            run = instance.get_run_by_id(run_id)

            def say(sentence: str) -> None:
                instance.report_engine_event(sentence, run, step_key=step)

            wait = PoolWait(instance, watch, settings.wait_seconds, say, run_id)
            self._waits[pool, run_id, step] = wait
        if pop_captured_interrupt() or _is_over(instance, run_id):
            raise KeyboardInterrupt
        if not wait.is_over([pool]):
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        elif wait.is_overdue:
            raise WaitedTooLong(
                f"Nobody holds a slot of the pool {pool}, and none is given all the same.",
                "Look at its limit in the Dagster UI (Deployment, Concurrency): with 0 no step of it ever begins.",
            )
        else:
            time.sleep(_SECONDS_FOR_A_FREE_SLOT)

    def end(self, pool: str, run_id: str, step: str) -> None:
        """Forgets a wait: the step begins."""
        self._waits.pop((pool, run_id, step), None)


def _is_over(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether somebody else ended a run, or is about to."""
    run = instance.get_run_by_id(run_id)
    return run is not None and (run.is_finished or run.status is dg.DagsterRunStatus.CANCELING)


def moss_database(settings: Settings) -> MossDatabase:
    """The M.O.S.S. database of the environment; one pool of connections for this process."""
    return _database_at(resolve_moss(settings).url)


@cache
def _database_at(url: str) -> MossDatabase:
    return MossDatabase(url)
