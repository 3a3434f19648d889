"""Plans as a door asks for them: typed, in pages with a total, and only those of the integration."""

from uuid import uuid4

import pytest

from moss_jamf_pipeline.moss.errors import NothingCaptured
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter
from moss_jamf_pipeline.moss.plan.planning import insert_plan
from moss_jamf_pipeline.services import plans
from moss_jamf_pipeline.services.pages import PageRequest
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE

_COMPUTERS = 7


@pytest.fixture
def planned(bench: Bench) -> int:
    """A plan that creates seven Macs and the person of one, and keeps an asset tag from M.O.S.S."""
    device = bench.device(serial_number="SERIAL1", hostname="mac-1", asset_tag="A-1")
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    for number in range(1, _COMPUTERS + 2):
        bench.computer(
            str(number),
            hostname=f"mac-{number}",
            username="ada" if number == 2 else None,
            asset_tag="B-1" if number == 1 else None,
        )
    assert device
    return bench.plan().plan_id


def test_there_is_no_plan_before_the_first(workplace: Workplace) -> None:
    assert plans.list_plans(workplace, CHOICE).items == ()
    with pytest.raises(NothingCaptured, match="no plan yet"):
        plans.show_by_object(workplace, CHOICE)


def test_plans_come_in_pages_newest_first(workplace: Workplace, bench: Bench) -> None:
    numbers = [bench.plan().plan_id for _ in range(5)]
    pages = [
        plans.list_plans(workplace, CHOICE, PageRequest(limit=2, offset=offset))
        for offset in (0, 2, 4, 6)
    ]
    assert [plan.plan_id for page in pages for plan in page] == numbers[::-1]
    assert [page.total for page in pages] == [5] * 4
    assert [plan.status for plan in pages[0]] == ["planned", "superseded"]


def test_a_plan_is_paged_object_by_object(workplace: Workplace, bench: Bench, planned: int) -> None:
    wanted = ChangeFilter(object_type="device")
    first = plans.show_by_object(workplace, CHOICE, wanted=wanted, limit=5)
    assert first.next_row is not None
    second = plans.show_by_object(
        workplace, CHOICE, planned, wanted=wanted, limit=5, after_row=first.next_row
    )
    assert second.next_row is None
    rows = (*first.changes, *second.changes)
    assert first.total == second.total == len(rows) == _COMPUTERS + 1
    assert {row.label for row in rows if row.action == "create"} == {
        f"mac-{number}" for number in range(2, _COMPUTERS + 2)
    }
    assigned = [
        change.after
        for row in rows
        for change in row.fields
        if change.field == "assigned_to_person_id"
    ]
    assert assigned == ["Ada Nyberg"]


def test_what_a_rule_keeps_from_moss_comes_with_the_first_page(
    workplace: Workplace, planned: int
) -> None:
    shown = plans.show_by_object(workplace, CHOICE, planned)
    (asset_tag,) = [change for change in shown.suppressed if change.field == "asset_tag"]
    assert (asset_tag.before, asset_tag.after) == ("A-1", "B-1")
    listed = [
        change
        for offset in range(shown.suppressed.total)
        for change in plans.list_suppressed(
            workplace, CHOICE, planned, page=PageRequest(limit=1, offset=offset)
        )
    ]
    assert listed == list(shown.suppressed)
    later = plans.show_by_object(workplace, CHOICE, planned, after_row=1)
    assert later.suppressed.items == ()


def test_the_head_of_every_view_has_facts_and_counts(workplace: Workplace, planned: int) -> None:
    views = (
        plans.show_by_object(workplace, CHOICE, planned),
        plans.show_by_rule(workplace, CHOICE, planned),
        plans.show_by_field(workplace, CHOICE, planned),
    )
    assert {view.head.facts.plan_id for view in views} == {planned}
    assert views[0].head == views[1].head == views[2].head
    counts = {count.object_type: count for count in views[0].head.counts}
    assert counts["device"].created == _COMPUTERS


def test_rules_and_fields_count_what_is_planned(workplace: Workplace, planned: int) -> None:
    fields = plans.show_by_field(workplace, CHOICE, planned, object_type="device").fields
    (hostname,) = [field for field in fields if field.field == "hostname"]
    assert hostname.changes == _COMPUTERS
    assert {example.field for example in hostname.examples} == {"hostname"}
    rules = plans.show_by_rule(workplace, CHOICE, planned, object_type="device").rules
    assert {rule.effect for rule in rules} >= {"write", "suppressed"}


def test_an_export_holds_every_change_of_every_page(workplace: Workplace, planned: int) -> None:
    shown = plans.show_by_object(workplace, CHOICE, planned, limit=1000)
    with plans.exported(workplace, CHOICE) as changes:
        exported = list(changes)
    assert {row.row_id for row in exported if row.row_id is not None} == {
        row.row_id for row in shown.changes
    }
    assert sum(row.outcome == "suppressed" for row in exported) == shown.suppressed.total


def test_the_plan_of_another_integration_is_none(workplace: Workplace, bench: Bench) -> None:
    others = insert_plan(
        bench.connection, uuid4(), run_id="theirs", object_types=("device",), captures={}
    )
    for look in (plans.show_by_object, plans.show_by_rule, plans.show_by_field):
        with pytest.raises(NothingCaptured, match=f"There is no plan {others}"):
            look(workplace, CHOICE, others)
    with (
        pytest.raises(NothingCaptured),
        plans.exported(workplace, CHOICE, others),
    ):
        pass
    assert plans.list_plans(workplace, CHOICE).total == 0


def test_a_plan_says_by_which_evidence_a_link_moves(workplace: Workplace, bench: Bench) -> None:
    udid = "9F0C1A52-0000-4000-8000-00000000000A"
    bench.linked_device(
        "1", document={"udid": udid, "hardware": {"serialNumber": "C02ABC"}}, serial_number="C02ABC"
    )
    bench.linked_device(
        "3", document={"hardware": {"serialNumber": "C02XYZ"}}, serial_number="C02XYZ"
    )
    bench.computer("2", "C02ABC", udid=udid)
    bench.computer("3", "C02XYZ", hostname="renamed")
    planned = bench.plan().plan_id

    shown = plans.show_by_object(
        workplace, CHOICE, planned, wanted=ChangeFilter(object_type="device")
    )
    said = {row.external_id: row.evidence for row in shown.changes}
    # Of what goes on as it was, nothing is to be said.
    assert said == {"2": "serial number and UDID agree", "3": None}
