"""What runs of this command line leave behind when their process is killed, and how the next one clears it away.

A daemon would notice, after a while; there may be none. A run that is executed here holds a lock file, which the
kernel frees when the process dies, however. A file without a holder names a dead run: it is closed as failed in
Dagster and gives its pool slots back, without which the next run would wait for ever. Its row in M.O.S.S.'s history is
closed by the next run that opens one (`moss.run_lock`); a dry run has none, so that lock could not replace the files.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from moss_jamf_pipeline.embedded.locks import lock_exclusively, try_lock_exclusively
from moss_jamf_pipeline.settings import Settings, make_state_directory

_SECONDS_BETWEEN_LOOKS = 1.0
_DIED = (
    "The process of this run was killed before it was done. Run it again: what was written stays."
)


@contextmanager
def marked_as_alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Holds the lock file of a run. To be entered before the run exists."""
    directory = _lock_files(settings)
    make_state_directory(settings)
    directory.mkdir(parents=True, exist_ok=True)
    lock_file = directory / f"{run_id}.lock"
    lock = lock_exclusively(lock_file)
    try:
        yield
    finally:
        lock_file.unlink(missing_ok=True)
        os.close(lock)


def close_dead_runs(instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Closes the runs of this command line whose process is gone.

    Returns:
        Their ids.
    """
    dead = []
    for lock_file in sorted(_lock_files(settings).glob("*.lock")):
        lock = try_lock_exclusively(lock_file)
        if lock is None:
            continue
        run = instance.get_run_by_id(lock_file.stem)
        if run is not None:
            _close(instance, run)
            dead.append(run.run_id)
        lock_file.unlink(missing_ok=True)
        os.close(lock)
    return dead


def wait_for_pools(
    instance: dg.DagsterInstance, pools: Collection[str], say: Callable[[str], None]
) -> None:
    """Returns when no other run holds a slot of some pools; slots of runs that have ended are given back.

    A run that waits for a slot itself cannot be interrupted meanwhile.

    Args:
        instance: whose pools.
        pools: their names.
        say: is told once why there is a wait.
    """
    told = False
    while holders := _pool_holders(instance, pools):
        if not told:
            runs = ", ".join(sorted(holders))
            say(
                f"Waiting for another sync to end: run {runs}. The Dagster UI (`moss-jamf up`) can terminate it."
            )
            told = True
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _pool_holders(instance: dg.DagsterInstance, pools: Collection[str]) -> set[str]:
    storage = instance.event_log_storage
    holders = set()
    for info in storage.get_concurrency_infos(list(pools)).values():
        # A step that waits keeps its place in the queue, also when its run is dead.
        for run_id in info.active_run_ids | info.assigned_run_ids | info.pending_run_ids:
            run = instance.get_run_by_id(run_id)
            if run is None or run.is_finished:
                storage.free_concurrency_slots_for_run(run_id)
            else:
                holders.add(run_id)
    return holders


def _close(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    if not run.is_finished:
        instance.report_run_failed(run, _DIED)
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _lock_files(settings: Settings) -> Path:
    return settings.state_directory.absolute() / "runs"
