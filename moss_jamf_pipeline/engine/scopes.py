"""What a sync consists of: its steps, the one order they have, and the scopes that choose among them.

Plain data. The graph of Dagster's assets follows from `UPSTREAM`, and so does the order in which `engine.sync` runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from moss_jamf_pipeline.catalogue.collections import (
    COLLECTION_NAMES,
    CollectionName,
    collections_of,
    switched_with,
)
from moss_jamf_pipeline.catalogue.object_types import (
    APPLIED_OBJECT_TYPES,
    MATCH_TABLES,
    OBJECT_TYPE_NAMES,
    planned_from,
)

# The steps that write M.O.S.S., in the order in which a plan is applied, and the one that closes the history.
MOSS_CHAIN: Final = (*(kind.asset for kind in APPLIED_OBJECT_TYPES), "moss_sync_history")


def raw_step(collection: str) -> str:
    """The step that captures a collection."""
    return f"raw_jamf_{collection}"


def snapshot_step(collection: str) -> str:
    """The step that stages what was captured of a collection."""
    return f"jamf_{collection}_snapshot"


NAMED_RECORDS: Final = "named_records"
"""The step that reads the records which JAMF's webhooks named."""

_DEVICES: Final = tuple(snapshot_step(collection.name) for collection in collections_of("device"))

# Every step, in an order in which they can run, with the steps that come before it where a run has them.
UPSTREAM: Final[Mapping[str, tuple[str, ...]]] = {
    "jamf_server": (),
    **{raw_step(collection): ("jamf_server",) for collection in COLLECTION_NAMES},
    **{snapshot_step(collection): (raw_step(collection),) for collection in COLLECTION_NAMES},
    NAMED_RECORDS: ("jamf_server",),
    "location_matches": (snapshot_step("buildings"), NAMED_RECORDS),
    "room_matches": (*_DEVICES, NAMED_RECORDS, "location_matches"),
    "person_matches": (snapshot_step("users"), *_DEVICES, NAMED_RECORDS),
    "device_matches": (
        *_DEVICES,
        *(NAMED_RECORDS, "location_matches", "room_matches", "person_matches"),
    ),
    "group_matches": (snapshot_step("groups"), NAMED_RECORDS),
    "change_plan": MATCH_TABLES,
    "plan_validation": ("change_plan",),
    "guarded_plan": ("change_plan",),
    # The plan itself too: a selection that leaves out the guard still runs in this order.
    "conflicts": ("change_plan", "guarded_plan"),
    # The conflict queue comes before the first write: what a run overwrites or adopts is flagged even if it
    # dies in between, for the next plan no longer finds it.
    **{name: (before,) for before, name in pairwise(("conflicts", *MOSS_CHAIN))},
    "what_if_plan": _DEVICES,
}


def in_order(steps: Iterable[str]) -> list[str]:
    """Steps as they run, one after the other."""
    chosen = set(steps)
    return [name for name in UPSTREAM if name in chosen]


@dataclass(frozen=True, slots=True)
class SyncScope:
    """What a job syncs.

    Attributes:
        job: its name.
        sync_type: what M.O.S.S.'s history calls it.
        description: the same for people.
        collections: what is pulled from JAMF.
        object_types: what is planned; empty: nothing new is.
        applies: whether a plan is applied.
        looks_back: whether it only plans what a stored slot would do.
        reads_named: whether, instead of collections, the records are read that webhooks named.
    """

    job: str
    sync_type: str
    description: str
    collections: tuple[str, ...]
    object_types: tuple[str, ...]
    applies: bool = True
    looks_back: bool = False
    reads_named: bool = False

    @property
    def has_slots(self) -> bool:
        """Whether a run of it is one for a slot."""
        return bool(self.collections) or self.looks_back

    def steps(self) -> list[str]:
        """The steps of this scope, in order; the assets of the same names are what Dagster materialises."""
        if self.looks_back:
            return ["what_if_plan"]
        steps = {"guarded_plan", "conflicts", *MOSS_CHAIN} if self.applies else {"plan_validation"}
        if self.object_types:
            steps |= {"jamf_server", *MATCH_TABLES, "change_plan"}
        if self.reads_named:
            steps.add(NAMED_RECORDS)
        for collection in self.collections:
            steps |= {raw_step(collection), snapshot_step(collection)}
        return in_order(steps)


SCOPES: Final = {
    "everything": SyncScope(
        "sync_jamf",
        "full",
        "Everything: JAMF to snapshots, matches, plan and M.O.S.S.",
        COLLECTION_NAMES,
        OBJECT_TYPE_NAMES,
    ),
    "computers": SyncScope(
        "sync_jamf_computers",
        "computers",
        "Computers only, with the locations, rooms, people and interfaces they name.",
        switched_with(CollectionName.COMPUTERS),
        planned_from(CollectionName.COMPUTERS),
    ),
    "mobile_devices": SyncScope(
        "sync_jamf_mobile_devices",
        "mobile_devices",
        "Mobile devices only, where they are switched on, with the locations, rooms, people and interfaces they name.",
        switched_with(CollectionName.MOBILE_DEVICES),
        planned_from(CollectionName.MOBILE_DEVICES),
    ),
    "users": SyncScope(
        "sync_jamf_users",
        "users",
        "Users only.",
        switched_with(CollectionName.USERS),
        planned_from(CollectionName.USERS),
    ),
    "groups": SyncScope(
        "sync_jamf_groups",
        "groups",
        "Groups only, with the members known from the newest computers.",
        switched_with(CollectionName.GROUPS),
        planned_from(CollectionName.GROUPS),
    ),
    "webhooks": SyncScope(
        "sync_jamf_webhooks",
        "webhooks",
        "The records that JAMF's webhooks named, read one by one and added to what was captured; then matched, planned "
        "and applied like any other.",
        (),
        OBJECT_TYPE_NAMES,
        reads_named=True,
    ),
    "plan": SyncScope(
        "plan_jamf",
        "plan",
        "A dry run: everything up to the plan, and a trial of it that is rolled back. Writes nothing to M.O.S.S.",
        COLLECTION_NAMES,
        OBJECT_TYPE_NAMES,
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


def job_name(prefix: str, scope: SyncScope) -> str:
    """A scope's job for one integration.

    Args:
        prefix: the integration's slug.
        scope: which.
    """
    return name_for(prefix, scope.job)


def name_for(prefix: str, name: str) -> str:
    """What one integration's job is called; those of the first, slug `jamf_pro`, keep the plain names."""
    return name if prefix == "jamf_pro" else f"{name}__{prefix}"


def schedule_name(prefix: str) -> str:
    """The sensor that follows the schedule of one integration."""
    return f"{job_name(prefix, SCOPES['everything'])}_on_schedule"
