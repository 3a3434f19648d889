"""All that a bench measured, and on which machine: what `markdown` shows, and what is kept as JSON."""

import json
import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from moss_jamf_pipeline.embedded.cluster import find_binaries
from tests.bench.series import Series


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures depend on besides the work.

    Attributes:
        began_at: when the bench began, UTC, to the minute.
        commit: of the checkout, with `+` if it is changed; empty outside a checkout.
        cpus: how many the processes may use.
        load: the load average of the minute before; more than a fraction means that others disturbed the measurement.
        system: operating system and architecture.
        python: its version.
        postgres: the database server's version.
        dagster: its version.
    """

    began_at: str
    commit: str
    cpus: int
    load: float
    system: str
    python: str
    postgres: str
    dagster: str

    @classmethod
    def now(cls, binaries: Path | None = None) -> Self:
        """This machine as it is now.

        Args:
            binaries: the programs of the PostgreSQL that is used; the embedded one's if not given.
        """
        cpus = os.cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):
            cpus = len(os.sched_getaffinity(0))
        return cls(
            began_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
            commit=_commit(),
            cpus=cpus,
            load=round(os.getloadavg()[0], 1),
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            postgres=_output([str((binaries or find_binaries()) / "postgres"), "--version"])
            .partition(") ")[2]
            .split()[0],
            dagster=version("dagster"),
        )


@dataclass(slots=True)
class Results:
    """What a bench measured so far.

    Attributes:
        machine: where.
        dialect: which M.O.S.S. was synced.
        jamf: what is special about the simulated JAMF, in words; empty if nothing is.
        series: one per fleet and latency, in the order in which they were measured.
    """

    machine: Machine
    dialect: str
    jamf: str = ""
    series: list[Series] = field(default_factory=list)

    def as_json(self) -> str:
        """Everything, with figures as they were measured."""
        return json.dumps(asdict(self), indent=2) + "\n"


def _commit() -> str:
    git = shutil.which("git")
    return _output([git, "describe", "--always", "--dirty=+"]) if git else ""


def _output(command: list[str]) -> str:
    """What a command prints; empty if it fails."""
    done = subprocess.run(
        command, cwd=Path(__file__).parent, check=False, capture_output=True, text=True
    )
    return done.stdout.strip()
