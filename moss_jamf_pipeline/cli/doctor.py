"""`moss-jamf doctor`: looks at everything a sync needs, and says of each problem what to do."""

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeVar
from uuid import UUID

import psycopg
import typer
from rich.markup import escape

from moss_jamf_pipeline.catalogue.dialects import Dialect
from moss_jamf_pipeline.cli.jamf_checks import READABLE, refuse_missing_privileges
from moss_jamf_pipeline.cli.next_sweep import next_sweep, what_it_sees
from moss_jamf_pipeline.cli.options import JsonOption, VerboseOption, single_command
from moss_jamf_pipeline.cli.output import CommandFailed, explanation_of, print_json, stdout
from moss_jamf_pipeline.cli.workplace import prepared_moss
from moss_jamf_pipeline.engine.access import JamfAccess, jamf_access
from moss_jamf_pipeline.engine.databases import Databases, connect_or_explain, resolve_databases
from moss_jamf_pipeline.jamf import JamfClient
from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.roles import (
    administrator_script,
    missing_contract_privileges,
    missing_table_privileges,
)
from moss_jamf_pipeline.moss.contract.schema import pending_migrations
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import (
    DEFAULT_NAME,
    Integration,
    SyncSettings,
    find_integration,
    require_enabled,
)
from moss_jamf_pipeline.moss.statements import fetch_all
from moss_jamf_pipeline.settings import Settings, project_file

app = single_command()

_OLDEST_SERVER: Final = 14
_SYMBOLS: Final = {"ok": "[green]✓[/]", "problem": "[red]✗[/]", "skipped": "[dim]·[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: what was looked at.
        state: `ok`, `problem`, or `skipped` when an earlier problem leaves nothing to look at.
        message: what was found.
        remedy: what to do about a problem.
    """

    check: str
    state: Literal["ok", "problem", "skipped"]
    message: str
    remedy: str = ""


Result = TypeVar("Result")


@dataclass(slots=True)
class Examination:
    """Runs checks one after the other; a check that cannot be made is a finding, not the end.

    Attributes:
        findings: so far.
        verbose: whether an unexpected error is raised instead of reported.
    """

    findings: list[Finding] = field(default_factory=list)
    verbose: bool = False

    def check(self, name: str, look: Callable[[], tuple[str, Result]]) -> Result | None:
        """Makes a check.

        Args:
            name: what is looked at.
            look: returns what it found and what later checks need; raises an explained error on a problem.

        Returns:
            What `look` found for later checks; None on a problem.
        """
        try:
            message, result = look()
        except Exception as error:
            explanation = explanation_of(error)
            if explanation is None or self.verbose:
                raise
            self.findings.append(Finding(name, "problem", explanation.message, explanation.remedy))
            return None
        self.findings.append(Finding(name, "ok", message))
        return result

    def skip(self, name: str, because: str) -> None:
        """Notes a check that an earlier problem makes pointless."""
        self.findings.append(Finding(name, "skipped", because))

    def skip_all(self, names: Iterable[str], because: str) -> None:
        """Notes several of them."""
        for name in names:
            self.skip(name, because)


@app.command()
def doctor(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Check everything a sync needs, and say of each problem what to do. Writes nothing.

    Exit code 1 if anything is wrong.
    """
    examination = Examination(verbose=verbose)
    settings = Settings()
    _examine_files(examination, settings)
    integration = _examine_moss(examination, settings)
    _examine_jamf(examination, settings, integration)
    findings = examination.findings
    problems = [finding for finding in findings if finding.state == "problem"]
    if as_json:
        print_json({"healthy": not problems, "findings": findings})
    else:
        _print(findings, problems)
    if problems:
        raise typer.Exit(1)


def _print(findings: list[Finding], problems: list[Finding]) -> None:
    for finding in findings:
        stdout.print(
            f"{_SYMBOLS[finding.state]} [bold]{finding.check}[/]  {escape(finding.message)}",
            soft_wrap=True,
        )
        if finding.remedy:
            stdout.print(f"    [bold]What to do:[/] {escape(finding.remedy)}", soft_wrap=True)
    stdout.print()
    if problems:
        count = len(problems)
        stdout.print(f"[bold red]{count} problem{'s' if count > 1 else ''}.[/]")
    else:
        stdout.print(
            "[bold green]Everything a sync needs is there.[/] `moss-jamf sync --dry-run` shows what it would do."
        )


def _examine_files(examination: Examination, settings: Settings) -> None:
    def find_project_files() -> tuple[str, None]:
        for name in ("workspace.yaml", "dagster.yaml", "sql"):
            if not project_file(name).exists():
                raise CommandFailed(
                    f"{project_file(name)} is missing.",
                    "Install the project again; it belongs to the package.",
                )
        return f"workspace.yaml, dagster.yaml and sql/ are in {project_file('sql').parent}", None

    def find_dagster_home() -> tuple[str, None]:
        given = os.environ.get("DAGSTER_HOME")
        if not given:
            return (
                f"DAGSTER_HOME is not set; {settings.state_directory.absolute() / 'dagster'} is used",
                None,
            )
        if not (Path(given).expanduser() / "dagster.yaml").is_file():
            raise CommandFailed(
                f"DAGSTER_HOME is {given}, and there is no dagster.yaml in it.",
                f"Copy {project_file('dagster.yaml')} there, or unset DAGSTER_HOME.",
            )
        return f"DAGSTER_HOME is {given}", None

    examination.check("Project files", find_project_files)
    examination.check("Dagster home", find_dagster_home)


# What is looked at in M.O.S.S.'s database, in order; a problem with one leaves nothing to look at in the next.
# lower() follows the database's LC_CTYPE; that of a database is chosen when it is made.
_ASCII_ONLY: Final = (
    "Its locale folds the case of A to Z only: e-mail addresses and names that differ in the case of other letters "
    "(É, é) are taken for different ones."
)

_MOSS_CHECKS: Final = (
    "M.O.S.S. database",
    "M.O.S.S. tables",
    "Rights in M.O.S.S.",
    "Database roles",
    "Schema jamf_sync",
    "Contract",
    "Integration",
    "Sweeps",
)


def _examine_moss(examination: Examination, settings: Settings) -> Integration | None:
    databases = examination.check("Databases", lambda: _resolve(settings))
    if databases is None:
        examination.skip_all(("Dagster database", *_MOSS_CHECKS), "not looked at: no database")
        return None
    examination.check("Dagster database", lambda: _look_at_dagster(databases.dagster_url))
    database = MossDatabase(databases.moss_url)
    try:
        return _examine_moss_database(examination, settings, database)
    finally:
        database.dispose()


def _examine_moss_database(
    examination: Examination, settings: Settings, database: MossDatabase
) -> Integration | None:
    if examination.check(_MOSS_CHECKS[0], lambda: _look_at_server(database)) is None:
        examination.skip_all(_MOSS_CHECKS[1:], "not looked at: the database cannot be used")
        return None
    with database.connection() as connection:
        dialect = examination.check(
            "M.O.S.S. tables", lambda: _look_at_tables(connection, settings)
        )
        if dialect is None:
            examination.skip_all(_MOSS_CHECKS[2:], "not looked at: M.O.S.S.'s tables are not there")
            return None
        examination.check("Rights in M.O.S.S.", lambda: _look_at_rights(connection, dialect))
        has_roles = examination.check("Database roles", lambda: _look_at_roles(connection))
        if examination.check("Schema jamf_sync", lambda: _look_at_schema(connection)) is None:
            examination.skip_all(
                _MOSS_CHECKS[_MOSS_CHECKS.index("Contract") :],
                "not looked at: the schema jamf_sync is not ready",
            )
            return None
        if has_roles is None:
            examination.skip("Contract", "not looked at: the roles are not there")
        else:
            examination.check("Contract", lambda: _look_at_contract(connection))
        integration = examination.check(
            "Integration", lambda: _look_at_integration(connection, settings)
        )
        if integration is None:
            examination.skip("Sweeps", "not looked at: there is no integration to sync")
        else:
            examination.check("Sweeps", lambda: _look_at_sweeps(connection, integration))
        return integration


def _resolve(settings: Settings) -> tuple[str, Databases]:
    databases = resolve_databases(settings)
    return databases.where, databases


def _look_at_dagster(url: str) -> tuple[str, bool]:
    with connect_or_explain(url, "DAGSTER_PG_URL or MOSS_DATABASE_URL") as connection:
        may_create = connection.execute(
            "select has_schema_privilege(current_schema(), 'create')"
        ).fetchone()
    if may_create != (True,):
        raise CommandFailed(
            "Dagster's database answers, but its user may not create tables there.",
            "Grant it `create` on the schema, or give Dagster another database with DAGSTER_PG_URL.",
        )
    return "reachable, and its user may create tables", True


def _look_at_server(database: MossDatabase) -> tuple[str, bool]:
    with database.connection() as connection:
        version = connection.info.server_version
        text = f"PostgreSQL {version // 10000}.{version % 10000}"
        if version // 10000 < _OLDEST_SERVER:
            raise CommandFailed(
                f"{database.where} is {text}.",
                f"PostgreSQL {_OLDEST_SERVER} or newer is needed: upgrade the server.",
            )
        folds = connection.execute("select lower('É') = 'é'").fetchone() == (True,)
    answers = f"{text} answers at {database.where}"
    return answers if folds else f"{answers}. {_ASCII_ONLY}", True


def _look_at_tables(connection: psycopg.Connection, settings: Settings) -> tuple[str, Dialect]:
    found = detect(connection)
    if found.is_empty:
        raise CommandFailed(
            found.what_is_missing(),
            "Run `moss-jamf init` to create them in the embedded database."
            if settings.moss_database_url is None
            else f"{found.remedy()} For a trial in an empty one: `moss-jamf init --create-moss`.",
        )
    if not found.is_usable:
        raise CommandFailed(found.what_is_missing(), found.remedy())
    migration = "" if found.release_migration is None else f", migration {found.release_migration}"
    tables = len(found.dialect.tables())
    return (
        f"{found.dialect.title}{migration}: all {tables} tables that are used (dialect: {found.dialect.name})",
        found.dialect,
    )


def _look_at_rights(connection: psycopg.Connection, dialect: Dialect) -> tuple[str, bool]:
    lacking = missing_table_privileges(connection, dialect)
    if lacking is not None:
        raise CommandFailed(
            f"The owner of the contract may not do what the sync does: {lacking.what}.",
            f"Let the owner of M.O.S.S.'s tables run: {lacking.remedy}",
        )
    return "every table that is used can be read, and written where the sync writes", True


def _look_at_roles(connection: psycopg.Connection) -> tuple[str, bool]:
    script = administrator_script(connection)
    if script is not None:
        raise CommandFailed(
            "The roles that the sync works under (moss_jamf_reader, moss_jamf_writer) are not there, or this log-in "
            "is no member of them.",
            f"Run `moss-jamf init`. If this log-in may not create roles, let a database administrator run: {script}",
        )
    return "moss_jamf_reader plans, moss_jamf_writer applies; this log-in may take on both", True


def _look_at_contract(connection: psycopg.Connection) -> tuple[str, bool]:
    lacking = missing_contract_privileges(connection)
    if lacking is not None:
        raise CommandFailed(
            f"The contract's privileges are not as the ownership table has them: {lacking.what}.",
            "Run `moss-jamf init`, which grants them anew.",
        )
    absent = fetch_all(connection, "catalogue/absent_capabilities")
    return " ".join(
        ("its privileges are those of the ownership table.", *(row["meaning"] for row in absent))
    ), True


def _look_at_schema(connection: psycopg.Connection) -> tuple[str, bool]:
    pending = pending_migrations(connection)
    if pending:
        raise CommandFailed(
            f"Migrations are pending: {', '.join(pending)}.", "Run `moss-jamf init`."
        )
    return "up to date", True


def _look_at_integration(
    connection: psycopg.Connection, settings: Settings
) -> tuple[str, Integration]:
    integration = find_integration(connection, settings.integration)
    require_enabled(integration)
    return f"{integration.name!r}, enabled", integration


def _look_at_sweeps(connection: psycopg.Connection, integration: Integration) -> tuple[str, bool]:
    sweep = next_sweep(connection, integration, datetime.now(UTC))
    if integration.settings.switched_off("computers"):
        return "computers are not captured: switched off in M.O.S.S.", True
    return f"the next scheduled capture is {sweep.kind}. {sweep.reason} {what_it_sees(sweep)}", True


def _unsaved_integration(settings: Settings) -> Integration:
    """What the environment alone says, to check JAMF by when M.O.S.S. cannot be asked."""
    return Integration(
        id=UUID(int=0),
        name=settings.integration_name or DEFAULT_NAME,
        is_enabled=True,
        base_url=None,
        settings=SyncSettings(),
    )


def _examine_jamf(
    examination: Examination, settings: Settings, integration: Integration | None
) -> None:
    access = examination.check("JAMF configuration", lambda: _look_at_access(settings, integration))
    if access is None:
        examination.skip_all(
            ("JAMF Pro", "JAMF privileges"), "not looked at: JAMF is not configured"
        )
        return
    # A client is used once: its connections belong to the event loop that opened them.
    version = examination.check("JAMF Pro", lambda: asyncio.run(_ask_version(access)))
    if version is None:
        examination.skip("JAMF privileges", "not looked at: JAMF cannot be used")
        return
    examination.check("JAMF privileges", lambda: asyncio.run(_look_at_privileges(access)))


def _look_at_access(settings: Settings, integration: Integration | None) -> tuple[str, JamfAccess]:
    if integration is None:
        access = jamf_access(settings, _unsaved_integration(settings), None)
    else:
        with prepared_moss(settings) as (connection, found):
            access = jamf_access(settings, found, connection)
    # Made to see whether the address can be used; nothing is sent.
    client = JamfClient(access.base_url, access.credentials)
    return f"{client.base_url}; credentials: {access.source}", access


async def _ask_version(access: JamfAccess) -> tuple[str, str]:
    async with JamfClient(access.base_url, access.credentials) as client:
        version = await client.server_version()
    return f"version {version} accepts the credentials", str(version)


async def _look_at_privileges(access: JamfAccess) -> tuple[str, bool]:
    async with JamfClient(access.base_url, access.credentials) as client:
        gaps = await client.missing_privileges()
    refuse_missing_privileges(gaps)
    return READABLE, True
