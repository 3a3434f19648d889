"""`moss-jamf alerts`: what people are told of and by which way; looking and telling without Dagster; trying the way."""

from datetime import UTC, datetime

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    LimitOption,
    command_group,
)
from moss_jamf_pipeline.cli.output import (
    CommandFailed,
    explained,
    print_json,
    print_table,
    stderr,
    stdout,
)
from moss_jamf_pipeline.notifying.alerts import Told, channels_of, look_and_tell, tell_trial
from moss_jamf_pipeline.services import alerts as service
from moss_jamf_pipeline.services.alerts import ToldAlert
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = command_group()

_NOBODY = CommandFailed(
    "Nobody would be told: neither MOSS_JAMF_ALERT_URL nor MOSS_JAMF_SMTP_HOST is set.",
    "Set one of them, or both.",
)


@app.callback()
def alerts() -> None:
    """Alerts: what needs a person is told once by webhook and mail, again while it lasts, and when it is over."""


@app.command("list")
def list_alerts(
    limit: LimitOption = 20, integration: IntegrationOption = None, as_json: JsonOption = False
) -> None:
    """What there is now, then what was over last; and who was told when."""
    settings = Settings().naming(integration)
    with explained(as_json=as_json), Workplace(settings) as workplace:
        found = service.recent(workplace, settings.integration, limit)
    if as_json:
        print_json({"alerts": found})
    elif found:
        print_table(
            ["since", "over", "what", "which", "told", "last", "by", "says"], map(_row, found)
        )
    else:
        stdout.print("Nothing has needed a person since alerts are kept.")


@app.command()
def check(integration: IntegrationOption = None, as_json: JsonOption = False) -> None:
    """Look now, and tell what is to be told, as the Dagster daemon does every minute.

    From cron on another machine it tells also that the daemon itself is dead: a sync that was due has not started.
    """
    settings = Settings().naming(integration)
    told = 0
    troubles: list[str] = []
    with explained(as_json=as_json), Workplace(settings) as workplace:
        if not channels_of(settings):
            raise _NOBODY
        for choice in settings.meant:
            with workplace.reading(choice) as (connection, found):
                result = look_and_tell(connection, found, choice, settings, datetime.now(UTC))
            told += result.messages
            troubles += result.troubles
    if as_json:
        print_json({"told": told, "troubles": troubles})
    _end(Told(told, tuple(troubles)), quiet=as_json)


@app.command("test")
def try_ways(integration: IntegrationOption = None) -> None:
    """Send a test by every way that is configured, and say what became of it."""
    settings = Settings().naming(integration)
    with explained():
        channels = channels_of(settings)
        if not channels:
            raise _NOBODY
        choice = settings.meant[0]
        for channel in channels:
            stdout.print(f"Telling: {escape(channel.words)}", soft_wrap=True)
        told = tell_trial(settings, choice, choice.name or "JAMF Pro")
    _end(told, quiet=False)


def _end(told: Told, *, quiet: bool) -> None:
    for trouble in told.troubles:
        stderr.print(escape(trouble), style="bold red", soft_wrap=True)
    if not quiet:
        number = told.messages
        stdout.print(f"{number:,} {'message was' if number == 1 else 'messages were'} taken.")
    if told.troubles:
        raise typer.Exit(1)


def _row(alert: ToldAlert) -> list[object]:
    return [
        alert.opened_at,
        alert.ended_at,
        alert.kind.heading,
        alert.cause,
        alert.times_told,
        alert.told_at,
        ", ".join(alert.told_by),
        f"{alert.summary} {alert.remedy if alert.ended_at is None else ''}".strip(),
    ]
