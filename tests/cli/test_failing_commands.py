"""What goes wrong is named with its cause and its remedy, nothing is half-written, and the history says failed."""

from collections.abc import Callable

import psycopg

from moss_jamf_pipeline.simulator import (
    READ_PRIVILEGES,
    Faults,
    ServerError,
    SimulatorConfig,
    SimulatorServer,
)
from tests.cli.conftest import NOBODY, CommandLine, PatientSyncs, query

_LISTINGS = "/(computers-inventory|users|computer-groups|buildings|departments)"


def _assert_failed(command_line: CommandLine, *texts: str) -> None:
    """Asserts that the only run is closed as failed with these texts in its message, and wrote nothing."""
    url = command_line.environment["MOSS_DATABASE_URL"]
    (run,) = query(
        url, "select status, error_message, sync_completed_at from integration_sync_history"
    )
    assert run["status"] == "failed"
    assert run["sync_completed_at"] is not None
    for text in texts:
        assert text in run["error_message"]
    for table in (
        "devices",
        "people",
        "ios",
        "locations",
        "rooms",
        "groups",
        "integration_object_mappings",
    ):
        assert query(url, f"select * from {table}") == []


def test_wrong_credentials(moss_command_line: CommandLine) -> None:
    result = moss_command_line.run("sync", JAMF_CLIENT_SECRET="not-the-secret")
    assert result.returncode == 1
    assert "gives no token" in result.stderr
    assert "What to do: Check client id and client secret" in result.stderr
    assert "not-the-secret" not in result.stdout + result.stderr
    assert result.stderr.count("gives no token") == 1
    _assert_failed(moss_command_line, "gives no token")


def test_case_t14_a_server_that_answers_500_to_all_ends_a_sync_at_once(
    moss_command_line: CommandLine,
) -> None:
    with SimulatorServer(SimulatorConfig(computers=201, users=20)) as jamf:
        moss_command_line.environment["JAMF_BASE_URL"] = jamf.base_url
        jamf.set_faults(Faults(server_error=ServerError(status=500, path=_LISTINGS)))
        result = moss_command_line.run("sync")
        asked = jamf.requests.total
    assert result.returncode == 1
    assert asked <= 10
    assert "be it for 500 records or for a single one" in result.stderr
    assert "page=" not in result.stderr + result.stdout
    _assert_failed(moss_command_line, "be it for 500 records or for a single one")


def test_a_missing_privilege_is_named_exactly(moss_command_line: CommandLine) -> None:
    config = SimulatorConfig(computers=20, privileges=READ_PRIVILEGES - {"Read Buildings"})
    with SimulatorServer(config) as jamf:
        moss_command_line.environment["JAMF_BASE_URL"] = jamf.base_url
        sync = moss_command_line.run("sync", "--json")
        doctor = moss_command_line.json("doctor", code=1)
    assert sync.returncode == 1
    assert '"Read Buildings"' in sync.stderr + sync.stdout.replace('\\"', '"')
    _assert_failed(moss_command_line, '"Read Buildings"')
    (problem,) = [finding for finding in doctor["findings"] if finding["state"] == "problem"]
    assert problem["check"] == "JAMF privileges"
    assert '"Read Buildings"' in problem["remedy"]


def test_a_database_that_is_no_moss_is_not_made_one_by_accident(
    command_line: CommandLine, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    command_line.environment |= {"MOSS_DATABASE_URL": url}
    sync = command_line.run("sync")
    assert sync.returncode == 1
    assert "moss-jamf init" in sync.stderr

    refused = command_line.run("init")
    assert refused.returncode == 1
    assert "holds no M.O.S.S." in refused.stderr
    assert "--create-moss" in refused.stderr
    assert query(url, "select * from pg_namespace where nspname = 'jamf_sync'") == []

    created = command_line.json("init", "--create-moss")
    assert created["moss_created"]
    assert created["integration_created"]
    again = command_line.json("init")
    assert (again["moss_created"], again["migrations"], again["integration_created"]) == (
        False,
        [],
        False,
    )


def test_a_missing_contract_says_to_run_init_and_nothing_else(
    moss_command_line: CommandLine,
) -> None:
    with psycopg.connect(moss_command_line.environment["MOSS_DATABASE_URL"]) as connection:
        connection.execute("drop schema moss_contract cascade")
    for name in ("JAMF_BASE_URL", "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET"):
        del moss_command_line.environment[name]
    findings = moss_command_line.json("doctor", code=1)["findings"]
    (problem,) = [finding for finding in findings if finding["state"] == "problem"]
    assert (problem["check"], problem["remedy"]) == ("Contract", "Run `moss-jamf init`.")
    status = moss_command_line.run("status")
    assert status.returncode == 1
    assert "Run `moss-jamf init`." in status.stderr
    assert "JAMF Pro server" not in status.stderr


def test_the_doctor_goes_on_after_a_problem(
    command_line: CommandLine, empty_database: Callable[[], str]
) -> None:
    command_line.environment["MOSS_DATABASE_URL"] = empty_database()
    findings = command_line.json("doctor", code=1)["findings"]
    states = {finding["check"]: finding["state"] for finding in findings}
    assert states["Databases"] == "ok"
    assert states["M.O.S.S. tables"] == "problem"
    assert states["Schema jamf_sync"] == "skipped"
    assert states["JAMF configuration"] == "problem"
    assert all(finding["remedy"] for finding in findings if finding["state"] == "problem")


def test_the_doctor_finds_nothing_wrong_where_nothing_is(moss_command_line: CommandLine) -> None:
    assert moss_command_line.json("doctor")["healthy"]


def test_an_unreachable_database(patient_syncs: PatientSyncs) -> None:
    said = patient_syncs.unreachable_database.communicate()[1]
    assert patient_syncs.unreachable_database.returncode == 1
    assert "127.0.0.1:1" in said
    assert "cannot be reached" in said
    assert "What to do:" in said
    assert "Traceback" not in said
    assert "hidden-word" not in said


def test_an_unreachable_jamf(patient_syncs: PatientSyncs) -> None:
    said = patient_syncs.unreachable_jamf.communicate()[1]
    assert patient_syncs.unreachable_jamf.returncode == 1
    assert f"JAMF Pro at {NOBODY} cannot be reached" in said
    assert "Check the JAMF base URL" in said
    assert "Traceback" not in said
    _assert_failed(patient_syncs.command_line, "cannot be reached", "Check the JAMF base URL")
