"""The Classic API (`/JSSResource/...`) as far as a sync may read it, and as other clients of JAMF list it.

XML by default; JSON when the client accepts it, and then labelled `text/plain`, as JAMF labels it. Ids are integers and
"nothing" is an empty text here. One document serves both formats: a `Listing` is a JSON array, and in XML an element
with one child element per item.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from moss_jamf_pipeline.simulator.classic_answers import (
    Listing,
    Node,
    answer,
    fail_if_missing,
    identifier_in,
    is_emptied,
    site_of,
)
from moss_jamf_pipeline.simulator.classic_computers import computer_routes
from moss_jamf_pipeline.simulator.endpoints import Call, guarded
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.records import Building, Computer, Group, User
from moss_jamf_pipeline.simulator.responses import JamfError, not_found

# Users ----------------------------------------------------------------------------------------------------


async def _users(call: Call) -> Response:
    """All users, ids and names only, in one answer, sorted by name."""
    fail_if_missing(call)
    users = sorted(call.node.fleet.users.values(), key=lambda user: user.username.casefold())
    if is_emptied(call):
        users = []
    values: list[Node] = [{"id": int(user.id), "name": user.username} for user in users]
    return answer(call, "users", Listing("user", values, has_size=True))


async def _user_by_id(call: Call) -> Response:
    user = call.node.fleet.users.get(identifier_in(call))
    if user is None:
        raise not_found()
    return answer(call, "user", _user_document(user, call.node.fleet))


async def _user_by_name(call: Call) -> Response:
    name = str(call.request.path_params["name"]).casefold()
    user = next(
        (user for user in call.node.fleet.users.values() if user.username.casefold() == name), None
    )
    if user is None:
        raise not_found()
    return answer(call, "user", _user_document(user, call.node.fleet))


async def _users_by_email(call: Call) -> Response:
    """All users with this e-mail: a list even if it is one."""
    email = str(call.request.path_params["email"]).casefold()
    fleet = call.node.fleet
    users = [user for user in fleet.users.values() if user.email and user.email.casefold() == email]
    if not users:
        raise not_found()
    return answer(
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
        "sites": Listing("site", [site_of(fleet, site_id) for site_id in user.site_ids]),
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
    fail_if_missing(call)
    groups = [] if is_emptied(call) else list(call.node.fleet.groups.values())
    values: list[Node] = [
        {"id": int(group.id), "name": group.name, "is_smart": group.is_smart} for group in groups
    ]
    return answer(call, "computer_groups", Listing("computer_group", values, has_size=True))


async def _group_by_id(call: Call) -> Response:
    return _group(call, call.node.fleet.groups.get(identifier_in(call)))


async def _group_by_name(call: Call) -> Response:
    return _group(call, _named(call.node.fleet.groups.values(), call))


def _group(call: Call, group: Group | None) -> Response:
    """A group with its members: the only place where JAMF lists those of a static group."""
    fleet = call.node.fleet
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
        "site": site_of(fleet, group.site_id),
        "criteria": Listing("criterion", _criteria(group), has_size=True),
        "computers": Listing(
            "computer", [_member(computer) for computer in members], has_size=True
        ),
    }
    return answer(call, "computer_group", document)


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


# Places and the rest ----------------------------------------------------------------------------------------


class _HasName(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


_NamedT = TypeVar("_NamedT", bound=_HasName)


def _named(records: Iterable[_NamedT], call: Call) -> _NamedT | None:
    """The first record with the name in the path, in any case."""
    name = str(call.request.path_params["name"]).casefold()
    return next((record for record in records if record.name.casefold() == name), None)


def _place_routes(
    path: str, item: str, records: Callable[[Fleet], Mapping[str, _HasName]], privilege: str
) -> Iterator[Route]:
    """A list of names, and single ones by id and name: buildings, departments, sites."""

    async def listed(call: Call) -> Response:
        fail_if_missing(call)
        found = [] if is_emptied(call) else list(records(call.node.fleet).values())
        values: list[Node] = [{"id": int(each.id), "name": each.name} for each in found]
        return answer(call, path, Listing(item, values, has_size=True))

    def one(call: Call, record: _HasName | None) -> Response:
        if record is None:
            raise not_found()
        return answer(call, item, {"id": int(record.id), "name": record.name, **_address(record)})

    async def by_id(call: Call) -> Response:
        return one(call, records(call.node.fleet).get(identifier_in(call)))

    async def by_name(call: Call) -> Response:
        return one(call, _named(records(call.node.fleet).values(), call))

    yield Route(f"/JSSResource/{path}", guarded(listed, privilege))
    yield Route(f"/JSSResource/{path}/id/{{id}}", guarded(by_id, privilege))
    yield Route(f"/JSSResource/{path}/name/{{name:path}}", guarded(by_name, privilege))


def _address(record: _HasName) -> dict[str, Node]:
    if not isinstance(record, Building):
        return {}
    return {
        "streetAddress1": record.street_address_1 or "",
        "streetAddress2": record.street_address_2 or "",
        "city": record.city or "",
        "stateProvince": record.state_province or "",
        "zipPostalCode": record.zip_postal_code or "",
        "country": record.country or "",
    }


_EMPTY: Final = (
    # path, element of the list, element of one, privilege
    ("mobiledevices", "mobile_devices", "mobile_device", "Read Mobile Devices"),
    ("mobiledevicegroups", "mobile_device_groups", "mobile_device_group", "Read Mobile Devices"),
    ("advancedcomputersearches", "advanced_computer_searches", "advanced_computer_search", None),
    ("categories", "categories", "category", None),
    ("packages", "packages", "package", None),
    ("policies", "policies", "policy", None),
    ("scripts", "scripts", "script", None),
)
"""What this server has none of, and clients list all the same; without a privilege: any account sees that."""


def _empty_routes() -> Iterator[Route]:
    async def nothing(_call: Call) -> Response:
        raise not_found()

    def none_of(root: str, item: str) -> Callable[[Call], Awaitable[Response]]:
        async def listed(call: Call) -> Response:
            fail_if_missing(call)
            return answer(call, root, Listing(item, [], has_size=True))

        return listed

    for path, root, item, privilege in _EMPTY:
        privileges = () if privilege is None else (privilege,)
        yield Route(f"/JSSResource/{path}", guarded(none_of(root, item), *privileges))
        yield Route(
            f"/JSSResource/{path}/match/{{match:path}}", guarded(none_of(root, item), *privileges)
        )
        yield Route(f"/JSSResource/{path}/{{rest:path}}", guarded(nothing, *privileges))


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
        Route("/JSSResource/computergroups/id/{id}", guarded(_group_by_id)),
        Route("/JSSResource/computergroups/name/{name:path}", guarded(_group_by_name)),
        *computer_routes(),
        *_place_routes("buildings", "building", lambda fleet: fleet.buildings, "Read Buildings"),
        *_place_routes(
            "departments", "department", lambda fleet: fleet.departments, "Read Departments"
        ),
        *_place_routes("sites", "site", lambda fleet: fleet.sites, "Read Sites"),
        *_empty_routes(),
    ]
