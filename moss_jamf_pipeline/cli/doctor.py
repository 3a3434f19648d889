"""`moss-jamf doctor`: looks at everything a sync needs, and says of each problem what to do."""

from typing import Final

import typer
from rich.markup import escape

from moss_jamf_pipeline.cli.options import (
    IntegrationOption,
    JsonOption,
    VerboseOption,
    single_command,
)
from moss_jamf_pipeline.cli.output import explained, print_json, stderr, stdout
from moss_jamf_pipeline.notifying.health import look_at_alerts
from moss_jamf_pipeline.orchestration.storage_tables import dagster_revisions
from moss_jamf_pipeline.services.health import Finding, Health, examine_all
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings

app = single_command()

_SYMBOLS: Final = {
    "ok": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "problem": "[red]✗[/]",
    "skipped": "[dim]·[/]",
}


@app.command()
def doctor(
    integration: IntegrationOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check everything a sync needs, and say of each problem what to do. Writes nothing.

    Of several integrations all are looked at, unless one is named. Exit code 1 if anything is wrong.
    """
    settings = Settings().naming(integration)
    with explained(as_json=as_json, verbose=verbose), Workplace(settings) as workplace:
        found = examine_all(workplace, settings.meant, dagster_revisions())
        health = Health((*found.findings, look_at_alerts(settings)))
    if as_json:
        print_json(
            {
                "healthy": not health.problems,
                "findings": [_document(each) for each in health.findings],
            }
        )
    else:
        _print(health, verbose=verbose)
    if health.problems:
        raise typer.Exit(1)


def _document(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "state": finding.state,
        "message": finding.message,
        "remedy": finding.remedy,
        **({} if finding.integration is None else {"integration": finding.integration}),
    }


def _print(health: Health, *, verbose: bool) -> None:
    whose = None
    for finding in health.findings:
        if finding.integration not in (None, whose):
            whose = finding.integration
            stdout.print(f"\nIntegration {whose!r}", markup=False, style="bold")
        if verbose and finding.trace:
            stderr.print(escape(finding.trace), style="dim", soft_wrap=True)
        stdout.print(
            f"{_SYMBOLS[finding.state]} [bold]{finding.check}[/]  {escape(finding.message)}",
            soft_wrap=True,
        )
        if finding.remedy:
            stdout.print(f"    [bold]What to do:[/] {escape(finding.remedy)}", soft_wrap=True)
    stdout.print()
    count = len(health.problems)
    if count:
        stdout.print(f"[bold red]{count} problem{'s' if count > 1 else ''}.[/]")
    else:
        stdout.print(
            "[bold green]Everything a sync needs is there.[/] `moss-jamf sync --dry-run` shows what it would do."
        )
