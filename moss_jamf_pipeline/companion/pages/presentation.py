"""How pages show things: the templates, what every page has around it, and the words of numbers and times.

Whatever a template puts out goes through `outputs.one_line` and is escaped: names come from whoever names a Mac. What
is unknown is a dash, and never a zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.routing import NoMatchFound

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.companion.identity import forms
from moss_jamf_pipeline.companion.identity.callers import Presence
from moss_jamf_pipeline.companion.static_files import address_of
from moss_jamf_pipeline.companion.surroundings import surroundings_of
from moss_jamf_pipeline.outputs import one_line
from moss_jamf_pipeline.services.callers import Role
from moss_jamf_pipeline.settings import IntegrationChoice, SettingsContradictory

UNKNOWN: Final = "—"

_NAVIGATION: Final = (
    ("Dashboard", "page_dashboard"),
    ("Plans", "page_plans"),
    ("Conflicts", "page_conflicts"),
    ("Quarantine", "page_quarantine"),
    ("Objects", "page_objects"),
    ("Configuration", "page_configuration"),
)
"""Places by the names of their routes; what this companion does not have is left out."""

_SINGULARS: Final = {"io": "interface", "mapping": "link"}
_IDS: Final = frozenset({"external_id", "jamf_id", "management_id"})

_WITH_A_STORY: Final = {
    "device": "devices",
    "person": "people",
    "group": "groups",
    "group_member": "groups",
}
"""Types of object that have a page of ours, by what its address calls them; of a membership, the group's."""

_PAGES_OF_MOSS: Final = {"device": "devices", "person": "people", "group": "groups"}

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


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


def number(value: Decimal | float | None) -> str:
    """A number with its thousands apart; a dash if it is not known."""
    return UNKNOWN if value is None else f"{value:,}"


def duration(seconds: float | Decimal | None) -> str:
    """A duration in its two largest units, as people say it."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{float(seconds):.1f} s" if 0 < seconds < 10 else f"{whole} s"  # noqa: PLR2004 - one digit
    for unit, name, smaller, small_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return (
                f"{whole // unit} {name} {rest} {small_name}" if rest else f"{whole // unit} {name}"
            )
    return UNKNOWN


def moment(value: datetime | None) -> Markup:
    """A time, in UTC, for people and programs."""
    if value is None:
        return escape(UNKNOWN)
    at = _aware(value)
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%-d %b %Y, %H:%M UTC")
    )


def age(value: datetime | None, now: datetime | None = None) -> Markup:
    """How long ago a time is, or how far ahead, with the time itself for who points at it; `never` if there is none."""
    if value is None:
        return Markup("never")
    at = _aware(value)
    apart = (now or datetime.now(UTC)) - at
    seconds = abs(apart.total_seconds())
    if seconds < _MINUTE:
        words = "just now" if apart >= timedelta() else "in less than a minute"
    else:
        coarse = _coarse(seconds)
        words = f"{coarse} ago" if apart >= timedelta() else f"in {coarse}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%-d %b %Y, %H:%M:%S UTC"), words
    )


def clock(value: datetime | None, now: datetime) -> Markup:
    """A time of today by the clock, any other with its day; in UTC."""
    if value is None:
        return escape(UNKNOWN)
    at = _aware(value)
    form = "%H:%M UTC" if at.date() == now.date() else "%-d %b, %H:%M UTC"
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime(form)
    )


def day(value: datetime | None) -> str:
    """The day of a time."""
    return UNKNOWN if value is None else _aware(value).strftime("%-d %b %Y")


def yes_or_no(value: bool | None) -> str:
    """A flag in words."""
    return UNKNOWN if value is None else "yes" if value else "no"


def gigabytes(megabytes: float | None) -> str:
    """A size of a disk, as Apple counts: a thousand megabytes are one."""
    return UNKNOWN if megabytes is None else f"{megabytes / 1000:,.0f} GB"


def words_of(text: str | None) -> str:
    """A stored word as people write it: `not_linked` is `not linked`."""
    return UNKNOWN if text is None else text.replace("_", " ")


def plural(object_type: str) -> str:
    """What several objects of a type are called."""
    try:
        return plural_of(object_type)
    except KeyError:
        return words_of(object_type)


def singular(object_type: str) -> str:
    """What an object of a type is called."""
    return _SINGULARS.get(object_type, words_of(object_type))


def field_words(field: str | None) -> str:
    """A field as people call it: whom a device is assigned to is no id to them."""
    if field is None:
        return UNKNOWN
    return words_of(field if field in _IDS else field.removesuffix("_id"))


def known(text: str | None) -> str:
    """A text; a dash if it is not known."""
    return UNKNOWN if text is None else text


def _coarse(seconds: float) -> str:
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        hours, minutes = int(seconds // _HOUR), int(seconds % _HOUR // _MINUTE)
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"  # noqa: PLR2004
    return f"{int(seconds // _DAY)} days"


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _choices(request: Request) -> tuple[IntegrationChoice, ...]:
    try:
        return surroundings_of(request).workplace.settings.meant
    except SettingsContradictory:
        return ()


def _shown(value: Any) -> Any:
    match value:
        case None:
            return UNKNOWN
        case Markup():
            return value
        case str():
            return one_line(value)
        case _:
            return value


def _made() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # A constant `none` in a template is made a text before `finalize` sees it.
    environment.globals |= {"static": address_of, "unknown": UNKNOWN}
    environment.filters |= {
        "number": number,
        "words_of_json": words_of_json,
        "duration": duration,
        "moment": moment,
        "age": age,
        "clock": clock,
        "day": day,
        "yes_or_no": yes_or_no,
        "gigabytes": gigabytes,
        "words": words_of,
        "plural": plural,
        "singular": singular,
        "field": field_words,
        "known": known,
    }
    return environment


_TEMPLATES: Final = _made()
