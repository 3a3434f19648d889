"""Takes the pipeline out of a M.O.S.S. database: says what would go and what stays, and does it, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from moss_jamf_pipeline.engine.databases import (
    DAGSTER_SCHEMA,
    DAGSTER_VARIABLE,
    MossPlace,
    connect_or_explain,
    find_dagster_url,
    place_of,
    resolve_moss,
)
from moss_jamf_pipeline.moss.contract.removal import (
    OUR_SCHEMAS,
    Installed,
    RemovedRole,
    RemovedSchema,
    look_for,
    remove,
    require_owner,
)
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import IntegrationMissing
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.integration.run_lock import held_runs
from moss_jamf_pipeline.moss.sessions import require_writable
from moss_jamf_pipeline.moss.statements import execute, fetch_all, fetch_value
from moss_jamf_pipeline.services.automation import look_at_automation
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.workplace import require_embedded
from moss_jamf_pipeline.settings import Settings


class StillAtWork(ProblemFound):
    """A run is alive, or a daemon that would start one: nothing is taken away under it."""


@dataclass(frozen=True, slots=True)
class RemovedIntegration:
    """A row of `integration_configs` that goes, and M.O.S.S.'s links and history of it.

    Attributes:
        integration_id: which.
        name: what it is called.
    """

    integration_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What is removed of a database, and what stays.

    Attributes:
        where: the database and its server, in words.
        schemas: those that go.
        roles: those that go, or lose their rights here.
        integrations: rows of `integration_configs` that go.
        stays: what stays, each a sentence.
        left_rights: statements that take back what a log-in was given by name, for an administrator.
    """

    where: str
    schemas: tuple[RemovedSchema, ...]
    roles: tuple[RemovedRole, ...]
    integrations: tuple[RemovedIntegration, ...]
    stays: tuple[str, ...]
    left_rights: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of ours is there."""
        return not (self.schemas or self.roles)


def preview(settings: Settings, *, with_integrations: bool = False) -> Removal:
    """What `uninstall` would remove. Changes nothing.

    Args:
        settings: the environment.
        with_integrations: whether the integrations' rows go too.

    Raises:
        MossNotPrepared: there is no database, or something of others would go as well.
        MossUnreachable: the database does not answer.
    """
    place = _place(settings)
    with _connection(place) as connection:
        return _removal(connection, settings, place, with_integrations=with_integrations)[0]


def uninstall(settings: Settings, *, with_integrations: bool = False) -> Removal:
    """Removes it, in one transaction.

    Args:
        settings: the environment.
        with_integrations: whether the integrations' rows go too.

    Returns:
        What was removed.

    Raises:
        StillAtWork: a run is alive, or a daemon.
        MossNotPrepared: as `preview`; or this log-in may not do all of it, and nothing was done.
        MossUnreachable: the database does not answer.
        DatabaseReadOnly: it takes no writes.
        LockedByOthers: another session holds what would be removed.
    """
    place = _place(settings)
    with _connection(place) as connection:
        require_writable(connection, place.where)
        with connection.transaction():
            removal, installed = _removal(
                connection, settings, place, with_integrations=with_integrations
            )
            require_owner(installed)
            _require_rest(connection, settings)
            if removal.integrations:
                ids = [row.integration_id for row in removal.integrations]
                execute(connection, "removal/delete_integrations", {"ids": ids})
            remove(connection, installed)
    return removal


def _place(settings: Settings) -> MossPlace:
    if settings.moss_database_url is None:
        require_embedded(settings)
    return resolve_moss(settings)


@contextmanager
def _connection(place: MossPlace) -> Iterator[psycopg.Connection]:
    database = MossDatabase(place.url)
    try:
        with database.connection() as connection:
            yield connection
    finally:
        database.dispose()


def _removal(
    connection: psycopg.Connection,
    settings: Settings,
    place: MossPlace,
    *,
    with_integrations: bool,
) -> tuple[Removal, Installed]:
    has_dagster = settings.dagster_pg_url is None and not place.is_embedded
    schemas = (*OUR_SCHEMAS, DAGSTER_SCHEMA) if has_dagster else OUR_SCHEMAS
    installed = look_for(connection, schemas)
    integrations = (
        tuple(_integrations(connection, settings))
        if with_integrations and not installed.is_nothing
        else ()
    )
    removal = Removal(
        where=place.where,
        schemas=installed.schemas,
        roles=installed.roles,
        integrations=integrations,
        stays=tuple(_what_stays(settings, place, with_integrations=with_integrations)),
        left_rights=tuple(f"{one.as_string()};" for one in installed.left_rights),
    )
    return removal, installed


def _integrations(
    connection: psycopg.Connection, settings: Settings
) -> Iterator[RemovedIntegration]:
    for choice in settings.meant:
        try:
            found = find_integration(connection, choice)
        except IntegrationMissing:
            continue
        yield RemovedIntegration(found.id, found.name)


def _what_stays(settings: Settings, place: MossPlace, *, with_integrations: bool) -> Iterator[str]:
    yield (
        "M.O.S.S.'s tables as they are, with everything that the sync wrote into them: devices, people, interfaces, "
        "locations, rooms, groups and members."
    )
    if not with_integrations:
        yield (
            "The integration's row in M.O.S.S., with its saved credentials, its links and its history of syncs "
            "(--remove-integration takes it along)."
        )
    if settings.dagster_pg_url is not None:
        dagster = place_of(find_dagster_url(settings), DAGSTER_VARIABLE)
        yield f"Dagster's runs and events: {dagster}. Drop that database if nothing else uses it."
    elif place.is_embedded:
        yield "Dagster's runs and events, in the database dagster of the embedded server."
    yield (
        f"On this machine {settings.state_directory.absolute()}, with logs"
        + (" and the embedded server itself." if place.is_embedded else ".")
    )


def _require_rest(connection: psycopg.Connection, settings: Settings) -> None:
    """Ends what would take the tables away under a run.

    Raises:
        StillAtWork: one is alive, or a daemon that starts some.
    """
    known = fetch_value(connection, "removal/knows_runs")
    run_ids = (
        {row["run_id"] for row in fetch_all(connection, "removal/open_runs")} if known else set()
    )
    with connect_or_explain(find_dagster_url(settings), DAGSTER_VARIABLE) as dagster:
        if fetch_value(dagster, "dagster/known_tables"):
            run_ids |= {row["run_id"] for row in fetch_all(dagster, "dagster/open_runs")}
    alive = sorted(held_runs(connection, run_ids))
    if alive:
        raise StillAtWork(
            f"A run is at work: {', '.join(alive)}. Nothing was removed.",
            "Wait for its end, or terminate it in the Dagster UI; then try again.",
        )
    # The daemon is one, whichever integration is asked about.
    slug = settings.integrations[0].slug
    if look_at_automation(settings, slug, datetime.now(UTC)).daemon_is_running:
        raise StillAtWork(
            "Dagster's daemon gave a sign of life within the last two minutes: it would start another sync. "
            "Nothing was removed.",
            "End `moss-jamf up` (or the daemon), and `moss-jamf serve`; try again two minutes later.",
        )
