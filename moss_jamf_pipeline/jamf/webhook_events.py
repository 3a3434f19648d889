"""JAMF's webhooks as they arrive: which event a request brings, and which records it names. Pure.

A body is hostile until it is read: bounded in bytes, in depth and in values, in JSON or in XML without a document type,
so that nothing in it can stand for something else. Of an event only hints are taken; what else it says is not looked
at: its fields are not JAMF's inventory, and whoever knows the secret can write them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.parsers import expat

import orjson

MOST_BYTES: Final = 1_000_000
"""A smart group that 100,000 Macs join at once is an event of 800 KB; others have one or two."""
MOST_RECORDS: Final = 2_000
"""Of an event that names more the rest is left to the next sync: to read them one by one would cost more than that."""
UNKNOWN: Final = "unknown"
"""What an event is counted as whose name nobody knows."""

_MOST_DEPTH: Final = 16
_MOST_VALUES: Final = 200_000
_MOST_ID_DIGITS: Final = 10
_EARLIEST: Final = datetime(2001, 1, 1, tzinfo=UTC)
_FIRST_IN_MILLISECONDS: Final = 100_000_000_000
"""Ten digits are seconds, thirteen milliseconds; in milliseconds this is 1973."""


class EventUnreadable(ValueError):
    """A body that is no event of JAMF's; the text says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What an event hints at.

    Attributes:
        name: as JAMF documents it; `unknown` if it does not.
        record_type: `computer` or `user`: what the ids are of; None: nothing that is synced follows from it.
        jamf_ids: of the records that may have changed, each once.
        event_at: when it happened, by JAMF's clock; None if it does not say, or says what cannot be.
    """

    name: str
    record_type: str | None = None
    jamf_ids: tuple[str, ...] = ()
    event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventKind:
    """An event that JAMF can send.

    Attributes:
        name: as JAMF documents it.
        tells: what follows from it here, as a sentence.
        is_useful: whether to have it sent: a record that is synced has changed.
        only_when_scoped: whether that is so only where the sync is confined to groups of JAMF.
    """

    name: str
    tells: str
    is_useful: bool = False
    only_when_scoped: bool = False


_NOTHING: Final = "Nothing that is synced follows from it; it is counted."
_NO_MOBILES: Final = "Mobile devices are not synced; it is counted."
_NOISE: Final = "It tells of no change, and comes from every Mac many times a day; it is counted."

KINDS: Final = (
    EventKind("ComputerAdded", "The computer is read.", is_useful=True),
    EventKind("ComputerInventoryCompleted", "The computer is read.", is_useful=True),
    EventKind(
        "RestAPIOperation",
        "What a program changed by the Classic API, if it is a computer or a user, is read.",
        is_useful=True,
    ),
    EventKind(
        "SmartGroupComputerMembershipChange",
        "The computers that joined or left are read: it matters where the sync is confined to groups.",
        is_useful=True,
        only_when_scoped=True,
    ),
    EventKind("SmartGroupUserMembershipChange", "The users that joined or left are read."),
    EventKind("ComputerPushCapabilityChanged", "The computer is read."),
    EventKind("ComputerCheckIn", _NOISE),
    EventKind("ComputerPolicyFinished", _NOISE),
    EventKind("ComputerPatchPolicyCompleted", _NOISE),
    EventKind("DeviceAddedToDEP", _NOTHING),
    EventKind("DeviceRateLimited", _NOTHING),
    EventKind("JSSShutdown", _NOTHING),
    EventKind("JSSStartup", _NOTHING),
    EventKind("MobileDeviceCheckIn", _NO_MOBILES),
    EventKind("MobileDeviceCommandCompleted", _NO_MOBILES),
    EventKind("MobileDeviceEnrolled", _NO_MOBILES),
    EventKind("MobileDeviceInventoryCompleted", _NO_MOBILES),
    EventKind("MobileDevicePushSent", _NO_MOBILES),
    EventKind("MobileDeviceUnEnrolled", _NO_MOBILES),
    EventKind("PatchSoftwareTitleUpdated", _NOTHING),
    EventKind("PushSent", _NOTHING),
    EventKind("SCEPChallenge", _NOTHING),
    EventKind("SmartGroupMobileDeviceMembershipChange", _NO_MOBILES),
)
"""Every event that JAMF Pro documents."""

# One copy of JAMF's documentation writes one of them differently.
_NAMES: Final = {kind.name.lower(): kind.name for kind in KINDS}

_Named = tuple[str | None, tuple[str, ...]]
_Object = Mapping[str, Any]


def read_event(body: bytes, now: datetime | None = None) -> WebhookEvent:
    """Reads an event, in JSON or in XML, whichever it is.

    Args:
        body: of a request.
        now: aware; by default the present.

    Raises:
        EventUnreadable: it is no event.
    """
    if len(body) > MOST_BYTES:
        raise EventUnreadable(f"An event has {MOST_BYTES:,} bytes at most.")
    beginning = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if beginning == b"{":
        document: Any = _of_json(body)
    elif beginning == b"<":
        document = _of_xml(body)
    else:
        raise EventUnreadable("An event is an object in JSON, or a document in XML.")
    envelope, event = _object(document, "webhook"), _object(document, "event")
    given = _value(envelope, "webhookEvent")
    if not isinstance(given, str) or not given.strip():
        raise EventUnreadable("It does not say which event it is (webhook.webhookEvent).")
    name = _NAMES.get(given.strip().lower(), UNKNOWN)
    record_type, ids = _READERS.get(name, _nothing)(event)
    return WebhookEvent(
        name,
        record_type if ids else None,
        ids[:MOST_RECORDS],
        _moment(_value(envelope, "eventTimestamp"), now or datetime.now(UTC)),
    )


# -- what each event names -------------------------------------------------------------------------


def _nothing(_event: _Object) -> _Named:
    return None, ()


def _computer(event: _Object) -> _Named:
    """Flat in most events and versions, nested in some."""
    nested = _object(event, "computer")
    return "computer", _ids(_value(nested or event, "jssID"))


def _of_the_classic_api(event: _Object) -> _Named:
    """What the Classic API wrote; what it only read, or failed to write, has not changed."""
    kind = str(_value(event, "objectTypeName") or "").strip().lower()
    verb = str(_value(event, "restAPIOperationType") or "").strip().upper()
    succeeded = str(_value(event, "operationSuccessful")).strip().lower() != "false"
    if kind not in ("computer", "user") or verb == "GET" or not succeeded:
        return None, ()
    return kind, _ids(_value(event, "objectID"))


def _members_of(record_type: str, added: str, removed: str) -> Callable[[_Object], _Named]:
    def members(event: _Object) -> _Named:
        found = (*_ids(_value(event, added)), *_ids(_value(event, removed)))
        return record_type, tuple(dict.fromkeys(found))

    return members


_READERS: Final[Mapping[str, Callable[[_Object], _Named]]] = {
    "ComputerAdded": _computer,
    "ComputerInventoryCompleted": _computer,
    "ComputerPushCapabilityChanged": _computer,
    "RestAPIOperation": _of_the_classic_api,
    "SmartGroupComputerMembershipChange": _members_of(
        "computer", "groupAddedDevicesIds", "groupRemovedDevicesIds"
    ),
    "SmartGroupUserMembershipChange": _members_of(
        "user", "groupAddedUserIds", "groupRemovedUserIds"
    ),
}


def _ids(value: Any) -> tuple[str, ...]:
    """The ids in a value: a number, a number as text, or any list of these; each once."""
    found = (jamf_id for leaf in _leaves(value) if (jamf_id := _id(leaf)) is not None)
    return tuple(dict.fromkeys(found))


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_ID_DIGITS:
        return None
    return str(int(text)) if int(text) > 0 else None


def _leaves(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(reversed(list(each.values())))
        elif isinstance(each, list):
            waiting.extend(reversed(each))
        else:
            yield each


def _moment(value: Any, now: datetime) -> datetime | None:
    text = str(value).strip() if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        return None
    number = int(text[:20])
    seconds = number / 1000 if number >= _FIRST_IN_MILLISECONDS else float(number)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if _EARLIEST <= moment <= now + timedelta(days=1) else None


# -- the two forms ---------------------------------------------------------------------------------


def _of_json(body: bytes) -> Any:
    try:
        document = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:  # not UTF-8, or nested deeper than it can bear, too
        raise EventUnreadable("It is not JSON.") from None
    waiting, values = [(document, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        inside = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        )
        if values > _MOST_VALUES or (inside and depth > _MOST_DEPTH):
            raise EventUnreadable("It is nested deeper, or has more values, than any event.")
        waiting.extend((each, depth + 1) for each in inside)
    return document


class _XmlReader:
    """Builds of an XML document what the same event is in JSON: its elements as objects, repeated ones as lists."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._elements = 0
        self.root: Any = None

    def start(self, name: str, _attributes: object) -> None:
        self._elements += 1
        if len(self._open) >= _MOST_DEPTH or self._elements > _MOST_VALUES:
            raise EventUnreadable("It is nested deeper, or has more elements, than any event.")
        self._open.append((name.rpartition(":")[2], {}, []))

    def text(self, data: str) -> None:
        self._open[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        if not self._open:
            self.root = value
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _of_xml(body: bytes) -> Any:
    reader = _XmlReader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    parser.buffer_text = True
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, EventUnreadable):
            raise
        raise EventUnreadable("It is not XML.") from None
    return reader.root


def _refuse_document_type(*_declared: object) -> None:
    """Entities can only be declared in one; without, there is nothing that could expand or be fetched."""
    raise EventUnreadable("XML with a document type is not read.")


def _object(document: Any, name: str) -> _Object:
    """An object within another; empty if it is none."""
    value = _value(document, name)
    return value if isinstance(value, dict) else {}


def _value(document: Any, name: str) -> Any:
    """A value by its name in any case: JAMF itself writes `jssID` and `jssid`."""
    if not isinstance(document, dict):
        return None
    if name in document:
        return document[name]
    wanted = name.lower()
    return next((value for key, value in document.items() if key.lower() == wanted), None)
