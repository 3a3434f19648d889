"""What is let through, and what is undone: shown to a person as typed results; looking changes nothing of M.O.S.S."""

import pytest

from moss_jamf_pipeline.moss.errors import PlanNotApplicable, PlanNotRevertible
from moss_jamf_pipeline.moss.plan.guard_settings import GuardKind
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter
from moss_jamf_pipeline.moss.plan.planning import read_plan
from moss_jamf_pipeline.services import approvals, plans, reverts
from moss_jamf_pipeline.services.reverts import RevertScope
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench, rows_of
from tests.services.conftest import CHOICE

_MACS = 3


@pytest.fixture
def renamed(bench: Bench) -> Bench:
    """Three linked Macs with other host names in JAMF, of which M.O.S.S. may take none unasked."""
    bench.execute(
        """update public.integration_configs
           set sync_settings = '{"guard": {"rename": {"absolute": 0}}}'"""
    )
    for number in map(str, range(_MACS)):
        bench.linked_device(number, serial_number=f"SERIAL{number}", hostname=f"old-{number}")
        bench.computer(number, f"SERIAL{number}", hostname=f"new-{number}")
    return bench


def test_what_is_held_is_shown_with_examples(workplace: Workplace, renamed: Bench) -> None:
    plan = renamed.plan()
    before = rows_of(renamed, "devices")
    held = approvals.held_of_plan(workplace, CHOICE, examples=2)
    assert (held.plan_id, held.kinds) == (plan.plan_id, ("rename",))
    (change,) = held.changes
    assert (change.planned, change.allowed) == (_MACS, 0)
    examples = held.examples[GuardKind.RENAME]
    assert len(examples) == 2
    for example in examples:
        assert example.before["hostname"] == f"old-{example.external_id}"
        assert example.after["hostname"] == f"new-{example.external_id}"
    assert rows_of(renamed, "devices") == before
    shown = plans.show_by_object(workplace, CHOICE, wanted=ChangeFilter(held=GuardKind.RENAME))
    assert shown.total == _MACS
    assert shown.head.held == held.changes


def test_only_what_is_held_can_be_meant(workplace: Workplace, renamed: Bench) -> None:
    plan = renamed.plan()
    with pytest.raises(PlanNotApplicable, match="holds no changes of the kind unenroll"):
        approvals.held_of_plan(workplace, CHOICE, plan.plan_id, [GuardKind.UNENROLL])
    renamed.plan()
    with pytest.raises(PlanNotApplicable, match="superseded"):
        approvals.held_of_plan(workplace, CHOICE, plan.plan_id)
    with pytest.raises(PlanNotApplicable, match="superseded"):
        approvals.require_applicable(workplace, CHOICE, plan.plan_id)


@pytest.fixture
def synced(bench: Bench) -> int:
    """An applied plan that renamed three Macs, one of which a person renamed since."""
    for number in map(str, range(_MACS)):
        bench.linked_device(number, serial_number=f"SERIAL{number}", hostname=f"old-{number}")
        bench.computer(number, f"SERIAL{number}", hostname=f"new-{number}")
    plan = bench.sync()
    bench.execute("update devices set hostname = 'mine' where hostname = 'new-0'")
    return plan.plan_id


def test_a_preview_leaves_nothing_behind(workplace: Workplace, bench: Bench, synced: int) -> None:
    before = plans.list_plans(workplace, CHOICE).total
    preview = reverts.preview(workplace, CHOICE, synced)
    assert preview.waits
    assert "update" in {change.action for change in preview.undone}
    (left,) = [change for change in preview.left if "hostname" in change.moved]
    assert left.moved["hostname"] == reverts.MovedValue(written="new-0", present="mine")
    assert plans.list_plans(workplace, CHOICE).total == before


def test_a_revert_is_made_applied_and_concluded(
    workplace: Workplace, bench: Bench, synced: int
) -> None:
    made = reverts.make(
        workplace, CHOICE, synced, RevertScope(object_type="device"), pinned_by="ada@example.org"
    )
    assert (made.reverts, made.waits) == (synced, True)
    bench.apply(read_plan(bench.connection, made.plan_id))
    done = reverts.conclude(workplace, CHOICE, made, is_pinned=True)
    assert not done.revert.waits
    applied = [change for change in done.revert.undone if change.outcome == "applied"]
    assert done.pinned == sum(change.fields for change in applied) >= 2
    names = {row["hostname"] for row in bench.query("select hostname from devices")}
    assert names == {"mine", "old-1", "old-2"}


def test_what_cannot_be_undone_is_said(workplace: Workplace, bench: Bench) -> None:
    with pytest.raises(PlanNotRevertible, match="There is no plan 999"):
        reverts.preview(workplace, CHOICE, 999)
