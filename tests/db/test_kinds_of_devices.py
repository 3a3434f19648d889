"""The kind of a device: a default by its model, which follows the model for as long as nobody else chose."""

from uuid import UUID

import psycopg
import pytest

from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, rows_of

# The released M.O.S.S. has one word for every Mac: there is nothing to follow.
_TWO_WORDS = pytest.mark.dialects("strategy")


def _kind(bench: Bench) -> str:
    kind: str = bench.value("select device_type from devices")
    return kind


def _learns_that_it_is_a_laptop(bench: Bench) -> Plan:
    """A Mac that JAMF knew no model of, synced, and the sync in which it does."""
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    assert _kind(bench) == bench.dialect.workstation
    bench.computer("1", "C02ABC", hostname="mac-1", form_factor="laptop")
    return bench.sync()


@pytest.mark.every_dialect
def test_case_i10_a_model_learnt_later_changes_the_default_that_we_wrote(bench: Bench) -> None:
    learnt = _learns_that_it_is_a_laptop(bench)
    assert _kind(bench) == bench.dialect.laptop
    assert all(count.adds_up for count in learnt.counts)
    before = rows_of(bench, "devices")
    again = bench.sync()
    assert rows_of(bench, "devices") == before
    assert {count.object_type: count.unchanged for count in again.counts}["device"] == 1


@_TWO_WORDS
def test_the_plan_says_why_the_kind_changes(bench: Bench) -> None:
    learnt = _learns_that_it_is_a_laptop(bench)
    assert bench.query(
        "select before, after, rule, owner from jamf_sync.change_plan_fields"
        " where plan_id = %s and field = 'device_type'",
        learnt.plan_id,
    ) == [
        {
            "before": "Workstation",
            "after": "Laptop",
            "rule": "default_followed",
            "owner": "M.O.S.S.",
        }
    ]


@_TWO_WORDS
def test_what_is_not_told_any_more_changes_nothing(bench: Bench) -> None:
    _learns_that_it_is_a_laptop(bench)
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    assert _kind(bench) == "Laptop"


@pytest.mark.parametrize("chosen", ["other_type", "laptop"])
def test_a_kind_that_a_person_chose_stays(bench: Bench, chosen: str) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    kind = getattr(bench.dialect, chosen)
    bench.execute("update devices set device_type = %s", kind)
    for form_factor in ("laptop", "workstation", "laptop"):
        bench.computer("1", "C02ABC", hostname="mac-1", form_factor=form_factor)
        bench.sync()
        assert _kind(bench) == kind
    assert bench.value("select count(*) from jamf_sync.conflicts") == 0


@_TWO_WORDS
@pytest.mark.parametrize("form_factor", [None, "workstation"])
def test_the_kind_of_a_device_that_was_there_before_is_never_touched(
    bench: Bench, form_factor: str | None
) -> None:
    bench.device(serial_number="C02ABC", device_type="Workstation")
    bench.computer("1", "C02ABC", hostname="mac-1", form_factor=form_factor)
    bench.sync()
    bench.computer("1", "C02ABC", hostname="mac-2", form_factor="laptop")
    bench.sync()
    assert _kind(bench) == "Workstation"
    before = rows_of(bench, "devices")
    (counts,) = [count for count in bench.sync().counts if count.object_type == "device"]
    assert counts.unchanged == 1
    assert rows_of(bench, "devices") == before


@_TWO_WORDS
def test_an_integration_may_say_that_the_default_never_follows(bench: Bench) -> None:
    bench.policies(ownership={"device.device_type": {"on_update": "never"}})
    _follow = bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.computer(_follow, "C02ABC", hostname="mac-1", form_factor="laptop")
    bench.sync()
    assert _kind(bench) == "Workstation"


@_TWO_WORDS
@pytest.mark.parametrize("is_pinned", [False, True])
def test_a_kind_that_followed_can_be_put_back(bench: Bench, is_pinned: bool) -> None:
    learnt = _learns_that_it_is_a_laptop(bench)
    revert = make_revert_plan(
        bench.connection, bench.integration, learnt.plan_id, run_id="a-revert"
    )
    if is_pinned:
        bench.execute(
            """insert into jamf_sync.conflicts
                 (integration_id, object_type, object_id, external_type, external_id, kind, field,
                  detail, status, opened_by_plan, resolution, resolved_by, resolved_at)
               select %s, 'device', id, 'computer', '1', 'reverted', 'device_type',
                      'pinned', 'resolved', %s, 'pin', 'somebody', now() from devices""",
            *(bench.integration.id, revert.plan_id),
        )
    bench.apply(revert)
    assert _kind(bench) == "Workstation"
    bench.sync()
    assert _kind(bench) == ("Workstation" if is_pinned else "Laptop")


@_TWO_WORDS
def test_the_writing_role_can_change_the_kind_only_from_one_default_to_another(
    bench: Bench,
) -> None:
    _learns_that_it_is_a_laptop(bench)
    device: UUID = bench.value("select id from devices")

    def follow(kind: str) -> list[int]:
        row = bench.made_up_row(object_id=device, after={"device_type": kind})
        with writing(bench.connection):
            left_out = bench.query(
                "select * from moss_contract.follow_default(%s, %s, %s)",
                *(row["plan_id"], row["row_id"], row["row_id"]),
            )
        return [left["left_out_row"] - row["row_id"] for left in left_out]

    assert follow("Server") == [0]
    assert _kind(bench) == "Laptop"
    assert follow("Workstation") == []
    assert follow("Laptop") == []
    bench.execute("update devices set device_type = 'Workstation'")
    assert follow("Laptop") == [0]  # no longer what the sync wrote last
    assert _kind(bench) == "Workstation"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), writing(bench.connection):
        bench.execute("update public.devices set device_type = 'Server'")
