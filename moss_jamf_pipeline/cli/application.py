"""The list of commands, and what is needed to load only the one that was called.

A command's module may import Dagster, which takes a second; `moss-jamf --help` and `moss-jamf db url` need not wait
for it. So the application knows one line about each command and imports its module when it is called.
"""

import sys
import warnings
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.cli.output import print_error
from moss_jamf_pipeline.scrubbing import keep_secrets_out_of_logs, keep_secrets_out_of_tracebacks
from moss_jamf_pipeline.services.explanations import separated
from moss_jamf_pipeline.settings import SettingsUnusable


class LazyCommand(NamedTuple):
    """A command or group of commands that is imported when it is called.

    Attributes:
        module: where its `app` is, below this package.
        summary: its line in `moss-jamf --help`.
        panel: the heading it is listed under.
    """

    module: str
    summary: str
    panel: str


_WORK, _LOOK, _LOCAL = "Sync", "Look", "Try and serve"

COMMANDS = {
    "doctor": LazyCommand("doctor", "Check databases, JAMF and privileges; say what to do.", _WORK),
    "init": LazyCommand(
        "init", "Prepare the M.O.S.S. database for the sync. Safe to repeat.", _WORK
    ),
    "credentials": LazyCommand(
        "credentials", "JAMF credentials saved in M.O.S.S.: set and test them.", _WORK
    ),
    "webhooks": LazyCommand(
        "webhooks", "JAMF's webhooks: secrets, what came, what is wrong.", _WORK
    ),
    "sync": LazyCommand("sync", "Bring M.O.S.S. in step with JAMF, as one Dagster run.", _WORK),
    "apply": LazyCommand("apply", "Apply a plan that was looked at, exactly as it is.", _WORK),
    "approve": LazyCommand("approve", "Let through what the guard holds of a plan.", _WORK),
    "revert": LazyCommand("revert", "Undo what an applied plan wrote and still stands.", _WORK),
    "replay": LazyCommand("replay", "What a sync of a stored slot would do now.", _LOOK),
    "status": LazyCommand("status", "What is stored, what is open, what runs next.", _LOOK),
    "device": LazyCommand("device", "One Mac: both sides, why, and what happened to it.", _LOOK),
    "person": LazyCommand("person", "One person: the same, and their Macs.", _LOOK),
    "group": LazyCommand("group", "One group: the same, and its members.", _LOOK),
    "devices": LazyCommand(
        "devices", "Lists of Macs: without a person, unenrolled, in conflict, changed.", _LOOK
    ),
    "plan": LazyCommand("plan", "Changes a sync would make, or made.", _LOOK),
    "conflicts": LazyCommand(
        "conflicts", "What M.O.S.S. and JAMF disagree on: look, decide.", _LOOK
    ),
    "quarantine": LazyCommand(
        "quarantine", "What of JAMF's data could not be used, and why.", _LOOK
    ),
    "attributes": LazyCommand(
        "attributes", "JAMF's extension attributes, and what is mapped.", _LOOK
    ),
    "history": LazyCommand("history", "The latest runs and how they ended.", _LOOK),
    "alerts": LazyCommand(
        "alerts", "Who is told of what needs a person: list, check, test.", _LOOK
    ),
    "report": LazyCommand(
        "report", "How the fleet and its sync stand; what needs somebody.", _LOOK
    ),
    "export": LazyCommand("export", "A whole list as CSV or a workbook.", _LOOK),
    "demo": LazyCommand("demo", "Sync a simulated fleet and show what happened.", _LOCAL),
    "up": LazyCommand("up", "Serve the Dagster UI and its daemon until Ctrl-C.", _LOCAL),
    "serve": LazyCommand(
        "serve", "Serve the companion: API, live data, pages beside M.O.S.S.", _LOCAL
    ),
    "simulate": LazyCommand("simulate", "Serve a simulated JAMF Pro until Ctrl-C.", _LOCAL),
    "uninstall": LazyCommand(
        "uninstall", "Take everything of ours out of the M.O.S.S. database.", _LOCAL
    ),
    "db": LazyCommand("db", "The embedded PostgreSQL: start, stop, address.", _LOCAL),
}


class LazyGroup(TyperGroup):
    """The group of all commands; resolves a name to the command of its module."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Finds the called command, as Typer does, and imports it."""
        name, command, rest = super().resolve_command(ctx, args)
        lazy = COMMANDS.get(name or "")
        return name, command if lazy is None else load(lazy), rest


def load(lazy: LazyCommand) -> Any:
    """Imports a command's module and returns the command it defines."""
    # Dagster says at each import which of the features used here may still change.
    warnings.filterwarnings(
        "ignore", r"(Parameter|Function|Class) `.*is currently in (beta|preview)"
    )
    return get_command(import_module(f"moss_jamf_pipeline.cli.{lazy.module}").app)


app = typer.Typer(
    cls=LazyGroup,
    name="moss-jamf",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"moss-jamf {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Settings come from the environment and from [bold].env[/]: MOSS_DATABASE_URL, JAMF_BASE_URL, "
    "JAMF_CLIENT_ID, JAMF_CLIENT_SECRET … Without a database URL the embedded PostgreSQL is used."
)
def moss_jamf(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Keeps a M.O.S.S. inventory in step with JAMF Pro: plan first, then write, and never over what M.O.S.S. owns."""


def _register(name: str, lazy: LazyCommand) -> None:
    @app.command(name, help=lazy.summary, rich_help_panel=lazy.panel)
    def placeholder() -> None:
        raise RuntimeError(f"{name} is resolved to {lazy.module}.app before it is invoked")


for _name, _lazy in COMMANDS.items():
    _register(_name, _lazy)


def main() -> None:
    """Runs the command line.

    Exit code 0: done, also in part; 1: failed; 2: wrong usage; 3: something waits for an approval; 130: interrupted.
    """
    keep_secrets_out_of_logs()
    keep_secrets_out_of_tracebacks()
    try:
        app(prog_name="moss-jamf", args=sys.argv[1:])
    except SettingsUnusable as error:  # each command reads the environment, before anything else
        print_error(separated(str(error), error.remedy))
        sys.exit(1)
