"""One object's story, how to find it, and lists of devices that somebody should look at."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import Path, Query, Request, Response

from moss_jamf_pipeline.companion.pages.presentation import Frame, page
from moss_jamf_pipeline.companion.pages.routing import (
    PageNumber,
    page_number,
    router,
    turned_to,
)
from moss_jamf_pipeline.companion.problems import Refused
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.engine.slots import slot_key, slot_start
from moss_jamf_pipeline.services import device_lists, stories
from moss_jamf_pipeline.services.device_lists import DeviceFilter
from moss_jamf_pipeline.services.pages import Page
from moss_jamf_pipeline.services.story_finding import Candidate, ObjectUnclear, Subject

ROUTER = router()

_PER_PAGE: Final = 50
_EVENTS: Final = 30

Kind = Literal["devices", "people", "groups"]
View = Literal["all", "without-person", "unenrolled", "in-conflict", "changed"]

_SUBJECTS: Final = {
    "devices": Subject.DEVICE,
    "people": Subject.PERSON,
    "groups": Subject.GROUP,
}
_KINDS: Final = {subject: kind for kind, subject in _SUBJECTS.items()}


@ROUTER.get("/objects", name="page_objects")
def objects(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    kind: Kind = "devices",
    sought: Annotated[str, Query(max_length=300)] = "",
    view: View = "all",
    days: Annotated[int, Query(ge=1, le=3650)] = 7,
    number: PageNumber = 1,
) -> Response:
    """Finds the object that is meant, or lists devices."""
    if sought.strip():
        return _found(request, workplace, choice, kind, sought)
    wanted = DeviceFilter(
        without_person=view == "without-person",
        unenrolled=view == "unenrolled",
        in_conflict=view == "in-conflict",
        changed_since=datetime.now(UTC) - timedelta(days=days) if view == "changed" else None,
    )
    return page(
        request,
        "objects.html",
        devices=device_lists.list_devices(
            workplace, choice, wanted, page_number(number, _PER_PAGE)
        ),
        view=view,
        days=days,
        number=number,
    )


@ROUTER.get("/objects/{kind}/{sought:path}", name="page_object")
def story_of_object(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    kind: Kind,
    sought: Annotated[str, Path(max_length=300)],
    as_of: Annotated[str, Query(max_length=20)] = "",
    number: PageNumber = 1,
) -> Response:
    """Tells the story of an object, by its id or by what else it is known by."""
    slot = _slot(as_of)
    wanted = page_number(number, _EVENTS)
    try:
        story = stories.tell(workplace, choice, _SUBJECTS[kind], sought, as_of=slot, events=wanted)
    except ObjectUnclear as unclear:
        return _unclear(request, unclear)
    return page(
        request,
        "object.html",
        story=story,
        kind=kind,
        sought=sought,
        as_of=as_of,
        slots=[slot_key(start) for start in stories.stored_slots(workplace, choice)],
        events=Page(story.timeline, story.timeline_total, wanted.limit, wanted.offset),
        number=number,
    )


def _found(
    request: Request,
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    kind: Kind,
    sought: str,
) -> Response:
    """Sends whoever looks for an object on to it."""
    try:
        found = stories.identify(workplace, choice, _SUBJECTS[kind], sought)
    except ObjectUnclear as unclear:
        return _unclear(request, unclear)
    return turned_to(_address(Frame(request), found))


def _unclear(request: Request, unclear: ObjectUnclear) -> Response:
    frame = Frame(request)
    return page(
        request,
        "object_unclear.html",
        status=HTTPStatus.CONFLICT,
        message=unclear.message.partition(":")[0],
        candidates=[(each, _address(frame, each)) for each in unclear.candidates],
    )


def _address(frame: Frame, found: Candidate) -> str:
    """Where an object's story is told, by the id that is its own alone."""
    by_id = str(found.object_id) if found.is_in_moss else quote(f"jamf:{found.external_id}")
    return frame.link("page_object", kind=_KINDS[found.object_type], sought=by_id)


def _slot(key: str) -> datetime | None:
    """The slot that was picked; None: now.

    Raises:
        Refused: it is none.
    """
    try:
        return slot_start(key) if key else None
    except ValueError as error:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-slot",
            f"{key} is no slot.",
            "A slot is named by its start in UTC, every six hours, e.g. 2026-11-22-06:00.",
        ) from error
