"""What is told of a computer, and how it is read from the sections that JAMF sends. What JAMF leaves out is null."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from moss_jamf_pipeline.jamf import ComputerNow, Section
from moss_jamf_pipeline.jamf.documents import parse_moment

_TOLERATED: Final = timedelta(days=1)
_BATTERIES: Final[Mapping[str, str]] = {
    "NORMAL": "Normal",
    "SERVICE_RECOMMENDED": "Service recommended",
    "NON_GENUINE": "Not genuine",
    "UNSUPPORTED": "Not supported",
}
_FILE_VAULT: Final[Mapping[str, tuple[str, str]]] = {
    "ENCRYPTED": ("on", "Enabled"),
    "UNENCRYPTED": ("off", "Disabled"),
    "DECRYPTED": ("off", "Disabled"),
    "INELIGIBLE": ("off", "Not eligible"),
    "ENCRYPTING": ("partly", "Encrypting"),
    "ENCRYPTING_PAUSED": ("partly", "Encrypting, paused"),
    "OPTIMIZING": ("partly", "Optimizing"),
    "DECRYPTING": ("partly", "Decrypting"),
    "DECRYPTING_PAUSED": ("partly", "Decrypting, paused"),
    "RESTART_NEEDED": ("partly", "Restart needed"),
    # What section OPERATING_SYSTEM says, where the other is silent.
    "ALL_ENCRYPTED": ("on", "Enabled"),
    "BOOT_ENCRYPTED": ("on", "Enabled"),
    "SOME_ENCRYPTED": ("partly", "Some disks only"),
    "NOT_ENCRYPTED": ("off", "Disabled"),
    "NOT_APPLICABLE": ("off", "Not applicable"),
}
_GATEKEEPER: Final[Mapping[str, tuple[str, str]]] = {
    "APP_STORE_AND_IDENTIFIED_DEVELOPERS": ("on", "Enabled"),
    "APP_STORE": ("on", "Enabled, App Store only"),
    "DISABLED": ("off", "Disabled"),
}
_SIP: Final[Mapping[str, tuple[str, str]]] = {
    "ENABLED": ("on", "Enabled"),
    "DISABLED": ("off", "Disabled"),
    "NOT_AVAILABLE": ("unknown", "Not available"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """When JAMF heard of it. What lies in the future is unknown.

    Attributes:
        last_check_in_at: the last check-in of JAMF's own agent; null: not known (servers before 11.30 do not tell).
        last_contact_at: the last contact by whatever channel.
        last_inventory_at: when it last sent its inventory: everything else is as old as this.
        inventory_lag_seconds: by how much the inventory is older than the last contact.
    """

    last_check_in_at: datetime | None
    last_contact_at: datetime | None
    last_inventory_at: datetime | None
    inventory_lag_seconds: float | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How it is managed.

    Attributes:
        is_managed: whether JAMF manages it.
        enrolled_at: since when.
        method: how it was enrolled, in JAMF's words.
        profile: the enrolment profile (PreStage) by which it was.
        is_automated: whether that was Apple's automated enrolment.
        profile_expires_at: until when its MDM profile is valid.
        is_supervised: whether it is supervised.
        is_user_approved: whether its user approved the MDM profile.
    """

    is_managed: bool | None
    enrolled_at: datetime | None
    method: str | None
    profile: str | None
    is_automated: bool | None
    profile_expires_at: datetime | None
    is_supervised: bool | None
    is_user_approved: bool | None


@dataclass(frozen=True, slots=True)
class Posture:
    """One protection.

    Attributes:
        state: whether it is on.
        words: the same for people, with what else JAMF says of it.
    """

    state: Literal["on", "off", "partly", "unknown"]
    words: str


@dataclass(frozen=True, slots=True)
class Security:
    """How it is protected.

    Attributes:
        file_vault: encryption of its disk.
        gatekeeper: which programs it lets run.
        system_integrity_protection: of macOS's own files.
        firewall: whether it is on.
        xprotect_version: of Apple's list of malware.
    """

    file_vault: Posture
    gatekeeper: Posture
    system_integrity_protection: Posture
    firewall: Posture
    xprotect_version: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What it is.

    Attributes:
        model: in JAMF's words.
        serial_number: of the hardware.
        operating_system: name, version and build.
        has_battery: whether it has one.
        battery_percent: its charge at the last inventory.
        battery_health: in words.
        disk_megabytes: size of the volume it starts from.
        disk_available_megabytes: of that, what is free.
    """

    model: str | None
    serial_number: str | None
    operating_system: str | None
    has_battery: bool | None
    battery_percent: int | None
    battery_health: str | None
    disk_megabytes: int | None
    disk_available_megabytes: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A configuration profile.

    Attributes:
        name: as people see it.
        identifier: by which macOS knows it.
        installed_at: when.
        is_removable: whether the user may remove it.
    """

    name: str
    identifier: str | None
    installed_at: datetime | None
    is_removable: bool | None


@dataclass(frozen=True, slots=True)
class Application:
    """An application.

    Attributes:
        name: without `.app`.
        version: in its own words.
        bundle_id: by which macOS knows it.
        is_from_app_store: whether it came from there.
        has_update: whether JAMF knows a newer version.
    """

    name: str
    version: str | None
    bundle_id: str | None
    is_from_app_store: bool | None
    has_update: bool | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A computer group that it is in.

    Attributes:
        jamf_id: the group's.
        name: in JAMF.
        is_smart: whether JAMF decides by rules who is in it.
        group_id: the group in M.O.S.S.; null: it has none.
        href: JAMF's page of the group.
    """

    jamf_id: str
    name: str
    is_smart: bool
    group_id: UUID | None
    href: str | None


def contact_of(general: Mapping[str, Any], now: datetime | None) -> Contact:
    """When JAMF heard of a computer, by section GENERAL; `now` tells what lies in the future."""
    check_in, contact, inventory = (
        _past(general[key], now) for key in ("lastCheckIn", "lastContact", "reportDate")
    )
    latest = contact or check_in or _past(general["lastContactTime"], now)
    return contact_between(check_in, latest, inventory)


def contact_between(
    check_in: datetime | None, contact: datetime | None, inventory: datetime | None
) -> Contact:
    """The times, with the gap between the last contact and the inventory."""
    lag = (
        None
        if contact is None or inventory is None
        else max(0.0, (contact - inventory).total_seconds())
    )
    return Contact(check_in, contact, inventory, lag)


def _past(text: str | None, now: datetime | None) -> datetime | None:
    """A time of JAMF's; one of the future, of a Mac whose clock was wrong, says nothing."""
    moment = parse_moment(text)
    if moment is None or (now is not None and moment > now + _TOLERATED):
        return None
    return moment


def enrolment_of(general: Mapping[str, Any]) -> Enrolment:
    """How a computer is managed, by section GENERAL."""
    management, method = general["remoteManagement"], general["enrollmentMethod"]
    return Enrolment(
        is_managed=None if management is None else management["managed"],
        enrolled_at=parse_moment(general["lastEnrolledDate"]),
        method=None if method is None else method["objectType"],
        profile=None if method is None else method["objectName"],
        is_automated=general["enrolledViaAutomatedDeviceEnrollment"],
        profile_expires_at=parse_moment(general["mdmProfileExpiration"]),
        is_supervised=general["supervised"],
        is_user_approved=general["userApprovedMdm"],
    )


def security_of(computer: ComputerNow) -> Security | None:
    """How a computer is protected; None: JAMF sent none of the sections that say so."""
    security = computer.sections.get(Section.SECURITY)
    encryption = computer.sections.get(Section.DISK_ENCRYPTION)
    system = computer.sections.get(Section.OPERATING_SYSTEM)
    file_vault = _file_vault(encryption, system)
    if security is None and file_vault is None:
        return None
    given = security or {}
    return Security(
        file_vault or _UNKNOWN,
        _posture(_GATEKEEPER, given.get("gatekeeperStatus")),
        _posture(_SIP, given.get("sipStatus")),
        _on_or_off(given.get("firewallEnabled")),
        given.get("xprotectVersion"),
    )


_UNKNOWN: Final = Posture("unknown", "Not known")


def _file_vault(
    encryption: Mapping[str, Any] | None, system: Mapping[str, Any] | None
) -> Posture | None:
    details = (encryption or {}).get("bootPartitionEncryptionDetails") or {}
    found = _posture(_FILE_VAULT, details.get("partitionFileVault2State"))
    percent = details.get("partitionFileVault2Percent")
    if found.state == "partly" and percent is not None:
        return Posture("partly", f"{found.words} ({percent:.0f} %)")
    if found.state != "unknown":
        return found
    if encryption is not None and encryption["fileVault2Enabled"] is not None:
        return _on_or_off(encryption["fileVault2Enabled"])
    if system is not None:
        return _posture(_FILE_VAULT, system["fileVault2Status"])
    return None if encryption is None else found


def _posture(meanings: Mapping[str, tuple[str, str]], said: str | None) -> Posture:
    state, words = meanings.get((said or "").upper(), ("unknown", ""))
    if words:
        return Posture(state, words)  # type: ignore[arg-type]
    return Posture("unknown", said.replace("_", " ").capitalize()) if said else _UNKNOWN


def _on_or_off(flag: bool | None) -> Posture:
    if flag is None:
        return _UNKNOWN
    return Posture("on", "Enabled") if flag else Posture("off", "Disabled")


def machine_of(computer: ComputerNow) -> Machine | None:
    """What a computer is; None: JAMF sent none of the sections that say so."""
    hardware = computer.sections.get(Section.HARDWARE) or {}
    system = computer.sections.get(Section.OPERATING_SYSTEM) or {}
    storage = computer.sections.get(Section.STORAGE) or {}
    if not hardware and not system and not storage:
        return None
    charge = hardware.get("batteryCapacityPercent")
    has_battery = None if charge is None else charge >= 0
    health = hardware.get("batteryHealth")
    return Machine(
        model=hardware.get("model"),
        serial_number=hardware.get("serialNumber"),
        operating_system=operating_system(
            system.get("name"), system.get("version"), system.get("build")
        ),
        has_battery=has_battery,
        battery_percent=_whole(charge),
        battery_health=_BATTERIES.get((health or "").upper()) if has_battery else None,
        disk_megabytes=_whole(_boot_partition(storage).get("sizeMegabytes")),
        disk_available_megabytes=_whole(
            storage.get("bootDriveAvailableSpaceMegabytes")
            if storage.get("bootDriveAvailableSpaceMegabytes") is not None
            else _boot_partition(storage).get("availableMegabytes")
        ),
    )


def _boot_partition(storage: Mapping[str, Any]) -> Mapping[str, Any]:
    """The volume it starts from. Volumes of one container each report all of it: they are never added up."""
    for disk in storage.get("disks") or ():
        for partition in disk["partitions"] or ():
            if (partition["partitionType"] or "").upper() == "BOOT":
                found: Mapping[str, Any] = partition
                return found
    return {}


def operating_system(name: str | None, version: str | None, build: str | None) -> str | None:
    """`macOS 15.6 (24G84)`, as far as it is known."""
    words = [word for word in (name, version) if word]
    return " ".join([*words, *([f"({build})"] if build else [])]) or None


def _whole(number: float | None) -> int | None:
    return None if number is None or number < 0 else round(number)


def application_of(given: Mapping[str, Any]) -> Application:
    """An item of section APPLICATIONS."""
    return Application(
        (given["name"] or given["bundleId"] or "—").removesuffix(".app"),
        given["version"],
        given["bundleId"],
        given["macAppStore"],
        given["updateAvailable"],
    )


def profile_of(given: Mapping[str, Any]) -> Profile:
    """An item of section CONFIGURATION_PROFILES."""
    return Profile(
        given["displayName"] or given["profileIdentifier"] or "—",
        given["profileIdentifier"],
        parse_moment(given["lastInstalled"]),
        given["removable"],
    )


def by_name(item: Application | Profile) -> str:
    """The order in which people look for them."""
    return item.name.casefold()
