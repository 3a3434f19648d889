"""Which integration takes the place of one whose row is gone: by name and server, and only before it has written."""

from uuid import UUID

import psycopg
import pytest

from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.integration.history import OpenedHistory, open_history
from moss_jamf_pipeline.moss.integration.successors import Succession, presumed
from tests.db.support import Bench, rows_of, second_server

OURS = "https://jamf.example.org"
OTHER = "https://other.example.org"


def _run(bench: Bench, run_id: str, server: str | None = OURS) -> OpenedHistory:
    return open_history(
        bench.connection, bench.integration.id, run_id=run_id, sync_type="full", server=server
    )


def _delete(bench: Bench) -> None:
    bench.execute("delete from integration_configs where id = %s", bench.integration.id)


def _links(bench: Bench) -> dict[str, UUID]:
    rows = bench.query(
        "select external_id, internal_id from integration_object_mappings where integration_config_id = %s",
        bench.integration.id,
    )
    return {row["external_id"]: row["internal_id"] for row in rows}


@pytest.fixture
def former(trial: Bench) -> Bench:
    """An integration that has synced a Mac and its user."""
    _run(trial, "first")
    trial.user("5", username="ada", email="ada@example.org")
    trial.computer("1", "C02A", username="ada", email="ada@example.org", hostname="ADA")
    trial.sync()
    return trial


@pytest.mark.parametrize(
    ("name", "server"),
    [
        pytest.param("JAMF Pro", OURS, id="the same name and server"),
        pytest.param("Another name", f"{OURS}/", id="another name, the same server"),
        pytest.param("JAMF Pro", None, id="the same name, an unknown server"),
    ],
)
def test_what_a_deleted_integration_knew_goes_to_the_one_made_in_its_place(
    former: Bench, name: str, server: str | None
) -> None:
    links = _links(former)
    _delete(former)
    successor = second_server(former, name)
    opened = _run(successor, "second", server)
    assert opened.succession is not None
    assert (opened.succession.name, opened.succession.links) == ("JAMF Pro", 2)
    assert _links(successor) == links
    assert successor.outcomes("device_matches") == {"1": "mapped"}
    # Once; and by nobody else.
    assert _run(successor, "third", server).succession is None
    assert _run(second_server(former, "A third"), "fourth", server).succession is None


@pytest.mark.parametrize(
    ("name", "server"),
    [
        pytest.param("JAMF Pro", OTHER, id="another server under the same name"),
        pytest.param("Another name", OTHER, id="nothing in common"),
        pytest.param("Another name", None, id="another name, an unknown server"),
    ],
)
def test_another_integration_takes_nothing(former: Bench, name: str, server: str | None) -> None:
    _delete(former)
    assert _run(second_server(former, name), "second", server).succession is None


def test_of_two_that_are_there_neither_takes_from_the_other(former: Bench) -> None:
    links = _links(former)
    lab = second_server(former, "JAMF Lab")
    assert _run(lab, "second").succession is None
    assert (_links(former), _links(lab)) == (links, {})


def test_a_renamed_row_is_the_same_integration(former: Bench) -> None:
    former.execute("update integration_configs set name = 'Renamed'")
    assert _run(former, "second").succession is None
    assert former.value("select name from jamf_sync.known_integrations") == "Renamed"


def test_one_that_has_written_is_nobodys_successor(former: Bench) -> None:
    lab = second_server(former, "JAMF Lab")
    lab.computer("9", "C02Z")
    lab.sync()
    _delete(former)
    assert _run(lab, "second").succession is None


# -- a row that was renamed, and another under its former name -----------------------------------------


def test_a_second_row_under_the_former_name_of_another_takes_nothing_and_rewrites_nothing(
    former: Bench,
) -> None:
    """The environment names the integration: MOSS_JAMF_INTEGRATION means the second row from then on."""
    former.execute("update integration_configs set name = 'JAMF main'")
    second = second_server(former, "JAMF Pro")
    links = _links(former)
    before = rows_of(former, "devices"), rows_of(former, "people")

    assert _run(second, "second").succession is None
    second.user("5", username="ada", email="ada@example.org")
    second.computer("1", "C02A", username="ada", email="ada@example.org", hostname="ADA-2")
    second.sync()

    assert (rows_of(former, "devices"), rows_of(former, "people")) == before
    assert (_links(former), _links(second)) == (links, links)
    # It is told in the queue of the one that writes nothing.
    (conflict,) = former.query("select kind, detail from jamf_sync.conflicts where status = 'open'")
    assert conflict["kind"] == "other_server_differs"
    assert "JAMF main" in conflict["detail"]
    # Once the renamed row is gone, the other leads.
    _delete(former)
    assert _run(second, "third").succession is None
    second.sync()
    assert former.query("select hostname from devices") == [{"hostname": "ADA-2"}]


def test_what_was_only_looked_at_takes_over_once_the_other_is_gone(former: Bench) -> None:
    """A dry run of the second row noted it while the renamed one was there."""
    former.execute("update integration_configs set name = 'JAMF main'")
    second = second_server(former, "JAMF Pro")
    with presumed(second.connection, second.integration.id, OURS) as succession:
        assert succession is None
    links = _links(former)
    _delete(former)

    opened = _run(second, "second")

    assert opened.succession == Succession("JAMF Pro", 2)
    assert _links(second) == links


# -- what the links that are made again last saw -----------------------------------------------------


def _what_is_told_apart(bench: Bench, *, is_held: bool) -> None:
    """A machine gets another's record, a person another's; the sync sees it, and writes it unless it is held."""
    for number, name in enumerate("ab", 1):
        bench.user(str(number), username=name, email=f"{name}@example.org", phone=f"+{name}")
        bench.computer(str(number), f"S{name}", udid=f"U{name}", hostname=f"mac-{name}")
    _run(bench, "first")
    bench.sync()
    bench.execute("update devices set notes = serial_number")
    bench.user("1", username="c", email="c@example.org", phone="+c")
    bench.computer("1", "Sc", udid="Uc", hostname="mac-c")
    if is_held:
        bench.plan()
    else:
        bench.sync()


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "written"])
def test_a_link_that_is_made_again_saw_what_it_saw(trial: Bench, *, is_held: bool) -> None:
    """The record of a link that did not hold any more is another machine's, or person's: no evidence of its own."""
    _what_is_told_apart(trial, is_held=is_held)
    _delete(trial)
    successor = second_server(trial, "JAMF Pro")
    _run(successor, "second")
    successor.captures = {name: successor.new_capture(name) for name in successor.captures}
    for _ in range(2):
        successor.sync()
        assert successor.query(
            "select serial_number, hostname, notes from devices order by serial_number"
        ) == [
            {"serial_number": "Sa", "hostname": "mac-a", "notes": "Sa"},
            {"serial_number": "Sb", "hostname": "mac-b", "notes": "Sb"},
            {"serial_number": "Sc", "hostname": "mac-c", "notes": "Synced from JAMF Pro"},
        ]
        assert successor.query(
            "select username, email_address, phone_number from people order by username"
        ) == [
            {"username": name, "email_address": f"{name}@example.org", "phone_number": f"+{name}"}
            for name in "abc"
        ]
    # Whoever lost its record is known again by what its link saw.
    successor.computer("7", "Sa", udid="Ua", hostname="mac-a")
    successor.match()
    assert successor.match_of("device_matches", "7")["outcome"] == "moved"


def test_what_a_revert_deleted_is_no_deletion_by_a_person(former: Bench) -> None:
    plan_id = former.value("select max(plan_id) from jamf_sync.plans")
    former.apply(
        make_revert_plan(former.connection, former.integration, plan_id, run_id="a-revert")
    )
    assert former.value("select count(*) from devices") == 0
    _delete(former)
    successor = second_server(former, "JAMF Pro")
    assert (_run(successor, "second").succession, _links(successor)) == (
        Succession("JAMF Pro", 0),
        {},
    )
    successor.captures = {name: successor.new_capture(name) for name in successor.captures}
    successor.sync()
    assert former.value("select count(*) from devices") == 1


def test_no_role_claims_that_an_integration_was_there(former: Bench) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), writing(former.connection):
        former.execute("update jamf_sync.known_integrations set name = 'Mine'")
    with writing(former.connection):
        taken = former.value(
            "select moss_contract.succeed_integration(%s, %s)",
            former.integration.id,
            former.integration.id,
        )
    assert taken is None
