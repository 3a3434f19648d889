"""Several JAMF servers in one code location and one M.O.S.S.: each sync knows its own server, secrets and history."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import dagster as dg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.scopes import SCOPES, job_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.jamf import ClientCredentials
from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey
from moss_jamf_pipeline.moss.integration.credentials import (
    GivenKeys,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import ensure_integration, find_integration
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from moss_jamf_pipeline.orchestration.resources import MossResource
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from tests.support.dialects import Dialect
from tests.support.world import InstanceMaker, World, open_world

AMER, EMEA = IntegrationChoice("JAMF Pro"), IntegrationChoice("JAMF EMEA")
DEFINITIONS = build_definitions([AMER, EMEA])
_KEY = EncryptionKey(b"k" * 32).as_text()

# What this shows does not depend on the tables of M.O.S.S.
pytestmark = pytest.mark.dialects("release")


class Servers:
    """Two JAMF servers whose records have the same ids, each with a secret of its own that M.O.S.S. keeps."""

    def __init__(self, worlds: dict[IntegrationChoice, World]) -> None:
        self.worlds = worlds
        self.moss = worlds[AMER]
        self.ids = {choice: self._save(choice, world) for choice, world in worlds.items()}

    def _save(self, choice: IntegrationChoice, world: World) -> str:
        with world.database.connection() as connection:
            ensure_integration(connection, choice, world.jamf.base_url)
            integration = find_integration(connection, choice)
            save_route(connection, integration.id, Route(world.jamf.base_url))
        self.keep(choice, world.jamf.client_secret)
        return str(integration.id)

    def keep(self, choice: IntegrationChoice, secret: str) -> None:
        """Saves a secret with one of them."""
        world = self.worlds[choice]
        with world.database.connection() as connection:
            save_credentials(
                connection,
                find_integration(connection, choice),
                ClientCredentials(world.jamf.client_id, SecretStr(secret)),
                GivenKeys(encryption_key=SecretStr(_KEY)),
            )

    def sync(self, choice: IntegrationChoice) -> dg.ExecuteInProcessResult:
        """Runs the job of one of them."""
        job = DEFINITIONS.resolve_job_def(job_name(choice.slug, SCOPES["everything"]))
        slot = slot_key_at(datetime.now(UTC))
        return job.execute_in_process(
            instance=self.moss.instance,
            partition_key=slot,
            run_config={
                **job.get_run_config_for_partition_key(slot),
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )

    def counts(self, table: str, column: str = "integration_id") -> dict[str, int]:
        """Rows of a table by integration."""
        return {
            str(row["whose"]): row["rows"]
            for row in self.moss.query(
                f"select {column} as whose, count(*)::int as rows from {table} group by 1"
            )
        }


@pytest.fixture
def servers(
    moss_database: str,
    dialect: Dialect,
    recorder: InstanceMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Servers]:
    monkeypatch.setenv("MOSS_DATABASE_URL", moss_database)
    monkeypatch.setenv("ENCRYPTION_KEY", _KEY)
    monkeypatch.setenv("MOSS_JAMF_INTEGRATIONS", f"{AMER.name}, {EMEA.name}")
    with ExitStack() as stack:
        worlds = {}
        for choice, region, macs in ((AMER, "amer", "AB"), (EMEA, "emea", "XYZ")):
            fleet = Fleet()
            fleet.add_user(username=f"jane.{region}", email=f"jane@{region}.example.org")
            fleet.add_group(f"Group {region}", group_id="1")
            for number, mac in enumerate(macs, start=1):
                fleet.add_computer(
                    {
                        "id": str(number),
                        "general": {"name": f"MAC-{mac}"},
                        "hardware": {"serialNumber": f"C02SEVERAL0{mac}"},
                    }
                )
            config = SimulatorConfig(client_secret=SecretStr(f"secret-of-{region}"))
            jamf = stack.enter_context(SimulatorServer(config, fleet=fleet))
            worlds[choice] = stack.enter_context(open_world(moss_database, jamf, recorder, dialect))
        yield Servers(worlds)


def test_two_servers_with_the_same_ids_are_synced_beside_each_other(servers: Servers) -> None:
    for choice in (AMER, EMEA, AMER, EMEA):
        assert servers.sync(choice).success, choice

    amer, emea = servers.ids[AMER], servers.ids[EMEA]
    names = {row["hostname"] for row in servers.moss.query("select hostname from devices")}
    assert names == {"MAC-A", "MAC-B", "MAC-X", "MAC-Y", "MAC-Z"}
    devices = "(select * from integration_object_mappings where external_type = 'computer') links"
    assert servers.counts(devices, "integration_config_id") == {amer: 2, emea: 3}
    for table in ("jamf_sync.captures", "jamf_sync.plans"):
        counts = servers.counts(table)
        assert counts.keys() == {amer, emea}, table
        assert counts[amer] == counts[emea], table
    assert servers.counts("integration_sync_history", "integration_config_id") == {amer: 2, emea: 2}
    assert [row["items_updated"] for row in servers.moss.history()][2:] == [0, 0]


def test_a_sync_reads_no_credentials_but_its_own(servers: Servers) -> None:
    servers.moss.execute(
        "update integration_configs set credentials_encrypted = 'not to be read' where name = %s",
        [EMEA.name],
    )
    servers.worlds[EMEA].jamf.reset_requests()
    assert servers.sync(AMER).success
    assert servers.worlds[EMEA].jamf.requests.total == 0
    servers.worlds[AMER].jamf.reset_requests()
    assert not servers.sync(EMEA).success
    assert servers.worlds[AMER].jamf.requests.total == 0


def test_a_failed_run_is_told_by_the_sensor_of_its_own_integration(servers: Servers) -> None:
    servers.keep(EMEA, "not-the-secret")
    failed = servers.sync(EMEA)
    assert not failed.success

    # As if the run had been killed before it closed its row of the history: the sensor has to.
    for opened in (
        "update integration_sync_history set status = 'in_progress', sync_completed_at = null",
        "update jamf_sync.sync_runs set finished_at = null",
    ):
        assert servers.moss.execute(opened) == 1
    closed = {}
    for choice in (AMER, EMEA):
        _tell_of_failure(servers, choice, failed)
        (row,) = servers.moss.query(
            "select integration_config_id::text as whose, status from integration_sync_history"
        )
        assert row["whose"] == servers.ids[EMEA]
        closed[choice] = row["status"]
    assert closed == {AMER: "in_progress", EMEA: "failed"}


def test_jamf_variables_of_nobody_in_particular_are_sent_to_no_server(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAMF_CLIENT_ID", "somebody")
    monkeypatch.setenv("JAMF_CLIENT_SECRET", "somebodys-secret")
    for choice, world in servers.worlds.items():
        world.jamf.reset_requests()
        result = servers.sync(choice)
        assert not result.success
        assert world.jamf.requests.total == 0
        (failure,) = [event for event in result.all_events if event.is_step_failure]
        told = failure.step_failure_data.user_failure_data
        assert told is not None
        assert "JAMF_CLIENT_ID and JAMF_CLIENT_SECRET are set, and 2 JAMF servers" in (
            told.description or ""
        )


def test_what_commands_mean_does_not_change_what_a_run_syncs(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSS_JAMF_INTEGRATION", str(AMER.name))
    assert Settings().integration == AMER
    assert servers.sync(EMEA).success
    assert servers.counts("jamf_sync.plans") == {servers.ids[EMEA]: 1}


def _tell_of_failure(
    servers: Servers, choice: IntegrationChoice, run: dg.ExecuteInProcessResult
) -> None:
    sensor = DEFINITIONS.resolve_sensor_def(f"{choice.slug}_failed_runs")
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_instance=servers.moss.instance,
        dagster_run=run.dagster_run,
        dagster_event=run.get_run_failure_event(),
        resources={"moss": MossResource()},
    )
    with context:
        sensor(context.for_run_failure())
