"""One computer as JAMF has it at this moment: shown to people, and kept by nobody.

Other sections are asked for than a sync reads, and other fields are taken from them: how a Mac is, not which it is. As
of everything that JAMF sends, what is not named here is dropped while the answer is parsed: local accounts, recovery
keys, who is signed in, addresses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from moss_jamf_pipeline.jamf.allow_list import LENIENT, Flag, Text
from moss_jamf_pipeline.jamf.documents import (
    PERSONAL_ENROLLMENT,
    BodyShapeError,
    describe_type_errors,
    parse_leniently,
)
from moss_jamf_pipeline.scrubbing import repeats_a_secret

_MOST_ITEMS: Final = 20_000
"""Of one list in one computer's record; a Mac has a few hundred applications."""

Number = Annotated[float | None, Field(default=None, allow_inf_nan=False)]


class Section(StrEnum):
    """A section of the inventory, as the parameter `section` names it."""

    GENERAL = "GENERAL"
    HARDWARE = "HARDWARE"
    OPERATING_SYSTEM = "OPERATING_SYSTEM"
    STORAGE = "STORAGE"
    SECURITY = "SECURITY"
    DISK_ENCRYPTION = "DISK_ENCRYPTION"
    CONFIGURATION_PROFILES = "CONFIGURATION_PROFILES"
    APPLICATIONS = "APPLICATIONS"
    GROUP_MEMBERSHIPS = "GROUP_MEMBERSHIPS"

    @property
    def key(self) -> str:
        """What the record calls it: `diskEncryption`."""
        first, *others = self.value.lower().split("_")
        return first + "".join(word.capitalize() for word in others)


@with_config(LENIENT)
class Management(TypedDict):
    """The part `general.remoteManagement`."""

    managed: Flag


@with_config(LENIENT)
class EnrollmentMethod(TypedDict):
    """The part `general.enrollmentMethod`."""

    objectName: Text
    objectType: Text


@with_config(LENIENT)
class GeneralNow(TypedDict):
    """The section `general`."""

    name: Text
    remoteManagement: Annotated[Management | None, Field(default=None)]
    supervised: Flag
    userApprovedMdm: Flag
    enrolledViaAutomatedDeviceEnrollment: Flag
    enrollmentMethod: Annotated[EnrollmentMethod | None, Field(default=None)]
    appleEnrollmentType: Text
    lastEnrolledDate: Text
    mdmProfileExpiration: Text
    reportDate: Text
    lastCheckIn: Text
    lastContact: Text
    lastContactTime: Text


@with_config(LENIENT)
class HardwareNow(TypedDict):
    """The section `hardware`."""

    model: Text
    serialNumber: Text
    batteryCapacityPercent: Number
    batteryHealth: Text


@with_config(LENIENT)
class OperatingSystemNow(TypedDict):
    """The section `operatingSystem`."""

    name: Text
    version: Text
    build: Text
    fileVault2Status: Text


@with_config(LENIENT)
class Partition(TypedDict):
    """An item of `storage.disks[].partitions`."""

    sizeMegabytes: Number
    availableMegabytes: Number
    partitionType: Text


@with_config(LENIENT)
class Disk(TypedDict):
    """An item of `storage.disks`."""

    sizeMegabytes: Number
    partitions: Annotated[list[Partition] | None, Field(default=None, max_length=_MOST_ITEMS)]


@with_config(LENIENT)
class StorageNow(TypedDict):
    """The section `storage`."""

    bootDriveAvailableSpaceMegabytes: Number
    disks: Annotated[list[Disk] | None, Field(default=None, max_length=_MOST_ITEMS)]


@with_config(LENIENT)
class SecurityNow(TypedDict):
    """The section `security`."""

    sipStatus: Text
    gatekeeperStatus: Text
    xprotectVersion: Text
    firewallEnabled: Flag


@with_config(LENIENT)
class BootPartition(TypedDict):
    """The part `diskEncryption.bootPartitionEncryptionDetails`."""

    partitionFileVault2State: Text
    partitionFileVault2Percent: Number


@with_config(LENIENT)
class DiskEncryptionNow(TypedDict):
    """The section `diskEncryption`, without keys and users."""

    bootPartitionEncryptionDetails: Annotated[BootPartition | None, Field(default=None)]
    fileVault2Enabled: Flag


@with_config(LENIENT)
class ProfileNow(TypedDict):
    """An item of the section `configurationProfiles`."""

    displayName: Text
    profileIdentifier: Text
    lastInstalled: Text
    removable: Flag


@with_config(LENIENT)
class ApplicationNow(TypedDict):
    """An item of the section `applications`."""

    name: Text
    version: Text
    bundleId: Text
    macAppStore: Flag
    updateAvailable: Flag


@with_config(LENIENT)
class MembershipNow(TypedDict):
    """An item of the section `groupMemberships`."""

    groupId: Text
    groupName: Text
    smartGroup: Flag


_Profiles = Annotated[list[ProfileNow], Field(max_length=_MOST_ITEMS)]
_Applications = Annotated[list[ApplicationNow], Field(max_length=_MOST_ITEMS)]
_Memberships = Annotated[list[MembershipNow], Field(max_length=_MOST_ITEMS)]

_ADAPTERS: Final[Mapping[Section, TypeAdapter[Any]]] = {
    Section.GENERAL: TypeAdapter(GeneralNow),
    Section.HARDWARE: TypeAdapter(HardwareNow),
    Section.OPERATING_SYSTEM: TypeAdapter(OperatingSystemNow),
    Section.STORAGE: TypeAdapter(StorageNow),
    Section.SECURITY: TypeAdapter(SecurityNow),
    Section.DISK_ENCRYPTION: TypeAdapter(DiskEncryptionNow),
    Section.CONFIGURATION_PROFILES: TypeAdapter(_Profiles),
    Section.APPLICATIONS: TypeAdapter(_Applications),
    Section.GROUP_MEMBERSHIPS: TypeAdapter(_Memberships),
}


@dataclass(frozen=True, slots=True)
class ComputerNow:
    """A computer's record as it was answered.

    Attributes:
        is_personal: it is personally owned; nothing else of it is here then.
        sections: what was asked for and came, by section.
        lacking: what was asked for and did not come or cannot be used, and why, as a sentence.
    """

    is_personal: bool
    sections: Mapping[Section, Any]
    lacking: Mapping[Section, str]

    def as_may_be_shown(self) -> "ComputerNow":
        """The same without what nobody may see: of a personally-owned Mac everything, and of one that may be one."""
        general = self.sections.get(Section.GENERAL)
        if general is None:
            unknown = "It is not known whether this computer is personally owned."
            return ComputerNow(
                is_personal=False,
                sections={},
                lacking=dict.fromkeys(self.sections, unknown) | dict(self.lacking),
            )
        return PERSONAL if is_personal(general["appleEnrollmentType"]) else self

    def joined(self, others: "Iterable[ComputerNow]") -> "ComputerNow":
        """This and further sections of the same computer, each asked for by itself."""
        sections, lacking = dict(self.sections), dict(self.lacking)
        for other in others:
            sections |= other.sections
            lacking |= other.lacking
        return ComputerNow(self.is_personal, sections, lacking)


PERSONAL: Final = ComputerNow(is_personal=True, sections={}, lacking={})


def read_sections(body: bytes, wanted: Iterable[Section]) -> ComputerNow:
    """Reads the answer to a request for one computer. One section that cannot be used does not cost the others.

    What of it may be shown is for the caller to ask (`ComputerNow.as_may_be_shown`).

    Args:
        body: the answer.
        wanted: the sections that were asked for.

    Raises:
        BodyNotJsonError: the body is no JSON.
        BodyShapeError: it is JSON, and no record.
    """
    record = parse_leniently(body)
    if not isinstance(record, dict) or "id" not in record:
        raise BodyShapeError('expected an object with an "id"')
    if repeats_a_secret(body):
        raise BodyShapeError("one of its values holds a password or a token that this sync uses")
    sections: dict[Section, Any] = {}
    lacking: dict[Section, str] = {}
    for section in wanted:
        given = record.get(section.key)
        if given is None:
            lacking[section] = f"JAMF Pro did not send the section {section}."
            continue
        try:
            sections[section] = _ADAPTERS[section].validate_python(given)
        except ValidationError as error:
            found = describe_type_errors(error)
            lacking[section] = f"JAMF Pro sent a section {section} that cannot be read: {found}."
    return ComputerNow(is_personal=False, sections=sections, lacking=lacking)


def is_personal(enrollment_type: str | None) -> bool:
    """Whether a Mac of this `appleEnrollmentType` is personally owned."""
    return (enrollment_type or "").casefold() == PERSONAL_ENROLLMENT
