"""Fragments: what of ours appears inside M.O.S.S.'s own pages. One answer has all that one of its pages shows.

The script asks (`companion/script/embed.js`); an object that is none of JAMF's has nothing: 204. Nobody waits for a
JAMF that is slow: what it has not said within the blink of an eye comes from the newest capture.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Path, Query, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.companion.api import routing as api
from moss_jamf_pipeline.companion.pages.presentation import rendered
from moss_jamf_pipeline.companion.pages.routing import router
from moss_jamf_pipeline.companion.surroundings import JamfNowNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services import jamf_objects, live
from moss_jamf_pipeline.services.jamf_now import SECONDS_TOWARDS_JAMF, JamfNow
from moss_jamf_pipeline.services.links import DeepLink
from moss_jamf_pipeline.services.live import Patience
from moss_jamf_pipeline.services.workplace import Workplace

ROUTER = api.router("fragments")
PAGES = router()

_AT_ONCE: Final = Patience(wait_seconds=0.3)
_ANEW: Final = Patience(wait_seconds=SECONDS_TOWARDS_JAMF + 0.5, is_fresh=True)

ObjectId = Annotated[UUID, Path(description="M.O.S.S.'s id, as its page's address has it.")]


class LinkShown(BaseModel):
    """A link into JAMF's own pages."""

    href: str
    label: str = "View in JAMF"


class Fragment(BaseModel):
    """A piece of page."""

    kind: Literal["device", "person", "group", "integrations"]
    label: str = Field(description="What it is called, as a tab or heading.")
    html: str = Field(description="Its content; everything that comes from elsewhere is escaped.")
    link: LinkShown | None = Field(description="JAMF's page of the object.")
    as_of: datetime | None = Field(description="When it was so; null: it does not say.")
    is_pending: bool = Field(
        default=False, description="JAMF's own answer is on its way: ask again in a moment."
    )


NOTHING: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.NO_CONTENT.value: {"description": "The object is none of JAMF's."},
}


@ROUTER.get("/jamf/fragments/devices/{object_id}", responses=NOTHING, response_model=Fragment)
def device_fragment(
    workplace: WorkplaceNeeded,
    jamf: JamfNowNeeded,
    object_id: ObjectId,
    fresh: Annotated[
        bool, Query(description="Wait for JAMF's own answer, up to 3 seconds.")
    ] = False,
) -> Fragment | Response:
    """The tab of a device."""
    return _or_nothing(_device(workplace, jamf, object_id, _ANEW if fresh else _AT_ONCE))


@ROUTER.get("/jamf/fragments/people/{object_id}", responses=NOTHING, response_model=Fragment)
def person_fragment(workplace: WorkplaceNeeded, object_id: ObjectId) -> Fragment | Response:
    """The card of a person."""
    return _or_nothing(_person(workplace, object_id))


@ROUTER.get("/jamf/fragments/groups/{object_id}", responses=NOTHING, response_model=Fragment)
def group_fragment(workplace: WorkplaceNeeded, object_id: ObjectId) -> Fragment | Response:
    """The banner of a group."""
    return _or_nothing(_group(workplace, object_id))


@ROUTER.get("/jamf/fragments/integrations")
def integrations_fragment(workplace: WorkplaceNeeded) -> Fragment:
    """The way to the dashboard."""
    content = rendered(
        "fragments/integrations.html", integrations=jamf_objects.integrations(workplace)
    )
    return Fragment(kind="integrations", label="JAMF", html=content, link=None, as_of=None)


@PAGES.get("/embedded/{kind}/{object_id}")
def embedded(
    workplace: WorkplaceNeeded,
    jamf: JamfNowNeeded,
    kind: Literal["devices", "people", "groups"],
    object_id: ObjectId,
) -> HTMLResponse:
    """The same as a page of its own, for a frame or a link where no proxy adds the script."""
    match kind:
        case "devices":
            found = _device(workplace, jamf, object_id, Patience())
        case "people":
            found = _person(workplace, object_id)
        case "groups":
            found = _group(workplace, object_id)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "JAMF has nothing of this object.")
    inner = Markup(found.html)  # noqa: S704 - a template made it
    content = rendered("fragments/embedded.html", label=found.label, content=inner)
    return HTMLResponse(content)


def _or_nothing(fragment: Fragment | None) -> Fragment | Response:
    return Response(status_code=HTTPStatus.NO_CONTENT) if fragment is None else fragment


def _device(
    workplace: Workplace, jamf: JamfNow, object_id: UUID, patience: Patience
) -> Fragment | None:
    device = live.device_of_moss(workplace, jamf, object_id, patience)
    if device is None:
        return None
    return Fragment(
        kind="device",
        label="MDM Info",
        html=rendered("fragments/device.html", device=device),
        link=None if device.told.href is None else LinkShown(href=device.told.href),
        as_of=device.told.as_of,
        is_pending=device.told.is_pending,
    )


def _person(workplace: Workplace, object_id: UUID) -> Fragment | None:
    person = jamf_objects.person(workplace, object_id)
    if person is None:
        return None
    return Fragment(
        kind="person",
        label="JAMF",
        html=rendered("fragments/person.html", person=person),
        link=_link(person.link),
        as_of=None,
    )


def _group(workplace: Workplace, object_id: UUID) -> Fragment | None:
    group = jamf_objects.group(workplace, object_id)
    if group is None:
        return None
    return Fragment(
        kind="group",
        label="JAMF",
        html=rendered("fragments/group.html", group=group),
        link=_link(group.link),
        as_of=group.last_synced_at,
    )


def _link(link: DeepLink | None) -> LinkShown | None:
    return None if link is None or link.href is None else LinkShown(href=link.href)
