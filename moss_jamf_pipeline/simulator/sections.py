"""The sections of an inventory record as JAMF's JSON has them: one function per section.

Each function takes the computer and a `Shape` (which answer version, which JAMF release) and returns plain JSON
values. Caching, overrides and the order of sections belong to `rendering`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from moss_jamf_pipeline.simulator.catalogue import (
    APPLICATIONS,
    EXTENSION_ATTRIBUTES,
    NO_SITE_ID,
    PROJECTS,
    ExtensionAttributeDefinition,
    further_extension_attributes,
)
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer
from moss_jamf_pipeline.simulator.versions import (
    ENROLLMENT_TYPE_FIELDS,
    MDM_LOGIN_FIELDS,
    JamfVersion,
)

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

V1, V3, V4 = 1, 3, 4

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_PARTITION_STATES = {True: "ENCRYPTED", False: "UNENCRYPTED"}
_DISK_MEGABYTES = (251_000, 500_277, 994_662)


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides which keys a record has.

    Attributes:
        answer: the version in the path, 1 to 4.
        release: the JAMF Pro release that answers.
    """

    answer: int
    release: JamfVersion


def instant(milliseconds: int | None) -> str | None:
    """An instant as JAMF writes it: UTC with `Z`, one to three fractional digits, none if they are zero.

    Args:
        milliseconds: since 1970, or None.

    Returns:
        E.g. `2026-07-21T06:42:10.31Z`: JAMF drops trailing zeros, which breaks parsers that count digits.
    """
    if milliseconds is None:
        return None
    seconds, fraction = divmod(milliseconds, 1000)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{fraction:03d}".rstrip("0") + "Z" if fraction else f"{text}Z"


def date(milliseconds: int | None) -> str | None:
    """A date without a time, `2026-07-21`, or None."""
    return (
        None
        if milliseconds is None
        else f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"
    )


def extension_attributes(computer: Computer, section: str, further: int = 0) -> list[Json]:
    """The extension attributes displayed in a section, named as in the `section` parameter.

    Args:
        computer: whose.
        section: which.
        further: how many there are besides those that every fleet has.
    """
    return [
        *(
            _extension_attribute(definition, computer)
            for definition in EXTENSION_ATTRIBUTES
            if definition.section == section
        ),
        *(
            _extension_attribute(definition, computer)
            for definition in further_extension_attributes(section, further)
        ),
    ]


def general(computer: Computer, fleet: Fleet, shape: Shape) -> Json:
    """Section GENERAL. v4 has `lastCheckIn` and `lastContact` where older answers have `lastContactTime`."""
    address = _ip_address(computer)
    document: dict[str, Json] = {
        "name": computer.name,
        "lastIpAddress": f"198.51.100.{computer.salt % 250 + 1}",
        "lastReportedIpV4": address,
        "lastReportedIpV6": None,
        "jamfBinaryVersion": shape.release.full_text,
        "platform": "Mac",
        "barcode1": computer.barcode_1,
        "barcode2": computer.barcode_2,
        "assetTag": computer.asset_tag,
        "remoteManagement": {"managed": computer.managed, "managementUsername": None},
        "supervised": computer.supervised,
        "mdmCapable": _mdm_capability(computer),
        "reportDate": instant(computer.report_date),
        "lastCloudBackupDate": None,
        "lastEnrolledDate": instant(computer.last_enrolled_date),
        "mdmProfileExpiration": _whole_seconds(computer.last_enrolled_date, 2 * _YEAR),
        "initialEntryDate": date(computer.initial_entry_date),
        "distributionPoint": None,
        "enrollmentMethod": _enrollment_method(computer),
        "site": _site(computer, fleet),
        "itunesStoreAccountActive": False,
        "enrolledViaAutomatedDeviceEnrollment": computer.automated_enrollment,
        "userApprovedMdm": computer.managed,
        "declarativeDeviceManagementEnabled": computer.managed,
        "managementId": computer.management_id,
        "lastLoggedInUsernameSelfService": None,
        "lastLoggedInUsernameSelfServiceTimestamp": None,
        "lastLoggedInUsernameBinary": computer.username,
        "lastLoggedInUsernameBinaryTimestamp": instant(computer.last_check_in)
        if computer.username
        else None,
        "extensionAttributes": extension_attributes(computer, "GENERAL", fleet.further_attributes),
    }
    if shape.answer >= V4:
        document["lastCheckIn"] = instant(computer.last_check_in)
        document["lastContact"] = instant(computer.last_contact)
    else:
        document["lastReportedIp"] = address
        document["lastContactTime"] = instant(computer.last_contact)
    if shape.release >= MDM_LOGIN_FIELDS:
        document["lastLoggedInUsernameMdm"] = None
        document["lastLoggedInUsernameMdmTimestamp"] = None
    if shape.release >= ENROLLMENT_TYPE_FIELDS:
        document["appleEnrollmentType"] = (
            computer.apple_enrollment_type if computer.managed else "none"
        )
        document["awaitingConfiguration"] = False
    return document


def hardware(computer: Computer, fleet: Fleet, _: Shape) -> Json:
    """Section HARDWARE. A Mac without a battery reports -1 as its capacity."""
    model = computer.model
    return {
        "make": "Apple",
        "model": model.name,
        "modelIdentifier": model.identifier,
        "serialNumber": computer.serial_number,
        "processorSpeedMhz": 0 if model.apple_silicon else 2600,
        "processorCount": 1,
        "coreCount": model.cores,
        "processorType": model.processor,
        "processorArchitecture": "arm64" if model.apple_silicon else "x86_64",
        "busSpeedMhz": 0,
        "cacheSizeKilobytes": 0,
        "networkAdapterType": computer.network_adapter_type,
        "macAddress": computer.mac_address,
        "altNetworkAdapterType": computer.alt_network_adapter_type,
        "altMacAddress": computer.alt_mac_address,
        "totalRamMegabytes": model.memory_megabytes[computer.salt % len(model.memory_megabytes)],
        "openRamSlots": 0,
        "batteryCapacityPercent": 100 - computer.salt % 22 if model.is_laptop else -1,
        "batteryHealth": _battery_health(computer),
        "smcVersion": None,
        "nicSpeed": "n/a",
        "opticalDrive": None,
        "bootRom": "13822.1.2" if model.apple_silicon else "2069.80.3.0.0",
        "bleCapable": True,
        "supportsIosAppInstalls": model.apple_silicon,
        "appleSilicon": model.apple_silicon,
        "provisioningUdid": f"00008132-{computer.salt:016X}"
        if model.apple_silicon
        else computer.udid,
        "extensionAttributes": extension_attributes(computer, "HARDWARE", fleet.further_attributes),
    }


def operating_system(computer: Computer, fleet: Fleet, _: Shape) -> Json:
    """Section OPERATING_SYSTEM."""
    return {
        "name": "macOS",
        "version": computer.operating_system_version,
        "build": computer.operating_system_build,
        "supplementalBuildVersion": computer.operating_system_build,
        "rapidSecurityResponse": None,
        "activeDirectoryStatus": "Not Bound",
        "fileVault2Status": "BOOT_ENCRYPTED" if computer.file_vault_enabled else "NOT_ENCRYPTED",
        "softwareUpdateDeviceId": f"J{computer.salt % 900 + 100}AP",
        "extensionAttributes": extension_attributes(
            computer, "OPERATING_SYSTEM", fleet.further_attributes
        ),
    }


def user_and_location(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section USER_AND_LOCATION: ids of building and department, never their names."""
    return {
        "username": computer.username,
        "realname": computer.realname,
        "email": computer.email,
        "position": computer.position,
        "phone": computer.phone,
        "departmentId": computer.department_id,
        "buildingId": computer.building_id,
        "room": computer.room,
        "extensionAttributes": extension_attributes(computer, "USER_AND_LOCATION"),
    }


def group_memberships(computer: Computer, fleet: Fleet, _: Shape) -> Json:
    """Section GROUP_MEMBERSHIPS: smart and static groups."""
    return [
        {
            "groupId": group.id,
            "groupName": group.name,
            "groupDescription": group.description,
            "smartGroup": group.is_smart,
        }
        for group in map(fleet.groups.__getitem__, fleet.group_ids_of(computer))
    ]


def disk_encryption(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section DISK_ENCRYPTION."""
    encrypted = computer.file_vault_enabled
    return {
        "bootPartitionEncryptionDetails": {
            "partitionName": "Macintosh HD (Boot Partition)",
            "partitionFileVault2State": _PARTITION_STATES[encrypted],
            "partitionFileVault2Percent": 100 if encrypted else 0,
        },
        "individualRecoveryKeyValidityStatus": "VALID" if encrypted else "NOT_APPLICABLE",
        "institutionalRecoveryKeyPresent": False,
        "diskEncryptionConfigurationName": "Staff FileVault" if encrypted else None,
        "fileVault2Enabled": encrypted,
        "fileVault2EnabledUserNames": [computer.username]
        if encrypted and computer.username
        else [],
        "fileVault2EligibilityMessage": "Eligible",
    }


def purchasing(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section PURCHASING. The price is a text; an unset life expectancy is 0."""
    bought = computer.initial_entry_date
    return {
        "leased": False,
        "purchased": True,
        "poNumber": None if bought is None else f"PO-{date(bought)}".replace("-", ""),
        "poDate": date(bought),
        "vendor": "Example Reseller GmbH",
        "warrantyDate": None if bought is None else date(bought + 3 * _YEAR),
        "appleCareId": None,
        "leaseDate": None,
        "purchasePrice": f"{1299 + computer.salt % 2000}.00",
        "lifeExpectancy": 4,
        "purchasingAccount": None,
        "purchasingContact": None,
        "extensionAttributes": extension_attributes(computer, "PURCHASING"),
    }


def applications(computer: Computer, _: Fleet, shape: Shape) -> Json:
    """Section APPLICATIONS, from v3 on with the bundle's versions, of which the second can be null."""
    return [
        _application(name, bundle_id, version, megabytes, shape)
        for name, bundle_id, version, megabytes in APPLICATIONS[: 4 + computer.salt % 5]
    ]


def storage(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section STORAGE. Every APFS volume shows the size of the whole container."""
    size = _DISK_MEGABYTES[computer.salt % len(_DISK_MEGABYTES)]
    percent_used = computer.salt % 90 + 5
    available = size * (100 - percent_used) // 100
    return {
        "bootDriveAvailableSpaceMegabytes": available,
        "disks": [
            {
                "id": str(computer.salt % 100_000),
                "device": "disk0",
                "model": f"APPLE SSD AP{size // 1000:04d}Z",
                "revision": "532.120",
                "serialNumber": f"{computer.salt:016x}",
                "sizeMegabytes": size,
                "smartStatus": "Verified",
                "type": "NO",
                "partitions": [
                    _partition("Macintosh HD (Boot Partition)", "BOOT", size, available, computer),
                    _partition("Data", "OTHER", size, available, computer),
                ],
            }
        ],
    }


def configuration_profiles(computer: Computer, _: Fleet, shape: Shape) -> Json:
    """Section CONFIGURATION_PROFILES. JAMF's own profiles have no id."""
    installed = computer.last_enrolled_date
    profiles: list[Json] = []
    for identifier, name, profile in (
        ("31", "Wi-Fi Staff", "8C2E6D0A-11F4-4B6A-9A35-5F0E6B7C8D90"),
        (None, "Jamf Notifications", "com.jamf.notifications.settings"),
    ):
        document: dict[str, Json] = {
            "id": identifier,
            "username": None,
            "lastInstalled": instant(installed),
            "removable": False,
            "displayName": name,
            "profileIdentifier": profile,
        }
        if shape.release >= MDM_LOGIN_FIELDS:
            document["uuid"] = profile if identifier else None
        profiles.append(document)
    return profiles if computer.managed else []


def local_user_accounts(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section LOCAL_USER_ACCOUNTS."""
    short_name = computer.username or "admin"
    return [
        {
            "uid": "501",
            "userGuid": None,
            "username": short_name,
            "fullName": computer.realname,
            "admin": computer.salt % 3 == 0,
            "homeDirectory": f"/Users/{short_name}",
            "homeDirectorySizeMb": -1,
            "fileVault2Enabled": computer.file_vault_enabled,
            "userAccountType": "LOCAL",
            "passwordMinLength": 4,
            "passwordMaxAge": None,
            "passwordMinComplexCharacters": None,
            "passwordHistoryDepth": None,
            "passwordRequireAlphanumeric": False,
            "computerAzureActiveDirectoryId": None,
            "userAzureActiveDirectoryId": None,
            "azureActiveDirectoryId": None,
        }
    ]


def certificates(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section CERTIFICATES: the device identity."""
    name = (computer.management_id or "").upper()
    return [
        {
            "commonName": name,
            "identity": True,
            "expirationDate": _whole_seconds(computer.last_enrolled_date, 2 * _YEAR),
            "username": None,
            "lifecycleStatus": "ACTIVE",
            "certificateStatus": "ISSUED",
            "subjectName": f"CN={name},O=Example",
            "serialNumber": str(computer.salt),
            "sha1Fingerprint": f"{computer.salt:040x}",
            "issuedDate": _whole_seconds(computer.last_enrolled_date, -_DAY),
        }
    ]


def security(computer: Computer, _: Fleet, shape: Shape) -> Json:
    """Section SECURITY."""
    silicon = computer.model.apple_silicon
    attested = computer.last_contact if silicon and computer.managed else None
    document: dict[str, Json] = {
        "sipStatus": "ENABLED",
        "gatekeeperStatus": "APP_STORE_AND_IDENTIFIED_DEVELOPERS",
        "xprotectVersion": "5310",
        "autoLoginDisabled": True,
        "remoteDesktopEnabled": False,
        "activationLockEnabled": computer.salt % 11 == 0,
        "recoveryLockEnabled": silicon and computer.managed,
        "firewallEnabled": computer.salt % 13 != 0,
        "secureBootLevel": "FULL_SECURITY" if silicon else "MEDIUM_SECURITY",
        "externalBootLevel": "NOT_SUPPORTED" if silicon else "DISALLOW_BOOTING_FROM_EXTERNAL_MEDIA",
        "bootstrapTokenAllowed": computer.managed,
        "bootstrapTokenEscrowedStatus": "ESCROWED" if computer.managed else "NOT_ESCROWED",
        "lastAttestationAttempt": instant(attested),
        "lastSuccessfulAttestation": instant(attested),
        "attestationStatus": "SUCCESS" if silicon else "MDA_UNSUPPORTED_DUE_TO_HARDWARE",
    }
    if shape.release >= ENROLLMENT_TYPE_FIELDS:
        document["lockdownModeEnabled"] = False
    return document


def services(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section SERVICES; a real Mac has hundreds."""
    names = (
        "com.jamf.management.daemon",
        "com.apple.airportd",
        "com.apple.cfprefsd.xpc.daemon",
        "com.apple.smbd",
    )
    return [{"name": name} for name in names[: 2 + computer.salt % 3]]


def printers(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section PRINTERS."""
    if computer.salt % 4:
        return []
    return [
        {
            "name": "Floor 2 Colour",
            "type": "AirPrint",
            "uri": "ipp://printer-2.example.org/",
            "location": "Floor 2",
        }
    ]


def package_receipts(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section PACKAGE_RECEIPTS."""
    return {
        "installedByJamfPro": ["VendorTool-2.1.pkg"] if computer.salt % 2 else [],
        "installedByInstallerSwu": ["com.jamfsoftware.osxenrollment"],
        "cached": [],
    }


def software_updates(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section SOFTWARE_UPDATES."""
    if computer.operating_system_version != "15.6":
        return []
    return [
        {
            "name": "macOS Sequoia 15.6.1",
            "version": "15.6.1",
            "packageName": "macOS Sequoia 15.6.1-24G90",
        }
    ]


def top_level_extension_attributes(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section EXTENSION_ATTRIBUTES: those displayed in no other section."""
    return extension_attributes(computer, "EXTENSION_ATTRIBUTES")


def content_caching(computer: Computer, _: Fleet, __: Shape) -> Json:
    """Section CONTENT_CACHING of a Mac that does not cache for others."""
    counters = (
        "actualCacheBytesUsed", "cacheBytesLimit", "cacheBytesUsed", "dataMigrationProgressPercentage",
        "maxCachePressureLast1HourPercentage", "personalCacheBytesLimit", "personalCacheBytesUsed", "port",
        "totalBytesDropped", "totalBytesImported", "totalBytesReturnedToChildren", "totalBytesReturnedToClients",
        "totalBytesReturnedToPeers", "totalBytesStoredFromOrigin", "totalBytesStoredFromParents",
        "totalBytesStoredFromPeers",
    )  # fmt: skip
    free = 23_353_884_672
    return {
        **dict.fromkeys(counters, 0),
        "computerContentCachingInformationId": computer.id,
        "activated": False,
        "active": False,
        "alerts": [],
        "cacheBytesFree": free,
        "cacheDetails": [],
        "cacheStatus": "OK",
        "dataMigrationCompleted": False,
        "dataMigrationError": None,
        "parents": [],
        "personalCacheBytesFree": free,
        "publicAddress": None,
        "registrationError": "NOT_ACTIVATED",
        "registrationResponseCode": 403,
        "registrationStarted": None,
        "registrationStatus": "CONTENT_CACHING_FAILED",
        "restrictedMedia": False,
        "serverGuid": None,
        "startupStatus": "FAILED",
        "tetheratorStatus": "CONTENT_CACHING_DISABLED",
        "totalBytesAreSince": None,
    }


def nothing(_: Computer, __: Fleet, ___: Shape) -> Json:
    """A list section that is empty on every simulated Mac."""
    return []


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the inventory record.

    Attributes:
        parameter: its name in the `section` parameter.
        key: its key in the record.
        build: makes its JSON.
        last_answer: the newest answer version that still has it.
    """

    parameter: str
    key: str
    build: Callable[[Computer, Fleet, Shape], Json]
    last_answer: int = V4


SECTIONS: tuple[Section, ...] = (
    Section("GENERAL", "general", general),
    Section("DISK_ENCRYPTION", "diskEncryption", disk_encryption),
    Section("PURCHASING", "purchasing", purchasing),
    Section("APPLICATIONS", "applications", applications),
    Section("STORAGE", "storage", storage),
    Section("USER_AND_LOCATION", "userAndLocation", user_and_location),
    Section("CONFIGURATION_PROFILES", "configurationProfiles", configuration_profiles),
    Section("PRINTERS", "printers", printers),
    Section("SERVICES", "services", services),
    Section("HARDWARE", "hardware", hardware),
    Section("LOCAL_USER_ACCOUNTS", "localUserAccounts", local_user_accounts),
    Section("CERTIFICATES", "certificates", certificates),
    Section("ATTACHMENTS", "attachments", nothing),
    Section("PLUGINS", "plugins", nothing, last_answer=V1),
    Section("PACKAGE_RECEIPTS", "packageReceipts", package_receipts),
    Section("FONTS", "fonts", nothing, last_answer=V1),
    Section("SECURITY", "security", security),
    Section("OPERATING_SYSTEM", "operatingSystem", operating_system),
    Section("LICENSED_SOFTWARE", "licensedSoftware", nothing),
    Section("IBEACONS", "ibeacons", nothing),
    Section("SOFTWARE_UPDATES", "softwareUpdates", software_updates),
    Section("EXTENSION_ATTRIBUTES", "extensionAttributes", top_level_extension_attributes),
    Section("CONTENT_CACHING", "contentCaching", content_caching),
    Section("GROUP_MEMBERSHIPS", "groupMemberships", group_memberships),
)
"""All sections in the order of the record's keys."""


def sections_of(answer: int) -> Iterator[Section]:
    """The sections that an answer version has (1 to 4)."""
    return (section for section in SECTIONS if answer <= section.last_answer)


def _extension_attribute(definition: ExtensionAttributeDefinition, computer: Computer) -> Json:
    return {
        "definitionId": definition.definition_id,
        "name": definition.name,
        "description": definition.description,
        "enabled": definition.is_enabled,
        "multiValue": definition.is_multi_valued,
        "values": list(attribute_values_of(definition, computer)),
        "dataType": definition.data_type,
        "options": list(definition.options),
        "inputType": definition.input_type,
    }


def attribute_values_of(
    definition: ExtensionAttributeDefinition, computer: Computer
) -> tuple[str, ...]:
    """The values of an extension attribute that a computer has, in JAMF's order, which means nothing."""
    return tuple(_extension_attribute_values(definition, computer))


def _extension_attribute_values(
    definition: ExtensionAttributeDefinition, computer: Computer
) -> Iterator[str]:
    """At most one value, but of the directory's; one in three Macs has none. Numbers and dates are texts too."""
    if definition.definition_id in computer.attribute_values:
        yield from computer.attribute_values[definition.definition_id]
        return
    if (computer.salt + int(definition.definition_id)) % 3 == 0:
        return
    if definition.options:
        yield definition.options[computer.salt % len(definition.options)]
    elif definition.is_multi_valued:
        first = computer.salt % len(PROJECTS)
        yield from (*PROJECTS[first:], *PROJECTS[:first])[: computer.salt % 3 + 1]
    elif definition.name == "Uptime Days":
        # It counts on with every inventory.
        yield str((computer.report_date or 0) // _HOUR % 9_000 + computer.salt % 90)
    elif definition.name == "Last Backup" and computer.salt % 5 == 0:
        yield "Never"
    elif definition.data_type == "INTEGER":
        yield str(computer.salt % 800)
    elif definition.data_type == "DATE_TIME":
        yield f"2026-{computer.salt % 12 + 1:02d}-{computer.salt % 28 + 1:02d} 00:00:00"
    else:
        yield str(4000 + computer.salt % 900)


def _application(name: str, bundle_id: str, version: str, megabytes: int, shape: Shape) -> Json:
    document: dict[str, Json] = {
        "name": f"{name}.app",
        "path": f"/Applications/{name}.app",
        "version": version,
        "macAppStore": False,
        "sizeMegabytes": megabytes,
        "bundleId": bundle_id,
        "updateAvailable": False,
        "externalVersionId": "0",
    }
    if shape.answer >= V3:
        document["cfBundleShortVersionString"] = version
        document["cfBundleVersion"] = version if megabytes else None
    return document


def _partition(name: str, kind: str, size: int, available: int, computer: Computer) -> Json:
    return {
        "name": name,
        "sizeMegabytes": size,
        "availableMegabytes": available,
        "partitionType": kind,
        "percentUsed": 100 - available * 100 // size,
        "fileVault2State": _PARTITION_STATES[computer.file_vault_enabled],
        "fileVault2ProgressPercent": 100 if computer.file_vault_enabled else 0,
        "lvmManaged": False,
    }


def _mdm_capability(computer: Computer) -> Json:
    if computer.username is None or not computer.managed:
        return {"capable": computer.managed, "capableUsers": [], "userManagementInfo": []}
    info: Json = {"capableUser": computer.username, "managementId": computer.management_id}
    return {"capable": True, "capableUsers": [computer.username], "userManagementInfo": [info]}


def _enrollment_method(computer: Computer) -> Json:
    if computer.automated_enrollment:
        return {"id": "3", "objectName": "Staff Macs", "objectType": "PreStage enrollment"}
    return {"id": "-1", "objectName": None, "objectType": "User-initiated - no invitation"}


def _site(computer: Computer, fleet: Fleet) -> Json:
    site = fleet.sites.get(computer.site_id)
    return (
        {"id": NO_SITE_ID, "name": "None"} if site is None else {"id": site.id, "name": site.name}
    )


def _battery_health(computer: Computer) -> str:
    if not computer.model.is_laptop:
        return "UNSUPPORTED"
    return "NORMAL" if computer.salt % 17 else "SERVICE_RECOMMENDED"


def _ip_address(computer: Computer) -> str:
    return f"10.{computer.salt % 64}.{computer.salt // 64 % 256}.{computer.salt // 16384 % 250 + 2}"


def _whole_seconds(milliseconds: int | None, shift: int) -> str | None:
    return None if milliseconds is None else instant((milliseconds + shift) // 1000 * 1000)
