"""The tags that runs of ours carry: plain words, for whoever starts or finds runs without Dagster's library."""

from typing import Final

SYNC_TYPE_TAG: Final = "moss_jamf/sync_type"
"""What M.O.S.S.'s history calls this kind of sync."""

TRIGGERED_BY_TAG: Final = "moss_jamf/triggered_by"
"""Who or what started the run; without it, Dagster's own tags tell."""

PROCESS_TAG: Final = "moss_jamf/process"
"""Of what the command line runs: the process that works on it, as `engine.processes` tells it from others."""

LOCK_PLACE_TAG: Final = "moss_jamf/lock_place"
"""The database in which the run holds its lock, as `run_lock.place_of_locks` names it."""

REQUEST_TAG: Final = "moss_jamf/request"
"""The request that asked for the run, as `services.requested_runs` numbers it."""
