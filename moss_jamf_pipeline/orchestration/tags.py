"""The tags that runs of ours carry, and whose runs they are; plain words, no Dagster needed."""

from typing import Final

CODE_LOCATION: Final = "moss_jamf_pipeline"
"""The code location, as workspace.yaml and `moss-jamf up` name it."""

REPOSITORY: Final = "__repository__"
"""What Dagster calls the only repository of a code location."""

SYNC_TYPE_TAG: Final = "moss_jamf/sync_type"
"""What M.O.S.S.'s history calls this kind of sync."""

TRIGGERED_BY_TAG: Final = "moss_jamf/triggered_by"
"""Who or what started the run; without it, Dagster's own tags tell."""

PROCESS_TAG: Final = ".dagster/moss_jamf_process"
"""Of what the command line runs: the process that works on it, as `engine.processes` tells it from others. It is for
machines: the UI shows no tag that begins like this one."""

LOCK_PLACE_TAG: Final = ".dagster/moss_jamf_lock_place"
"""The database in which the run holds its lock, as `run_lock.place_of_locks` names it."""

REQUEST_TAG: Final = "moss_jamf/request"
"""The request that asked for the run, as `services.requested_runs` numbers it."""

OUTCOME_TAG: Final = "outcome"
"""How the run ended, one of `engine.endings.EndedAs`. People filter the list of runs by it: hence the plain name."""

PLAN_TAG: Final = "plan"
"""The number of the plan that the run made or applied."""

CHANGES_TAG: Final = "changes"
"""How many objects the plan changes: what was applied, or of a dry run, what would be."""

HELD_TAG: Final = "held"
"""How many changes of the plan wait for an approval."""
