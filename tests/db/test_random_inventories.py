"""Whatever JAMF says of computers and mobile devices, none is ever taken for one of the other kind: random worlds."""

from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.support import Bench, rows_of
from tests.support.properties import examples

_FEW = settings(
    max_examples=examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_IDS = ("1", "2", "3")
# What a record says to be: every piece of evidence may be that of a machine of either inventory.
_RECORDS = st.dictionaries(
    st.sampled_from(_IDS), st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
)


class Epoch(NamedTuple):
    """JAMF for a while.

    Attributes:
        computers: JAMF id to the machines whose serial number, UDID and management id it has.
        mobile_devices: the same of the other inventory, under the same numbers.
        complete: which of the two captures saw all of it.
        is_on: whether mobile devices are switched on.
        deleted: the machine whose device a person deletes before.
    """

    computers: dict[str, tuple[int, int, int]]
    mobile_devices: dict[str, tuple[int, int, int]]
    complete: frozenset[str]
    is_on: bool
    deleted: int | None


_EPOCHS = st.builds(
    Epoch,
    computers=_RECORDS,
    mobile_devices=_RECORDS,
    complete=st.frozensets(st.sampled_from(["computers", "mobile_devices"]), min_size=1),
    is_on=st.sampled_from([True, True, True, False]),
    deleted=st.none() | st.integers(0, 3),
)


def _live(bench: Bench, epoch: Epoch) -> None:
    if epoch.deleted is not None:
        bench.execute("delete from devices where serial_number = %s", f"SERIAL{epoch.deleted}")
    bench.policies(sync_mobile_devices=epoch.is_on)
    for collection, records in (
        ("computers", epoch.computers),
        ("mobile_devices", epoch.mobile_devices),
    ):
        if collection == "mobile_devices" and not epoch.is_on:
            continue
        is_complete = collection in epoch.complete
        if is_complete:
            prefix = "mobile:" if collection == "mobile_devices" else ""
            for jamf_id in _IDS:
                bench.gone(collection, f"{prefix}{jamf_id}")
        bench.captures[collection] = bench.new_capture(
            collection, "complete" if is_complete else "incomplete"
        )
        for jamf_id, (serial, udid, management) in records.items():
            known_by: dict[str, Any] = {
                "udid": f"UDID-{udid}",
                "management_id": f"management-{management}",
                "model": f"Model {serial}",
            }
            add = bench.computer if collection == "computers" else bench.mobile_device
            add(jamf_id, f"SERIAL{serial}", **known_by)
    bench.sync()


def _links(bench: Bench) -> dict[str, tuple[str, str, str]]:
    """Every link: M.O.S.S.'s id of the device to the type, the id and the status of its record."""
    return {
        str(row["internal_id"]): (row["external_type"], row["external_id"], row["sync_status"])
        for row in bench.query(
            "select internal_id, external_type, external_id, sync_status"
            " from integration_object_mappings where internal_type = 'device'"
        )
    }


@_FEW
@given(epochs=st.lists(_EPOCHS, min_size=2, max_size=4))
def test_no_link_ever_moves_to_the_other_inventory(trial: Bench, epochs: list[Epoch]) -> None:
    with trial.connection.transaction(force_rollback=True):
        trial.captures = {name: trial.new_capture(name) for name in trial.captures}
        before: dict[str, tuple[str, str, str]] = {}
        for epoch in epochs:
            _live(trial, epoch)
            now = _links(trial)
            for device_id, (kind, record, status) in now.items():
                assert record.startswith("mobile:") == (kind == "mobile_device")
                if device_id not in before:
                    continue
                former_kind, former_record, former_status = before[device_id]
                assert kind == former_kind
                collection = "computers" if kind == "computer" else "mobile_devices"
                is_read = collection == "computers" or epoch.is_on
                if not is_read:
                    # Nothing is said of what was not read, but that M.O.S.S. has it no more.
                    assert record == former_record
                    assert status in (former_status, "deleted_internal")
                elif status == "deleted_external" != former_status and record == former_record:
                    # Gone is what a complete capture of its own inventory lacks, or says to be another machine.
                    assert collection in epoch.complete
            before = now

        trial.sync()
        settled = [rows_of(trial, table) for table in ("devices", "integration_object_mappings")]
        trial.sync()
        assert [
            rows_of(trial, table) for table in ("devices", "integration_object_mappings")
        ] == settled
