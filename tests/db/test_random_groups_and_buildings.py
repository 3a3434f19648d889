"""However JAMF hands the ids of groups and buildings out, a name keeps its object, and a new name is no new object."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.support import Bench, counts_of, rows_of
from tests.support.properties import examples

_FEW = settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_WRITTEN = ("groups", "locations", "integration_object_mappings")
_IDS = tuple("1234567")
_NAMES = ("Art", "Biology", "Chemistry", "Drama", "English")

Records = dict[str, tuple[str, bool]]
"""JAMF id to the name of a group (and of a building) and whether it is smart."""

# Each name once, as JAMF has it; whatever became of ids and names in between.
_RECORDS = st.lists(st.sampled_from(_NAMES), unique=True).flatmap(
    lambda names: st.tuples(
        st.permutations(_IDS), st.lists(st.booleans(), min_size=len(names), max_size=len(names))
    ).map(
        lambda drawn: {
            jamf_id: (name, is_smart)
            for jamf_id, name, is_smart in zip(drawn[0], names, drawn[1], strict=False)
        }
    )
)


@pytest.fixture
def bench(trial: Bench) -> Bench:
    trial.policies(guard={"relink": None, "unenroll": None})
    return trial


def _show(bench: Bench, records: Records, *, is_complete: bool = True) -> None:
    """Makes these JAMF's groups and buildings, with one computer in each, and syncs."""
    for collection in ("groups", "buildings"):
        if is_complete:
            for jamf_id in _IDS:
                bench.gone(collection, jamf_id)
        bench.captures[collection] = bench.new_capture(
            collection, "complete" if is_complete else "incomplete"
        )
    for jamf_id, (name, is_smart) in records.items():
        bench.computer_group(jamf_id, name, is_smart=is_smart)
        bench.building(jamf_id, name)
    plan = bench.sync()
    assert all(count.adds_up for count in counts_of(plan).values()), counts_of(plan)


def _objects(bench: Bench) -> dict[str, dict[str, Any]]:
    """Of groups and of locations: the name that JAMF has for it to the object that it is linked to."""
    found: dict[str, dict[str, Any]] = {}
    for table, key in (("group_matches", "group_id"), ("location_matches", "location_id")):
        rows = bench.query(f"select name, outcome, {key} as object_id from jamf_sync.{table}")
        assert {row["outcome"] for row in rows} <= {"mapped"}
        found[table] = {row["name"].removeprefix("[JAMF] "): row["object_id"] for row in rows}
    return found


def _names_in_moss(bench: Bench) -> dict[Any, str]:
    return {row["id"]: row["name"] for row in bench.query("select id, name from groups")}


@_FEW
@given(course=st.lists(_RECORDS, min_size=2, max_size=5))
def test_a_name_keeps_its_object(bench: Bench, course: list[Records]) -> None:
    with bench.connection.transaction(force_rollback=True):
        before: dict[str, dict[str, Any]] = {"group_matches": {}, "location_matches": {}}
        for records in course:
            _show(bench, records)
            after = _objects(bench)
            for table, objects in after.items():
                assert set(objects) == {name for name, _ in records.values()}
                assert len(set(objects.values())) == len(objects)
                kept = before[table].keys() & objects.keys()
                assert {n: objects[n] for n in kept} == {n: before[table][n] for n in kept}
            names = _names_in_moss(bench)
            for name, group_id in after["group_matches"].items():
                assert names[group_id] == f"[JAMF] {name}"
            before = after

        written = [rows_of(bench, table) for table in _WRITTEN]
        bench.sync()
        assert [rows_of(bench, table) for table in _WRITTEN] == written


@_FEW
@given(
    names=st.lists(st.sampled_from(_NAMES), unique=True, min_size=2),
    orders=st.lists(st.permutations(_IDS), min_size=2, max_size=4),
    partial=st.sets(st.sampled_from(_IDS)),
)
def test_no_order_of_captures_changes_the_end_state(
    bench: Bench, names: list[str], orders: list[list[str]], partial: set[str]
) -> None:
    course = [dict(zip(order, ((n, False) for n in names), strict=False)) for order in orders]
    ends = []
    for shown in (course, [course[0], course[-1]]):
        with bench.connection.transaction(force_rollback=True):
            _show(bench, shown[0])
            objects = _objects(bench)
            for records in shown[1:]:
                # Some of it is read before the rest.
                some = {
                    jamf_id: record for jamf_id, record in records.items() if jamf_id in partial
                }
                _show(bench, some, is_complete=False)
                _show(bench, records)
            assert _objects(bench) == objects
            ends.append(
                bench.query(
                    "select name, external_id from groups order by name",
                )
            )
    assert ends[0] == ends[1]
    assert len(ends[0]) == len(names)


@_FEW
@given(
    renamed=st.dictionaries(st.sampled_from(_IDS[:5]), st.sampled_from("uvwxyz"), min_size=1),
    gone=st.sampled_from([None, "6"]),
)
def test_a_new_name_is_the_same_object(
    bench: Bench, renamed: dict[str, str], gone: str | None
) -> None:
    with bench.connection.transaction(force_rollback=True):
        records = {jamf_id: (f"Team {jamf_id}", False) for jamf_id in _IDS[:6]}
        _show(bench, records)
        before = _objects(bench)
        after = {
            jamf_id: (f"New {renamed[jamf_id]}{jamf_id}" if jamf_id in renamed else name, False)
            for jamf_id, (name, _) in records.items()
            if jamf_id != gone
        }
        _show(bench, after)
        for table, objects in _objects(bench).items():
            for jamf_id, (name, _) in after.items():
                assert objects[name] == before[table][f"Team {jamf_id}"]
