"""`moss-jamf serve`: the companion, which answers under M.O.S.S.'s own host, until Ctrl-C."""

from enum import StrEnum
from typing import Annotated, Final

import typer
import uvicorn

from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import (
    EmbeddedOption,
    JsonOption,
    VerboseOption,
    allow_embedded,
    single_command,
)
from moss_jamf_pipeline.cli.output import CommandFailed, explained, print_json, stderr, stdout
from moss_jamf_pipeline.companion.application import build_application
from moss_jamf_pipeline.companion.identity.sessions import SecretUnfit, SessionReader
from moss_jamf_pipeline.companion.surroundings import Surroundings
from moss_jamf_pipeline.orchestration.webserver import Webserver
from moss_jamf_pipeline.services import callers
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings, project_file

app = single_command()


class Proxy(StrEnum):
    """The reverse proxies for which there is a configuration (`deploy/proxy`)."""

    NGINX = "nginx"
    CADDY = "caddy"
    APACHE = "apache"


_FILES: Final = {
    Proxy.NGINX: "nginx.conf",
    Proxy.CADDY: "Caddyfile",
    Proxy.APACHE: "apache.conf",
}
_COMPANION_IN_FILES: Final = "127.0.0.1:3100"
_MOSS_IN_FILES: Final = "127.0.0.1:3000"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - what is listened on


@app.command()
def serve(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")
    ] = 3100,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    trust_proxy: Annotated[
        str,
        typer.Option(
            "--trust-proxy",
            metavar="ADDRESSES",
            help="Addresses of the reverse proxies whose X-Forwarded-For and -Proto are believed.",
        ),
    ] = "127.0.0.1",
    new_token: Annotated[
        bool,
        typer.Option(
            "--new-token",
            help="Make the companion's own administrator token, print it once, and end. It replaces any before.",
        ),
    ] = False,
    with_inventory: Annotated[
        bool,
        typer.Option(
            "--with-inventory",
            help="Serve small pages of devices, people and groups too, in the place of M.O.S.S.'s own, with the "
            "script in them: to try it without M.O.S.S.",
        ),
    ] = False,
    behind: Annotated[
        Proxy | None,
        typer.Option(
            "--behind",
            help="Print what belongs into the configuration of this reverse proxy, and end.",
        ),
    ] = None,
    moss_at: Annotated[
        str,
        typer.Option(
            "--moss-at", metavar="HOST:PORT", help="With --behind: where M.O.S.S. itself listens."
        ),
    ] = _MOSS_IN_FILES,
    embedded: EmbeddedOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Serve the companion until Ctrl-C: the API, live data and pages, for people who are signed in to M.O.S.S.

    It listens beside M.O.S.S., and the reverse proxy in front of both leads /api/integrations/jamf and /jamf to it.
    """
    if behind is not None:
        typer.echo(proxy_configuration(behind, host, port, moss_at), nl=False)
        return
    allow_embedded(is_meant=embedded)
    with explained(as_json=as_json, verbose=verbose):
        settings = Settings()
        with Workplace(settings) as workplace:
            if new_token:
                _print_token(callers.new_token(workplace, operator(None)), as_json=as_json)
                return
            _require_rights(workplace)
            sessions = _sessions(settings, workplace)
            starter = Webserver(settings.dagster_url)
            surroundings = Surroundings(
                workplace, starter, sessions, shows_inventory=with_inventory
            )
            try:
                application = build_application(surroundings)
                stderr.print(f"The companion listens at http://{host}:{port}. Ctrl-C stops it.")
                uvicorn.run(
                    application,
                    host=host,
                    port=port,
                    proxy_headers=True,
                    forwarded_allow_ips=trust_proxy,
                    server_header=False,
                    access_log=False,
                    log_level="info" if verbose else "warning",
                    timeout_graceful_shutdown=10,
                )
            finally:
                surroundings.jamf.close()
                starter.close()


def _require_rights(workplace: Workplace) -> None:
    """Ends what would find out only when somebody asks.

    Raises:
        CommandFailed: this log-in may not tell who callers are, note what they do, or save what they configure.
    """
    lacking = callers.lacking_rights(workplace)
    if lacking is not None:
        raise CommandFailed(
            f"This log-in lacks rights that the companion needs: {lacking.summary}.",
            f"Let a database administrator run:\n{lacking.script}",
        )


def proxy_configuration(proxy: Proxy, host: str, port: int, moss_at: str) -> str:
    """What belongs into a reverse proxy's configuration, for an installation.

    Args:
        proxy: which.
        host: where the companion listens.
        port: the same.
        moss_at: host and port of M.O.S.S.
    """
    address = "127.0.0.1" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    written = project_file(f"deploy/proxy/{_FILES[proxy]}").read_text(encoding="utf-8")
    return written.replace(_COMPANION_IN_FILES, f"{address}:{port}").replace(
        _MOSS_IN_FILES, moss_at
    )


def _sessions(settings: Settings, workplace: Workplace) -> SessionReader | None:
    """What reads M.O.S.S.'s sessions, if it can be had."""
    if settings.nextauth_secret is None:
        stderr.print(
            "[yellow]NEXTAUTH_SECRET is not set:[/] nobody who is signed in to M.O.S.S. is known, and only tokens "
            "count. Set it to M.O.S.S.'s own; `moss-jamf serve --new-token` makes an administrator's token.",
            soft_wrap=True,
        )
        return None
    if not callers.knows_users(workplace):
        raise CommandFailed(
            "NEXTAUTH_SECRET is set, and this M.O.S.S. has no log-ins (a table users).",
            "Unset it, and make a token with `moss-jamf serve --new-token`.",
        )
    try:
        return SessionReader(settings.nextauth_secret.get_secret_value())
    except SecretUnfit as error:
        raise CommandFailed(str(error).removesuffix(error.remedy).strip(), error.remedy) from error


def _print_token(token: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"token": token}, reveals=True)
        return
    stdout.print("The companion's administrator token; it is shown this once:\n")
    typer.echo(f"  {token}\n")  # it is what it is printed for
    stdout.print(
        "Send it as `Authorization: Bearer …`, or sign in with it at /jamf/. Any token before it has ended.",
        soft_wrap=True,
    )
