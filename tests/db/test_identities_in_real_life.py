"""What becomes of identities where people live: firms change their names, backups are restored, letters look alike."""

from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

import pytest

from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of, rows_of

_CORE = ("people", "devices", "groups", "locations", "integration_object_mappings")


def _sync(bench: Bench) -> Plan:
    bench.captures = {name: bench.new_capture(name) for name in bench.captures}
    plan = bench.sync()
    assert all(count.adds_up for count in counts_of(plan).values())
    return plan


def _assert_calm(bench: Bench) -> None:
    written = [rows_of(bench, table) for table in _CORE]
    _sync(bench)
    assert [rows_of(bench, table) for table in _CORE] == written


def _who(bench: Bench) -> dict[str, Any]:
    rows = bench.query("select id, full_name from people")
    return {row["full_name"]: row["id"] for row in rows}


def _assigned(bench: Bench) -> dict[str, str | None]:
    rows = bench.query(
        """select serial_number, people.full_name from devices
           left join people on people.id = assigned_to_person_id"""
    )
    return {row["serial_number"]: row["full_name"] for row in rows}


def _conflicts(bench: Bench) -> list[tuple[str, str]]:
    rows = bench.query(
        "select kind, external_id from jamf_sync.conflicts where status = 'open' order by 1, 2"
    )
    return [(row["kind"], row["external_id"]) for row in rows]


def _employ(bench: Bench, jamf_id: str, name: str, username: str, email: str) -> None:
    """A user with a Mac."""
    values: dict[str, Any] = {"username": username, "full_name": name, "email": email}
    bench.user(jamf_id, **values)
    bench.computer(jamf_id, f"C02MAC{jamf_id}", **values)


# -- an organisation takes another name ----------------------------------------------------------------


def test_an_organisation_that_takes_another_name_keeps_its_people(trial: Bench) -> None:
    names = [f"Person {letter}" for letter in "abcdefghijkl"]
    for number, name in enumerate(names):
        _employ(trial, str(number), name, f"p{number}", f"p{number}@old.example")
    _sync(trial)
    before, assigned = _who(trial), _assigned(trial)

    for number, name in enumerate(names):
        _employ(trial, str(number), name, f"person.{number}", f"person.{number}@new.example")
    plan = _sync(trial)

    assert (_who(trial), _assigned(trial)) == (before, assigned)
    assert counts_of(plan)["person"].created == counts_of(plan)["person"].moved == 0
    emails = trial.query("select email_address from people")
    assert {row["email_address"].partition("@")[2] for row in emails} == {"new.example"}
    assert _conflicts(trial) == []
    _assert_calm(trial)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"full_name": "John Smith", "username": "other", "email": "other@a.example"}, "namesakes"),
        (
            {"full_name": "Ann", "username": "ann", "email": "js@b.example"},
            "the address is somebody's",
        ),
    ],
)
def test_a_full_name_alone_proves_nothing_where_others_could_be_meant(
    trial: Bench, other: Mapping[str, str], why: str
) -> None:
    trial.user("1", username="jsmith", full_name="John Smith", email="jsmith@a.example")
    trial.user("2", **other)
    _sync(trial)
    (john,) = trial.query("select * from people where username = 'jsmith'")
    trial.user("1", username="js", full_name="John Smith", email="js@b.example")
    if why != "namesakes":
        trial.gone("users", "2")
    _sync(trial)

    (after,) = trial.query("select * from people where username = 'jsmith'")
    assert (after["id"], after["email_address"]) == (john["id"], "jsmith@a.example"), why


# -- a backup is restored --------------------------------------------------------------------------------


def _backup(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    return {
        table: bench.query(f"select * from {table}")
        for table in ("people", "devices", "integration_object_mappings")
    }


@pytest.mark.parametrize("is_whole", [True, False], ids=["everything", "M.O.S.S.'s tables alone"])
def test_a_restored_backup_of_moss_gives_nobody_anothers_data(bench: Bench, is_whole: bool) -> None:
    """Between backup and restore a Mac came, one was replaced under its id, ids were exchanged, a user came."""
    _employ(bench, "1", "Ada", "ada", "ada@a.example")
    _employ(bench, "2", "Bob", "bob", "bob@a.example")
    bench.computer("3", "C02OLD", udid="OLD", model="MacBook Pro 13", asset_tag="T-OLD")
    _sync(bench)
    tables = ["public.people", "public.devices", "public.integration_object_mappings"]
    if is_whole:
        tables += [
            f"jamf_sync.{table}" for table in ("applied_values", "device_matches", "person_matches")
        ]
    for number, table in enumerate(tables):
        bench.execute(f"create table public.backup_{number} as select * from {table}")

    bench.computer("3", "C02NEW", udid="NEW", model="MacBook Pro 14", asset_tag="T-NEW")
    _employ(bench, "4", "Cleo", "cleo", "cleo@a.example")
    ada = {"username": "ada", "full_name": "Ada", "email": "ada@a.example"}
    bob = {"username": "bob", "full_name": "Bob", "email": "bob@a.example"}
    bench.user("2", **ada)
    bench.user("1", **bob)
    _sync(bench)

    bench.execute("set session_replication_role = replica")
    for number, table in enumerate(tables):
        bench.execute(f"delete from {table}")
        bench.execute(f"insert into {table} select * from public.backup_{number}")
    bench.execute("delete from public.ios where device_id not in (select id from public.devices)")
    bench.execute("set session_replication_role = origin")
    _sync(bench)

    found = {row["serial_number"]: row["asset_tag"] for row in bench.query("select * from devices")}
    assert (found["C02OLD"], found["C02NEW"]) == ("T-OLD", "T-NEW")
    people = bench.query("select full_name, username, email_address from people order by 1")
    assert [tuple(row.values()) for row in people] == [
        ("Ada", "ada", "ada@a.example"),
        ("Bob", "bob", "bob@a.example"),
        ("Cleo", "cleo", "cleo@a.example"),
    ]
    assert _assigned(bench) == {
        "C02MAC1": "Ada",
        "C02MAC2": "Bob",
        "C02MAC4": "Cleo",
        "C02OLD": None,
        "C02NEW": None,
    }
    _assert_calm(bench)


# -- addresses and letters ------------------------------------------------------------------------------


def test_two_who_exchange_their_addresses_stay_who_they_are(trial: Bench) -> None:
    _employ(trial, "1", "Ada", "ada", "desk.a@a.example")
    _employ(trial, "2", "Bob", "bob", "desk.b@a.example")
    _sync(trial)
    before = _who(trial)
    _employ(trial, "1", "Ada", "ada", "desk.b@a.example")
    _employ(trial, "2", "Bob", "bob", "desk.a@a.example")
    _sync(trial)

    assert _who(trial) == before
    assert _assigned(trial) == {"C02MAC1": "Ada", "C02MAC2": "Bob"}
    emails = trial.query("select full_name, email_address from people order by 1")
    assert [row["email_address"] for row in emails] == ["desk.b@a.example", "desk.a@a.example"]
    _assert_calm(trial)


@pytest.mark.parametrize("is_recorded", [True, False], ids=["user records", "computers only"])
@pytest.mark.parametrize(
    ("full_name", "is_the_same"), [("Next Clerk", False), ("First Clerk", True), (None, True)]
)
def test_case_i05_a_mailbox_that_goes_to_the_next_user_takes_nothing_along(
    trial: Bench, full_name: str | None, is_the_same: bool, is_recorded: bool
) -> None:
    """The neighbours: one who comes back under another user name, and one of whom no full name is known."""

    def show(jamf_id: str, username: str, name: str | None) -> None:
        values: dict[str, Any] = {
            "username": username,
            "full_name": name,
            "email": "desk@a.example",
        }
        if is_recorded:
            trial.user(jamf_id, **values)
        trial.computer(jamf_id, f"C02DESK{jamf_id}", **values)

    show("1", "clerk1", "First Clerk")
    _sync(trial)
    (first,) = trial.query("select * from people")
    for collection in ("users", "computers"):
        trial.gone(collection, "1")
    _sync(trial)
    show("2", "clerk2", full_name)
    _sync(trial)

    people = trial.query("select * from people")
    assert [(row["id"], row["full_name"]) for row in people] == [(first["id"], "First Clerk")]
    assigned = trial.value(
        "select assigned_to_person_id from devices where serial_number = 'C02DESK2'"
    )
    assert assigned == (first["id"] if is_the_same else None)
    told = [] if is_the_same else [("identity_contradicted", "2" if is_recorded else "clerk2")]
    assert _conflicts(trial) == told
    _assert_calm(trial)


@pytest.mark.parametrize(
    ("full_name", "email", "is_the_same"),
    [("Jane Smith", None, False), ("John Smith", None, True), (None, None, True)],
)
def test_case_i04_a_user_name_that_is_handed_on_without_an_address_takes_nothing_along(
    trial: Bench, full_name: str | None, email: str | None, is_the_same: bool
) -> None:
    """The neighbours: a record that was made anew, and one of which no full name is known."""
    trial.user("1", username="jsmith", full_name="John Smith", phone="1")
    _sync(trial)
    trial.gone("users", "1")
    _sync(trial)
    trial.user("9", username="JSmith", full_name=full_name, email=email, phone="2")
    trial.computer("9", "C02NINE", username="JSmith", full_name=full_name, email=email)
    _sync(trial)

    people = trial.query("select full_name, phone_number from people")
    assert [tuple(row.values()) for row in people] == [("John Smith", "2" if is_the_same else "1")]
    assert _assigned(trial) == {"C02NINE": "John Smith" if is_the_same else None}
    assert _conflicts(trial) == ([] if is_the_same else [("identity_contradicted", "9")])
    if not is_the_same:
        detail = trial.value("select detail from jamf_sync.conflicts where status = 'open'")
        assert "Jane Smith (JSmith) has the user name of John Smith (jsmith)" in detail
        assert "with a new full name" in detail
    _assert_calm(trial)


def test_letters_that_look_alike_are_others(trial: Bench) -> None:
    admin = trial.person(full_name="Admin", username="admin")
    trial.device(serial_number="C02OOO")
    trial.user("1", username="аdmin", full_name="Somebody")
    trial.computer("1", "С02OOO", username="аdmin")
    _sync(trial)

    assert trial.value("select count(*) from people") == 2
    assert trial.value("select count(*) from devices") == 2
    match = trial.match_of("person_matches", "1")
    assert match["person_id"] != admin


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_and_marks_are_one_letter_however_they_were_typed(trial: Bench, form: Any) -> None:
    """Text that macOS made has a letter and its mark as two signs; M.O.S.S. stores what is typed or imported."""
    person = trial.person(full_name="Jörg", username=normalize(form, "JÖRG.MÜLLER"))
    place = trial.location(normalize(form, "Zürich"))
    group = trial.moss_group(normalize(form, "[JAMF] Küche"))
    trial.building("1", "Zürich")
    trial.computer_group("1", "Küche")
    trial.user("1", username="jörg.müller")
    trial.computer("1", "C02UML", username="jörg.müller", building_id="1")
    _sync(trial)

    assert trial.value("select count(*) from people") == 1
    assert trial.match_of("person_matches", "1")["person_id"] == person
    assert trial.match_of("location_matches", "1")["location_id"] == place
    assert trial.match_of("group_matches", "1")["group_id"] == group
