"""An outage of three days, closed from the Dagster UI: a real web server and daemon, asked over GraphQL."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.engine.scopes import SCOPES
from moss_jamf_pipeline.engine.slots import slot_key_at
from tests.cli.conftest import CommandLine
from tests.cli.test_up import Service
from tests.support.databases import UNSAFE_BUT_FAST
from tests.support.world import PREFIX

_BRISK_DAEMON = Path(__file__).parents[1] / "support" / "brisk_daemon"
_SECONDS_TO_END = 240.0
_OUTAGE_SLOTS = 12

_LAUNCH = """mutation($parameters: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $parameters) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_STATUS = """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
  status runs(limit: 20) { id status } } } }"""
_MATERIALIZATIONS = """query($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
  assetMaterializations(limit: 40) { partition metadataEntries { label
    ... on IntMetadataEntry { intValue } ... on JsonMetadataEntry { jsonString } } } } } }"""


class Interface:
    """The Dagster UI's own interface."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = httpx.post(
            f"{self._address}/graphql",
            json={"query": query, "variables": variables},
            timeout=60,
            trust_env=False,
        ).json()
        assert not answer.get("errors"), answer["errors"]
        (data,) = answer["data"].values()
        assert isinstance(data, dict)
        return data

    def backfill(self, assets: list[str], slots: list[str]) -> dict[str, Any]:
        """Launches a backfill and returns how it ended."""
        launched = self.ask(
            _LAUNCH,
            parameters={
                "assetSelection": [{"path": [PREFIX, name]} for name in assets],
                "partitionNames": slots,
            },
        )
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        deadline = time.monotonic() + _SECONDS_TO_END
        while time.monotonic() < deadline:
            backfill = self.ask(_STATUS, id=launched["backfillId"])
            if backfill["status"] not in {"REQUESTED", "COMPLETING"}:
                return backfill
            time.sleep(0.5)
        raise AssertionError(f"the backfill did not end: {backfill}")

    def covered_by(self, asset: str) -> dict[str, Any]:
        """Slot to the newest metadata of its materialisation."""
        found = self.ask(_MATERIALIZATIONS, key={"path": [PREFIX, asset]})
        return {
            entry["partition"]: {
                item["label"]: item.get("intValue", item.get("jsonString"))
                for item in entry["metadataEntries"]
            }
            for entry in reversed(found["assetMaterializations"])
        }


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, CommandLine]]:
    """A running `moss-jamf up` whose daemon waits little, and the shell it was started in."""
    command_line = CommandLine(
        tmp_path_factory.mktemp("backfill"), {"PYTHONPATH": str(_BRISK_DAEMON)}
    )
    server = EmbeddedPostgres(command_line.state_directory / "postgres", UNSAFE_BUT_FAST)
    server.start_and_keep()
    service = Service(command_line)
    service.wait_until_it_serves()
    yield service, command_line
    service.process.kill()
    service.process.communicate()
    command_line.stop_database()


def test_all_missing_slots_of_three_days_end_green_with_one_capture_and_one_apply(
    service: tuple[Service, CommandLine],
) -> None:
    up, command_line = service
    now = datetime.now(UTC)
    slots = [slot_key_at(now - timedelta(hours=6 * number)) for number in range(_OUTAGE_SLOTS)][
        ::-1
    ]

    backfill = Interface(up.address).backfill(SCOPES["everything"].steps(), slots)

    assert backfill["status"] == "COMPLETED_SUCCESS", backfill
    assert {run["status"] for run in backfill["runs"]} == {"SUCCESS"}
    covered = Interface(up.address).covered_by("raw_jamf_computers")
    assert set(slots) <= set(covered)
    url = command_line.run("db", "url").stdout.strip()
    with psycopg.connect(url, row_factory=dict_row) as connection:
        captures = connection.execute(
            "select capture_id from jamf_sync.captures where collection = 'computers'"
        ).fetchall()
        slot_captures = connection.execute(
            "select distinct capture_id from jamf_sync.slot_captures where collection = 'computers'"
        ).fetchall()
        plans = connection.execute("select status from jamf_sync.plans").fetchall()
        history = connection.execute("select status from integration_sync_history").fetchall()
    assert len(captures) == 1
    assert slot_captures == captures
    assert [plan["status"] for plan in plans] == ["applied"]
    assert [row["status"] for row in history] in (["success"], ["partial"])
    assert str(captures[0]["capture_id"]) in str(covered[slots[0]]["covered_by"])
