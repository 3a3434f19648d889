"""Ids are exchanged while a record says nothing (any more) of its machine: nothing is said of that machine.

The cases happen side by side in one M.O.S.S., each to records of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.db.support import Bench


@dataclass(frozen=True)
class Case:
    """The records of one case. Of its machines a, b and c, records 1, 2 and 3 are, in the beginning, a, b and c."""

    bench: Bench
    number: int

    def id_of(self, record: int) -> str:
        return f"{self.number}{record}"

    def hardware(self, machine: str) -> dict[str, str]:
        return {
            "udid": f"UDID-{self.number}{machine}",
            "management_id": f"management-{self.number}{machine}",
        }

    def mac(self, record: int, machine: str, **columns: Any) -> None:
        self.bench.computer(
            self.id_of(record),
            f"C02UNTOLD{self.number}{machine}",
            hostname=f"mac-{self.number}{machine}",
            **self.hardware(machine) | columns,
        )

    def personal(self, record: int) -> None:
        self.bench.personal_computer(self.id_of(record))

    def elsewhere(self, record: int, machine: str) -> None:
        self.bench.computer_out_of_scope(self.id_of(record), **self.hardware(machine))

    def gone(self, record: int) -> None:
        self.bench.gone("computers", self.id_of(record))

    def statuses(self) -> dict[str, str]:
        """Machine to the status of its device's link."""
        rows = self.bench.query(
            """select right(device.serial_number, 1) as machine, mapping.sync_status
               from devices as device
               join integration_object_mappings as mapping
                 on mapping.internal_type = 'device' and mapping.internal_id = device.id
               where device.serial_number like %s""",
            f"C02UNTOLD{self.number}%",
        )
        return {row["machine"]: row["sync_status"] for row in rows}

    def conflicts(self) -> set[str]:
        rows = self.bench.query(
            "select kind from jamf_sync.conflicts where status = 'open' and external_id like %s",
            f"{self.number}_",
        )
        return {row["kind"] for row in rows}


def _exchanged(case: Case) -> None:
    """1 is b by now, 2 says nothing: it may be a."""
    case.mac(1, "b")
    case.personal(2)


def _in_a_circle(case: Case) -> None:
    case.mac(1, "b")
    case.mac(2, "c")
    case.personal(3)


def _exchanged_out_of_scope(case: Case) -> None:
    case.mac(1, "b")
    case.elsewhere(2, "a")


def _in_a_circle_out_of_scope(case: Case) -> None:
    case.mac(1, "b")
    case.elsewhere(2, "c")
    case.elsewhere(3, "a")


def _all_out_of_scope(case: Case) -> None:
    case.elsewhere(1, "b")
    case.elsewhere(2, "a")


def _all_personal(case: Case) -> None:
    case.personal(1)
    case.personal(2)


_NOTHING_IS_SAID: list[Callable[[Case], None]] = [
    *(_exchanged, _in_a_circle, _exchanged_out_of_scope, _in_a_circle_out_of_scope),
    *(_all_out_of_scope, _all_personal),
]


def _cases(bench: Bench, number_of: int) -> list[Case]:
    cases = [Case(bench, number) for number in range(10, 10 + number_of)]
    for case in cases:
        for record, machine in enumerate("abc", 1):
            case.mac(record, machine)
    bench.sync()
    return cases


def test_case_i01_of_what_may_be_a_record_that_says_nothing_nothing_is_said(trial: Bench) -> None:
    cases = _cases(trial, len(_NOTHING_IS_SAID))
    for case, happen in zip(cases, _NOTHING_IS_SAID, strict=True):
        happen(case)
    for _ in range(2):
        trial.sync()
        for case, happen in zip(cases, _NOTHING_IS_SAID, strict=True):
            seen = (happen.__name__, set(case.statuses().values()), case.conflicts())
            assert seen == (happen.__name__, {"synced"}, set())

    # Each says who it is again, under the id that it got.
    for case in cases:
        case.mac(1, "b")
        case.mac(2, "c")
        case.mac(3, "a")
    trial.sync()
    trial.sync()
    for case, happen in zip(cases, _NOTHING_IS_SAID, strict=True):
        found = (happen.__name__, case.statuses(), case.conflicts())
        assert found == (happen.__name__, dict.fromkeys("abc", "synced"), set())
    serials = trial.query("select count(*) from devices")
    assert serials == [{"count": 3 * len(cases)}]


def _its_record_is_gone(case: Case) -> None:
    case.mac(1, "b")
    case.gone(2)


def _the_personal_one_is_where_it_was(case: Case) -> None:
    _its_record_is_gone(case)
    case.personal(3)


def _the_untold_one_goes(case: Case) -> None:
    _exchanged(case)
    case.bench.sync()
    case.gone(2)


def _the_untold_one_is_another(case: Case) -> None:
    _exchanged(case)
    case.bench.sync()
    case.mac(2, "d")


@pytest.mark.parametrize(
    "happen",
    [
        *(_its_record_is_gone, _the_personal_one_is_where_it_was),
        *(_the_untold_one_goes, _the_untold_one_is_another),
    ],
)
def test_what_no_record_can_be_is_said_to_be_gone(
    trial: Bench, happen: Callable[[Case], None]
) -> None:
    """The neighbours: no record is left that may be it."""
    (case,) = _cases(trial, 1)
    happen(case)
    trial.sync()
    assert case.statuses()["a"] == "deleted_external"
    assert {"b": case.statuses()["b"], "c": case.statuses()["c"]} == {"b": "synced", "c": "synced"}


def test_where_not_all_was_read_nothing_is_called_unenrolled_or_stale(trial: Bench) -> None:
    """Ids wander on in a circle; the record that is c by now could not be read, and is stored as b."""
    (case,) = _cases(trial, 1)
    trial.incomplete("computers")
    case.mac(1, "c")
    case.mac(2, "a")
    case.bench.sync()

    told = trial.query(
        "select kind, external_id, detail from jamf_sync.conflicts where status = 'open' order by kind"
    )
    assert [(row["kind"], row["external_id"]) for row in told] == [
        ("id_reused", case.id_of(2)),
        ("twin_record", case.id_of(1)),
    ]
    for row in told:
        assert "Not all of JAMF's computers were read" in row["detail"]
        assert "unenrolled" not in row["detail"]
        assert "Delete the stale record" not in row["detail"]
    assert case.statuses() == {"a": "synced", "b": "conflict", "c": "synced"}

    trial.captures["computers"] = trial.new_capture("computers")
    case.mac(3, "b")
    trial.sync()
    trial.sync()
    assert (case.statuses(), case.conflicts()) == (dict.fromkeys("abc", "synced"), set())
