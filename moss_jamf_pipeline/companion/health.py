"""For whoever runs the service: does it live, can it work?"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from moss_jamf_pipeline.companion.surroundings import WorkplaceNeeded

ROUTER = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """The database answers and is prepared for this version."""

    status: Literal["ready"] = "ready"


@ROUTER.get("/healthz")
def healthz() -> Alive:
    """Says that the process answers; restart it if it does not."""
    return Alive()


def _ready(workplace: WorkplaceNeeded) -> Ready:
    with workplace.looking():
        return Ready()


@ROUTER.get("/readyz")
def readyz(ready: Annotated[Ready, Depends(_ready)]) -> Ready:
    """Says whether requests can be answered: 503 with the reason while the database is away or not prepared."""
    return ready
