"""`moss-jamf credentials`: saves JAMF credentials in M.O.S.S., and tries the ones a sync would use.

A secret comes from a hidden prompt or from standard input, never from an argument: those stand in the list of processes
and in the shell's history.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Annotated

import psycopg
import typer
from pydantic import SecretStr

from moss_jamf_pipeline.cli.jamf_checks import READABLE, refuse_missing_privileges
from moss_jamf_pipeline.cli.options import JsonOption, command_group
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stderr, stdout
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.engine.access import JamfAccess, given_keys, jamf_access
from moss_jamf_pipeline.engine.extraction import server_identity
from moss_jamf_pipeline.jamf import ClientCredentials, JamfClient, MissingPrivilege, UserCredentials
from moss_jamf_pipeline.jamf.transport import usable_base_url
from moss_jamf_pipeline.moss.integration.credentials import (
    JamfCredentials,
    Protection,
    ignored_key,
    save_base_url,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.settings import Settings

app = command_group()


@app.callback()
def credentials() -> None:
    """JAMF credentials saved in M.O.S.S., encrypted as its own admin page does; the environment overrides them."""


@app.command("set")
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
    as_json: JsonOption = False,
) -> None:
    """Save credentials with the integration's row. The secret is prompted for, or read from standard input.

    The key is the M.O.S.S. web application's: ENCRYPTION_KEY, or the one in M.O.S.S.'s table encryption_keys, which
    gets a new one if it has none.
    """
    client_id, username = (value and value.strip() for value in (client_id, username))
    if bool(client_id) == bool(username):
        raise typer.BadParameter("Give either --client-id or --username.")
    with explained(as_json=as_json):
        settings = Settings()
        with prepared_moss(settings) as (connection, integration):
            server = _server_of(settings, integration, base_url)
            secret = _read_secret("Client secret" if client_id else "Password")
            if client_id:
                given: JamfCredentials = ClientCredentials(client_id, secret)
            else:
                given = UserCredentials(username or "", secret)
            protection = _saved(connection, integration, settings, server, given)
        _warn(settings, protection)
        if as_json:
            print_json(_saved_document(integration, server, protection))
        else:
            _print_saved(integration, server, protection)


@app.command("test")
def ask_jamf(as_json: JsonOption = False) -> None:
    """Ask JAMF with the credentials a sync would use, and say where they come from. Writes nothing.

    Exit code 1 if JAMF does not accept them, or they may not read what a sync reads.
    """
    with explained(as_json=as_json):
        settings = Settings()
        with prepared_moss(settings) as (connection, integration):
            access = jamf_access(settings, integration, connection)
        if not as_json:
            stdout.print(f"Server: {access.base_url}", markup=False, soft_wrap=True)
            stdout.print(
                f"Credentials: {_kind(access.credentials)}, {access.source}",
                markup=False,
                soft_wrap=True,
            )
        answer = asyncio.run(_ask(access))
        if as_json:
            print_json(_answer_document(access, answer))
            if answer.gaps:
                raise typer.Exit(1)
            return
        stdout.print(f"[green]✓[/] JAMF Pro {answer.version} accepts them.")
        refuse_missing_privileges(answer.gaps)
        stdout.print(f"[green]✓[/] {READABLE.capitalize()}.")


def _server_of(settings: Settings, integration: Integration, base_url: str | None) -> str:
    """Which server the credentials are for: they will be sent to no other."""
    if base_url is not None:
        return str(usable_base_url(base_url)).rstrip("/")
    saved, configured = integration.base_url, settings.jamf_base_url
    if saved and configured and server_identity(saved) != server_identity(configured):
        raise CommandFailed(
            f"JAMF_BASE_URL names {configured}, and M.O.S.S. has saved {saved} for the integration "
            f"{integration.name!r}.",
            "Say with --base-url which server the credentials are for; it is saved with them.",
        )
    server = saved or configured
    if server is None:
        raise CommandFailed(
            "It is not known which JAMF Pro server the credentials are for.",
            "Name it, e.g. --base-url https://example.jamfcloud.com; it is saved with them.",
        )
    return str(usable_base_url(server)).rstrip("/")


def _read_secret(what: str) -> SecretStr:
    """The secret, from a hidden prompt if a person types, else the one line of standard input."""
    if sys.stdin.isatty():
        return SecretStr(typer.prompt(what, hide_input=True, err=True))
    remedy = f"Give the {what.lower()} alone, e.g. `moss-jamf credentials set … < file`."
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise CommandFailed("Standard input is not UTF-8 text.", remedy) from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise CommandFailed(f"Standard input holds no {what.lower()}.", remedy)
    if "\n" in secret:
        raise CommandFailed("Standard input holds more than one line.", remedy)
    return SecretStr(secret)


def _saved(
    connection: psycopg.Connection,
    integration: Integration,
    settings: Settings,
    server: str,
    given: JamfCredentials,
) -> Protection:
    with connection.transaction():
        protection = save_credentials(connection, integration, given, given_keys(settings))
        if server != integration.base_url:
            save_base_url(connection, integration, server)
    return protection


def _warn(settings: Settings, protection: Protection) -> None:
    """Says what of the environment does not work together with what was saved."""
    ignored = ignored_key(given_keys(settings))
    if ignored is not None:
        stderr.print(
            f"ENCRYPTION_KEY is {ignored}. M.O.S.S. ignores it too.", style="yellow", markup=False
        )
    if protection.is_key_new:
        stderr.print(
            "M.O.S.S. had no key yet: a new one was made and kept in its table encryption_keys.",
            soft_wrap=True,
        )
    given = {
        "JAMF_CLIENT_ID": settings.jamf_client_id,
        "JAMF_CLIENT_SECRET": settings.jamf_client_secret,
        "JAMF_USERNAME": settings.jamf_username,
        "JAMF_PASSWORD": settings.jamf_password,
    }
    overriding = [name for name, value in given.items() if value]
    if overriding:
        stderr.print(
            f"The environment overrides what is saved: unset {', '.join(overriding)} to use it.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _saved_document(
    integration: Integration, server: str, protection: Protection
) -> dict[str, object]:
    return {
        "integration": integration.name,
        "base_url": server,
        "cipher": protection.cipher,
        "key_source": protection.key_source,
        "key_created": protection.is_key_new,
    }


def _print_saved(integration: Integration, server: str, protection: Protection) -> None:
    stdout.print(
        f"Saved in M.O.S.S. for the integration {integration.name!r} and the server {server}: {protection}.",
        markup=False,
        soft_wrap=True,
    )
    stdout.print("Next: `moss-jamf credentials test`.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What JAMF said."""

    version: str
    gaps: list[MissingPrivilege]


async def _ask(access: JamfAccess) -> _Answer:
    async with JamfClient(access.base_url, access.credentials) as client:
        version = await client.server_version()
        return _Answer(str(version), await client.missing_privileges())


def _answer_document(access: JamfAccess, answer: _Answer) -> dict[str, object]:
    return {
        "base_url": access.base_url,
        "kind": _kind(access.credentials),
        "source": access.source,
        "version": answer.version,
        "missing_privileges": [
            {"collection": gap.collection, "privileges": gap.privileges} for gap in answer.gaps
        ],
    }


def _kind(given: JamfCredentials) -> str:
    return "API client" if isinstance(given, ClientCredentials) else "user account"
