"""The state of a simulated JAMF Pro server: its records, and every way to change them.

`generation` fills a fleet from a seed, `evolution` changes it the way real life does between two syncs, and tests
add exact cases with `add_computer` and its siblings. What the records look like over HTTP is not decided here.
"""

import copy
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Self, TypeVar

from moss_jamf_pipeline.simulator.catalogue import MODELS_BY_NAME, SITES, MacModel, seeded_random
from moss_jamf_pipeline.simulator.plain_records import plain_computer
from moss_jamf_pipeline.simulator.records import (
    Building,
    Computer,
    Department,
    Group,
    MobileDevice,
    Record,
    Revision,
    Site,
    User,
)

R = TypeVar("R", bound=Record)

DEFAULT_NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
"""The fleet's present when none is given; fixed, so that one seed is one fleet."""

COMPUTER_PATHS: dict[str, str] = {
    "general.name": "name",
    "general.assetTag": "asset_tag",
    "general.barcode1": "barcode_1",
    "general.barcode2": "barcode_2",
    "general.managementId": "management_id",
    "general.supervised": "supervised",
    "general.enrolledViaAutomatedDeviceEnrollment": "automated_enrollment",
    "general.appleEnrollmentType": "apple_enrollment_type",
    "general.reportDate": "report_date",
    "general.lastCheckIn": "last_check_in",
    "general.lastContact": "last_contact",
    "general.lastEnrolledDate": "last_enrolled_date",
    "hardware.serialNumber": "serial_number",
    "hardware.macAddress": "mac_address",
    "hardware.networkAdapterType": "network_adapter_type",
    "hardware.altMacAddress": "alt_mac_address",
    "hardware.altNetworkAdapterType": "alt_network_adapter_type",
    "operatingSystem.version": "operating_system_version",
    "operatingSystem.build": "operating_system_build",
    "userAndLocation.username": "username",
    "userAndLocation.realname": "realname",
    "userAndLocation.email": "email",
    "userAndLocation.position": "position",
    "userAndLocation.phone": "phone",
    "userAndLocation.departmentId": "department_id",
    "userAndLocation.buildingId": "building_id",
    "userAndLocation.room": "room",
    "diskEncryption.fileVault2Enabled": "file_vault_enabled",
}
"""Which attribute of `Computer` holds the value at a path of the v4 inventory record."""

MOBILE_DEVICE_PATHS: dict[str, str] = {
    "general.displayName": "name",
    "general.udid": "udid",
    "general.managementId": "management_id",
    "general.assetTag": "asset_tag",
    "general.siteId": "site_id",
    "general.osVersion": "os_version",
    "general.osBuild": "os_build",
    "general.managed": "managed",
    "general.supervised": "supervised",
    "general.sharedIpad": "shared",
    "general.deviceOwnershipType": "ownership_type",
    "hardware.serialNumber": "serial_number",
    "hardware.model": "model",
    "hardware.modelIdentifier": "model_identifier",
    "hardware.wifiMacAddress": "wifi_mac_address",
    "hardware.bluetoothMacAddress": "bluetooth_mac_address",
    "network.imei": "imei",
    "network.phoneNumber": "sim_phone_number",
    "userAndLocation.username": "username",
    "userAndLocation.realName": "realname",
    "userAndLocation.emailAddress": "email",
    "userAndLocation.position": "position",
    "userAndLocation.phoneNumber": "phone",
    "userAndLocation.departmentId": "department_id",
    "userAndLocation.buildingId": "building_id",
    "userAndLocation.room": "room",
}
"""Which attribute of `MobileDevice` holds the value at a path of a record of `/v2/mobile-devices/detail`."""

_INSTANT_ATTRIBUTES = {"report_date", "last_check_in", "last_contact", "last_enrolled_date"}


class UnknownRecordError(LookupError):
    """A record that the fleet does not hold was named."""


class Fleet:
    """The records of one simulated JAMF Pro server, kept in memory.

    The dictionaries are keyed by record id (a string, as the Pro API has it) and are meant to be read; records are
    added and removed with the methods, and edited by assigning their attributes.

    Attributes:
        seed: what the fleet was generated from; `evolve` derives its choices from it.
        generation: how many times the fleet has evolved.
        now: the fleet's present. Contact times lie before it.
        oddities: for each kind of oddity that generation planted, the ids of its records.
        further_attributes: how many extension attributes each of the sections GENERAL, HARDWARE and OPERATING_SYSTEM
            has besides the usual ones.
        lock: held while the fleet changes and while an answer is put together from several records.
    """

    def __init__(self, *, seed: int = 0, now: datetime = DEFAULT_NOW) -> None:
        self.seed = seed
        self.generation = 0
        self.now = now
        self.computers: dict[str, Computer] = {}
        self.mobile_devices: dict[str, MobileDevice] = {}
        self.users: dict[str, User] = {}
        self.buildings: dict[str, Building] = {}
        self.departments: dict[str, Department] = {}
        self.sites: dict[str, Site] = {}
        self.groups: dict[str, Group] = {}
        self.oddities: dict[str, list[str]] = {}
        self.further_attributes = 0
        self.lock = threading.RLock()
        self._revision = Revision()
        self._last_ids: dict[str, int] = {}
        self._smart_groups: dict[str, dict[object, list[str]]] = {}
        self._members: tuple[int, dict[str, list[str]]] | None = None
        self._usernames: tuple[int, dict[str, list[str]]] | None = None

    @property
    def revision(self) -> int:
        """A number that grows with every change of any record."""
        return self._revision.number

    @property
    def now_milliseconds(self) -> int:
        """The fleet's present as UTC milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)

    # Adding -----------------------------------------------------------------------------------------------

    def add_computer(self, document: Mapping[str, object] | None = None) -> Computer:
        """Adds a computer from a partial inventory record.

        Args:
            document: any part of a v4 inventory record, e.g. `{"id": "12345", "general": {"name": "MBA-JSMITH-001"},
                "hardware": {"serialNumber": "C02AB123CD"}}`. What is left out is plausible and derived from the id:
                a managed MacBook without user, location or groups. `hardware.model` may be any text.

        Returns:
            The computer, already served.

        Raises:
            ValueError: the id is taken, or is no whole number.
        """
        document = document or {}
        with self.lock:
            identifier = self._take_id("computer", document.get("id"), self.computers)
            computer = plain_computer(
                identifier, seeded_random(self.seed, "computer", identifier), self.now_milliseconds
            )
            self.store_computer(computer)
            self.update_computer(identifier, document)
            return computer

    def store_computer(self, computer: Computer) -> None:
        """Puts a computer that was made elsewhere into the fleet under its id."""
        self._store("computer", computer, computer.id, self.computers)

    def update_computer(self, computer_id: str, document: Mapping[str, object]) -> Computer:
        """Merges part of a v4 inventory record into a computer.

        Args:
            computer_id: its id.
            document: the values to set; a key that is left out stays as it is. A value of a kind that JAMF never
                sends (a number as serial) is served as given.

        Returns:
            The computer.

        Raises:
            UnknownRecordError: there is no such computer.
        """
        with self.lock:
            computer = _found(self.computers, computer_id, "computer")
            overrides = copy.deepcopy(computer.overrides)
            for section, value in document.items():
                if section == "udid":
                    computer.udid = _text_or_none(value)
                elif section == "groupMemberships" and isinstance(value, list):
                    computer.assigned_group_ids = tuple(str(entry["groupId"]) for entry in value)
                elif isinstance(value, Mapping):
                    _merge_section(computer, overrides, section, value)
                elif section != "id":
                    overrides[section] = value
            computer.overrides = overrides
            return computer

    def add_mobile_device(self, document: Mapping[str, object] | None = None) -> MobileDevice:
        """Adds a mobile device from a part of a record of `/v2/mobile-devices/detail`.

        Args:
            document: any part, e.g. `{"mobileDeviceId": "7", "deviceType": "tvOS"}`. What is left out derives from
                the id: a supervised iPhone of the institution, without user or location.

        Returns:
            The device, already served.

        Raises:
            ValueError: the id is taken, or is no whole number.
        """
        document = document or {}
        with self.lock:
            identifier = self._take_id(
                "mobile device", document.get("mobileDeviceId"), self.mobile_devices
            )
            digits = f"{int(identifier):010d}"
            device = MobileDevice(
                id=identifier,
                name=f"IPHONE-{identifier}",
                udid=f"00008120-{int(identifier):016X}",
                management_id=str(uuid.UUID(int=int(identifier) + (1 << 120))),
                serial_number=f"MOB{digits}",
                last_contact=self.now_milliseconds,
                last_inventory_update=self.now_milliseconds,
                last_enrolled_date=self.now_milliseconds - 86_400_000,
            )
            self.store_mobile_device(device)
            return self.update_mobile_device(identifier, document)

    def store_mobile_device(self, device: MobileDevice) -> None:
        """Puts a mobile device that was made elsewhere into the fleet under its id."""
        self._store("mobile device", device, device.id, self.mobile_devices)

    def update_mobile_device(self, device_id: str, document: Mapping[str, object]) -> MobileDevice:
        """Merges part of a record into a mobile device, as `update_computer` does. Raises UnknownRecordError."""
        with self.lock:
            device = _found(self.mobile_devices, device_id, "mobile device")
            overrides = copy.deepcopy(device.overrides)
            for section, values in document.items():
                if section == "deviceType":
                    device.device_type = str(values)
                elif isinstance(values, Mapping):
                    kept = dict(values)
                    for key, value in values.items():
                        attribute = MOBILE_DEVICE_PATHS.get(f"{section}.{key}")
                        if attribute is not None and isinstance(value, str | bool | None):
                            setattr(device, attribute, kept.pop(key))
                    if kept:
                        merged = overrides.get(section)
                        overrides[section] = (
                            {**merged, **kept} if isinstance(merged, dict) else kept
                        )
                elif section != "mobileDeviceId":
                    overrides[section] = values
            device.overrides = overrides
            return device

    def remove_mobile_device(self, device_id: str) -> MobileDevice:
        """Removes a mobile device, as an administrator deletes it, and returns it. Raises UnknownRecordError."""
        return self._remove(self.mobile_devices, device_id, "mobile device")

    def store_user(self, user: User) -> None:
        """Puts a user that was made elsewhere into the fleet under its id."""
        self._store("user", user, user.id, self.users)

    def add_user(self, **values: object) -> User:
        """Adds a user record.

        Args:
            values: any of the JSON keys of `/v1/users` (`id`, `username`, `realname`, `email`, `phone`, `position`,
                `managedAppleId`); `username` defaults to `user<id>`.

        Returns:
            The user, already served.

        Raises:
            ValueError: the id is taken, or is no whole number.
        """
        with self.lock:
            identifier = self._take_id("user", values.get("id"), self.users)
            phone, position = values.get("phone"), values.get("position")
            user = User(
                id=identifier,
                username=str(values.get("username", f"user{identifier}")),
                realname=str(values.get("realname", "")),
                email=str(values.get("email", "")),
                phone=_text_or_none(phone),
                position=_text_or_none(position),
                managed_apple_id=str(values.get("managedAppleId", "")),
            )
            self.store_user(user)
            return user

    def store_building(self, building: Building) -> None:
        """Puts a building that was made elsewhere into the fleet under its id."""
        self._store("building", building, building.id, self.buildings)

    def store_department(self, department: Department) -> None:
        """Puts a department that was made elsewhere into the fleet under its id."""
        self._store("department", department, department.id, self.departments)

    def add_building(
        self,
        name: str,
        *,
        building_id: str | None = None,
        city: str | None = None,
        country: str | None = None,
    ) -> Building:
        """Adds a building and returns it. Raises ValueError if the id is taken."""
        with self.lock:
            identifier = self._take_id("building", building_id, self.buildings)
            building = Building(id=identifier, name=name, city=city, country=country)
            self.store_building(building)
            return building

    def add_department(self, name: str, *, department_id: str | None = None) -> Department:
        """Adds a department and returns it. Raises ValueError if the id is taken."""
        with self.lock:
            identifier = self._take_id("department", department_id, self.departments)
            department = Department(id=identifier, name=name)
            self.store_department(department)
            return department

    def add_site(self, name: str) -> Site:
        """Adds a site and returns it."""
        with self.lock:
            site = Site(self._take_id("site", None, self.sites), name)
            self.sites[site.id] = site
            self._revision.number += 1
            return site

    def add_group(
        self,
        name: str,
        *,
        group_id: str | None = None,
        smart: bool = False,
        description: str = "",
        members: Iterable[str] = (),
    ) -> Group:
        """Adds a computer group whose members are assigned.

        Args:
            name: its name.
            group_id: its id; the next free one by default.
            smart: whether it is a smart group.
            description: its description.
            members: ids of the computers that belong to it.

        Returns:
            The group.

        Raises:
            ValueError: the id is taken, or is no whole number.
            UnknownRecordError: a member is no computer of this fleet.
        """
        with self.lock:
            identifier = self._take_id("group", group_id, self.groups)
            group = Group(id=identifier, name=name, is_smart=smart, description=description)
            self.store_group(group)
            for computer_id in members:
                self.assign_to_group(computer_id, identifier)
            return group

    def store_group(self, group: Group) -> None:
        """Puts a group that was made elsewhere into the fleet under its id."""
        if not group.platform_id:
            group.platform_id = str(
                uuid.UUID(int=seeded_random("group", group.id).getrandbits(128))
            )
        self._store("group", group, group.id, self.groups)
        if group.criterion is not None:
            by_value = self._smart_groups.setdefault(group.criterion.trait, {})
            by_value.setdefault(group.criterion.trait_value, []).append(group.id)
        self._forget_rendered_memberships()

    # Changing and removing --------------------------------------------------------------------------------

    def assign_to_group(self, computer_id: str, group_id: str) -> None:
        """Makes a computer a member of a group. Raises UnknownRecordError if either is unknown."""
        with self.lock:
            computer = _found(self.computers, computer_id, "computer")
            _found(self.groups, group_id, "group")
            if group_id not in computer.assigned_group_ids:
                computer.assigned_group_ids = (*computer.assigned_group_ids, group_id)

    def remove_from_group(self, computer_id: str, group_id: str) -> None:
        """Ends an assigned membership. Raises UnknownRecordError if the computer is unknown."""
        with self.lock:
            computer = _found(self.computers, computer_id, "computer")
            computer.assigned_group_ids = tuple(
                assigned for assigned in computer.assigned_group_ids if assigned != group_id
            )

    def rename_group(self, group_id: str, name: str) -> None:
        """Renames a group, also in the memberships of its members. Raises UnknownRecordError."""
        with self.lock:
            _found(self.groups, group_id, "group").name = name
            self._forget_rendered_memberships()

    def remove_computer(self, computer_id: str) -> Computer:
        """Removes a computer, as an administrator deletes it, and returns it. Raises UnknownRecordError."""
        return self._remove(self.computers, computer_id, "computer")

    def remove_user(self, user_id: str) -> User:
        """Removes a user record; computers keep naming the user. Raises UnknownRecordError."""
        return self._remove(self.users, user_id, "user")

    def remove_building(self, building_id: str) -> Building:
        """Removes a building; computers keep its id. Raises UnknownRecordError."""
        return self._remove(self.buildings, building_id, "building")

    def remove_department(self, department_id: str) -> Department:
        """Removes a department; computers keep its id. Raises UnknownRecordError."""
        return self._remove(self.departments, department_id, "department")

    def remove_group(self, group_id: str) -> Group:
        """Removes a group; it vanishes from every membership at once. Raises UnknownRecordError."""
        with self.lock:
            group = self._remove(self.groups, group_id, "group")
            for by_value in self._smart_groups.values():
                for group_ids in by_value.values():
                    if group_id in group_ids:
                        group_ids.remove(group_id)
            self._forget_rendered_memberships()
            return group

    # Questions --------------------------------------------------------------------------------------------

    def computer(self, computer_id: str) -> Computer:
        """The computer with this id. Raises UnknownRecordError if there is none."""
        return _found(self.computers, computer_id, "computer")

    def group_ids_of(self, computer: Computer) -> list[str]:
        """The groups a computer belongs to: computed smart groups first, then assigned ones."""
        group_ids: list[str] = []
        for trait, value in self.traits_of(computer):
            group_ids += self._smart_groups.get(trait, {}).get(value, ())
        group_ids += [
            identifier for identifier in computer.assigned_group_ids if identifier in self.groups
        ]
        return group_ids

    @staticmethod
    def traits_of(computer: Computer) -> Iterator[tuple[str, object]]:
        """What smart groups look at: pairs of a trait's name and this computer's value."""
        version = computer.operating_system_version or ""
        yield "managed", computer.managed
        yield "family", computer.model.family
        yield "apple_silicon", computer.model.apple_silicon
        yield "major_version", version.partition(".")[0]
        yield "version", version
        yield "file_vault_enabled", computer.file_vault_enabled
        yield "building_id", computer.building_id
        yield "department_id", computer.department_id
        yield "assigned", computer.username is not None

    def members_of(self, group_id: str) -> list[str]:
        """The ids of a group's members, in the order of their enrolment."""
        return self._membership().get(group_id, [])

    def computers_of(self, username: str) -> list[str]:
        """The ids of the computers whose location names exactly this user."""
        with self.lock:
            if self._usernames is None or self._usernames[0] != self.revision:
                by_username: dict[str, list[str]] = {}
                for computer in self.computers.values():
                    if computer.username is not None:
                        by_username.setdefault(computer.username, []).append(computer.id)
                self._usernames = (self.revision, by_username)
            return self._usernames[1].get(username, [])

    def snapshot(self) -> Self:
        """A copy of the fleet as it is now, which later changes leave alone."""
        with self.lock:
            twin = type(self)(seed=self.seed, now=self.now)
            twin.generation = self.generation
            twin.oddities = copy.deepcopy(self.oddities)
            twin.further_attributes = self.further_attributes
            for computer in self.computers.values():
                twin.store_computer(copy.copy(computer))
            for device in self.mobile_devices.values():
                twin.store_mobile_device(copy.copy(device))
            for user in self.users.values():
                twin.store_user(copy.copy(user))
            for building in self.buildings.values():
                twin.store_building(copy.copy(building))
            for department in self.departments.values():
                twin.store_department(copy.copy(department))
            twin.sites.update(self.sites)
            for group in self.groups.values():
                twin.store_group(copy.copy(group))
            return twin

    def add_default_sites(self) -> None:
        """Adds the sites of a generated fleet."""
        for name in SITES:
            self.add_site(name)

    def next_id(self, kind: str) -> str:
        """Takes the next free id of a kind of record (`computer`, `user`, `group`, ...)."""
        self._last_ids[kind] = self._last_ids.get(kind, 0) + 1
        return str(self._last_ids[kind])

    # Bookkeeping ------------------------------------------------------------------------------------------

    def _membership(self) -> dict[str, list[str]]:
        with self.lock:
            if self._members is None or self._members[0] != self.revision:
                members: dict[str, list[str]] = {}
                for computer in self.computers.values():
                    for group_id in self.group_ids_of(computer):
                        members.setdefault(group_id, []).append(computer.id)
                self._members = (self.revision, members)
            return self._members[1]

    def _take_id(self, kind: str, wanted: object, taken: Mapping[str, object]) -> str:
        if wanted is None:
            return self.next_id(kind)
        identifier = str(wanted)
        if not identifier.isdecimal():
            raise ValueError(f"{identifier!r} is no id of a {kind}: JAMF's ids are whole numbers.")
        if identifier in taken:
            raise ValueError(
                f"The simulated fleet already has a {kind} with id {identifier}; choose another."
            )
        return identifier

    def _store(self, kind: str, record: R, identifier: str, records: dict[str, R]) -> None:
        with self.lock:
            records[identifier] = record
            self._last_ids[kind] = max(self._last_ids.get(kind, 0), int(identifier))
            record.revision = self._revision

    def _remove(self, records: dict[str, R], identifier: str, kind: str) -> R:
        with self.lock:
            record = _found(records, identifier, kind)
            del records[identifier]
            self._revision.number += 1
            record.revision = None
            return record

    def _forget_rendered_memberships(self) -> None:
        for computer in self.computers.values():
            computer.rendered = {}


def _found(records: Mapping[str, R], identifier: str, kind: str) -> R:
    record = records.get(identifier)
    if record is None:
        raise UnknownRecordError(f"The simulated fleet has no {kind} with id {identifier}.")
    return record


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _merge_section(
    computer: Computer, overrides: dict[str, object], section: str, values: Mapping[str, object]
) -> None:
    """Puts each value of a section where it belongs: an attribute if it fits one, else an override."""
    for key, value in values.items():
        path = f"{section}.{key}"
        if path == "hardware.model" and isinstance(value, str):
            computer.model = _model_named(value)
        elif path == "general.remoteManagement" and isinstance(value, Mapping):
            computer.managed = bool(value.get("managed", True))
        elif path == "general.site" and isinstance(value, Mapping):
            computer.site_id = str(value.get("id"))
        else:
            override = overrides.setdefault(section, {})
            if not isinstance(override, dict):
                raise TypeError(
                    f"Section {section} of computer {computer.id} was replaced by a value before."
                )
            if _assign(computer, path, value):
                override.pop(key, None)
            else:
                override[key] = value


def _assign(computer: Computer, path: str, value: object) -> bool:
    attribute = COMPUTER_PATHS.get(path)
    if attribute is None:
        return False
    if attribute in _INSTANT_ATTRIBUTES and value is not None:
        instant = _milliseconds(value)
        if instant is None:
            return False
        setattr(computer, attribute, instant)
        return True
    if value is not None and not isinstance(value, str | bool):
        return False
    setattr(computer, attribute, value)
    return True


def _milliseconds(value: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(value)).timestamp() * 1000)
    except ValueError:
        return None


def _model_named(name: str) -> MacModel:
    known = MODELS_BY_NAME.get(name)
    if known is not None:
        return known
    family = next(
        (
            family
            for family in (
                "MacBook Air",
                "MacBook Pro",
                "iMac",
                "Mac mini",
                "Mac Studio",
                "Mac Pro",
            )
            if family.lower() in name.lower()
        ),
        name,
    )
    return MacModel(name, "Mac99,1", family, "Apple M4", 10, (16384,))
