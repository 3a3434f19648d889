"""`/metrics`: the integrations in numbers, and the requests that this process answered, as Prometheus reads them.

It names no person and no device, and stands outside what the reverse proxy leads to us: it is for whoever runs the
service.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from moss_jamf_pipeline.companion.surroundings import surroundings_of
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.measures import Measures, measure
from moss_jamf_pipeline.services.workplace import Workplace

ROUTER = APIRouter(tags=["health"])

_OF: Final = "integration"


class RequestMetrics:
    """Counts the requests that a process answers.

    Attributes:
        registry: where it does.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "moss_jamf_http_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "moss_jamf_http_request_seconds",
            "How long requests took.",
            ("route",),
            buckets=(0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=self.registry,
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one request; `route` is the path with its parameters' names, so that there are few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class _OfIntegrations(Collector):
    """Measures all integrations whenever it is asked."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def collect(self) -> Iterator[Metric]:
        measured, answers = [], 1
        for choice in self._workplace.settings.integrations:
            try:
                measured.append(measure(self._workplace, choice))
            except (*EXPLAINED, ProblemFound):
                answers = 0
        yield GaugeMetricFamily(
            "moss_jamf_up", "Whether every integration could be measured.", value=answers
        )
        yield from _families(measured)


def _families(measured: list[Measures]) -> Iterator[Metric]:
    enabled = GaugeMetricFamily(
        "moss_jamf_integration_enabled", "Whether the integration may be synced.", labels=[_OF]
    )
    runs = GaugeMetricFamily(
        "moss_jamf_runs",
        "Runs in M.O.S.S.'s history, by how they ended.",
        labels=[_OF, "sync_type", "status"],
    )
    ended = GaugeMetricFamily(
        "moss_jamf_last_run_ended_timestamp_seconds",
        "When the last such run ended.",
        labels=[_OF, "sync_type", "status"],
    )
    objects = GaugeMetricFamily(
        "moss_jamf_run_objects",
        "Objects by what the runs in M.O.S.S.'s history did to them.",
        labels=[_OF, "outcome"],
    )
    outcomes = GaugeMetricFamily(
        "moss_jamf_plan_rows",
        "Rows of the newest plan, by what became of them.",
        labels=[_OF, "object_type", "action", "outcome"],
    )
    held = GaugeMetricFamily(
        "moss_jamf_held_changes", "Changes that wait for an approval.", labels=[_OF, "kind"]
    )
    conflicts = GaugeMetricFamily(
        "moss_jamf_open_conflicts", "Conflicts that wait for a person.", labels=[_OF, "kind"]
    )
    expire = GaugeMetricFamily(
        "moss_jamf_credentials_expire_timestamp_seconds",
        "When the day begins on which the credentials for JAMF end, where that is known.",
        labels=[_OF],
    )
    for each in measured:
        whose = each.integration
        if each.credentials_end_on is not None:
            day = datetime.combine(each.credentials_end_on, time.min, UTC)
            expire.add_metric([whose], day.timestamp())
        enabled.add_metric([whose], each.is_enabled)
        totals = {"created": 0, "updated": 0, "skipped": 0, "failed": 0}
        for run in each.runs:
            runs.add_metric([whose, run.sync_type, run.status], run.runs)
            if run.last_ended_at is not None:
                ended.add_metric([whose, run.sync_type, run.status], run.last_ended_at)
            for outcome in totals:
                totals[outcome] += getattr(run, outcome)
        for outcome, number in totals.items():
            objects.add_metric([whose, outcome], number)
        for row in each.outcomes:
            outcomes.add_metric([whose, row.object_type, row.action, row.outcome], row.rows)
        for kind, number in each.held.items():
            held.add_metric([whose, kind], number)
        for kind, number in each.open_conflicts.items():
            conflicts.add_metric([whose, kind], number)
    yield from (enabled, runs, ended, objects, outcomes, held, conflicts, expire)
    yield from _families_of_captures(measured)


def _families_of_captures(measured: list[Measures]) -> Iterator[Metric]:
    families = {
        name: GaugeMetricFamily(f"moss_jamf_capture_{name}", words, labels=[_OF, "collection"])
        for name, words in (
            ("timestamp_seconds", "When the newest capture was made."),
            ("seconds", "How long the newest capture took."),
            ("records", "Records that the newest capture brought."),
            ("rejected_records", "Records of the newest capture that could not be used."),
            ("requests", "Requests that the newest capture took."),
            ("bytes", "Bytes that the newest capture received."),
            ("complete", "Whether the newest capture is complete."),
        )
    }
    for each in measured:
        for capture in each.captures:
            values: dict[str, float | None] = {
                "timestamp_seconds": capture.captured_at.timestamp(),
                "seconds": capture.seconds,
                "records": capture.captured_count,
                "rejected_records": capture.rejected_count,
                "requests": capture.requests,
                "bytes": capture.bytes_received,
                "complete": capture.is_complete,
            }
            for name, value in values.items():
                if value is not None:
                    families[name].add_metric([each.integration, capture.collection], value)
    yield from families.values()


@ROUTER.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Runs, outcomes, what is held and in conflict, age and cost of captures, and requests: for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_OfIntegrations(surroundings_of(request).workplace))
    body = generate_latest(registry) + generate_latest(request.app.state.requests.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
