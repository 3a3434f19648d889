"""The records a JAMF Pro server keeps: computers, mobile devices, users, buildings, departments, sites, groups.

Records are plain mutable objects; assigning an attribute makes the server's cached answers about that record
stale at once, so a test may write `fleet.computers["12345"].name = "New name"` and read it back over HTTP.
How a record looks in JSON or XML is the business of `sections`, `rendering`, `pro_api` and `classic_api`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from moss_jamf_pipeline.simulator.catalogue import MODELS, NO_SITE_ID, MacModel

Document = Mapping[str, object]
"""A JSON object."""


@dataclass(slots=True)
class Revision:
    """Counts the changes of a fleet, so that cached orderings and counts know when they are stale."""

    number: int = 0


class Record:
    """A record whose cached renderings are dropped when an attribute is assigned.

    Attributes:
        rendered: the record's JSON by section and answer version, filled by `rendering`.
        revision: the fleet's counter, or None while the record belongs to no fleet.
    """

    __slots__ = ("rendered", "revision")

    rendered: dict[str, bytes]
    revision: Revision | None

    def __new__(cls, *_: object, **__: object) -> Self:
        """Starts with no cached renderings and outside any fleet."""
        record = object.__new__(cls)
        object.__setattr__(record, "rendered", {})
        object.__setattr__(record, "revision", None)
        return record

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        # The value first, then a fresh cache: a reader in another thread that took the old cache before this
        # line may store an old rendering, but only in the cache that nobody looks at any more.
        object.__setattr__(self, "rendered", {})
        if self.revision is not None:
            self.revision.number += 1


@dataclass(slots=True, eq=False)
class Computer(Record):
    """One computer record. Instants are UTC milliseconds since 1970; None is "unset" everywhere.

    Attributes:
        salt: a number of its own, from which values nobody stores (RAM size, battery, applications) derive.
        model: the model; the name and identifier JAMF shows come from it.
        assigned_group_ids: groups it belongs to by assignment: static groups, and smart groups without a criterion.
        overrides: JSON values in JAMF's v4 shape that replace what would be rendered, by section key. The way
            for a test to say anything the attributes cannot (a number where a text belongs, a missing key).
        attribute_values: the values of extension attributes, by definition id, where they are other than what derives
            from its salt.
        apple_enrollment_type: what 11.32 shows as `general.appleEnrollmentType`; `user` is personally owned.
    """

    id: str
    name: str | None
    udid: str | None = None
    management_id: str | None = None
    serial_number: str | None = None
    asset_tag: str | None = None
    barcode_1: str | None = None
    barcode_2: str | None = None
    managed: bool = True
    supervised: bool = True
    automated_enrollment: bool = True
    apple_enrollment_type: str = "supervised"
    file_vault_enabled: bool = True
    model: MacModel = MODELS[0]
    operating_system_version: str | None = None
    operating_system_build: str | None = None
    mac_address: str | None = None
    network_adapter_type: str | None = None
    alt_mac_address: str | None = None
    alt_network_adapter_type: str | None = None
    username: str | None = None
    realname: str | None = None
    email: str | None = None
    position: str | None = None
    phone: str | None = None
    department_id: str | None = None
    building_id: str | None = None
    room: str | None = None
    site_id: str = NO_SITE_ID
    report_date: int | None = None
    last_check_in: int | None = None
    last_contact: int | None = None
    last_enrolled_date: int | None = None
    initial_entry_date: int | None = None
    assigned_group_ids: tuple[str, ...] = ()
    overrides: dict[str, object] = field(default_factory=dict)
    attribute_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    salt: int = 0


@dataclass(slots=True, eq=False)
class MobileDevice(Record):
    """One mobile device record: iPhone, iPad, Apple TV, watch or Vision Pro. Computers have ids of their own.

    Attributes:
        device_type: `iOS` (iPads too), `tvOS`, `watchOS` or `visionOS`; a test may say anything.
        ownership_type: `general.deviceOwnershipType`.
        is_broken: whether the server stumbles over it: it fails its page, or comes without hardware if the client is
            lenient.
        overrides: JSON values that replace what would be rendered, by section key; as of `Computer`.
    """

    id: str
    name: str | None
    device_type: str = "iOS"
    model: str | None = "iPhone 15"
    model_identifier: str | None = "iPhone15,4"
    udid: str | None = None
    management_id: str | None = None
    serial_number: str | None = None
    asset_tag: str | None = None
    wifi_mac_address: str | None = None
    bluetooth_mac_address: str | None = None
    os_version: str | None = "26.1"
    os_build: str | None = "23B85"
    imei: str | None = None
    sim_phone_number: str | None = None
    managed: bool = True
    supervised: bool = True
    shared: bool = False
    ownership_type: str | None = "Institutional"
    username: str | None = None
    realname: str | None = None
    email: str | None = None
    position: str | None = None
    phone: str | None = None
    department_id: str | None = None
    building_id: str | None = None
    room: str | None = None
    site_id: str = NO_SITE_ID
    last_inventory_update: int | None = None
    last_contact: int | None = None
    last_enrolled_date: int | None = None
    is_broken: bool = False
    overrides: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class User(Record):
    """One user record. `email` and most texts are "" in JAMF when unset; phone and position may be null."""

    id: str
    username: str
    realname: str = ""
    email: str = ""
    phone: str | None = None
    position: str | None = None
    managed_apple_id: str = ""
    cost_centre: str = ""
    site_ids: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Building(Record):
    """One building."""

    id: str
    name: str
    street_address_1: str | None = None
    street_address_2: str | None = None
    city: str | None = None
    state_province: str | None = None
    zip_postal_code: str | None = None
    country: str | None = None


@dataclass(slots=True, eq=False)
class Department(Record):
    """One department."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Site:
    """One site."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SmartCriterion:
    """The one criterion of a generated smart group.

    Attributes:
        name: the inventory field as JAMF's criteria editor names it.
        search_type: `is` or `like`.
        value: what it is compared with, as JAMF shows it.
        trait: which trait of a computer it looks at (`fleet.traits_of`).
        trait_value: the value of that trait that makes a computer a member.
    """

    name: str
    search_type: str
    value: str
    trait: str
    trait_value: object


@dataclass(slots=True, eq=False)
class Group(Record):
    """One computer group. A smart group with a criterion computes its members; any other has them assigned."""

    id: str
    name: str
    is_smart: bool
    description: str = ""
    site_id: str = NO_SITE_ID
    platform_id: str = ""
    criterion: SmartCriterion | None = None
