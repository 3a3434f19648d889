"""`make soak`: hundreds of syncs, each hindered by a real fault, and what became of them.

One world per dialect lives through half of the runs each: the fleet evolves, people edit, and a sync meets a fault that
the seed chooses. Every few runs a calm sync has to bring everything into step. Prints a table of the faults and the
totals of broken promises, which must all be 0.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import dagster as dg

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import (
    Churn,
    DroppedConnection,
    EmptyListing,
    Faults,
    Latency,
    LogInPage,
    MissingListing,
    PageLimit,
    Poison,
    RateLimited,
    RejectedTokens,
    ServerError,
    SimulatorServer,
    TruncatedBody,
    WrongContentType,
)
from tests.soak.commands import Commands
from tests.soak.hostility import ANSWERS, Hostility
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer
from tests.support.dialects import DIALECTS, Dialect
from tests.support.hurried import run_hurriedly
from tests.support.killable import SyncProcess, gate
from tests.support.life import BROKEN_PROMISES, FLEET, LONG_WAIT, Life
from tests.support.schema import create_moss
from tests.support.world import World, open_world

_RUNS_BETWEEN_CALM_ONES = 4
_LONGEST_RUN_SECONDS = 1.5
# What a sync of such a fleet may take with every wait of its own: none of them is longer than half a minute.
_LONGEST_SYNC_SECONDS = 120.0
_LOCKABLE = ("devices", "people", "groups", "integration_object_mappings", "integration_configs")
_INVENTORY = "computers-inventory"
_ANY_LISTING = "inventory|users|computer-groups|buildings|departments"
_PLACES_TO_DIE = (
    *("jamf_sync.raw_jamf", "jamf_sync.change_plan", "public.people", "public.devices"),
    *("public.ios", "public.group_members", "public.integration_object_mappings"),
)

Outcome = str
Hindrance = Callable[["Soak"], Outcome]


@dataclass
class Soak:
    """A world that is soaked.

    Attributes:
        life: what happens in it.
        commands: its command line, for what befalls processes.
        hostility: what its JAMF answers instead of what it should.
        outcomes: fault to outcome to how often.
    """

    life: Life
    commands: Commands
    hostility: Hostility
    outcomes: dict[str, Counter[Outcome]] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """Where it happens."""
        return self.life.world

    @property
    def random(self) -> Random:
        """Chooses everything that is chosen."""
        return self.life.random

    def sync(self) -> Outcome:
        """A sync that gives a request up after its third try, and what its history says of it."""
        runs, began = len(self.world.history()), time.monotonic()
        success = run_hurriedly(self.world.instance, attempts=3).success
        if time.monotonic() - began > _LONGEST_SYNC_SECONDS:
            self.life.broke(LONG_WAIT, f"a sync took {time.monotonic() - began:.0f} seconds")
        history = self.world.history()[runs:]
        if not history:
            return "failed before it began"
        return str(history[-1]["status"]) if success else "failed"

    def sync_under(self, faults: Faults) -> Outcome:
        """A sync of a JAMF that has faults."""
        self.world.jamf.set_faults(faults)
        try:
            return self.sync()
        finally:
            self.world.jamf.clear_faults()

    def live_on(self) -> None:
        """What happens between two syncs."""
        happenings = (
            *(self.life.evolve, self.life.evolve, self.life.evolve),
            *(self.life.edit_owned_fields, self.life.edit_fields_of_jamf, self.life.enter_a_device),
            *(self.life.delete_a_device, self.life.stage_anew),
        )
        for happening in self.random.sample(happenings, 2):
            happening()


# Faults of JAMF ---------------------------------------------------------------------------------------------------


def _jamf(make: Callable[[Soak], Faults]) -> Hindrance:
    return lambda soak: soak.sync_under(make(soak))


def _some_computers(soak: Soak, count: int) -> frozenset[str]:
    return frozenset(soak.random.sample(sorted(soak.world.fleet.computers), count))


_OF_JAMF: dict[str, Hindrance] = {
    "429": _jamf(lambda _: Faults(rate_limited=RateLimited(every=3))),
    "429 with Retry-After": _jamf(
        lambda _: Faults(rate_limited=RateLimited(every=4, retry_after_seconds=1))
    ),
    "500": _jamf(lambda _: Faults(server_error=ServerError(status=500, every=4))),
    "502": _jamf(lambda _: Faults(server_error=ServerError(status=502, body="html", every=3))),
    "503 for long": _jamf(lambda _: Faults(server_error=ServerError(path=_INVENTORY, status=503))),
    "504 above 4 records": _jamf(lambda _: Faults(page_limit=PageLimit(gateway_timeout_above=4))),
    "clamped pages": _jamf(lambda _: Faults(page_limit=PageLimit(largest=3))),
    "dropped bodies": _jamf(lambda _: Faults(dropped_connection=DroppedConnection(every=4))),
    "truncated bodies": _jamf(lambda _: Faults(truncated_body=TruncatedBody(every=4))),
    "wrong content type": _jamf(lambda _: Faults(wrong_content_type=WrongContentType())),
    "log-in page": _jamf(lambda _: Faults(log_in_page=LogInPage(path=_ANY_LISTING, every=3))),
    "401": _jamf(lambda _: Faults(rejected_tokens=RejectedTokens(after=2, every=9))),
    "tokens of a second": _jamf(
        lambda _: Faults(token_lifetime_seconds=1, latency=Latency(milliseconds=25))
    ),
    "empty listing": _jamf(
        lambda _: Faults(empty_listing=EmptyListing(path=_ANY_LISTING, total_count=0))
    ),
    "listing without records": _jamf(lambda _: Faults(empty_listing=EmptyListing(path=_INVENTORY))),
    "404": _jamf(lambda _: Faults(missing_listing=MissingListing(path=_ANY_LISTING, after=1))),
    "405": _jamf(lambda _: Faults(missing_listing=MissingListing(path=_INVENTORY, status=405))),
    "records that break pages": _jamf(
        lambda soak: Faults(poison=Poison(computer_ids=_some_computers(soak, 3)))
    ),
    "a page that always fails": _jamf(
        lambda soak: Faults(
            poison=Poison(computer_ids=frozenset(sorted(soak.world.fleet.computers, key=int)[8:16]))
        )
    ),
    "a fleet that changes while read": _jamf(
        lambda _: Faults(churn=Churn(inserted=1, deleted=1, every=2))
    ),
    "a privilege taken away": _jamf(
        lambda _: Faults(removed_privileges=frozenset({"Read Computers"}))
    ),
}


# Faults of what is on our side ------------------------------------------------------------------------------------


def _killed_somewhere(soak: Soak) -> Outcome:
    process = SyncProcess(in_dagster=True)
    process.kill_after(soak.random.uniform(0, _LONGEST_RUN_SECONDS))
    return "killed"


def _killed_while_writing(soak: Soak) -> Outcome:
    with gate(soak.world, soak.random.choice(_PLACES_TO_DIE)) as closed:
        process = SyncProcess(in_dagster=True)
        reached = closed.has_stopped(process)
        process.kill()
    return "killed" if reached else "had nothing to write there"


def _sessions_ended(soak: Soak) -> Outcome:
    """An administrator ends every session of the run while it writes."""
    with gate(soak.world, soak.random.choice(_PLACES_TO_DIE)) as closed:
        process = SyncProcess(in_dagster=True)
        if closed.has_stopped(process):
            closed.end_sessions_of_others()
            # Its other captures come there too.
            closed.open()
        return "success" if process.wait() else "failed"


def _two_at_once(soak: Soak) -> Outcome:
    with gate(soak.world, "public.integration_object_mappings") as closed:
        process = SyncProcess(in_dagster=True)
        closed.has_stopped(process)
        second = soak.sync()
        closed.open()
        process.wait()
    return f"the second: {second}"


def _disk_full(soak: Soak) -> Outcome:
    """What PostgreSQL says when the disk is full, as soon as anything is stored, planned or written."""
    tables = ("jamf_sync.raw_jamf", "jamf_sync.change_plan", "public.devices")
    with soak.world.database.connection() as connection:
        connection.execute(
            """create or replace function public.no_space_left() returns trigger language plpgsql as $$
               begin
                 raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
               end $$"""
        )
        for table in tables:
            connection.execute(
                f"create trigger no_space_left before insert or update on {table} for each row"
                " execute function public.no_space_left()".encode()
            )
    try:
        return soak.sync()
    finally:
        with soak.world.database.connection() as connection:
            for table in tables:
                connection.execute(f"drop trigger no_space_left on {table}".encode())


def _rows_rejected(soak: Soak) -> Outcome:
    """M.O.S.S. rejects every device whose name contains a certain digit."""
    digit = soak.random.randrange(10)
    with soak.world.database.connection() as connection:
        connection.execute(
            "alter table public.devices add constraint no_such_digit"
            f" check (hostname not like '%{digit}%') not valid".encode()
        )
    try:
        return soak.sync()
    finally:
        with soak.world.database.connection() as connection:
            connection.execute("alter table public.devices drop constraint no_such_digit")


def _rows_held(soak: Soak) -> Outcome:
    """Somebody has changed some rows, and not ended the transaction."""
    table = soak.random.choice(_LOCKABLE)
    with (
        soak.world.database.connection() as holder,
        holder.transaction(force_rollback=True),
    ):
        statement = f"select from public.{table} order by id limit 5 for update"
        holder.execute(statement.encode())
        return soak.sync()


def _table_held(soak: Soak) -> Outcome:
    """Somebody has locked a whole table, and lets go of it after a while."""
    with soak.world.database.connection() as holder:
        holder.execute("begin")
        holder.execute("lock table public.devices in share mode")
        ending = threading.Timer(soak.random.uniform(0.5, 4), holder.execute, ("commit",))
        ending.start()
        outcome = soak.sync()
        ending.join()
    return outcome


def _trigger_of_theirs(soak: Soak) -> Outcome:
    """An organisation's own trigger refuses some devices with a code of its own, by an error inside it, or late."""
    action = soak.random.choice(
        ("raise exception 'not that one' using errcode = 'MY001'", "perform 1 / 0")
    )
    timing = soak.random.choice(("before", "after"))
    digit = soak.random.randrange(10)
    with soak.world.database.connection() as connection:
        connection.execute(
            f"""create or replace function public.refuse() returns trigger language plpgsql as $$
                begin if new.hostname like '%{digit}%' then {action}; end if; return new; end $$""".encode()
        )
        connection.execute(
            f"create trigger refuse {timing} insert or update on public.devices for each row"
            " execute function public.refuse()".encode()
        )
    try:
        return soak.sync()
    finally:
        with soak.world.database.connection() as connection:
            connection.execute("drop trigger refuse on public.devices")


def _statements_cancelled(soak: Soak) -> Outcome:
    """An administrator cancels what the run is doing."""
    with gate(soak.world, soak.random.choice(_PLACES_TO_DIE)) as closed:
        process = SyncProcess(in_dagster=True)
        if closed.has_stopped(process):
            closed.cancel_statements_of_others()
            closed.open()
        return "success" if process.wait() else "failed"


def _hostile(soak: Soak) -> Outcome:
    soak.hostility.answer = soak.random.choice(sorted(ANSWERS))
    try:
        return soak.sync()
    finally:
        soak.hostility.answer = None


def _befalling_a_command(deed: Callable[[Soak, "subprocess.Popen[str]"], None]) -> Hindrance:
    """Something befalls a sync that an operator has started, while its run works; another one has to make it good."""

    def hinder(soak: Soak) -> Outcome:
        command = soak.commands.start()
        if soak.commands.has_begun(command):
            time.sleep(soak.random.uniform(0, _LONGEST_RUN_SECONDS))
            deed(soak, command)
        outcome = soak.commands.end(command)
        return f"{outcome}, the next: {soak.commands.calm()}"

    return hinder


def _stop_and_start(soak: Soak, command: "subprocess.Popen[str]") -> None:
    soak.commands.stop_the_server()
    # Half of the time it stays away until the command has ended for want of it.
    if soak.random.random() < 0.5:
        soak.commands.end(command)
    soak.commands.start_the_server()


def _second_command(soak: Soak, _: "subprocess.Popen[str]") -> None:
    soak.commands.end(soak.commands.start())


_OF_COMMANDS: dict[str, Hindrance] = {
    "PostgreSQL stopped": _befalling_a_command(_stop_and_start),
    "PostgreSQL crashed": _befalling_a_command(
        lambda soak, _: soak.commands.kill_the_server(signal.SIGQUIT)
    ),
    "PostgreSQL killed": _befalling_a_command(
        lambda soak, _: soak.commands.kill_the_server(signal.SIGKILL)
    ),
    "a command killed": _befalling_a_command(lambda _, command: command.kill()),
    "a command terminated": _befalling_a_command(lambda _, command: command.terminate()),
    "two commands at once": _befalling_a_command(_second_command),
}

_OF_OURS: dict[str, Hindrance] = {
    "killed at any moment": _killed_somewhere,
    "killed while writing": _killed_while_writing,
    "sessions ended": _sessions_ended,
    "two runs at once": _two_at_once,
    "disk full": _disk_full,
    "rows that M.O.S.S. rejects": _rows_rejected,
    "rows that somebody holds": _rows_held,
    "a table that somebody holds": _table_held,
    "a trigger of their own": _trigger_of_theirs,
    "statements cancelled": _statements_cancelled,
    "hostile answers": _hostile,
}

_ALL = {**_OF_JAMF, **_OF_OURS, **_OF_COMMANDS}


def main() -> int:
    """Soaks a world of each dialect.

    Returns:
        The exit code: 1 if a promise was broken.
    """
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="syncs that meet a fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(_ALL), help="these faults alone")
    parser.add_argument("--minutes", type=float, default=30, help="begin no run after these")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    soaks = []
    with _database_server() as (postgres, server):
        for number, dialect in enumerate(DIALECTS):
            runs = options.runs * (number + 1) // len(DIALECTS) - options.runs * number // len(
                DIALECTS
            )
            part_of_time = time.monotonic() + (deadline - time.monotonic()) / (
                len(DIALECTS) - number
            )
            with _world(postgres, server, dialect, f"{options.seed} {dialect}") as soak:
                _run(soak, runs, part_of_time, options.only or list(_ALL))
                soak.life.look_for_secrets()
            soaks.append(soak)
    return _report(soaks, options.runs, options.seed)


def _run(soak: Soak, runs: int, deadline: float, faults: Sequence[str]) -> None:
    """Every fault equally often, in an order of the seed's."""
    names: list[str] = []
    soak.life.settle(lambda: soak.sync() == "success")
    for number in range(1, runs + 1):
        if time.monotonic() > deadline:
            break
        names = names or soak.random.sample(faults, len(faults))
        name = names.pop()
        soak.live_on()
        with soak.life.watched():
            outcome = _ALL[name](soak)
        soak.outcomes.setdefault(name, Counter())[outcome] += 1
        if number % _RUNS_BETWEEN_CALM_ONES == 0 or number == runs:
            soak.life.settle(lambda: soak.sync() == "success")
        sys.stderr.write(f"\r{soak.world.dialect}: {number} of {runs} ({name}: {outcome})\x1b[K")
    sys.stderr.write("\n")


@contextmanager
def _database_server() -> Iterator[tuple[EmbeddedPostgres, DatabaseServer]]:
    with tempfile.TemporaryDirectory(prefix="moss-jamf-soak-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres", UNSAFE_BUT_FAST)
        try:
            postgres.start_and_keep()
            yield postgres, DatabaseServer(postgres.url("moss"))
        finally:
            postgres.stop()


@contextmanager
def _world(
    postgres: EmbeddedPostgres, server: DatabaseServer, dialect: Dialect, seed: str
) -> Iterator[Soak]:
    url, dagster_url = (server.url_of(server.create(name)) for name in ("soak", "dagster"))
    hostility = Hostility()
    create_moss(url, dialect)
    Settings.model_config["env_file"] = None
    with (
        tempfile.TemporaryDirectory(prefix="moss-jamf-soak-state-") as state,
        SimulatorServer(FLEET, around=hostility.around) as jamf,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        os.environ.update(
            MOSS_DATABASE_URL=url,
            DAGSTER_PG_URL=dagster_url,
            MOSS_JAMF_STATE_DIR=state,
            JAMF_BASE_URL=jamf.base_url,
            JAMF_CLIENT_ID=jamf.client_id,
            JAMF_CLIENT_SECRET=jamf.client_secret,
        )
        open_instance(Settings()).dispose()  # its tables
        with open_world(url, jamf, lambda: instance, dialect) as world:
            # Ids are handed out anew two by two. While runs fail that comes to what a restored server looks like, which
            # is held until a person lets it through; and there is none here.
            world.execute(
                "update integration_configs set sync_settings = coalesce(sync_settings, '{}') || %s::jsonb",
                ['{"guard": {"relink": null, "reserial": null}}'],
            )
            life = Life(world, Random(seed))
            yield Soak(life, Commands(life, postgres, dagster_url, Path(state)), hostility)


def _report(soaks: list[Soak], wanted: int, seed: int) -> int:
    outcomes: dict[str, Counter[Outcome]] = {}
    broken: Counter[str] = Counter()
    for soak in soaks:
        broken += soak.life.broken
        for name, counter in soak.outcomes.items():
            outcomes.setdefault(name, Counter()).update(counter)
    runs = sum(counter.total() for counter in outcomes.values())
    lines = [
        f"{runs} of {wanted} syncs, seed {seed}",
        "",
        "| fault | runs | outcome |",
        "|---|---:|---|",
    ]
    for name in _ALL:
        counter = outcomes.get(name, Counter())
        told = ", ".join(f"{count} {outcome}" for outcome, count in counter.most_common())
        lines.append(f"| {name} | {counter.total()} | {told} |")
    lines += ["", "| broken promise | times |", "|---|---:|"]
    lines += [f"| {promise} | {broken[promise]} |" for promise in BROKEN_PROMISES]
    details = [detail for soak in soaks for detail in soak.life.details[:20]]
    sys.stdout.write("\n".join([*lines, *(["", *details] if details else [])]) + "\n")
    return 1 if broken or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
