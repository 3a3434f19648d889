"""The cases of who is who in every order in which JAMF's captures can show them: the end is the same."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest

from tests.db.support import EARLY, LATE, Bench, counts_of, rows_of
from tests.support.properties import is_nightly

Step = Callable[[Bench], object]
"""Something that JAMF shows by now, or that a person does in M.O.S.S."""
Course = Sequence[Sequence[Step]]
"""What happens before each sync."""

_WRITTEN = ("devices", "people", "groups", "locations", "integration_object_mappings")


def _mac(jamf_id: str, machine: str, **columns: Any) -> Step:
    """A record is this machine: its serial number, UDID and name; each enrolment has a management id of its own."""
    known_by = {
        "udid": f"udid-{machine}",
        "management_id": f"management-{machine}-{jamf_id}",
        "hostname": f"MAC-{machine}",
        "asset_tag": f"T-{machine}",
    }
    return lambda bench: bench.computer(jamf_id, f"SERIAL{machine}", **{**known_by, **columns})


def _user(jamf_id: str, **columns: Any) -> Step:
    return lambda bench: bench.user(jamf_id, **columns)


def _gone(jamf_id: str, collection: str = "computers") -> Step:
    return lambda bench: bench.gone(collection, jamf_id)


def _sync(bench: Bench) -> None:
    bench.captures = {name: bench.new_capture(name) for name in bench.captures}
    plan = bench.sync()
    assert all(count.adds_up for count in counts_of(plan).values())


def _devices(bench: Bench) -> list[tuple[Any, ...]]:
    rows = bench.query(
        """select device.id, device.serial_number, device.hostname, device.asset_tag, device.notes,
                  mapping.external_id, mapping.sync_status
           from devices as device
           left join integration_object_mappings as mapping
             on mapping.internal_type = 'device' and mapping.internal_id = device.id
           order by device.serial_number"""
    )
    return [tuple(row.values()) for row in rows]


def _people(bench: Bench) -> list[tuple[Any, ...]]:
    """Everybody, with the JAMF user whom a link makes of them, and the Macs they have."""
    rows = bench.query(
        """select person.username, person.full_name, person.email_address, mapping.external_type,
                  mapping.external_id, mapping.sync_status,
                  array(select serial_number from devices as device
                        where device.assigned_to_person_id = person.id order by 1) as macs
           from people as person
           left join integration_object_mappings as mapping
             on mapping.internal_type = 'person' and mapping.internal_id = person.id
           order by 1, 2, 3"""
    )
    return [tuple(row.values()) for row in rows]


def _conflicts(bench: Bench) -> list[tuple[str, str]]:
    rows = bench.query(
        "select kind, external_id from jamf_sync.conflicts where status = 'open' order by 1, 2"
    )
    return [(row["kind"], row["external_id"]) for row in rows]


def _end_of(bench: Bench, before: Step, course: Course, state: Callable[[Bench], Any]) -> Any:
    """What a course ends in; one more sync writes nothing."""
    with bench.connection.transaction(force_rollback=True):
        before(bench)
        for happenings in course:
            for happen in happenings:
                happen(bench)
            _sync(bench)
        end = state(bench)
        written = [rows_of(bench, table) for table in _WRITTEN]
        _sync(bench)
        assert [rows_of(bench, table) for table in _WRITTEN] == written
        return end


def _the_one_end(
    bench: Bench, before: Step, courses: Mapping[str, Course], state: Callable[[Bench], Any]
) -> Any:
    """What all courses end in; a commit tries every other one, each night all, on both dialects."""
    if not is_nightly():
        courses = dict(list(courses.items())[::2])
    ends = {name: _end_of(bench, before, course, state) for name, course in courses.items()}
    first = next(iter(ends.values()))
    assert {name: end for name, end in ends.items() if end != first} == {}, first
    return first


def _devices_and_conflicts(bench: Bench) -> Any:
    return _devices(bench), _conflicts(bench)


def test_case_i01_exchanged_ids_in_every_order(trial: Bench) -> None:
    _mac("1", "A")(trial)
    _mac("2", "B")(trial)
    _sync(trial)
    trial.execute("update devices set notes = 'of ' || serial_number")
    one, two = _mac("1", "B", management_id="new-B"), _mac("2", "A", management_id="new-A")
    courses: dict[str, Course] = {
        "at once": [[one, two]],
        "1 first": [[one], [two]],
        "2 first": [[two], [one]],
        "deleted first": [[_gone("1"), _gone("2")], [one, two]],
        "deleted first, then 1": [[_gone("1"), _gone("2")], [one], [two]],
        "deleted first, then 2": [[_gone("1"), _gone("2")], [two], [one]],
        "one after the other": [[_gone("1")], [two], [one]],
        "the other way round": [[_gone("2")], [one], [two]],
        "over a third id": [[_gone("1"), _mac("9", "A")], [one], [two, _gone("9")]],
        "two at a time": [[_mac("9", "A")], [one, _gone("2")], [two], [_gone("9")]],
    }
    devices, conflicts = _the_one_end(trial, lambda _: None, courses, _devices_and_conflicts)
    assert [row[1:] for row in devices] == [
        ("SERIALA", "MAC-A", "T-A", "of SERIALA", "2", "synced"),
        ("SERIALB", "MAC-B", "T-B", "of SERIALB", "1", "synced"),
    ]
    assert conflicts == []


def test_case_i02_an_id_of_another_mac_in_every_order(trial: Bench) -> None:
    """Id 5 becomes Mac B's, and A enrols anew as 9."""
    _mac("5", "A")(trial)
    _sync(trial)
    trial.execute("update devices set notes = 'of ' || serial_number")
    other, again = _mac("5", "B"), _mac("9", "A")
    courses: dict[str, Course] = {
        "at once": [[other, again]],
        "the other first": [[other], [again]],
        "again first": [[again], [other]],
        "gone first": [[_gone("5")], [other, again]],
        "gone, the other, again": [[_gone("5")], [other], [again]],
        "gone, again, the other": [[_gone("5")], [again], [other]],
        "the other under another id first": [[_mac("7", "B")], [other, again, _gone("7")]],
        "the other moves last": [[_mac("7", "B"), again], [other], [_gone("7")]],
    }

    def state(bench: Bench) -> Any:
        return [row[1:] for row in _devices(bench)], _conflicts(bench)

    devices, conflicts = _the_one_end(trial, lambda _: None, courses, state)
    assert devices == [
        ("SERIALA", "MAC-A", "T-A", "of SERIALA", "9", "synced"),
        ("SERIALB", "MAC-B", "T-B", "Synced from JAMF Pro", "5", "synced"),
    ]
    assert conflicts == []


@pytest.mark.parametrize("is_recorded", [True, False], ids=["user record", "computers only"])
def test_case_i06_a_person_who_was_deleted_and_entered_again_in_every_order(
    trial: Bench, is_recorded: bool
) -> None:
    ada = {"username": "ada", "full_name": "Ada", "email": "ada@example.org"}
    if is_recorded:
        _user("1", **ada)(trial)
    _mac("1", "A", **ada)(trial)
    _sync(trial)

    def delete(bench: Bench) -> None:
        bench.execute("delete from people where full_name = 'Ada'")

    def enter(bench: Bench) -> None:
        bench.person(full_name="Ada Again", email_address="ADA@example.org")

    second = _mac("2", "B", **ada)
    courses: dict[str, Course] = {
        "at once": [[delete, enter, second]],
        "the Mac first": [[second], [delete, enter]],
        "the Mac last": [[delete, enter], [second]],
        "deleted for a while": [[delete], [enter], [second]],
        "the Mac while nobody is there": [[delete], [second], [enter]],
        "the Mac and nobody, then somebody": [[delete, second], [enter]],
    }
    people = _the_one_end(trial, lambda _: None, courses, _people)
    link = ("user", "1") if is_recorded else ("computer_user", "ada")
    assert people == [
        ("ada", "Ada Again", "ada@example.org", *link, "conflict", ["SERIALA", "SERIALB"])
    ]


def test_case_i06_a_device_that_was_deleted_and_entered_again_in_every_order(trial: Bench) -> None:
    """Its old record stays in JAMF, unmanaged, beside the new one."""

    def delete(bench: Bench) -> None:
        bench.execute("delete from devices where serial_number = 'SERIALA'")

    def enter(bench: Bench) -> None:
        bench.device(serial_number="SERIALA", asset_tag="BY-HAND", notes="by hand")

    old = _mac("1", "A", is_managed=False, contact=EARLY, asset_tag=None)
    new = _mac("2", "A", contact=LATE, asset_tag=None)
    courses: dict[str, Course] = {
        "at once": [[old, new], [delete, enter]],
        "old first": [[old], [new], [delete, enter]],
        "new first": [[new], [old], [delete, enter]],
        "entered between": [[old], [delete, enter], [new]],
        "deleted, then new": [[old], [delete], [new], [enter]],
        "deleted, new, old": [[new], [delete], [old], [enter]],
        "entered with the new one": [[old], [delete], [enter, new]],
        "the old one last": [[new], [delete, enter], [old]],
    }

    def state(bench: Bench) -> Any:
        return [row[1:] for row in _devices(bench)]

    assert _the_one_end(trial, lambda _: None, courses, state) == [
        ("SERIALA", "MAC-A", "BY-HAND", "by hand", "2", "conflict")
    ]


@pytest.mark.parametrize("policy", ["none", "all"])
def test_case_i11_spellings_of_one_user_in_every_order(trial: Bench, policy: str) -> None:
    trial.policies(username_domains=policy)
    trial.person(full_name="Al Smith", username="asmith")
    shown = {
        "record": _user("1", username="CORP\\asmith", full_name="A. Smith"),
        "local": _mac("2", "B", username="asmith@corp.local", full_name="A. Smith"),
        "bare": _mac("3", "C", username="ASmith", full_name="A. Smith"),
    }
    courses: dict[str, Course] = {
        ", ".join(order): [[shown[name]] for name in order] for order in permutations(shown)
    }
    courses["at once"] = [list(shown.values())]
    courses["both Macs, then the record"] = [[shown["local"], shown["bare"]], [shown["record"]]]
    people = _the_one_end(trial, lambda _: None, courses, _people)
    if policy == "all":
        assert people == [
            ("asmith", "Al Smith", None, "user", "1", "synced", ["SERIALB", "SERIALC"])
        ]
    else:
        assert [(row[0], row[-1]) for row in people] == [
            ("CORP\\asmith", []),
            ("asmith", ["SERIALC"]),
            ("asmith@corp.local", ["SERIALB"]),
        ]


@pytest.mark.parametrize("is_recorded", [True, False], ids=["user record", "computers only"])
def test_case_i12_what_recon_writes_in_every_order(trial: Bench, is_recorded: bool) -> None:
    """Two Macs of one user: recon writes the whole name on one of them, and the bare one on the other."""
    dana = {"username": "dlee@example.com", "full_name": "Dana Lee", "email": "dlee@example.com"}
    record = _user("1", **dana)
    whole, other = _mac("1", "A", **dana), _mac("2", "B", **dana)
    bare = _mac("1", "A", username="dlee")
    courses: dict[str, Course] = {
        "both, then bare": [[record, whole, other], [bare]],
        "record first": [[record], [whole, other], [bare]],
        "record last": [[whole], [bare], [other], [record]],
        "record between": [[whole], [record], [bare, other]],
        "to and fro": [[whole, other], [bare], [whole], [record, bare]],
    }
    if not is_recorded:
        courses = {
            name: [[step for step in steps if step is not record] for steps in course]
            for name, course in courses.items()
        }
    people = _the_one_end(trial, lambda _: None, courses, _people)
    link = ("user", "1") if is_recorded else ("computer_user", "dlee@example.com")
    assert people == [
        (
            "dlee@example.com",
            "Dana Lee",
            "dlee@example.com",
            *link,
            "synced",
            ["SERIALA", "SERIALB"],
        )
    ]


@pytest.mark.parametrize("is_recorded", [True, False], ids=["user record", "computers only"])
def test_a_bare_name_that_becomes_a_whole_one_is_the_same_person(
    trial: Bench, is_recorded: bool
) -> None:
    """The neighbour: the Mac was a local account's, and a directory tells more of its user by now."""
    _mac("1", "A", username="dlee")(trial)
    _mac("2", "B", username="mroe", full_name="Max Roe")(trial)
    _sync(trial)
    people = {row["username"]: row["id"] for row in trial.query("select * from people")}
    dana = {"username": "dlee@example.com", "full_name": "Dana Lee", "email": "dlee@example.com"}
    _mac("1", "A", **dana)(trial)
    # Another name with the same beginning: somebody else.
    _mac("2", "B", username="mroe@example.com", full_name="Mia Roe", email="mroe@example.com")(
        trial
    )
    if is_recorded:
        _user("7", **dana)(trial)
    _sync(trial)

    rows = trial.query(
        """select serial_number, assigned_to_person_id, email_address from devices
           join people on people.id = assigned_to_person_id order by 1"""
    )
    assert [tuple(row.values()) for row in rows[:1]] == [
        ("SERIALA", people["dlee"], "dlee@example.com")
    ]
    assert rows[1]["assigned_to_person_id"] not in people.values()
    assert trial.value("select count(*) from people") == 3
    _mac("1", "A", username="dlee")(trial)
    _sync(trial)
    assert (
        trial.value("select assigned_to_person_id from devices where serial_number = 'SERIALA'")
        == people["dlee"]
    )
    assert trial.value("select count(*) from people") == 3


def test_a_name_that_recon_wrote_once_stays_the_persons_when_the_mac_is_anothers(
    trial: Bench,
) -> None:
    """JAMF makes a user record of every name that a Mac says, and keeps it."""
    dana = {"username": "dlee@example.com", "full_name": "Dana Lee", "email": "dlee@example.com"}
    zoe = {"username": "zoe", "full_name": "Zoe", "email": "zoe@example.com"}
    _user("1", **dana)(trial)
    _mac("1", "A", **dana)(trial)
    _sync(trial)
    _mac("1", "A", username="dlee")(trial)
    _user("99", username="dlee")(trial)
    _sync(trial)
    for user in (zoe, dana):
        _mac("1", "A", **user)(trial)
        _sync(trial)
        assert [row[0] for row in _people(trial)] == ["dlee@example.com", "zoe"]
        assert _conflicts(trial) == []
