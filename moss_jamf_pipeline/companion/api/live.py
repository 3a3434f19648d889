"""Live data: how a computer is now, as JAMF says; and where JAMF's own pages show an object."""

from typing import Annotated, Final

from fastapi import Depends, Path, Query

from moss_jamf_pipeline.companion.api.routing import router
from moss_jamf_pipeline.companion.surroundings import ChoiceNeeded, JamfNowNeeded, WorkplaceNeeded
from moss_jamf_pipeline.services import links, live
from moss_jamf_pipeline.services.links import Links, ObjectKind
from moss_jamf_pipeline.services.live import (
    LiveApplications,
    LiveDevice,
    LiveProfiles,
    Patience,
)

ROUTER = router("live data")

_LONGEST_ID: Final = 100

DeviceId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=_LONGEST_ID,
        pattern=r"^[A-Za-z0-9-]+$",
        description="M.O.S.S.'s id of the device, or JAMF's of the computer.",
        examples=["412"],
    ),
]


def _patience(
    fresh: Annotated[
        bool, Query(description="What JAMF said within the last minute is too old.")
    ] = False,
) -> Patience:
    return Patience(is_fresh=fresh)


PatienceAsked = Annotated[Patience, Depends(_patience)]


@ROUTER.get("/device/{device_id}/live")
def device(
    workplace: WorkplaceNeeded,
    jamf: JamfNowNeeded,
    choice: ChoiceNeeded,
    device_id: DeviceId,
    patience: PatienceAsked,
) -> LiveDevice:
    """Says how a computer is: asked from JAMF within 3 seconds and at most once a minute, else the newest capture."""
    return live.device(workplace, jamf, choice, device_id, patience)


@ROUTER.get("/device/{device_id}/apps")
def applications(
    workplace: WorkplaceNeeded,
    jamf: JamfNowNeeded,
    choice: ChoiceNeeded,
    device_id: DeviceId,
    patience: PatienceAsked,
) -> LiveApplications:
    """Lists its applications; `items` is null while JAMF does not tell, as they are not stored."""
    return live.applications(workplace, jamf, choice, device_id, patience)


@ROUTER.get("/device/{device_id}/profiles")
def profiles(
    workplace: WorkplaceNeeded,
    jamf: JamfNowNeeded,
    choice: ChoiceNeeded,
    device_id: DeviceId,
    patience: PatienceAsked,
) -> LiveProfiles:
    """Lists its configuration profiles; `items` is null while JAMF does not tell, as they are not stored."""
    return live.profiles(workplace, jamf, choice, device_id, patience)


@ROUTER.get("/links")
def list_links(
    workplace: WorkplaceNeeded,
    choice: ChoiceNeeded,
    object_type: Annotated[
        ObjectKind | None, Query(description="Of the object whose link is wanted.")
    ] = None,
    object_id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=_LONGEST_ID,
            description="M.O.S.S.'s id of it, or JAMF's.",
        ),
    ] = None,
) -> Links:
    """Tells the templates of JAMF's addresses in force, and the link of the object that is named."""
    return links.links(workplace, choice, object_type, object_id)
