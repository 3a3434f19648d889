"""The Pro API (`/api/...`) as far as a sync reads it: inventory, users, groups, places, server state.

Each endpoint is a small function of the call. Which privileges it needs and since which release it exists is said
where the routes are listed, at the end. Tokens are in `authentication_api`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator import mobile_devices
from moss_jamf_pipeline.simulator.catalogue import EXTENSION_ATTRIBUTES
from moss_jamf_pipeline.simulator.endpoints import Call, guarded
from moss_jamf_pipeline.simulator.evolution import apply_churn
from moss_jamf_pipeline.simulator.queries import (
    LARGEST_USERS_PAGE_SIZE,
    Collection,
)
from moss_jamf_pipeline.simulator.records import Building, Department, Group, User
from moss_jamf_pipeline.simulator.rendering import page
from moss_jamf_pipeline.simulator.responses import JamfError, json_bytes, json_response, not_found
from moss_jamf_pipeline.simulator.rsql import Field
from moss_jamf_pipeline.simulator.sections import Json
from moss_jamf_pipeline.simulator.simulator import Inventory
from moss_jamf_pipeline.simulator.versions import (
    GROUPS_DEPRECATION,
    GROUPS_V3,
    INVENTORY_DEPRECATIONS,
    INVENTORY_VERSIONS,
    LENIENT_MOBILE_DEVICES,
    SITE_DIVISIONS,
    USERS_V1,
    JamfVersion,
)

Handler = Callable[[Call], Awaitable[Response]]

_LOG_IN_PAGE = """<!DOCTYPE html>
<html>
<head><title>Jamf Pro Login</title></head>
<body><form method="post" action="/"><input name="username"><input name="password" type="password">
<button>Log in</button></form></body>
</html>
"""

_RECORDS_PER_TURN = 250
"""How many records are rendered before other requests get a turn: about 15 ms of work."""


# Computers ------------------------------------------------------------------------------------------------


async def _computers(call: Call, *, answer: int) -> Response:
    """A page of the inventory; unrequested sections are null."""
    inventory = call.node.inventories[answer]
    sections = _wanted_sections(call, inventory)
    found = call.page(inventory.collection, call.page_request("general.name:asc"))
    poison = call.simulator.faults.poison
    if poison is not None and any(computer.id in poison.computer_ids for computer in found.records):
        _fail_if_struck(call)
    records: list[bytes] = []
    for start in range(0, len(found.records), _RECORDS_PER_TURN):
        records += [
            inventory.renderer.record(computer, sections)
            for computer in found.records[start : start + _RECORDS_PER_TURN]
        ]
        await asyncio.sleep(0)
    churn = call.simulator.faults.churn
    if churn is not None and churn.strikes(call.path):
        apply_churn(call.simulator.fleet, inserted=churn.inserted, deleted=churn.deleted)
    return json_bytes(page(found.total_count, records), headers=_inventory_headers(call, answer))


async def _computer(call: Call, *, answer: int) -> Response:
    """One computer with the requested sections."""
    sections = _wanted_sections(call, call.node.inventories[answer])
    return _one_computer(call, answer, sections)


async def _computer_detail(call: Call, *, answer: int) -> Response:
    """One computer with every section; a `section` parameter is ignored."""
    return _one_computer(call, answer, None)


def _one_computer(call: Call, answer: int, sections: frozenset[str] | None) -> Response:
    identifier = call.identifier()
    computer = call.node.fleet.computers.get(identifier)
    if computer is None:
        raise not_found(f"Computer with id {identifier} does not exist")
    poison = call.simulator.faults.poison
    if poison is not None and identifier in poison.computer_ids:
        _fail_if_struck(call)
    record = call.node.inventories[answer].renderer.record(computer, sections)
    return json_bytes(record, headers=_inventory_headers(call, answer))


def _fail_if_struck(call: Call) -> None:
    """A page with a record that the server cannot render is an error as a whole, with no hint which record it is."""
    poison = call.simulator.faults.poison
    if poison is not None and poison.strikes(call.path):
        raise JamfError(500)


def _wanted_sections(call: Call, inventory: Inventory) -> frozenset[str]:
    return _wanted_of(call, inventory.renderer.parameters)


def _wanted_of(call: Call, known: frozenset[str]) -> frozenset[str]:
    names = {
        name
        for text in call.request.query_params.getlist("section")
        for name in text.split(",")
        if name
    }
    unknown = names - known
    if unknown:
        raise JamfError(
            400,
            "INVALID_PARAMETER",
            f"Unknown section: {', '.join(sorted(unknown))}",
            field="section",
        )
    return frozenset(names or {"GENERAL"})


def _inventory_headers(call: Call, answer: int) -> dict[str, str]:
    since, header = INVENTORY_DEPRECATIONS.get(answer, (None, ""))
    return {"Deprecation": header} if since is not None and call.simulator.release >= since else {}


async def _extension_attribute_definitions(call: Call) -> Response:
    """The definitions of the extension attributes; here directory attributes have another name than in inventory."""
    definitions: list[Json] = [
        {
            "id": definition.definition_id,
            "name": definition.name,
            "description": definition.description,
            "dataType": "DATE" if definition.data_type == "DATE_TIME" else definition.data_type,
            "enabled": definition.is_enabled,
            "inventoryDisplayType": definition.section,
            "inputType": "DIRECTORY_SERVICE_ATTRIBUTE_MAPPING"
            if definition.input_type == "LDAP"
            else definition.input_type,
            "scriptContents": '#!/bin/sh\necho "<result>not for anybody\'s inventory</result>"\n'
            if definition.input_type == "SCRIPT"
            else None,
            "popupMenuChoices": list(definition.options),
            "ldapAttributeMapping": "departmentNumber" if definition.input_type == "LDAP" else None,
            "ldapExtensionAttributeAllowed": definition.is_multi_valued,
            "manageExistingData": None if definition.is_enabled else "RETAIN",
        }
        for definition in EXTENSION_ATTRIBUTES
    ]
    fields = {name: _key_field(name) for name in ("id", "name")}
    return _documents_page(call, definitions, fields, "name:asc")


# Users ----------------------------------------------------------------------------------------------------


async def _users(call: Call) -> Response:
    """A page of users, in an envelope that no other collection has."""
    wanted = call.page_request("id:asc", LARGEST_USERS_PAGE_SIZE)
    found = call.page(call.node.users, wanted)
    pages = -(-found.total_count // wanted.size)
    envelope: dict[str, int | bool] = {
        "page": wanted.number,
        "pageSize": wanted.size,
        "totalCount": found.total_count,
        "totalPages": pages,
        "hasNext": wanted.number + 1 < pages,
        "hasPrevious": wanted.number > 0,
    }
    records = b",".join(_rendered(user, _user_document) for user in found.records)
    return json_bytes(orjson.dumps(envelope)[:-1] + b',"results":[' + records + b"]}")


async def _user(call: Call) -> Response:
    identifier = call.identifier()
    user = call.node.fleet.users.get(identifier)
    if user is None:
        raise not_found(f"User with id {identifier} does not exist")
    return json_bytes(_rendered(user, _user_document))


def _user_document(user: User) -> Json:
    return {
        "id": user.id,
        "username": user.username,
        "realname": user.realname,
        "email": user.email,
        "phone": user.phone,
        "position": user.position,
        "enableCustomPhotoUrl": False,
        "customPhotoUrl": "",
        "managedAppleId": user.managed_apple_id,
    }


def _rendered(user: User, document: Callable[[User], Json]) -> bytes:
    cache = user.rendered
    if "user" not in cache:
        cache["user"] = orjson.dumps(document(user))
    return cache["user"]


# Places ---------------------------------------------------------------------------------------------------


async def _buildings(call: Call) -> Response:
    found = call.page(call.node.buildings, call.page_request("id:asc"))
    return json_response(
        {
            "totalCount": found.total_count,
            "results": [_building_document(place) for place in found.records],
        }
    )


async def _departments(call: Call) -> Response:
    found = call.page(call.node.departments, call.page_request("id:asc"))
    return json_response(
        {
            "totalCount": found.total_count,
            "results": [_department_document(unit) for unit in found.records],
        }
    )


async def _sites(call: Call) -> Response:
    """All sites as a bare array; "no site" is not among them."""
    has_divisions = call.simulator.release >= SITE_DIVISIONS
    division: dict[str, Json] = {"divisionId": None} if has_divisions else {}
    return json_response(
        [{"id": site.id, **division, "name": site.name} for site in call.node.fleet.sites.values()]
    )


def _building_document(building: Building) -> Json:
    return {
        "id": building.id,
        "name": building.name,
        "streetAddress1": building.street_address_1,
        "streetAddress2": building.street_address_2,
        "city": building.city,
        "stateProvince": building.state_province,
        "zipPostalCode": building.zip_postal_code,
        "country": building.country,
    }


def _department_document(department: Department) -> Json:
    return {"id": department.id, "name": department.name}


# Groups ---------------------------------------------------------------------------------------------------


async def _all_computer_groups(call: Call) -> Response:
    """All groups as a bare array; paging parameters are ignored."""
    return json_response(
        [
            {
                "id": group.id,
                "name": group.name,
                "description": group.description,
                "smartGroup": group.is_smart,
            }
            for group in call.node.fleet.groups.values()
        ]
    )


async def _smart_groups(call: Call, *, deprecated: bool) -> Response:
    fleet = call.node.fleet
    found = call.page(call.node.smart_groups, call.page_request("id:asc"))
    results = [
        {
            "id": group.id,
            "siteId": group.site_id,
            "name": group.name,
            "description": group.description,
            "membershipCount": len(fleet.members_of(group.id)),
        }
        for group in found.records
    ]
    return json_response(
        {"totalCount": found.total_count, "results": results},
        headers=_group_headers(call, deprecated),
    )


async def _static_groups(call: Call, *, deprecated: bool) -> Response:
    fleet = call.node.fleet
    found = call.page(call.node.static_groups, call.page_request("id:asc"))
    results = [
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "siteId": group.site_id,
            "count": len(fleet.members_of(group.id)),
        }
        for group in found.records
    ]
    return json_response(
        {"totalCount": found.total_count, "results": results},
        headers=_group_headers(call, deprecated),
    )


async def _smart_group(call: Call, *, deprecated: bool) -> Response:
    """A smart group with its criteria, without its id."""
    group = _group_in_path(call, is_smart=True)
    return json_response(
        {
            "name": group.name,
            "description": group.description,
            "criteria": group_criteria(group),
            "siteId": group.site_id,
        },
        headers=_group_headers(call, deprecated),
    )


async def _static_group(call: Call, *, deprecated: bool) -> Response:
    """A static group; JAMF tells its members nowhere in this API."""
    group = _group_in_path(call, is_smart=False)
    return json_response(
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "siteId": group.site_id,
        },
        headers=_group_headers(call, deprecated),
    )


async def _smart_group_membership(call: Call, *, deprecated: bool) -> Response:
    """The members of a smart group, as integers."""
    group = _group_in_path(call, is_smart=True)
    members = [int(identifier) for identifier in call.node.fleet.members_of(group.id)]
    return json_response({"members": members}, headers=_group_headers(call, deprecated))


async def _platform_groups(call: Call, *, deprecated: bool) -> Response:
    """Groups of all devices, those that the caller may read."""
    readable = {
        True: call.may("Read Smart Computer Groups"),
        False: call.may("Read Static Computer Groups"),
    }
    fleet = call.node.fleet
    documents: list[Json] = [
        {
            "groupPlatformId": group.platform_id,
            "groupJamfProId": group.id,
            "groupName": group.name,
            "groupDescription": group.description,
            "groupType": "COMPUTER",
            "smart": group.is_smart,
            "membershipCount": len(fleet.members_of(group.id)),
        }
        for group in fleet.groups.values()
        if readable[group.is_smart]
    ]
    fields = {
        **{name: _key_field(name) for name in ("groupName", "groupDescription", "groupType")},
        "isSmart": Field(_key_field("smart").read, "boolean"),
    }
    response = _documents_page(call, documents, fields, "groupName:asc")
    response.headers.update(_group_headers(call, deprecated))
    return response


def group_criteria(group: Group) -> list[Json]:
    """The criteria of a group as the Pro API writes them."""
    if group.criterion is None:
        return []
    return [
        {
            "name": group.criterion.name,
            "priority": 0,
            "andOr": "and",
            "searchType": group.criterion.search_type,
            "value": group.criterion.value,
            "openingParen": False,
            "closingParen": False,
        }
    ]


def _group_in_path(call: Call, *, is_smart: bool) -> Group:
    identifier = call.identifier()
    group = call.node.fleet.groups.get(identifier)
    if group is None or group.is_smart != is_smart:
        raise not_found(f"Computer group with id {identifier} does not exist")
    return group


def _group_headers(call: Call, deprecated: bool) -> dict[str, str]:
    since, header = GROUPS_DEPRECATION
    return {"Deprecation": header} if deprecated and call.simulator.release >= since else {}


# Mobile devices -----------------------------------------------------------------------------------------------


async def _mobile_devices(call: Call) -> Response:
    """A page of the light list."""
    found = call.page(call.node.light_mobile_devices, call.page_request("id:asc"))
    return json_response(
        {
            "totalCount": found.total_count,
            "results": [mobile_devices.listed(device) for device in found.records],
        }
    )


async def _mobile_device(call: Call) -> Response:
    identifier = call.identifier()
    device = call.node.fleet.mobile_devices.get(identifier)
    if device is None:
        raise not_found(f"Mobile device with id {identifier} does not exist")
    return json_response(mobile_devices.listed(device))


async def _mobile_device_details(call: Call) -> Response:
    """A page of the inventory of mobile devices; what another section says is null.

    One that the server stumbles over fails the page, unless the client asks for leniency and the release knows it.
    """
    sections = _wanted_of(call, frozenset(mobile_devices.SECTIONS.values()))
    found = call.page(call.node.mobile_devices, call.page_request("displayName:asc"))
    release, poison = call.simulator.release, call.simulator.faults.poison
    handling = call.request.query_params.get("exception-handling", "STRICT")
    is_lenient = handling == "LENIENT" and release >= LENIENT_MOBILE_DEVICES
    poisoned = (
        poison.mobile_device_ids
        if poison is not None and poison.mobile_device_ids and poison.strikes(call.path)
        else frozenset()
    )
    results: list[Json] = []
    for device in found.records:
        is_lost = device.is_broken or device.id in poisoned
        if is_lost and not is_lenient:
            raise JamfError(500)
        results.append(
            mobile_devices.record(device, call.node.fleet, sections, release, is_lost=is_lost)
        )
    return json_response({"totalCount": found.total_count, "results": results})


# Packages and categories: it has none -----------------------------------------------------------------------


async def _nothing(call: Call) -> Response:
    """The empty page of what this server has none of; any account sees that."""
    call.page_request("id:asc")
    return json_response({"totalCount": 0, "results": []})


# The server itself ------------------------------------------------------------------------------------------


async def _version(call: Call) -> Response:
    return json_response({"version": call.simulator.release.full_text})


async def _inventory_information(call: Call) -> Response:
    computers = call.node.fleet.computers.values()
    managed = sum(computer.managed for computer in computers)
    devices = call.node.fleet.mobile_devices.values()
    managed_devices = sum(device.managed for device in devices)
    return json_response(
        {
            "managedComputers": managed,
            "unmanagedComputers": len(computers) - managed,
            "managedDevices": managed_devices,
            "unmanagedDevices": len(devices) - managed_devices,
        }
    )


async def _information(_: Call) -> Response:
    names = (
        "vppTokenEnabled", "depAccountEnabled", "byodEnabled", "userMigrationEnabled", "cloudDeploymentsEnabled",
        "patchEnabled", "ssoSamlEnabled", "smtpEnabled",
    )  # fmt: skip
    return json_response(dict.fromkeys(names, True))


async def _health_status(_: Call) -> Response:
    """Which share of requests the server took, of those it got: all."""
    windows = ("thirtySeconds", "oneMinute", "fiveMinutes", "fifteenMinutes", "thirtyMinutes")
    groups = ("api", "ui", "enrollment", "device", "default")
    return json_response({group: dict.fromkeys(windows, 1.0) for group in groups})


async def _health_check(_: Request) -> Response:
    return Response(status_code=204)


async def _startup_status(_: Request) -> Response:
    return json_response(
        {
            "step": "Initialization complete",
            "stepCode": "SERVER_INIT_COMPLETE",
            "stepParam": None,
            "percentage": 100,
            "warning": None,
            "warningCode": None,
            "warningParam": None,
            "error": None,
            "errorCode": None,
            "setupAssistantNecessary": False,
        }
    )


async def _log_in_page(_: Request) -> Response:
    """What a browser finds at the server's address; some clients look whether anything is there."""
    return Response(_LOG_IN_PAGE, media_type="text/html")


def _schema(
    routes: Sequence[Route], release: JamfVersion
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the server's own interface description, as far as it can be told from its routes."""
    paths = {
        route.path.removeprefix("/api"): {
            method.lower(): {"responses": {"200": {"description": "OK"}}}
            for method in sorted((route.methods or set()) - {"HEAD"})
        }
        for route in routes
        if route.path.startswith("/api/")
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": "Jamf Pro API", "version": "production", "x-release": str(release)},
        "servers": [{"url": "/api"}],
        "paths": paths,
    }

    async def schema(_: Request) -> Response:
        return json_response(document)

    return schema


async def _health_check_page(_: Request) -> Response:
    """`/healthCheck.html`: a JSON array of problems, whatever its name says."""
    return Response("[]", media_type="text/html")


# Pages of JSON documents ------------------------------------------------------------------------------------


def _documents_page(
    call: Call, documents: Iterable[Json], fields: dict[str, Field], order: str
) -> Response:
    """A page of documents that are made for this request."""
    collection: Collection[Json] = Collection(
        records=lambda: documents, revision=lambda: None, filters=fields, sorts=fields
    )
    found = call.page(collection, call.page_request(order))
    return json_response({"totalCount": found.total_count, "results": found.records})


def _key_field(key: str) -> Field:
    """A field that is read from a key of a JSON object."""

    def read(document: dict[str, str | bool | None]) -> str | bool | None:
        return document[key]

    return Field(read)


# Routes -----------------------------------------------------------------------------------------------------


def routes(release: JamfVersion) -> list[Route]:
    """The Pro API's routes of one release; what it lacks is missing, and so answers 404.

    Args:
        release: the JAMF Pro release.

    Returns:
        The routes, without those of `authentication_api`.
    """
    found = _routes(release)
    return [
        Route("/", _log_in_page),
        Route("/api/schema", _schema(found, release)),
        Route("/api/schema/", _schema(found, release)),
        *found,
    ]


def _routes(release: JamfVersion) -> list[Route]:
    return [
        Route("/api/startup-status", _startup_status),
        Route("/healthCheck.html", _health_check_page),
        Route("/api/v1/health-check", _health_check),
        Route("/api/v1/health-status", guarded(_health_status)),
        Route("/api/v1/jamf-pro-version", guarded(_version)),
        Route("/api/v2/jamf-pro-information", guarded(_information)),
        Route("/api/v1/inventory-information", guarded(_inventory_information)),
        Route("/api/v1/buildings", guarded(_buildings, "Read Buildings")),
        Route("/api/v1/departments", guarded(_departments, "Read Departments")),
        Route("/api/v1/sites", guarded(_sites, "Read Sites")),
        Route(
            "/api/v1/computer-extension-attributes",
            guarded(_extension_attribute_definitions, "Read Computer Extension Attributes"),
        ),
        Route("/api/v2/mobile-devices", guarded(_mobile_devices, "Read Mobile Devices")),
        Route(
            "/api/v2/mobile-devices/detail", guarded(_mobile_device_details, "Read Mobile Devices")
        ),
        Route("/api/v2/mobile-devices/{id}", guarded(_mobile_device, "Read Mobile Devices")),
        Route("/api/v1/packages", guarded(_nothing)),
        Route("/api/v1/categories", guarded(_nothing)),
        *_inventory_routes(release),
        *_user_routes(release),
        *_group_routes(release),
    ]


def _inventory_routes(release: JamfVersion) -> Iterator[Route]:
    for answer, since in INVENTORY_VERSIONS.items():
        if release < since:
            continue
        for path, handler in (
            ("computers-inventory", _computers),
            ("computers-inventory/{id}", _computer),
            ("computers-inventory-detail/{id}", _computer_detail),
        ):
            yield Route(
                f"/api/v{answer}/{path}", guarded(partial(handler, answer=answer), "Read Computers")
            )


def _user_routes(release: JamfVersion) -> Iterator[Route]:
    if release >= USERS_V1:
        yield Route("/api/v1/users", guarded(_users, "Read User"))
        yield Route("/api/v1/users/{id}", guarded(_user, "Read User"))


def _group_routes(release: JamfVersion) -> Iterator[Route]:
    smart, static = "Read Smart Computer Groups", "Read Static Computer Groups"
    yield Route("/api/v1/computer-groups", guarded(_all_computer_groups, smart, static))
    yield Route("/api/v1/groups", guarded(partial(_platform_groups, deprecated=True)))
    if release >= GROUPS_V3:
        yield Route("/api/v2/groups", guarded(partial(_platform_groups, deprecated=False)))
    for version, deprecated in ((2, True), (3, False)) if release >= GROUPS_V3 else ((2, True),):
        for path, handler, privilege in (
            ("smart-groups", _smart_groups, smart),
            ("smart-groups/{id}", _smart_group, smart),
            ("smart-group-membership/{id}", _smart_group_membership, smart),
            ("static-groups", _static_groups, static),
            ("static-groups/{id}", _static_group, static),
        ):
            yield Route(
                f"/api/v{version}/computer-groups/{path}",
                guarded(partial(handler, deprecated=deprecated), privilege),
            )
