"""The allow-list: the only fields of JAMF's answers that are held, under JAMF's names.

Generated from moss_jamf_pipeline/catalogue/fields.csv by `make generate`; edit it there.

A key that is not written here is dropped while the answer is parsed, so a field is stored only if it is a line of the
catalogue. Local accounts, recovery keys, last-logged-in users, IP addresses and extension attributes are left out on
purpose.

These are `TypedDict`s and not models: pydantic turns a page's bytes into them almost twice as fast, and a plain dict is
what gets written as JSON. JAMF returns null for any scalar, leaves out keys that its version does not know, and writes
some ids as integers; hence every field accepts null, has the default null, and takes numbers as text.
"""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

Text = Annotated[str | None, Field(default=None)]
Flag = Annotated[bool | None, Field(default=None)]

LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


@with_config(LENIENT)
class UserAndLocation(TypedDict):
    """The part `userAndLocation`."""

    room: Text
    username: Text
    realname: Text
    email: Text
    phone: Text
    position: Text
    buildingId: Text
    departmentId: Text


@with_config(LENIENT)
class RemoteManagement(TypedDict):
    """The part `remoteManagement`."""

    managed: Flag


@with_config(LENIENT)
class Site(TypedDict):
    """The part `site`."""

    id: Text
    name: Text


@with_config(LENIENT)
class General(TypedDict):
    """The part `general`."""

    managementId: Text
    name: Text
    barcode1: Text
    barcode2: Text
    assetTag: Text
    remoteManagement: Annotated[RemoteManagement | None, Field(default=None)]
    lastEnrolledDate: Text
    initialEntryDate: Text
    appleEnrollmentType: Text
    platform: Text
    supervised: Flag
    site: Annotated[Site | None, Field(default=None)]
    lastContact: Text
    lastCheckIn: Text
    lastContactTime: Text
    reportDate: Text


@with_config(LENIENT)
class Hardware(TypedDict):
    """The part `hardware`."""

    serialNumber: Text
    model: Text
    modelIdentifier: Text
    processorType: Text
    make: Text
    appleSilicon: Flag
    batteryCapacityPercent: Text
    networkAdapterType: Text
    macAddress: Text
    altNetworkAdapterType: Text
    altMacAddress: Text


@with_config(LENIENT)
class OperatingSystem(TypedDict):
    """The part `operatingSystem`."""

    name: Text
    version: Text
    build: Text


@with_config(LENIENT)
class GroupMembership(TypedDict):
    """An item of the list `groupMemberships`."""

    groupId: Text
    smartGroup: Flag


@with_config(LENIENT)
class Computer(TypedDict):
    """A record of JAMF's computers."""

    id: Text
    userAndLocation: Annotated[UserAndLocation | None, Field(default=None)]
    udid: Text
    general: Annotated[General | None, Field(default=None)]
    hardware: Annotated[Hardware | None, Field(default=None)]
    operatingSystem: Annotated[OperatingSystem | None, Field(default=None)]
    groupMemberships: Annotated[list[GroupMembership] | None, Field(default=None)]


@with_config(LENIENT)
class User(TypedDict):
    """A record of JAMF's users."""

    id: Text
    username: Text
    realname: Text
    email: Text
    phone: Text
    position: Text


@with_config(LENIENT)
class Group(TypedDict):
    """A record of JAMF's groups."""

    id: Text
    name: Text
    smartGroup: Flag
    description: Text


@with_config(LENIENT)
class Building(TypedDict):
    """A record of JAMF's buildings."""

    id: Text
    name: Text
    streetAddress1: Text
    streetAddress2: Text
    city: Text
    stateProvince: Text
    zipPostalCode: Text
    country: Text


@with_config(LENIENT)
class Department(TypedDict):
    """A record of JAMF's departments."""

    id: Text
    name: Text


@with_config(LENIENT)
class MobileDeviceUserAndLocation(TypedDict):
    """The part `userAndLocation`."""

    room: Text
    username: Text
    realName: Text
    emailAddress: Text
    phoneNumber: Text
    position: Text
    buildingId: Text
    departmentId: Text


@with_config(LENIENT)
class MobileDeviceGeneral(TypedDict):
    """The part `general`."""

    udid: Text
    managementId: Text
    displayName: Text
    osVersion: Text
    osBuild: Text
    assetTag: Text
    managed: Flag
    lastEnrolledDate: Text
    deviceOwnershipType: Text
    supervised: Flag
    sharedIpad: Flag
    siteId: Text
    lastContactDate: Text
    lastInventoryUpdateDate: Text


@with_config(LENIENT)
class MobileDeviceHardware(TypedDict):
    """The part `hardware`."""

    serialNumber: Text
    model: Text
    modelIdentifier: Text
    wifiMacAddress: Text
    bluetoothMacAddress: Text


@with_config(LENIENT)
class Network(TypedDict):
    """The part `network`."""

    imei: Text
    phoneNumber: Text


@with_config(LENIENT)
class MobileDevice(TypedDict):
    """A record of JAMF's mobile devices."""

    mobileDeviceId: Text
    userAndLocation: Annotated[MobileDeviceUserAndLocation | None, Field(default=None)]
    general: Annotated[MobileDeviceGeneral | None, Field(default=None)]
    hardware: Annotated[MobileDeviceHardware | None, Field(default=None)]
    deviceType: Text
    network: Annotated[Network | None, Field(default=None)]
