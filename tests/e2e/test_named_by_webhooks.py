"""What a run does with the records that JAMF's webhooks named, and what it leaves to syncs."""

import re
from datetime import timedelta

import pytest

from moss_jamf_pipeline.engine.steps.named import NamedRecords
from moss_jamf_pipeline.engine.sync import Outcome
from moss_jamf_pipeline.jamf import CollectionName
from moss_jamf_pipeline.moss.capture import hints
from tests.e2e.inventory import add_mac, device, devices, furnish, set_policies
from tests.support.hints import let_time_pass, tell, waiting
from tests.support.world import World

pytestmark = pytest.mark.dialects("strategy")


@pytest.fixture
def synced(world: World) -> World:
    """Five Macs, which were synced."""
    furnish(world)
    for number in range(1, 6):
        add_mac(world, str(number), f"C02SERIAL{number}")
    world.sync()
    return world


def _follow(world: World) -> tuple[Outcome, NamedRecords]:
    world.jamf.reset_requests()
    outcome = world.sync("webhooks")
    named = outcome.results["named_records"]
    assert isinstance(named, NamedRecords)
    return outcome, named


def _rename(world: World, jamf_id: str, name: str) -> None:
    world.fleet.update_computer(jamf_id, {"general": {"name": name}})


def _newest(world: World) -> dict[str, object]:
    (row,) = world.query(
        """select status, sweep, captured_count, total_count, fetched_count, requests, rejected_count
           from jamf_sync.captures where collection = 'computers' order by capture_id desc limit 1"""
    )
    return row


def test_only_the_named_records_are_read_and_everything_else_is_as_it_was(synced: World) -> None:
    _rename(synced, "1", "RENAMED-AND-TOLD")
    _rename(synced, "2", "RENAMED-AND-NOT-TOLD")
    tell(synced, "1")
    outcome, _ = _follow(synced)
    assert outcome.status == "success"
    assert device(synced, "C02SERIAL1")["hostname"] == "RENAMED-AND-TOLD"
    assert device(synced, "C02SERIAL2")["hostname"] == "MAC-2"
    assert synced.jamf.requests.of("computers-inventory") == 1
    assert synced.jamf.requests.of("/users") == 0
    assert _newest(synced) == {
        "status": "complete",
        "sweep": "targeted",
        "captured_count": 5,
        "total_count": 5,
        "fetched_count": 1,
        "requests": 1,
        "rejected_count": 0,
    }
    assert waiting(synced) == {}
    assert synced.history()[-1]["sync_type"] == "webhooks"
    covered = synced.query(
        "select count(*) as n from jamf_sync.slot_captures join jamf_sync.captures using (capture_id) "
        "where sweep = 'targeted'"
    )
    assert covered == [{"n": 0}]

    before = synced.row_versions()
    tell(synced, "1")
    _follow(synced)
    assert synced.row_versions()["devices"] == before["devices"]
    synced.sync()
    assert device(synced, "C02SERIAL2")["hostname"] == "RENAMED-AND-NOT-TOLD"


def test_a_mac_that_is_new_is_created_and_a_user_that_is_named_is_read(synced: World) -> None:
    add_mac(synced, "6", "C02SERIAL6")
    synced.fleet.users["999999"].email = "other@example.org"
    tell(synced, "6", event="ComputerAdded")
    tell(synced, "999999", event="RestAPIOperation", record_type="user")
    _follow(synced)
    assert device(synced, "C02SERIAL6")["hostname"] == "MAC-6"
    assert _newest(synced)["captured_count"] == 6
    people = synced.query("select email_address from people")
    assert [row["email_address"] for row in people] == ["other@example.org"]


def test_what_jamf_does_not_serve_counts_as_gone_by_a_sweep_only(synced: World) -> None:
    synced.fleet.remove_computer("3")
    tell(synced, "3", event="RestAPIOperation")
    _follow(synced)
    assert devices(synced)["C02SERIAL3"]["enrollment"] != "unenrolled"
    # A node of the cluster may not have heard of it: it is looked at once more, later.
    assert waiting(synced) == {"3": (1, False)}
    _follow(synced)
    assert synced.jamf.requests.of("computers-inventory") == 0
    let_time_pass(synced)
    _follow(synced)
    assert waiting(synced) == {}
    assert devices(synced)["C02SERIAL3"]["enrollment"] != "unenrolled"
    synced.sync()
    assert devices(synced)["C02SERIAL3"]["enrollment"] == "unenrolled"


def test_a_flood_of_invented_ids_costs_a_request_and_is_remembered(
    synced: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "MOST_UNKNOWN", 20)
    invented = [str(1_000 + number) for number in range(60)]
    tell(synced, *invented)
    _rename(synced, "1", "NOT-KEPT-WAITING")
    tell(synced, "1")
    _, named = _follow(synced)
    assert named.collections[CollectionName.COMPUTERS].taken == 21
    assert synced.jamf.requests.of("computers-inventory") == 1
    assert device(synced, "C02SERIAL1")["hostname"] == "NOT-KEPT-WAITING"
    for _ in range(6):
        let_time_pass(synced)
        _follow(synced)
    assert waiting(synced) == {}
    tell(synced, *invented)
    _, named = _follow(synced)
    assert (named.collections[CollectionName.COMPUTERS].taken, waiting(synced)) == (0, {})
    assert synced.jamf.requests.of("computers-inventory") == 0


def test_an_inventory_that_is_older_than_its_event_is_read_again(synced: World) -> None:
    reported = synced.query(
        "select reported_at from jamf_sync.jamf_computer_contacts where jamf_id = '1'"
    )[0]["reported_at"]
    tell(synced, "1", at=reported + timedelta(minutes=5))
    _follow(synced)
    assert waiting(synced) == {"1": (1, False)}
    let_time_pass(synced)
    _follow(synced)
    assert waiting(synced) == {}
    tell(synced, "1", at=reported + timedelta(seconds=5))
    _follow(synced)
    assert waiting(synced) == {}


def test_what_a_full_sweep_has_seen_since_is_not_asked_for(synced: World) -> None:
    tell(synced, "1", "2")
    synced.sync()
    tell(synced, "3")
    _, named = _follow(synced)
    assert named.collections[CollectionName.COMPUTERS].taken == 1
    assert synced.query("select event, received from jamf_sync.webhook_counts") == [
        {"event": "ComputerInventoryCompleted", "received": 3}
    ]


def test_before_the_first_sync_nothing_is_asked_for(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02SERIAL1")
    tell(world, "1")
    outcome = world.sync("webhooks", may_fail=True)
    assert "Nothing has been captured" in (outcome.message or "")
    assert list(waiting(world)) == ["1"]
    assert devices(world) == {}


def test_what_a_run_had_taken_that_failed_is_taken_again(synced: World) -> None:
    _rename(synced, "1", "TOLD-ONCE")
    tell(synced, "1")
    synced.execute("alter table jamf_sync.plans add constraint none check (plan_id < 0) not valid")
    failed = synced.sync("webhooks", may_fail=True)
    assert failed.status == "failed"
    synced.execute("alter table jamf_sync.plans drop constraint none")
    assert waiting(synced) == {"1": (1, True)}
    assert hints_waiting(synced) == 0
    let_time_pass(synced)
    assert hints_waiting(synced) == 1
    _follow(synced)
    assert device(synced, "C02SERIAL1")["hostname"] == "TOLD-ONCE"
    assert waiting(synced) == {}


def hints_waiting(world: World) -> int:
    with world.database.reading() as connection:
        return hints.waiting(connection, world.integration.id).records


def test_an_id_that_was_handed_to_another_mac_calls_nobody_unenrolled(synced: World) -> None:
    # The old Mac of id 4 was enrolled again, under an id that no event named.
    old = synced.fleet.remove_computer("4")
    add_mac(synced, "4", "C02OTHER", hardware={"model": "Mac mini"})
    add_mac(synced, "40", "C02SERIAL4", udid=old.udid)
    tell(synced, "4")
    _follow(synced)
    assert devices(synced)["C02SERIAL4"]["enrollment"] != "unenrolled"
    synced.sync()
    assert devices(synced)["C02SERIAL4"]["enrollment"] != "unenrolled"


def test_what_the_guard_holds_is_held_in_the_newest_plan_still(synced: World) -> None:
    set_policies(synced, guard={"unenroll": {"absolute": 1}})
    for number in ("2", "3"):
        synced.fleet.remove_computer(number)
    held = synced.sync()
    assert held.status == "partial"
    tell(synced, "1")
    outcome, _ = _follow(synced)
    assert outcome.status == "partial"
    assert _without_number(outcome.message) == _without_number(held.message) != ""


def _without_number(sentence: str | None) -> str:
    """What is said of a plan, without its number."""
    return re.sub(r"approve \d+", "approve", sentence or "")
