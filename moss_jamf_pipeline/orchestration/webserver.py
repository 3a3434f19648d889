"""Starts runs by way of the Dagster webserver: its code location and its queue are the ones that the schedule uses."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from moss_jamf_pipeline.engine.scopes import SCOPES, job_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.orchestration.run_configuration import op_config
from moss_jamf_pipeline.orchestration.tags import (
    CODE_LOCATION,
    REPOSITORY,
    REQUEST_TAG,
    TRIGGERED_BY_TAG,
)
from moss_jamf_pipeline.services.requested_runs import DagsterNotAsked, RunAtWork, StartOrder

_LOCATION: Final = {"repositoryLocationName": CODE_LOCATION, "repositoryName": REPOSITORY}
_UNENDED: Final = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
_SECONDS: Final = 20.0
_MOST_RUNS: Final = 200

_RUNS: Final = """
query Runs($filter: RunsFilter!, $limit: Int!) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results { runId jobName status startTime } }
    ... on Error { message }
  }
}"""
_LAUNCH: Final = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message }
  }
}"""

_RELOAD: Final = """
mutation Reload($location: String!) {
  reloadRepositoryLocation(repositoryLocationName: $location) {
    __typename
    ... on Error { message }
  }
}"""
_DONE: Final = ("Runs", "LaunchRunSuccess", "WorkspaceLocationEntry")


class Webserver:
    """A Dagster webserver, for any number of calls from any number of threads. Close it.

    Args:
        url: where it is.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # It stands beside us; a proxy of the environment leads to JAMF.
        self._client = httpx.Client(timeout=_SECONDS, trust_env=False)

    def at_work(self, slug: str) -> Sequence[RunAtWork]:
        """See `services.requested_runs.RunStarter`.

        Those that look at what webhooks named are left out: they last seconds, come often, and keep nobody waiting.
        """
        jobs = {job_name(slug, scope) for scope in SCOPES.values() if not scope.reads_named}
        runs = self._runs({"statuses": list(_UNENDED)})
        return [run for run in reversed(runs) if run.job in jobs]

    def run_of(self, request_id: str) -> str | None:
        """See `services.requested_runs.RunStarter`."""
        runs = self._runs({"tags": [{"key": REQUEST_TAG, "value": request_id}]})
        return runs[-1].run_id if runs else None

    def start(self, order: StartOrder) -> str:
        """See `services.requested_runs.RunStarter`.

        Raises:
            DagsterNotAsked: the webserver does not answer, or its code location does not load.
        """
        scope = SCOPES[order.options.scope]
        tags = {TRIGGERED_BY_TAG: order.triggered_by, REQUEST_TAG: order.request_id}
        if scope.has_slots:
            slot = order.options.slot or slot_key_at(datetime.now(UTC))
            tags["dagster/partition"] = slot
        config = op_config(order.slug, scope, order.options, order.triggered_by)
        answer = self._ask(
            _LAUNCH,
            {
                "params": {
                    "selector": {**_LOCATION, "jobName": job_name(order.slug, scope)},
                    "runConfigData": {"ops": config},
                    "executionMetadata": {
                        "tags": [{"key": key, "value": value} for key, value in tags.items()]
                    },
                }
            },
            "launchRun",
        )
        return str(answer["run"]["runId"])

    def look_at_definitions_again(self) -> None:
        """Has it fetch anew what the code server says of its definitions, such as when a schedule ticks.

        Raises:
            DagsterNotAsked: the webserver does not answer, or has no such code location.
        """
        self._ask(_RELOAD, {"location": CODE_LOCATION}, "reloadRepositoryLocation")

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _runs(self, wanted: Mapping[str, object]) -> list[RunAtWork]:
        answer = self._ask(_RUNS, {"filter": wanted, "limit": _MOST_RUNS}, "runsOrError")
        return [
            RunAtWork(
                run["runId"],
                run["jobName"],
                run["status"],
                None if run["startTime"] is None else datetime.fromtimestamp(run["startTime"], UTC),
            )
            for run in answer["results"]
        ]

    def _ask(self, query: str, variables: Mapping[str, object], field: str) -> dict[str, Any]:
        try:
            response = self._client.post(
                f"{self._url}/graphql", json={"query": query, "variables": variables}
            )
            response.raise_for_status()
            document = response.json()
            answer = document["data"][field]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise DagsterNotAsked(
                f"The Dagster webserver at {self._url} does not answer as one: {error or type(error).__name__}.",
                "See that it runs (`moss-jamf up` starts it), and that MOSS_JAMF_DAGSTER_URL names it.",
            ) from error
        if answer["__typename"] not in _DONE:
            said = answer.get("message") or "; ".join(
                each["message"] for each in answer.get("errors", ())
            )
            raise DagsterNotAsked(
                f"Dagster did not do it: {said or answer['__typename']}.",
                "See in the Dagster UI, under Deployment, whether the code location moss_jamf_pipeline is loaded.",
            )
        return dict(answer)
