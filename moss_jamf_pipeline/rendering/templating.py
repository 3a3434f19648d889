"""How templates show things: names, numbers and times, the same on a page and in a report.

Whatever a template puts out goes through `outputs.one_line` and is escaped: names come from whoever names a Mac. What
is unknown is a dash, and never a zero.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.outputs import one_line

UNKNOWN: Final = "—"

TEMPLATES: Final = Path(__file__).parent / "templates"
"""Those that several doors use."""

_SINGULARS: Final = {"io": "interface", "mapping": "link"}
_IDS: Final = frozenset({"external_id", "jamf_id", "management_id"})

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def environment_of(*folders: Path) -> Environment:
    """What templates are rendered with.

    Args:
        folders: where they are looked for, before `TEMPLATES`.
    """
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # A constant `none` in a template is made a text before `finalize` sees it.
    environment.globals |= {"unknown": UNKNOWN}
    environment.filters |= {
        "number": number,
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
