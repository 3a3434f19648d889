"""`make bench`: times syncs end to end: `moss-jamf sync` against the simulator in a process of its own.

Prints a Markdown table and writes the same as JSON. Measures; asserts nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import httpx
import psycopg

_MOSS_JAMF = [sys.executable, "-m", "moss_jamf_pipeline.cli"]
_CORE_TABLES = ["devices", "people", "ios", "locations", "rooms", "groups", "group_members"]
_KILOBYTES_PER_MAXRSS = 1 if sys.platform == "linux" else 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """One sync.

    Attributes:
        phase: what was measured.
        seconds: from the start of the Dagster run to its end.
        cpu_seconds: of the run process, its start included.
        peak_rss_mb: of the run process.
        requests: to JAMF, tokens included.
        core_rows_written: rows inserted, updated and deleted in M.O.S.S. core tables.
        wal_mb: write-ahead log of the database server.
    """

    phase: str
    status: str
    seconds: float
    cpu_seconds: float
    peak_rss_mb: int
    requests: int
    core_rows_written: int
    wal_mb: float


def main() -> None:
    """Runs the phases for the size asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--computers", type=int, default=10_000)
    parser.add_argument("--users", type=int, help="default: four for every five computers")
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--result", type=Path, default=Path("bench-results/latest.json"))
    options = parser.parse_args()
    users = options.users if options.users is not None else options.computers * 4 // 5
    state = Path(tempfile.mkdtemp(prefix="moss-jamf-bench-"))
    environment = {**os.environ, "MOSS_JAMF_STATE_DIR": str(state)}
    simulator = _start_simulator(options.computers, users, options.groups, options.seed)
    try:
        announced = _announcement(simulator.stdout)
        environment |= {
            "JAMF_BASE_URL": announced["base_url"],
            "JAMF_CLIENT_ID": announced["client_id"],
            "JAMF_CLIENT_SECRET": announced["client_secret"],
        }
        _run([*_MOSS_JAMF, "db", "start"], environment)
        _run([*_MOSS_JAMF, "init"], environment)
        url = _run([*_MOSS_JAMF, "db", "url"], environment).strip()
        changed = options.computers // 20
        measurements = [
            _measure("first import", environment, url, announced["base_url"]),
            _measure("unchanged re-run", environment, url, announced["base_url"]),
        ]
        _evolve(announced["base_url"], changed)
        measurements.append(_measure("5 % changed", environment, url, announced["base_url"]))
    finally:
        simulator.terminate()
        simulator.wait()
        subprocess.run(
            [*_MOSS_JAMF, "db", "stop"], env=environment, check=False, capture_output=True
        )
        shutil.rmtree(state, ignore_errors=True)
    fleet = {
        "computers": options.computers,
        "users": users,
        "groups": options.groups,
        "cpus": os.cpu_count() or 1,
    }
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(
        json.dumps({"fleet": fleet, "phases": [asdict(one) for one in measurements]}, indent=2)
        + "\n"
    )
    _print_table(fleet, measurements)


def _start_simulator(computers: int, users: int, groups: int, seed: int) -> subprocess.Popen[str]:
    fleet = ["--computers", computers, "--users", users, "--groups", groups, "--seed", seed]
    return subprocess.Popen(
        [*_MOSS_JAMF, "simulate", "--json", *map(str, fleet)], stdout=subprocess.PIPE, text=True
    )


def _announcement(stream: IO[str] | None) -> dict[str, str]:
    if stream is None:
        raise RuntimeError("the simulator has no standard output")
    text = ""
    for line in stream:
        text += line
        try:
            announced: dict[str, str] = json.loads(text)
        except json.JSONDecodeError:
            continue
        return announced
    raise RuntimeError("the simulator ended before it was ready")


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _measure(phase: str, environment: dict[str, str], url: str, jamf: str) -> Measurement:
    httpx.delete(f"{jamf}/simulator/requests").raise_for_status()
    rows_before, wal_before = _written(url)
    process = subprocess.Popen(
        [*_MOSS_JAMF, "sync", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    output = process.stdout.read() if process.stdout else ""
    _, _, usage = os.wait4(process.pid, 0)
    rows_after, wal_after = _written(url)
    report = json.loads(output)
    requests = httpx.get(f"{jamf}/simulator/requests").raise_for_status().json()
    return Measurement(
        phase=phase,
        status=report["status"],
        seconds=report["seconds"],
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 1),
        peak_rss_mb=usage.ru_maxrss // _KILOBYTES_PER_MAXRSS // 1024,
        requests=requests["total"],
        core_rows_written=rows_after - rows_before,
        wal_mb=round((wal_after - wal_before) / 1024 / 1024, 1),
    )


def _written(url: str) -> tuple[int, int]:
    """Rows ever written to the core tables, and the position of the write-ahead log in bytes."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables "
            "where schemaname = 'public' and relname = any (%s)",
            (_CORE_TABLES,),
        ).fetchone()
        wal = connection.execute(
            "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
        ).fetchone()
    if rows is None or wal is None:
        raise LookupError("PostgreSQL gave no statistics")
    return rows[0], wal[0]


def _evolve(jamf: str, changed: int) -> None:
    """Changes one computer in twenty, in the proportions of an ordinary week."""
    request = {
        "enrolments": changed // 10,
        "wipes": changed // 20,
        "re_enrolments": changed // 20,
        "reassignments": changed // 5,
        "renames": changed // 10,
        "os_updates": changed // 2,
        "contacts": True,
    }
    httpx.post(f"{jamf}/simulator/evolve", json=request, timeout=120).raise_for_status()


def _print_table(fleet: dict[str, int], measurements: list[Measurement]) -> None:
    size = ", ".join(f"{fleet[name]:,} {name}" for name in ("computers", "users", "groups"))
    lines = [
        f"{size}; {fleet['cpus']} cores, database and simulator on the same machine",
        "",
        "| phase | status | seconds | CPU s | peak RSS MB | JAMF requests | core rows written | WAL MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.phase} | {one.status} | {one.seconds:.1f} | {one.cpu_seconds:.1f} | {one.peak_rss_mb} "
        f"| {one.requests} | {one.core_rows_written} | {one.wal_mb:.1f} |"
        for one in measurements
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
