"""How a command is measured: what its process used, and what it made PostgreSQL and JAMF do.

A command runs as a process of its own, as a user would start it. Its memory and CPU are what the kernel says when it
ends; what PostgreSQL wrote is the difference of the server's own counters.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from typing import Final, Self

import psutil
import psycopg

from moss_jamf_pipeline.simulator import RequestCounts
from tests.bench.servers import Workbench

_BYTES_PER_MAXRSS: Final = 1024 if sys.platform == "linux" else 1
_MEGABYTE: Final = 1024 * 1024
_SECONDS_FOR_STATISTICS: Final = 10.0
_SECONDS_BETWEEN_LOOKS: Final = 0.02

# What a client asks besides the records: who it is, and which JAMF this is.
_NOT_PAGES: Final = ("oauth/token", "jamf-pro-version")

_ROW_WRITES: Final = """
select schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del
from pg_stat_user_tables
"""
_SERVER: Final = """
select pg_backend_pid(), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
  (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())
"""


@dataclass(frozen=True, slots=True)
class RowWrites:
    """Row versions written to a table, or to several.

    Attributes:
        inserted: rows inserted.
        updated: rows updated; each leaves a dead version behind.
        updated_in_place: those of them that needed no new index entries (HOT).
        deleted: rows deleted.
    """

    inserted: int = 0
    updated: int = 0
    updated_in_place: int = 0
    deleted: int = 0

    def __add__(self, other: Self) -> "RowWrites":
        return RowWrites(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.updated_in_place + other.updated_in_place,
            self.deleted + other.deleted,
        )

    def since(self, earlier: Self) -> "RowWrites":
        """What was written after an earlier count."""
        return RowWrites(
            self.inserted - earlier.inserted,
            self.updated - earlier.updated,
            self.updated_in_place - earlier.updated_in_place,
            self.deleted - earlier.deleted,
        )

    @classmethod
    def total(cls, several: Iterable["RowWrites"]) -> "RowWrites":
        """All of them together."""
        return sum(several, start=cls())


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command took.

    Attributes:
        process_seconds: from starting the process to its end, imports included.
        cpu_seconds: of the process and of those that it started.
        peak_rss_mb: of the process; of those that it started only if larger (never summed).
        postgres_cpu_seconds: of all processes of the database server (on Linux; elsewhere not of those that ended).
        simulator_cpu_seconds: of the simulator, which would be another machine's.
        other_cpu_seconds: of everything else on the machine, the kernel included; many mean that others disturbed us.
        wal_mb: write-ahead log of the whole server, Dagster's database included.
        requests: to JAMF.
        pages: those that fetched records.
        rows: table to the row versions written to it, of tables that were written.
    """

    process_seconds: float
    cpu_seconds: float
    peak_rss_mb: int
    postgres_cpu_seconds: float
    simulator_cpu_seconds: float
    other_cpu_seconds: float
    wal_mb: float
    requests: int
    pages: int
    rows: dict[str, RowWrites]


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended.

    Attributes:
        exit_code: how.
        output: what it wrote to standard output.
        messages: the end of what it wrote to standard error.
        usage: what it took.
    """

    exit_code: int
    output: str
    messages: str
    usage: Usage


def measured(
    command: Sequence[str],
    workbench: Workbench,
    *,
    environment: Mapping[str, str],
    database_url: str,
) -> Finished:
    """Runs a command and measures it. Nothing else may use the servers meanwhile.

    Args:
        command: the program and its arguments.
        workbench: the servers that it uses.
        environment: its whole environment.
        database_url: the database whose tables it writes.
    """
    workbench.forget_requests()
    before = _Counters.read(database_url)
    ended = _run(command, environment, workbench.directory)
    after = _Counters.read(database_url)
    requests = workbench.requests()
    cpu = ended.usage.ru_utime + ended.usage.ru_stime
    postgres_cpu = after.postgres_cpu_seconds - before.postgres_cpu_seconds
    simulator_cpu = after.simulator_cpu_seconds - before.simulator_cpu_seconds
    machine_cpu = after.machine_cpu_seconds - before.machine_cpu_seconds
    usage = Usage(
        process_seconds=ended.seconds,
        cpu_seconds=cpu,
        peak_rss_mb=ended.usage.ru_maxrss * _BYTES_PER_MAXRSS // _MEGABYTE,
        postgres_cpu_seconds=postgres_cpu,
        simulator_cpu_seconds=simulator_cpu,
        other_cpu_seconds=max(0.0, machine_cpu - cpu - postgres_cpu - simulator_cpu),
        wal_mb=(after.wal_bytes - before.wal_bytes) / _MEGABYTE,
        requests=requests.total,
        pages=_pages(requests),
        rows=after.rows_since(before),
    )
    return Finished(ended.exit_code, ended.output, ended.messages, usage)


@dataclass(frozen=True, slots=True)
class _Ended:
    exit_code: int
    seconds: float
    usage: struct_rusage
    output: str
    messages: str


def _run(command: Sequence[str], environment: Mapping[str, str], directory: Path) -> _Ended:
    """Runs a command to its end; an interrupt of ours ends it first.

    Its output goes to files, which need no reader while we wait. What the kernel calls its peak memory is at least what
    this process has, from which it was made: about 70 MB, less than anything that is measured here.
    """
    output, messages = directory / "output", directory / "messages"
    began = time.perf_counter()
    with output.open("wb") as output_file, messages.open("wb") as messages_file:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output_file,
            stderr=messages_file,
        )
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)  # else Popen would wait for it too
    return _Ended(
        exit_code=process.returncode,
        seconds=seconds,
        usage=usage,
        output=output.read_text(encoding="utf-8"),
        messages="\n".join(messages.read_text(errors="replace").splitlines()[-20:]),
    )


@dataclass(frozen=True, slots=True)
class _Counters:
    """What the servers have done so far.

    Attributes:
        postgres_cpu_seconds: of all processes of the database server, those that ended included (on Linux).
        simulator_cpu_seconds: of our own child processes; between two commands these are the simulator and its guard.
        machine_cpu_seconds: of all processes of the machine.
        wal_bytes: the position in the write-ahead log.
        rows: table to the row versions ever written to it.
    """

    postgres_cpu_seconds: float
    simulator_cpu_seconds: float
    machine_cpu_seconds: float
    wal_bytes: int
    rows: dict[str, RowWrites]

    @classmethod
    def read(cls, database_url: str) -> Self:
        """Reads them, once no other session is open: a session hands in its counts when it ends.

        Args:
            database_url: whose tables are looked at.

        Raises:
            RuntimeError: somebody else uses the server, so its counters mean nothing.
        """
        with psycopg.connect(database_url, autocommit=True) as connection:
            deadline = time.monotonic() + _SECONDS_FOR_STATISTICS
            while (server := _one_row(connection, _SERVER))[2]:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{server[2]} other sessions are open on the server")
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            rows = connection.execute(_ROW_WRITES).fetchall()
            return cls(
                postgres_cpu_seconds=_cpu_seconds_with_ended(psutil.Process(server[0]).parent()),
                simulator_cpu_seconds=_cpu_seconds(psutil.Process().children(recursive=True)),
                machine_cpu_seconds=_busy_seconds(),
                wal_bytes=server[1],
                rows={name: RowWrites(*counts) for name, *counts in rows},
            )

    def rows_since(self, earlier: Self) -> dict[str, RowWrites]:
        """Tables that were written after earlier counters were read."""
        nothing = RowWrites()
        written = {
            name: counts.since(earlier.rows.get(name, nothing))
            for name, counts in sorted(self.rows.items())
        }
        return {name: counts for name, counts in written.items() if counts != nothing}


def _one_row(connection: "psycopg.Connection[tuple[int, ...]]", statement: str) -> tuple[int, ...]:
    row = connection.execute(statement.encode()).fetchone()
    if row is None:
        raise LookupError("PostgreSQL gave no statistics")
    return row


def _cpu_seconds_with_ended(postmaster: psutil.Process | None) -> float:
    """CPU time of a process, of its children and of those children that have ended."""
    if postmaster is None:
        raise LookupError("the session's server process has no parent")
    times = postmaster.cpu_times()
    ended: float = times.children_user + times.children_system
    return ended + _cpu_seconds([postmaster, *postmaster.children()])


def _cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # a background worker that has just ended; its parent has its time
        total += times.user + times.system
    return total


def _busy_seconds() -> float:
    """CPU time that all processors of the machine have spent on anything."""
    times = psutil.cpu_times()._asdict()
    # Linux counts a guest's time among the user's as well.
    idle = ("idle", "iowait", "guest", "guest_nice")
    return float(sum(seconds for name, seconds in times.items() if name not in idle))


def _pages(counts: RequestCounts) -> int:
    return sum(
        count.requests for path, count in counts.paths.items() if not path.endswith(_NOT_PAGES)
    )
