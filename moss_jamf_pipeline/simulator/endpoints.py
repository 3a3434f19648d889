"""What the endpoints of all APIs share: authorisation, choice of the node, paging, and the faults of listings."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from moss_jamf_pipeline.simulator.faults import Latency
from moss_jamf_pipeline.simulator.middleware import LATENCY_SCOPE_KEY, NODE_SCOPE_KEY
from moss_jamf_pipeline.simulator.queries import (
    LARGEST_PAGE_SIZE,
    Collection,
    Page,
    PageRequest,
    number_in,
    page_request,
)
from moss_jamf_pipeline.simulator.responses import JamfError, classic_error
from moss_jamf_pipeline.simulator.rsql import RsqlError
from moss_jamf_pipeline.simulator.simulator import Node, Simulator, simulator_of
from moss_jamf_pipeline.simulator.tokens import Session

R = TypeVar("R")
_SHOWN = 40
Endpoint = Callable[[Request], Awaitable[Response]]


class Call:
    """One authorised request: what it asks for, and who answers.

    Attributes:
        request: the request.
        session: whose it is.
        simulator: the server.
        node: the node of the cluster that answers.
    """

    __slots__ = ("_records", "node", "request", "session", "simulator")

    def __init__(self, request: Request, session: Session, simulator: Simulator) -> None:
        self.request = request
        self.session = session
        self.simulator = simulator
        self.node: Node = simulator.node(request.scope[NODE_SCOPE_KEY])
        self._records = 0

    @property
    def path(self) -> str:
        """The request's path."""
        return self.request.url.path

    def may(self, privilege: str) -> bool:
        """Whether the caller has a privilege."""
        return privilege in self.simulator.privileges_of(self.session)

    def identifier(self) -> str:
        """The numeric id in the path. Raises JamfError 400 for anything else, as JAMF does."""
        identifier = str(self.request.path_params["id"])
        number = number_in(identifier)
        if number is None:
            raise JamfError(
                400, "INVALID_ID", f"{identifier[:_SHOWN]} is not a valid id", field="id"
            )
        return str(number)

    def page_request(self, order: str, largest: int = LARGEST_PAGE_SIZE) -> PageRequest:
        """Which page is asked for, as far as the faults in force allow it.

        Args:
            order: the default sort.
            largest: the largest page of this endpoint.

        Returns:
            The request, its size clamped.

        Raises:
            JamfError: 400 for a malformed parameter; 404, 405 or 504 if a fault says so.
        """
        faults = self.simulator.faults
        if faults.missing_listing is not None and faults.missing_listing.strikes(self.path):
            raise JamfError(faults.missing_listing.status)
        try:
            wanted = page_request(self.request.query_params, order=order, largest=largest)
        except RsqlError as error:
            raise JamfError(400, "INVALID_PARAMETER", str(error), field="page") from error
        limit = faults.page_limit
        if limit is None or not limit.strikes(self.path):
            return wanted
        if limit.gateway_timeout_above is not None and wanted.size > limit.gateway_timeout_above:
            raise JamfError(504, "GATEWAY_TIMEOUT", "The answer took too long")
        size = wanted.size if limit.largest is None else min(wanted.size, limit.largest)
        return PageRequest(wanted.number, size, wanted.order, wanted.expression)

    def page(self, collection: Collection[R], wanted: PageRequest) -> Page[R]:
        """Takes a page of a collection.

        Args:
            collection: the collection.
            wanted: which page.

        Returns:
            The page, empty if a fault says so.

        Raises:
            JamfError: 400 if the filter or the sort is not understood.
        """
        wanted, finds_nothing = self._with_filter_fault(wanted)
        if finds_nothing:
            return Page(0, [])
        try:
            found = collection.page(wanted)
        except RsqlError as error:
            raise JamfError(
                400, "INVALID_FILTER", f"Filter or sort not understood: {error}", field="filter"
            ) from error
        empty = self.simulator.faults.empty_listing
        if empty is not None and empty.strikes(self.path):
            total = found.total_count if empty.total_count is None else empty.total_count
            return Page(total, [])
        self._records = len(found.records)
        return found

    def _with_filter_fault(self, wanted: PageRequest) -> tuple[PageRequest, bool]:
        """What becomes of a request with a filter: the request to answer, and whether nothing is found.

        Raises:
            JamfError: 400 if the fault says so.
        """
        fault = self.simulator.faults.filter_fault
        if fault is None or not wanted.expression or not fault.strikes(self.path):
            return wanted, False
        if fault.mode == "refused":
            raise JamfError(400, "INVALID_FILTER", "Filter not understood", field="filter")
        return replace(wanted, expression=""), fault.mode == "finds_nothing"

    async def take_time(self) -> Response | None:
        """Takes as long over the page as a fault says.

        Returns:
            What a gateway answers instead, if that is too long for it.
        """
        latency = self.request.scope.get(LATENCY_SCOPE_KEY)
        if not isinstance(latency, Latency):
            return None
        seconds = latency.seconds_of_page(self._records, self.simulator.requests.in_flight)
        given_up = latency.gives_up_after(seconds)
        await asyncio.sleep(seconds if given_up is None else given_up)
        return None if given_up is None else classic_error(504)


def guarded(handler: Callable[[Call], Awaitable[Response]], *privileges: str) -> Endpoint:
    """Makes an endpoint that only answers a caller with a good token and all the privileges.

    Args:
        handler: answers the call.
        privileges: the names of the privileges.

    Returns:
        The endpoint for a route.
    """

    async def endpoint(request: Request) -> Response:
        simulator = simulator_of(request)
        session = simulator.authorise(request, privileges)
        call = Call(request, session, simulator)
        # A test may change the fleet from its own thread: not while an answer is being put together.
        with call.node.fleet.lock:
            response = await handler(call)
        given_up = await call.take_time()
        return response if given_up is None else given_up

    return endpoint
