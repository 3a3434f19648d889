"""How fast fragments are: 50 requests a second for some seconds, while JAMF answers and while it hangs.

    python -m tests.bench.fragments [--rate 50] [--seconds 20]

The companion, the simulated JAMF and PostgreSQL run beside the load, which comes from a process of its own. CPU: of the
companion and the simulated JAMF, each request; unlike the times it does not depend on what else the machine does.
"""

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.simulator import Faults, SimulatorConfig
from moss_jamf_pipeline.simulator.faults import Latency
from tests.companion.site import Site, opened_site
from tests.support.auth_js import COOKIE, session_of
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer
from tests.support.dialects import RELEASE
from tests.support.schema import create_moss

_COMPUTERS = 200


def main() -> None:
    """Runs it, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="requests a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--load", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        sys.stdout.write(json.dumps(asyncio.run(_load(json.loads(options.load)))))
        return
    logging.getLogger("uvicorn.error").setLevel(
        logging.CRITICAL
    )  # answers are broken off on purpose
    with tempfile.TemporaryDirectory(prefix="moss-jamf-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres", UNSAFE_BUT_FAST)
        try:
            with postgres.connect_lease() as lease:
                server = DatabaseServer(lease.url("moss"))
                template = server.create("template")
                create_moss(server.url_of(template), RELEASE)
                config = SimulatorConfig(
                    computers=_COMPUTERS, users=100, groups=20, oddities=0, version="11.32.0"
                )
                with opened_site(server, template, config) as site:
                    _measure(site, options.rate, options.seconds)
        finally:
            postgres.stop()


def _measure(site: Site, rate: int, seconds: int) -> None:
    found = site.moss.connection.execute(
        """select internal_type, internal_id from integration_object_mappings
           where internal_type in ('device', 'person', 'group') order by internal_type, external_id"""
    ).fetchall()
    words = {"device": "devices", "person": "people", "group": "groups"}
    devices = [f"/jamf/fragments/devices/{row[1]}" for row in found if row[0] == "device"]
    mixed = [f"/jamf/fragments/{words[row[0]]}/{row[1]}" for row in found]
    hangs = Faults(latency=Latency(milliseconds=30_000))
    sys.stdout.write(
        f"{'':34} {'requests':>8} {'p50':>7} {'p95':>7} {'p99':>7} {'max':>7} {'CPU':>7}  (ms)\n"
    )
    for name, paths, faults, is_warm in (
        ("devices, JAMF's answers known", devices[:40], Faults(), True),
        ("devices, JAMF asked for each", devices, Faults(), False),
        ("all kinds", mixed, Faults(), True),
        ("devices, JAMF answers after 30 s", devices, hangs, False),
    ):
        with site.companion() as companion:
            order: dict[str, Any] = {
                "url": companion.url,
                "session": session_of(site.moss.users["user"]),
                "paths": paths,
                "warm": paths if is_warm else paths[:1],
                "rate": rate,
                "seconds": seconds,
            }
            if not is_warm:
                site.jamf.set_faults(faults)
            began = time.process_time()
            taken = _in_a_process(order)
            used = (time.process_time() - began) * 1000 / (len(taken) + len(order["warm"]))
            site.mend()
        cuts = quantiles(taken, n=100)
        sys.stdout.write(
            f"{name:34} {len(taken):8} {cuts[49]:7.1f} {cuts[94]:7.1f} {cuts[98]:7.1f} {max(taken):7.1f}"
            f" {used:7.1f}\n"
        )


def _in_a_process(order: dict[str, Any]) -> list[float]:
    command = [sys.executable, "-m", "tests.bench.fragments", "--load", json.dumps(order)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    taken: list[float] = json.loads(done.stdout)
    return taken


async def _load(order: dict[str, Any]) -> list[float]:
    """Sends requests at their times, whether or not those before are answered; returns how long each took, in ms."""
    taken: list[float] = []
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(
        base_url=order["url"],
        cookies={COOKIE: order["session"]},
        trust_env=False,
        limits=limits,
        timeout=30,
    ) as client:

        async def ask(path: str) -> None:
            began = time.perf_counter()
            answer = await client.get(path)
            taken.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()

        for path in order["warm"]:
            await ask(path)
        taken.clear()
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(order["rate"] * order["seconds"]):
                await asyncio.sleep(max(0, began + number / order["rate"] - time.perf_counter()))
                group.create_task(ask(order["paths"][number % len(order["paths"])]))
    return taken


if __name__ == "__main__":
    main()
