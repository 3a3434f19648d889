"""The Classic API (`/JSSResource/...`) as far as a sync may read it: users, computer groups, single computers.

XML by default; JSON when the client accepts it, and then labelled `text/plain`, as JAMF labels it. Ids are integers and
"nothing" is an empty text here. One document serves both formats: a `Listing` is a JSON array, and in XML an element
with one child element per item.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from xml.sax.saxutils import escape

import orjson
from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator.catalogue import EXTENSION_ATTRIBUTES
from moss_jamf_pipeline.simulator.endpoints import Call, guarded
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Computer, Group, User
from moss_jamf_pipeline.simulator.responses import JamfError, not_found
from moss_jamf_pipeline.simulator.sections import extension_attributes

Node: TypeAlias = "Mapping[str, Node] | Listing | str | int | bool"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of things of one kind.

    Attributes:
        item: the XML element of one thing.
        values: the things.
        has_size: whether XML counts them in a leading `<size>`.
    """

    item: str
    values: Sequence[Node]
    has_size: bool = False


# Users ----------------------------------------------------------------------------------------------------


async def _users(call: Call) -> Response:
    """All users, ids and names only, in one answer, sorted by name."""
    _fail_if_missing(call)
    users = sorted(call.node.fleet.users.values(), key=lambda user: user.username.casefold())
    if _is_emptied(call):
        users = []
    values: list[Node] = [{"id": int(user.id), "name": user.username} for user in users]
    return _answer(call, "users", Listing("user", values, has_size=True))


async def _user_by_id(call: Call) -> Response:
    user = call.node.fleet.users.get(_identifier(call))
    if user is None:
        raise not_found()
    return _answer(call, "user", _user_document(user, call.node.fleet))


async def _user_by_name(call: Call) -> Response:
    name = str(call.request.path_params["name"]).casefold()
    user = next(
        (user for user in call.node.fleet.users.values() if user.username.casefold() == name), None
    )
    if user is None:
        raise not_found()
    return _answer(call, "user", _user_document(user, call.node.fleet))


async def _users_by_email(call: Call) -> Response:
    """All users with this e-mail: a list even if it is one."""
    email = str(call.request.path_params["email"]).casefold()
    fleet = call.node.fleet
    users = [user for user in fleet.users.values() if user.email and user.email.casefold() == email]
    if not users:
        raise not_found()
    return _answer(
        call,
        "users",
        Listing("user", [_user_document(user, fleet) for user in users], has_size=True),
    )


def _user_document(user: User, fleet: Fleet) -> Node:
    computers = [fleet.computers[identifier] for identifier in fleet.computers_of(user.username)]
    return {
        "id": int(user.id),
        "name": user.username,
        "full_name": user.realname,
        "email": user.email,
        "email_address": user.email,
        "phone_number": user.phone or "",
        "position": user.position or "",
        "managed_apple_id": user.managed_apple_id,
        "enable_custom_photo_url": False,
        "custom_photo_url": "",
        "ldap_server": {"id": -1, "name": "None"},
        "extension_attributes": Listing(
            "extension_attribute",
            [{"id": 2, "name": "Cost Centre", "type": "String", "value": user.cost_centre}],
        ),
        "sites": Listing("site", [_site(fleet, site_id) for site_id in user.site_ids]),
        "links": {
            "computers": Listing(
                "computer",
                [{"id": int(computer.id), "name": computer.name or ""} for computer in computers],
            ),
            "peripherals": Listing("peripheral", []),
            "mobile_devices": Listing("mobile_device", []),
            "vpp_assignments": Listing("vpp_assignment", []),
            "total_vpp_code_count": 0,
        },
        "user_groups": {"size": 0},
    }


# Computer groups --------------------------------------------------------------------------------------------


async def _groups(call: Call) -> Response:
    _fail_if_missing(call)
    groups = [] if _is_emptied(call) else list(call.node.fleet.groups.values())
    values: list[Node] = [
        {"id": int(group.id), "name": group.name, "is_smart": group.is_smart} for group in groups
    ]
    return _answer(call, "computer_groups", Listing("computer_group", values, has_size=True))


async def _group(call: Call) -> Response:
    """A group with its members: the only place where JAMF lists those of a static group."""
    fleet = call.node.fleet
    group = fleet.groups.get(_identifier(call))
    if group is None:
        raise not_found()
    needed = "Read Smart Computer Groups" if group.is_smart else "Read Static Computer Groups"
    if not call.may(needed):
        raise JamfError(401, "INVALID_PRIVILEGE", "Unauthorized")
    members = [fleet.computers[identifier] for identifier in fleet.members_of(group.id)]
    document: Node = {
        "id": int(group.id),
        "name": group.name,
        "is_smart": group.is_smart,
        "site": _site(fleet, group.site_id),
        "criteria": Listing("criterion", _criteria(group), has_size=True),
        "computers": Listing(
            "computer", [_member(computer) for computer in members], has_size=True
        ),
    }
    return _answer(call, "computer_group", document)


def _criteria(group: Group) -> list[Node]:
    if group.criterion is None:
        return []
    return [
        {
            "name": group.criterion.name,
            "priority": 0,
            "and_or": "and",
            "search_type": group.criterion.search_type,
            "value": group.criterion.value,
            "opening_paren": False,
            "closing_paren": False,
        }
    ]


def _member(computer: Computer) -> Node:
    return {
        "id": int(computer.id),
        "name": computer.name or "",
        "mac_address": computer.mac_address or "",
        "alt_mac_address": computer.alt_mac_address or "",
        "serial_number": computer.serial_number or "",
    }


# Computers --------------------------------------------------------------------------------------------------


async def _computer(call: Call) -> Response:
    """One computer in the Classic shape, with the names of its building and department. Deprecated since 11.15."""
    fleet = call.node.fleet
    computer = fleet.computers.get(_identifier(call))
    if computer is None:
        raise not_found()
    return _answer(
        call,
        "computer",
        {
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
        },
    )


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
        **_instants("report_date", computer.report_date),
        **_instants("last_contact_time", computer.last_contact),
        **_instants("initial_entry_date", computer.initial_entry_date),
        **_instants("last_enrolled_date", computer.last_enrolled_date, with_text=False),
        **_instants("last_cloud_backup_date", None, with_text=False),
        "distribution_point": "",
        "site": _site(fleet, computer.site_id),
        "itunes_store_account_is_active": False,
    }


def _location(computer: Computer, fleet: Fleet) -> Node:
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
        **_instants("po_date", computer.initial_entry_date),
        **_instants("warranty_expires", None),
        **_instants("lease_expires", None),
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


# Shared -----------------------------------------------------------------------------------------------------


def _site(fleet: Fleet, site_id: str) -> Node:
    site = fleet.sites.get(site_id)
    return {"id": -1, "name": "None"} if site is None else {"id": int(site.id), "name": site.name}


def _instants(name: str, milliseconds: int | None, *, with_text: bool = True) -> dict[str, Node]:
    """The three forms in which the Classic API writes one instant: local text, epoch, UTC without a colon."""
    if milliseconds is None:
        local, utc = "", ""
    else:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        local = f"{moment:%Y-%m-%d %H:%M:%S}"
        utc = f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"
    text: dict[str, Node] = {name: local} if with_text else {}
    return {**text, f"{name}_epoch": milliseconds or 0, f"{name}_utc": utc}


def _identifier(call: Call) -> str:
    """The id in the path; anything but a number names nothing here."""
    identifier = str(call.request.path_params["id"])
    if not identifier.isdecimal():
        raise not_found()
    return str(int(identifier))


def _fail_if_missing(call: Call) -> None:
    missing = call.simulator.faults.missing_listing
    if missing is not None and missing.strikes(call.path):
        raise JamfError(missing.status)


def _is_emptied(call: Call) -> bool:
    empty = call.simulator.faults.empty_listing
    return empty is not None and empty.strikes(call.path)


def _answer(call: Call, root: str, document: Node) -> Response:
    if "json" in call.request.headers.get("accept", ""):
        return Response(
            orjson.dumps({root: _json(document)}), media_type="text/plain;charset=UTF-8"
        )
    body = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, document)}'
    return Response(body, media_type="text/xml;charset=UTF-8")


def _json(node: Node) -> object:
    if isinstance(node, Listing):
        return [_json(value) for value in node.values]
    if isinstance(node, Mapping):
        return {key: _json(value) for key, value in node.items()}
    return node


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _xml(name: str, node: Node) -> str:
    if isinstance(node, Listing):
        size = f"<size>{len(node.values)}</size>" if node.has_size else ""
        inner = size + "".join(_xml(node.item, value) for value in node.values)
    elif isinstance(node, Mapping):
        inner = "".join(_xml(key, value) for key, value in node.items())
    elif isinstance(node, bool):
        inner = "true" if node else "false"
    else:
        inner = escape(_NOT_IN_XML.sub("", str(node)))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def routes() -> list[Route]:
    """The Classic API's routes; every release has them."""
    return [
        Route("/JSSResource/users", guarded(_users, "Read User")),
        Route("/JSSResource/users/id/{id}", guarded(_user_by_id, "Read User")),
        Route("/JSSResource/users/name/{name:path}", guarded(_user_by_name, "Read User")),
        Route("/JSSResource/users/email/{email:path}", guarded(_users_by_email, "Read User")),
        Route(
            "/JSSResource/computergroups",
            guarded(_groups, "Read Smart Computer Groups", "Read Static Computer Groups"),
        ),
        Route("/JSSResource/computergroups/id/{id}", guarded(_group)),
        Route("/JSSResource/computers/id/{id}", guarded(_computer, "Read Computers")),
    ]
