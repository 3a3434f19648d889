"""Every combination of ownership rule, base, JAMF value and M.O.S.S. value, against a second opinion.

The second opinion is `_expected`: "Who wins a field" (docs/who-wins.md), written again in Python, for one field.
"""

from itertools import product
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.statements import execute
from tests.db.support import Bench

# A base that knows other fields only, as opposed to no base at all (an object never synced before).
_OTHERS_ONLY = "(others only)"


class Case(NamedTuple):
    """One field of one object under one rule."""

    on_create: str
    on_update: str
    on_null: str
    records_conflict: bool
    action: str
    jamf: str | None
    moss: str | None
    base: str | None  # None: no base at all

    @property
    def has_base(self) -> bool:
        return self.base is not None

    @property
    def base_value(self) -> str | None:
        return None if self.base == _OTHERS_ONLY else self.base

    @property
    def is_cleared_by_null(self) -> bool:
        return self.on_null == "clear" and self.on_update == "overwrite"

    @property
    def field(self) -> str:
        return f"{self.on_create}/{self.on_update}/{self.on_null}/{self.records_conflict}"


class Expected(NamedTuple):
    """What the plan must say of it."""

    action: str | None  # None: no row
    rule: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    agreed: dict[str, Any]
    conflict: str | None
    is_unchanged: bool


_RULES = list(
    product(
        ["write", "default", "never"],
        ["overwrite", "fill", "follow", "never"],
        ["keep", "clear"],
        [True, False],
    )
)
_CASES = [
    *(
        Case(*rule, action, jamf, moss, base)
        for rule in _RULES
        for action in ("update", "link")
        for jamf in (None, "a", "b")
        for moss in (None, "a", "c")
        for base in (None, _OTHERS_ONLY, "a", "b", "d")
    ),
    *(Case(*rule, "create", jamf, None, None) for rule in _RULES for jamf in (None, "a")),
]


def _wanted(case: Case) -> str | None:
    """What JAMF wants: its value; a null says nothing unless it is declared to clear the field."""
    if case.jamf is not None:
        return case.jamf
    return None if case.is_cleared_by_null else case.moss


def _rule(case: Case, *, keep_human_edits: bool) -> str | None:
    wanted = _wanted(case)
    if case.action == "create":
        writes = {"write": "on_create", "default": "default", "never": None}
        return writes[case.on_create] if wanted is not None else None
    if case.on_update == "never":
        return None  # what is never written needs no base either
    if case.on_update == "follow":
        is_still_ours = case.moss is not None and case.moss == case.base_value
        return "default_followed" if is_still_ours and wanted != case.moss else None
    return _compared(case, wanted, keep_human_edits=keep_human_edits)


def _compared(case: Case, wanted: str | None, *, keep_human_edits: bool) -> str | None:
    if wanted == case.moss:
        return "agree" if wanted != case.base_value else None
    if case.on_update == "overwrite":
        is_human_edit = case.has_base and case.moss != case.base_value
        kept_or_not = "human_edit_kept" if keep_human_edits else "human_edit_overwritten"
        return kept_or_not if is_human_edit else "jamf_wins"
    if case.on_update == "fill":
        was_never_filled = case.moss is None and case.base_value is None
        conflict = "owned_field_differs" if case.records_conflict else None
        return "fill_empty" if was_never_filled else conflict
    return None


def _expected(case: Case, *, keep_human_edits: bool) -> Expected:
    rule = _rule(case, keep_human_edits=keep_human_edits)
    writes = rule in (
        *("on_create", "default", "jamf_wins", "human_edit_overwritten", "fill_empty"),
        "default_followed",
    )
    agreed = {case.field: _wanted(case)} if rule == "agree" else {}
    if case.action != "update":
        action: str | None = case.action
    elif writes:
        action = "update"
    else:
        action = "agree" if agreed else None
    conflict = rule if rule == "owned_field_differs" else None
    if case.records_conflict and rule in ("human_edit_kept", "human_edit_overwritten"):
        conflict = rule
    guarded = writes and case.action != "create"
    return Expected(
        action=action,
        rule=rule if writes else None,
        before={case.field: case.moss} if guarded else {},
        after={case.field: _wanted(case)} if writes else {},
        agreed=agreed,
        conflict=conflict,
        is_unchanged=case.action == "update" and not writes and conflict is None,
    )


def _ready(
    bench: Bench, cases: list[Case], *, keep_human_edits: bool
) -> tuple[int, dict[UUID, Case]]:
    """Puts one compared object per case into a fresh plan and lets the rules decide."""
    objects = {uuid4(): case for case in cases}
    for on_create, on_update, on_null, records_conflict in _RULES:
        case = Case(on_create, on_update, on_null, records_conflict, "", None, None, None)
        bench.execute(
            "insert into jamf_sync.field_ownership values (%s, 'device', %s, 'JAMF', %s, %s, %s, %s, 'a trial')",
            *(bench.integration.id, case.field, on_create, on_update, on_null, records_conflict),
        )
    plan_id = bench.value(
        "insert into jamf_sync.plans (integration_id, run_id, object_types, captures) "
        "values (%s, 'a-run', '{device}', '{}') returning plan_id",
        bench.integration.id,
    )
    bench.execute(
        "insert into jamf_sync.plan_counts values (%s, 'device', %s, 0, 0, 0)", plan_id, len(cases)
    )
    bench.execute("drop table if exists compared_objects")
    execute(bench.connection, "plan/create_compared_objects")
    insert = """insert into compared_objects (object_type, object_id, label, action, reason, jamf, moss, base)
        values ('device', %s, 'a trial', %s, 'values_differ', jamf_sync.overlaid(%s, %s, %s), %s, %s)"""
    with bench.connection.cursor() as cursor:
        cursor.executemany(
            insert,
            [
                (
                    object_id,
                    case.action,
                    None if case.action == "create" else Jsonb({case.field: case.moss}),
                    Jsonb({case.field: case.jamf}),
                    [case.field] if case.is_cleared_by_null else [],
                    Jsonb({} if case.action == "create" else {case.field: case.moss}),
                    Jsonb(_base(case)),
                )
                for object_id, case in objects.items()
            ],
        )
    parameters = {
        "integration_id": bench.integration.id,
        "plan_id": plan_id,
        "object_type": "device",
        "keep_human_edits": keep_human_edits,
    }
    execute(bench.connection, "plan/plan_creations", parameters)
    execute(bench.connection, "plan/plan_field_changes", parameters)
    return plan_id, objects


def _base(case: Case) -> dict[str, str]:
    if not case.has_base:
        return {}
    return {"another field": "x"} | (
        {} if case.base_value is None else {case.field: case.base_value}
    )


@pytest.mark.parametrize("keep_human_edits", [False, True], ids=["overwrite_and_flag", "keep"])
def test_every_field_is_decided_as_the_design_says(trial: Bench, keep_human_edits: bool) -> None:
    plan_id, objects = _ready(trial, _CASES, keep_human_edits=keep_human_edits)

    rows = {
        row["object_id"]: row
        for row in trial.query("select * from jamf_sync.change_plan where plan_id = %s", plan_id)
    }
    rules = {
        (row["object_id"], row["field"]): row["rule"]
        for row in trial.query(
            "select object_id, field, rule from jamf_sync.change_plan_fields where plan_id = %s",
            plan_id,
        )
    }
    conflicts = {
        row["object_id"]: row["kind"]
        for row in trial.query("select * from jamf_sync.plan_conflicts where plan_id = %s", plan_id)
    }
    wrong = []
    for object_id, case in objects.items():
        expected = _expected(case, keep_human_edits=keep_human_edits)
        row = rows.get(object_id)
        found = Expected(
            action=row["action"] if row else None,
            rule=rules.get((object_id, case.field)),
            before=row["before"] if row else {},
            after=row["after"] if row else {},
            agreed=row["agreed"] if row else {},
            conflict=conflicts.get(object_id),
            is_unchanged=expected.is_unchanged,  # counted below
        )
        if found != expected:
            wrong.append((case, found, expected))
    assert not wrong, f"{len(wrong)} of {len(objects)}, first: {wrong[0]}"

    unchanged = trial.value(
        "select unchanged from jamf_sync.plan_counts where plan_id = %s", plan_id
    )
    assert unchanged == sum(
        _expected(case, keep_human_edits=keep_human_edits).is_unchanged for case in objects.values()
    )


@pytest.mark.parametrize("keep_human_edits", [False, True], ids=["overwrite_and_flag", "keep"])
def test_whatever_the_rules_decide_the_counts_add_up(trial: Bench, keep_human_edits: bool) -> None:
    plan_id, objects = _ready(trial, _CASES, keep_human_edits=keep_human_edits)
    (row,) = trial.query(
        """select counts.seen, counts.unchanged,
                  (select count(*) from jamf_sync.change_plan
                   where plan_id = counts.plan_id and action <> 'agree') as written,
                  (select count(*) from jamf_sync.plan_conflicts as conflict where plan_id = counts.plan_id
                     and not exists (
                       select from jamf_sync.change_plan as change where change.plan_id = counts.plan_id
                         and change.object_id = conflict.object_id and change.action <> 'agree')) as in_conflict
           from jamf_sync.plan_counts as counts where counts.plan_id = %s""",
        plan_id,
    )
    assert row["unchanged"] + row["written"] + row["in_conflict"] == row["seen"] == len(objects)


def test_a_conflict_names_the_three_values(trial: Bench) -> None:
    case = Case("write", "fill", "keep", True, "update", "b", "c", "a")
    plan_id, _ = _ready(trial, [case], keep_human_edits=False)
    (conflict,) = trial.query("select * from jamf_sync.plan_conflicts where plan_id = %s", plan_id)
    assert (
        conflict["field"],
        conflict["jamf_value"],
        conflict["moss_value"],
        conflict["base_value"],
    ) == (
        case.field,
        "b",
        "c",
        "a",
    )


def test_a_field_without_a_rule_is_never_written(trial: Bench) -> None:
    case = Case("write", "overwrite", "keep", True, "update", "b", "a", "a")
    trial.execute("delete from jamf_sync.field_ownership")
    plan_id, _ = _ready(trial, [case], keep_human_edits=False)
    trial.execute("delete from jamf_sync.change_plan")
    trial.execute("delete from jamf_sync.field_ownership where field = %s", case.field)
    execute(
        trial.connection,
        "plan/plan_field_changes",
        {
            "integration_id": trial.integration.id,
            "plan_id": plan_id,
            "object_type": "device",
            "keep_human_edits": False,
        },
    )
    assert trial.query("select * from jamf_sync.change_plan where plan_id = %s", plan_id) == []
