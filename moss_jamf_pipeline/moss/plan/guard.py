"""The guard: which plan a run applies, what of it is held because it is too much at once, and who lets that through.

What is held is one kind of change of one type of object, as a whole; the rest of the plan is applied. The limits are
`guard_settings`; the statements are in `sql/guard`. Writes to `jamf_sync` only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.moss.capture.attributes import attribute_rules
from moss_jamf_pipeline.moss.errors import PlanNotApplicable
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.planning import (
    Plan,
    PlanFacts,
    count_outcomes,
    newest_sync_plan_id,
    no_such_plan,
    plan_facts,
    plan_with_counts,
    read_plan,
)
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    set_based_transaction,
)

_ALL_KINDS = tuple(kind.value for kind in GuardKind)
_KINDS_OF_FIELDS = (GuardKind.REASSIGN, GuardKind.RENAME, GuardKind.VANISH)
_SUSPICIONS = {
    GuardKind.RELINK: "This looks like another or a restored JAMF server: see that its address is the right one, and "
    "that it is the server you mean, before you approve.",
    GuardKind.VANISH: "JAMF is known to lose the values of extension attributes at a check-in: see there that they are "
    "meant to be empty, before you approve.",
}


@dataclass(frozen=True, slots=True)
class HeldChanges:
    """One kind of change that a plan has too many of; none of them is applied until a person approves the kind.

    Attributes:
        kind: which.
        object_type: of which type of object.
        planned: how many the plan holds.
        linked: the linked objects of that type, beside which they are too many.
        allowed: how many would have passed.
    """

    kind: GuardKind
    object_type: str
    planned: int
    linked: int
    allowed: int

    @property
    def sentence(self) -> str:
        """What is held and why, for an operator."""
        objects = plural_of(self.object_type)
        what = {
            GuardKind.UNENROLL: f"{self.planned:,} of {self.linked:,} linked {objects} are gone from JAMF",
            GuardKind.REASSIGN: f"{self.planned:,} of {self.linked:,} linked {objects} would get another person",
            GuardKind.RENAME: f"{self.planned:,} of {self.linked:,} linked {objects} would get another host name",
            GuardKind.RESERIAL: f"{self.planned:,} of {self.linked:,} linked {objects} would get another serial number",
            GuardKind.RELINK: f"the JAMF ids of {self.planned:,} of {self.linked:,} linked {objects} belong to others "
            "by now",
            GuardKind.VANISH: f"{self.planned:,} of {self.linked:,} {objects} would lose the value of one extension "
            "attribute",
            GuardKind.CREATE: f"{self.planned:,} new {objects} would be created beside {self.linked:,} linked ones",
        }[self.kind]
        held = f"{what}, more than the {self.allowed:,} that the guard lets through: held ({self.kind})."
        return f"{held[0].upper()}{held[1:]}"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person let through of a plan.

    Attributes:
        kind: the kind of changes.
        approved_by: the person.
        approved_at: when.
        run_id: the run with which they did.
        released: how many changes were held.
        reason: why, in their words; None: they gave none.
    """

    kind: GuardKind
    approved_by: str
    approved_at: datetime
    run_id: str
    released: int
    reason: str | None = None

    @property
    def sentence(self) -> str:
        """Who let what through and why, for people."""
        changes = "1 change" if self.released == 1 else f"{self.released:,} changes"
        why = f" Why: {self.reason.rstrip('.')}." if self.reason else ""
        return f"{self.approved_by} approved {changes} of the kind {self.kind}.{why}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The plan that a run applies.

    Attributes:
        plan: as it stands now.
        chosen_at: since when it is this run's; what was settled before is no deed of this run.
        held: what the guard holds of it.
    """

    plan: Plan
    chosen_at: datetime
    held: tuple[HeldChanges, ...]


def held_sentences(held: Sequence[HeldChanges]) -> tuple[str, ...]:
    """What is held and why, and then, once, what a kind of it looks like."""
    suspicions = dict.fromkeys(
        _SUSPICIONS[change.kind] for change in held if change.kind in _SUSPICIONS
    )
    return (*(change.sentence for change in held), *suspicions)


def held_summary(plan_id: int, held: Sequence[HeldChanges]) -> str:
    """What a plan holds, in sentences that end with what to do; empty if it holds nothing."""
    if not held:
        return ""
    kinds = dict.fromkeys(change.kind.value for change in held)
    single = f"; of one kind with {' or '.join(f'--kind {kind}' for kind in kinds)}"
    return " ".join(
        (
            *held_sentences(held),
            "Everything else goes on.",
            f"If it is meant, `moss-jamf approve {plan_id}` releases it{single if len(kinds) > 1 else ''}.",
        )
    )


def held_changes(connection: psycopg.Connection, plan_id: int) -> tuple[HeldChanges, ...]:
    """What the guard holds of a plan and nobody has approved."""
    return tuple(
        HeldChanges(
            kind=GuardKind(row["kind"]),
            object_type=row["object_type"],
            planned=row["planned"],
            linked=row["linked"],
            allowed=row["allowed"],
        )
        for row in fetch_all(connection, "guard/held_changes", {"plan_id": plan_id})
    )


def approvals(connection: psycopg.Connection, plan_id: int) -> tuple[Approval, ...]:
    """What was let through of a plan, and by whom."""
    rows = fetch_all(connection, "guard/approvals", {"plan_id": plan_id})
    return tuple(Approval(**{**row, "kind": GuardKind(row["kind"])}) for row in rows)


def guarded_changes(connection: psycopg.Connection, plan_id: int) -> list[Row]:
    """What the guard counted in a plan, and what it made of it."""
    return fetch_all(connection, "guard/guarded_changes", {"plan_id": plan_id})


def held_examples(
    connection: psycopg.Connection, plan_id: int, kind: GuardKind, *, limit: int = 10
) -> list[Row]:
    """The first held changes of a kind, as a person judges by them: name, JAMF id, fields before and after."""
    return fetch_all(
        connection,
        "guard/held_examples",
        {"plan_id": plan_id, "guarded_kind": kind, "row_limit": limit},
    )


def choose_plan(
    connection: psycopg.Connection,
    integration: Integration,
    *,
    run_id: str,
    plan_id: int = 0,
    approve: Collection[str] = (),
    approved_by: str = "",
    approval_reason: str = "",
    parent_run_id: str | None = None,
) -> Choice:
    """Decides which plan a run applies, and holds back what is too much at once; asked again, it answers the same.

    Args:
        connection: one in autocommit mode.
        integration: whose plan.
        run_id: the run that is to apply it; it keeps its first choice.
        plan_id: the plan that is meant; 0: the one that this run made, else what the parent run chose, else the newest
            plan of a sync.
        approve: kinds of changes that a person lets through, `GuardKind` values; for ever, as far as this plan goes.
        approved_by: that person.
        approval_reason: why, in their words; empty: they gave none.
        parent_run_id: the run that this one continues.

    Raises:
        PlanNotApplicable: it is a what-if, was applied already, or a newer plan took its place.
        NothingCaptured: there is no such plan.
    """
    facts: PlanFacts | None = None
    chosen = fetch_one(connection, "guard/chosen_plan", {"run_id": run_id})
    if chosen is None:
        kinds = _kinds(approve)
        meant = _meant_plan(connection, integration, run_id, plan_id, parent_run_id)
        with set_based_transaction(connection):
            # Locked first: what is checked here still holds when it is written.
            facts = _locked(connection, meant)
            _require_applicable(connection, integration, facts, kinds, is_named=plan_id != 0)
            if kinds and not approved_by.strip():
                raise PlanNotApplicable(
                    f"Changes of the kind {', '.join(kinds)} are to be let through, and nobody says who approves it.",
                    "Name yourself: approved_by beside approve in the launchpad, or use `moss-jamf approve`.",
                )
            if kinds:
                _approve(
                    connection,
                    meant,
                    kinds,
                    approved_by=approved_by,
                    reason=approval_reason.strip() or None,
                    run_id=run_id,
                )
                facts = _facts(connection, meant)
            _guard(connection, integration, facts)
            chosen = fetch_one(
                connection, "guard/choose_plan", {"run_id": run_id, "plan_id": meant}
            )
    if chosen is None:
        raise LookupError(f"the choice of run {run_id} was not kept")
    if facts is None or facts.plan_id != chosen["plan_id"]:
        facts = _facts(connection, chosen["plan_id"])
    plan = plan_with_counts(connection, facts, since=chosen["chosen_at"])
    require_current(plan)
    return Choice(plan, chosen["chosen_at"], held_changes(connection, plan.plan_id))


def require_applicable(
    connection: psycopg.Connection,
    integration: Integration,
    plan_id: int,
    approve: Collection[str] = (),
) -> Plan:
    """The plan, if it may be applied, or those of its held changes may be that are to be approved.

    Raises:
        PlanNotApplicable: it may not, and why.
        NothingCaptured: there is no such plan.
    """
    facts = _facts(connection, plan_id)
    _require_applicable(connection, integration, facts, _kinds(approve), is_named=True)
    return read_plan(connection, plan_id)


def guard_plan(
    connection: psycopg.Connection, integration: Integration, plan_id: int
) -> tuple[HeldChanges, ...]:
    """Counts the guarded changes of a plan and holds those that are too many.

    A plan that waits is judged anew each time, by the limits as they are now. One that is being applied was judged, and
    stays so: what remains of it would look harmless. A revert is not guarded: a person asked for exactly that.

    Args:
        connection: any.
        integration: whose plan, and by which limits.
        plan_id: the plan.

    Returns:
        What is held.
    """
    with set_based_transaction(connection):
        _guard(connection, integration, _locked(connection, plan_id))
    return held_changes(connection, plan_id)


def release_for_trial(connection: psycopg.Connection, plan_id: int) -> None:
    """Lets everything that is held wait to be applied: once it is approved, it has to fit as well.

    Args:
        connection: one inside a transaction that is rolled back.
        plan_id: the plan.
    """
    with set_based_transaction(connection):
        _release(connection, plan_id, _ALL_KINDS)


def _locked(connection: psycopg.Connection, plan_id: int) -> PlanFacts:
    """The facts of a plan that no other run guards, chooses or releases until the transaction ends."""
    execute(connection, "guard/lock_plan", {"plan_id": plan_id})
    return _facts(connection, plan_id)


def _facts(connection: psycopg.Connection, plan_id: int) -> PlanFacts:
    facts = plan_facts(connection, plan_id)
    if facts is None:
        raise no_such_plan(plan_id)
    return facts


def _guard(connection: psycopg.Connection, integration: Integration, facts: PlanFacts) -> None:
    """Judges a plan that is locked."""
    if facts.kind != "sync":
        return
    was_guarded = facts.guarded_at is not None
    if facts.status == "planned" and was_guarded:
        _release(connection, facts.plan_id, _ALL_KINDS)
    if facts.status == "planned" or (facts.status == "applying" and not was_guarded):
        _hold(connection, integration, facts.plan_id)


def _hold(connection: psycopg.Connection, integration: Integration, plan_id: int) -> None:
    counted = [
        _judged(connection, integration, row)
        for row in fetch_all(
            connection,
            "guard/count_guarded_changes",
            {"integration_id": integration.id, "plan_id": plan_id},
        )
    ]
    counted += _vanishing(connection, integration, plan_id)
    execute(
        connection,
        "guard/store_guarded_changes",
        {"plan_id": plan_id, "guarded_changes": Jsonb(counted)},
    )
    too_many = [change for change in counted if change["is_over"]]
    if not too_many:
        return
    approved = {approval.kind for approval in approvals(connection, plan_id)}
    over = [change for change in too_many if change["kind"] not in approved]
    if not over:
        return
    for change in over:
        if change["kind"] not in _KINDS_OF_FIELDS:
            execute(
                connection,
                "guard/hold_whole_rows",
                {
                    "plan_id": plan_id,
                    "guarded_kind": change["kind"],
                    "object_type": change["object_type"],
                },
            )
    kinds = [change["kind"] for change in over]
    execute(
        connection, "guard/hold_device_fields", {"plan_id": plan_id, "guarded_kinds": list(kinds)}
    )
    execute(connection, "guard/hold_dependants", {"plan_id": plan_id})
    count_outcomes(connection, plan_id)


def _vanishing(connection: psycopg.Connection, integration: Integration, plan_id: int) -> list[Row]:
    """The extension attribute that loses most beyond what is allowed, judged; each counts against its own devices."""
    attributes = [rule.field for rule in attribute_rules(connection, integration)]
    if not attributes:
        return []
    rows = fetch_all(
        connection,
        "guard/count_vanished",
        {"integration_id": integration.id, "plan_id": plan_id, "attributes": attributes},
    )
    judged = [_judged(connection, integration, row) for row in rows]
    judged.sort(key=lambda row: row["planned"] - (row["allowed"] or 0), reverse=True)
    return judged[:1]


def _judged(connection: psycopg.Connection, integration: Integration, counted: Row) -> Row:
    """A count with how many are allowed; None: any number."""
    kind = GuardKind(counted["kind"])
    limit = integration.settings.guard.limit_of(kind)
    allowed = None if limit is None else limit.allowed(counted["linked"])
    if limit is not None and allowed is not None and counted["planned"] > allowed:
        is_first = kind is GuardKind.CREATE and fetch_value(
            connection,
            "guard/first_import",
            {
                "integration_id": integration.id,
                "object_type": counted["object_type"],
                "tolerated": limit.absolute,
            },
        )
        allowed = None if is_first else allowed
    return {
        **counted,
        "allowed": allowed,
        "is_over": allowed is not None and counted["planned"] > allowed,
    }


def _approve(
    connection: psycopg.Connection,
    plan_id: int,
    kinds: Sequence[str],
    *,
    approved_by: str,
    reason: str | None,
    run_id: str,
) -> None:
    execute(
        connection,
        "guard/approve_kinds",
        {
            "plan_id": plan_id,
            "guarded_kinds": list(kinds),
            "approved_by": approved_by,
            "approval_reason": reason,
            "run_id": run_id,
        },
    )
    _release(connection, plan_id, kinds)
    execute(connection, "guard/reopen_plan", {"plan_id": plan_id})


def _release(connection: psycopg.Connection, plan_id: int, kinds: Sequence[str]) -> None:
    released = execute(
        connection,
        "guard/release_held_changes",
        {"plan_id": plan_id, "guarded_kinds": list(kinds)},
    )
    if released:
        count_outcomes(connection, plan_id)


def _kinds(approve: Collection[str]) -> tuple[str, ...]:
    unknown = [kind for kind in approve if kind not in _ALL_KINDS]
    if unknown:
        raise PlanNotApplicable(
            f"{unknown[0]!r} is no kind of change that the guard holds.",
            f"Name one or more of: {', '.join(_ALL_KINDS)}.",
        )
    return tuple(dict.fromkeys(approve))


def _meant_plan(
    connection: psycopg.Connection,
    integration: Integration,
    run_id: str,
    plan_id: int,
    parent_run_id: str | None,
) -> int:
    if plan_id:
        return plan_id
    made = fetch_one(
        connection,
        "plan/plan_of_run",
        {"integration_id": integration.id, "run_id": run_id, "plan_kind": "sync"},
    )
    if made is None and parent_run_id is not None:
        made = fetch_one(connection, "guard/chosen_plan", {"run_id": parent_run_id})
    if made is None:
        return newest_sync_plan_id(connection, integration.id)
    return int(made["plan_id"])


def require_current(plan: Plan | PlanFacts) -> None:
    """Refuses a plan that is never applied, or not any more.

    Raises:
        PlanNotApplicable: it is a what-if, or a newer plan took its place.
    """
    if plan.kind == "what_if":
        slot = "" if plan.slot is None else f" of the slot {plan.slot:%Y-%m-%d %H:%M}"
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} is a what-if{slot}: it is there to be looked at, and never applied.",
            "`moss-jamf sync` plans from JAMF as it is now, and applies that.",
        )
    if plan.status == "superseded":
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} was superseded by plan {plan.superseded_by}, which is newer.",
            f"Look at that one with `moss-jamf plan show {plan.superseded_by}`, or make a fresh plan with "
            "`moss-jamf sync --dry-run`.",
        )


def _require_applicable(
    connection: psycopg.Connection,
    integration: Integration,
    plan: PlanFacts,
    kinds: Sequence[str],
    *,
    is_named: bool,
) -> None:
    """Whether a run may take the plan. One that nobody named may be applied already: then there is nothing to do."""
    if plan.integration_id != integration.id:
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} is not one of the integration {integration.name!r}.",
            "Choose the integration with MOSS_JAMF_INTEGRATION, or another plan: `moss-jamf plan list`.",
        )
    require_current(plan)
    if plan.status != "applied" or not (is_named or kinds):
        return
    held = held_changes(connection, plan.plan_id)
    if not held:
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} was applied already, and nothing of it waits for an approval.",
            "Make a fresh plan with `moss-jamf sync --dry-run`.",
        )
    if plan.superseded_by is not None:
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} was applied, and what it held is planned anew by plan {plan.superseded_by}.",
            f"Look at that one with `moss-jamf approve {plan.superseded_by}`.",
        )
    if not any(change.kind in kinds for change in held):
        waiting = ", ".join(dict.fromkeys(change.kind for change in held))
        raise PlanNotApplicable(
            f"Plan {plan.plan_id} was applied, but for what the guard holds: {waiting}.",
            f"Look at it and release it with `moss-jamf approve {plan.plan_id}`.",
        )


def chosen_plan_id(connection: psycopg.Connection, run_id: str) -> int | None:
    """The plan that a run applies; None if it has chosen none."""
    chosen = fetch_one(connection, "guard/chosen_plan", {"run_id": run_id})
    return None if chosen is None else int(chosen["plan_id"])
