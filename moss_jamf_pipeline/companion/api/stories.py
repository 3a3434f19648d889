"""Stories of single objects, and lists of devices that somebody should look at."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from moss_jamf_pipeline.companion.api.routing import (
    CursorAsked,
    Listed,
    cursor_at,
    listed,
    page_asked,
    position_of,
    router,
)
from moss_jamf_pipeline.companion.problems import Refused
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, WorkplaceNeeded
from moss_jamf_pipeline.engine.slots import slot_start
from moss_jamf_pipeline.services import device_lists, stories
from moss_jamf_pipeline.services.device_lists import DeviceFilter, ListedDevice
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.stories import Story
from moss_jamf_pipeline.services.story_finding import Subject

ROUTER = router("stories")

_SLOT: Final = r"^\d{4}-\d\d-\d\d-(00|06|12|18):00$"

Sought = Annotated[
    str,
    Path(
        max_length=300,
        description="What the object is known by, its id in M.O.S.S., or `jamf:` and its id in JAMF.",
    ),
]
AsOf = Annotated[
    str | None,
    Query(
        pattern=_SLOT,
        description="A slot, by its start in UTC: what JAMF said then, beside what M.O.S.S. has now.",
        examples=["2026-11-22-06:00"],
    ),
]
Events = Annotated[int, Query(ge=1, le=500, description="How many events at most, newest first.")]


def _as_of(as_of: AsOf = None) -> datetime | None:
    """The slot that a request names.

    Raises:
        Refused: there is no such day.
    """
    try:
        return None if as_of is None else slot_start(as_of)
    except ValueError as error:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-slot",
            f"{as_of} is no slot.",
            "A slot is named by its start in UTC, every six hours, e.g. 2026-11-22-06:00.",
        ) from error


AsOfAsked = Annotated[datetime | None, Depends(_as_of)]


def _events(events: Events = 50, cursor: CursorAsked = None) -> PageRequest:
    return PageRequest(limit=events, offset=position_of(cursor))


EventsAsked = Annotated[PageRequest, Depends(_events)]


class Told(BaseModel):
    """A story, and where its next events begin."""

    story: Story
    next_cursor: str | None = Field(
        description="Where earlier events begin, to be given as `cursor`; null: there are none."
    )


@ROUTER.get("/explain/devices/{sought:path}")
def explain_device(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    sought: Sought,
    as_of: AsOfAsked,
    events: EventsAsked,
) -> Told:
    """Tells the story of a device, by serial number, host name or id."""
    return _told(
        stories.tell(workplace, choice, Subject.DEVICE, sought, as_of=as_of, events=events), events
    )


@ROUTER.get("/explain/people/{sought:path}")
def explain_person(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    sought: Sought,
    as_of: AsOfAsked,
    events: EventsAsked,
) -> Told:
    """Tells the story of a person, by e-mail address, user name, full name or id."""
    return _told(
        stories.tell(workplace, choice, Subject.PERSON, sought, as_of=as_of, events=events), events
    )


@ROUTER.get("/explain/groups/{sought:path}")
def explain_group(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    sought: Sought,
    as_of: AsOfAsked,
    events: EventsAsked,
) -> Told:
    """Tells the story of a group, by name (with the prefix [JAMF] or without) or id."""
    return _told(
        stories.tell(workplace, choice, Subject.GROUP, sought, as_of=as_of, events=events), events
    )


@ROUTER.get("/devices")
def list_devices(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    page: Annotated[PageRequest, Depends(page_asked)],
    without_person: Annotated[
        bool, Query(description="Only those to whom M.O.S.S. assigns nobody; `why` says why.")
    ] = False,
    unenrolled: Annotated[bool, Query(description="Only those that are gone from JAMF.")] = False,
    in_conflict: Annotated[
        bool, Query(description="Only those about which a conflict is open.")
    ] = False,
    changed_since: Annotated[
        AwareDatetime | None,
        Query(description="Only those that a sync changed since then, the latest first."),
    ] = None,
) -> Listed[ListedDevice]:
    """Lists devices that are linked to JAMF, by host name and serial number."""
    wanted = DeviceFilter(without_person, unenrolled, in_conflict, changed_since)
    return listed(device_lists.list_devices(workplace, choice, wanted, page))


def _told(story: Story, events: PageRequest) -> Told:
    end = events.offset + len(story.timeline)
    following = cursor_at(end) if story.timeline and end < story.timeline_total else None
    return Told(story=story, next_cursor=following)
