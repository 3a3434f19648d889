"""`moss-jamf webhooks`: what is needed to have JAMF call, and what came of it."""

from typing import Annotated

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.operators import operator
from moss_jamf_pipeline.cli.options import IntegrationOption, JsonOption, command_group
from moss_jamf_pipeline.cli.output import cell, explained, print_json, print_table, stdout
from moss_jamf_pipeline.moss.users import Whereabouts
from moss_jamf_pipeline.services import webhooks as service
from moss_jamf_pipeline.services.webhooks import WebhookStanding
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()

_HERE = Whereabouts("", "")

AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="URL",
        help="Where M.O.S.S. is reached from JAMF, e.g. https://moss.example.org.",
    ),
]


@app.callback()
def webhooks() -> None:
    """JAMF's webhooks: what JAMF tells of at once is synced at once (`moss-jamf serve` is where it calls)."""


@app.command()
def status(
    address: AddressOption = None,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the address to call, the secrets in force, what came, what waits, and what is wrong."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = service.standing(workplace, settings.integration, address)
    if as_json:
        print_json({"webhooks": found})
    else:
        _print_status(found, address)


@app.command("list")
def list_events(integration: IntegrationOption = None, as_json: JsonOption = False) -> None:
    """List the events that JAMF can send, and for which of them to make a webhook in JAMF."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = service.standing(workplace, settings.integration)
    if as_json:
        events = [
            {"event": kind.name, "is_useful": useful, "tells": kind.tells}
            for kind, useful in found.events
        ]
        print_json({"events": events})
        return
    print_table(
        ["event", "make a webhook", "what follows"],
        [[kind.name, "yes" if useful else "no", kind.tells] for kind, useful in found.events],
    )


@app.command("new-secret")
def new_secret(
    address: AddressOption = None,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a secret and print it once, as JAMF takes it. An older one holds until it is retired."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        made = service.new_secret(workplace, settings.integration, operator(None), _HERE)
    where = (
        f"{(address or 'https://<M.O.S.S.>').rstrip('/')}{service.path_of(settings.integration)}"
    )
    if as_json:
        document = {"url": where, "header": made.header, "username": service.USER_NAME}
        print_json({**document, "secret_id": made.secret_id, "secret": made.secret}, reveals=True)
        return
    stdout.print(
        f"Webhook secret {made.secret_id}; it is shown this once. In JAMF Pro, of each webhook:\n"
    )
    for label, value in (
        ("Webhook URL", where),
        ("Authentication type", "Header Authentication"),
        ("Header", made.header),
        ("Content type", "JSON"),
        ("Connection / read timeout", "5 / 5 seconds"),
    ):
        typer.echo(f"  {label:<26} {value}")  # the secret is what it is printed for
    stdout.print(
        f"\nWith basic authentication instead: user name {service.USER_NAME}, and what stands behind {service.HEADER} "
        "as the password. `moss-jamf webhooks list` says for which events to make a webhook.",
        soft_wrap=True,
    )
    if made.older is not None:
        stdout.print(
            f"Secret {made.older} holds as well, until `moss-jamf webhooks retire {made.older}`.",
            soft_wrap=True,
        )


@app.command()
def retire(
    secret_id: Annotated[
        int | None,
        typer.Argument(metavar="[ID]", min=1, help="Which; of two by default the older."),
    ] = None,
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a secret: whatever JAMF sends with it from now on is refused."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        ended = service.retire(workplace, settings.integration, secret_id, operator(None), _HERE)
    if as_json:
        print_json({"retired": ended})
    else:
        stdout.print(f"Webhook secret {ended.secret_id} holds no longer.")


def _print_status(found: WebhookStanding, address: str | None) -> None:
    where = f"{(address or 'https://<M.O.S.S.>').rstrip('/')}{found.path}"
    stdout.print(
        f"Webhooks of {found.integration!r}: JAMF calls {where}", markup=False, soft_wrap=True
    )
    print_table(
        ["secret", "made by", "made", "last sent"],
        [
            [each.secret_id, each.made_by, each.made_at, each.last_used_at or "never"]
            for each in found.secrets
        ],
        numbers=["secret"],
    )
    print_table(
        ["event", "received", "last", "records that wait"],
        [[kind.event, kind.received, kind.last_received_at, kind.waiting] for kind in found.kinds],
        numbers=["received", "records that wait"],
    )
    since = f", since {cell(found.waiting_since)}" if found.waiting_since else ""
    records = "1 record waits" if found.waiting == 1 else f"{found.waiting:,} records wait"
    stdout.print(f"\n{records} to be looked at{since}.")
    for sentence in found.wrong:
        stdout.print(f"[yellow]![/] {escape(sentence)}", soft_wrap=True)
    if not found.wrong:
        stdout.print("Nothing is wrong, as far as it can be told from here.")
