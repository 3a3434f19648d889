"""One object's story: what JAMF says, what M.O.S.S. has, which rule decides each field, what happened. Only looks.

JAMF is not asked: what it says is what the newest capture has of the record, or the capture of an earlier slot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import (
    CollectionName,
    collection_of_record,
    device_record,
    jamf_id_in,
)
from moss_jamf_pipeline.catalogue.conflict_kinds import ConflictKindName, Resolution
from moss_jamf_pipeline.catalogue.evidence import evidence_sentence
from moss_jamf_pipeline.catalogue.outcomes import MatchOutcome
from moss_jamf_pipeline.catalogue.ownership import (
    clearable_fields,
    effective_rules,
)
from moss_jamf_pipeline.catalogue.rules import FieldRule, field_words
from moss_jamf_pipeline.moss.capture.attributes import attribute_labels, attribute_rules
from moss_jamf_pipeline.moss.capture.captures import Capture, newest_captures
from moss_jamf_pipeline.moss.capture.slot_captures import captures_of_slot
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row, fetch_all, fetch_one
from moss_jamf_pipeline.services.conflicts import Conflict
from moss_jamf_pipeline.services.links import address_of
from moss_jamf_pipeline.services.pages import PageRequest, record
from moss_jamf_pipeline.services.quarantine import Quarantined
from moss_jamf_pipeline.services.story_events import Event, events_of
from moss_jamf_pipeline.services.story_finding import Candidate, Subject, find
from moss_jamf_pipeline.services.story_rules import (
    WRITES,
    Decision,
    Values,
    deciding_rule,
    decision_that_counts,
)
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_COLLECTIONS: Final = {
    Subject.DEVICE: CollectionName.COMPUTERS.value,
    Subject.PERSON: CollectionName.USERS.value,
    Subject.GROUP: CollectionName.GROUPS.value,
}
_RECORDS: Final = {
    "computer": "computer",
    "mobile_device": "mobile device",
    "user": "user",
    "computer_user": "user of a computer",
    "computer_group": "computer group",
}
_STANDINGS: Final = {
    "synced": "in step",
    "conflict": "in conflict",
    "deleted_external": "gone from JAMF",
    "deleted_internal": "deleted in M.O.S.S.",
}
_RELATED: Final = 20
_SLOTS: Final = 124
"""A month of them."""
_FIRST_EVENTS: Final = PageRequest(limit=30)
_LINKED: Final = (MatchOutcome.MAPPED, MatchOutcome.MOVED, MatchOutcome.MATCHED)


@dataclass(frozen=True, slots=True)
class JamfRecord:
    """What is stored of an object's JAMF record.

    Attributes:
        external_type: e.g. `computer`.
        external_id: JAMF's id.
        is_present: whether the capture that was looked at lists it.
        captured_at: when that capture was made.
        is_complete: whether it was complete, so that absence from it proves something.
        unchanged_since: the capture since which it says the same; None: before all captures that are kept.
        gone_since: the capture that did not list it any more.
        last_contact_at: when JAMF last heard of the computer; known for now only.
        reported_at: when it last sent its inventory; known for now only.
        facts: what else JAMF says, in words: each a name and a value.
        url: where JAMF Pro shows it.
    """

    external_type: str
    external_id: str
    is_present: bool
    captured_at: datetime | None
    is_complete: bool
    unchanged_since: datetime | None
    gone_since: datetime | None
    last_contact_at: datetime | None
    reported_at: datetime | None
    facts: tuple[tuple[str, str], ...]
    url: str | None


@dataclass(frozen=True, slots=True)
class FieldStory:
    """One field of the object.

    Attributes:
        field: its name in plans.
        words: what people call it.
        jamf: what JAMF says, or said in the slot; ids of people and places are names.
        jamf_now: what it says now.
        moss: what M.O.S.S. has now.
        base: what the sync last wrote or saw agreed.
        owner: who owns it.
        rule: which rule decides it.
        why: what that means, as sentences.
        differs: whether JAMF says something else now than M.O.S.S. has.
        is_written_next: whether the next sync writes it, as things are.
        conflict_id: the conflict that is open about it.
    """

    field: str
    words: str
    jamf: str | None
    jamf_now: str | None
    moss: str | None
    base: str | None
    owner: str
    rule: FieldRule
    why: str
    differs: bool
    is_written_next: bool
    conflict_id: int | None


@dataclass(frozen=True, slots=True)
class MatchStory:
    """Why a JAMF record is this object, or none.

    Attributes:
        external_type: of the record.
        external_id: its id.
        outcome: what the newest matching found.
        meaning: the same, as a sentence.
        matched_by: by what; None: by nothing.
        agreed: pieces of evidence that agree with what the link last saw.
        contradicted: pieces that do not.
        evidence: the same, as a clause; None: nothing is to be said.
        twin_of: the computer or mobile device that is synced instead.
    """

    external_type: str
    external_id: str
    outcome: MatchOutcome
    meaning: str
    matched_by: str | None
    agreed: tuple[str, ...]
    contradicted: tuple[str, ...]
    evidence: str | None
    twin_of: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the object to a JAMF record.

    Attributes:
        external_type: of the record.
        external_id: its id.
        sync_status: as M.O.S.S. has it: `synced`, `conflict`, `deleted_external` or `deleted_internal`.
        created_at: since when.
        last_synced_at: when a sync last noted it.
        is_former: whether the record was given to another object.
        server: which JAMF server.
        is_own: whether that is the one whose story this is.
    """

    external_type: str
    external_id: str
    sync_status: str | None
    created_at: datetime | None
    last_synced_at: datetime | None
    is_former: bool
    server: str
    is_own: bool

    @property
    def standing(self) -> str:
        """Its status as people say it."""
        return _STANDINGS.get(self.sync_status or "", self.sync_status or "without a status")


@dataclass(frozen=True, slots=True)
class Related:
    """Something that belongs to the object in M.O.S.S.

    Attributes:
        relation: `interface`, `group`, `device` or `member`.
        object_type: of what is related.
        object_id: its M.O.S.S. id.
        name: what it is called.
        key: serial number, e-mail address or MAC address.
        is_personally_owned: whether nothing of it may be shown.
        total: how many there are of this relation.
    """

    relation: str
    object_type: str
    object_id: UUID
    name: str | None
    key: str | None
    is_personally_owned: bool
    total: int


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one object.

    Attributes:
        object_type: what it is.
        object_id: M.O.S.S.'s id.
        is_in_moss: whether M.O.S.S. has it.
        is_personally_owned: whether nothing may be shown of it but that; all else is empty then.
        name: host name, full name or name of the group.
        key: serial number, e-mail address or user name, JAMF id of the group.
        integration: the JAMF server, by the name of its integration.
        standing: how it stands, as sentences.
        as_of: the slot of which JAMF's side is told; None: now.
        jamf: what is stored of its JAMF record; None: there is none.
        fields: field by field.
        match: why that record is this object.
        links: all of them.
        led_by: the other JAMF server that leads it.
        conflicts: newest first, also those that are decided or over.
        quarantine: what of the record could not be used, newest first.
        related: what belongs to it in M.O.S.S., the first of each relation.
        timeline: what happened to it, newest first.
        timeline_total: how much did.
        moss_path: where M.O.S.S. shows it, below its address.
    """

    object_type: Subject
    object_id: UUID | None
    is_in_moss: bool
    is_personally_owned: bool
    name: str | None
    key: str | None
    integration: str
    standing: tuple[str, ...]
    as_of: datetime | None = None
    jamf: JamfRecord | None = None
    fields: tuple[FieldStory, ...] = ()
    match: MatchStory | None = None
    links: tuple[Link, ...] = ()
    led_by: str | None = None
    conflicts: tuple[Conflict, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    related: tuple[Related, ...] = ()
    timeline: tuple[Event, ...] = ()
    timeline_total: int = 0
    moss_path: str | None = None


def tell(
    workplace: Workplace,
    choice: IntegrationChoice,
    subject: Subject,
    sought: str,
    *,
    as_of: datetime | None = None,
    events: PageRequest = _FIRST_EVENTS,
) -> Story:
    """The story of an object.

    Args:
        workplace: where.
        choice: which JAMF server.
        subject: what type of object.
        sought: a M.O.S.S. id, `jamf:` and a JAMF id, or what else it is known by.
        as_of: a slot: what JAMF said then beside what M.O.S.S. has now.
        events: which of the events, newest first.

    Raises:
        ObjectUnknown: there is none; the message says where it was looked.
        ObjectUnclear: there are several; the error lists them.
        NothingCaptured: nothing is stored of that slot.
    """
    with workplace.reading(choice) as (connection, integration):
        meant = find(connection, integration, subject, sought)
        return _Telling(connection, workplace.settings, integration, meant, as_of).story(events)


def identify(
    workplace: Workplace, choice: IntegrationChoice, subject: Subject, sought: str
) -> Candidate:
    """The object that is meant, without its story; arguments and errors as of `tell`."""
    with workplace.reading(choice) as (connection, integration):
        return find(connection, integration, subject, sought)


def stored_slots(workplace: Workplace, choice: IntegrationChoice) -> tuple[datetime, ...]:
    """The starts of the slots of which something is stored, the newest first."""
    with workplace.reading(choice) as (connection, integration):
        rows = fetch_all(
            connection,
            "what_if/stored_slots",
            {"integration_id": integration.id, "row_limit": _SLOTS},
        )
    return tuple(row["slot"] for row in rows)


class _Telling:
    """Puts the story of one object together.

    Args:
        connection: to M.O.S.S.
        settings: the environment.
        integration: whose story of it.
        meant: the object.
        as_of: of which slot.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        settings: Settings,
        integration: Integration,
        meant: Candidate,
        as_of: datetime | None,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._integration = integration
        self._meant = meant
        self._as_of = as_of
        self._collection = _collection_of(meant)
        self._rules = {
            rule.field: rule
            for rule in (
                *effective_rules(integration.settings.ownership_overrides),
                *attribute_rules(connection, integration),
            )
            if rule.object_type == meant.object_type
        }
        self._words = attribute_labels(connection, integration)
        self._look_up_captures()

    def _look_up_captures(self) -> None:
        connection, integration = self._connection, self._integration
        self._newest = newest_captures(connection, integration.id).get(self._collection)
        self._shown = self._newest
        if self._as_of is not None:
            at_that_time = captures_of_slot(connection, integration, self._as_of)
            self._shown = at_that_time.get(self._collection)

    def story(self, events: PageRequest) -> Story:
        meant = self._meant
        if meant.is_personally_owned:
            return self._personally_owned()
        matches = self._rows("stories/match")
        match = next(iter(matches), None)
        if meant.external_id is None and match is not None:
            meant = replace(
                meant, external_type=match["external_type"], external_id=match["external_id"]
            )
            self._meant = meant
            if _collection_of(meant) != self._collection:
                self._collection = _collection_of(meant)
                self._look_up_captures()
        versions = self._versions()
        now, then = (
            self._version_at(versions, self._newest),
            self._version_at(versions, self._shown),
        )
        if now is not None and now["snapshot"] and now["snapshot"].get("is_personally_owned"):
            return self._personally_owned()
        state = self._rows("stories/state")[0]
        links = tuple(record(Link, row) for row in self._rows("stories/links"))
        conflict_rows = self._rows("stories/conflicts")
        conflicts = self._conflicts(conflict_rows)
        jamf = self._jamf(match, versions, then)
        fields = self._fields(state, match, now, then, conflict_rows, links)
        told = events_of(
            self._connection,
            self._integration,
            meant,
            versions=versions,
            conflicts=conflicts,
            reopened=conflict_rows,
            rules=self._rules,
            words=self._words,
            newest=self._newest,
        )
        match_story = None if match is None else _match_story(match)
        related = tuple(
            record(Related, row) for row in self._rows("stories/related", row_limit=_RELATED)
        )
        story = Story(
            meant.object_type,
            meant.object_id,
            is_in_moss=state["moss"] is not None,
            is_personally_owned=False,
            name=meant.name,
            key=meant.key,
            integration=self._integration.name,
            standing=(),
            as_of=self._as_of,
            jamf=jamf,
            fields=fields,
            match=match_story,
            links=links,
            led_by=state["led_by"],
            conflicts=conflicts,
            quarantine=self._quarantine(),
            related=related,
            timeline=told[events.offset : events.offset + events.limit],
            timeline_total=len(told),
            moss_path=_moss_path(meant) if state["moss"] is not None else None,
        )
        return replace(story, standing=_standing(story, told, is_current=now is not None))

    def _personally_owned(self) -> Story:
        meant = self._meant
        return Story(
            meant.object_type,
            meant.object_id,
            is_in_moss=meant.is_in_moss,
            is_personally_owned=True,
            name=None,
            key=None,
            integration=self._integration.name,
            standing=(
                (
                    f"Computer {meant.external_id} of {self._integration.name} is personally owned. "
                    "Nothing but its id is kept, and nothing of it is shown."
                ),
            ),
            as_of=self._as_of,
        )

    def _rows(self, statement: str, **more: object) -> list[Row]:
        meant = self._meant
        return fetch_all(
            self._connection,
            statement,
            {
                "integration_id": self._integration.id,
                "object_type": meant.object_type.value,
                "object_id": meant.object_id,
                "external_type": meant.external_type,
                "external_id": meant.external_id,
                **more,
            },
        )

    # -- JAMF -----------------------------------------------------------------------------------

    def _versions(self) -> list[Row]:
        if not self._has_record:
            return []
        return fetch_all(
            self._connection,
            "stories/versions",
            {
                "integration_id": self._integration.id,
                "collection": self._collection,
                "jamf_id": self._meant.external_id,
            },
        )

    @property
    def _has_record(self) -> bool:
        """Whether JAMF has records of this kind: a person whom only computers name has none."""
        return self._meant.external_id is not None and self._meant.external_type != "computer_user"

    @staticmethod
    def _version_at(versions: Sequence[Row], capture: Capture | None) -> Row | None:
        if capture is None:
            return None
        return next(
            (
                version
                for version in reversed(versions)
                if version["valid_from_capture"] <= capture.capture_id
                and (
                    version["valid_to_capture"] is None
                    or version["valid_to_capture"] > capture.capture_id
                )
            ),
            None,
        )

    def _jamf(
        self, match: Row | None, versions: Sequence[Row], then: Row | None
    ) -> JamfRecord | None:
        meant = self._meant
        if meant.external_id is None or meant.external_type is None:
            return None
        contact = (
            fetch_one(
                self._connection,
                "stories/contact",
                {"integration_id": self._integration.id, "jamf_id": meant.external_id},
            )
            if meant.object_type is Subject.DEVICE and self._as_of is None
            else None
        )
        is_present = then is not None or (not self._has_record and match is not None)
        last = versions[-1] if versions else None
        return JamfRecord(
            meant.external_type,
            meant.external_id,
            is_present=is_present,
            captured_at=self._shown.captured_at if self._shown else None,
            is_complete=self._shown is not None and self._shown.is_complete,
            unchanged_since=then["seen_from"] if then else None,
            gone_since=last["seen_until"] if last and then is None else None,
            last_contact_at=contact["last_contact_at"] if contact else None,
            reported_at=contact["reported_at"] if contact else None,
            facts=_facts(then),
            url=self._address(then),
        )

    def _address(self, version: Row | None) -> str | None:
        """Where JAMF's own pages show the record, if it has it."""
        meant = self._meant
        if version is None or meant.external_type is None or meant.external_id is None:
            return None
        return address_of(
            self._settings,
            self._integration,
            meant.external_type,
            meant.external_id,
            is_smart=(version["snapshot"] or {}).get("is_smart"),
        )

    # -- fields ---------------------------------------------------------------------------------

    def _fields(
        self,
        state: Row,
        match: Row | None,
        now: Row | None,
        then: Row | None,
        conflict_rows: Sequence[Row],
        links: Sequence[Link],
    ) -> tuple[FieldStory, ...]:
        moss, base = state["moss"] or {}, state["base"] or {}
        said = self._said(match, now, state)
        said_then = said if now is then else self._said_then(then, state)
        clearable = set(
            clearable_fields(tuple(self._rules.values()), self._meant.object_type.value)
        )
        if self._integration.settings.on_empty_user == "clear" and self._names_nobody(now):
            clearable.add("assigned_to_person_id")
        decisions = _decisions(conflict_rows)
        standing_rule = self._rule_for_all(state, match, links)
        names = Names.of(
            self._connection,
            [(field, values.get(field)) for values in (moss, base, said) for field in self._rules],
            plan_id=0,
        )
        opened = {
            row["field"]: row
            for row in reversed(conflict_rows)
            if row["status"] == "open"
            and row["field"]
            and row["object_type"] == self._meant.object_type
        }
        told = []
        for field, ownership in self._rules.items():
            if field not in moss and field not in said:
                continue
            jamf = said.get(field)
            # A null of JAMF's says nothing, unless it is to empty the field.
            is_silent = jamf is None and field not in clearable
            values = Values(
                moss.get(field) if is_silent else jamf,
                moss.get(field),
                base.get(field),
                bool(base),
            )
            decision = decision_that_counts(values, ownership, decisions.get(field, ()))
            rule = standing_rule or deciding_rule(
                values,
                ownership,
                decision,
                keep_human_edits=self._integration.settings.on_human_edit == "keep",
            )
            if rule is FieldRule.AGREE and is_silent and values.moss is not None:
                rule = FieldRule.JAMF_SAYS_NOTHING
            conflict = opened.get(field)
            if conflict is not None and conflict["kind"] in (
                ConflictKindName.SERIAL_TAKEN,
                ConflictKindName.HOSTNAME_TAKEN,
            ):
                rule = FieldRule(conflict["kind"])
            jamf_now = self._text_of(field, jamf, now, names)
            told.append(
                FieldStory(
                    field,
                    self._words.get(field) or field_words(field),
                    jamf=_as_then(field, said_then.get(field), then, now, jamf_now),
                    jamf_now=jamf_now,
                    moss=names.shown(field, values.moss),
                    base=names.shown(field, values.base),
                    owner=ownership.owner,
                    rule=rule,
                    why=_why(rule, decision, values, names, field),
                    differs=values.jamf != values.moss,
                    is_written_next=rule in WRITES,
                    conflict_id=conflict["conflict_id"] if conflict else None,
                )
            )
        return tuple(told)

    def _names_nobody(self, version: Row | None) -> bool:
        """Whether JAMF names no user of a computer, or an account of the system."""
        snapshot = (version or {}).get("snapshot") or {}
        username = (snapshot.get("username") or "").strip().lower()
        return not _person_words(snapshot) or username in self._integration.settings.nobody

    def _rule_for_all(
        self, state: Row, match: Row | None, links: Sequence[Link]
    ) -> FieldRule | None:
        """The one rule that keeps every field as it is, where there is one."""
        own = next((link for link in links if link.is_own), None)
        if state["moss"] is None:
            is_new = match is not None and match["outcome"] == MatchOutcome.CREATE
            return FieldRule.TO_BE_CREATED if is_new else FieldRule.NOT_LINKED
        if state["led_by"] is not None:
            return FieldRule.LED_BY_OTHER_SERVER
        if match is not None and match["outcome"] in _LINKED:
            return None
        if own is not None and (
            own.is_former or own.sync_status == "deleted_external" or match is None
        ):
            return FieldRule.GONE_FROM_JAMF
        return FieldRule.NOT_LINKED

    def _said(self, match: Row | None, version: Row | None, state: Row) -> dict[str, str | None]:
        """What JAMF says now, field by field, as plans have it: people and places are ids."""
        snapshot = (version or {}).get("snapshot") or {}
        words = state["words"] or {}
        match self._meant.object_type:
            case Subject.DEVICE:
                said = _of_computer(snapshot)
                if match is not None and version is not None:
                    said |= {
                        "assigned_to_person_id": _text(match["person_id"]),
                        "location_id": _text(match["location_id"]),
                        "room_id": self._room(match, state),
                        "jamf_enrollment_status": "enrolled",
                        "device_type": words.get(
                            f"device_type/{said.get('form_factor') or 'workstation'}"
                        ),
                    }
                return said
            case Subject.PERSON:
                if match is None:
                    return {}
                return {
                    "username": match["username"],
                    "full_name": match["full_name"],
                    "email_address": match["email"],
                    "phone_number": match["phone"],
                    "job_title": match["job_title"],
                }
            case Subject.GROUP:
                if match is None:
                    return {}
                kind = "smart" if match["is_smart"] else "static"
                return {
                    "name": match["name"],
                    "group_type": words.get(f"group_type/{kind}"),
                    "external_id": match["external_id"],
                }

    @staticmethod
    def _room(match: Row, state: Row) -> str | None:
        """The room, which counts only inside its own location."""
        location = (state["moss"] or {}).get("location_id")
        is_there = location is None or location == _text(match["location_id"])
        return _text(match["room_id"]) if is_there else None

    def _said_then(self, version: Row | None, state: Row) -> dict[str, str | None]:
        """What JAMF said in the slot, but for who and where: matches are of now (`_as_then`)."""
        snapshot = (version or {}).get("snapshot") or {}
        if not snapshot:
            return {}
        match self._meant.object_type:
            case Subject.DEVICE:
                said = _of_computer(snapshot)
                kind = said.get("form_factor") or "workstation"
                return said | {
                    "jamf_enrollment_status": "enrolled",
                    "device_type": (state["words"] or {}).get(f"device_type/{kind}"),
                }
            case Subject.PERSON:
                return {
                    "username": snapshot.get("username"),
                    "full_name": snapshot.get("full_name"),
                    "email_address": snapshot.get("email"),
                    "phone_number": snapshot.get("phone"),
                    "job_title": snapshot.get("job_title"),
                }
            case Subject.GROUP:
                words = state["words"] or {}
                kind = "smart" if snapshot.get("is_smart") else "static"
                name = snapshot.get("name") or ""
                return {
                    "name": name if name.startswith("[JAMF] ") else f"[JAMF] {name}",
                    "group_type": words.get(f"group_type/{kind}"),
                    "external_id": snapshot.get("jamf_id"),
                }

    def _text_of(
        self,
        field: str,
        value: str | None,
        version: Row | None,
        names: Names,
    ) -> str | None:
        """What JAMF says in a field, as people read it: who or where by JAMF's own words where M.O.S.S. has none."""
        if value is not None:
            return names.shown(field, value)
        snapshot = (version or {}).get("snapshot") or {}
        if field == "assigned_to_person_id":
            return _person_words(snapshot)
        if field == "room_id":
            return snapshot.get("room")
        return None

    # -- the rest -------------------------------------------------------------------------------

    def _conflicts(self, rows: Sequence[Row]) -> tuple[Conflict, ...]:
        sides = ("jamf_value", "moss_value", "base_value")
        names = Names.of(
            self._connection,
            [(row["field"], row[side]) for row in rows for side in sides],
            plan_id=0,
        )
        return tuple(
            record(
                Conflict,
                {**row, **{side: names.shown(row["field"], row[side]) for side in sides}},
                resolution=None if row["resolution"] is None else Resolution(row["resolution"]),
            )
            for row in rows
        )

    def _quarantine(self) -> tuple[Quarantined, ...]:
        if not self._has_record or self._newest is None:
            return ()
        rows = fetch_all(
            self._connection,
            "stories/quarantine",
            {
                "integration_id": self._integration.id,
                "collection": self._collection,
                "jamf_id": self._meant.external_id,
                "capture_id": self._newest.capture_id,
            },
        )
        return tuple(record(Quarantined, row) for row in rows if not row["is_over"])


def _as_then(
    field: str, said: str | None, then: Row | None, now: Row | None, jamf_now: str | None
) -> str | None:
    """What JAMF said of a field in a slot, as people read it; who and where by their names now, if unchanged."""
    if then is now or then is None:
        return jamf_now if then is now else None
    before, after = then["snapshot"] or {}, (now or {}).get("snapshot") or {}
    match field:
        case "assigned_to_person_id":
            is_same, words = _person_words(before) == _person_words(after), _person_words(before)
        case "location_id":
            building = before.get("building_id")
            is_same, words = building == after.get("building_id"), f"building {building} of JAMF"
            words = words if building else ""
        case "room_id":
            is_same, words = before.get("room") == after.get("room"), before.get("room")
        case _:
            return said
    return jamf_now if is_same else words or None


def _of_computer(snapshot: Mapping[str, Any]) -> dict[str, str | None]:
    if not snapshot:
        return {}
    described = snapshot.get("described") or {}
    return {
        "serial_number": snapshot.get("serial_number"),
        "hostname": snapshot.get("hostname"),
        **described,
    }


def _person_words(snapshot: Mapping[str, Any]) -> str | None:
    """Whom JAMF names as the user of a computer."""
    name, others = snapshot.get("full_name"), [snapshot.get("username"), snapshot.get("email")]
    known = ", ".join(filter(None, others))
    return f"{name} ({known})" if name and known else name or known or None


def _facts(version: Row | None) -> tuple[tuple[str, str], ...]:
    snapshot = (version or {}).get("snapshot") or {}
    managed = {True: "yes", False: "no"}.get(snapshot.get("is_managed", ""))
    user = _person_words(snapshot) if "udid" in snapshot else None
    facts = {
        "user in JAMF": user,
        "managed": managed,
        "enrolled": str(snapshot["enrolled_at"])[:16].replace("T", " ")
        if snapshot.get("enrolled_at")
        else None,
        "UDID": snapshot.get("udid"),
        "management id": snapshot.get("management_id"),
        "description": snapshot.get("description"),
    }
    return tuple((name, value) for name, value in facts.items() if value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _moss_path(meant: Candidate) -> str:
    place = {Subject.DEVICE: "devices", Subject.PERSON: "people", Subject.GROUP: "groups"}
    return f"/{place[meant.object_type]}/{meant.object_id}"


def _match_story(row: Row) -> MatchStory:
    evidence = row["evidence"] or {}
    has_evidence = bool(evidence.get("agreed") or evidence.get("contradicted"))
    outcome = MatchOutcome(row["outcome"])
    return MatchStory(
        row["external_type"],
        row["external_id"],
        outcome,
        outcome.meaning,
        row["matched_by"],
        agreed=tuple(evidence.get("agreed") or ()),
        contradicted=tuple(evidence.get("contradicted") or ()),
        evidence=evidence_sentence(evidence) if has_evidence else None,
        twin_of=row["twin_of"],
    )


def _decisions(rows: Iterable[Row]) -> dict[str, list[Decision]]:
    """The decisions that count, by field."""
    found: dict[str, list[Decision]] = {}
    for row in rows:
        if row["status"] == "resolved" and row["field"] and row["object_id"] is not None:
            found.setdefault(row["field"], []).append(
                Decision(
                    row["conflict_id"],
                    row["kind"],
                    Resolution(row["resolution"]),
                    row["jamf_value"],
                    row["moss_value"],
                    row["resolved_by"],
                    row["resolved_at"],
                    is_carried_out=row["carried_out_by_plan"] is not None,
                )
            )
    return found


def _why(
    rule: FieldRule,
    decision: Decision | None,
    values: Values,
    names: Names,
    field: str,
) -> str:
    """The sentences of a field: what decides it, who decided, what happens next."""
    if rule is FieldRule.AGREE and values.moss is None:
        return "Neither side says anything."
    sentences = [rule.meaning]
    if decision is not None and rule in (
        FieldRule.PINNED,
        FieldRule.DECIDED_KEEP_MOSS,
        FieldRule.DECIDED_TAKE_JAMF,
    ):
        sentences.append(
            f"That was {decision.resolved_by}, {decision.resolved_at:%Y-%m-%d} (conflict {decision.conflict_id})."
        )
    if rule in WRITES:
        sentences.append(f"The next sync writes {names.shown(field, values.jamf) or 'nothing'}.")
    if (
        rule in (FieldRule.HUMAN_EDIT_OVERWRITTEN, FieldRule.HUMAN_EDIT_KEPT)
        and values.base != values.jamf
    ):
        sentences.append(f"The sync last wrote {names.shown(field, values.base) or 'nothing'}.")
    return " ".join(sentences)


def _standing(story: Story, told: Sequence[Event], *, is_current: bool) -> tuple[str, ...]:
    """How the object stands, in sentences."""
    return tuple(
        filter(
            None,
            (
                _link_sentence(story, is_current=is_current),
                f"{story.led_by} leads it: this JAMF server writes nothing to it."
                if story.led_by
                else None,
                _conflict_sentence(story),
                _waiting_sentence(told),
                _quarantine_sentence(story),
                _next_sentence(story),
            ),
        )
    )


def _link_sentence(story: Story, *, is_current: bool) -> str:
    own = next((link for link in story.links if link.is_own), None)
    if not story.is_in_moss:
        return _absence_sentence(story, own)
    the_record, server = _record_words(story), story.integration
    if own is None:
        if story.match is None or story.jamf is None:
            return f"No record of {server} is linked to it. M.O.S.S. alone knows it."
        return f"It is not linked to {the_record} of {server}. {story.match.meaning}"
    if own.sync_status == "deleted_external" or own.is_former:
        return _gone_sentence(story)
    since = f" since {own.created_at:%Y-%m-%d}" if own.created_at else ""
    sentence = f"It is linked to {the_record} of {server}{since}"
    if is_current or own.external_type == "computer_user":
        return f"{sentence}."
    return f"{sentence}, which the newest capture does not list. The next sync decides whether it is gone."


def _gone_sentence(story: Story) -> str:
    gone = story.jamf.gone_since if story.jamf else None
    when = f", first missed by the capture of {gone:%Y-%m-%d %H:%M} UTC" if gone else ""
    is_device = story.object_type is Subject.DEVICE
    marked = "It is unenrolled" if is_device else "It is gone from JAMF"
    return (
        f"{marked}: {story.integration} no longer has {_record_words(story)}{when}. "
        "M.O.S.S. keeps all it knows of it."
    )


def _absence_sentence(story: Story, own: Link | None) -> str:
    the_record, server = _record_words(story), story.integration
    if own is not None:
        return f"It was deleted in M.O.S.S. {server} has it as {the_record}."
    if story.match is not None and story.match.twin_of is not None:
        return (
            f"{server} has it as {the_record}, and as {device_record(story.match.twin_of)} as well, which has its "
            "serial number. That one is synced, this one is not."
        )
    meaning = story.match.meaning if story.match else ""
    what = story.object_type.value
    return f"M.O.S.S. has no such {what}. {server} has it as {the_record}. {meaning}".strip()


def _collection_of(meant: Candidate) -> str:
    """The collection that an object's JAMF record is of."""
    declared = collection_of_record(meant.external_type) if meant.external_type else None
    return _COLLECTIONS[meant.object_type] if declared is None else declared.name.value


def _record_words(story: Story) -> str:
    """The JAMF record as people say it."""
    if story.jamf is None:
        return "a record"
    kind = story.jamf.external_type
    return f"{_RECORDS.get(kind, kind)} {jamf_id_in(story.jamf.external_id)}"


def _conflict_sentence(story: Story) -> str | None:
    opened = [conflict for conflict in story.conflicts if conflict.status == "open"]
    if not opened:
        return None
    numbers = ", ".join(str(conflict.conflict_id) for conflict in opened)
    if len(opened) == 1:
        return f"Conflict {numbers} is open and waits for a person."
    return f"{len(opened)} conflicts are open and wait for a person: {numbers}."


def _waiting_sentence(told: Sequence[Event]) -> str | None:
    newest = max((event.plan_id for event in told if event.plan_id), default=None)
    held = [event for event in told if event.outcome == "held" and event.plan_id == newest]
    if held:
        return (
            f"The guard holds a change of it. `moss-jamf approve {newest}` shows what is held, and releases it "
            "if you say so."
        )
    return None


def _quarantine_sentence(story: Story) -> str | None:
    whole = next((entry for entry in story.quarantine if entry.is_whole_record), None)
    if whole is not None:
        return f"Its JAMF record is in quarantine: {whole.detail}"
    fields = [entry.field for entry in story.quarantine if entry.field]
    return f"JAMF's {', '.join(map(field_words, fields))} could not be used." if fields else None


def _next_sentence(story: Story) -> str | None:
    written = [field.words for field in story.fields if field.is_written_next]
    if not story.is_in_moss or not written:
        return None
    return f"As things are, the next sync writes: {', '.join(written)}."
