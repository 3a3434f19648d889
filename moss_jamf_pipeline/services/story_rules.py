"""Which rule decides a field of one object, by its three values: what JAMF says, what M.O.S.S. has, and base.

It is what `sql/plan/plan_field_changes` does for a fleet; `tests/services/test_story_rules.py` holds the two together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from moss_jamf_pipeline.catalogue.conflict_kinds import ConflictKindName, Resolution
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule
from moss_jamf_pipeline.catalogue.rules import FieldRule


@dataclass(frozen=True, slots=True)
class Values:
    """What is said of a field.

    Attributes:
        jamf: by JAMF now; where it says nothing and that means nothing, what M.O.S.S. has.
        moss: by M.O.S.S. now.
        base: what the sync last wrote or saw agreed.
        has_base: whether the object has a base at all.
    """

    jamf: str | None
    moss: str | None
    base: str | None
    has_base: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on a field.

    Attributes:
        conflict_id: where.
        kind: of the conflict.
        resolution: what.
        jamf_value: what JAMF said then.
        moss_value: what M.O.S.S. had then.
        resolved_by: who.
        resolved_at: when.
        is_carried_out: whether what it asks for was written.
    """

    conflict_id: int
    kind: str
    resolution: Resolution
    jamf_value: str | None
    moss_value: str | None
    resolved_by: str | None
    resolved_at: datetime
    is_carried_out: bool

    @property
    def is_to_be_restored(self) -> bool:
        """Whether a value that a person entered and JAMF replaced is yet to be put back."""
        return (
            self.kind == ConflictKindName.HUMAN_EDIT_OVERWRITTEN
            and self.resolution in (Resolution.KEEP_MOSS, Resolution.PIN)
            and not self.is_carried_out
        )


def decision_that_counts(
    values: Values, ownership: OwnershipRule, decisions: Iterable[Decision]
) -> Decision | None:
    """The decision on a field that counts for its values: a pin, else the newest that was made about these."""
    fitting = [
        decision
        for decision in decisions
        if decision.resolution is Resolution.PIN
        or (
            decision.jamf_value == values.jamf
            and (
                decision.moss_value == values.moss
                or (
                    decision.resolution is Resolution.KEEP_MOSS
                    and ownership.on_update == "overwrite"
                )
            )
        )
    ]
    return max(
        fitting,
        default=None,
        key=lambda decision: (
            decision.resolution is Resolution.PIN,
            decision.is_to_be_restored,
            decision.resolved_at,
            decision.conflict_id,
        ),
    )


def deciding_rule(
    values: Values,
    ownership: OwnershipRule,
    decision: Decision | None,
    *,
    keep_human_edits: bool,
) -> FieldRule:
    """The rule that decides a field of a linked object.

    Args:
        values: what is said of it.
        ownership: its policies.
        decision: the one that counts (`decision_that_counts`).
        keep_human_edits: policy `on_human_edit`.
    """
    if ownership.on_update == "never":
        return FieldRule.NOT_UPDATED if values.jamf != values.moss else FieldRule.AGREE
    if decision is not None and _is_put_back(values, decision):
        return _DECIDED[decision.resolution]
    if values.jamf == values.moss:
        return FieldRule.AGREE
    if decision is not None:
        is_followed = ownership.on_update == "follow"
        return FieldRule.NOT_DEFAULT if is_followed else _DECIDED[decision.resolution]
    return _undecided(values, ownership, keep_human_edits=keep_human_edits)


_DECIDED: Final = {
    Resolution.PIN: FieldRule.PINNED,
    Resolution.KEEP_MOSS: FieldRule.DECIDED_KEEP_MOSS,
    Resolution.TAKE_JAMF: FieldRule.DECIDED_TAKE_JAMF,
}


def _is_put_back(values: Values, decision: Decision) -> bool:
    """Whether the next sync puts back what a person had entered and JAMF replaced."""
    return (
        decision.is_to_be_restored
        and values.moss == values.base
        and values.moss != decision.moss_value
    )


def _undecided(values: Values, ownership: OwnershipRule, *, keep_human_edits: bool) -> FieldRule:
    """The rule of a field in which both sides differ and nobody decided anything."""
    is_untouched = values.moss == values.base
    match ownership.on_update:
        case "follow":
            is_default = values.base is not None and is_untouched
            return FieldRule.DEFAULT_FOLLOWED if is_default else FieldRule.NOT_DEFAULT
        case "overwrite" if is_untouched or not values.has_base:
            return FieldRule.JAMF_WINS
        case "overwrite" if keep_human_edits:
            return FieldRule.HUMAN_EDIT_KEPT
        case "overwrite":
            return FieldRule.HUMAN_EDIT_OVERWRITTEN
        case _ if values.moss is None and values.base is None:
            return FieldRule.FILL_EMPTY
        case _:
            conflicts = ownership.records_conflict
            return FieldRule.OWNED_FIELD_DIFFERS if conflicts else FieldRule.ONLY_FILLED


WRITES: Final = frozenset(
    {
        FieldRule.JAMF_WINS,
        FieldRule.FILL_EMPTY,
        FieldRule.DEFAULT_FOLLOWED,
        FieldRule.HUMAN_EDIT_OVERWRITTEN,
        FieldRule.DECIDED_TAKE_JAMF,
    }
)
"""Rules by which the next sync writes JAMF's value."""
