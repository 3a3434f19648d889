"""`moss-jamf up`: serves until it is told to stop, whichever of its servers dies, and nothing of it is left."""

import signal
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import slot_key_at
from tests.cli.conftest import (
    SMALL_FLEET,
    CommandLine,
    all_ended,
    command_of,
    descendants,
    query,
    wait_until,
)
from tests.cli.dagster_interface import Interface
from tests.support.databases import UNSAFE_BUT_FAST

_BRISK_DAEMON = Path(__file__).parents[1] / "support" / "brisk_daemon"
_OUTAGE_SLOTS = 12


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """One `moss-jamf up`, on a port of its own.

    Attributes:
        directory: of the command line.
        address: of the Dagster UI.
        entry: the address of the companion that is printed, with the token that lets one in.
        process: the command.
    """

    def __init__(self, command_line: CommandLine) -> None:
        port, companion_port = _free_port(), _free_port()
        self.directory = command_line.directory
        self.address = f"http://127.0.0.1:{port}"
        self.entry = ""
        self.process = command_line.start(
            "up", f"--port={port}", f"--companion-port={companion_port}", *SMALL_FLEET
        )

    def wait_until_it_serves(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Companion"):
                self.entry = line.split()[1]
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError(self.process.communicate()[1])

    def companion(self) -> httpx.Client:
        """Whoever has the token of the address that is printed."""
        page, _, token = self.entry.partition("#")
        return httpx.Client(
            base_url=page.removesuffix("/jamf/sign-in"),
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=60,
        )

    @property
    def servers(self) -> list[psutil.Process]:
        return descendants(self.process)

    @property
    def code_server(self) -> psutil.Process:
        """The process that has the definitions loaded; there is one."""
        (server,) = [
            server
            for server in self.servers
            if command_of(server)[1:5] == ["-m", "dagster", "api", "grpc"]
        ]
        return server

    def ask(self, question: str, **variables: object) -> dict[str, Any]:
        """Asks the UI's API."""
        answer = httpx.post(
            f"{self.address}/graphql",
            json={"query": question, "variables": variables},
            timeout=60,
            trust_env=False,
        ).json()
        assert isinstance(answer["data"], dict), answer
        return answer["data"]

    def launch(self, job: str, **tags: str) -> str | None:
        """Starts a run as the launchpad does; None: it could not."""
        selector = {
            "repositoryLocationName": "moss_jamf_pipeline",
            "repositoryName": "__repository__",
            "jobName": job,
        }
        launched = self.ask(
            """mutation ($given: ExecutionParams!) {
                 launchPipelineExecution(executionParams: $given) { ... on LaunchRunSuccess { run { runId } } } }""",
            given={
                "selector": selector,
                "executionMetadata": {
                    "tags": [{"key": f"dagster/{key}", "value": tags[key]} for key in tags]
                },
                "runConfigData": {},
            },
        )["launchPipelineExecution"]
        return str(launched["run"]["runId"]) if launched.get("run") else None

    def status(self, run_id: str) -> str:
        question = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
        return str(self.ask(question, id=run_id)["runOrError"]["status"])

    def assert_runs_are_launched(self) -> None:
        """A run that anybody starts now is done, also by a code server that is only about to answer."""
        launched: list[str] = []

        def is_launched() -> bool:
            run_id = self.launch("forget_old_captures")
            launched.extend([] if run_id is None else [run_id])
            return bool(launched)

        wait_until(is_launched)
        wait_until(lambda: self.status(launched[0]) == "SUCCESS")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for this module: it takes long to start. Its daemon waits little; the tests are in the order of its life."""
    command_line = CommandLine(tmp_path_factory.mktemp("up"), {"PYTHONPATH": str(_BRISK_DAEMON)})
    server = EmbeddedPostgres(command_line.state_directory / "postgres", UNSAFE_BUT_FAST)
    server.start_and_keep()
    service = Service(command_line)
    service.wait_until_it_serves()
    yield service
    service.process.kill()
    service.process.communicate()
    command_line.stop_database()


def test_all_missing_slots_of_three_days_end_green_with_one_capture_and_one_apply(
    service: Service,
) -> None:
    now = datetime.now(UTC)
    slots = [slot_key_at(now - timedelta(hours=6 * number)) for number in range(_OUTAGE_SLOTS)][
        ::-1
    ]

    backfill = Interface(service.address).backfill(SCOPES["everything"].steps(), slots)

    assert backfill["status"] == "COMPLETED_SUCCESS", backfill
    assert {run["status"] for run in backfill["runs"]} == {"SUCCESS"}
    covered = Interface(service.address).covered_by("raw_jamf_computers")
    assert set(slots) <= set(covered)
    url = EmbeddedPostgres(service.directory / "state" / "postgres").url("moss")
    captures = query(
        url, "select capture_id from jamf_sync.captures where collection = 'computers'"
    )
    slot_captures = query(
        url,
        "select distinct capture_id from jamf_sync.slot_captures where collection = 'computers'",
    )
    plans = query(url, "select status from jamf_sync.plans")
    history = query(url, "select status from integration_sync_history")
    assert len(captures) == 1
    assert slot_captures == captures
    assert [plan["status"] for plan in plans] == ["applied"]
    assert [row["status"] for row in history] in (["success"], ["partial"])
    assert str(captures[0]["capture_id"]) in str(covered[slots[0]]["covered_by"])


def test_case_s15_a_code_server_that_is_killed_is_started_again_and_runs_are_launched(
    service: Service,
) -> None:
    first = service.code_server
    first.kill()
    service.assert_runs_are_launched()
    assert service.code_server.pid != first.pid


def test_a_sync_that_the_companion_is_asked_for_is_a_run_of_dagster(service: Service) -> None:
    with service.companion() as client:
        path = "/api/integrations/jamf"
        asked = {"Idempotency-Key": "8f1c"}
        started = client.post(f"{path}/sync-computers", headers=asked)
        assert started.status_code == httpx.codes.ACCEPTED, started.text
        refused = client.post(f"{path}/sync")
        assert (refused.status_code, refused.json()["run_id"]) == (
            httpx.codes.CONFLICT,
            started.json()["run_id"],
        )
        wait_until(lambda: client.get(f"{path}/sync-status").json()["at_work"] == [])
        again = client.post(f"{path}/sync-computers", headers=asked).json()
        assert again == {"run_id": started.json()["run_id"], "is_new": False}
        run, *_ = client.get(f"{path}/sync-history").json()["items"]
    assert (run["run_id"], run["sync_type"]) == (started.json()["run_id"], "computers")
    assert run["status"] in {"success", "partial"}
    assert run["triggered_by"] == "the companion's administrator"


def test_in_another_terminal_the_simulator_is_found_with_nothing_to_set(service: Service) -> None:
    beside = CommandLine(service.directory)
    tried = beside.run("sync", "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout.count("simulated by `moss-jamf up`") == 2
    plan = tried.stdout.partition("moss-jamf apply ")[2].partition("`")[0]
    assert beside.run("apply", plan).returncode == 0


def _programs(service: Service, *words: str) -> list[psutil.Process]:
    return [
        server
        for server in service.servers
        if command_of(server)[1 : 1 + len(words)] == list(words)
    ]


def test_servers_that_die_are_started_again_and_the_others_stay(service: Service) -> None:
    modules = (
        ("-m", "dagster_webserver"),
        ("-m", "dagster._daemon"),
        ("-m", "moss_jamf_pipeline.cli", "serve"),
    )
    killed = [server for words in modules for server in _programs(service, *words)]
    others = [service.code_server, *_programs(service, "-m", "moss_jamf_pipeline.cli", "simulate")]
    for server in killed:
        server.kill()

    def are_back() -> bool:
        return all(set(_programs(service, *words)) - set(killed) for words in modules)

    wait_until(are_back)
    assert len(killed) == len(modules)
    assert service.process.poll() is None
    assert all(server.is_running() for server in others)
    with service.companion() as client:
        wait_until(lambda: _answers(client, "/healthz"))
        wait_until(lambda: _answers(client, f"{service.address}/server_info"))


def _answers(client: httpx.Client, address: str) -> bool:
    try:
        return client.get(address).is_success
    except httpx.TransportError:
        return False


def test_case_s12_state_and_logs_are_for_their_owner_only(service: Service) -> None:
    state = service.directory / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    logs = list((state / "logs").iterdir())
    assert {log.name for log in logs} >= {"webserver.log", "daemon.log", "companion.log"}
    assert {stat.S_IMODE(log.stat().st_mode) for log in logs} == {0o600}


def test_it_serves_and_leaves_nothing_when_stopped(service: Service) -> None:
    started = service.servers
    running = "\n".join(" ".join(command_of(server)) for server in started)
    for part in (
        *("dagster_webserver", "dagster._daemon"),
        *("moss_jamf_pipeline.cli simulate", "moss_jamf_pipeline.cli serve"),
    ):
        assert part in running
    assert service.code_server in started
    answer = service.ask(
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
    )
    jobs = [job["name"] for job in answer["repositoriesOrError"]["nodes"][0]["jobs"]]
    assert "sync_jamf" in jobs

    service.process.send_signal(signal.SIGINT)
    _, said = service.process.communicate()
    assert service.process.returncode == 0
    assert "Traceback" not in said
    assert all_ended(started)


def test_when_the_simulator_dies_it_is_said_and_the_rest_is_stopped(
    command_line: CommandLine,
) -> None:
    service = Service(command_line)
    started: list[psutil.Process] = []

    def have_begun() -> bool:
        started[:] = service.servers
        return bool(
            _programs(service, "-m", "moss_jamf_pipeline.cli", "simulate")
            and _programs(service, "-m", "dagster")
        )

    wait_until(have_begun)
    (simulator,) = _programs(service, "-m", "moss_jamf_pipeline.cli", "simulate")
    simulator.kill()
    _, said = service.process.communicate()
    assert service.process.returncode == 1
    assert "The simulator ended by itself" in said
    assert all_ended(started)


def test_a_port_in_use_is_an_error_before_anything_starts(command_line: CommandLine) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        result = command_line.run("up", f"--port={taken}")
        companion = command_line.run("up", f"--port={_free_port()}", f"--companion-port={taken}")
    assert result.returncode == companion.returncode == 1
    assert "The Dagster UI cannot listen" in result.stderr
    assert "The companion cannot listen" in companion.stderr
    assert not command_line.state_directory.exists()


@pytest.mark.parametrize(
    ("host", "is_warned"),
    [("0.0.0.0", True), ("localhost", False)],
)
def test_case_s12_that_the_ui_has_no_log_in_is_said_where_others_reach_it(
    command_line: CommandLine, host: str, is_warned: bool
) -> None:
    # It goes no further: that would be a real JAMF and a private database.
    command_line.environment["JAMF_BASE_URL"] = "https://example.jamfcloud.com"
    said = command_line.run(
        "up", "--host", host, f"--port={_free_port()}", f"--companion-port={_free_port()}"
    ).stderr
    assert ("The Dagster UI has no log-in." in said) is is_warned
    assert "MOSS_DATABASE_URL is not set" in said


@pytest.fixture
def own_service(command_line: CommandLine) -> Iterator[Service]:
    """One of the test's own."""
    EmbeddedPostgres(command_line.state_directory / "postgres", UNSAFE_BUT_FAST).start_and_keep()
    service = Service(command_line)
    service.wait_until_it_serves()
    yield service
    service.process.kill()
    service.process.communicate()


@pytest.mark.nightly
def test_case_s15_a_code_server_that_hangs_is_killed_and_started_again(
    own_service: Service,
) -> None:
    service = own_service
    first = service.code_server
    first.suspend()
    wait_until(lambda: not first.is_running())
    service.assert_runs_are_launched()
    service.process.send_signal(signal.SIGINT)
    _, said = service.process.communicate()
    assert "It does not answer, and is killed." in said
    assert "is started again" in said
    assert "Traceback" not in said


@pytest.mark.nightly
def test_case_s14_a_run_that_is_terminated_in_the_ui_says_so_within_a_minute(
    own_service: Service, command_line: CommandLine
) -> None:
    service = own_service
    url = EmbeddedPostgres(command_line.state_directory / "postgres").url("moss")
    with psycopg.connect(url) as holder:
        holder.execute("lock table public.devices in share mode")
        run_id = service.launch("sync_jamf", partition=slot_key_at(datetime.now(UTC)))
        assert run_id is not None
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'moss-jamf'"
        wait_until(lambda: bool(query(url, waiting)))
        service.ask(
            "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }", id=run_id
        )
        history = "select status, error_message from integration_sync_history"
        wait_until(lambda: query(url, history)[0]["status"] == "failed")
    assert "cancelled in the Dagster UI" in query(url, history)[0]["error_message"]
    wait_until(lambda: service.status(run_id) == "CANCELED")


@pytest.mark.nightly
def test_a_run_that_fails_is_told_with_its_reason(
    own_service: Service, command_line: CommandLine
) -> None:
    service = own_service
    url = EmbeddedPostgres(command_line.state_directory / "postgres").url("moss")
    with psycopg.connect(url) as person:
        person.execute("update integration_configs set is_enabled = false")
    run_id = service.launch("sync_jamf", partition=slot_key_at(datetime.now(UTC)))
    assert run_id is not None
    wait_until(lambda: service.status(run_id) == "FAILURE")
    assert service.process.stderr is not None
    said = ""
    while "failed." not in said:
        said += service.process.stderr.readline()
    assert f"Run {run_id[:8]} (sync_jamf) failed. " in said
    assert "is switched off in M.O.S.S." in said
    assert "Traceback" not in said


@pytest.mark.nightly
def test_when_the_simulator_dies_while_all_serve_the_rest_is_stopped(own_service: Service) -> None:
    service = own_service
    started = service.servers
    (simulator,) = _programs(service, "-m", "moss_jamf_pipeline.cli", "simulate")
    simulator.kill()
    _, said = service.process.communicate()
    assert service.process.returncode == 1
    assert "The simulator ended by itself" in said
    assert all_ended(started)
