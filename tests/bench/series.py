"""Takes one fleet through the phases: what is timed, and what is read about it afterwards."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from moss_jamf_pipeline.cli.options import DemoFleet
from tests.bench.against_dlt import DltLoad
from tests.bench.measurement import Usage, measured
from tests.bench.phases import Phase, changes_before
from tests.bench.servers import Workbench
from tests.bench.statements import StatementTime, read_statement_times
from tests.bench.steps import RunTime, read_run_time

_BYTES_RECEIVED: Final = "select coalesce(sum(bytes_received), 0)::bigint from jamf_sync.captures"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One phase, measured.

    Attributes:
        phase: its title.
        status: how the run ended: `success`, `partial` or `failed`.
        notes: what the command says of a run that was not a plain success.
        seconds: from the start of the Dagster run to its end.
        received_mb: bodies of JAMF's answers, decompressed.
        usage: what its process took, and made others do.
        run_time: what the seconds went into.
        statements: what PostgreSQL's part of them went into, the longest first.
    """

    phase: str
    status: str
    notes: tuple[str, ...]
    seconds: float
    received_mb: float
    usage: Usage
    run_time: RunTime
    statements: tuple[StatementTime, ...]


@dataclass(slots=True)
class Series:
    """The measurements of one fleet.

    Attributes:
        fleet: what the simulator serves at first.
        latency_ms: by how much later JAMF answered than it could.
        measurements: of the phases, in their order.
        dlt: of a peer, if it was asked for.
    """

    fleet: DemoFleet
    latency_ms: int
    measurements: list[Measurement] = field(default_factory=list)
    dlt: list[DltLoad] = field(default_factory=list)


def measure_phases(workbench: Workbench, phases: Sequence[Phase]) -> Iterator[Measurement]:
    """Takes a workbench's fleet through phases, and yields each as soon as it is measured.

    Args:
        workbench: freshly opened.
        phases: what to do.

    Raises:
        RuntimeError: a command ended without a report.
    """
    slot = ""
    for phase in phases:
        if phase.changed:
            workbench.evolve(changes_before(phase, workbench.fleet.computers))
        received = _bytes_received(workbench)
        logged = workbench.postgres_log.stat().st_size
        finished = measured(
            workbench.moss_jamf(phase.arguments(slot)),
            workbench,
            environment=workbench.environment,
            database_url=workbench.moss_url,
        )
        if not finished.output:
            raise RuntimeError(f"{phase.title}: no report was made.\n{finished.messages}")
        report = json.loads(finished.output)
        slot = report["slot"]
        yield Measurement(
            phase=phase.title,
            status=report["status"],
            notes=_notes(report),
            seconds=report["seconds"],
            received_mb=(_bytes_received(workbench) - received) / 1024 / 1024,
            usage=finished.usage,
            run_time=read_run_time(workbench.dagster_url, report["run_id"], report["seconds"]),
            statements=read_statement_times(workbench.postgres_log, logged),
        )


def _notes(report: dict[str, Any]) -> tuple[str, ...]:
    """What a command's report says besides how it ended."""
    message = [report["message"]] if report.get("message") else []
    return (*message, *(error["message"] for error in report.get("errors", ())))


def _bytes_received(workbench: Workbench) -> int:
    """Bytes of all captures so far."""
    with psycopg.connect(workbench.moss_url) as connection:
        row: tuple[int] | None = connection.execute(_BYTES_RECEIVED).fetchone()
    return row[0] if row else 0
