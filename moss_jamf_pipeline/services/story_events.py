"""What happened to one object: changes that syncs made or did not, decisions of people, and what JAMF said when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from moss_jamf_pipeline.catalogue.collections import jamf_id_in
from moss_jamf_pipeline.catalogue.conflict_kinds import conflict_kind_named
from moss_jamf_pipeline.catalogue.evidence import evidence_sentence
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule
from moss_jamf_pipeline.catalogue.rules import field_words, rule_meaning
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.naming import Names
from moss_jamf_pipeline.moss.statements import Row, fetch_all
from moss_jamf_pipeline.services.conflicts import Conflict
from moss_jamf_pipeline.services.story_finding import Candidate, Subject


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an event.

    Attributes:
        field: its name in plans, or JAMF's.
        words: what people call it.
        before: what it was; ids of people and places are names.
        after: what it became, or was to become.
        owner: who owns it; None: nobody, it is JAMF's alone.
        rule: which rule decided it.
    """

    field: str
    words: str
    before: str | None
    after: str | None
    owner: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the object.

    Attributes:
        at: when; None: before all that is kept.
        source: `sync` (a plan), `conflict` (a person, or the queue) or `jamf` (a capture).
        what: what happened, as a sentence.
        why: why, as a sentence; None: the fields say it.
        fields: what of it changed, or was to change.
        action: of a plan's row, e.g. `update`.
        outcome: what became of that row: `applied`, `held`, `refused`, `failed`, `locked`; None: it waits.
        plan_id: the plan.
        plan_kind: `sync` or `revert`.
        run_id: the run that applied it, or found that it was not to be written; None: it waits.
        by: who started that run, or decided.
        approved_by: who let it through, if the guard held it.
        undone_by_plan: the plan that undid it.
        conflict_id: the conflict.
        times: how many plans said the same, one after the other; this is the last of them.
        first_plan_id: the first of these.
    """

    at: datetime | None
    source: str
    what: str
    why: str | None = None
    fields: tuple[FieldChange, ...] = ()
    action: str | None = None
    outcome: str | None = None
    plan_id: int | None = None
    plan_kind: str | None = None
    run_id: str | None = None
    by: str | None = None
    approved_by: str | None = None
    undone_by_plan: int | None = None
    conflict_id: int | None = None
    times: int = 1
    first_plan_id: int | None = None


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_NOT_DONE: Final = {
    "held": "Held by the guard ({held_as}), not written: {todo}",
    "refused": "Not written, for M.O.S.S. had changed meanwhile: {todo}",
    "failed": "Rejected by the database: {todo}",
    "locked": "Not written, for another session held it: {todo}",
    None: "Planned, not written yet: {todo}",
}
_RECORDS: Final = {
    "computer": "computer",
    "mobile_device": "mobile device",
    "user": "user",
    "computer_user": "the user of a computer,",
    "computer_group": "computer group",
}
# What a version of a JAMF record holds besides what it says of the object.
_NOT_TOLD: Final = frozenset(
    {"version_id", "jamf_id", "is_usable", "staging_rules", "described", "static_group_ids"}
)
_JAMF_WORDS: Final = {
    "full_name": "user's full name",
    "email": "user's e-mail address",
    "username": "user name",
    "phone": "user's phone number",
    "building_id": "building (JAMF id)",
    "department_id": "department (JAMF id)",
    "is_managed": "managed",
    "enrolled_at": "enrolled",
    "udid": "UDID",
    "alt_mac_address": "second MAC address",
}


def events_of(
    connection: psycopg.Connection,
    integration: Integration,
    meant: Candidate,
    *,
    versions: Sequence[Row],
    conflicts: Sequence[Conflict],
    reopened: Sequence[Row],
    rules: Mapping[str, OwnershipRule],
    words: Mapping[str, str],
    newest: Capture | None,
) -> tuple[Event, ...]:
    """Everything that happened to an object, newest first.

    Args:
        connection: to M.O.S.S.
        integration: whose plans.
        meant: the object.
        versions: of its JAMF record, oldest first.
        conflicts: about it.
        reopened: the rows of these, which say who took a decision back.
        rules: the ownership of its fields.
        words: what people call the fields of extension attributes.
        newest: the newest capture of its collection.
    """
    found: list[Event] = []
    if meant.object_id is not None:
        parameters: dict[str, object] = {
            "integration_id": integration.id,
            "object_type": meant.object_type.value,
            "object_id": meant.object_id,
        }
        rows = fetch_all(connection, "stories/changes", parameters)
        found += _changes(connection, rows, rules, words)
        if meant.object_type is Subject.GROUP:
            del parameters["object_type"]
            found += map(_membership, fetch_all(connection, "stories/member_changes", parameters))
    found += _conflict_events(conflicts)
    found += _reopenings(reopened)
    found += _jamf_events(meant, versions, newest, words)
    # What happened in one moment stays in its order: Python sorts stably.
    found.sort(key=lambda event: event.at or _LONG_AGO)
    return tuple(reversed(found))


# -- plans ----------------------------------------------------------------------------------------


def _changes(
    connection: psycopg.Connection,
    rows: Sequence[Row],
    rules: Mapping[str, OwnershipRule],
    words: Mapping[str, str],
) -> list[Event]:
    names = Names.of(
        connection,
        [
            (field, value)
            for row in rows
            for side in ("before", "after")
            for field, value in row[side].items()
        ],
        plan_id=0,
    )
    undone = {
        row["details"]["undoes"]: row["plan_id"]
        for row in rows
        if row["outcome"] == "applied" and "undoes" in row["details"]
    }
    told: list[Event] = []
    for row in rows:
        event = _change(row, names, rules, words, undone.get(row["row_id"]))
        former = told[-1] if told else None
        if former is not None and _is_same(former, event):
            told[-1] = replace(
                event,
                times=former.times + 1,
                first_plan_id=former.first_plan_id or former.plan_id,
            )
        else:
            told.append(event)
    return told


def _is_same(former: Event, event: Event) -> bool:
    """Whether a plan only says again what the one before said: what is not written is planned anew each time."""
    return event.outcome not in ("applied", None) and (
        former.what,
        former.fields,
        former.outcome,
    ) == (event.what, event.fields, event.outcome)


def _change(
    row: Row,
    names: Names,
    rules: Mapping[str, OwnershipRule],
    words: Mapping[str, str],
    undone_by: int | None,
) -> Event:
    is_own = row["object_type"] in ("device", "person", "group")
    fields = tuple(
        FieldChange(
            field,
            words.get(field) or field_words(field),
            names.shown(field, _text(row["before"].get(field))),
            names.shown(field, _text(value)),
            rules[field].owner if is_own and field in rules else None,
            row["rules"].get(field) or row["rules"].get("*"),
        )
        for field, value in sorted(row["after"].items())
        if row["object_type"] not in ("group_member", "mapping")
    )
    done, todo = _sentences(row, fields)
    outcome = row["outcome"]
    what = (
        f"{done}."
        if outcome == "applied"
        else _NOT_DONE[outcome].format(held_as=row["held_as"], todo=f"{todo}.")
    )
    return Event(
        row["applied_at"] or row["planned_at"],
        "sync",
        _in_revert(what, row),
        _reasons(row),
        fields,
        row["action"],
        outcome,
        row["plan_id"],
        row["plan_kind"],
        row["run_id"] if outcome is not None else None,
        row["triggered_by"] if outcome is not None else None,
        row["approved_by"],
        undone_by,
    )


def _in_revert(what: str, row: Row) -> str:
    return f"Undone (plan {row['reverts_plan_id']}): {what}" if row["reverts_plan_id"] else what


def _reasons(row: Row) -> str | None:
    """Why a row is in its plan, what the evidence was, and what M.O.S.S. said to it."""
    evidence = row["details"].get("evidence") or {}
    is_worth_it = evidence.get("contradicted") or (
        row["action"] in ("link", "move", "return") and evidence.get("agreed")
    )
    reasons = [
        rule_meaning(row["reason"]) if row["reason"] not in ("values_differ", "reverted") else None,
        f"{_capitalised(evidence_sentence(evidence))}." if is_worth_it else None,
        row["outcome_detail"],
    ]
    return " ".join(filter(None, reasons)) or None


def _sentences(row: Row, fields: Sequence[FieldChange]) -> tuple[str, str]:
    """What a row did, and what it was to do; without a full stop."""
    record = (
        f"{_RECORDS.get(row['external_type'] or '', row['external_type'])} "
        f"{jamf_id_in(row['external_id'] or '')}"
    )
    listed = _listed([field.words for field in fields])
    former = row["details"].get("previous_external_id")
    if row["object_type"] == "group_member":
        group = row["group_name"] or row["label"] or "a group that is gone"
        if row["action"] == "add":
            return f"Added to the group {group}", f"add it to the group {group}"
        return f"Taken out of the group {group}", f"take it out of the group {group}"
    if row["object_type"] == "io":
        return {
            "create": (f"Interface {row['label']} created", f"create the interface {row['label']}"),
            "delete": (f"Interface {row['label']} deleted", f"delete the interface {row['label']}"),
        }.get(
            row["action"],
            (f"Interface {row['label']} changed", f"change the interface {row['label']}"),
        )
    return {
        "create": (
            f"Created in M.O.S.S. and linked to {record}",
            f"create it in M.O.S.S. and link it to {record}",
        ),
        "link": (f"Linked to {record}", f"link it to {record}"),
        "move": (
            f"The link moved from {former} to {record}",
            f"move the link from {former} to {record}",
        ),
        "update": (f"{_capitalised(listed)} changed", f"change {listed}"),
        "unenroll": (
            "Marked unenrolled" if row["label"] == "device" else "Marked as gone from JAMF",
            "mark it unenrolled" if row["label"] == "device" else "mark it as gone from JAMF",
        ),
        "return": ("Marked as back in JAMF", "mark it as back in JAMF"),
        "delete_internal": (
            "Its link was marked: it is no longer in M.O.S.S",
            "mark its link: it is no longer in M.O.S.S",
        ),
        "unlink": (f"The link to {record} was taken back", f"take back the link to {record}"),
        "relink": ("The link was put back as it was", "put the link back as it was"),
        "delete": ("Deleted again, as the sync had created it", "delete it again"),
    }.get(row["action"], (row["action"], row["action"]))


def _membership(row: Row) -> Event:
    """What a plan did to the members of a group."""
    number = "1 member" if row["members"] == 1 else f"{row['members']:,} members"
    examples = ", ".join(name for name in row["examples"] if name)
    more = " and others" if row["members"] > len(row["examples"]) else ""
    verb = "added" if row["action"] == "add" else "taken out"
    done = row["outcome"] == "applied"
    what = (
        f"{number} {verb}: {examples}{more}."
        if done
        else _NOT_DONE[row["outcome"]].format(
            held_as="of a device", todo=f"{number} to be {verb}: {examples}{more}."
        )
    )
    return Event(
        row["applied_at"] or row["planned_at"],
        "sync",
        _in_revert(what, row),
        rule_meaning(row["reason"]),
        action=row["action"],
        outcome=row["outcome"],
        plan_id=row["plan_id"],
        plan_kind=row["plan_kind"],
        run_id=row["run_id"] if done else None,
        by=row["triggered_by"] if done else None,
    )


# -- conflicts ------------------------------------------------------------------------------------


def _conflict_events(conflicts: Iterable[Conflict]) -> Iterable[Event]:
    for conflict in sorted(conflicts, key=lambda each: each.conflict_id):
        number = conflict.conflict_id
        about = f" ({field_words(conflict.field)})" if conflict.field else ""
        title = conflict_kind_named(conflict.kind).title
        if conflict.kind != "reverted":
            yield Event(
                conflict.opened_at,
                "conflict",
                f"Conflict {number} opened{about}: {title}.",
                plan_id=conflict.opened_by_plan,
                conflict_id=number,
            )
        if conflict.resolution is not None and conflict.resolved_at is not None:
            yield Event(
                conflict.resolved_at,
                "conflict",
                f"Conflict {number} decided{about}: {conflict.resolution.words}.",
                conflict.resolution_reason,
                by=conflict.resolved_by,
                conflict_id=number,
            )
        if conflict.closed_at is not None and conflict.resolution is None:
            yield Event(
                conflict.closed_at,
                "conflict",
                f"Conflict {number} closed by itself{about}.",
                conflict_id=number,
            )


def _reopenings(rows: Iterable[Row]) -> Iterable[Event]:
    for row in rows:
        if row["reopened_by"] is not None:
            yield Event(
                row["reopened_at"],
                "conflict",
                f"The decision on conflict {row['conflict_id']} was taken back.",
                by=row["reopened_by"],
                conflict_id=row["conflict_id"],
            )


# -- JAMF -----------------------------------------------------------------------------------------


def _jamf_events(
    meant: Candidate,
    versions: Sequence[Row],
    newest: Capture | None,
    words: Mapping[str, str],
) -> Iterable[Event]:
    called = _RECORDS.get(meant.external_type or "", meant.external_type)
    record = f"{called} {jamf_id_in(meant.external_id or '')}"
    former: Row | None = None
    for version in versions:
        if former is None:
            yield Event(
                version["seen_from"], "jamf", f"JAMF lists {record}, as far back as is kept."
            )
        elif former["valid_to_capture"] != version["valid_from_capture"]:
            yield _gone(record, former)
            yield Event(version["seen_from"], "jamf", f"JAMF lists {record} again.")
        else:
            fields = _differences(former, version, words)
            if fields:
                listed = _listed([field.words for field in fields])
                yield Event(
                    version["seen_from"], "jamf", f"JAMF says otherwise: {listed}.", fields=fields
                )
        former = version
    if former is not None and former["valid_to_capture"] is not None and newest is not None:
        yield _gone(record, former)


def _gone(record: str, version: Row) -> Event:
    return Event(version["seen_until"], "jamf", f"JAMF no longer lists {record}.")


def _differences(former: Row, version: Row, words: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """What JAMF says otherwise than before."""
    old, new = _flat(former["snapshot"]), _flat(version["snapshot"])
    if old.get("is_personally_owned") or new.get("is_personally_owned"):
        return ()
    return tuple(
        FieldChange(
            field,
            _JAMF_WORDS.get(field) or words.get(field) or field_words(field),
            _text(old.get(field)),
            _text(new.get(field)),
            None,
            None,
        )
        for field in sorted({*old, *new})
        if old.get(field) != new.get(field)
    )


def _flat(snapshot: Mapping[str, Any] | None) -> dict[str, Any]:
    """A typed row with what is described beside its own columns."""
    if not snapshot:
        return {}
    own = {name: value for name, value in snapshot.items() if name not in _NOT_TOLD}
    return own | (snapshot.get("described") or {})


def _listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of many the first."""
    shown, more = words[:4], len(words) - 4
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    *others, last = shown or ("nothing",)
    return f"{', '.join(others)} and {last}" if others else last


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "yes" if value else "no"
        case UUID():
            return str(value)
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
