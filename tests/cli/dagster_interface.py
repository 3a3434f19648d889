"""Backfills as the Dagster UI starts and shows them: its own interface, asked over GraphQL."""

import time
from typing import Any

import httpx

from tests.support.world import PREFIX

_SECONDS_TO_END = 240.0

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
