"""What people decide on conflicts, and what the next syncs make of it."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.contract.installation import READER, WRITER, Role
from moss_jamf_pipeline.moss.contract.roles import take_on
from moss_jamf_pipeline.moss.errors import ConflictNotResolvable
from moss_jamf_pipeline.moss.plan.conflicts import (
    ConflictFilter,
    list_conflicts,
    meanings,
    read_conflict,
    reopen_conflicts,
    resolve_conflicts,
)
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of, rows_of


def _open(bench: Bench) -> list[tuple[str, str | None]]:
    rows = list_conflicts(bench.connection, bench.integration.id, ConflictFilter())
    return sorted((row["kind"], row["field"]) for row in rows)


def _decide(bench: Bench, resolution: str, kind: str | None = None) -> int:
    """A person decides on the one open conflict (of a kind); yields its number."""
    rows = list_conflicts(bench.connection, bench.integration.id, ConflictFilter(kind=kind))
    (conflict_id,) = [row["conflict_id"] for row in rows]
    resolve_conflicts(
        bench.connection,
        bench.integration,
        [conflict_id],
        Resolution(resolution),
        resolved_by="ada@example.org",
        reason="we looked at it",
    )
    return int(conflict_id)


def _reopen(bench: Bench, conflict_id: int) -> None:
    reopen_conflicts(
        bench.connection, bench.integration, [conflict_id], reopened_by="ada@example.org"
    )


def _rules(bench: Bench, plan: Plan) -> dict[str, str]:
    """Field to rule, over all rows of a plan that write something."""
    rules: dict[str, str] = {}
    for row in bench.query(
        "select rules from jamf_sync.change_plan where plan_id = %s", plan.plan_id
    ):
        rules.update(row["rules"])
    return rules


def _assert_settled(bench: Bench) -> None:
    """A further sync writes nothing."""
    devices, people = rows_of(bench, "devices"), rows_of(bench, "people")
    plan = bench.sync()
    assert all(count.adds_up for count in plan.counts)
    assert (rows_of(bench, "devices"), rows_of(bench, "people")) == (devices, people)


def _value(bench: Bench, column: str) -> Any:
    (row,) = bench.query("select * from devices")
    return row[column]


@pytest.fixture
def labelled(bench: Bench) -> Bench:
    """A device whose asset tag M.O.S.S. and JAMF name differently."""
    bench.computer("1", "C02ABC", asset_tag="IT-1", hostname="mac-1")
    bench.sync()
    bench.computer("1", "C02ABC", asset_tag="IT-2", hostname="mac-1")
    bench.sync()
    assert _open(bench) == [("owned_field_differs", "asset_tag")]
    return bench


# -- owned_field_differs ---------------------------------------------------------------------------


def test_an_owned_field_keeps_its_value_and_the_pair_is_not_raised_again(labelled: Bench) -> None:
    _decide(labelled, "keep_moss")
    plan = labelled.sync()
    assert (_open(labelled), _value(labelled, "asset_tag")) == ([], "IT-1")
    assert counts_of(plan)["device"].unchanged == 1
    _assert_settled(labelled)


def test_another_pair_of_values_is_raised_and_the_former_is_remembered(labelled: Bench) -> None:
    _decide(labelled, "keep_moss")
    labelled.computer("1", "C02ABC", asset_tag="IT-3", hostname="mac-1")
    labelled.sync()
    assert _open(labelled) == [("owned_field_differs", "asset_tag")]
    labelled.computer("1", "C02ABC", asset_tag="IT-2", hostname="mac-1")
    labelled.sync()
    assert _open(labelled) == []


def test_jamfs_value_is_written_into_an_owned_field_once(labelled: Bench) -> None:
    decided = _decide(labelled, "take_jamf")
    plan = labelled.sync()
    assert _rules(labelled, plan) == {"asset_tag": "decided_take_jamf"}
    assert _value(labelled, "asset_tag") == "IT-2"
    conflict = read_conflict(labelled.connection, labelled.integration.id, decided)
    assert (conflict["status"], conflict["carried_out_by_plan"]) == ("closed", plan.plan_id)
    _assert_settled(labelled)
    # A person takes it back: that is a new disagreement, and the old decision is spent.
    labelled.execute("update devices set asset_tag = 'IT-1'")
    labelled.sync()
    assert _value(labelled, "asset_tag") == "IT-1"
    assert _open(labelled) == [("owned_field_differs", "asset_tag")]


@pytest.mark.parametrize("moved", ["jamf", "moss"])
def test_jamfs_value_is_not_written_if_one_of_the_values_moved_since(
    labelled: Bench, moved: str
) -> None:
    _decide(labelled, "take_jamf")
    if moved == "jamf":
        labelled.computer("1", "C02ABC", asset_tag="IT-3", hostname="mac-1")
    else:
        labelled.execute("update devices set asset_tag = 'IT-9'")
    before = _value(labelled, "asset_tag")
    labelled.sync()
    assert _value(labelled, "asset_tag") == before
    assert _open(labelled) == [("owned_field_differs", "asset_tag")]


def test_a_pinned_field_is_never_raised_again_whatever_jamf_says(labelled: Bench) -> None:
    _decide(labelled, "pin")
    for tag in ("IT-3", "IT-4"):
        labelled.computer("1", "C02ABC", asset_tag=tag, hostname="mac-1")
        labelled.sync()
    labelled.execute("update devices set asset_tag = null")
    labelled.sync()
    assert (_open(labelled), _value(labelled, "asset_tag")) == ([], None)


def test_a_decision_taken_back_leaves_the_conflict_open(labelled: Bench) -> None:
    decided = _decide(labelled, "take_jamf")
    _reopen(labelled, decided)
    labelled.sync()
    assert (_open(labelled), _value(labelled, "asset_tag")) == (
        [("owned_field_differs", "asset_tag")],
        "IT-1",
    )


def test_a_decision_taken_back_after_planning_is_not_carried_out(labelled: Bench) -> None:
    decided = _decide(labelled, "take_jamf")
    plan = labelled.plan()
    _reopen(labelled, decided)
    labelled.apply(plan)
    assert _value(labelled, "asset_tag") == "IT-1"
    (row,) = labelled.query(
        "select outcome, outcome_detail from jamf_sync.change_plan where plan_id = %s", plan.plan_id
    )
    assert row["outcome"] == "refused"
    assert "the decision was taken back" in row["outcome_detail"]


def test_a_room_is_left_with_its_location(bench: Bench) -> None:
    here, there = bench.location("Here"), bench.location("There")
    room = bench.room(here, "301")
    bench.building("1", "There")
    device = bench.linked_device("1", serial_number="C02ABC", location_id=here, room_id=room)
    bench.computer("1", "C02ABC", building_id="1", room="9")
    bench.sync()
    assert ("owned_field_differs", "location_id") in _open(bench)
    _decide(bench, "take_jamf", "owned_field_differs")
    plan = bench.sync()
    assert _rules(bench, plan)["room_id"] == "decided_take_jamf"
    assert _value(bench, "location_id") == there
    assert _value(bench, "room_id") is None
    # The room that JAMF names stands in the new location, and the field is empty now.
    bench.sync()
    assert bench.value("select name from rooms where id = %s", _value(bench, "room_id")) == "9"
    assert bench.value("select count(*) from devices where id = %s", device) == 1
    _assert_settled(bench)


def test_a_name_is_taken_from_jamf_by_decision_only(bench: Bench) -> None:
    bench.policies(ownership={"person.full_name": {"records_conflict": True}})
    person = bench.person(
        full_name="Ada", email_address="ada@example.org", phone_number="1", job_title="x"
    )
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    bench.sync()
    name = "select full_name from people where id = %s"
    assert bench.value(name, person) == "Ada"
    _decide(bench, "take_jamf")
    bench.sync()
    assert bench.value(name, person) == "Ada Nyberg"
    _assert_settled(bench)


# -- human_edit_overwritten, human_edit_kept -------------------------------------------------------


@pytest.fixture
def overwritten(bench: Bench) -> Bench:
    """A device whose host name a person changed and the sync changed back."""
    bench.computer("1", "C02ABC", hostname="mac-1", os_build="24E1")
    bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    bench.sync()
    assert _value(bench, "hostname") == "mac-1"
    assert _open(bench) == [("human_edit_overwritten", "hostname")]
    return bench


def test_an_overwritten_edit_is_confirmed_and_closed(overwritten: Bench) -> None:
    decided = _decide(overwritten, "take_jamf")
    overwritten.sync()
    assert (_open(overwritten), _value(overwritten, "hostname")) == ([], "mac-1")
    conflict = read_conflict(overwritten.connection, overwritten.integration.id, decided)
    assert (conflict["status"], conflict["resolution"]) == ("closed", "take_jamf")


def test_an_overwritten_edit_is_put_back_while_jamf_says_the_same(overwritten: Bench) -> None:
    _decide(overwritten, "keep_moss")
    plan = overwritten.sync()
    assert _rules(overwritten, plan) == {"hostname": "decided_keep_moss"}
    assert (_value(overwritten, "hostname"), _open(overwritten)) == ("by hand", [])
    _assert_settled(overwritten)
    # Another edit of the person's is as good while JAMF says the same.
    overwritten.execute("update devices set hostname = 'by hand again'")
    overwritten.sync()
    assert (_value(overwritten, "hostname"), _open(overwritten)) == ("by hand again", [])
    overwritten.computer("1", "C02ABC", hostname="mac-2", os_build="24E1")
    overwritten.sync()
    assert _value(overwritten, "hostname") == "mac-2"
    assert _open(overwritten) == [("human_edit_overwritten", "hostname")]


def test_an_overwritten_edit_that_is_pinned_is_never_overwritten_again(overwritten: Bench) -> None:
    _decide(overwritten, "pin")
    plan = overwritten.sync()
    assert _rules(overwritten, plan) == {"hostname": "pinned"}
    for name in ("mac-2", "mac-3"):
        overwritten.computer("1", "C02ABC", hostname=name, os_build="24E1")
        overwritten.sync()
        assert (_value(overwritten, "hostname"), _open(overwritten)) == ("by hand", [])
    _assert_settled(overwritten)


def test_an_edit_is_not_put_back_over_what_somebody_entered_since(overwritten: Bench) -> None:
    _decide(overwritten, "keep_moss")
    overwritten.execute("update devices set hostname = 'a third name'")
    overwritten.sync()
    assert (_value(overwritten, "hostname"), _open(overwritten)) == ("a third name", [])


def test_taking_back_a_restored_edit_lets_jamf_win_again(overwritten: Bench) -> None:
    decided = _decide(overwritten, "keep_moss")
    overwritten.sync()
    _reopen(overwritten, decided)
    overwritten.sync()
    assert _value(overwritten, "hostname") == "mac-1"
    assert _open(overwritten) == [("human_edit_overwritten", "hostname")]


def test_an_overwritten_custom_field_is_put_back(bench: Bench) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1", os_build="24E1")
    bench.sync()
    bench.execute("update custom_field_values set value = 'mine' where field_name = 'os_build'")
    bench.sync()
    _decide(bench, "keep_moss")
    bench.sync()
    build = "select value from custom_field_values where field_name = 'os_build'"
    assert bench.value(build) == "mine"
    _assert_settled(bench)
    assert bench.value(build) == "mine"


def test_an_overwritten_field_of_a_person_or_a_group_is_put_back(bench: Bench) -> None:
    bench.user("1", username="ada", full_name="Ada", email="ada@example.org", phone="1")
    bench.computer_group("7", "Lab")
    bench.sync()
    bench.execute("update people set phone_number = '2'")
    bench.execute("update groups set name = 'Laboratory'")
    bench.sync()
    assert _open(bench) == [
        ("human_edit_overwritten", "name"),
        ("human_edit_overwritten", "phone_number"),
    ]
    for row in list_conflicts(bench.connection, bench.integration.id, ConflictFilter()):
        resolve_conflicts(
            bench.connection,
            bench.integration,
            [row["conflict_id"]],
            Resolution.KEEP_MOSS,
            resolved_by="ada",
        )
    plan = bench.sync()
    assert all(count.adds_up for count in plan.counts)
    assert bench.value("select phone_number from people") == "2"
    assert bench.value("select name from groups") == "Laboratory"
    _assert_settled(bench)


@pytest.fixture
def kept(bench: Bench) -> Bench:
    """A device whose host name a person changed, under the policy that keeps such edits."""
    bench.policies(on_human_edit="keep")
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    bench.execute("update devices set hostname = 'by hand'")
    bench.sync()
    assert _open(bench) == [("human_edit_kept", "hostname")]
    return bench


def test_a_kept_edit_is_overwritten_once_if_a_person_says_so(kept: Bench) -> None:
    decided = _decide(kept, "take_jamf")
    plan = kept.sync()
    assert _rules(kept, plan) == {"hostname": "decided_take_jamf"}
    assert (_value(kept, "hostname"), _open(kept)) == ("mac-1", [])
    with pytest.raises(ConflictNotResolvable, match="carried out by plan"):
        _reopen(kept, decided)
    kept.execute("update devices set hostname = 'by hand'")
    kept.sync()
    assert (_value(kept, "hostname"), _open(kept)) == ("by hand", [("human_edit_kept", "hostname")])


def test_a_kept_edit_stays_even_if_the_policy_changes(kept: Bench) -> None:
    _decide(kept, "keep_moss")
    kept.policies(on_human_edit="overwrite_and_flag")
    kept.sync()
    assert (_value(kept, "hostname"), _open(kept)) == ("by hand", [])
    kept.computer("1", "C02ABC", hostname="mac-2")
    kept.sync()
    assert _value(kept, "hostname") == "mac-2"


def test_a_pinned_edit_stays_whatever_jamf_and_the_policy_say(kept: Bench) -> None:
    _decide(kept, "pin")
    kept.policies(on_human_edit="overwrite_and_flag")
    kept.computer("1", "C02ABC", hostname="mac-2")
    kept.sync()
    assert (_value(kept, "hostname"), _open(kept)) == ("by hand", [])


def test_a_pinned_host_name_is_not_given_to_another_device(bench: Bench) -> None:
    bench.policies(on_human_edit="keep")
    bench.computer("1", "C02AAA", hostname="mac-1")
    bench.computer("2", "C02BBB", hostname="mac-2")
    bench.sync()
    bench.execute("update devices set hostname = 'pinned' where serial_number = 'C02AAA'")
    bench.sync()
    _decide(bench, "pin")
    bench.computer("2", "C02BBB", hostname="pinned")
    plan = bench.sync()
    names = {
        row["serial_number"]: row["hostname"]
        for row in bench.query("select serial_number, hostname from devices")
    }
    assert names["C02AAA"] == "pinned"
    is_unique = bench.dialect.hostname_is_unique
    assert names["C02BBB"] == ("mac-2" if is_unique else "pinned")
    assert _open(bench) == ([("hostname_taken", "hostname")] if is_unique else [])
    refused = "select count(*) from jamf_sync.change_plan where outcome = 'refused'"
    assert (bench.value(refused), counts_of(plan)["device"].adds_up) == (0, True)


# -- serial_not_linked -----------------------------------------------------------------------------


@pytest.fixture
def adopted(bench: Bench) -> UUID:
    """A device that people kept by hand and that a sync adopted."""
    bench.building("1", "HQ")
    device = bench.device(
        serial_number="C02ABC", hostname="by hand", asset_tag="IT-7", model="old", notes="mine"
    )
    bench.computer(
        *("1", "C02ABC"),
        hostname="mac-1",
        model="MacBook Pro",
        os_build="24E1",
        building_id="1",
        mac_address="AC:BB:CC:DD:EE:01",
        mac_interface_type="ethernet",
    )
    bench.sync()
    assert ("serial_not_linked", "serial_number") in _open(bench)
    return device


def test_an_adopted_device_is_confirmed(bench: Bench, adopted: UUID) -> None:
    _decide(bench, "take_jamf", "serial_not_linked")
    bench.sync()
    assert _open(bench) == []
    link = "select sync_status from integration_object_mappings where internal_type = 'device'"
    assert bench.value(link) == "synced"
    assert bench.value("select hostname from devices where id = %s", adopted) == "mac-1"


def test_an_adoption_that_a_person_declines_is_undone_and_not_repeated(
    bench: Bench, adopted: UUID
) -> None:
    bench.execute("update devices set model = 'corrected' where id = %s", adopted)
    decided = _decide(bench, "keep_moss", "serial_not_linked")
    plan = bench.sync()
    assert all(count.adds_up for count in plan.counts)
    (device,) = bench.query("select * from devices")
    assert (device["hostname"], device["asset_tag"], device["notes"]) == ("by hand", "IT-7", "mine")
    # Filled by the sync, empty again; changed by a person since, and left alone.
    assert (device["location_id"], device["model"]) == (None, "corrected")
    assert bench.query("select * from ios") == []
    assert bench.query("select * from custom_field_values where value is not null") == []
    links = "select * from integration_object_mappings where internal_type = 'device'"
    assert bench.query(links) == []
    bases = "select * from jamf_sync.applied_values where object_type in ('device', 'io')"
    assert bench.query(bases) == []
    conflict = read_conflict(bench.connection, bench.integration.id, decided)
    assert (conflict["status"], conflict["carried_out_by_plan"]) == ("resolved", plan.plan_id)
    assert bench.outcomes("device_matches") == {"1": "declined"}
    _assert_settled(bench)
    assert bench.query(links) == []


def test_a_declined_adoption_is_made_again_when_the_decision_is_taken_back(
    bench: Bench, adopted: UUID
) -> None:
    decided = _decide(bench, "keep_moss", "serial_not_linked")
    bench.sync()
    _reopen(bench, decided)
    bench.sync()
    assert bench.value("select hostname from devices where id = %s", adopted) == "mac-1"
    assert ("serial_not_linked", "serial_number") in _open(bench)
    assert bench.value("select count(*) from ios") == 1


@pytest.mark.parametrize("resolution", ["take_jamf", "keep_moss"])
def test_a_held_device_is_linked_or_not_as_decided(bench: Bench, resolution: str) -> None:
    bench.policies(on_unlinked_serial="hold")
    bench.device(serial_number="C02ABC", hostname="by hand")
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    decided = _decide(bench, resolution)
    for policy in ("hold", "adopt_and_flag"):
        bench.policies(on_unlinked_serial=policy)
        plan = bench.sync()
        assert counts_of(plan)["device"].adds_up
        assert _open(bench) == []
    accepted = resolution == "take_jamf"
    assert _value(bench, "hostname") == ("mac-1" if accepted else "by hand")
    links = bench.query("select * from integration_object_mappings where internal_type = 'device'")
    assert len(links) == (1 if accepted else 0)
    status = read_conflict(bench.connection, bench.integration.id, decided)["status"]
    assert status == ("closed" if accepted else "resolved")
    assert bench.value("select count(*) from devices") == 1


def test_declining_one_record_says_nothing_about_another(bench: Bench, adopted: UUID) -> None:
    _decide(bench, "keep_moss", "serial_not_linked")
    bench.sync()
    bench.gone("computers", "1")
    bench.computer("2", "C02ABC", hostname="mac-2")
    bench.sync()
    assert bench.value("select hostname from devices where id = %s", adopted) == "mac-2"
    assert ("serial_not_linked", "serial_number") in _open(bench)


# -- what can only be acknowledged -----------------------------------------------------------------


def test_what_can_only_be_acknowledged_is_not_raised_again_for_the_same_values(
    bench: Bench,
) -> None:
    for name in ("one", "two"):
        bench.device(serial_number="C02ABC", hostname=name)
    bench.computer("1", "C02ABC")
    bench.sync()
    assert _open(bench) == [("ambiguous_match", "serial_number")]
    with pytest.raises(ConflictNotResolvable, match=r"ambiguous_match: keep M\.O\.S\.S\."):
        _decide(bench, "take_jamf")
    _decide(bench, "keep_moss")
    plan = bench.sync()
    assert _open(bench) == []
    assert counts_of(plan)["device"].adds_up


@pytest.mark.parametrize(
    ("kind", "possible"),
    [
        ("owned_field_differs", {"keep_moss", "take_jamf", "pin"}),
        ("human_edit_overwritten", {"keep_moss", "take_jamf", "pin"}),
        ("human_edit_kept", {"keep_moss", "take_jamf", "pin"}),
        ("serial_not_linked", {"keep_moss", "take_jamf"}),
        *(
            (kind, {"keep_moss"})
            for kind in (
                *("ambiguous_match", "serial_taken", "hostname_taken", "twin_record"),
                *("mac_elsewhere", "group_grants_rights"),
            )
        ),
        ("reverted", set()),
    ],
)
def test_each_kind_allows_what_its_table_says(kind: str, possible: set[str]) -> None:
    assert set(meanings(kind)) == possible
    assert all(text.endswith(".") for text in meanings(kind).values())


# -- the queue itself ------------------------------------------------------------------------------


def test_who_decided_what_and_why_is_kept_and_the_link_shows_it_at_once(labelled: Bench) -> None:
    link = "select sync_status from integration_object_mappings"
    assert labelled.value(link) == "conflict"
    decided = _decide(labelled, "keep_moss")
    assert labelled.value(link) == "synced"
    conflict = read_conflict(labelled.connection, labelled.integration.id, decided)
    assert (conflict["resolved_by"], conflict["resolution_reason"]) == (
        "ada@example.org",
        "we looked at it",
    )
    assert conflict["resolved_at"] is not None
    assert (conflict["jamf_value"], conflict["moss_value"], conflict["base_value"]) == (
        *("IT-2", "IT-1"),
        "IT-1",
    )
    assert conflict["last_seen_in_plan"] == conflict["opened_by_plan"]
    _reopen(labelled, decided)
    assert labelled.value(link) == "conflict"
    again = read_conflict(labelled.connection, labelled.integration.id, decided)
    assert (again["status"], again["resolution"], again["reopened_by"]) == (
        *("open", None),
        "ada@example.org",
    )


def test_a_decision_is_taken_back_where_a_newer_conflict_is_open(labelled: Bench) -> None:
    decided = _decide(labelled, "keep_moss")
    labelled.computer("1", "C02ABC", asset_tag="IT-3", hostname="mac-1")
    labelled.sync()
    _reopen(labelled, decided)
    assert _open(labelled) == [("owned_field_differs", "asset_tag")]
    conflict = read_conflict(labelled.connection, labelled.integration.id, decided)
    assert conflict["status"] == "closed"


def test_a_bulk_decision_is_all_or_nothing(bench: Bench) -> None:
    bench.computer("1", "C02AAA", asset_tag="IT-1", hostname="mac-1")
    bench.computer("2", "C02BBB", asset_tag="IT-2", hostname="mac-2")
    bench.sync()
    bench.device(serial_number="C02CCC")
    bench.device(serial_number="C02CCC")
    bench.computer("1", "C02AAA", asset_tag="JAMF-1", hostname="mac-1")
    bench.computer("2", "C02BBB", asset_tag="JAMF-2", hostname="mac-2")
    bench.computer("3", "C02CCC")
    bench.sync()
    everything = [
        row["conflict_id"]
        for row in list_conflicts(bench.connection, bench.integration.id, ConflictFilter())
    ]
    assert len(everything) == 3
    with pytest.raises(ConflictNotResolvable, match="Nothing was decided"):
        resolve_conflicts(
            bench.connection,
            bench.integration,
            everything,
            Resolution.TAKE_JAMF,
            resolved_by="ada",
        )
    assert len(_open(bench)) == 3
    chosen = list_conflicts(
        bench.connection, bench.integration.id, ConflictFilter(field="asset_tag", label="MAC-?")
    )
    decided = resolve_conflicts(
        bench.connection,
        bench.integration,
        [row["conflict_id"] for row in chosen],
        Resolution.TAKE_JAMF,
        resolved_by="ada",
    )
    assert (len(decided.waiting), decided.closed) == (2, ())
    bench.sync()
    tags = {row["asset_tag"] for row in bench.query("select asset_tag from devices")}
    assert tags == {"JAMF-1", "JAMF-2", None}


def test_what_is_not_open_cannot_be_decided(labelled: Bench) -> None:
    decided = _decide(labelled, "keep_moss")
    for number, message in ((decided, "is not open: it is resolved"), (999, "no conflict 999")):
        with pytest.raises(ConflictNotResolvable, match=message):
            resolve_conflicts(
                labelled.connection,
                labelled.integration,
                [number],
                Resolution.PIN,
                resolved_by="ada",
            )
    _reopen(labelled, decided)
    with pytest.raises(ConflictNotResolvable, match="Nobody has decided"):
        _reopen(labelled, decided)


def test_what_only_a_person_can_confirm_closes_with_its_object(bench: Bench, adopted: UUID) -> None:
    bench.delete("devices", adopted)
    bench.sync()
    assert ("serial_not_linked", "serial_number") not in _open(bench)


# -- enforcement -----------------------------------------------------------------------------------

_WRITE = "select moss_contract.write_decided('device', %s, %s, %s)"


@pytest.mark.parametrize("role", [READER, WRITER])
@pytest.mark.parametrize(
    "statement",
    [
        """update jamf_sync.conflicts
           set resolution = 'take_jamf', status = 'resolved', resolved_by = 'me', resolved_at = now()""",
        """insert into jamf_sync.conflicts (integration_id, object_type, kind, detail, opened_by_plan,
                                            status, resolution, resolved_by, resolved_at)
           select integration_id, 'device', 'owned_field_differs', '', 1, 'resolved', 'take_jamf', 'me', now()
           from jamf_sync.plans limit 1""",
        "update jamf_sync.decisions set resolution = 'take_jamf'",
    ],
)
def test_no_role_of_the_pipeline_can_record_a_decision(
    labelled: Bench, role: Role, statement: str
) -> None:
    with labelled.connection.transaction(force_rollback=True):
        take_on(labelled.connection, role, for_transaction=True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            labelled.execute(statement)


@pytest.mark.parametrize("role", [READER, WRITER])
def test_no_role_of_the_pipeline_can_change_or_remove_a_decision(
    labelled: Bench, role: Role
) -> None:
    _decide(labelled, "take_jamf")
    with labelled.connection.transaction(force_rollback=True):
        take_on(labelled.connection, role, for_transaction=True)
        for statement in (
            "update jamf_sync.conflicts set jamf_value = 'mine'",
            "update jamf_sync.conflicts set status = 'closed'",
            "delete from jamf_sync.conflicts",
        ):
            assert labelled.execute(statement) == 0


def test_the_writing_role_writes_an_owned_field_only_as_decided(labelled: Bench) -> None:
    device = _value(labelled, "id")
    tag = ("asset_tag", "IT-2")
    with labelled.connection.transaction(force_rollback=True):
        take_on(labelled.connection, WRITER, for_transaction=True)
        assert labelled.value(_WRITE, device, *tag) is False
    _decide(labelled, "take_jamf")
    other = labelled.device(serial_number="C02XYZ", asset_tag="IT-1")
    with labelled.connection.transaction():
        take_on(labelled.connection, WRITER, for_transaction=True)
        for object_id, field, value in (
            (device, "asset_tag", "IT-3"),
            (device, "room_id", "IT-2"),
            (device, "notes", "IT-2"),
            (other, "asset_tag", "IT-2"),
        ):
            assert labelled.value(_WRITE, object_id, field, value) is False
        assert labelled.value(_WRITE, device, *tag) is True
        # What M.O.S.S. holds now is not what it held when it was decided.
        assert labelled.value(_WRITE, device, *tag) is False
    tags = {row["asset_tag"] for row in labelled.query("select asset_tag from devices")}
    assert tags == {"IT-1", "IT-2"}


@pytest.mark.parametrize("resolution", ["keep_moss", "pin"])
def test_a_decision_to_keep_writes_nothing_owned(labelled: Bench, resolution: str) -> None:
    _decide(labelled, resolution)
    device = _value(labelled, "id")
    with labelled.connection.transaction():
        take_on(labelled.connection, WRITER, for_transaction=True)
        assert labelled.value(_WRITE, device, "asset_tag", "IT-2") is False


def test_the_reading_role_may_carry_nothing_out(labelled: Bench) -> None:
    _decide(labelled, "take_jamf")
    device = _value(labelled, "id")
    for statement, parameters in (
        (_WRITE, (device, "asset_tag", "IT-2")),
        ("select moss_contract.carry_out_decisions(1, 'device', 1, 9)", ()),
        ("select moss_contract.restore_owned(1)", ()),
        ("select moss_contract.delete_link(1)", ()),
        ("select moss_contract.delete_created(1)", ()),
    ):
        with labelled.connection.transaction(force_rollback=True):
            take_on(labelled.connection, READER, for_transaction=True)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                labelled.execute(statement, *parameters)
