"""Prepares a database for the sync: our schema, the contract, the roles, the integration's row."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from moss_jamf_pipeline.engine.access import (
    jamf_access,
    require_meant_database,
    route_given,
)
from moss_jamf_pipeline.engine.databases import Databases, given_moss_url, resolve_databases
from moss_jamf_pipeline.jamf.connections import LOOPBACK, server_identity
from moss_jamf_pipeline.jamf.transport import usable_base_url
from moss_jamf_pipeline.moss.contract.schema import SchemaReport, prepare, require_rights
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import IntegrationMissing, MossNotPrepared
from moss_jamf_pipeline.moss.integration.integrations import (
    enable_integration,
    ensure_integration,
    find_integration,
)
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from moss_jamf_pipeline.moss.sessions import require_utf8, require_writable
from moss_jamf_pipeline.services.explanations import explanation_of
from moss_jamf_pipeline.services.workplace import Workplace, require_embedded
from moss_jamf_pipeline.settings import IntegrationChoice, Settings


@dataclass(frozen=True, slots=True)
class PreparedIntegration:
    """The row of an integration.

    Attributes:
        name: its name, unescaped.
        is_new: whether it was created just now.
        is_enabled: whether it was switched on before.
        has_been_enabled: whether it was off and has been switched on.
        lacks: what is to be done before JAMF can be read; empty if server and credentials are configured.
    """

    name: str
    is_new: bool
    is_enabled: bool
    has_been_enabled: bool
    lacks: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was done to a database so that the sync can work on it.

    Attributes:
        databases: which.
        schema: what became of its schema.
        integrations: their rows, found or created.
    """

    databases: Databases
    schema: SchemaReport
    integrations: tuple[PreparedIntegration, ...]


def prepare_databases(
    settings: Settings,
    choices: Sequence[IntegrationChoice],
    *,
    may_create_moss: bool,
    enables: bool = False,
    condition: Callable[[psycopg.Connection], None] | None = None,
) -> Preparation:
    """Prepares the M.O.S.S. database and creates the integrations' rows, all or nothing. Safe to repeat.

    Args:
        settings: the environment.
        choices: which integrations.
        may_create_moss: whether an empty given database may get the strategy's M.O.S.S. tables; the embedded one may
            always.
        enables: whether integrations that are switched off are switched on.
        condition: looks at the prepared database and raises if it is not to be used; then nothing was done.

    Raises:
        MossNotPrepared: the database holds no M.O.S.S. that the contract knows.
        IntegrationUnclear: M.O.S.S. has several integrations that could be meant.
        SettingsContradictory: the environment has JAMF_* variables and does not say whose they are.
        MossUnreachable: the database does not answer.
        DatabaseReadOnly: it takes no writes.
        DatabaseUnsuitable: it keeps text otherwise than as UTF-8, or a pooler that keeps no sessions is in between.
    """
    settings.require_own_jamf_variables()
    require_meant_database(settings, settings.jamf_base_url)
    _require_usable(settings)
    databases = resolve_databases(settings)
    with _connection(databases.moss_url) as connection, connection.transaction():
        schema = prepare(connection, may_create_moss=may_create_moss or databases.is_embedded)
        integrations = tuple(
            _prepared(connection, settings, choice, enables=enables) for choice in choices
        )
        if condition is not None:
            condition(connection)
    return Preparation(databases, schema, integrations)


def _prepared(
    connection: psycopg.Connection,
    settings: Settings,
    choice: IntegrationChoice,
    *,
    enables: bool,
) -> PreparedIntegration:
    route = _remembered_route(settings)
    row = ensure_integration(connection, choice, route.base_url)
    if row.is_new:
        save_route(connection, row.id, route)
    enabled = enables and enable_integration(connection, row.id)
    return PreparedIntegration(
        row.name,
        row.is_new,
        row.is_enabled,
        has_been_enabled=enabled,
        lacks=_lacking(connection, settings, choice),
    )


def _lacking(connection: psycopg.Connection, settings: Settings, choice: IntegrationChoice) -> str:
    """What is to be done before the JAMF server of an integration can be read; empty: nothing."""
    try:
        # As a savepoint: what cannot be read now does not undo the preparation.
        with connection.transaction():
            jamf_access(settings, find_integration(connection, choice), connection)
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        return explanation.remedy
    return ""


def is_on_this_machine(base_url: str) -> bool:
    """Whether a JAMF server listens on the loopback: the simulator, or a tunnel."""
    return server_identity(base_url) == LOOPBACK


def prepare_if_embedded(
    workplace: Workplace, choice: IntegrationChoice, *, may_be_first: bool = False
) -> None:
    """Prepares the embedded database if it is not; a database of the operator's is only looked at.

    None is made for a JAMF server that is not on this machine, unless that was said aloud.

    Args:
        workplace: where.
        choice: which integration.
        may_be_first: whether one is made although no JAMF server is named.

    Raises:
        ConfigurationMissing: a real JAMF server would be synced into it.
        MossNotPrepared: a given database is not prepared, or an embedded one would be made for no JAMF server.
        IntegrationMissing: a given database lacks the integration's row.
        MossUnreachable: the database does not answer.
    """
    settings = workplace.settings
    require_meant_database(settings, settings.jamf_base_url)
    if settings.moss_database_url is None and settings.jamf_base_url is None and not may_be_first:
        require_embedded(settings)
    try:
        with workplace.reading(choice):
            return
    except (MossNotPrepared, IntegrationMissing):
        if settings.moss_database_url is not None:
            raise
    prepare_databases(settings, [choice], may_create_moss=True)


def _require_usable(settings: Settings) -> None:
    """Says all that is lacking in a given database before Dagster's schema is made there, which needs some of it."""
    moss_url = given_moss_url(settings)
    if moss_url is not None:
        with _connection(moss_url) as connection:
            require_rights(connection)


@contextmanager
def _connection(moss_url: str) -> Iterator[psycopg.Connection]:
    """A connection to a database that can be written and keeps every letter."""
    database = MossDatabase(moss_url)
    try:
        with database.connection() as connection:
            require_writable(connection, database.where)
            require_utf8(connection, database.where)
            yield connection
    finally:
        database.dispose()


def _remembered_route(settings: Settings) -> Route:
    """What of the environment is worth saving with a new integration.

    Not a server on this machine, whose port is another tomorrow.

    Raises:
        ConfigurationMissing: what it says does not fit together.
        JamfAddressInvalid: its address is none, or holds a password.
    """
    base_url, connection = route_given(settings)
    if base_url is not None:
        connection.require_host(str(usable_base_url(base_url)))
    if base_url is None or is_on_this_machine(base_url):
        return Route()
    return Route(base_url, connection, settings.jamf_web_url)
