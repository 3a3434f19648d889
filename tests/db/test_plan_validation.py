"""A trial of a plan: M.O.S.S.'s own constraints and triggers have their say, and nothing is written."""

import pytest

from moss_jamf_pipeline.moss.apply.validation import Trial, validate_plan
from moss_jamf_pipeline.moss.plan.guard import guard_plan
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter, page_of_changes
from moss_jamf_pipeline.moss.plan.planning import read_plan
from tests.db.support import Bench, rows_of

pytestmark = pytest.mark.every_dialect

_OURS = (
    *("change_plan", "applied_values", "group_member_additions", "custom_field_values"),
    *("group_device_members", "conflicts"),
)


def stored(bench: Bench) -> dict[str, dict[str, str]]:
    """Every row version of M.O.S.S. and of what an apply writes of our own."""
    tables = [*bench.dialect.synced_tables, *(f"jamf_sync.{name}" for name in _OURS)]
    return {table: rows_of(bench, table) for table in tables}


def reject(bench: Bench, table: str, condition: str) -> None:
    """Gives M.O.S.S. a trigger that rejects some rows of a table, as a customer's own would."""
    bench.execute(
        f"""create function public.rejected() returns trigger language plpgsql as $$
            begin
              if {condition} then raise exception 'This M.O.S.S. does not take it.'; end if;
              return new;
            end $$""".replace("%", "%%")
    )
    bench.execute(
        f"create trigger rejects before insert or update on public.{table} for each row"
        " execute function public.rejected()"
    )


def furnish(bench: Bench) -> None:
    """A first import of everything there is."""
    bench.building("1", "Main")
    bench.computer_group("5", "Static")
    for number in ("1", "2", "3"):
        bench.user(number, username=f"user-{number}", email=f"{number}@example.org")
        bench.computer(
            number,
            hostname=f"mac-{number}",
            username=f"user-{number}",
            building_id="1",
            room="101",
            mac_address=f"AC:BB:CC:00:00:0{number}",
            mac_interface_type="wifi",
            static_group_ids=["5"],
        )


def tried(bench: Bench) -> Trial:
    """Plans and tries the plan."""
    return validate_plan(bench.connection, bench.integration, bench.plan())


def test_a_trial_of_a_first_import_writes_nothing(bench: Bench) -> None:
    furnish(bench)
    plan = bench.plan()
    before = stored(bench)

    trial = validate_plan(bench.connection, bench.integration, plan)

    assert stored(bench) == before
    assert read_plan(bench.connection, plan.plan_id) == plan
    assert (trial.problems, trial.by_problem, trial.examples) == (0, {}, ())
    assert trial.tried > 12


def test_a_trial_of_changes_writes_nothing(bench: Bench) -> None:
    furnish(bench)
    bench.sync()
    for number in ("1", "2"):
        bench.computer(number, hostname=f"new-{number}", os_version="15.0", static_group_ids=[])
    bench.gone("computers", "3")
    bench.user("1", username="user-1", email="1@example.org", job_title="Head")
    plan = bench.plan()
    before = stored(bench)

    trial = validate_plan(bench.connection, bench.integration, plan)

    assert stored(bench) == before
    assert trial.problems == 0
    assert trial.tried > 2


def test_what_moss_would_reject_is_kept_and_shown_with_its_row(bench: Bench) -> None:
    furnish(bench)
    reject(bench, "devices", "new.serial_number = 'SERIAL2'")

    trial = tried(bench)

    assert trial.by_problem == {"failed": 1, "refused": trial.problems - 1}
    plan_id = bench.value("select max(plan_id) from jamf_sync.plans")
    rows = sorted(
        page_of_changes(bench.connection, plan_id, ChangeFilter("device")),
        key=lambda row: str(row["label"]),
    )
    assert [(row["label"], row["problem"], row["outcome"]) for row in rows] == [
        ("mac-1", None, None),
        ("mac-2", "failed", None),
        ("mac-3", None, None),
    ]
    assert rows[1]["problem_detail"] == "This M.O.S.S. does not take it."
    # Its interface, and where groups hold devices its membership, cannot come without it.
    assert "Its device does not exist" in " ".join(row["detail"] for row in trial.examples)


def test_a_constraint_that_is_checked_at_the_commit_is_checked_in_a_trial(bench: Bench) -> None:
    furnish(bench)
    bench.execute(
        "alter table public.devices add constraint one_model unique (model) deferrable initially deferred"
    )
    for number in ("1", "2"):
        bench.computer(number, hostname=f"mac-{number}", model="MacBook")

    assert tried(bench).by_problem["failed"] == 1


def test_a_field_that_would_be_left_out_is_named(bench: Bench) -> None:
    furnish(bench)
    reject(bench, "people", "new.username = 'user-1'")

    trial = tried(bench)

    assert trial.by_problem["left_out"] == 1
    assert "assigned_to_person_id" in " ".join(row["detail"] for row in trial.examples)


def test_a_later_trial_forgets_what_an_earlier_one_found(bench: Bench) -> None:
    furnish(bench)
    reject(bench, "devices", "new.serial_number = 'SERIAL2'")
    plan = bench.plan()
    assert validate_plan(bench.connection, bench.integration, plan).problems > 0
    bench.execute("drop trigger rejects on public.devices")

    assert validate_plan(bench.connection, bench.integration, plan).problems == 0
    assert bench.query("select * from jamf_sync.plan_problems") == []


def test_what_the_guard_holds_is_tried_as_well_and_stays_held(bench: Bench) -> None:
    furnish(bench)
    bench.sync()
    bench.policies(guard={"rename": {"absolute": 0}})
    bench.computer("1", hostname="rejected")
    reject(bench, "devices", "new.hostname = 'rejected'")
    plan = bench.plan()
    held = guard_plan(bench.connection, bench.integration, plan.plan_id)
    before = rows_of(bench, "public.devices")

    trial = validate_plan(bench.connection, bench.integration, plan)

    assert trial.by_problem == {"failed": 1}
    assert guard_plan(bench.connection, bench.integration, plan.plan_id) == held
    assert len(held) == 1
    assert rows_of(bench, "public.devices") == before


def test_a_trial_does_not_keep_another_run_from_applying(bench: Bench) -> None:
    furnish(bench)
    plan = bench.plan()
    with bench.connection.transaction():
        # The trial's own transaction, as far as other sessions can tell.
        validate_plan(bench.connection, bench.integration, plan)
        locks = """
            select count(*) from pg_locks as held join pg_database as place on place.oid = held.database
            where held.locktype = 'advisory' and place.datname = current_database()
        """
        assert bench.value(locks) == 0
