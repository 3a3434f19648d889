"""Which person a JAMF user is, and users whom only computers name: every outcome of person_matches."""

from typing import Any
from uuid import UUID

import pytest

from moss_jamf_pipeline.catalogue.conflict_kinds import Resolution
from moss_jamf_pipeline.moss.plan.conflicts import resolve_conflicts
from tests.db.support import Bench, rows_of


def _person(bench: Bench, external_id: str) -> dict[str, Any]:
    match = bench.match_of("person_matches", external_id)
    return {name: match[name] for name in ("outcome", "person_id", "matched_by")}


def test_a_linked_user_is_its_person_whatever_it_is_called(trial: Bench) -> None:
    person = trial.person(username="old", email_address="old@example.org")
    trial.person(username="new", email_address="new@example.org")
    trial.mapping("user", "5", "person", person)
    trial.user("5", username="new", email="new@example.org")
    trial.match()
    assert _person(trial, "5") == {
        "outcome": "mapped",
        "person_id": person,
        "matched_by": "mapping",
    }


@pytest.mark.parametrize(
    ("in_moss", "in_jamf", "matched_by"),
    [
        ({"email_address": "jane@example.org"}, {"email": "JANE@Example.org"}, "email"),
        ({"email_address": " jane@example.org "}, {"email": "jane@example.org"}, "email"),
        ({"username": "JDoe"}, {"username": "jdoe"}, "username"),
        ({"username": "o&#x27;neil"}, {"username": "O'Neil"}, "username"),
        (
            {"username": "other", "email_address": "jane@example.org"},
            {"username": "jdoe", "email": "jane@example.org"},
            "email",
        ),
        (
            {"username": "jdoe", "email_address": "jane@example.org"},
            {"username": "jdoe"},
            "username",
        ),
    ],
)
def test_an_unlinked_person_is_found_by_address_then_by_user_name(
    trial: Bench, in_moss: dict[str, str], in_jamf: dict[str, str], matched_by: str
) -> None:
    person = trial.person(**in_moss)
    trial.user("5", **in_jamf)
    trial.match()
    assert _person(trial, "5") == {
        "outcome": "matched",
        "person_id": person,
        "matched_by": matched_by,
    }


def test_a_user_name_with_another_address_is_somebody_else_until_a_person_decides(
    trial: Bench,
) -> None:
    person = trial.person(username="jdoe", email_address="other@example.org")
    trial.user("5", username="JDoe", email="jane@example.org")
    trial.match()
    match = trial.match_of("person_matches", "5")
    assert (match["outcome"], match["person_id"]) == ("contradicted", None)
    assert match["evidence"] == {
        "agreed": ["username"],
        "contradicted": {"email": ["other@example.org", "jane@example.org"]},
        "person_id": str(person),
        "known_as": "other@example.org",
    }


def test_of_people_of_one_user_name_the_one_without_another_address_is_meant(trial: Bench) -> None:
    trial.person(username="jdoe", email_address="other@example.org")
    person = trial.person(username="jdoe")
    trial.user("5", username="jdoe", email="jane@example.org")
    trial.match()
    assert _person(trial, "5")["person_id"] == person


def test_an_address_counts_more_than_a_user_name(trial: Bench) -> None:
    by_email = trial.person(username="somebody", email_address="jane@example.org")
    trial.person(username="jdoe", email_address="john@example.org")
    trial.user("5", username="jdoe", email="jane@example.org")
    trial.match()
    assert _person(trial, "5")["person_id"] == by_email


@pytest.mark.parametrize(
    ("similar", "in_jamf"),
    [
        ({"username": "jdoe2"}, {"username": "jdoe"}),
        ({"full_name": "Jane Doe"}, {"username": "jdoe", "full_name": "Jane Doe"}),
        ({"email_address": "jane@example.com"}, {"email": "jane@example.org"}),
        ({"username": "jane@example.org"}, {"email": "jane@example.org"}),
    ],
)
def test_a_similar_person_is_somebody_else(
    trial: Bench, similar: dict[str, str], in_jamf: dict[str, str]
) -> None:
    person = trial.person(**similar)
    trial.user("5", **in_jamf)
    trial.match()
    assert _person(trial, "5")["outcome"] == "create"
    assert _person(trial, "5")["person_id"] != person


@pytest.mark.parametrize("column", ["email_address", "username"])
def test_two_people_of_one_key_are_never_chosen_between(trial: Bench, column: str) -> None:
    trial.person(**{column: "jane@example.org"})
    trial.person(**{column: "Jane@example.org"})
    trial.user("5", username="jane@example.org", email="jane@example.org")
    trial.match()
    assert (_person(trial, "5")["outcome"], _person(trial, "5")["person_id"]) == ("ambiguous", None)


def test_an_unknown_user_is_to_be_created_under_an_id_that_stays(trial: Bench) -> None:
    trial.user("5", username="jdoe")
    trial.match()
    first = _person(trial, "5")
    assert first["outcome"] == "create"
    assert isinstance(first["person_id"], UUID)
    trial.match()
    assert _person(trial, "5") == first


def test_a_person_deleted_in_moss_stays_deleted(trial: Bench) -> None:
    person = trial.person(username="jdoe")
    trial.mapping("user", "5", "person", person)
    trial.delete("people", person)
    trial.user("5", username="jdoe")
    trial.match()
    assert _person(trial, "5") == {
        "outcome": "deleted_internal",
        "person_id": None,
        "matched_by": "mapping",
    }


def test_a_user_record_made_anew_takes_the_link_along(trial: Bench) -> None:
    person = trial.person(username="jdoe")
    trial.mapping("user", "5", "person", person)
    trial.user("6", username="jdoe")
    trial.match()
    match = trial.match_of("person_matches", "6")
    assert (match["outcome"], match["person_id"]) == ("moved", person)
    assert (match["previous_external_type"], match["previous_external_id"]) == ("user", "5")


def test_a_user_whom_first_only_a_computer_named_takes_the_link_along_to_the_user_record(
    trial: Bench,
) -> None:
    person = trial.person(username="jdoe")
    trial.mapping("computer_user", "jdoe", "person", person)
    trial.computer("1", username="jdoe")
    trial.user("5", username="jdoe")
    trial.match()
    match = trial.match_of("person_matches", "5")
    assert (match["outcome"], match["person_id"], match["previous_external_id"]) == (
        "moved",
        person,
        "jdoe",
    )
    assert trial.outcomes("person_matches") == {"5": "moved"}


def test_unusable_users_are_matched_to_nobody(trial: Bench) -> None:
    trial.person(username="jdoe")
    trial.user("5", username="jdoe", is_usable=False)
    trial.match()
    assert trial.outcomes("person_matches") == {}


# -- users whom only computers name ------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "external_id"),
    [
        ({"username": "JDoe", "email": "jane@example.org"}, "jdoe"),
        ({"email": "Jane@Example.org"}, "jane@example.org"),
        ({"username": "jane@example.org"}, "jane@example.org"),
    ],
)
def test_a_user_whom_only_a_computer_names_is_a_source_of_its_own(
    trial: Bench, columns: dict[str, Any], external_id: str
) -> None:
    trial.computer("1", full_name="Jane Doe", **columns)
    trial.match()
    match = trial.match_of("person_matches", external_id)
    assert (match["external_type"], match["outcome"], match["full_name"]) == (
        "computer_user",
        "create",
        "Jane Doe",
    )
    assert trial.match_of("device_matches", "1")["person_id"] == match["person_id"]


def test_computers_that_name_one_user_give_one_person_described_by_the_lowest_id(
    trial: Bench,
) -> None:
    trial.computer("10", username="jdoe", phone="10")
    trial.computer("9", username="JDOE", phone="9")
    trial.match()
    assert trial.outcomes("person_matches") == {"jdoe": "create"}
    assert trial.match_of("person_matches", "jdoe")["phone"] == "9"


@pytest.mark.parametrize(
    "columns",
    [{"username": "JDOE"}, {"email": "JANE@example.org"}, {"username": "jane@example.org"}],
    ids=str,
)
def test_a_computers_user_who_is_a_user_record_is_no_source_of_its_own(
    trial: Bench, columns: dict[str, Any]
) -> None:
    trial.user("5", username="jdoe", email="jane@example.org")
    trial.computer("1", **columns)
    trial.match()
    assert trial.outcomes("person_matches") == {"5": "create"}


def test_a_full_name_alone_is_nobody(trial: Bench) -> None:
    trial.computer("1", full_name="Jane Doe")
    trial.match()
    assert trial.outcomes("person_matches") == {}


# -- twins: several sources that are one person -----------------------------------------------


def test_an_address_of_several_users_identifies_none_of_them(trial: Bench) -> None:
    trial.person(email_address="team@example.org")
    known = trial.person(username="b")
    trial.user("10", username="b", email="team@example.org")
    trial.user("9", username="a", email="team@example.org")
    trial.match()
    assert trial.outcomes("person_matches") == {"9": "create", "10": "matched"}
    assert trial.match_of("person_matches", "10")["person_id"] == known


def test_of_several_people_of_one_address_the_user_name_decides(trial: Bench) -> None:
    for username in ("a", "b"):
        trial.person(username=username, email_address="team@example.org")
    meant = trial.person(username="c", email_address="team@example.org")
    trial.user("5", username="C", email="team@example.org")
    trial.user("6", username="d", email="desk@example.org")
    trial.match()
    assert _person(trial, "5") == {
        "outcome": "matched",
        "person_id": meant,
        "matched_by": "username",
    }


def test_of_one_user_in_two_spellings_the_lower_id_is_linked_and_the_other_is_a_twin(
    trial: Bench,
) -> None:
    person = trial.person(email_address="a@example.org")
    trial.user("10", username="CORP\\a", email="a@example.org")
    trial.user("9", username="a", email="a@example.org")
    trial.match()
    assert trial.outcomes("person_matches") == {"9": "matched", "10": "twin"}
    assert {trial.match_of("person_matches", id_)["person_id"] for id_ in ("9", "10")} == {person}


def test_a_user_whose_name_a_person_has_who_is_another_user_is_disputed(trial: Bench) -> None:
    person = trial.person(username="jdoe", email_address="jane@example.org")
    trial.mapping("user", "5", "person", person)
    trial.user("5", username="somebody")
    trial.user("4", username="jdoe")
    trial.match()
    assert trial.outcomes("person_matches") == {"5": "mapped", "4": "contradicted"}
    match = trial.match_of("person_matches", "4")
    assert (match["person_id"], match["evidence"]["person_id"]) == (None, str(person))


@pytest.mark.parametrize(
    ("users", "created"),
    [
        pytest.param({"1": ("a", "x"), "2": ("b", "x")}, {"1", "2"}, id="one mailbox"),
        pytest.param({"1": ("a", "x"), "2": ("a", None)}, {"1"}, id="one user name"),
        pytest.param({"1": ("a", None), "2": ("a", "x")}, {"2"}, id="who has an address leads"),
        pytest.param({"1": ("a", "x"), "2": (None, "x")}, {"1"}, id="one address"),
        pytest.param({"1": ("a", "x"), "2": ("b", "y")}, {"1", "2"}, id="nothing in common"),
        pytest.param(
            {"1": ("a", None), "2": ("b", None)}, {"1", "2"}, id="no address is no common address"
        ),
        pytest.param(
            {"1": (None, "x"), "2": (None, "y")}, {"1", "2"}, id="no user name is no common name"
        ),
        pytest.param(
            {"1": ("a", "x"), "2": ("b", "x"), "3": ("c", "x")},
            {"1", "2", "3"},
            id="a mailbox of three",
        ),
        pytest.param(
            {"1": ("a", "x"), "2": ("a@b", "x"), "3": ("C\\a", "x")},
            {"1"},
            id="one address and three spellings",
        ),
    ],
)
def test_new_users_who_are_one_person_are_created_once(
    trial: Bench, users: dict[str, tuple[str | None, str | None]], created: set[str]
) -> None:
    for jamf_id, (username, mailbox) in users.items():
        trial.user(jamf_id, username=username, email=mailbox and f"{mailbox}@example.org")
    trial.match()
    outcomes = trial.outcomes("person_matches")
    assert {jamf_id for jamf_id, outcome in outcomes.items() if outcome == "create"} == created
    assert {outcomes[jamf_id] for jamf_id in users.keys() - created} <= {"twin"}
    people = {jamf_id: trial.match_of("person_matches", jamf_id)["person_id"] for jamf_id in users}
    assert set(people.values()) == {people[jamf_id] for jamf_id in created}


def test_new_users_of_one_name_and_two_addresses_are_disputed(trial: Bench) -> None:
    trial.user("1", username="a", email="x@example.org")
    trial.user("2", username="a", email="y@example.org")
    trial.match()
    assert trial.outcomes("person_matches") == {"1": "create", "2": "contradicted"}
    assert trial.match_of("person_matches", "2")["person_id"] is None


def test_a_mailbox_that_a_user_and_a_computer_name_is_one_of_two_people(trial: Bench) -> None:
    trial.computer("1", username="aaa", email="team@example.org")
    trial.computer("2", email="team@example.org")
    trial.user("5", username="zzz", email="team@example.org")
    trial.match()
    assert trial.outcomes("person_matches") == {"5": "create", "aaa": "create"}
    assert trial.match_of("device_matches", "2")["person_id"] is None


def test_a_computer_that_names_only_the_address_of_a_user_is_that_users(trial: Bench) -> None:
    trial.computer("1", username="alee@example.org")
    trial.user("5", username="zzz", email="alee@example.org")
    trial.match()
    assert trial.outcomes("person_matches") == {"5": "create"}


def test_no_person_is_claimed_twice(trial: Bench) -> None:
    trial.person(username="a", email_address="x@example.org")
    for jamf_id, (username, mailbox) in enumerate([("a", "y"), ("b", "x"), ("c", "x"), ("a", "x")]):
        trial.user(str(jamf_id), username=username, email=f"{mailbox}@example.org")
    trial.computer("1", username="a")
    trial.match()
    doubles = trial.query(
        """select person_id from jamf_sync.person_matches where outcome in ('mapped', 'moved', 'matched', 'create')
           group by person_id having count(*) > 1"""
    )
    assert doubles == []


def _jane_changes_her_address_and_janet_gets_it(bench: Bench) -> None:
    jane: dict[str, Any] = {"username": "jsmith", "full_name": "Jane Smith", "phone": "+49 1"}
    bench.computer("1", "SERIAL1", email="jane.smith@example.org", **jane)
    bench.sync()
    janet: dict[str, Any] = {"username": "jsmith2", "full_name": "Janet Smith", "phone": "+49 2"}
    bench.computer("1", "SERIAL1", email="jane.jones@example.org", **jane)
    bench.computer("2", "SERIAL2", email="jane.smith@example.org", **janet)
    bench.sync()


def _contacts(bench: Bench) -> list[tuple[str, str, str]]:
    rows = bench.query("select username, email_address, phone_number from people order by 1, 2")
    return [(row["username"], row["email_address"], row["phone_number"]) for row in rows]


def _user_of(bench: Bench, serial_number: str) -> str | None:
    user: str | None = bench.value(
        "select p.username from devices d left join people p on p.id = d.assigned_to_person_id"
        " where d.serial_number = %s",
        serial_number,
    )
    return user


def test_an_address_handed_on_while_its_owner_is_still_there_takes_nothing_along(
    trial: Bench,
) -> None:
    """One has the user name, the other the address: neither is the person until somebody says so."""
    _jane_changes_her_address_and_janet_gets_it(trial)
    assert _contacts(trial) == [("jsmith", "jane.smith@example.org", "+49 1")]
    assert (_user_of(trial, "SERIAL1"), _user_of(trial, "SERIAL2")) == ("jsmith", None)
    by_name, by_address = (
        row["detail"]
        for row in trial.query(
            "select detail from jamf_sync.conflicts where kind = 'identity_contradicted'"
            " and status = 'open' order by external_id"
        )
    )
    assert "has the user name of Jane Smith (jsmith, jane.smith@example.org)" in by_name
    assert (
        "JAMF's user Janet Smith (jsmith2, jane.smith@example.org) has the e-mail address of"
        " Jane Smith (jsmith, jane.smith@example.org)" in by_address
    )
    assert by_address.endswith("it is the same person, with a new user name.")
    before = rows_of(trial, "people")
    trial.sync()
    assert rows_of(trial, "people") == before


@pytest.mark.parametrize(
    ("external_id", "resolution", "contacts", "users"),
    [
        (
            "jsmith",
            "take_jamf",
            [
                ("jsmith", "jane.jones@example.org", "+49 1"),
                ("jsmith2", "jane.smith@example.org", "+49 2"),
            ],
            ("jsmith", "jsmith2"),
        ),
        (
            "jsmith2",
            "keep_moss",
            [
                ("jsmith", "jane.smith@example.org", "+49 1"),
                ("jsmith2", "jane.smith@example.org", "+49 2"),
            ],
            ("jsmith", "jsmith2"),
        ),
    ],
)
def test_somebody_decides_whose_the_address_is(
    trial: Bench,
    external_id: str,
    resolution: str,
    contacts: list[tuple[str, str, str]],
    users: tuple[str, str],
) -> None:
    _jane_changes_her_address_and_janet_gets_it(trial)
    (conflict,) = trial.query(
        "select conflict_id from jamf_sync.conflicts where kind = 'identity_contradicted'"
        " and external_id = %s",
        external_id,
    )
    resolve_conflicts(
        trial.connection,
        trial.integration,
        [conflict["conflict_id"]],
        Resolution(resolution),
        resolved_by="pat@example.org",
    )
    trial.sync()
    trial.sync()
    assert _contacts(trial) == contacts
    assert (_user_of(trial, "SERIAL1"), _user_of(trial, "SERIAL2")) == users
    before = [rows_of(trial, table) for table in ("people", "devices")]
    trial.sync()
    assert [rows_of(trial, table) for table in ("people", "devices")] == before


def test_domains_switched_on_after_a_year_take_no_mac_from_its_user(trial: Bench) -> None:
    """Several records are of one name by then: by the name alone none of them is told from the others."""
    names = {"1": "CORP\\asmith", "2": "asmith@corp.local", "3": "asmith"}
    for jamf_id, name in names.items():
        trial.user(jamf_id, username=name, full_name=f"A. Smith {jamf_id}")
        trial.computer(jamf_id, username=name, full_name=f"A. Smith {jamf_id}")
    trial.sync()
    before = [rows_of(trial, table) for table in ("people", "devices")]
    for domains in ("all", "none"):
        trial.policies(username_domains=domains)
        trial.sync()
        assert [rows_of(trial, table) for table in ("people", "devices")] == before
    assert [_user_of(trial, f"SERIAL{jamf_id}") for jamf_id in names] == list(names.values())
