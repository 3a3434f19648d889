"""What a person deleted in M.O.S.S. stays deleted, whatever record ids JAMF gives its machine or person afterwards.

The cases happen side by side in one M.O.S.S., each to records of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.db.support import Bench


@dataclass(frozen=True)
class Records:
    """The JAMF records of one case: two that are there from the beginning, and a third one's id.

    `one` is the machine (or person) whose M.O.S.S. object people delete, `two` stays, `other` appears.
    """

    bench: Bench
    number: int

    def id_of(self, which: str) -> str:
        return f"{self.number}{('one', 'two', 'third').index(which)}"

    def serial(self, machine: str) -> str:
        return f"C02DELETED{self.number}{machine}"

    def mac(self, record: str, machine: str, **columns: Any) -> None:
        name = f"{machine}{self.number}"
        hardware = {"udid": f"UDID-{name}", "management_id": f"management-{name}", "hostname": name}
        self.bench.computer(self.id_of(record), self.serial(machine), **hardware | columns)

    def user(self, record: str, name: str, **columns: Any) -> None:
        name = f"{name}{self.number}"
        address = {"email": f"{name}@example.org"}
        self.bench.user(self.id_of(record), username=name, full_name=name, **address | columns)

    def gone(self, collection: str, record: str) -> None:
        self.bench.gone(collection, self.id_of(record))


Day = Callable[[Records], None]
Days = Sequence[Day]


def _gone_and(collection: str, then: Day) -> Day:
    """The first record is gone, and this happens."""

    def happen(records: Records) -> None:
        records.gone(collection, "one")
        then(records)

    return happen


def _both(*days: Day) -> Day:
    def happen(records: Records) -> None:
        for day in days:
            day(records)

    return happen


# What happens after the device was deleted, day by day, and the record that is its machine's in the end.
_MACS: dict[str, tuple[str, Days]] = {
    "ids exchanged": (
        "two",
        [_both(lambda it: it.mac("one", "two"), lambda it: it.mac("two", "one"))],
    ),
    "id handed to another": (
        "third",
        [_both(lambda it: it.mac("one", "other"), lambda it: it.mac("third", "one"))],
    ),
    "id another's for a while": (
        "third",
        [lambda it: it.mac("one", "other"), lambda it: it.mac("third", "one")],
    ),
    "enrolled again": (
        "third",
        [_gone_and("computers", lambda it: it.mac("third", "one", management_id="another"))],
    ),
    "enrolled again beside its former record": (
        "third",
        [
            _both(
                lambda it: it.mac("one", "one", is_managed=False),
                lambda it: it.mac("third", "one", management_id="another"),
            )
        ],
    ),
    "known by its serial number alone": (
        "third",
        [_gone_and("computers", lambda it: it.mac("third", "one", udid=None, management_id=None))],
    ),
}
_NOTICED = [*_MACS, *_MACS]
"""Of the first half the sync sees the deletion before anything else happens, of the others it does not."""


def _lives(bench: Bench) -> dict[str, tuple[Records, str]]:
    """Lets all of it happen to Macs, and a sync each day; case to its records, and the deleted machine's in the end."""
    cases = [(Records(bench, number), *_MACS[name]) for number, name in enumerate(_NOTICED, 10)]
    for records, _, _ in cases:
        records.mac("one", "one")
        records.mac("two", "two")
    bench.sync()
    for place, (records, _, _) in enumerate(cases):
        if place == len(_MACS):
            bench.sync()
        bench.execute("delete from devices where serial_number = %s", records.serial("one"))
    for day in range(2):
        for records, _, days in cases:
            if day < len(days):
                days[day](records)
        plan = bench.sync()
        assert [count for count in plan.counts if not count.adds_up] == []
    return {
        f"{name}, {'noticed' if place < len(_MACS) else 'at once'}": (records, last)
        for place, (name, (records, last, _)) in enumerate(zip(_NOTICED, cases, strict=True))
    }


def _serials(bench: Bench) -> set[str]:
    return {row["serial_number"] for row in bench.query("select serial_number from devices")}


def _open_conflicts(bench: Bench) -> set[tuple[str, str]]:
    rows = bench.query("select kind, external_id from jamf_sync.conflicts where status = 'open'")
    return {(row["kind"], row["external_id"]) for row in rows}


def test_case_i06_a_deleted_device_is_not_created_under_another_id(trial: Bench) -> None:
    lives = _lives(trial)
    trial.sync()
    assert {
        case
        for case, (records, _) in lives.items()
        if records.serial("one") in _serials(trial)
        or not {records.serial("two")} <= _serials(trial)
    } == set()
    found = {
        case: trial.match_of("device_matches", records.id_of(last))
        for case, (records, last) in lives.items()
    }
    assert {(match["outcome"], match["matched_by"]) for match in found.values()} == {
        ("deleted_internal", "mapping")
    }
    assert _open_conflicts(trial) <= {
        ("twin_record", records.id_of("one")) for records, _ in lives.values()
    }

    # People enter them again, and each is found.
    entered = {
        case: trial.device(serial_number=records.serial("one"), notes="entered again")
        for case, (records, _) in lives.items()
    }
    trial.sync()
    trial.sync()

    for case, (records, last) in lives.items():
        match = trial.match_of("device_matches", records.id_of(last))
        assert (case, match["outcome"], match["device_id"]) == (case, "mapped", entered[case])
        assert ("linked_again", records.id_of(last)) in _open_conflicts(trial)


def test_what_was_deleted_is_created_again_where_that_is_the_policy(trial: Bench) -> None:
    trial.policies(recreate_deleted=True)
    lives = _lives(trial)
    assert {records.serial("one") for records, _ in lives.values()} <= _serials(trial)


def test_what_contradicts_a_deleted_device_is_another_mac(trial: Bench) -> None:
    """The neighbours: a cloned image has the UDID, another machine the serial number, of the deleted one."""
    clone, machine = Records(trial, 1), Records(trial, 2)
    for records in (clone, machine):
        records.mac("one", "one")
    trial.sync()
    trial.execute("delete from devices")
    trial.sync()

    for records in (clone, machine):
        records.gone("computers", "one")
    clone.mac("third", "another", udid="UDID-one1")
    machine.mac("third", "one", udid="UDID-another", management_id="another")
    trial.sync()

    assert _serials(trial) == {clone.serial("another"), machine.serial("one")}


# -- people ------------------------------------------------------------------------------------

_PEOPLE: dict[str, Days] = {
    "ids exchanged": [_both(lambda it: it.user("one", "two"), lambda it: it.user("two", "one"))],
    "id handed to another": [
        _both(lambda it: it.user("one", "other"), lambda it: it.user("third", "one"))
    ],
    "id another's for a while": [
        lambda it: it.user("one", "other"),
        lambda it: it.user("third", "one"),
    ],
    "recorded anew": [_gone_and("users", lambda it: it.user("third", "one"))],
    "known by the user name alone": [
        _gone_and("users", lambda it: it.user("third", "one", email=None))
    ],
    "known by a Mac": [
        _gone_and(
            "users",
            lambda it: it.mac(
                "third",
                "one",
                username=f"ONE{it.number}",
                email=f"one{it.number}@example.org",
            ),
        )
    ],
    "a user name that is handed on": [
        _gone_and("users", lambda it: it.user("third", "one", email=f"new{it.number}@example.org"))
    ],
}
_SOMEBODY_ELSE = {"a user name that is handed on"}


def test_case_i06_a_deleted_person_is_not_created_under_another_id(trial: Bench) -> None:
    cases = {name: Records(trial, number) for number, name in enumerate(_PEOPLE, 10)}
    for records in cases.values():
        records.user("one", "one")
        records.user("two", "two")
    trial.sync()
    trial.execute("delete from people where username like 'one%%'")
    trial.sync()
    for day in range(2):
        for name, records in cases.items():
            if day < len(_PEOPLE[name]):
                _PEOPLE[name][day](records)
        trial.sync()
    trial.sync()

    people = {row["full_name"] for row in trial.query("select full_name from people")}
    created = {name for name, records in cases.items() if f"one{records.number}" in people}
    assert created == _SOMEBODY_ELSE
    assert {f"two{records.number}" for records in cases.values()} <= people
    for name in ("id handed to another", "id another's for a while"):
        assert f"other{cases[name].number}" in people
    lost = {external_id for kind, external_id in _open_conflicts(trial) if kind == "link_lost"}
    assert len(lost) == len(cases) - len(_SOMEBODY_ELSE)
    assert {kind for kind, _ in _open_conflicts(trial)} == {"link_lost"}
