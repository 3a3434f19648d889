"""The collections of JAMF objects that are pulled: what each holds, what it feeds, and what its absence means.

Where a collection is read, and how, is `jamf.listings`; which of its fields are kept, `fields`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CollectionName(StrEnum):
    """A kind of JAMF object that can be swept. The values are stored; never rename one."""

    COMPUTERS = "computers"
    USERS = "users"
    GROUPS = "groups"
    BUILDINGS = "buildings"
    DEPARTMENTS = "departments"
    MOBILE_DEVICES = "mobile_devices"


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    Attributes:
        name: also of its tables, assets and statements' parameters.
        record: what the type of one of its documents is called.
        contents: what it holds, as the UI says it.
        switches: the attributes of an integration's sync settings of which one is enough that it is pulled; the first
            is its own, the others are of collections whose records name its records.
        switch_key: the key by which M.O.S.S.'s own page saves the first.
        is_optional: whether its switch is off until somebody turns it on.
        named_by: the collections without which it is not pulled, though it is switched on: only their records name its.
        object_type: the type of M.O.S.S. object that its records become; None: they become none.
        external_type: what M.O.S.S.'s table of links calls one of its records; None: none is linked.
        may_be_empty: whether a listing without records is believable. A JAMF server without computers, users or groups
            is rare; an account that may see none of them (site access) is not, and looks the same.
        ends_the_run_when_empty: whether a run stops when JAMF suddenly lists none of what it had. Users and groups may
            all be gone for good; as their capture is incomplete then, nothing of it counts as gone.
        is_steady: whether its number changes slowly, so that a jump is worth a look even where every page arrived.
        is_judged_by_record: whether each record that cannot be used is worth a look.
        is_read_by_changes: whether a listing shows which records changed, so that a sweep may be incremental; these
            records have volatile contact times as well.
        may_cost_a_request_each: whether an old JAMF Pro lists ids and names only, so that known records are not read
            again by each sync.
        has_contacts: whether its records have volatile contact times, which are kept beside the documents.
        id_key: the key of a record's id.
        id_prefix: what the ids of its records begin with everywhere outside JAMF: of two collections that become one
            type of object, each numbers its records for itself (docs/decisions/0011).
        rows_of: the collection in whose table its typed rows lie, beside that one's; None: its own.
    """

    name: CollectionName
    record: str
    contents: str
    switches: tuple[str, ...]
    switch_key: str
    is_optional: bool = False
    named_by: tuple[CollectionName, ...] = ()
    object_type: str | None = None
    external_type: str | None = None
    may_be_empty: bool = False
    ends_the_run_when_empty: bool = False
    is_steady: bool = False
    is_judged_by_record: bool = False
    is_read_by_changes: bool = False
    may_cost_a_request_each: bool = False
    has_contacts: bool = False
    id_key: str = "id"
    id_prefix: str = ""
    rows_of: CollectionName | None = None

    @property
    def row_table(self) -> str:
        """The table of its typed rows, in the schema jamf_sync."""
        return f"jamf_{(self.rows_of or self.name).value}_snapshot"

    @property
    def has_sweeps(self) -> bool:
        """Whether it is read whole by some syncs only."""
        return self.is_read_by_changes or self.may_cost_a_request_each

    @property
    def proves_absence(self) -> bool:
        """Whether what a complete capture of it lacks counts as gone from JAMF."""
        return self.object_type is not None


COLLECTIONS: Final = (
    Collection(
        name=CollectionName.COMPUTERS,
        record="Computer",
        contents="JAMF computers: identity, hardware, operating system, user and location, static groups",
        switches=("sync_computers",),
        switch_key="sync_computers",
        object_type="device",
        external_type="computer",
        ends_the_run_when_empty=True,
        is_steady=True,
        is_judged_by_record=True,
        is_read_by_changes=True,
        has_contacts=True,
    ),
    Collection(
        name=CollectionName.USERS,
        record="User",
        contents="JAMF user records: user name, name, contact data, position",
        switches=("sync_users",),
        switch_key="sync_users",
        object_type="person",
        external_type="user",
        is_steady=True,
        is_judged_by_record=True,
        may_cost_a_request_each=True,
    ),
    Collection(
        name=CollectionName.GROUPS,
        record="Group",
        contents="JAMF computer groups, smart and static, without members (computers list their groups)",
        switches=("sync_groups",),
        switch_key="sync_computer_groups",
        object_type="group",
        external_type="computer_group",
    ),
    Collection(
        name=CollectionName.BUILDINGS,
        record="Building",
        contents="JAMF buildings, whose ids the devices carry",
        switches=("sync_computers", "sync_mobile_devices"),
        switch_key="sync_computers",
        object_type="location",
        external_type="building",
        may_be_empty=True,
    ),
    Collection(
        name=CollectionName.DEPARTMENTS,
        record="Department",
        contents="JAMF departments, whose ids the devices carry, and which become those of their users",
        switches=("sync_departments",),
        switch_key="sync_departments",
        is_optional=True,
        named_by=(CollectionName.COMPUTERS, CollectionName.MOBILE_DEVICES),
        may_be_empty=True,
    ),
    Collection(
        name=CollectionName.MOBILE_DEVICES,
        record="MobileDevice",
        contents="JAMF mobile devices (iPhone, iPad, Apple TV, Vision Pro): identity, hardware, operating system, "
        "network, user and location",
        switches=("sync_mobile_devices",),
        switch_key="sync_mobile_devices",
        is_optional=True,
        object_type="device",
        external_type="mobile_device",
        may_be_empty=True,
        is_steady=True,
        is_judged_by_record=True,
        has_contacts=True,
        id_key="mobileDeviceId",
        id_prefix="mobile:",
        rows_of=CollectionName.COMPUTERS,
    ),
)
"""All of them, in the order in which they are shown."""

COLLECTION_NAMES: Final[tuple[str, ...]] = tuple(
    collection.name.value for collection in COLLECTIONS
)

ID_PREFIXES: Final = tuple(each.id_prefix for each in COLLECTIONS if each.id_prefix)
"""What the ids of some collections begin with."""

STANDARD_COLLECTIONS: Final = tuple(
    collection.name for collection in COLLECTIONS if not collection.is_optional
)
"""What every sync pulls, unless it is switched off."""

_BY_NAME: Final = {collection.name.value: collection for collection in COLLECTIONS}


def collection_named(name: str) -> Collection:
    """The collection of that name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def collections_of(object_type: str) -> tuple[Collection, ...]:
    """The collections whose records become objects of a type; none: the objects are no JAMF records themselves."""
    return tuple(collection for collection in COLLECTIONS if collection.object_type == object_type)


def switched_with(name: CollectionName) -> tuple[str, ...]:
    """The collections that are pulled when that one is: those of its switch, itself among them, and what it names."""
    switch = collection_named(name).switches[0]
    return tuple(
        collection.name.value
        for collection in COLLECTIONS
        if switch in collection.switches or name in collection.named_by
    )


def collection_of_record(external_type: str) -> Collection | None:
    """The collection that a record is of, by what links call it; None: it is a record of none."""
    return next((each for each in COLLECTIONS if each.external_type == external_type), None)


def device_record(external_id: str) -> str:
    """The record of a device as people call it; `jamf_sync.device_record` says the same."""
    kind = "mobile device" if external_id.startswith(ID_PREFIXES) else "computer"
    return f"{kind} {jamf_id_in(external_id)}"


def jamf_id_in(external_id: str) -> str:
    """The id by which JAMF itself knows a record, without what it begins with elsewhere."""
    return next(
        (
            external_id.removeprefix(prefix)
            for prefix in ID_PREFIXES
            if external_id.startswith(prefix)
        ),
        external_id,
    )
