"""Syncs as an operator starts them: real commands, in processes of their own, on a Dagster that remembers.

They are what outages and kills befall, and what is counted of them: runs that are left as if they worked, waits beyond
their bound, tracebacks.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import dict_row

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from tests.support.databases import connect_when_ready
from tests.support.life import LONG_WAIT, RUN_LEFT, TRACEBACK, Life

# How long a command may wait for another run, and how long it may take in all: its own work, and what it waits for.
_WAIT_MINUTES: Final = 0.25
_BOUND_SECONDS: Final = 150.0
_SECONDS_TO_BEGIN: Final = 60.0


@dataclass
class Commands:
    """The command line of a world.

    Attributes:
        life: counts what is broken.
        postgres: the server that holds both databases.
        dagster_url: Dagster's.
        directory: where commands are started.
    """

    life: Life
    postgres: EmbeddedPostgres
    dagster_url: str
    directory: Path

    def start(self) -> "subprocess.Popen[str]":
        """Starts a sync."""
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "moss_jamf_pipeline.cli", "sync"],
            cwd=self.directory,
            env={
                **os.environ,
                "DAGSTER_PG_URL": self.dagster_url,
                "MOSS_JAMF_WAIT_MINUTES": str(_WAIT_MINUTES),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, command: "subprocess.Popen[str]") -> str:
        """Waits for a command's end, within its bound, and looks at what it said."""
        try:
            output, errors = command.communicate(timeout=_BOUND_SECONDS)
        except subprocess.TimeoutExpired:
            self.life.broke(LONG_WAIT, f"a command took more than {_BOUND_SECONDS:.0f} seconds")
            command.kill()
            output, errors = command.communicate()
        if "Traceback" in output + errors:
            self.life.broke(TRACEBACK, errors[-2_000:])
        return "success" if command.returncode in (0, 3) else "failed"

    def calm(self) -> str:
        """A sync that nothing hinders: it closes what others left, and waits for nobody."""
        command = self.start()
        outcome = self.end(command)
        for row in self._query(
            "select run_id, status from runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED')"
        ):
            self.life.broke(RUN_LEFT, f"run {row['run_id']} is {row['status']}")
        for row in self._query("select * from concurrency_slots where run_id is not null"):
            self.life.broke(RUN_LEFT, f"run {row['run_id']} keeps a slot")
        return outcome

    def has_begun(self, command: "subprocess.Popen[str]") -> bool:
        """Waits until the command's run works; False if it ends before."""
        deadline = time.monotonic() + _SECONDS_TO_BEGIN
        while command.poll() is None and time.monotonic() < deadline:
            if self._query("select 1 as one from runs where status = 'STARTED'"):
                return True
            time.sleep(0.02)
        return False

    def stop_the_server(self) -> None:
        """Ends PostgreSQL, whoever works there."""
        self.postgres.stop()

    def start_the_server(self) -> None:
        """Starts it again."""
        self.postgres.start_and_keep()
        connect_when_ready(self.dagster_url).close()

    def kill_the_server(self, number: signal.Signals) -> None:
        """Crashes PostgreSQL; its supervisor starts it again."""
        pid_file = self.postgres.status().directory / "data" / "postmaster.pid"
        pid = pid_file.read_text().splitlines()[0]
        os.kill(int(pid), number)
        deadline = time.monotonic() + _SECONDS_TO_BEGIN
        while not pid_file.exists() or pid_file.read_text().splitlines()[:1] in ([], [pid]):
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL was not started again")
            time.sleep(0.02)
        connect_when_ready(self.dagster_url).close()

    def _query(self, statement: str) -> list[dict[str, object]]:
        with psycopg.connect(self.dagster_url, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()
