"""Mobile devices: what they look like over HTTP, how plain ones are made, and their oddities.

A second inventory beside the computers': ids of another row of numbers, other sections, flat names to sort and filter
by. Changing them between two syncs is `mobile_evolution`.
"""

import random
import uuid
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final, NamedTuple

from moss_jamf_pipeline.simulator.catalogue import seeded_random
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.plain_records import DAY, HOUR, mac_address, serial_number
from moss_jamf_pipeline.simulator.queries import Collection, attribute_fields
from moss_jamf_pipeline.simulator.records import MobileDevice, User
from moss_jamf_pipeline.simulator.sections import Json, instant
from moss_jamf_pipeline.simulator.versions import MOBILE_CONTACT_FIELD, JamfVersion

SECTIONS: Final = {
    "general": "GENERAL",
    "hardware": "HARDWARE",
    "userAndLocation": "USER_AND_LOCATION",
    "purchasing": "PURCHASING",
    "security": "SECURITY",
    "applications": "APPLICATIONS",
    "ebooks": "EBOOKS",
    "network": "NETWORK",
    "serviceSubscriptions": "SERVICE_SUBSCRIPTIONS",
    "certificates": "CERTIFICATES",
    "profiles": "PROFILES",
    "userProfiles": "USER_PROFILES",
    "provisioningProfiles": "PROVISIONING_PROFILES",
    "sharedUsers": "SHARED_USERS",
    "groups": "GROUPS",
    "extensionAttributes": "EXTENSION_ATTRIBUTES",
}
"""Key of a section to the value of the parameter `section`, in the order of JAMF's answers."""

_OF_ALL: Final = (
    *("general", "hardware", "userAndLocation", "applications", "certificates", "profiles"),
    *("groups", "extensionAttributes"),
)
_SECTIONS_OF: Final = {
    "iOS": tuple(SECTIONS),
    "tvOS": (*_OF_ALL, "purchasing", "userProfiles"),
    "watchOS": (*_OF_ALL, "security", "provisioningProfiles"),
    "visionOS": (*_OF_ALL, "network", "purchasing", "security", "provisioningProfiles"),
}

_LISTS: Final = frozenset(
    {
        *("applications", "ebooks", "serviceSubscriptions", "certificates", "profiles"),
        *("userProfiles", "provisioningProfiles", "sharedUsers", "groups", "extensionAttributes"),
    }
)
_GENERAL_OF: Final = {
    "iOS": (
        *("appAnalyticsEnabled", "cloudBackupEnabled", "deviceLocatorServiceEnabled"),
        *("diagnosticAndUsageReportingEnabled", "doNotDisturbEnabled", "exchangeDeviceId"),
        *("itunesStoreAccountActive", "lastBackupDate", "lastCloudBackupDate"),
        *("locationServicesForSelfServiceMobileEnabled", "maximumSharediPadUsersStored"),
        *("quotaSize", "residentUsers", "sharedIpad", "syncedToComputer", "temporarySessionOnly"),
        *("temporarySessionTimeout", "tethered", "userSessionTimeout"),
    ),
    "tvOS": ("airPlayPassword", "languages", "locales"),
    "watchOS": (
        *("appAnalyticsEnabled", "deviceLocatorServiceEnabled", "doNotDisturbEnabled"),
        *("diagnosticAndUsageReportingEnabled", "itunesStoreAccountActive", "lastCloudBackupDate"),
    ),
    "visionOS": (
        *("appAnalyticsEnabled", "cloudBackupEnabled", "deviceLocatorServiceEnabled"),
        *("diagnosticAndUsageReportingEnabled", "doNotDisturbEnabled"),
        *("itunesStoreAccountActive", "lastCloudBackupDate"),
    ),
}
_GENERAL: Final = (
    *("declarativeDeviceManagementEnabled", "enrollmentMethodPrestage", "ipAddress"),
    *("enrollmentSessionTokenValid", "lastLoggedInUsernameMdm", "lastLoggedInUsernameSelfService"),
    *("lastLoggedInUsernameMdmTimestamp", "lastLoggedInUsernameSelfServiceTimestamp"),
    *("mdmProfileExpirationDate", "osRapidSecurityResponse", "osSupplementalBuildVersion"),
    *("softwareUpdateDeviceId", "timeZone"),
)
_HARDWARE: Final = (
    *("availableSpaceMb", "batteryHealth", "batteryLevel", "bluetoothLowEnergyCapable"),
    *("capacityMb", "deviceId", "modelNumber", "modemFirmwareVersion", "usedSpacePercentage"),
)
_NETWORK: Final = (
    *("carrierSettingsVersion", "cellularTechnology", "currentCarrierNetwork"),
    *("currentMobileCountryCode", "currentMobileNetworkCode", "dataRoamingEnabled", "eid"),
    *("homeCarrierNetwork", "homeMobileCountryCode", "homeMobileNetworkCode", "iccid", "meid"),
    *("personalHotspotEnabled", "preferredVoiceNumber", "roaming", "voiceRoamingEnabled"),
)
_PURCHASING: Final = (
    *("appleCareId", "leaseExpiresDate", "leased", "lifeExpectancy", "poDate", "poNumber"),
    *("purchasePrice", "purchased", "purchasingAccount", "purchasingContact", "vendor"),
    "warrantyExpiresDate",
)
_SECURITY: Final = (
    *("activationLockEnabled", "attestationStatus", "blockLevelEncryptionCapable"),
    *("bootstrapTokenEscrowed", "dataProtected", "fileLevelEncryptionCapable"),
    *("hardwareEncryption", "jailBreakDetected", "lastAttestationAttemptDate"),
    *("lastSuccessfulAttestationDate", "lostModeEnabled", "lostModeFootnote", "lostModeLocation"),
    *("lostModeMessage", "lostModePersistent", "lostModePhoneNumber", "passcodeCompliant"),
    *("passcodeCompliantWithProfile", "passcodeLockGracePeriodEnforcedSeconds"),
    *("passcodePresent", "personalDeviceProfileCurrent"),
)


def record(
    device: MobileDevice,
    fleet: Fleet,
    wanted: frozenset[str],
    release: JamfVersion,
    *,
    is_lost: bool,
) -> dict[str, Json]:
    """A record of `/v2/mobile-devices/detail`.

    Args:
        device: which.
        fleet: whose places it names.
        wanted: values of the parameter `section`; the other sections are null.
        release: the JAMF Pro release that answers.
        is_lost: whether its section HARDWARE cannot be read.
    """
    document: dict[str, Json] = {
        "mobileDeviceId": device.id,
        "deviceType": device.device_type,
    }
    for key in _SECTIONS_OF.get(device.device_type, _OF_ALL):
        is_told = SECTIONS[key] in wanted and not (is_lost and key == "hardware")
        document[key] = _section(key, device, fleet, release) if is_told else None
    return document


def listed(device: MobileDevice) -> dict[str, Json]:
    """A record of `/v2/mobile-devices`."""
    return {
        "id": device.id,
        "name": device.name,
        "serialNumber": device.serial_number,
        "wifiMacAddress": device.wifi_mac_address,
        "udid": device.udid,
        "phoneNumber": device.sim_phone_number,
        "model": device.model,
        "modelIdentifier": device.model_identifier,
        "username": device.username,
        "type": device.device_type.lower() if device.device_type in _SECTIONS_OF else "unknown",
        "managementId": device.management_id,
        "softwareUpdateDeviceId": None,
    }


def _section(key: str, device: MobileDevice, fleet: Fleet, release: JamfVersion) -> Json:
    document: Json = [] if key in _LISTS else dict(_OBJECTS[key](device, fleet))
    if key == "general" and release < MOBILE_CONTACT_FIELD and isinstance(document, dict):
        document.pop("lastContactDate")
    override = device.overrides.get(key, {})
    if key not in device.overrides:
        return document
    if isinstance(document, dict) and isinstance(override, dict):
        return {**document, **override}
    return override  # type: ignore[return-value]  # a whole section of a list, as the test gave it


def _general(device: MobileDevice, _: Fleet) -> dict[str, Json]:
    kind = _GENERAL_OF.get(device.device_type, ())
    return {
        **dict.fromkeys(_GENERAL),
        **dict.fromkeys(kind),
        **({"sharedIpad": device.shared} if "sharedIpad" in kind else {}),
        "udid": device.udid,
        "displayName": device.name,
        "assetTag": device.asset_tag,
        "siteId": device.site_id,
        "lastInventoryUpdateDate": instant(device.last_inventory_update),
        "lastContactDate": instant(device.last_contact),
        "osVersion": device.os_version,
        "osBuild": device.os_build,
        "managed": device.managed,
        "supervised": device.supervised,
        "deviceOwnershipType": device.ownership_type,
        "lastEnrolledDate": instant(device.last_enrolled_date),
        "managementId": device.management_id,
        "extensionAttributes": [],
    }


def _hardware(device: MobileDevice, _: Fleet) -> dict[str, Json]:
    return {
        **dict.fromkeys(_HARDWARE),
        "serialNumber": device.serial_number,
        "wifiMacAddress": device.wifi_mac_address,
        "bluetoothMacAddress": device.bluetooth_mac_address,
        "model": device.model,
        "modelIdentifier": device.model_identifier,
        "extensionAttributes": [],
    }


def _user_and_location(device: MobileDevice, fleet: Fleet) -> dict[str, Json]:
    building = fleet.buildings.get(device.building_id or "")
    department = fleet.departments.get(device.department_id or "")
    return {
        "username": device.username,
        "realName": device.realname,
        "emailAddress": device.email,
        "position": device.position,
        "phoneNumber": device.phone,
        "departmentId": device.department_id,
        "buildingId": device.building_id,
        "room": device.room,
        "building": None if building is None else building.name,
        "department": None if department is None else department.name,
        "extensionAttributes": [],
    }


def _network(device: MobileDevice, _: Fleet) -> dict[str, Json]:
    return {
        **dict.fromkeys(_NETWORK),
        "imei": device.imei,
        "phoneNumber": device.sim_phone_number,
    }


def _purchasing(_device: MobileDevice, _: Fleet) -> dict[str, Json]:
    return {**dict.fromkeys(_PURCHASING), "extensionAttributes": []}


def _security(_device: MobileDevice, _: Fleet) -> dict[str, Json]:
    return dict.fromkeys(_SECURITY)


_OBJECTS: Final[dict[str, Callable[[MobileDevice, Fleet], dict[str, Json]]]] = {
    "general": _general,
    "hardware": _hardware,
    "userAndLocation": _user_and_location,
    "network": _network,
    "purchasing": _purchasing,
    "security": _security,
}


def detail_collection(fleet: Fleet) -> Collection[MobileDevice]:
    """The mobile devices with the flat names that `/v2/mobile-devices/detail` is filtered and sorted by."""
    fields = {
        name: attribute_fields(**{attribute: kind})[attribute]
        for name, attribute, kind in (
            ("mobileDeviceId", "id", "number"),
            ("displayName", "name", "text"),
            ("serialNumber", "serial_number", "text"),
            ("udid", "udid", "text"),
            ("managementId", "management_id", "text"),
            ("assetTag", "asset_tag", "text"),
            ("model", "model", "text"),
            ("modelIdentifier", "model_identifier", "text"),
            ("osVersion", "os_version", "text"),
            ("osBuild", "os_build", "text"),
            ("managed", "managed", "boolean"),
            ("supervised", "supervised", "boolean"),
            ("sharedIpad", "shared", "boolean"),
            ("wifiMacAddress", "wifi_mac_address", "text"),
            ("bluetoothMacAddress", "bluetooth_mac_address", "text"),
            ("imei", "imei", "text"),
            ("devicePhoneNumber", "sim_phone_number", "text"),
            ("username", "username", "text"),
            ("fullName", "realname", "text"),
            ("emailAddress", "email", "text"),
            ("position", "position", "text"),
            ("userPhoneNumber", "phone", "text"),
            ("room", "room", "text"),
            ("lastContactDate", "last_contact", "instant"),
            ("lastInventoryUpdateDate", "last_inventory_update", "instant"),
        )
    }
    only_sorted = {
        name: attribute_fields(**{attribute: kind})[attribute]
        for name, attribute, kind in (
            ("lastEnrolledDate", "last_enrolled_date", "instant"),
            ("deviceOwnershipType", "ownership_type", "text"),
        )
    }
    return Collection(
        records=fleet.mobile_devices.values,
        revision=lambda: fleet.revision,
        filters=fields,
        sorts={**fields, **only_sorted},
    )


def light_collection(fleet: Fleet) -> Collection[MobileDevice]:
    """The mobile devices as `/v2/mobile-devices` lists them: sorted, not filtered."""
    return Collection(
        records=fleet.mobile_devices.values,
        revision=lambda: fleet.revision,
        filters={},
        sorts=attribute_fields(id="number", name="text", model="text", username="text"),
    )


# Making them ----------------------------------------------------------------------------------------------


class MobileModel(NamedTuple):
    """A model of mobile device.

    Attributes:
        has_sim: whether it has a SIM: an IMEI, and mostly a phone number.
        weight: how common it is.
    """

    device_type: str
    name: str
    identifier: str
    prefix: str
    os_version: str
    os_build: str
    has_sim: bool
    weight: int


MOBILE_MODELS: Final = (
    MobileModel("iOS", "iPhone 15", "iPhone15,4", "IPHONE", "26.1", "23B85", True, 30),
    MobileModel("iOS", "iPhone 16 Pro", "iPhone17,1", "IPHONE", "26.1", "23B85", True, 15),
    MobileModel(
        "iOS", "iPhone SE (3rd generation)", "iPhone14,6", "IPHONE", "18.7", "22H20", True, 10
    ),
    MobileModel("iOS", "iPad (10th generation)", "iPad13,18", "IPAD", "26.1", "23B85", False, 25),
    MobileModel("iOS", "iPad Pro 11-inch (M4)", "iPad16,3", "IPAD", "26.1", "23B85", True, 8),
    MobileModel("iOS", "iPad Air 2", "iPad5,3", "IPAD", "12.5.7", "16H81", False, 3),
    MobileModel(
        "tvOS", "Apple TV 4K (3rd generation)", "AppleTV14,1", "ATV", "26.1", "23J582", False, 7
    ),
    MobileModel(
        "visionOS", "Apple Vision Pro", "RealityDevice14,1", "AVP", "26.1", "23N50", False, 1
    ),
    MobileModel("watchOS", "Apple Watch Series 10", "Watch7,8", "WATCH", "26.1", "23S40", False, 1),
)

_WEIGHTS: Final = tuple(accumulate(model.weight for model in MOBILE_MODELS))
_UNKNOWN_MODEL: Final = ("iPhone99,9", "iPhone99,9")


def plain_mobile_device(device_id: str, randomness: random.Random, now: int) -> MobileDevice:
    """A managed, supervised, unassigned mobile device with its own hardware.

    Args:
        device_id: its id.
        randomness: where its hardware and times are drawn from.
        now: the fleet's present in UTC milliseconds.
    """
    model = randomness.choices(MOBILE_MODELS, cum_weights=_WEIGHTS)[0]
    last_contact = now - int(randomness.random() ** 3 * 3 * DAY)
    digits = f"{randomness.randrange(10**15):015d}"
    return MobileDevice(
        id=device_id,
        name=f"{model.prefix}-{device_id}",
        device_type=model.device_type,
        model=model.name,
        model_identifier=model.identifier,
        udid=f"{randomness.getrandbits(32):08X}-{randomness.getrandbits(64):016X}",
        management_id=str(uuid.UUID(int=randomness.getrandbits(128))),
        serial_number=serial_number(randomness),
        wifi_mac_address=mac_address(randomness),
        bluetooth_mac_address=mac_address(randomness),
        os_version=model.os_version,
        os_build=model.os_build,
        imei=f"{digits[:2]} {digits[2:8]} {digits[8:14]} {digits[14]}" if model.has_sim else None,
        sim_phone_number=f"+1 555 {randomness.randrange(10**7):07d}" if model.has_sim else None,
        last_inventory_update=last_contact - int(randomness.random() * HOUR),
        last_contact=last_contact,
        last_enrolled_date=now - int(randomness.random() * 900 * DAY) - DAY,
    )


def assign(device: MobileDevice, user: User | None) -> None:
    """Writes a user's details into a mobile device. None unassigns."""
    device.username = None if user is None else user.username
    device.realname = None if user is None else user.realname or None
    device.email = None if user is None else user.email or None
    device.position = None if user is None else user.position
    device.phone = None if user is None else user.phone


def add_mobile_devices(fleet: Fleet, count: int, *, oddities: float) -> None:
    """Adds mobile devices to a fleet that has its people, places and computers: clean first, then odd.

    Args:
        fleet: the fleet; its seed and present are used.
        count: how many.
        oddities: whether odd ones are among them: any rate but 0.
    """
    randomness = seeded_random(fleet.seed, "mobile devices")
    users = list(fleet.users.values())
    places = list(fleet.buildings)
    for number in range(count):
        device = plain_mobile_device(
            fleet.next_id("mobile device"), randomness, fleet.now_milliseconds
        )
        device.asset_tag = f"MT-{int(device.id):06d}"
        if places:
            device.building_id = randomness.choice(places)
            device.room = f"{randomness.randrange(1, 9)}.{randomness.randrange(100):02d}"
        if users and device.device_type != "tvOS":
            assign(device, users[number % len(users)])
        fleet.store_mobile_device(device)
    if oddities > 0:
        _plant_oddities(fleet)


def _is_unsupervised(device: MobileDevice, _: Fleet) -> None:
    device.supervised = False


def _is_a_shared_ipad(device: MobileDevice, _: Fleet) -> None:
    device.device_type, device.model, device.model_identifier = (
        "iOS",
        "iPad (10th generation)",
        "iPad13,18",
    )
    device.shared = True
    device.imei = device.sim_phone_number = None
    assign(device, None)


def _is_personally_owned(device: MobileDevice, _: Fleet) -> None:
    # Apple withholds what would identify it.
    device.ownership_type = "AccountDrivenUserEnrollment"
    device.supervised = False
    device.serial_number = device.udid = device.imei = None
    device.wifi_mac_address = device.bluetooth_mac_address = device.asset_tag = None


def _is_an_apple_tv_without_serial_number(device: MobileDevice, _: Fleet) -> None:
    device.device_type, device.model, device.model_identifier = (
        "tvOS",
        "Apple TV 4K (3rd generation)",
        "AppleTV14,1",
    )
    device.imei = device.sim_phone_number = None
    device.serial_number = ""
    assign(device, None)


def _has_the_serial_number_of_a_computer(device: MobileDevice, fleet: Fleet) -> None:
    serial_numbers = (
        computer.serial_number
        for computer in fleet.computers.values()
        if computer.managed and computer.serial_number
    )
    device.serial_number = next(serial_numbers, device.serial_number)


def _is_of_an_unknown_model(device: MobileDevice, _: Fleet) -> None:
    device.model, device.model_identifier = _UNKNOWN_MODEL
    device.device_type = "iOS"


def _is_broken(device: MobileDevice, _: Fleet) -> None:
    device.is_broken = True


MOBILE_ODDITIES: Final[tuple[tuple[str, Callable[[MobileDevice, Fleet], None]], ...]] = (
    ("mobile_broken", _is_broken),
    ("mobile_unsupervised", _is_unsupervised),
    ("mobile_shared_ipad", _is_a_shared_ipad),
    ("mobile_personally_owned", _is_personally_owned),
    ("mobile_without_serial", _is_an_apple_tv_without_serial_number),
    ("mobile_serial_of_computer", _has_the_serial_number_of_a_computer),
    ("mobile_unknown_model", _is_of_an_unknown_model),
)
"""Each strikes one mobile device in fifty, at least one where there are enough for all."""

_ONE_IN: Final = 50


def _plant_oddities(fleet: Fleet) -> None:
    devices = list(fleet.mobile_devices.values())
    seeded_random(fleet.seed, "odd mobile devices").shuffle(devices)
    each = max(1, len(devices) // _ONE_IN)
    for number, (name, strike) in enumerate(MOBILE_ODDITIES):
        struck = devices[number * each : (number + 1) * each]
        for device in struck:
            strike(device, fleet)
        if struck:
            fleet.oddities[name] = _ids(struck)


def _ids(devices: Iterable[MobileDevice]) -> list[str]:
    return [device.id for device in devices]
