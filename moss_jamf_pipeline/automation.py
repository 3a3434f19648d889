"""Jobs and schedules of one integration: what runs, and when."""

from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from moss_jamf_pipeline.assets.layout import MOSS_CHAIN, SYNC_TYPE_TAG
from moss_jamf_pipeline.assets.step import close_history_on_failure
from moss_jamf_pipeline.moss.captures import COLLECTIONS
from moss_jamf_pipeline.moss.planning import OBJECT_TYPES
from moss_jamf_pipeline.partitions import slot_key_at

_MATCHES = ("location_matches", "room_matches", "person_matches", "device_matches", "group_matches")

# The only thing that ends a run whose machine died; a sync of 100,000 Macs takes minutes.
_MAX_RUNTIME_SECONDS = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class SyncScope:
    """What a job syncs.

    Attributes:
        job: its name.
        sync_type: what M.O.S.S.'s history calls it.
        collections: what is pulled from JAMF.
        object_types: what is planned.
        applies: whether the plan is applied.
    """

    job: str
    sync_type: str
    description: str
    collections: tuple[str, ...]
    object_types: tuple[str, ...]
    applies: bool = True

    def assets(self) -> list[str]:
        """The names of the assets this scope materialises."""
        captured = [
            name
            for collection in self.collections
            for name in (f"raw_jamf_{collection}", f"jamf_{collection}_snapshot")
        ]
        planned = [*captured, *_MATCHES, "change_plan"]
        return [*planned, "conflicts", *MOSS_CHAIN] if self.applies else planned


_COMPUTER_TYPES = ("location", "room", "person", "device", "io", "group_member")

SCOPES = {
    "everything": SyncScope(
        "sync_jamf",
        "full",
        "Everything: JAMF to snapshots, matches, plan and M.O.S.S.",
        COLLECTIONS,
        OBJECT_TYPES,
    ),
    "computers": SyncScope(
        "sync_jamf_computers",
        "computers",
        "Computers only, with the locations, rooms, people and interfaces they name.",
        ("computers", "buildings", "departments"),
        _COMPUTER_TYPES,
    ),
    "users": SyncScope("sync_jamf_users", "users", "Users only.", ("users",), ("person",)),
    "groups": SyncScope(
        "sync_jamf_groups",
        "groups",
        "Groups only, with the members known from the newest computers.",
        ("groups",),
        ("group", "group_member"),
    ),
    "plan": SyncScope(
        "plan_jamf",
        "plan",
        "A dry run: everything up to the plan. Writes nothing to M.O.S.S.",
        COLLECTIONS,
        OBJECT_TYPES,
        applies=False,
    ),
}


def build_jobs(prefix: str) -> list[UnresolvedAssetJobDefinition]:
    """The jobs of one integration, one per scope."""
    return [
        dg.define_asset_job(
            name=job_name(prefix, scope),
            selection=dg.AssetSelection.assets(
                *(dg.AssetKey([prefix, name]) for name in scope.assets())
            ),
            description=scope.description,
            executor_def=dg.in_process_executor,
            # Assets carry the hook for runs of any kind; a job's own hears the steps of checks as well.
            hooks={close_history_on_failure},
            config={
                "ops": {
                    f"{prefix}__change_plan": {"config": {"object_types": list(scope.object_types)}}
                }
            },
            tags={"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS), SYNC_TYPE_TAG: scope.sync_type},
        )
        for scope in SCOPES.values()
    ]


def job_name(prefix: str, scope: SyncScope) -> str:
    """A scope's job for one integration; the first integration, slug `jamf_pro`, keeps the plain names."""
    return scope.job if prefix == "jamf_pro" else f"{scope.job}__{prefix}"


def build_schedules(prefix: str) -> list[dg.ScheduleDefinition]:
    """The schedules of one integration: a full sync at the start of every slot, on unless someone turns it off."""
    everything = SCOPES["everything"]

    @dg.schedule(
        name=f"{job_name(prefix, everything)}_every_six_hours",
        job_name=job_name(prefix, everything),
        cron_schedule="0 */6 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Syncs everything at 00:00, 06:00, 12:00 and 18:00 UTC: the slot that contains now.",
    )
    def sync_every_six_hours(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        slot = slot_key_at(context.scheduled_execution_time)
        return dg.RunRequest(run_key=slot, partition_key=slot)

    return [sync_every_six_hours]
