"""A peer's time for the raw part of the work: dlt, loading the same fleet from the same simulator (`dlt_pipeline`).

dlt lives in an environment of its own below the directory of the results, made when it is first needed, with the exact
versions of `dlt-requirements.txt`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.bench.measurement import Usage, measured
from tests.bench.servers import Workbench

_HERE: Final = Path(__file__).parent
_REQUIREMENTS: Final = _HERE / "dlt-requirements.txt"
_SCRIPT: Final = _HERE / "dlt_pipeline.py"
_LOADS: Final = ("first load", "unchanged re-run")
_COUNTS: Final = {
    "documented": "select count(*) from documented.computers",
    "tuned": "select count(*) from tuned.computers",
}
"""Variant of the script to the statement that counts what it loaded."""


@dataclass(frozen=True, slots=True)
class DltLoad:
    """One load by dlt.

    Attributes:
        variant: how it is set up; `dlt_pipeline` says what that means.
        load: `first load` or `unchanged re-run`.
        seconds: of `pipeline.run`, imports and start not included.
        computers: rows in its table of computers afterwards.
        usage: what its process took and wrote.
    """

    variant: str
    load: str
    seconds: float
    computers: int
    usage: Usage


def dlt_python(directory: Path) -> Path:
    """The Python of an environment with dlt; made, or made anew, unless it is as required.

    Args:
        directory: where the environment is kept.

    Raises:
        RuntimeError: it could not be installed.
    """
    environment = directory.absolute() / "dlt-environment"
    python, installed = environment / "bin" / "python", environment / "installed.txt"
    required = f"# Python {sys.version}\n{_REQUIREMENTS.read_text(encoding='utf-8')}"
    if not installed.exists() or installed.read_text(encoding="utf-8") != required:
        _run([sys.executable, "-m", "venv", "--clear", str(environment)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-cache-dir", "--requirement", str(_REQUIREMENTS)])
        installed.write_text(required, encoding="utf-8")
    return python


def measure_dlt(python: Path, workbench: Workbench) -> Iterator[DltLoad]:
    """Loads the fleet as it is now, twice with each variant, into a database of its own, and yields each load.

    Args:
        python: of the environment with dlt.
        workbench: whose simulator and database server are used.

    Raises:
        RuntimeError: dlt failed.
    """
    url = workbench.server.url_of(workbench.server.create("dlt"))
    directory = workbench.directory / "dlt"
    directory.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "DLT_DATA_DIR": str(directory),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DATABASE_URL": url,
        **workbench.jamf,
    }
    for variant, count in _COUNTS.items():
        for load in _LOADS:
            command = [str(python), str(_SCRIPT), variant]
            finished = measured(command, workbench, environment=environment, database_url=url)
            if finished.exit_code:
                raise RuntimeError(f"dlt ({variant}) failed:\n{finished.messages}")
            seconds = json.loads(finished.output.splitlines()[-1])["seconds"]
            with psycopg.connect(url) as connection:
                computers = connection.execute(count.encode()).fetchone() or (0,)
            yield DltLoad(variant, load, seconds, computers[0], finished.usage)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"dlt could not be installed:\n{done.stderr.strip()}")
