"""What the commands share: options with one spelling, help text and default, and how an application is made."""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document instead of tables; progress goes to standard error."
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show tracebacks and what else is left out.")
]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many to show at most.")]

IntegrationOption = Annotated[
    str | None,
    typer.Option(
        "--integration",
        metavar="NAME",
        help="Which JAMF server, by its name in M.O.S.S., where several are synced (MOSS_JAMF_INTEGRATIONS). "
        "By default MOSS_JAMF_INTEGRATION.",
    ),
]

EmbeddedOption = Annotated[
    bool,
    typer.Option(
        "--embedded",
        help="Without MOSS_DATABASE_URL: let a JAMF server that is not on this machine be synced into the embedded "
        "PostgreSQL.",
    ),
]

TriggeredByOption = Annotated[
    str | None,
    typer.Option(
        "--triggered-by",
        metavar="ADDRESS",
        help="Who asks for this, for the history: the e-mail address of a M.O.S.S. user, or any name. "
        "By default the operating system's user.",
    ),
]

ComputersOption = Annotated[int, typer.Option("--computers", min=1, help="Simulated computers.")]
UsersOption = Annotated[int, typer.Option("--users", min=0, help="Simulated user records.")]
GroupsOption = Annotated[int, typer.Option("--groups", min=0, help="Simulated computer groups.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Names the fleet: one seed is one fleet.")]


_FEWEST_WITH_HARD_CASES = 100
"""A smaller fleet would be nothing but hard cases."""


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """The fleet of the demo; `demo` and `up` simulate the same one unless told otherwise."""

    computers: int = 1000
    users: int = 800
    groups: int = 40
    seed: int = 7

    @property
    def has_hard_cases(self) -> bool:
        """Whether one of each hard case of who is who is among its Macs."""
        return self.computers >= _FEWEST_WITH_HARD_CASES

    @property
    def sold(self) -> int:
        """How many Macs M.O.S.S. has that this fleet has no more: more than the guard lets go at once."""
        return max(30, self.computers * 7 // 100)

    def as_arguments(self) -> list[str]:
        """The fleet as arguments of `moss-jamf simulate`."""
        return [
            f"--computers={self.computers}",
            f"--users={self.users}",
            f"--groups={self.groups}",
            f"--seed={self.seed}",
            "--hard-cases" if self.has_hard_cases else "--no-hard-cases",
        ]


DEMO_FLEET = DemoFleet()


def allow_embedded(*, is_meant: bool) -> None:
    """Takes `--embedded` for what the environment says, which the processes that Dagster starts read too."""
    if is_meant:
        os.environ["MOSS_JAMF_EMBEDDED"] = "true"


def single_command() -> typer.Typer:
    """An application for one command of a module."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )


def command_group() -> typer.Typer:
    """An application for a group of commands; its callback carries the group's help."""
    return typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        no_args_is_help=True,
    )
