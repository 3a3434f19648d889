"""Who the caller is, as the API sees it."""

from uuid import UUID

from pydantic import BaseModel, Field

from moss_jamf_pipeline.companion.api.routing import router
from moss_jamf_pipeline.companion.identity.callers import Viewer

ROUTER = router("who asks")


class WhoAsks(BaseModel):
    """The caller."""

    name: str = Field(examples=["ada@example.com"])
    role: str = Field(description="`user`, `admin` or `super_admin`, as M.O.S.S. has it now.")
    user_id: UUID | None = Field(description="M.O.S.S.'s; null: the companion's own administrator.")
    csrf_token: str = Field(
        description="What a request with a cookie carries in X-CSRF-Token if it changes something; empty with a token."
    )


@ROUTER.get("/session")
def session(viewer: Viewer) -> WhoAsks:
    """Says who the caller is and may be."""
    return WhoAsks(
        name=viewer.caller.name,
        role=viewer.caller.role.name.lower(),
        user_id=viewer.caller.user_id,
        csrf_token=viewer.form_token,
    )
