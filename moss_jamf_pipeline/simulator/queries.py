"""Filtering, sorting and paging of collections, the same way for every paged endpoint.

`Collection` is what an endpoint declares: its fields, its default order, its largest page. A filtered and sorted
collection is kept until the fleet changes, so that a sweep of many pages sorts once.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.datastructures import QueryParams

from moss_jamf_pipeline.simulator.fleet import COMPUTER_PATHS, Fleet
from moss_jamf_pipeline.simulator.records import Computer
from moss_jamf_pipeline.simulator.rendering import InventoryRenderer
from moss_jamf_pipeline.simulator.rsql import Field, Reader, RsqlError, Value, compile_filter

R = TypeVar("R")

DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE = 2000
LARGEST_USERS_PAGE_SIZE = 1000

_REMEMBERED_ORDERINGS = 16
_LARGEST_NUMBER = 2**31 - 1
_DIGITS = 100
"""Beyond, leading zeros or not, nobody means a number; Python refuses some thousand."""
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a collection is wanted.

    Attributes:
        number: counted from 0.
        size: how many records, as effective: larger sizes are clamped without a word (JAMF).
        order: the `sort` parameter.
        expression: the `filter` parameter.
    """

    number: int
    size: int
    order: str
    expression: str


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of a collection: its records and how many the whole collection has."""

    total_count: int
    records: list[R]


def page_request(
    parameters: QueryParams, *, order: str, largest: int = LARGEST_PAGE_SIZE
) -> PageRequest:
    """Reads the paging parameters, also by their deprecated names.

    Args:
        parameters: the query string.
        order: the default sort.
        largest: the size that larger ones are clamped to.

    Returns:
        The request.

    Raises:
        RsqlError: a number is none, or is negative.
    """
    size = _whole_number(parameters, ("page-size", "size", "pagesize"), DEFAULT_PAGE_SIZE)
    return PageRequest(
        number=_whole_number(parameters, ("page",), 0),
        size=min(max(size, 1), largest),
        order=",".join(value for value in parameters.getlist("sort") if value) or order,
        expression=parameters.get("filter", ""),
    )


class Collection(Generic[R]):
    """A collection that can be filtered, sorted and paged."""

    def __init__(
        self,
        *,
        records: Callable[[], Iterable[R]],
        revision: Callable[[], object],
        filters: Mapping[str, Field],
        sorts: Mapping[str, Field],
    ) -> None:
        """Declares a collection.

        Args:
            records: yields its present records.
            revision: changes whenever the records change.
            filters: the fields that `filter` may name.
            sorts: the fields that `sort` may name.
        """
        self._records = records
        self._revision = revision
        self._filters = filters
        self._sorts = sorts
        self._orderings: OrderedDict[tuple[object, str, str], list[R]] = OrderedDict()

    def page(self, request: PageRequest) -> Page[R]:
        """Takes one page. Raises RsqlError if the filter or the sort is not understood."""
        ordered = self.ordered(request.order, request.expression)
        start = request.number * request.size
        return Page(len(ordered), ordered[start : start + request.size])

    def ordered(self, order: str, expression: str) -> list[R]:
        """All records that pass a filter, sorted. Raises RsqlError if either is not understood."""
        key = (self._revision(), order, expression)
        known = self._orderings.get(key)
        if known is not None:
            return known
        records = list(self._records())
        if expression.strip():
            records = list(filter(compile_filter(expression, self._filters), records))
        # Sorting is stable: sort by the least significant field first.
        for name, descending in reversed(_sort_fields(order)):
            field = self._sorts.get(name)
            if field is None:
                raise RsqlError(f"unknown sort field {name!r}")
            records.sort(key=_sort_key(field), reverse=descending)
        self._orderings[key] = records
        if len(self._orderings) > _REMEMBERED_ORDERINGS:
            self._orderings.popitem(last=False)
        return records


def computer_collection(
    fleet: Fleet, answer: int, renderer: InventoryRenderer
) -> Collection[Computer]:
    """The computers of a fleet with the fields that one answer version can be filtered and sorted by.

    Args:
        fleet: the fleet.
        answer: the version in the path, 1 to 4: older ones have `general.lastContactTime`.
        renderer: reads the fields that no attribute holds.

    Returns:
        The collection.
    """

    def fields(names: str) -> dict[str, Field]:
        contacts = (
            ("lastCheckIn", "lastContact")
            if answer > _LAST_ANSWER_WITH_CONTACT_TIME
            else ("lastContactTime",)
        )
        paths = [*names.split(), *(f"general.{contact}" for contact in contacts)]
        return {
            path: Field(_computer_reader(path, renderer), _COMPUTER_KINDS.get(path, "text"))
            for path in paths
        }

    return Collection(
        records=fleet.computers.values,
        revision=lambda: fleet.revision,
        filters=fields(_COMPUTER_FILTERS),
        sorts=fields(_COMPUTER_SORTS),
    )


def attribute_fields(**kinds_by_attribute: str) -> dict[str, Field]:
    """Fields that are read from attributes of the same name."""
    return {name: Field(_attribute_reader(name), kind) for name, kind in kinds_by_attribute.items()}


_LAST_ANSWER_WITH_CONTACT_TIME = 3
_COMPUTER_SORTS = """
    id udid general.name general.assetTag general.jamfBinaryVersion general.lastEnrolledDate
    general.lastCloudBackupDate general.reportDate general.mdmCertificateExpiration general.platform
    general.lastLoggedInUsernameSelfService general.lastLoggedInUsernameSelfServiceTimestamp
    general.lastLoggedInUsernameBinary general.lastLoggedInUsernameBinaryTimestamp
    general.lastLoggedInUsernameMdm general.lastLoggedInUsernameMdmTimestamp hardware.make hardware.model
    operatingSystem.build operatingSystem.supplementalBuildVersion operatingSystem.rapidSecurityResponse
    operatingSystem.name operatingSystem.version userAndLocation.realname purchasing.lifeExpectancy
    purchasing.warrantyDate
"""
_COMPUTER_FILTERS = """
    id udid general.name general.assetTag general.barcode1 general.barcode2
    general.enrolledViaAutomatedDeviceEnrollment general.lastIpAddress general.itunesStoreAccountActive
    general.jamfBinaryVersion general.lastEnrolledDate general.lastCloudBackupDate general.reportDate
    general.lastReportedIp general.lastReportedIpV4 general.lastReportedIpV6 general.managementId
    general.remoteManagement.managed general.mdmCapable.capable general.mdmCertificateExpiration
    general.platform general.supervised general.userApprovedMdm general.declarativeDeviceManagementEnabled
    general.lastLoggedInUsernameSelfService general.lastLoggedInUsernameSelfServiceTimestamp
    general.lastLoggedInUsernameBinary general.lastLoggedInUsernameBinaryTimestamp
    general.lastLoggedInUsernameMdm general.lastLoggedInUsernameMdmTimestamp
    hardware.bleCapable hardware.macAddress hardware.make hardware.model hardware.modelIdentifier
    hardware.serialNumber hardware.supportsIosAppInstalls hardware.appleSilicon
    operatingSystem.activeDirectoryStatus operatingSystem.fileVault2Status operatingSystem.build
    operatingSystem.supplementalBuildVersion operatingSystem.rapidSecurityResponse operatingSystem.name
    operatingSystem.version security.activationLockEnabled security.recoveryLockEnabled
    security.firewallEnabled userAndLocation.buildingId userAndLocation.departmentId userAndLocation.email
    userAndLocation.realname userAndLocation.phone userAndLocation.position userAndLocation.room
    userAndLocation.username diskEncryption.fileVault2Enabled purchasing.appleCareId
    purchasing.lifeExpectancy purchasing.purchased purchasing.leased purchasing.vendor purchasing.warrantyDate
"""
_COMPUTER_KINDS = {
    **dict.fromkeys(("id", "purchasing.lifeExpectancy"), "number"),
    **dict.fromkeys(
        (
            "general.reportDate", "general.lastCheckIn", "general.lastContact", "general.lastContactTime",
            "general.lastEnrolledDate",
        ),
        "instant",
    ),
    **dict.fromkeys(
        (
            "general.enrolledViaAutomatedDeviceEnrollment", "general.itunesStoreAccountActive",
            "general.remoteManagement.managed", "general.mdmCapable.capable", "general.supervised",
            "general.userApprovedMdm", "general.declarativeDeviceManagementEnabled", "hardware.bleCapable",
            "hardware.supportsIosAppInstalls", "hardware.appleSilicon", "security.activationLockEnabled",
            "security.recoveryLockEnabled", "security.firewallEnabled", "diskEncryption.fileVault2Enabled",
            "purchasing.purchased", "purchasing.leased",
        ),
        "boolean",
    ),
}  # fmt: skip
_RENAMED_FIELDS = {"general.mdmCertificateExpiration": "general.mdmProfileExpiration"}
"""Filter names that differ from the keys of the answer (JAMF)."""


def _computer_reader(path: str, renderer: InventoryRenderer) -> Reader:
    """Reads one field of a computer: from its attribute where it has one, else from the rendered section."""
    attributes = {
        **COMPUTER_PATHS,
        "id": "id",
        "udid": "udid",
        "general.lastContactTime": "last_contact",
        "general.remoteManagement.managed": "managed",
    }
    if path in attributes:
        return _attribute_reader(attributes[path])
    section, *keys = _RENAMED_FIELDS.get(path, path).split(".")

    def read(computer: Computer) -> Value:
        value = renderer.document(computer, section)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, str | int | float | bool) else None

    return read


def _attribute_reader(name: str) -> Reader:
    def read(record: object) -> Value:
        value = getattr(record, name)
        return value if isinstance(value, str | int | float | bool) else None

    return read


def _sort_fields(order: str) -> list[tuple[str, bool]]:
    """The fields of a `sort` parameter and whether each is descending; the direction may be left out."""
    fields = []
    for criterion in filter(None, (part.strip() for part in order.split(","))):
        name, _, direction = criterion.partition(":")
        if direction.lower() not in {"", "asc", "desc"}:
            raise RsqlError(f"unknown sort direction {direction!r}")
        fields.append((name, direction.lower() == "desc"))
    return fields


def _sort_key(field: Field) -> Callable[[object], tuple[int, object]]:
    """Nulls first, as the database behind JAMF sorts; texts without regard to case; ids by their number."""
    read, is_number = field.read, field.kind == "number"

    def key(record: object) -> tuple[int, object]:
        value = read(record)
        if value is None:
            return (0, "")
        if is_number and isinstance(value, str):
            return (1, int(value)) if value.isdecimal() else (2, value)
        return (1, value.casefold() if isinstance(value, str) else value)

    return key


def _whole_number(parameters: QueryParams, names: tuple[str, ...], default: int) -> int:
    for name in names:
        text = parameters.get(name)
        if text is not None:
            number = number_in(text)
            if number is None:
                raise RsqlError(f"{name} is a whole number from 0, not {text[:_SHOWN]!r}")
            return number
    return default


def number_in(text: str) -> int | None:
    """A whole number from 0 that fits where JAMF keeps one; None for anything else."""
    if not text.isdecimal() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= _LARGEST_NUMBER else None
