"""The allow-list: the only fields of JAMF's answers that are held, under JAMF's names.

A key that is not written here is dropped while the answer is parsed (DESIGN §9), so adding a field
to what is stored means adding it here, and nowhere else. Local accounts, recovery keys,
last-logged-in users, IP addresses and extension attributes are left out on purpose.

These are `TypedDict`s and not models: pydantic turns a page's bytes into them almost twice as fast,
and a plain dict is what gets written as JSON. JAMF returns null for any scalar, leaves out keys
that its version does not know, and writes some ids as integers; hence every field accepts null, has
the default null, and takes numbers as text.
"""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

Text = Annotated[str | None, Field(default=None)]
Flag = Annotated[bool | None, Field(default=None)]

_LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


@with_config(_LENIENT)
class Site(TypedDict):
    """The JAMF site of a computer; `{"id": "-1", "name": "None"}` if it has none."""

    id: Text
    name: Text


@with_config(_LENIENT)
class RemoteManagement(TypedDict):
    """Whether JAMF manages a computer."""

    managed: Flag


@with_config(_LENIENT)
class General(TypedDict):
    """Section GENERAL. The last four are volatile and never enter a document (`documents`)."""

    name: Text
    assetTag: Text
    barcode1: Text
    barcode2: Text
    platform: Text
    supervised: Flag
    managementId: Text
    remoteManagement: Annotated[RemoteManagement | None, Field(default=None)]
    lastEnrolledDate: Text
    initialEntryDate: Text
    site: Annotated[Site | None, Field(default=None)]
    appleEnrollmentType: Text
    lastContact: Text
    lastCheckIn: Text
    lastContactTime: Text
    reportDate: Text


@with_config(_LENIENT)
class Hardware(TypedDict):
    """Section HARDWARE."""

    make: Text
    model: Text
    modelIdentifier: Text
    serialNumber: Text
    macAddress: Text
    altMacAddress: Text
    networkAdapterType: Text
    altNetworkAdapterType: Text
    appleSilicon: Flag


@with_config(_LENIENT)
class OperatingSystem(TypedDict):
    """Section OPERATING_SYSTEM."""

    name: Text
    version: Text
    build: Text


@with_config(_LENIENT)
class UserAndLocation(TypedDict):
    """Section USER_AND_LOCATION. Building and department are ids, possibly of deleted rows."""

    username: Text
    realname: Text
    email: Text
    phone: Text
    position: Text
    departmentId: Text
    buildingId: Text
    room: Text


@with_config(_LENIENT)
class GroupMembership(TypedDict):
    """An item of section GROUP_MEMBERSHIPS, which holds smart and static groups."""

    groupId: Text
    smartGroup: Flag


@with_config(_LENIENT)
class Computer(TypedDict):
    """A computer with the requested sections; one that is null was not delivered, not empty."""

    id: Text
    udid: Text
    general: Annotated[General | None, Field(default=None)]
    hardware: Annotated[Hardware | None, Field(default=None)]
    operatingSystem: Annotated[OperatingSystem | None, Field(default=None)]
    userAndLocation: Annotated[UserAndLocation | None, Field(default=None)]
    groupMemberships: Annotated[list[GroupMembership] | None, Field(default=None)]


@with_config(_LENIENT)
class User(TypedDict):
    """A user as `/v1/users` has it; the stored form of a Classic user too."""

    id: Text
    username: Text
    realname: Text
    email: Text
    phone: Text
    position: Text


@with_config(_LENIENT)
class ClassicUser(TypedDict):
    """A user of the Classic API: other names, integer id, `""` for nothing, e-mail twice."""

    id: Text
    name: Text
    full_name: Text
    email: Text
    email_address: Text
    phone_number: Text
    position: Text


@with_config(_LENIENT)
class ClassicUserAnswer(TypedDict):
    """The envelope around a Classic user."""

    user: ClassicUser


@with_config(_LENIENT)
class ClassicUserReference(TypedDict):
    """An item of the Classic user list."""

    id: str


@with_config(_LENIENT)
class ClassicUserList(TypedDict):
    """The Classic user list: every user of the server in one answer."""

    users: list[ClassicUserReference]


@with_config(_LENIENT)
class Group(TypedDict):
    """A computer group, smart or static."""

    id: Text
    name: Text
    description: Text
    smartGroup: Flag


@with_config(_LENIENT)
class Building(TypedDict):
    """A building with its address."""

    id: Text
    name: Text
    streetAddress1: Text
    streetAddress2: Text
    city: Text
    stateProvince: Text
    zipPostalCode: Text
    country: Text


@with_config(_LENIENT)
class Department(TypedDict):
    """A department."""

    id: Text
    name: Text
