"""Pages in the place of M.O.S.S.'s own, for the demo: small ones of ours, with the script in them as a proxy adds it.

They have what the script looks for, and not more of M.O.S.S. than that: no word and no line is taken from it.
"""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.companion.identity.callers import Viewer
from moss_jamf_pipeline.companion.pages.presentation import page
from moss_jamf_pipeline.companion.pages.routing import (
    PageNumber,
    PageRoute,
    page_number,
    pages_in,
)
from moss_jamf_pipeline.companion.surroundings import WorkplaceNeeded
from moss_jamf_pipeline.services import inventory
from moss_jamf_pipeline.services.inventory import ObjectType

_PER_PAGE: Final = 25
_TYPES: Final[dict[str, ObjectType]] = {"devices": "device", "people": "person", "groups": "group"}
_HEADERS: Final = {
    # The script brings its style with it; M.O.S.S. itself sends no policy at all.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'",
}
Kind = Annotated[str, Path(pattern="^(devices|people|groups)$")]


def _noticed(request: Request, viewer: Viewer) -> None:
    request.state.presence = viewer


ROUTER = APIRouter(route_class=PageRoute, dependencies=[Depends(_noticed)], include_in_schema=False)


@ROUTER.get("/", name="page_inventory")
def begin(request: Request, workplace: WorkplaceNeeded) -> Response:
    """Shows devices, as M.O.S.S. does first."""
    return listing(request, workplace, "devices")


@ROUTER.get("/{kind}", name="page_inventory_list")
def listing(
    request: Request,
    workplace: WorkplaceNeeded,
    kind: Kind,
    wanted: Annotated[str, Query(alias="q", max_length=200)] = "",
    number: PageNumber = 1,
) -> Response:
    """Lists objects of one kind."""
    found = inventory.list_objects(
        workplace, _TYPES[kind], wanted.strip(), page_number(number, _PER_PAGE)
    )
    return page(
        request,
        "inventory/list.html",
        headers=_HEADERS,
        kind=kind,
        wanted=wanted,
        found=found,
        number=number,
        pages=pages_in(found),
    )


@ROUTER.get("/{kind}/{object_id}", name="page_inventory_object")
def one(request: Request, workplace: WorkplaceNeeded, kind: Kind, object_id: UUID) -> Response:
    """Shows an object: where the script puts what JAMF knows of it."""
    found = inventory.show_object(workplace, _TYPES[kind], object_id)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "The inventory has no such object.")
    return page(request, "inventory/object.html", headers=_HEADERS, kind=kind, found=found)
