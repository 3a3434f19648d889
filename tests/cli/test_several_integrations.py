"""Several JAMF servers on the command line: each is named, all are shown, and no secret is anybody's."""

import pytest

from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey
from moss_jamf_pipeline.simulator import SimulatorServer
from tests.cli.conftest import CommandLine

_JAMF_VARIABLES = ("JAMF_BASE_URL", "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET")


@pytest.fixture
def two_servers(moss_command_line: CommandLine) -> CommandLine:
    """A shell whose environment names two integrations and no JAMF server."""
    for variable in _JAMF_VARIABLES:
        del moss_command_line.environment[variable]
    moss_command_line.environment |= {
        "MOSS_JAMF_INTEGRATIONS": "JAMF Pro, EMEA",
        "ENCRYPTION_KEY": EncryptionKey(b"k" * 32).as_text(),
    }
    assert moss_command_line.run("init").returncode == 0
    return moss_command_line


def _save_credentials(command_line: CommandLine, jamf: SimulatorServer, *names: str) -> None:
    for name in names:
        saved = command_line.run(
            *("credentials", "set", "--integration", name, "--base-url", jamf.base_url),
            *("--client-id", jamf.client_id),
            stdin=jamf.client_secret,
        )
        assert saved.returncode == 0, saved.stderr


def test_one_is_synced_by_name_and_all_are_shown(
    two_servers: CommandLine, jamf: SimulatorServer
) -> None:
    rows = two_servers.json("init")["integrations"]
    assert [row["integration"] for row in rows] == ["JAMF Pro", "EMEA"]
    assert not any(row["integration_created"] for row in rows)
    _save_credentials(two_servers, jamf, "JAMF Pro", "EMEA")

    run = two_servers.json("sync", "--integration", "EMEA")
    assert (run["status"], run["job"]) == ("success", "sync_jamf__emea")

    jamf_pro, emea = two_servers.json("status")["integrations"]
    assert (jamf_pro["integration"], jamf_pro["last_run"]) == ("JAMF Pro", None)
    assert (emea["integration"], emea["last_run"]["status"]) == ("EMEA", "success")
    assert two_servers.json("status", "--integration", "EMEA")["plan"] == emea["plan"]
    assert [row["integration"] for row in two_servers.json("history")["runs"]] == ["EMEA"]
    assert "EMEA" in two_servers.run("history").stdout
    (plan,) = two_servers.json("plan", "list", "--integration", "EMEA")["plans"]
    assert plan["plan_id"] == run["plan_id"]
    assert two_servers.json("plan", "list", "--integration", "JAMF Pro")["plans"] == []
    # Plans are numbered throughout: a number says whose plan it is.
    assert (
        two_servers.json("plan", "show", str(run["plan_id"]))["plan"]["plan_id"] == run["plan_id"]
    )
    assert "Plan 1 was applied already" in two_servers.run("approve", "1").stderr


def test_the_doctor_looks_at_each(two_servers: CommandLine, jamf: SimulatorServer) -> None:
    _save_credentials(two_servers, jamf, "EMEA")
    found = two_servers.json("doctor", code=1)
    states = {
        (finding.get("integration"), finding["check"]): finding["state"]
        for finding in found["findings"]
    }
    assert states[None, "M.O.S.S. database"] == "ok"
    assert states["JAMF Pro", "JAMF configuration"] == "problem"
    assert states["JAMF Pro", "JAMF Pro"] == "skipped"
    for check in ("Integration", "Sweeps", "JAMF configuration", "JAMF Pro", "JAMF privileges"):
        assert states["EMEA", check] == "ok", check
    assert two_servers.json("doctor", "--integration", "EMEA")["healthy"]
    assert "Integration 'EMEA'" in two_servers.run("doctor").stdout


@pytest.mark.parametrize(
    "command",
    [
        ("sync",),
        ("plan", "list"),
        ("conflicts", "list"),
        ("credentials", "test"),
        ("plan", "show"),
        ("apply", "1"),
    ],
    ids=" ".join,
)
def test_what_is_about_one_asks_which_and_says_how_to_name_it(
    two_servers: CommandLine, command: tuple[str, ...]
) -> None:
    refused = two_servers.run(*command)
    assert refused.returncode == 1
    assert "2 JAMF servers are synced: 'JAMF Pro', 'EMEA'." in refused.stderr
    assert "--integration" in refused.stderr
    unknown = two_servers.run(*command, "--integration", "APAC")
    assert unknown.returncode == 1
    assert "There is no integration 'APAC'" in unknown.stderr


def test_variables_that_would_be_every_servers_are_refused_before_anything_is_sent(
    two_servers: CommandLine, jamf: SimulatorServer
) -> None:
    _save_credentials(two_servers, jamf, "EMEA")
    jamf.reset_requests()
    two_servers.environment |= {
        "JAMF_CLIENT_ID": jamf.client_id,
        "JAMF_CLIENT_SECRET": jamf.client_secret,
    }
    for command in (("sync", "--integration", "EMEA"), ("doctor",), ("init",)):
        refused = two_servers.run(*command)
        assert refused.returncode == 1, command
        said = refused.stdout + refused.stderr
        assert "JAMF_CLIENT_ID and JAMF_CLIENT_SECRET are set, and 2 JAMF servers" in said
        assert jamf.client_secret not in said
    assert jamf.requests.total == 0
