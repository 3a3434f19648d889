"""`moss-jamf credentials`: saves JAMF credentials in M.O.S.S., and tries the ones a sync would use.

A secret comes from a hidden prompt or from standard input, never from an argument: those stand in the list of processes
and in the shell's history.
"""

import sys
from datetime import datetime
from typing import Annotated

import typer
from pydantic import SecretStr

from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, command_group
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stderr, stdout
from moss_jamf_pipeline.cli.places import naming_places
from moss_jamf_pipeline.jamf import ClientCredentials, ConnectionKind, UserCredentials
from moss_jamf_pipeline.jamf.connections import Region
from moss_jamf_pipeline.moss.integration.credentials import JamfCredentials
from moss_jamf_pipeline.scrubbing import remember_secret
from moss_jamf_pipeline.services import credentials as service
from moss_jamf_pipeline.services.credentials import CredentialsInUse, SavedCredentials
from moss_jamf_pipeline.services.jamf_checks import JamfAnswer, require_readable
from moss_jamf_pipeline.services.routes import RouteGiven
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings, ValueMistyped, as_meant

app = command_group()

_KINDS = {True: ConnectionKind.PLATFORM, False: ConnectionKind.SERVER}


@app.callback()
def credentials() -> None:
    """JAMF credentials saved in M.O.S.S., encrypted as its own admin page does; the environment overrides them."""


@app.command("set")
@naming_places
def save(
    client_id: Annotated[
        str | None, typer.Option("--client-id", help="Client id of a JAMF API client.")
    ] = None,
    username: Annotated[
        str | None,
        typer.Option("--username", help="JAMF user account, for servers older than 10.49."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            help="The JAMF Pro server they are for; saved as well. Default: the one M.O.S.S. has, or JAMF_BASE_URL.",
        ),
    ] = None,
    platform: Annotated[
        bool | None,
        typer.Option(
            "--platform/--server",
            help="They are of an integration made in Jamf Account, for Jamf's platform gateway; or for a JAMF Pro "
            "server itself. Default: as M.O.S.S. has it.",
        ),
    ] = None,
    region: Annotated[
        Region | None,
        typer.Option("--region", help="The gateway's region, in place of its --base-url."),
    ] = None,
    environment_id: Annotated[
        str | None, typer.Option("--environment-id", help="The environment the integration is for.")
    ] = None,
    tenant_id: Annotated[
        str | None,
        typer.Option("--tenant-id", help="The tenant instead, of an older integration."),
    ] = None,
    web_url: Annotated[
        str | None,
        typer.Option(
            "--web-url",
            help="Where people open JAMF Pro, for links to it: the gateway has no pages.",
        ),
    ] = None,
    expires_on: Annotated[
        datetime | None,
        typer.Option(
            "--expires-on",
            formats=["%Y-%m-%d"],
            help="The day on which the credentials end. Default, of an integration: six months from today.",
        ),
    ] = None,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save credentials with the integration's row. The secret is prompted for, or read from standard input.

    The key is the M.O.S.S. web application's: ENCRYPTION_KEY, or the one in M.O.S.S.'s table encryption_keys, which
    gets a new one if it has none.
    """
    client_id, username = (value and _as_meant(value) for value in (client_id, username))
    if bool(client_id) == bool(username):
        raise typer.BadParameter("Give either --client-id or --username.")
    if region is not None and (base_url is not None or platform is False):
        raise typer.BadParameter("--region stands for the address of the platform's gateway.")
    is_platform = True if region is not None or environment_id or tenant_id else platform
    way = RouteGiven(
        kind=None if is_platform is None else _KINDS[is_platform],
        base_url=base_url if region is None else region.base_url,
        environment_id=environment_id,
        tenant_id=tenant_id,
        web_url=web_url,
    )
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        choice = settings.integration
        # Whoever is asked for a secret is told first if it could not be saved.
        kind = UserCredentials if username else ClientCredentials
        service.destination(workplace, choice, way).connection.require_fit(kind)
        secret = _read_secret("Password" if username else "Client secret")
        given: JamfCredentials = (
            ClientCredentials(client_id, secret)
            if client_id
            else UserCredentials(username or "", secret)
        )
        day = None if expires_on is None else expires_on.date()
        saved = service.save(workplace, choice, given, way, day)
        _warn(saved)
    if as_json:
        print_json(_saved_document(saved))
    else:
        _print_saved(saved)


@app.command("test")
def ask_jamf(integration: IntegrationOption = None, as_json: JsonOption = False) -> None:
    """Ask JAMF with the credentials a sync would use, and say where they come from. Writes nothing.

    Exit code 1 if JAMF does not accept them, or they may not read what a sync reads.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        used = service.in_use(workplace, settings.integration)
        if not as_json:
            stdout.print(f"Server: {used.server}", markup=False, soft_wrap=True)
            stdout.print(f"Credentials: {used.kind}, {used.source}", markup=False, soft_wrap=True)
        answer = service.ask_jamf(used)
        if as_json:
            print_json(_answer_document(used, answer))
            if answer.gaps:
                raise typer.Exit(1)
            return
        stdout.print(f"[green]✓[/] JAMF Pro {answer.version} accepts them.")
        require_readable(used.access, answer.gaps)
        stdout.print(f"[green]✓[/] {answer.readable.capitalize()}.")


def _as_meant(value: str) -> str:
    try:
        return as_meant(value)
    except ValueMistyped as mistyped:
        raise typer.BadParameter(f"It cannot be meant: {mistyped}.") from None


def _read_secret(what: str) -> SecretStr:
    """The secret, from a hidden prompt if a person types, else the one line of standard input."""
    remedy = f"Give the {what.lower()} alone, e.g. `moss-jamf credentials set … < file`."
    if sys.stdin.isatty():
        text = typer.prompt(what, hide_input=True, err=True)
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CommandFailed("Standard input is not UTF-8 text.", remedy) from None
        if "\n" in text.strip():
            raise CommandFailed("Standard input holds more than one line.", remedy)
    try:
        secret = as_meant(text, is_password=what == "Password")
    except ValueMistyped as mistyped:
        raise CommandFailed(
            f"The {what.lower()} cannot be meant: {mistyped}.", "Type it, or copy it again, alone."
        ) from None
    if not secret.strip():
        raise CommandFailed(f"Standard input holds no {what.lower()}.", remedy)
    remember_secret(secret)
    return SecretStr(secret)


def _warn(saved: SavedCredentials) -> None:
    """Says what of the environment does not work together with what was saved."""
    if saved.ignored_key is not None:
        stderr.print(
            f"ENCRYPTION_KEY is {saved.ignored_key}. M.O.S.S. ignores it too.",
            style="yellow",
            markup=False,
        )
    if saved.protection.is_key_new:
        stderr.print(
            "M.O.S.S. had no key yet: a new one was made and kept in its table encryption_keys.",
            soft_wrap=True,
        )
    if saved.overriding:
        stderr.print(
            f"The environment overrides what is saved: unset {', '.join(saved.overriding)} to use it.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _saved_document(saved: SavedCredentials) -> dict[str, object]:
    return {
        "integration": saved.integration,
        "base_url": saved.route.base_url,
        "connection": saved.route.connection.kind,
        "credentials_end_on": saved.end_on,
        "cipher": saved.protection.cipher,
        "key_source": saved.protection.key_source,
        "key_created": saved.protection.is_key_new,
    }


def _print_saved(saved: SavedCredentials) -> None:
    stdout.print(
        f"Saved in M.O.S.S. for the integration {saved.integration!r} and the server {saved.server}: "
        f"{saved.protection}.",
        markup=False,
        soft_wrap=True,
    )
    if saved.end_on is not None:
        stdout.print(f"They end on {saved.end_on}.")
    stdout.print("Next: `moss-jamf credentials test`.")


def _answer_document(used: CredentialsInUse, answer: JamfAnswer) -> dict[str, object]:
    return {
        "base_url": used.base_url,
        "kind": used.kind,
        "source": used.source,
        "version": answer.version,
        "missing_privileges": [
            {"collection": gap.collection, "privileges": gap.privileges} for gap in answer.gaps
        ],
    }
