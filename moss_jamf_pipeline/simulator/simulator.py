"""The state behind the endpoints: configuration, fleet, nodes, tokens, faults, request counts.

One `Simulator` is one JAMF Pro server. The endpoints get it from the request; tests and the demo get it from
`SimulatorServer`.
"""

import itertools
import time
from dataclasses import dataclass

from starlette.requests import Request

from moss_jamf_pipeline.simulator.configuration import SimulatorConfig
from moss_jamf_pipeline.simulator.evolution import EvolveReport, EvolveRequest, evolve
from moss_jamf_pipeline.simulator.faults import Faults
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.mobile_devices import detail_collection, light_collection
from moss_jamf_pipeline.simulator.queries import Collection, attribute_fields, computer_collection
from moss_jamf_pipeline.simulator.records import Building, Computer, Department, Group, User
from moss_jamf_pipeline.simulator.rendering import InventoryRenderer
from moss_jamf_pipeline.simulator.request_log import RequestLog
from moss_jamf_pipeline.simulator.responses import invalid_privilege, invalid_token
from moss_jamf_pipeline.simulator.rsql import Field
from moss_jamf_pipeline.simulator.tokens import Session, TokenStore
from moss_jamf_pipeline.simulator.versions import INVENTORY_VERSIONS, JamfVersion
from moss_jamf_pipeline.simulator.webhooks import FleetWatch, WebhookSender

NODE_NAMES = ("a1b7c9d3e5f70213", "f4e2d0c8b6a49517")
"""Values of the cookie `jpro-ingress`, one per node."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The computers as one answer version shows them."""

    collection: Collection[Computer]
    renderer: InventoryRenderer


class Node:
    """One web application of the cluster: a fleet as it sees it, ready to be asked."""

    def __init__(self, fleet: Fleet, release: JamfVersion) -> None:
        self.fleet = fleet
        self.inventories: dict[int, Inventory] = {}
        for answer in INVENTORY_VERSIONS:
            renderer = InventoryRenderer(fleet, answer, release)
            self.inventories[answer] = Inventory(
                computer_collection(fleet, answer, renderer), renderer
            )
        user_fields = attribute_fields(
            id="number",
            username="text",
            realname="text",
            email="text",
            phone="text",
            position="text",
        )
        user_fields["managedAppleId"] = attribute_fields(managed_apple_id="text")[
            "managed_apple_id"
        ]
        self.users: Collection[User] = Collection(
            records=fleet.users.values,
            revision=lambda: fleet.revision,
            filters=user_fields,
            sorts=user_fields,
        )
        building_fields = {
            name: attribute_fields(**{attribute: "text"})[attribute]
            for name, attribute in (
                ("name", "name"),
                ("streetAddress1", "street_address_1"),
                ("streetAddress2", "street_address_2"),
                ("city", "city"),
                ("stateProvince", "state_province"),
                ("zipPostalCode", "zip_postal_code"),
                ("country", "country"),
            )
        }
        identifier = attribute_fields(id="number")
        self.buildings: Collection[Building] = Collection(
            records=fleet.buildings.values,
            revision=lambda: fleet.revision,
            filters=building_fields,
            sorts={**identifier, **building_fields},
        )
        department_fields = attribute_fields(id="number", name="text")
        self.departments: Collection[Department] = Collection(
            records=fleet.departments.values,
            revision=lambda: fleet.revision,
            filters=department_fields,
            sorts=department_fields,
        )
        self.mobile_devices = detail_collection(fleet)
        self.light_mobile_devices = light_collection(fleet)
        self.smart_groups = self._groups(is_smart=True)
        self.static_groups = self._groups(is_smart=False)

    def _groups(self, *, is_smart: bool) -> Collection[Group]:
        fields: dict[str, Field] = attribute_fields(id="number", name="text")
        fields["siteId"] = attribute_fields(site_id="text")["site_id"]
        return Collection(
            records=lambda: (
                group for group in self.fleet.groups.values() if group.is_smart == is_smart
            ),
            revision=lambda: self.fleet.revision,
            filters=fields,
            sorts=fields,
        )


class Simulator:
    """One simulated JAMF Pro server."""

    def __init__(self, fleet: Fleet, config: SimulatorConfig) -> None:
        """Puts a server together.

        Args:
            fleet: what it serves.
            config: what it is like.
        """
        self.config = config
        self.fleet = fleet
        self.release = config.release
        self.tokens = TokenStore()
        self.requests = RequestLog()
        self.faults = Faults()
        self.webhooks = WebhookSender()
        self._node = Node(fleet, self.release)
        self._stale_node: Node | None = None
        self._stale_since = 0.0
        self._turn = itertools.count()

    def evolve(self, request: EvolveRequest) -> EvolveReport:
        """Changes the fleet as between two syncs, and calls who is to be told of it.

        Raises:
            EvolutionError: the fleet is too small for the changes; nothing is changed.
        """
        watch = FleetWatch(self.fleet)
        report = evolve(self.fleet, request)
        self.webhooks.send(watch.events())
        return report

    def set_faults(self, faults: Faults) -> None:
        """Replaces the faults in force. Counts of knobs start anew."""
        if faults.expire_tokens_now:
            self.tokens.revoke_all()
        # A copy, so that putting the same document twice does not carry over what its knobs have counted.
        self.faults = Faults.model_validate(
            faults.model_dump(exclude={"expire_tokens_now"}, exclude_defaults=True)
        )
        self._stale_node = None
        if self.faults.stale_nodes is not None:
            self._refresh_stale_node()

    def clear_faults(self) -> None:
        """Makes the server healthy."""
        self.set_faults(Faults())

    def node_name(self, cookie: str | None) -> str:
        """Which node answers a request.

        Args:
            cookie: the request's `jpro-ingress`, if it sent one.

        Returns:
            The node's name, which is the cookie's value.
        """
        if cookie in NODE_NAMES:
            return str(cookie)
        if self.faults.stale_nodes is None:
            return NODE_NAMES[0]
        return NODE_NAMES[next(self._turn) % len(NODE_NAMES)]

    def node(self, name: str) -> Node:
        """The node of this name; without the fault `stale_nodes` all nodes see the same fleet."""
        stale = self.faults.stale_nodes
        if stale is None or name != NODE_NAMES[1]:
            return self._node
        if self._stale_node is None or time.monotonic() - self._stale_since > stale.lag_seconds:
            return self._refresh_stale_node()
        return self._stale_node

    def authorise(self, request: Request, privileges: tuple[str, ...]) -> Session:
        """Checks a request's token and privileges.

        Args:
            request: with a bearer token.
            privileges: all that are needed.

        Returns:
            The session behind the token.

        Raises:
            JamfError: 401 for a missing or ended token, 403 for a missing privilege.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        session = self.tokens.session(token.strip()) if scheme.lower() == "bearer" else None
        if session is None:
            raise invalid_token()
        rejected = self.faults.rejected_tokens
        if rejected is not None and rejected.strikes(request.url.path):
            self.tokens.revoke(token.strip())
            raise invalid_token()
        if not self.privileges_of(session).issuperset(privileges):
            raise invalid_privilege()
        return session

    def privileges_of(self, session: Session) -> frozenset[str]:
        """What a session may do at this moment."""
        return session.privileges - self.faults.removed_privileges

    def _refresh_stale_node(self) -> Node:
        self._stale_node = Node(self.fleet.snapshot(), self.release)
        self._stale_since = time.monotonic()
        return self._stale_node


def simulator_of(request: Request) -> Simulator:
    """The simulator that serves a request."""
    simulator = request.app.state.simulator
    if not isinstance(simulator, Simulator):
        raise TypeError(
            "The application was not made by create_application: it has no simulator in its state."
        )
    return simulator
