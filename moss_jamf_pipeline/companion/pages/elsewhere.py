"""What is nobody's page."""

from http import HTTPStatus

from fastapi import Response
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.companion.pages.routing import open_router, turned_to

ROUTER = open_router()


@ROUTER.get("", include_in_schema=False)
def begin() -> Response:
    """Leads to the dashboard."""
    return turned_to("/jamf/")


@ROUTER.get("/{path:path}")
def nothing(path: str) -> None:
    """Says that there is no such page."""
    raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no page /jamf/{path}.")
