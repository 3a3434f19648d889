"""The jobs of one integration: what runs together. When it runs is `schedule` and `sensors`."""

from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from moss_jamf_pipeline.moss.capture.captures import COLLECTIONS
from moss_jamf_pipeline.moss.plan.planning import OBJECT_TYPES
from moss_jamf_pipeline.orchestration.assets.layout import MOSS_CHAIN, SYNC_TYPE_TAG
from moss_jamf_pipeline.orchestration.assets.step import close_history_on_failure

_MATCHES = ("location_matches", "room_matches", "person_matches", "device_matches", "group_matches")

# The job that forgets what is older than its retention; see `retention`.
FORGET_JOB = "forget_old_captures"

# The only thing that ends a run whose machine died; a sync of 100,000 Macs takes minutes.
_MAX_RUNTIME_SECONDS = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class SyncScope:
    """What a job syncs.

    Attributes:
        job: its name.
        sync_type: what M.O.S.S.'s history calls it.
        collections: what is pulled from JAMF.
        object_types: what is planned; empty: nothing new is.
        applies: whether a plan is applied.
        looks_back: whether it only plans what a stored slot would do.
    """

    job: str
    sync_type: str
    description: str
    collections: tuple[str, ...]
    object_types: tuple[str, ...]
    applies: bool = True
    looks_back: bool = False

    def assets(self) -> list[str]:
        """The names of the assets this scope materialises."""
        captured = [
            name
            for collection in self.collections
            for name in (f"raw_jamf_{collection}", f"jamf_{collection}_snapshot")
        ]
        planned = ["jamf_server", *captured, *_MATCHES, "change_plan"] if self.object_types else []
        if self.looks_back:
            return ["what_if_plan"]
        if not self.applies:
            return [*planned, "plan_validation"]
        return [*planned, "guarded_plan", "conflicts", *MOSS_CHAIN]


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
        "A dry run: everything up to the plan, and a trial of it that is rolled back. Writes nothing to M.O.S.S.",
        COLLECTIONS,
        OBJECT_TYPES,
        applies=False,
    ),
    "apply": SyncScope(
        "apply_jamf_plan",
        "apply",
        "Applies a plan that was made before: name it as plan_id of guarded_plan, and in approve the kinds of held "
        "changes to let through. Asks JAMF nothing.",
        (),
        (),
    ),
    "what_if": SyncScope(
        "what_if_jamf",
        "plan",
        "Plans what a sync of a stored slot would do to M.O.S.S. as it is now. Asks JAMF nothing; never applied.",
        (),
        (),
        applies=False,
        looks_back=True,
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
            config={"ops": _op_config(prefix, scope)},
            tags={"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS), SYNC_TYPE_TAG: scope.sync_type},
        )
        for scope in SCOPES.values()
    ]


def _op_config(prefix: str, scope: SyncScope) -> dict[str, object]:
    """The configuration that a job's launchpad begins with."""
    config: dict[str, object] = {}
    if "computers" in scope.collections:
        config[f"{prefix}__raw_jamf_computers"] = {"config": {"sweep": "auto"}}
    if scope.object_types:
        config[f"{prefix}__change_plan"] = {"config": {"object_types": list(scope.object_types)}}
    elif scope.applies:
        config[f"{prefix}__guarded_plan"] = {"config": {"plan_id": 0, "approve": []}}
    return config


def job_name(prefix: str, scope: SyncScope) -> str:
    """A scope's job for one integration."""
    return name_for(prefix, scope.job)


def name_for(prefix: str, name: str) -> str:
    """What one integration's job is called; those of the first, slug `jamf_pro`, keep the plain names."""
    return name if prefix == "jamf_pro" else f"{name}__{prefix}"


def job_names(prefix: str) -> frozenset[str]:
    """All jobs of one integration."""
    return frozenset(
        {name_for(prefix, FORGET_JOB), *(job_name(prefix, scope) for scope in SCOPES.values())}
    )
