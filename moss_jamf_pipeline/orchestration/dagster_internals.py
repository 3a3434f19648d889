"""The one module that touches what Dagster keeps private, each symbol with the reason.

A new Dagster may move or change any of it without a word: tests/dagster/test_upstream_characterization.py shows of each
what we rely on. Whatever is public (`dg.…`) is used from there.
"""

from pathlib import Path
from typing import Final

import dagster as dg

# Alembic's is public; where Dagster keeps its migrations of PostgreSQL is said in a file beside its storages.
from alembic.script import ScriptDirectory

# A run of a job definition that this process holds, on an instance where it can be seen: the public
# `JobDefinition.execute_in_process` makes its own run, without our id, tags and listener.
from dagster._core.definitions.job_base import InMemoryJob

# What `define_asset_job` returns; Dagster has no public name for it, and strict typing wants one.
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

# Whether a code server answers. There is a command for it, `dagster api grpc-health-check`, which takes two seconds.
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.execution.api import execute_run

# An instance from a dagster.yaml in a directory, with overrides: `DagsterInstance.get` takes neither.
from dagster._core.instance.ref import InstanceRef

# By these a run says which code location's job it is one of: without them, the timeline leaves a run out. A location is
# named here, not described: whoever serves the UI knows how it is reached.
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

# A run that was asked for, on its way into the queue; ours gives it its slot.
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator

# How a check ended, as the event log has it.
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

# The states in which a run is queued or at work; `DagsterRunStatus` is public, which of them these are is not.
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

# What dagster.yaml can name as the keeper of the steps' output; ours only chooses its directory.
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

# The tags by which Dagster says where a run comes from, and what its partition is.
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    MAX_RETRIES_TAG,
    PARENT_RUN_ID_TAG,
    PARTITION_NAME_TAG,
    REPOSITORY_LABEL_TAG,
    RETRY_NUMBER_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
    WILL_RETRY_TAG,
)
from dagster._grpc.client import DagsterGrpcClient

# What the constructor of a configurable class takes for the place it was configured in.
from dagster._serdes import ConfigurableClassData

# How a request for a slot of a pool stands; `PooledEventLogStorage` has the executor ask again at its own pace.
from dagster._utils.concurrency import ConcurrencyClaimStatus

# An interrupt that Dagster keeps until a step ends; taken from it, the run ends at once.
from dagster._utils.interrupts import pop_captured_interrupt
from dagster_postgres import utils as dagster_postgres_utils

# The type of `error` in the public events of failed steps.
from dagster_shared.error import SerializableErrorInfo

# Runs in this process keep no output of their steps: the local keeper starts four processes for it.
NO_COMPUTE_LOGS: Final = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}

# What `dagster dev` starts beside its pages; the command `dagster-daemon run` is this module.
DAEMON_MODULE: Final = "dagster._daemon"


def has_failed_last(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool:
    """Whether an asset check did not pass when it was last evaluated; nothing public tells."""
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])
    return check in found and found[check].status is AssetCheckExecutionRecordStatus.FAILED


def alembic_scripts() -> ScriptDirectory:
    """The migrations of Dagster's own tables, as `dagster instance migrate` runs them."""
    # Beside the folders of its storages lies that of its configuration.
    inside_a_storage = (
        Path(dagster_postgres_utils.__file__).parent / "run_storage" / "run_storage.py"
    )
    return ScriptDirectory.from_config(
        dagster_postgres_utils.pg_alembic_config(str(inside_a_storage))
    )


__all__ = [
    "ASSET_PARTITION_RANGE_START_TAG",
    "BACKFILL_ID_TAG",
    "DAEMON_MODULE",
    "MAX_RETRIES_TAG",
    "NOT_FINISHED_STATUSES",
    "NO_COMPUTE_LOGS",
    "PARENT_RUN_ID_TAG",
    "PARTITION_NAME_TAG",
    "REPOSITORY_LABEL_TAG",
    "RETRY_NUMBER_TAG",
    "SCHEDULE_NAME_TAG",
    "SENSOR_NAME_TAG",
    "WILL_RETRY_TAG",
    "ConcurrencyClaimStatus",
    "ConfigurableClassData",
    "DagsterGrpcClient",
    "DagsterUserCodeUnreachableError",
    "InMemoryJob",
    "InstanceRef",
    "LocalComputeLogManager",
    "QueuedRunCoordinator",
    "RegisteredCodeLocationOrigin",
    "RemoteJobOrigin",
    "RemoteRepositoryOrigin",
    "SerializableErrorInfo",
    "SubmitRunContext",
    "UnresolvedAssetJobDefinition",
    "alembic_scripts",
    "execute_run",
    "has_failed_last",
    "pop_captured_interrupt",
]
