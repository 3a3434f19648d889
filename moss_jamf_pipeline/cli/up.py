"""`moss-jamf up`: the Dagster UI and its daemon, which starts the scheduled syncs, until Ctrl-C."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import httpx
import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.code_server import CodeServer, place_for_a_socket
from moss_jamf_pipeline.cli.failed_runs import telling_of_failed_runs
from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    DEMO_FLEET,
    ComputersOption,
    DemoFleet,
    EmbeddedOption,
    GroupsOption,
    SeedOption,
    UsersOption,
    VerboseOption,
    allow_embedded,
    single_command,
)
from moss_jamf_pipeline.cli.output import CommandFailed, explained, moment, stderr, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.cli.processes import Server, Servers, SimulatedJamf, running_servers
from moss_jamf_pipeline.cli.simulate import evolve_command
from moss_jamf_pipeline.engine.databases import resolve_databases
from moss_jamf_pipeline.engine.schedule import next_sync
from moss_jamf_pipeline.jamf.transport import is_loopback
from moss_jamf_pipeline.orchestration.dagster_internals import DAEMON_MODULE
from moss_jamf_pipeline.orchestration.instance import open_instance, prepare_dagster_home
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.preparation import prepare_if_embedded
from moss_jamf_pipeline.services.trial import refuse_real_inventory
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import (
    IntegrationChoice,
    Settings,
    make_state_directory,
    serving_simulator,
)

app = single_command()

_IPV6: Final = 6


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers for people listen.

    Attributes:
        host: the address of both.
        port: of the Dagster UI.
        companion_port: of the companion.
    """

    host: str
    port: int
    companion_port: int

    @property
    def ui(self) -> str:
        """The Dagster UI, for a browser on this machine."""
        return _address(self.host, self.port)

    @property
    def companion(self) -> str:
        """The companion, for a browser on this machine."""
        return _address(self.host, self.companion_port)


_SECONDS_TO_ANSWER: Final = 120.0
_SECONDS_BETWEEN_LOOKS: Final = 0.2


@app.command()
@naming_places
def up(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of the Dagster UI.")
    ] = 3000,
    companion_port: Annotated[
        int, typer.Option("--companion-port", min=1, max=65535, help="Port of the companion.")
    ] = 3100,
    host: Annotated[str, typer.Option("--host", help="Address that both listen on.")] = "127.0.0.1",
    computers: ComputersOption = DEMO_FLEET.computers,
    users: UsersOption = DEMO_FLEET.users,
    groups: GroupsOption = DEMO_FLEET.groups,
    seed: SeedOption = DEMO_FLEET.seed,
    embedded: EmbeddedOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Serve the Dagster UI, its daemon, which syncs by the schedule in M.O.S.S., and the companion, until Ctrl-C.

    Without a JAMF server in the environment or in M.O.S.S., the simulated fleet of the demo is served as well.
    """
    allow_embedded(is_meant=embedded)
    with explained(verbose=verbose):
        settings = Settings()
        _require_free("Dagster UI", "--port", host, port)
        _require_free("companion", "--companion-port", host, companion_port)
        _warn_of_strangers(host, port)
        with Workplace(settings) as workplace:
            for choice in settings.integrations:
                prepare_if_embedded(workplace, choice, may_be_first=True)
        with (
            place_for_a_socket() as place,
            running_servers() as servers,
            _ended_by_signals(servers),
        ):
            addresses = Addresses(host, port, companion_port)
            environment = _environment(
                servers, settings, DemoFleet(computers, users, groups, seed), addresses
            )
            with _found_by_other_commands(settings, environment):
                ended = _serve(servers, settings, place, environment, addresses, verbose=verbose)
            if ended is None:
                stderr.print("Stopping …")
                return
            raise CommandFailed(
                f"The {ended.name} ended by itself (exit code {ended.exit_code}); the rest is stopped.",
                f"Its last words are in {ended.log_file}."
                if ended.log_file
                else "Its message is above.",
            )


def _serve(
    servers: Servers,
    settings: Settings,
    place: Path,
    environment: Mapping[str, str],
    addresses: Addresses,
    *,
    verbose: bool,
) -> Server | None:
    """Starts everything and waits. Returns the server that ended by itself, or None when told to stop."""
    # Dagster's tables are made here, not by two servers at once; and its databases stay up while we are.
    open_instance(settings, captures_output=False).dispose()
    logs = settings.state_directory.absolute() / "logs"
    code = CodeServer(
        servers, logs / "code-server.log", environment, place, shows_everything=verbose
    )
    ended = code.wait_until_it_answers()
    if ended is not None or servers.is_told_to_end:
        return ended
    for name, arguments in (
        (
            "webserver",
            [
                *("dagster_webserver", "--host", addresses.host, "--port", str(addresses.port)),
                "--suppress-warnings",
            ],
        ),
        ("daemon", [DAEMON_MODULE, "run"]),
    ):
        servers.add(
            Server(
                name,
                [
                    sys.executable,
                    "-m",
                    *arguments,
                    "--workspace",
                    str(code.workspace),
                ],
                log_file=logs / f"{name}.log",
                environment=environment,
                shows_everything=verbose,
                is_kept_up=True,
            )
        )
    servers.add(
        Server(
            "companion",
            [
                *(sys.executable, "-m", "moss_jamf_pipeline.cli", "serve"),
                *("--host", addresses.host, "--port", str(addresses.companion_port)),
                *(["--with-inventory"] if settings.moss_database_url is None else []),
                *(["--verbose"] if verbose else []),
            ],
            log_file=logs / "companion.log",
            environment=environment,
            shows_everything=verbose,
            is_kept_up=True,
        )
    )
    for name, asked in (
        ("Dagster UI", f"{addresses.ui}/server_info"),
        ("companion", f"{addresses.companion}/healthz"),
    ):
        ended = _wait_until_it_answers(servers, name, asked)
        if ended is not None or servers.is_told_to_end:
            return ended
    _announce(settings, environment, addresses, logs)
    with telling_of_failed_runs(settings):
        return servers.wait()


def _environment(
    servers: Servers, settings: Settings, fleet: DemoFleet, addresses: Addresses
) -> dict[str, str]:
    environment = {
        "MOSS_JAMF_DAGSTER_URL": addresses.ui,
        "MOSS_JAMF_DAGSTER_LINK_URL": settings.dagster_link_url or addresses.ui,
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "MOSS_JAMF_STATE_DIR": str(settings.state_directory.absolute()),
        "PYTHONUNBUFFERED": "1",
        # Dagster says at each import which of the features used here may still change.
        "PYTHONWARNINGS": "ignore:Parameter,ignore:Function,ignore:Class",
    }
    if _wants_simulator(settings):
        jamf = SimulatedJamf(fleet)
        servers.add(jamf.server)
        environment |= jamf.environment()
    return environment


@contextmanager
def _found_by_other_commands(settings: Settings, environment: Mapping[str, str]) -> Iterator[None]:
    """Lets `moss-jamf sync` and the others, in another terminal, find the simulator that is served here, if one is."""
    if "JAMF_BASE_URL" not in environment:
        yield
        return
    with serving_simulator(
        make_state_directory(settings),
        environment["JAMF_BASE_URL"],
        environment["JAMF_CLIENT_ID"],
        environment["JAMF_CLIENT_SECRET"],
    ):
        yield


def _wants_simulator(settings: Settings) -> bool:
    """Whether no JAMF server is configured anywhere and simulated Macs would harm nobody."""
    if settings.jamf_base_url is not None or len(settings.integrations) > 1:
        return False
    (choice,) = settings.integrations
    with Workplace(settings) as workplace, workplace.reading(choice) as (connection, integration):
        if integration.base_url is not None:
            return False
        try:
            refuse_real_inventory(connection, choice)
        except ProblemFound as refusal:
            stderr.print(
                f"[yellow]No JAMF server is configured, so syncs will fail until JAMF_BASE_URL names one, or "
                f"`moss-jamf credentials set --base-url` saves one. The simulator is not started:[/] {refusal.message}",
                soft_wrap=True,
            )
            return False
    return True


def _announce(
    settings: Settings, environment: Mapping[str, str], addresses: Addresses, logs: Path
) -> None:
    stdout.print(f"[bold]Dagster UI[/]  {addresses.ui}", soft_wrap=True)
    _announce_companion(settings, addresses)
    stdout.print(f"[bold]Databases[/]   {resolve_databases(settings).where}", soft_wrap=True)
    simulated = environment.get("JAMF_BASE_URL")
    if simulated is not None:
        stdout.print(
            f"[bold]JAMF Pro[/]    simulated, at {simulated}; to let a week pass in its fleet:",
            soft_wrap=True,
        )
        stdout.print(f"            {evolve_command(simulated)}", soft_wrap=True)
    elif settings.jamf_base_url is not None:
        stdout.print(f"[bold]JAMF Pro[/]    {settings.jamf_base_url}", soft_wrap=True)
    for choice in settings.integrations:
        whose = f"{escape(choice.name or '')}: " if len(settings.integrations) > 1 else ""
        stdout.print(f"[bold]Next sync[/]   {whose}{_next_sync(settings, choice)}", soft_wrap=True)
    stdout.print(f"[bold]Logs[/]        {logs}; warnings and errors appear here.", soft_wrap=True)
    stdout.print("Ctrl-C stops everything.", soft_wrap=True)


def _announce_companion(settings: Settings, addresses: Addresses) -> None:
    """Says where the companion is; on this machine's embedded database also how to get in, by a token made for that."""
    page = f"{addresses.companion}/jamf/"
    if settings.moss_database_url is None and is_loopback(addresses.host):
        with Workplace(settings) as workplace:
            token = callers.new_token(workplace, operator(None))
        # Behind the # it reaches no log: the page itself reads it. Printed as it is, because it is what it is for.
        page = f"{addresses.companion}/jamf/sign-in#{token}"
    stdout.print("[bold]Companion[/]   ", end="")
    typer.echo(page)
    if settings.moss_database_url is None:
        stdout.print(
            f"[bold]Inventory[/]   {addresses.companion}/, in the place of M.O.S.S.'s pages, with JAMF's part in them",
            soft_wrap=True,
        )


def _next_sync(settings: Settings, choice: IntegrationChoice) -> str:
    with Workplace(settings) as workplace, workplace.reading(choice) as desk:
        integration = desk.integration
        following = next_sync(integration, datetime.now(UTC))
    if following.at is None:
        return f"none: {escape(following.why_not)}"
    return (
        f"{moment(following.at)}, by the schedule in M.O.S.S. ({escape(integration.schedule)}, UTC)"
    )


def _wait_until_it_answers(servers: Servers, name: str, asked: str) -> Server | None:
    """Returns when a server answers or it is no use to wait; one that ended by itself is returned.

    Raises:
        CommandFailed: it does not answer in time.
    """
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while time.monotonic() < deadline and not servers.is_told_to_end:
        ended = servers.first_ended()
        if ended is not None:
            return ended
        try:
            if httpx.get(asked, timeout=5, trust_env=False).is_success:
                return None
        except httpx.TransportError:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    if servers.is_told_to_end:
        return None
    raise CommandFailed(
        f"The {name} did not answer at {asked} within {_SECONDS_TO_ANSWER:.0f} seconds.",
        "Its log in the state directory's logs/ says more; --verbose shows it.",
    )


def _address(host: str, port: int) -> str:
    """Where a browser on this machine finds the UI."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ip_address("::1" if address.version == _IPV6 else "127.0.0.1")
    return f"http://[{address}]:{port}" if address.version == _IPV6 else f"http://{address}:{port}"


def _warn_of_strangers(host: str, port: int) -> None:
    """Says what it means that others than this machine reach the UI."""
    if not is_loopback(host):
        stderr.print(
            f"[bold yellow]The Dagster UI has no log-in.[/] Whoever reaches {escape(host)}:{port} can read what "
            "was synced, start and end syncs, and approve what is held. Let it listen on 127.0.0.1 and put a server "
            'that asks for a log-in in front: docs/operations.md, "Who may open the UI".',
            soft_wrap=True,
        )


def _require_free(what: str, option: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                f"The {what} cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}.",
                f"Choose another port with {option}, or stop what listens there.",
            ) from error


@contextmanager
def _ended_by_signals(servers: Servers) -> Iterator[None]:
    """Lets Ctrl-C, SIGTERM and a closed terminal end the wait; a second one while stopping changes nothing."""

    def end(_number: int, _frame: FrameType | None) -> None:
        servers.end_waiting()

    before = {
        number: signal.signal(number, end)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        servers.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
