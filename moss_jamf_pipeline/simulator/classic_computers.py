"""Computers in the Classic API: the list, its basic subset, a search, and single ones by id and other identifiers.

Deprecated since 11.15, and what many clients still use.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from fnmatch import fnmatchcase

from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator.catalogue import EXTENSION_ATTRIBUTES
from moss_jamf_pipeline.simulator.classic_answers import (
    Listing,
    Node,
    answer,
    fail_if_missing,
    identifier_in,
    instants,
    is_emptied,
    site_of,
)
from moss_jamf_pipeline.simulator.endpoints import Call, guarded
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer
from moss_jamf_pipeline.simulator.responses import JamfError, not_found
from moss_jamf_pipeline.simulator.sections import extension_attributes


async def _computers(call: Call) -> Response:
    """All computers, ids and names only, in one answer."""
    fail_if_missing(call)
    values: list[Node] = [
        {"id": int(computer.id), "name": computer.name or ""} for computer in _all_computers(call)
    ]
    return answer(call, "computers", Listing("computer", values, has_size=True))


async def _basic_computers(call: Call) -> Response:
    """The same with the columns of JAMF's own list."""
    fail_if_missing(call)
    fleet = call.node.fleet
    values = [_basic(computer, fleet) for computer in _all_computers(call)]
    return answer(call, "computers", Listing("computer", values, has_size=True))


async def _matching_computers(call: Call) -> Response:
    """Those of which a name, number, address or user matches, as in JAMF's search field: `*` stands for anything."""
    pattern = str(call.request.path_params["match"]).casefold()
    found = [
        computer
        for computer in _all_computers(call)
        if any(fnmatchcase(text.casefold(), pattern) for text in _searched(computer))
    ]
    values: list[Node] = [_matched(computer) for computer in found]
    return answer(call, "computers", Listing("computer", values, has_size=True))


def _all_computers(call: Call) -> list[Computer]:
    return [] if is_emptied(call) else list(call.node.fleet.computers.values())


def _searched(computer: Computer) -> Iterator[str]:
    texts = (computer.name, computer.serial_number, computer.udid, computer.mac_address)
    for text in (*texts, computer.username, computer.realname, computer.email, computer.asset_tag):
        if text:
            yield text


async def _computer_by_id(call: Call) -> Response:
    return _computer(call, call.node.fleet.computers.get(identifier_in(call)))


def _computer_by(attribute: str) -> Callable[[Call], Awaitable[Response]]:
    """The endpoint that finds a computer by the value of an attribute, in any case; of several the first."""

    async def by_value(call: Call) -> Response:
        wanted = _plain(str(call.request.path_params["value"]))
        found = (
            computer
            for computer in call.node.fleet.computers.values()
            if _plain(getattr(computer, attribute) or "") == wanted
        )
        return _computer(call, next(found, None) if wanted else None)

    return by_value


def _plain(text: str) -> str:
    """A text without case, and a MAC address without the signs between its digits."""
    folded = text.casefold()
    digits = re.sub(r"[:.-]", "", folded)
    return digits if re.fullmatch(r"[0-9a-f]{12}", digits) else folded


def _computer(call: Call, computer: Computer | None) -> Response:
    """One computer in the Classic shape, with the names of its building and department. Deprecated since 11.15."""
    if computer is None:
        raise not_found()
    fleet = call.node.fleet
    sections: dict[str, Node] = {
        "general": _general(computer, fleet),
        "location": _location(computer, fleet),
        "purchasing": _purchasing(computer),
        "peripherals": Listing("peripheral", []),
        "hardware": _hardware(computer),
        "certificates": Listing("certificate", []),
        "security": _security(computer),
        "software": _software(),
        "extension_attributes": Listing("extension_attribute", _extension_attributes(computer)),
        "groups_accounts": _groups_and_accounts(computer, fleet),
        "configuration_profiles": Listing("configuration_profile", [], has_size=True),
    }
    wanted = call.request.path_params.get("subset")
    if wanted is not None:
        names = {name.strip().replace("_", "").casefold() for name in str(wanted).split("&")}
        known = {name.replace("_", ""): name for name in sections}
        if not names <= known.keys():
            raise JamfError(400)
        sections = {
            name: node for key, name in known.items() if key in names for node in [sections[name]]
        }
    return answer(call, "computer", sections)


def _basic(computer: Computer, fleet: Fleet) -> Node:
    place = _location(computer, fleet)
    return {
        "id": int(computer.id),
        "name": computer.name or "",
        "managed": computer.managed,
        "username": computer.username or "",
        "model": computer.model.name,
        "department": place["department"],
        "building": place["building"],
        "mac_address": computer.mac_address or "",
        "udid": computer.udid or "",
        "serial_number": computer.serial_number or "",
        **{
            name: value
            for name, value in instants("report_date", computer.report_date).items()
            if name != "report_date"
        },
    }


def _matched(computer: Computer) -> Node:
    return {
        "id": int(computer.id),
        "name": computer.name or "",
        "udid": computer.udid or "",
        "serial_number": computer.serial_number or "",
        "mac_address": computer.mac_address or "",
        "alt_mac_address": computer.alt_mac_address or "",
        "asset_tag": computer.asset_tag or "",
        "bar_code_1": computer.barcode_1 or "",
        "bar_code_2": computer.barcode_2 or "",
        "username": computer.username or "",
        "realname": computer.realname or "",
        "email": computer.email or "",
        "email_address": computer.email or "",
        "room": computer.room or "",
        "position": computer.position or "",
    }


def _general(computer: Computer, fleet: Fleet) -> Node:
    return {
        "id": int(computer.id),
        "name": computer.name or "",
        "network_adapter_type": computer.network_adapter_type or "",
        "mac_address": computer.mac_address or "",
        "alt_network_adapter_type": computer.alt_network_adapter_type or "",
        "alt_mac_address": computer.alt_mac_address or "",
        "ip_address": f"198.51.100.{computer.salt % 250 + 1}",
        "serial_number": computer.serial_number or "",
        "udid": computer.udid or "",
        "platform": "Mac",
        "barcode_1": computer.barcode_1 or "",
        "barcode_2": computer.barcode_2 or "",
        "asset_tag": computer.asset_tag or "",
        "remote_management": {"managed": computer.managed, "management_username": ""},
        "mdm_capable": computer.managed,
        # Not a list even in JSON: JAMF shows the last such user only.
        "mdm_capable_users": {"mdm_capable_user": computer.username}
        if computer.managed and computer.username
        else {},
        "management_status": {
            "enrolled_via_dep": computer.automated_enrollment,
            "user_approved_enrollment": computer.managed,
            "user_approved_mdm": computer.managed,
        },
        **instants("report_date", computer.report_date),
        **instants("last_contact_time", computer.last_contact),
        **instants("initial_entry_date", computer.initial_entry_date),
        **instants("last_enrolled_date", computer.last_enrolled_date, with_text=False),
        **instants("last_cloud_backup_date", None, with_text=False),
        "distribution_point": "",
        "site": site_of(fleet, computer.site_id),
        "itunes_store_account_is_active": False,
    }


def _location(computer: Computer, fleet: Fleet) -> dict[str, Node]:
    """User and place; a building or department that no longer exists is an empty text."""
    building = fleet.buildings.get(computer.building_id or "")
    department = fleet.departments.get(computer.department_id or "")
    return {
        "username": computer.username or "",
        "realname": computer.realname or "",
        "real_name": computer.realname or "",
        "email_address": computer.email or "",
        "position": computer.position or "",
        "phone": computer.phone or "",
        "phone_number": computer.phone or "",
        "department": "" if department is None else department.name,
        "building": "" if building is None else building.name,
        "room": computer.room or "",
    }


def _purchasing(computer: Computer) -> Node:
    return {
        "is_purchased": True,
        "is_leased": False,
        "po_number": "",
        "vendor": "Example Reseller GmbH",
        "applecare_id": "",
        "purchase_price": f"{1299 + computer.salt % 2000}.00",
        "purchasing_account": "",
        **instants("po_date", computer.initial_entry_date),
        **instants("warranty_expires", None),
        **instants("lease_expires", None),
        "life_expectancy": 4,
        "purchasing_contact": "",
    }


def _hardware(computer: Computer) -> Node:
    model = computer.model
    memory = model.memory_megabytes[computer.salt % len(model.memory_megabytes)]
    return {
        "make": "Apple",
        "model": model.name,
        "model_identifier": model.identifier,
        "os_name": "macOS",
        "os_version": computer.operating_system_version or "",
        "os_build": computer.operating_system_build or "",
        "active_directory_status": "Not Bound",
        "processor_type": model.processor,
        "processor_architecture": "arm64" if model.apple_silicon else "x86_64",
        "number_processors": 1,
        "number_cores": model.cores,
        "total_ram": memory,
        "total_ram_mb": memory,
        "battery_capacity": 100 - computer.salt % 22 if model.is_laptop else -1,
        "sip_status": "Enabled",
        "gatekeeper_status": "App Store and identified developers",
        "ble_capable": True,
        "nic_speed": "n/a",
        "optical_drive": "",
        "institutional_recovery_key": "Not Present",
    }


def _security(computer: Computer) -> Node:
    return {
        "activation_lock": computer.salt % 11 == 0,
        "recovery_lock_enabled": computer.model.apple_silicon and computer.managed,
        "secure_boot_level": "full",
        "external_boot_level": "disallowed",
        "firewall_enabled": computer.salt % 13 != 0,
    }


def _software() -> Node:
    return {
        "applications": Listing(
            "application",
            [{"name": "Safari.app", "path": "/Applications/Safari.app", "version": "18.6"}],
            has_size=True,
        ),
        "running_services": Listing("name", ["com.jamf.management.daemon"]),
        "licensed_software": Listing("name", []),
    }


def _extension_attributes(computer: Computer) -> list[Node]:
    """All extension attributes in one list, wherever the Pro API displays them."""
    types = {"STRING": "String", "INTEGER": "Integer", "DATE_TIME": "Date"}
    attributes: list[Node] = []
    for definition in EXTENSION_ATTRIBUTES:
        document = next(
            document
            for document in extension_attributes(computer, definition.section)
            if isinstance(document, dict) and document["definitionId"] == definition.definition_id
        )
        values = document["values"]
        value = str(values[0]) if isinstance(values, list) and values else ""
        attributes.append(
            {
                "id": int(definition.definition_id),
                "name": definition.name,
                "type": types[definition.data_type],
                "value": value,
            }
        )
    return attributes


def _groups_and_accounts(computer: Computer, fleet: Fleet) -> Node:
    names = [fleet.groups[identifier].name for identifier in fleet.group_ids_of(computer)]
    return {
        "computer_group_memberships": Listing("group", names),
        "local_accounts": Listing("user", []),
    }


_FOUND_BY = {
    "name": "name",
    "serialnumber": "serial_number",
    "udid": "udid",
    "macaddress": "mac_address",
}
"""What stands in the path, to the attribute that it compares."""


def computer_routes() -> Iterator[Route]:
    """The routes of `/JSSResource/computers`."""
    prefix, privilege = "/JSSResource/computers", "Read Computers"
    yield Route(prefix, guarded(_computers, privilege))
    yield Route(f"{prefix}/subset/basic", guarded(_basic_computers, privilege))
    yield Route(f"{prefix}/match/{{match:path}}", guarded(_matching_computers, privilege))
    yield Route(f"{prefix}/id/{{id}}", guarded(_computer_by_id, privilege))
    yield Route(f"{prefix}/id/{{id}}/subset/{{subset}}", guarded(_computer_by_id, privilege))
    for path, attribute in _FOUND_BY.items():
        endpoint = guarded(_computer_by(attribute), privilege)
        # The longer one first: a name may have slashes.
        yield Route(f"{prefix}/{path}/{{value:path}}/subset/{{subset}}", endpoint)
        yield Route(f"{prefix}/{path}/{{value:path}}", endpoint)
