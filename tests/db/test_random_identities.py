"""Whatever JAMF does with its record ids, what people wrote on a device stays with its machine: random worlds."""

from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.support import Bench, rows_of
from tests.support.properties import examples

_FEW = settings(
    max_examples=examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_WRITTEN = ("devices", "integration_object_mappings")
_IDS = ("1", "2", "3", "4", "5", "6")
_MACHINES = range(5)
_MACHINE = st.sampled_from(_MACHINES)


class Record(NamedTuple):
    """What JAMF says of a record: the machine whose serial number and model it has, and whose UDID it kept."""

    machine: int
    hardware_of: int


class Epoch(NamedTuple):
    """JAMF for a while, and what people did before it.

    Attributes:
        records: JAMF id to what it is.
        enrolment: which enrolment the management ids are of; another one is another id.
        is_complete: whether the capture saw all of JAMF; else only these records were read, and no other is gone.
        unreadable: machines of whose records JAMF does not say the serial number.
        elsewhere: machines out of the scope of the sync.
        personal: machines that are personally owned, of whose records nothing is known.
        deleted: machines whose device a person deletes in M.O.S.S. before the sync.
        entered: machines that a person enters by hand, if M.O.S.S. has not got them.
    """

    records: dict[str, Record]
    enrolment: int
    is_complete: bool
    unreadable: list[int]
    elsewhere: list[int]
    personal: list[int]
    deleted: list[int]
    entered: list[int]


def _itself(machine: int) -> Record:
    return Record(machine, machine)


_RECORDS = st.dictionaries(
    st.sampled_from(_IDS), st.builds(Record, _MACHINE, _MACHINE) | st.builds(_itself, _MACHINE)
)
# Each machine has one record.
_PLAIN_RECORDS = st.lists(_MACHINE, unique=True).flatmap(
    lambda machines: st.permutations(_IDS).map(
        lambda ids: dict(zip(ids, map(_itself, machines), strict=False))
    )
)
_MACHINES_OF_PEOPLE = st.lists(_MACHINE, unique=True, max_size=2)


def _epochs(records: st.SearchStrategy[dict[str, Record]]) -> st.SearchStrategy[Epoch]:
    return st.builds(
        Epoch,
        records=records,
        enrolment=st.integers(0, 2),
        is_complete=st.sampled_from([True, True, False]),
        unreadable=st.lists(_MACHINE, unique=True, max_size=1),
        elsewhere=st.lists(_MACHINE, unique=True, max_size=1),
        personal=st.lists(_MACHINE, unique=True, max_size=1),
        deleted=_MACHINES_OF_PEOPLE,
        entered=_MACHINES_OF_PEOPLE,
    )


def _serial(machine: int) -> str:
    return f"C02RANDOM{machine}"


def _live(bench: Bench, epoch: Epoch) -> None:
    """Lets an epoch happen, and syncs."""
    for machine in epoch.deleted:
        bench.execute("delete from devices where serial_number = %s", _serial(machine))
    for machine in epoch.entered:
        if not bench.query("select from devices where serial_number = %s", _serial(machine)):
            bench.device(serial_number=_serial(machine))
    _label(bench)
    status = "complete" if epoch.is_complete else "incomplete"
    if epoch.is_complete:
        for jamf_id in set(_IDS) - epoch.records.keys():
            bench.gone("computers", jamf_id)
    bench.captures["computers"] = bench.new_capture("computers", status)
    for jamf_id, record in epoch.records.items():
        known_by: dict[str, Any] = {
            "udid": f"UDID-{record.hardware_of}",
            "management_id": f"management-{record.hardware_of}-{epoch.enrolment}",
        }
        if record.machine in epoch.personal:
            bench.personal_computer(jamf_id)
        elif record.machine in epoch.elsewhere:
            bench.computer_out_of_scope(jamf_id, **known_by)
        else:
            bench.computer(
                jamf_id,
                _serial(record.machine),
                hostname=f"mac-{record.machine}",
                model=f"Model {record.machine}",
                is_usable=record.machine not in epoch.unreadable,
                **known_by,
            )
    bench.sync()
    _label(bench)


def _label(bench: Bench) -> None:
    """People write on each device that has nothing yet what is theirs."""
    bench.execute(
        "update devices set asset_tag = 'T-' || serial_number, notes = 'N-' || serial_number"
        " where asset_tag is null"
    )


def _begin(bench: Bench, policies: dict[str, Any]) -> None:
    bench.captures = {name: bench.new_capture(name) for name in bench.captures}
    bench.policies(**policies)


def _assert_labels_are_in_place(bench: Bench) -> None:
    wrong = bench.query(
        "select serial_number, asset_tag, notes from devices"
        " where asset_tag <> 'T-' || serial_number or notes <> 'N-' || serial_number"
    )
    assert wrong == []


_POLICIES = st.fixed_dictionaries(
    {
        "on_unlinked_serial": st.sampled_from(["adopt_and_flag", "adopt", "hold"]),
        "recreate_deleted": st.booleans(),
    }
)


@_FEW
@given(epochs=st.lists(_epochs(_RECORDS), min_size=2, max_size=5), policies=_POLICIES)
def test_what_people_wrote_stays_with_the_machine(
    trial: Bench, epochs: list[Epoch], policies: dict[str, Any]
) -> None:
    with trial.connection.transaction(force_rollback=True):
        _begin(trial, policies)
        for epoch in epochs:
            _live(trial, epoch)
            _assert_labels_are_in_place(trial)

        trial.sync()
        settled = [rows_of(trial, table) for table in _WRITTEN]
        trial.sync()
        assert [rows_of(trial, table) for table in _WRITTEN] == settled


@_FEW
@given(epochs=st.lists(_epochs(_PLAIN_RECORDS), min_size=2, max_size=5))
def test_no_machine_that_jamf_lists_is_called_unenrolled_or_created_again(
    trial: Bench, epochs: list[Epoch]
) -> None:
    with trial.connection.transaction(force_rollback=True):
        _begin(trial, {})
        unenrolled: set[str] = set()
        deleted: set[str] = set()
        for epoch in epochs:
            deleted |= _linked(trial) & set(map(_serial, epoch.deleted))
            deleted -= set(map(_serial, epoch.entered))
            _live(trial, epoch)
            assert deleted & _serials(trial) == set()
            earlier, unenrolled = unenrolled, _unenrolled(trial)
            if epoch.is_complete:
                listed = {
                    _serial(record.machine)
                    for record in epoch.records.values()
                    if record.machine not in epoch.personal
                }
                assert unenrolled & listed <= earlier


def _serials(bench: Bench) -> set[str]:
    return {row["serial_number"] for row in bench.query("select serial_number from devices")}


def _linked(bench: Bench) -> set[str]:
    rows = bench.query(
        """select device.serial_number from devices as device
           join integration_object_mappings as mapping
             on mapping.internal_type = 'device' and mapping.internal_id = device.id"""
    )
    return {row["serial_number"] for row in rows}


def _unenrolled(bench: Bench) -> set[str]:
    rows = bench.query(
        """select device.serial_number from devices as device
           join integration_object_mappings as mapping
             on mapping.internal_type = 'device' and mapping.internal_id = device.id
           where mapping.sync_status = 'deleted_external'"""
    )
    return {row["serial_number"] for row in rows}


@_FEW
@given(
    first=_epochs(_PLAIN_RECORDS),
    between=st.lists(_epochs(_PLAIN_RECORDS), max_size=3),
    last=_epochs(_PLAIN_RECORDS),
)
def test_no_order_of_captures_changes_the_end_state(
    trial: Bench, first: Epoch, between: list[Epoch], last: Epoch
) -> None:
    course = [
        epoch._replace(unreadable=[], elsewhere=[], personal=[], deleted=[], entered=[])
        for epoch in (first, *between, last)
    ]
    course[-1] = course[-1]._replace(is_complete=True)
    ends = []
    for epochs in (course, [course[0], course[-1]], [course[-1]]):
        with trial.connection.transaction(force_rollback=True):
            _begin(trial, {})
            for epoch in epochs:
                _live(trial, epoch)
            ends.append(_end_state(trial, last))
    assert ends[0] == ends[1] == ends[2]


def _end_state(bench: Bench, last: Epoch) -> list[dict[str, Any]]:
    """Of each machine that JAMF has in the end: its record, and what M.O.S.S. has on it."""
    return bench.query(
        """select device.serial_number, device.hostname, device.asset_tag, device.notes,
                  mapping.external_id, mapping.sync_status
           from devices as device
           left join integration_object_mappings as mapping
             on mapping.internal_type = 'device' and mapping.internal_id = device.id
           where device.serial_number = any (%s)
           order by device.serial_number""",
        [_serial(record.machine) for record in last.records.values()],
    )
