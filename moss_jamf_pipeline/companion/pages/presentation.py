"""How pages show things: the templates, what every page has around it, and the words of numbers and times.

Whatever a template puts out goes through `outputs.one_line` and is escaped: names come from whoever names a Mac. What
is unknown is a dash, and never a zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markupsafe import Markup
from starlette.routing import NoMatchFound

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.catalogue.collections import device_record, jamf_id_in
from moss_jamf_pipeline.companion.identity import forms
from moss_jamf_pipeline.companion.identity.callers import Presence
from moss_jamf_pipeline.companion.static_files import address_of
from moss_jamf_pipeline.companion.surroundings import surroundings_of
from moss_jamf_pipeline.rendering.templating import environment_of
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.settings import IntegrationChoice, SettingsContradictory

_NAVIGATION: Final = (
    ("Dashboard", "page_dashboard"),
    ("Plans", "page_plans"),
    ("Conflicts", "page_conflicts"),
    ("Quarantine", "page_quarantine"),
    ("Objects", "page_objects"),
    ("Reports", "page_reports"),
    ("Configuration", "page_configuration"),
)
"""Places by the names of their routes; what this companion does not have is left out."""

_WITH_A_STORY: Final = {
    "device": "devices",
    "person": "people",
    "group": "groups",
    "group_member": "groups",
}
"""Types of object that have a page of ours, by what its address calls them; of a membership, the group's."""

_PAGES_OF_MOSS: Final = {"device": "devices", "person": "people", "group": "groups"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place to go to.

    Attributes:
        label: what it is called.
        address: where.
        is_here: whether the page that shows it is there, or below.
    """

    label: str
    address: str
    is_here: bool


class Frame:
    """What every page has around what it shows.

    Args:
        request: that is answered.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.version = __version__
        self.form_field = forms.FIELD
        self.presence: Presence | None = getattr(request.state, "presence", None)
        self.choices = _choices(request)
        named = request.query_params.get("integration")
        self.integration = named if named in {choice.name for choice in self.choices} else None

    @property
    def form_token(self) -> str:
        """What forms of this page carry."""
        return "" if self.presence is None else self.presence.form_token

    @property
    def is_administrator(self) -> bool:
        """Whether who looks may start, approve, resolve and revert."""
        return self.presence is not None and self.presence.caller.role >= Role.ADMIN

    @property
    def is_super_administrator(self) -> bool:
        """Whether who looks may configure."""
        return self.presence is not None and self.presence.caller.role >= Role.SUPER_ADMIN

    @property
    def may_sign_out(self) -> bool:
        """Whether who looks signed in here, with the companion's own token, and not in M.O.S.S."""
        return (
            self.presence is not None
            and self.presence.caller.user_id is None
            and bool(self.presence.form_token)
        )

    @property
    def has_several(self) -> bool:
        """Whether several JAMF servers are synced."""
        return len(self.choices) > 1

    @property
    def navigation(self) -> tuple[Place, ...]:
        """The places that there are."""
        path = self._request.url.path
        found = []
        for label, name in _NAVIGATION:
            address = self.link_if(name)
            if address is not None:
                bare = address.partition("?")[0]
                is_here = path == bare or (bare != "/jamf/" and path.startswith(f"{bare}/"))
                found.append(Place(label, address, is_here))
        return tuple(found)

    @property
    def switches(self) -> tuple[Place, ...]:
        """The same page of each integration, where there are several."""
        if not self.has_several:
            return ()
        path = self._request.url.path
        # A page of one object of an integration is none of another's.
        home = (
            path
            if any(path == place.address.partition("?")[0] for place in self.navigation)
            else "/jamf/"
        )
        return tuple(
            Place(
                choice.name or "",
                f"{home}?{urlencode({'integration': choice.name})}",
                choice.name == self.integration,
            )
            for choice in self.choices
        )

    def link(self, name: str, query: Mapping[str, object] | None = None, **path: object) -> str:
        """The address of a page, about the integration that this page is about.

        Args:
            name: of its route.
            query: parameters after the `?`; those that are None or empty are left out.
            path: parameters in the path.

        Raises:
            NoMatchFound: there is no such page.
        """
        address = str(self._request.app.url_path_for(name, **path))
        parameters = {
            key: value
            for key, value in {"integration": self.integration, **(query or {})}.items()
            if value not in (None, "")
        }
        return f"{address}?{urlencode(parameters)}" if parameters else address

    def link_if(
        self, name: str, query: Mapping[str, object] | None = None, **path: object
    ) -> str | None:
        """The same; None if this companion has no such page."""
        try:
            return self.link(name, query, **path)
        except NoMatchFound:
            return None

    def page_of(self, object_type: str, object_id: object) -> str | None:
        """The address of an object's page: ours if there is one, else M.O.S.S.'s own; None if there is neither.

        Args:
            object_type: e.g. `device`.
            object_id: M.O.S.S.'s; None: it has none.
        """
        if object_id is None:
            return None
        kind = _WITH_A_STORY.get(object_type)
        ours = None if kind is None else self.link_if("page_object", kind=kind, sought=object_id)
        if ours is not None:
            return ours
        # Who came with M.O.S.S.'s own session is on its host, where its pages are.
        is_on_its_host = self.presence is not None and self.presence.caller.user_id is not None
        path = _PAGES_OF_MOSS.get(object_type)
        return f"/{path}/{object_id}" if path is not None and is_on_its_host else None

    def in_dagster(self, path: str = "") -> str:
        """The address of something in Dagster's own pages."""
        return f"{surroundings_of(self._request).workplace.settings.dagster_pages}/{path}"


def words_of_json(text: str) -> str:
    """A value of a setting, which is JSON, as people say it."""
    value = orjson.loads(text)
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return value.replace("_", " ")
        case _:
            return text


def page(
    request: Request,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **shown: object,
) -> HTMLResponse:
    """A page.

    Args:
        request: that is answered.
        template: its name.
        status: of the answer.
        headers: what else the answer carries.
        shown: what the template shows.
    """
    content = _TEMPLATES.get_template(template).render(
        frame=Frame(request), now=datetime.now(UTC), **shown
    )
    return HTMLResponse(content, int(status), dict(headers or {}))


def rendered(template: str, **shown: object) -> Markup:
    """A piece of a page, without what pages have around them.

    Args:
        template: its name.
        shown: what the template shows.
    """
    return Markup(  # noqa: S704 - a template's own escaping
        _TEMPLATES.get_template(template).render(now=datetime.now(UTC), **shown)
    )


def _choices(request: Request) -> tuple[IntegrationChoice, ...]:
    try:
        return surroundings_of(request).workplace.settings.meant
    except SettingsContradictory:
        return ()


def _made() -> Environment:
    environment = environment_of(Path(__file__).parents[1] / "templates")
    # A constant `none` in a template is made a text before `finalize` sees it.
    environment.globals |= {"static": address_of}
    environment.filters |= {
        "words_of_json": words_of_json,
        "jamf_id": jamf_id_in,
        "device_record": device_record,
    }
    return environment


_TEMPLATES: Final = _made()
