"""Which integration takes the place of one whose row is gone: by name and server, and only before it has written."""

from uuid import UUID

import psycopg
import pytest

from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.integration.history import OpenedHistory, open_history
from tests.db.support import Bench, second_server

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
