"""One row's trouble is one row's, and what is nobody's row ends the step: by the SQLSTATE, whatever raises it."""

import psycopg
import pytest

from moss_jamf_pipeline.engine.failures import reason_of
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.apply.validation import validate_plan
from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, counts_of

# How the error comes about, in a trigger of M.O.S.S.'s for one serial number.
_BY_RAISING = "raise exception 'not that one' using errcode = '{}'"
_OF_A_ROW = {
    "a code of their own": _BY_RAISING.format("MY001"),
    "an error inside the trigger": "perform 1 / 0",
    "a function that is not there": "perform no_such_function()",
    "a table that is not there": "insert into audit_of_ours values (1)",
    "a right that is missing": "raise insufficient_privilege",
    "an extension's internal error": _BY_RAISING.format("XX000"),
    "an assertion": "assert false, 'not that one'",
    "no data": _BY_RAISING.format("P0002"),
    "a value that is too long for an index": _BY_RAISING.format("54000"),
}
_NOBODYS = {
    "08006": "M.O.S.S. lost a connection",
    "25006": "The M.O.S.S. database is read-only",
    "40001": "The M.O.S.S. database was busy",
    "53100": "The disk of the M.O.S.S. database is full",
    "53200": "out of memory",
    "57014": "A statement of the sync was cancelled",
    "57P01": "is shutting down or was restarted",
    "58030": "trouble with its files",
    "XX001": "is damaged",
}


def _trip(
    bench: Bench,
    action: str,
    *,
    table: str = "devices",
    when: str = "new.serial_number = 'SERIAL2'",
    timing: str = "before insert or update",
    more: str = "",
) -> None:
    """A trigger of the organisation's own."""
    bench.execute(
        f"""create function public.trip() returns trigger language plpgsql as
            $$ begin if {when} then {action}; end if; return new; end $$"""
    )
    kind = "constraint trigger" if more else "trigger"
    bench.execute(
        f"create {kind} trip {timing} on public.{table} {more} for each row execute function public.trip()"
    )


def _outcomes(bench: Bench, plan: Plan) -> dict[str, str]:
    rows = bench.query(
        "select external_id, outcome from jamf_sync.change_plan where plan_id = %s and object_type = 'device'",
        plan.plan_id,
    )
    return {row["external_id"]: row["outcome"] for row in rows}


def _fleet(bench: Bench, name: str = "mac") -> None:
    for number in range(1, 7):
        bench.computer(str(number), hostname=f"{name}-{number}")


_ONE_FAILED = {**dict.fromkeys("13456", "applied"), "2": "failed"}


@pytest.mark.parametrize("action", _OF_A_ROW.values(), ids=_OF_A_ROW)
def test_case_s06_whatever_a_trigger_raises_for_one_row_is_that_rows(
    trial: Bench, action: str
) -> None:
    _trip(trial, action)
    _fleet(trial)
    applied = trial.sync()
    assert _outcomes(trial, applied) == _ONE_FAILED
    counts = counts_of(applied)["device"]
    assert (counts.created, counts.failed, counts.adds_up) == (5, 1, True)
    assert trial.value("select count(*) from devices") == 5


@pytest.mark.parametrize(
    ("timing", "more"),
    [
        ("after insert or update", ""),
        ("after insert or update", "deferrable initially deferred"),
        ("after insert or update", "deferrable initially immediate"),
    ],
    ids=["after", "deferred", "deferrable"],
)
def test_case_s06_also_when_it_is_raised_late(bench: Bench, timing: str, more: str) -> None:
    _trip(bench, _BY_RAISING.format("MY001"), timing=timing, more=more)
    _fleet(bench)
    assert _outcomes(bench, bench.sync()) == _ONE_FAILED


def test_case_s06_also_when_only_an_update_raises_it(trial: Bench) -> None:
    _trip(trial, _BY_RAISING.format("MY001"), timing="before update")
    _fleet(trial)
    trial.sync()
    _fleet(trial, "renamed")
    assert _outcomes(trial, trial.sync()) == _ONE_FAILED
    assert trial.value("select count(*) from devices where hostname like 'renamed-%'") == 5
    assert trial.value("select hostname from devices where serial_number = 'SERIAL2'") == "mac-2"


def test_case_s06_also_when_the_link_raises_it(trial: Bench) -> None:
    _trip(
        trial,
        _BY_RAISING.format("MY001"),
        table="integration_object_mappings",
        when="new.external_id = '2'",
    )
    _fleet(trial)
    assert _outcomes(trial, trial.sync()) == _ONE_FAILED
    assert trial.value("select count(*) from devices") == 5


def test_case_s06_the_trial_of_a_plan_finds_it(trial: Bench) -> None:
    _trip(trial, _BY_RAISING.format("MY001"))
    _fleet(trial)
    found = validate_plan(trial.connection, trial.integration, trial.plan())
    assert found.by_problem == {"failed": 1}
    assert found.examples[0]["detail"] == "not that one"


@pytest.mark.parametrize(("sqlstate", "told"), _NOBODYS.items(), ids=_NOBODYS)
def test_case_s06_what_is_nobodys_row_ends_the_step_with_a_sentence(
    trial: Bench, sqlstate: str, told: str
) -> None:
    _trip(trial, _BY_RAISING.format(sqlstate))
    _fleet(trial)
    plan = trial.plan()
    with pytest.raises(psycopg.Error) as caught:
        trial.apply(plan)
    reason = reason_of(caught.value)
    assert reason is not None
    assert told in reason.message
    assert "not that one" in reason.message
    assert trial.value("select count(*) from devices") == 0
    assert set(_outcomes(trial, plan).values()) == {None}


def test_a_right_that_our_own_statement_lacks_is_nobodys_row(trial: Bench) -> None:
    _fleet(trial)
    plan = trial.plan()
    writer = installation(trial.connection).writer
    trial.execute(f'revoke insert (id) on public.devices from "{writer}"')
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        trial.apply(plan)
    assert set(_outcomes(trial, plan).values()) == {None}


def test_a_failed_row_is_told_with_the_others_that_were_written(trial: Bench) -> None:
    _trip(trial, _BY_RAISING.format("MY001"))
    _fleet(trial)
    plan = trial.sync()
    outcome = run_outcome(
        trial.connection, trial.integration, plan, trial.captures, plan.object_types
    )
    assert outcome.status == "partial"
    assert outcome.message == "1 of 6 devices could not be used or written."
