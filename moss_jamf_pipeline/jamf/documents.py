"""From the bytes of an answer to allow-listed documents, hashes and rejected records.

A document is canonical JSON: sorted keys, no whitespace, UTF-8, without NUL and lone surrogates
(PostgreSQL stores neither). Values are JAMF's own, untrimmed; normalising them is the staging
step's work. What changes without meaning anything (contact and report times) is kept beside the
document, so that an unchanged fleet yields unchanged hashes. A time more than a day after it was
read is unknown: whatever decides by the latest would decide by it for ever.

A page is parsed in one go by pydantic-core. Only if that fails is it taken apart record by record,
so that one unusable record never costs the others. Requests and paging are `paging`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from hashlib import blake2b
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar, cast

import orjson
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from moss_jamf_pipeline.catalogue.allow_list import sections
from moss_jamf_pipeline.catalogue.collections import (
    ID_PREFIXES,
    CollectionName,
    collection_named,
)
from moss_jamf_pipeline.catalogue.mobile_ownership import is_personal
from moss_jamf_pipeline.jamf.allow_list import (
    Building,
    Computer,
    Department,
    General,
    Group,
    GroupMembership,
    MobileDevice,
    User,
)
from moss_jamf_pipeline.jamf.listings import COMPUTER_SECTIONS
from moss_jamf_pipeline.jamf.models import ClassicUser, ClassicUserAnswer, ClassicUserList
from moss_jamf_pipeline.scrubbing import repeats_a_secret

HASH_BYTES = 16
"""Length of a content hash: among 10^8 documents a collision has a probability below 10^-22."""

PERSONAL_ENROLLMENT = "user"
"""`general.appleEnrollmentType` of a personally-owned Mac, compared case-folded."""

_BATTERY = "batteryCapacityPercent"
_MOBILE_DEVICES: Final = collection_named(CollectionName.MOBILE_DEVICES)
_NEEDED_OF_MOBILE_DEVICES: Final = ("general", "hardware", "userAndLocation")
"""The sections that each has, whatever its type."""
_SECTION_KEYS = sections(CollectionName.COMPUTERS)
_NUL_IN_JSON = b"\\u0000"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH_DIGITS = re.compile(r"\d{9,14}")
_REPEATS: Final = "one of its values holds a password or a token that this sync uses"
_TYPE_ERRORS_SHOWN = 3
_LONGEST_KEY = 40
_LONGEST_ID: Final = 100
"""JAMF's ids are numbers, or UUIDs of 36 letters."""
_LONGEST_TEXT: Final = 4_096
"""Letters of a text that are kept where a record is very large; JAMF's own columns have a few hundred."""
_LARGEST_DOCUMENT: Final = 128 * 2**10
"""Two kilobytes are usual; thousands of static groups make it twenty times as much."""
_MOST_RECORDS_PER_PAGE: Final = 10_000
"""Five times as many as are ever asked for: some servers send all they have instead of a page of it."""
_MOST_RECORDS_PER_ARRAY: Final = 100_000
"""Of groups, whose listing has no pages."""
_TOLERATED = timedelta(days=1)
"""How much later than the reading a time of JAMF's may be: clocks and zones differ."""
_LARGEST_EPOCH_IN_SECONDS = 10**11
"""A larger number counts milliseconds: in seconds it would be after the year 5000."""


class RejectionReason(StrEnum):
    """Why a record cannot be used."""

    NOT_AN_OBJECT = "not_an_object"
    ID_MISSING = "id_missing"
    SECTION_MISSING = "section_missing"
    WRONG_TYPE = "wrong_type"
    CANNOT_SERVE = "jamf_cannot_serve_record"
    HOLDS_SECRET = "holds_a_secret"  # noqa: S105 - a reason
    VANISHED = "vanished_while_reading"


@dataclass(frozen=True, slots=True)
class JamfRecord:
    """One object as it is stored.

    Attributes:
        jamf_id: JAMF's id; unique per collection and server.
        document: canonical JSON of the allow-listed, stable fields.
        content_hash: BLAKE2b of `document`, 16 bytes.
        last_contact_at: the latest contact by any channel, UTC; computers and mobile devices only.
        reported_at: the last inventory submission, UTC; the same.
        future_times: of these two, by name, what JAMF sent where it lies in the future and is unknown therefore.
    """

    jamf_id: str
    document: bytes
    content_hash: bytes
    last_contact_at: datetime | None
    reported_at: datetime | None
    future_times: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """One object that cannot be used. It exists in JAMF: it must never count as absent.

    Attributes:
        jamf_id: JAMF's id, if it could be read.
        reason: a `RejectionReason`.
        detail: what was seen, without any of the record's values.
    """

    jamf_id: str | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One answer of a listing, parsed.

    Attributes:
        records: usable records, in JAMF's order.
        rejected: the others.
        total_count: JAMF's own count of the whole collection; None if this kind of answer has none.
        last_id: the id of the last record in the answer, if it could be read.
    """

    records: Sequence[JamfRecord]
    rejected: Sequence[RejectedRecord]
    total_count: int | None
    last_id: str | None

    @property
    def received(self) -> int:
        """Records in the answer, usable or not."""
        return len(self.records) + len(self.rejected)


class _Times(NamedTuple):
    """The times of a record, in the order of `JamfRecord`."""

    last_contact_at: datetime | None = None
    reported_at: datetime | None = None
    future_times: tuple[tuple[str, str], ...] = ()


_NO_TIMES = _Times()


class BodyNotJsonError(ValueError):
    """The body is no JSON: an HTML page, an empty body, or an answer that was cut off."""


class BodyShapeError(ValueError):
    """The body is JSON of another shape than the endpoint promises."""


_RecordT = TypeVar("_RecordT")
_Distil = Callable[[_RecordT], JamfRecord | RejectedRecord]


class _Page(TypedDict, Generic[_RecordT]):
    totalCount: int
    results: Annotated[list[_RecordT], Field(max_length=_MOST_RECORDS_PER_PAGE)]


_Array = Annotated[list[_RecordT], Field(max_length=_MOST_RECORDS_PER_ARRAY)]


class DocumentReader(Generic[_RecordT]):
    """Reads the answers that list one collection.

    Args:
        record: adapter of one record.
        page: adapter of `{totalCount, results}` with such records.
        array: adapter of a bare array of such records.
        distil: turns a parsed record into what is stored.
        id_key: the key of a record's id.
        id_prefix: what the ids begin with where they are stored.
    """

    def __init__(
        self,
        *,
        record: TypeAdapter[_RecordT],
        page: TypeAdapter[_Page[_RecordT]],
        array: TypeAdapter[list[_RecordT]],
        distil: _Distil[_RecordT],
        id_key: str = "id",
        id_prefix: str = "",
    ) -> None:
        self._id_key = id_key
        self._id_prefix = id_prefix
        self._record = record
        self._page = page
        self._array = array
        self._distil = distil

    def distilling_by(self, distil: _Distil[_RecordT]) -> "DocumentReader[_RecordT]":
        """A reader of the same answers that stores something else of each record."""
        return DocumentReader(
            record=self._record,
            page=self._page,
            array=self._array,
            distil=distil,
            id_key=self._id_key,
            id_prefix=self._id_prefix,
        )

    def read_page(self, body: bytes) -> ReadPage:
        """Read `{totalCount, results}`.

        Raises:
            BodyNotJsonError: the body is no JSON.
            BodyShapeError: it is JSON, and no page.
        """
        try:
            page = self._page.validate_json(body)
        except ValidationError:
            envelope = parse_leniently(body)
            if not isinstance(envelope, dict) or not isinstance(envelope.get("results"), list):
                raise BodyShapeError('expected an object with a list "results"') from None
            total_count = envelope.get("totalCount")
            if not isinstance(total_count, int) or isinstance(total_count, bool):
                raise BodyShapeError('expected an integer "totalCount"') from None
            _refuse_more_than(_MOST_RECORDS_PER_PAGE, envelope["results"])
            return self._sorted_out(map(self._one, envelope["results"]), total_count)
        return self._sorted_out(map(self._distil, page["results"]), page["totalCount"])

    def read_array(self, body: bytes) -> ReadPage:
        """Read a bare JSON array.

        Raises:
            BodyNotJsonError: the body is no JSON.
            BodyShapeError: it is JSON, and no array.
        """
        try:
            array = self._array.validate_json(body)
        except ValidationError:
            items = parse_leniently(body)
            if not isinstance(items, list):
                raise BodyShapeError("expected a bare array") from None
            _refuse_more_than(_MOST_RECORDS_PER_ARRAY, items)
            return self._sorted_out(map(self._one, items), None)
        return self._sorted_out(map(self._distil, array), None)

    def _one(self, raw: object) -> JamfRecord | RejectedRecord:
        """Read one record of a page that could not be read as a whole."""
        if not isinstance(raw, dict):
            return RejectedRecord(
                None, RejectionReason.NOT_AN_OBJECT, f"it is a JSON {_json_kind(raw)}"
            )
        try:
            record = self._record.validate_python(raw)
        except ValidationError as error:
            detail = describe_type_errors(error)
            own_id = _id_in(raw.get(self._id_key))
            jamf_id = None if own_id is None else f"{self._id_prefix}{own_id}"
            return RejectedRecord(jamf_id, RejectionReason.WRONG_TYPE, detail)
        return self._distil(record)

    @staticmethod
    def _sorted_out(
        outcomes: Iterable[JamfRecord | RejectedRecord], total_count: int | None
    ) -> ReadPage:
        records: list[JamfRecord] = []
        rejected: list[RejectedRecord] = []
        last_id: str | None = None
        for outcome in _without_secrets(list(outcomes)):
            last_id = outcome.jamf_id
            if isinstance(outcome, JamfRecord):
                records.append(outcome)
            else:
                rejected.append(outcome)
        return ReadPage(records, rejected, total_count, last_id)


# -- computers -------------------------------------------------------------------------------------


def distil_computer(
    computer: Computer,
    scope_group_ids: frozenset[str] = frozenset(),
    take_attributes: Callable[[str, dict[str, Any]], None] | None = None,
) -> JamfRecord | RejectedRecord:
    """Reduce a computer to its stable document and its two volatile times.

    Of a personally-owned Mac nothing but its id is kept; of one out of scope, by which it is known
    again: its id, UDID and management id. A computer without one of the requested sections is
    rejected: null means "not delivered", and reading it as "empty" would clear good data. Of its
    groups only the static ones are kept: smart membership follows rules and changes by itself.

    Args:
        computer: as JAMF delivered it; it is taken apart.
        scope_group_ids: the groups, smart or static, to all of which a computer in scope belongs.
        take_attributes: leaves of a record's extension attributes what is kept of them, given its id; None: they were
            not asked for.
    """
    fields = cast("dict[str, Any]", computer)
    jamf_id = _usable_id(fields["id"])
    if jamf_id is None:
        return _without_id()
    general = fields["general"]
    if _is_personally_owned(general):
        return _personally_owned(jamf_id)
    missing = [section for section in _SECTION_KEYS if fields[section] is None]
    if missing:
        return _without_sections(jamf_id, missing)
    memberships = fields.pop("groupMemberships")
    if scope_group_ids and not scope_group_ids <= {item["groupId"] for item in memberships}:
        return _record(jamf_id, _out_of_scope(jamf_id, fields["udid"], general))
    if take_attributes is not None:
        take_attributes(jamf_id, fields)
    times = _take_times(general)
    fields["hardware"]["hasBattery"] = _has_battery(fields["hardware"].pop(_BATTERY))
    fields["staticGroupIds"] = _static_group_ids(memberships)
    return _record(jamf_id, fields, times)


def distil_listed_computer(computer: Computer) -> JamfRecord | RejectedRecord:
    """Reduce a computer of which only section GENERAL was asked for.

    Its document has the part `general` just as `distil_computer` would store it, and no other
    section; of a personally-owned Mac it is what `distil_computer` makes of it, and whole.

    Args:
        computer: as JAMF delivered it; it is taken apart.
    """
    jamf_id = _usable_id(computer["id"])
    if jamf_id is None:
        return _without_id()
    general = computer["general"]
    if general is None:
        return _without_sections(jamf_id, ["general"])
    if _is_personally_owned(general):
        return _personally_owned(jamf_id)
    times = _take_times(cast("dict[str, Any]", general))
    return _record(jamf_id, {"udid": computer["udid"], "general": general}, times)


def _is_personally_owned(general: General | None) -> bool:
    if general is None:
        return False
    return (general["appleEnrollmentType"] or "").casefold() == PERSONAL_ENROLLMENT


def _personally_owned(jamf_id: str) -> JamfRecord | RejectedRecord:
    """All that is kept of a personally-owned Mac or mobile device."""
    return _record(jamf_id, {"id": jamf_id, "personallyOwned": True})


def _out_of_scope(jamf_id: str, udid: str | None, general: General | None) -> dict[str, Any]:
    """All that is kept of a Mac outside the groups that the sync is confined to."""
    management_id = None if general is None else general["managementId"]
    return {
        "id": jamf_id,
        "outOfScope": True,
        "udid": udid,
        "general": {"managementId": management_id},
    }


def _without_sections(jamf_id: str, missing: Sequence[str]) -> RejectedRecord:
    return RejectedRecord(
        jamf_id, RejectionReason.SECTION_MISSING, f"JAMF delivered no {', '.join(missing)}"
    )


def _take_times(general: dict[str, Any]) -> _Times:
    """Take the volatile values out of section GENERAL of a computer: the latest contact, the latest report.

    What is no moment, or one of the future (of a Mac whose clock was wrong), says nothing; of the contacts the next
    that says something counts.
    """
    contacts = [general.pop(key) for key in ("lastContact", "lastCheckIn", "lastContactTime")]
    return _times_of(contacts, general.pop("reportDate"))


def _times_of(contacts: Iterable[str | None], report: str | None) -> _Times:
    """What the times of a record say: its contacts, the best first, and its report."""
    latest = datetime.now(UTC) + _TOLERATED
    future: list[tuple[str, str]] = []
    return _Times(
        last_contact_at=_first_known("last_contact_at", contacts, latest, future),
        reported_at=_first_known("reported_at", [report], latest, future),
        future_times=tuple(future),
    )


def _first_known(
    name: str, texts: Iterable[str | None], latest: datetime, future: list[tuple[str, str]]
) -> datetime | None:
    """The first moment among texts that is not later than the latest there can be.

    Args:
        name: what it is the time of.
        texts: the best first.
        latest: what is later lies in the future.
        future: takes the name with the first text of the future that came before the moment.
    """
    known = None
    for text in texts:
        moment = parse_moment(text)
        if moment is not None and moment <= latest:
            known = moment
            break
        if text is not None and moment is not None and all(name != noted for noted, _ in future):
            future.append((name, text))
    return known


def _has_battery(capacity: str | None) -> bool | None:
    """Whether a computer reports a battery, by its capacity in percent: desktops report -1.

    The capacity itself changes from day to day and is not kept.
    """
    try:
        return None if capacity is None else float(capacity) > 0
    except ValueError:
        return None


def _static_group_ids(memberships: Sequence[GroupMembership]) -> list[str]:
    """Ids of the static groups, each once, in the order of numbers."""
    ids = {
        membership["groupId"]
        for membership in memberships
        if membership["smartGroup"] is False and membership["groupId"]
    }
    return sorted(ids, key=lambda group_id: (len(group_id), group_id))


# -- mobile devices --------------------------------------------------------------------------------


def distil_mobile_device(device: MobileDevice) -> JamfRecord | RejectedRecord:
    """Reduce a mobile device to its stable document and its two volatile times.

    Its id is JAMF's behind a prefix, as JAMF numbers computers and mobile devices each for themselves. Of a
    personally-owned one nothing but that is kept. One of which JAMF cannot read a section that every device has comes
    without it, and is rejected: it is in JAMF, and nothing else is known of it.

    Args:
        device: as JAMF delivered it; it is taken apart.
    """
    fields = cast("dict[str, Any]", device)
    own_id = _usable_id(fields.pop(_MOBILE_DEVICES.id_key))
    if own_id is None:
        return _without_id()
    jamf_id = f"{_MOBILE_DEVICES.id_prefix}{own_id}"
    general = fields["general"]
    if general is not None and is_personal(general["deviceOwnershipType"]):
        return _personally_owned(jamf_id)
    missing = [section for section in _NEEDED_OF_MOBILE_DEVICES if fields[section] is None]
    if missing:
        detail = f"JAMF could not read its {', '.join(missing)}"
        return RejectedRecord(jamf_id, RejectionReason.CANNOT_SERVE, detail)
    times = _times_of([general.pop("lastContactDate")], general.pop("lastInventoryUpdateDate"))
    return _record(jamf_id, fields, times)


# -- the other collections -------------------------------------------------------------------------


def distil_plain(record: User | Group | Building | Department) -> JamfRecord | RejectedRecord:
    """Store a record of which every allow-listed field is stable."""
    jamf_id = _usable_id(record["id"])
    return _without_id() if jamf_id is None else _record(jamf_id, cast("dict[str, Any]", record))


def distil_classic_user(user: ClassicUser) -> JamfRecord | RejectedRecord:
    """Store a Classic user under the names that `/v1/users` has."""
    return distil_plain(
        User(
            id=user["id"],
            username=user["name"],
            realname=user["full_name"],
            email=user["email_address"] or user["email"],
            phone=user["phone_number"],
            position=user["position"],
        )
    )


def read_classic_user(body: bytes) -> JamfRecord | RejectedRecord:
    """Read the answer of `/JSSResource/users/id/<id>`.

    Raises:
        BodyNotJsonError: the body is no JSON.
        BodyShapeError: it is JSON, and no user.
    """
    try:
        answer = _CLASSIC_USER.validate_json(body)
    except ValidationError:
        try:
            answer = _CLASSIC_USER.validate_python(parse_leniently(body))
        except ValidationError as error:
            raise BodyShapeError(describe_type_errors(error)) from None
    return _without_secret(distil_classic_user(answer["user"]))


class ListedUser(NamedTuple):
    """A user in the Classic API's list.

    Attributes:
        jamf_id: the id.
        name: the user name; None: none is given.
    """

    jamf_id: str
    name: str | None


class KnownUser(NamedTuple):
    """What an earlier reading brought of a user.

    Attributes:
        username: the user name.
        record: all that is kept.
    """

    username: str | None
    record: JamfRecord


def read_classic_users(body: bytes) -> list[ListedUser]:
    """Read the ids and names out of `/JSSResource/users`.

    Raises:
        BodyNotJsonError: the body is no JSON.
        BodyShapeError: it is JSON, and no list of users.
    """
    return classic_users(parse_leniently(body))


def classic_users(answer: object) -> list[ListedUser]:
    """The same of an answer that is parsed."""
    try:
        users = _CLASSIC_USER_LIST.validate_python(answer)
    except ValidationError as error:
        raise BodyShapeError(describe_type_errors(error)) from None
    return [ListedUser(user["id"], user.get("name")) for user in users["users"]]


# -- shared ----------------------------------------------------------------------------------------


def parse_moment(text: str | None) -> datetime | None:
    """Read any of JAMF's ways to write a moment, as aware UTC.

    Known: ISO 8601 with 0 to 6 fractional digits and `Z` or an offset, `YYYY-MM-DD HH:MM:SS`, a
        date alone (both
    taken as UTC), and epoch seconds or milliseconds. The first day of 1970 stands for "never" in
    JAMF.

    Returns:
        The moment; None for null, for "never", and for text that is none of these.
    """
    if not text:
        return None
    text = text.strip()
    try:
        if _EPOCH_DIGITS.fullmatch(text):
            epoch = int(text)
            moment = datetime.fromtimestamp(
                epoch if epoch < _LARGEST_EPOCH_IN_SECONDS else epoch / 1000, UTC
            )
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None if (moment.year, moment.month, moment.day) == (1970, 1, 1) else moment


def parse_leniently(body: bytes) -> Any:
    """Parse JSON that strict parsers refuse: lone surrogates, bytes that are no UTF-8.

    Raises:
        BodyNotJsonError: it is no JSON even so.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError) as error:
            raise BodyNotJsonError(f"{len(body)} bytes, {type(error).__name__}") from None


def without_unstorable_text(value: Any) -> Any:
    """A copy of a JSON value without NUL (removed) and lone surrogates (made U+FFFD)."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value.replace("\x00", ""))
    if isinstance(value, list):
        return [without_unstorable_text(item) for item in value]
    if isinstance(value, dict):
        return {key: without_unstorable_text(item) for key, item in value.items()}
    return value


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Write a JSON object so that equal objects are equal bytes that PostgreSQL can store."""
    try:
        document = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # lone surrogates
        document = _NUL_IN_JSON
    if _NUL_IN_JSON in document:
        # An escaped backslash before "u0000" looks the same; cleaning leaves such text as it is.
        document = orjson.dumps(without_unstorable_text(value), option=orjson.OPT_SORT_KEYS)
    return document


def content_hash(document: bytes) -> bytes:
    """The hash that tells whether a document changed."""
    return blake2b(document, digest_size=HASH_BYTES).digest()


def describe_type_errors(error: ValidationError) -> str:
    """Say where a record has the wrong type; never with the value itself, which may be personal."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [
        f"{'.'.join(str(key)[:_LONGEST_KEY] for key in item['loc'])}: {item['type']}"
        for item in errors[: _TYPE_ERRORS_SHOWN + 1]
    ]
    if len(errors) > _TYPE_ERRORS_SHOWN:
        shown[_TYPE_ERRORS_SHOWN:] = [f"and {len(errors) - _TYPE_ERRORS_SHOWN} more"]
    return "; ".join(shown)


def _record(
    jamf_id: str, fields: dict[str, Any], times: _Times = _NO_TIMES
) -> JamfRecord | RejectedRecord:
    fields["id"] = jamf_id
    document = canonical_json(fields)
    if len(document) > _LARGEST_DOCUMENT:
        # Too long it stays for whoever types the field, but not a megabyte.
        document = canonical_json(_shortened(fields))
    if len(document) > _LARGEST_DOCUMENT:
        detail = f"what is kept of it has {len(document):,} bytes, of at most {_LARGEST_DOCUMENT:,}"
        return RejectedRecord(jamf_id, RejectionReason.WRONG_TYPE, detail)
    return JamfRecord(jamf_id, document, content_hash(document), *times)


def _shortened(value: Any) -> Any:
    """A copy of a JSON value whose texts are no longer than they need be to be too long for every field."""
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    return value


def _without_secrets(
    outcomes: list[JamfRecord | RejectedRecord],
) -> Iterable[JamfRecord | RejectedRecord]:
    """The same, but records that repeat a secret of this process are rejected: they would be stored and shown.

    A server that writes what it was sent into its records has more wrong with it than one field.
    """
    if not repeats_a_secret(b"\n".join(map(_stored_of, outcomes))):
        return outcomes
    return map(_without_secret, outcomes)


def _stored_of(outcome: JamfRecord | RejectedRecord) -> bytes:
    """What would be stored of JAMF's own words."""
    if isinstance(outcome, JamfRecord):
        return outcome.document
    return canonical_json({"id": outcome.jamf_id})


def _without_secret(outcome: JamfRecord | RejectedRecord) -> JamfRecord | RejectedRecord:
    if not repeats_a_secret(_stored_of(outcome)):
        return outcome
    in_id = repeats_a_secret(canonical_json({"id": outcome.jamf_id}))
    jamf_id = None if in_id else outcome.jamf_id
    return RejectedRecord(jamf_id, RejectionReason.HOLDS_SECRET, _REPEATS)


def _usable_id(value: str | None) -> str | None:
    """An id as it is stored, or None if there is none that could be one."""
    if not value or len(value) > _LONGEST_ID or value.startswith(ID_PREFIXES):
        # One that says to be of another number space would be taken for a record of that.
        return None
    if value.isdecimal():
        return value
    return str(without_unstorable_text(value)).strip() or None


def _without_id() -> RejectedRecord:
    detail = f"the record has no id, or one of more than {_LONGEST_ID} letters"
    return RejectedRecord(None, RejectionReason.ID_MISSING, detail)


def _id_in(value: object) -> str | None:
    """The id of a record that cannot be used otherwise."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return _usable_id(str(value))


def _refuse_more_than(most: int, records: list[Any]) -> None:
    """Raises BodyShapeError if there are more records than any answer holds."""
    if len(records) > most:
        raise BodyShapeError(f"{len(records):,} records in one answer, of at most {most:,}")


def _json_kind(value: object) -> str:
    kinds = {"str": "string", "list": "array", "NoneType": "null", "bool": "boolean"}
    return kinds.get(type(value).__name__, "number")


def reader_of(record: Any, distil: _Distil[Any]) -> DocumentReader[Any]:
    """Reads records of a type.

    Args:
        record: the type, a `TypedDict`.
        distil: turns a parsed record into what is stored.
    """
    return DocumentReader(
        record=TypeAdapter(record),
        page=TypeAdapter(_Page[record]),
        array=TypeAdapter(_Array[record]),
        distil=distil,
    )


COMPUTER_READER = DocumentReader(
    record=TypeAdapter(Computer),
    page=TypeAdapter(_Page[Computer]),
    array=TypeAdapter(_Array[Computer]),
    distil=distil_computer,
)
USER_READER = DocumentReader(
    record=TypeAdapter(User),
    page=TypeAdapter(_Page[User]),
    array=TypeAdapter(_Array[User]),
    distil=distil_plain,
)
GROUP_READER = DocumentReader(
    record=TypeAdapter(Group),
    page=TypeAdapter(_Page[Group]),
    array=TypeAdapter(_Array[Group]),
    distil=distil_plain,
)
BUILDING_READER = DocumentReader(
    record=TypeAdapter(Building),
    page=TypeAdapter(_Page[Building]),
    array=TypeAdapter(_Array[Building]),
    distil=distil_plain,
)
DEPARTMENT_READER = DocumentReader(
    record=TypeAdapter(Department),
    page=TypeAdapter(_Page[Department]),
    array=TypeAdapter(_Array[Department]),
    distil=distil_plain,
)

MOBILE_DEVICE_READER = DocumentReader(
    record=TypeAdapter(MobileDevice),
    page=TypeAdapter(_Page[MobileDevice]),
    array=TypeAdapter(_Array[MobileDevice]),
    distil=distil_mobile_device,
    id_key=_MOBILE_DEVICES.id_key,
    id_prefix=_MOBILE_DEVICES.id_prefix,
)

COMPUTER_LISTING_READER = COMPUTER_READER.distilling_by(distil_listed_computer)
"""Reads computers of which only section GENERAL was asked for."""

_CLASSIC_USER = TypeAdapter(ClassicUserAnswer)
_CLASSIC_USER_LIST = TypeAdapter(ClassicUserList)


def computer_reader(scope_group_ids: frozenset[str]) -> DocumentReader[Computer]:
    """Reads computers; of one that is not in all of these groups only what it is known by is kept."""
    return COMPUTER_READER.distilling_by(partial(distil_computer, scope_group_ids=scope_group_ids))


@cache
def computer_document_shape(attributes: frozenset[str] = frozenset()) -> str:
    """Names what is kept of a computer: another allow-list is another name.

    Documents of one shape can be told apart by what changed in JAMF; of two shapes they differ
    though nothing did.

    Args:
        attributes: the extension attributes whose values are kept, by definition id.
    """
    shape: dict[str, Any] = {
        "sections": COMPUTER_SECTIONS,
        "schema": TypeAdapter(Computer).json_schema(),
    }
    if attributes:
        shape["attributes"] = sorted(attributes)
    return content_hash(canonical_json(shape)).hex()


@cache
def user_document_shape() -> str:
    """The same of a user."""
    return content_hash(canonical_json(TypeAdapter(User).json_schema())).hex()


READERS: Mapping[CollectionName, DocumentReader[Any]] = {
    CollectionName.COMPUTERS: COMPUTER_READER,
    CollectionName.USERS: USER_READER,
    CollectionName.GROUPS: GROUP_READER,
    CollectionName.BUILDINGS: BUILDING_READER,
    CollectionName.DEPARTMENTS: DEPARTMENT_READER,
    CollectionName.MOBILE_DEVICES: MOBILE_DEVICE_READER,
}
