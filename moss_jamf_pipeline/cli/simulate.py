"""`moss-jamf simulate`: serves a simulated JAMF Pro."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from moss_jamf_pipeline.cli.options import (
    DEMO_FLEET,
    ComputersOption,
    GroupsOption,
    JsonOption,
    SeedOption,
    UsersOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stderr, stdout
from moss_jamf_pipeline.simulator import (
    PERMISSIONS,
    GatewayConfig,
    SimulatorConfig,
    SimulatorStartError,
    serve,
)

app = single_command()

_DEFAULT = SimulatorConfig()


@app.command()
def simulate(
    computers: ComputersOption = DEMO_FLEET.computers,
    users: UsersOption = DEMO_FLEET.users,
    groups: GroupsOption = DEMO_FLEET.groups,
    mobile_devices: Annotated[
        int, typer.Option("--mobile-devices", min=0, help="Mobile device records.")
    ] = _DEFAULT.mobile_devices,
    seed: SeedOption = DEMO_FLEET.seed,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 0,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = _DEFAULT.host,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate",
            help="A file with a key and a certificate for the host (PEM): serve https.",
        ),
    ] = None,
    version: Annotated[
        str,
        typer.Option("--version", help="The JAMF Pro release; endpoints that it lacks answer 404."),
    ] = _DEFAULT.version,
    oddities: Annotated[
        float,
        typer.Option(
            "--oddities", min=0, help="Odd data relative to the usual rate; 0 gives a clean fleet."
        ),
    ] = _DEFAULT.oddities,
    hard_cases: Annotated[
        bool,
        typer.Option(
            "--hard-cases/--no-hard-cases",
            help="Whether one of each hard case of who is who is among the Macs.",
        ),
    ] = _DEFAULT.hard_cases,
    further_attributes: Annotated[
        int,
        typer.Option(
            "--further-attributes",
            min=0,
            help="Extension attributes that each of three sections of a computer has besides the usual ones: real "
            "records weigh 5 to 34 KB.",
        ),
    ] = _DEFAULT.further_attributes,
    without_privilege: Annotated[
        list[str] | None,
        typer.Option(
            "--without-privilege",
            help='A privilege the API client lacks, e.g. "Read Buildings". Repeatable.',
        ),
    ] = None,
    gateway: Annotated[
        bool,
        typer.Option(
            "--gateway/--no-gateway",
            help="Answer as the Jamf Platform gateway in front of that server, and not otherwise.",
        ),
    ] = False,
    without_permission: Annotated[
        list[str] | None,
        typer.Option(
            "--without-permission",
            help='A permission the gateway\'s integration lacks, e.g. "buildings:read". Repeatable.',
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a simulated JAMF Pro until Ctrl-C: same endpoints, same quirks, the fleet that the seed names.

    Change its fleet between two syncs with POST /simulator/evolve.
    """
    with explained(as_json=as_json):
        config = _configuration(
            computers=computers,
            users=users,
            groups=groups,
            mobile_devices=mobile_devices,
            seed=seed,
            port=port,
            host=host,
            certificate=certificate,
            version=version,
            oddities=oddities,
            hard_cases=hard_cases,
            further_attributes=further_attributes,
            privileges=_DEFAULT.privileges - set(without_privilege or ()),
            gateway=GatewayConfig(
                permissions=frozenset(PERMISSIONS) - set(without_permission or ())
            )
            if gateway
            else None,
        )
        try:
            serve(config, on_ready=lambda base_url: _announce(base_url, config, as_json=as_json))
        except SimulatorStartError as error:
            raise CommandFailed(str(error), "") from error
        except KeyboardInterrupt:
            stderr.print("Stopped.")


def _configuration(**values: object) -> SimulatorConfig:
    try:
        return SimulatorConfig.model_validate(values)
    except ValidationError as error:
        reasons = "; ".join(
            f"--{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()
        )
        raise CommandFailed(
            f"Such a JAMF Pro cannot be simulated: {reasons}.", "See `moss-jamf simulate --help`."
        ) from error


def _announce(base_url: str, config: SimulatorConfig, *, as_json: bool) -> None:
    secret = config.client_secret.get_secret_value()
    if as_json:
        print_json(
            {
                "base_url": base_url,
                "client_id": config.client_id,
                "client_secret": secret,
                "version": config.version,
                **_scope_of(config),
            },
            reveals=True,
        )
        return
    led = ", behind Jamf's platform gateway," if config.gateway else ""
    stdout.print(
        f"A simulated JAMF Pro {config.version}{led} with {config.computers:,} computers answers at {base_url} "
        "(Ctrl-C stops it).",
        soft_wrap=True,
    )
    stdout.print("To sync from it, in another terminal:\n")
    gateway = config.gateway
    for line in (
        f"export JAMF_BASE_URL={base_url}",
        *(
            ()
            if gateway is None
            else (
                "export JAMF_CONNECTION=platform",
                f"export JAMF_{gateway.scope.upper()}_ID={gateway.scope_id}",
            )
        ),
        f"export JAMF_CLIENT_ID={config.client_id}",
        f"export JAMF_CLIENT_SECRET={secret}",
        "moss-jamf sync",
    ):
        typer.echo(f"  {line}")  # its secret is what it is printed for
    stdout.print("\nTo let a week pass in the fleet:\n")
    stdout.print(f"  {evolve_command(base_url)}", soft_wrap=True)


def _scope_of(config: SimulatorConfig) -> dict[str, str]:
    """What a client of the gateway has to say besides."""
    if config.gateway is None:
        return {}
    return {"connection": "platform", f"{config.gateway.scope}_id": config.gateway.scope_id}


def evolve_command(base_url: str) -> str:
    """A shell command that changes the simulated fleet as between two syncs."""
    return (
        f"curl -X POST {base_url}/simulator/evolve -H 'Content-Type: application/json' "
        '-d \'{"renames": 5, "reassignments": 10, "enrolments": 3, "wipes": 2}\''
    )
