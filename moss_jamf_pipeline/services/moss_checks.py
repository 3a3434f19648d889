"""What is looked at on this machine and in the databases to see whether a sync could work. Writes nothing.

Each look returns what it found, as a sentence, with what later looks need, and raises an explained error on a problem.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from moss_jamf_pipeline.catalogue.dialects import Dialect
from moss_jamf_pipeline.engine.databases import (
    DAGSTER_SCHEMA,
    DAGSTER_VARIABLE,
    MOSS_VARIABLE,
    Databases,
    connect_or_explain,
    find_databases,
    place_of,
)
from moss_jamf_pipeline.moss.contract.dialects import detect
from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.moss.contract.rights import lacking_for_sync
from moss_jamf_pipeline.moss.contract.roles import names_for
from moss_jamf_pipeline.moss.contract.schema import pending_changes, require_rights
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import (
    Integration,
    find_integration,
    require_enabled,
)
from moss_jamf_pipeline.moss.sessions import require_utf8, require_writable
from moss_jamf_pipeline.moss.statements import fetch_all, fetch_one, fetch_value
from moss_jamf_pipeline.services.dagster_tables import DagsterRevisions, require_revision
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.sweeps import next_sweep, what_it_sees
from moss_jamf_pipeline.services.workplace import require_embedded
from moss_jamf_pipeline.settings import IntegrationChoice, Settings, project_file

_OLDEST_SERVER: Final = 14
_DAGSTER_VARIABLES: Final = f"{DAGSTER_VARIABLE} or {MOSS_VARIABLE}"


def look_at_project_files() -> tuple[str, None]:
    """The files that the package brings along."""
    for name in ("workspace.yaml", "dagster.yaml", "sql"):
        if not project_file(name).exists():
            raise ProblemFound(
                f"{project_file(name)} is missing.",
                "Install the project again; it belongs to the package.",
            )
    return f"workspace.yaml, dagster.yaml and sql/ are in {project_file('sql').parent}", None


def look_at_dagster_home(settings: Settings) -> tuple[str, None]:
    """The directory that Dagster's own commands use."""
    given = os.environ.get("DAGSTER_HOME")
    if not given:
        return (
            f"DAGSTER_HOME is not set; {settings.state_directory.absolute() / 'dagster'} is used",
            None,
        )
    if not (Path(given).expanduser() / "dagster.yaml").is_file():
        raise ProblemFound(
            f"DAGSTER_HOME is {given}, and there is no dagster.yaml in it.",
            f"Copy {project_file('dagster.yaml')} there, or unset DAGSTER_HOME.",
        )
    return f"DAGSTER_HOME is {given}", None


def look_for_databases(settings: Settings) -> tuple[str, Databases]:
    """Which databases the environment names; the embedded one is looked at if it is there, and never made.

    Raises:
        MossNotPrepared: the embedded one is meant, and is not there.
    """
    if settings.moss_database_url is None:
        require_embedded(settings)
    databases = find_databases(settings)
    return databases.where, databases


def look_at_dagster(url: str, revisions: DagsterRevisions) -> tuple[str, bool]:
    """Dagster's own database.

    Args:
        url: the database.
        revisions: of its tables, that the installed Dagster knows.
    """
    where = place_of(url, _DAGSTER_VARIABLES)
    with connect_or_explain(url, _DAGSTER_VARIABLES) as connection:
        require_writable(connection, where)
        require_utf8(connection, where)
        require_revision(connection, revisions, where)
        found = fetch_one(connection, "dagster/may_make_tables")
    if found is not None and found["may_create"]:
        if found["schema_is_there"]:
            return "reachable, and its user may create tables", True
        return "reachable; its schema is not there yet, and its user may create it", True
    if found is not None and not found["schema_is_there"]:
        raise ProblemFound(
            f"Dagster's schema {DAGSTER_SCHEMA!r} is not there, and this user may not create it.",
            "Let a database administrator run all that is said under Rights, or give Dagster another database with "
            "DAGSTER_PG_URL.",
        )
    raise ProblemFound(
        "Dagster's database answers, but its user may not create tables there.",
        "Grant it `create` on the schema, or give Dagster another database with DAGSTER_PG_URL.",
    )


def look_at_server(database: MossDatabase) -> tuple[str, bool]:
    """The server that M.O.S.S. is on."""
    with database.connection() as connection:
        version = connection.info.server_version
        text = f"PostgreSQL {version // 10000}.{version % 10000}"
        if version // 10000 < _OLDEST_SERVER:
            raise ProblemFound(
                f"{database.where} is {text}.",
                f"PostgreSQL {_OLDEST_SERVER} or newer is needed: upgrade the server.",
            )
        require_writable(connection, database.where)
        require_utf8(connection, database.where)
        with connection.transaction():
            zone = fetch_value(connection, "roles/begin_writing", {"role": "none"})
    return f"{text} answers at {database.where}; M.O.S.S.'s times are those of {zone}", True


def look_at_tables(connection: psycopg.Connection, settings: Settings) -> tuple[str, Dialect]:
    """Which M.O.S.S. it is, and whether it has what is used."""
    found = detect(connection)
    if found.is_empty:
        raise ProblemFound(
            found.what_is_missing(),
            "Run `moss-jamf init` to create them in the embedded database."
            if settings.moss_database_url is None
            else f"{found.remedy()} For a trial in an empty one: `moss-jamf init --create-moss`.",
        )
    if not found.is_usable:
        raise ProblemFound(found.what_is_missing(), found.remedy())
    migration = "" if found.release_migration is None else f", migration {found.release_migration}"
    tables = len(found.dialect.tables())
    return (
        f"{found.dialect.title}{migration}: all {tables} tables that are used (dialect: {found.dialect.name})",
        found.dialect,
    )


def look_at_rights_for_init(connection: psycopg.Connection) -> tuple[str, bool]:
    """What this log-in needs to prepare the database; all that is lacking is in the remedy."""
    require_rights(connection)
    return "`moss-jamf init` may do all that it does", True


def look_at_rights(connection: psycopg.Connection) -> tuple[str, bool]:
    """What the roles, the owner of the contract and this log-in may do."""
    lacking = lacking_for_sync(connection)
    if lacking is not None:
        raise ProblemFound(
            f"The rights are not those that the sync needs: {lacking.summary}.",
            "Run `moss-jamf init`, which grants what it may. If it may not, let a database administrator run:\n"
            f"{lacking.script}",
        )
    return "the roles may do to M.O.S.S. what fields.csv says, and nothing else", True


def look_at_schema(connection: psycopg.Connection) -> tuple[str, bool]:
    """Our own schema."""
    pending = pending_changes(connection)
    if pending:
        raise ProblemFound(
            f"The schema is not as this version has it; pending: {', '.join(pending)}.",
            "Run `moss-jamf init`.",
        )
    return "up to date", True


def look_at_contract(connection: psycopg.Connection) -> tuple[str, bool]:
    """What is installed, and what this M.O.S.S. has no place for."""
    installed = installation(connection)
    absent = fetch_all(connection, "catalogue/absent_capabilities")
    roles = f"{installed.reader} plans, {installed.writer} applies."
    return " ".join((roles, *(row["meaning"] for row in absent))), True


def look_at_security(connection: psycopg.Connection) -> tuple[str, bool]:
    """What stands open to others than the sync: docs/security.md."""
    (found,) = fetch_all(connection, "roles/who_else_gets_in")
    names = names_for(connection)
    open_doors, remedies = [], []
    may_put = (
        "may put functions into the schema public, where M.O.S.S.'s own triggers look for theirs; they would run with "
        "the rights of whoever writes M.O.S.S."
    )
    if found["everybody_may_create"]:
        open_doors.append(f"Everybody who may log in to this database {may_put}")
        script = sql.SQL(
            "grant create on schema public to {};\nrevoke create on schema public from public;"
        ).format(sql.Identifier(found["moss_owner"]))
        remedies.append(f"Let a database administrator run:\n{script.as_string()}")
    elif found["creators"]:
        open_doors.append(f"{', '.join(found['creators'])} {may_put}")
        revoke = sql.SQL("revoke create on schema public from {};").format(
            sql.SQL(", ").join(map(sql.Identifier, found["creators"]))
        )
        remedies.append(
            f"Unless that is meant, let a database administrator run:\n{revoke.as_string()}"
        )
    if found["strangers"]:
        open_doors.append(
            "Somebody who may take on the roles of the sync has put something into the schema public: "
            f"{', '.join(found['strangers'])}. The sync fills, decides and undoes nothing while it is there."
        )
        remedies.append("Have that dropped.")
    if (found["reader"], found["writer"]) != (names.reader, names.writer):
        open_doors.append(
            f"The roles {found['reader']} and {found['writer']} are another database's, for this one was renamed or "
            "copied: whoever may sync the other one may sync this one."
        )
        remedies.append("Run `moss-jamf init`, which makes roles of its own.")
    if open_doors:
        raise ProblemFound(" ".join(open_doors), "\n".join(remedies))
    return "nobody else may put functions where M.O.S.S. looks for its own", True


def look_at_integration(
    connection: psycopg.Connection, choice: IntegrationChoice
) -> tuple[str, Integration]:
    """The integration's row in M.O.S.S."""
    integration = find_integration(connection, choice)
    require_enabled(integration)
    return f"{integration.name!r}, enabled", integration


def look_at_sweeps(connection: psycopg.Connection, integration: Integration) -> tuple[str, bool]:
    """How computers are captured next."""
    sweep = next_sweep(connection, integration, datetime.now(UTC))
    if integration.settings.switched_off("computers"):
        return "computers are not captured: switched off in M.O.S.S.", True
    return f"the next scheduled capture is {sweep.kind}. {sweep.reason} {what_it_sees(sweep)}", True
