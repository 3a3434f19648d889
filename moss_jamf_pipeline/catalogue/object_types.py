"""The types of object that a plan changes in M.O.S.S., in the order in which they are planned and applied.

What others refer to comes first. Which fields an object has is `fields`; which JAMF collection it comes from, if it is
a JAMF record itself, is `collections`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from moss_jamf_pipeline.catalogue.collections import CollectionName


class ObjectTypeName(StrEnum):
    """What plans, links and statements call a type of object. The values are stored; never rename one."""

    LOCATION = "location"
    ROOM = "room"
    PERSON = "person"
    DEVICE = "device"
    IO = "io"
    GROUP = "group"
    GROUP_MEMBER = "group_member"
    LINK = "mapping"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One type of object.

    Attributes:
        name: its name.
        plural: what people call several of them.
        asset: the asset that applies the plan's rows of it.
        contents: what that asset holds, as the UI says it.
        relation: the contract's relation that holds it.
        identity: the columns that a new row needs besides the fields of the catalogue; empty: it has no fields.
        needs: the collections it is planned from.
        needs_all: whether it takes all of these to plan it; else one that M.O.S.S. has not switched off is enough.
        matches: the table that says which object each JAMF record is; None: nothing has to be matched.
        is_compared: whether its fields are compared one by one; else a statement of its own plans it.
        is_led: whether, of several JAMF servers that know one object, one leads it and the others only link it.
        is_item: whether M.O.S.S.'s history counts it: a JAMF record in its own right.
        only_created: whether only those are changed that the sync created: then no role may, but a function that looks
            into the ledger (docs/security.md).
    """

    name: ObjectTypeName
    plural: str
    asset: str
    contents: str
    relation: str
    identity: tuple[str, ...] = ()
    needs: tuple[CollectionName, ...] = ()
    needs_all: bool = True
    matches: str | None = None
    is_compared: bool = False
    is_led: bool = False
    is_item: bool = False
    only_created: bool = False


_OF_DEVICES: Final = (CollectionName.COMPUTERS, CollectionName.MOBILE_DEVICES)

OBJECT_TYPES: Final = (
    ObjectType(
        name=ObjectTypeName.LOCATION,
        plural="locations",
        asset="moss_locations",
        contents="Locations that JAMF names and M.O.S.S. lacked.",
        relation="locations",
        identity=("id",),
        needs=_OF_DEVICES,
        needs_all=False,
        matches="location_matches",
    ),
    ObjectType(
        name=ObjectTypeName.ROOM,
        plural="rooms",
        asset="moss_rooms",
        contents="Rooms that JAMF's devices name and M.O.S.S. lacked, inside their location.",
        relation="rooms",
        identity=("id", "location_id"),
        needs=_OF_DEVICES,
        needs_all=False,
        matches="room_matches",
    ),
    ObjectType(
        name=ObjectTypeName.PERSON,
        plural="people",
        asset="moss_people",
        contents="People: created from JAMF's users, contact data kept in step.",
        relation="people",
        identity=("id",),
        needs=(*_OF_DEVICES, CollectionName.USERS),
        needs_all=False,
        matches="person_matches",
        is_compared=True,
        is_led=True,
        is_item=True,
    ),
    ObjectType(
        name=ObjectTypeName.DEVICE,
        plural="devices",
        asset="moss_devices",
        contents="Devices: created from JAMF's computers and mobile devices, JAMF-owned fields kept in step, others "
        "only filled while empty.",
        relation="devices",
        identity=("id",),
        needs=_OF_DEVICES,
        needs_all=False,
        matches="device_matches",
        is_compared=True,
        is_led=True,
        is_item=True,
    ),
    ObjectType(
        name=ObjectTypeName.IO,
        plural="interfaces",
        asset="moss_ios",
        contents="Network interfaces with the MAC addresses JAMF reports.",
        relation="ios",
        identity=("id", "device_id"),
        needs=_OF_DEVICES,
        needs_all=False,
        is_compared=True,
        only_created=True,
    ),
    ObjectType(
        name=ObjectTypeName.GROUP,
        plural="groups",
        asset="moss_groups",
        contents="Groups with the prefix [JAMF]; smart groups as references only.",
        relation="groups",
        identity=("id",),
        needs=(CollectionName.GROUPS,),
        matches="group_matches",
        is_compared=True,
        is_led=True,
        is_item=True,
    ),
    ObjectType(
        name=ObjectTypeName.GROUP_MEMBER,
        plural="group members",
        asset="moss_group_members",
        contents="Members of static groups; only ours are removed.",
        relation="group_device_members",
        needs=(CollectionName.COMPUTERS, CollectionName.GROUPS),
    ),
)
"""Everything that is planned object by object."""

LINK: Final = ObjectType(
    name=ObjectTypeName.LINK,
    plural="links",
    asset="moss_mappings",
    contents="Links between JAMF records and M.O.S.S. objects: what is gone, what is back, what is in conflict.",
    relation="integration_object_mappings",
)
"""The links themselves (M.O.S.S.'s table of mappings): planned with what they link, applied last."""

APPLIED_OBJECT_TYPES: Final = (*OBJECT_TYPES, LINK)
"""Everything that is applied, in order."""

OBJECT_TYPE_NAMES: Final[tuple[str, ...]] = tuple(kind.name.value for kind in OBJECT_TYPES)

ITEM_TYPE_NAMES: Final[tuple[str, ...]] = tuple(
    kind.name.value for kind in OBJECT_TYPES if kind.is_item
)

MATCH_TABLES: Final[tuple[str, ...]] = tuple(
    kind.matches for kind in OBJECT_TYPES if kind.matches is not None
)
"""The tables of matches, in the order in which they are made: a device's match names its person and its place."""

LED_TYPE_NAMES: Final[tuple[str, ...]] = tuple(
    kind.name.value for kind in OBJECT_TYPES if kind.is_led
)

COMPUTER_USER: Final = "computer_user"
"""The external type of a person whom only computers name: no JAMF record, so none that could vanish."""

_BY_NAME: Final = {kind.name.value: kind for kind in APPLIED_OBJECT_TYPES}


def object_type_named(name: str) -> ObjectType:
    """The type of that name; `mapping` is one.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def plural_of(name: str) -> str:
    """What people call several objects of a type.

    Raises:
        KeyError: there is no such type.
    """
    return _BY_NAME[name].plural


def planned_from(name: CollectionName) -> tuple[str, ...]:
    """The types of object that a collection is needed for, in order."""
    return tuple(kind.name.value for kind in OBJECT_TYPES if name in kind.needs)
