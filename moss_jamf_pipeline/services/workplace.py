"""Opens what services work on: the M.O.S.S. database and the integration that is meant. Creates nothing.

Preparing a database is `preparation`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, NamedTuple, Self

import psycopg

from moss_jamf_pipeline.engine.databases import (
    MOSS_VARIABLE,
    MossPlace,
    connect_or_explain,
    embedded_postgres,
    resolve_moss,
)
from moss_jamf_pipeline.moss.contract.installation import installation
from moss_jamf_pipeline.moss.contract.schema import pending_changes
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.settings import IntegrationChoice, Settings, words_about_dotenv

_SECONDS_PREPARED: Final = 5.0
_NAMED: Final = 3


class Desk(NamedTuple):
    """What one call of a service works with.

    Attributes:
        connection: in autocommit mode.
        integration: the one that is meant.
    """

    connection: psycopg.Connection
    integration: Integration


class _Opened(NamedTuple):
    place: MossPlace
    database: MossDatabase


class Workplace:
    """The M.O.S.S. database of the environment, for any number of calls from any number of threads.

    It connects when it is first needed. Close it, or use it in a `with` statement.

    Args:
        settings: the environment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._found_prepared_at = -_SECONDS_PREPARED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """The environment."""
        return self._settings

    @contextmanager
    def reading(self, choice: IntegrationChoice) -> Iterator[Desk]:
        """For whoever looks: a connection under the reading role, which cannot write M.O.S.S.

        Args:
            choice: which integration is meant.

        Raises:
            MossNotPrepared: our schema is absent or older than this version of the pipeline, or a role is missing.
            IntegrationMissing: there is no row for the integration, or its settings cannot be read.
            IntegrationUnclear: there are several.
            DatabaseUnreachableError: the database does not answer.
            MossUnreachable: it does not any more.
        """
        with self.looking() as connection:
            yield Desk(connection, find_integration(connection, choice))

    @contextmanager
    def looking(self) -> Iterator[psycopg.Connection]:
        """For whoever looks and has not chosen an integration: a connection under the reading role.

        Errors as of `reading`, but for those of the integration.
        """
        opened = self._open()
        if not self._is_prepared():
            with opened.database.connection() as connection:
                self._require_prepared(connection, opened.place)
        with opened.database.reading() as connection:
            yield connection

    @contextmanager
    def deciding(self, choice: IntegrationChoice) -> Iterator[Desk]:
        """For what a person decides or prepares: a connection under the log-in's own role.

        Arguments and errors as of `reading`.
        """
        with self.as_owner() as connection:
            yield Desk(connection, find_integration(connection, choice))

    @contextmanager
    def as_owner(self) -> Iterator[psycopg.Connection]:
        """For what is nobody's integration: a connection under the log-in's own role.

        Errors as of `reading`, but for those of the integration.
        """
        opened = self._open()
        with opened.database.connection() as connection:
            if not self._is_prepared():
                self._require_prepared(connection, opened.place)
            yield connection

    def close(self) -> None:
        """Closes the connections."""
        with self._lock:
            if self._opened is not None:
                self._opened.database.dispose()
                self._opened = None

    def _is_prepared(self) -> bool:
        """Whether it was found prepared a moment ago: of a hundred calls in a second, one asks."""
        return time.monotonic() - self._found_prepared_at < _SECONDS_PREPARED

    def _require_prepared(self, connection: psycopg.Connection, place: MossPlace) -> None:
        require_prepared(connection, place)
        self._found_prepared_at = time.monotonic()

    def _open(self) -> _Opened:
        if self._settings.moss_database_url is None:
            require_embedded(self._settings)
        place = resolve_moss(self._settings)
        with self._lock:
            if self._opened is None or self._opened.place.url != place.url:
                # The embedded server was started again, at another port.
                if self._opened is not None:
                    self._opened.database.dispose()
                if not place.is_embedded:
                    # With patience for a server that is just starting, which the pool does not have.
                    connect_or_explain(place.url, MOSS_VARIABLE).close()
                self._opened = _Opened(place, MossDatabase(place.url))
                self._found_prepared_at = -_SECONDS_PREPARED
            return self._opened


def require_prepared(connection: psycopg.Connection, place: MossPlace) -> None:
    """Ends what needs our schema where it is not as this version of the pipeline has it.

    Raises:
        MossNotPrepared: naming what it lacks.
    """
    pending = pending_changes(connection)
    if pending:
        more = f" and {len(pending) - _NAMED} more" if len(pending) > _NAMED else ""
        raise MossNotPrepared(
            f"The database is not prepared for the sync ({place.where}); it lacks {', '.join(pending[:_NAMED])}{more}.",
            "Run `moss-jamf init`.",
        )
    installation(connection)  # or it says that there is none


def require_embedded(settings: Settings) -> None:
    """Ends what would look into an embedded database that was never made: looking makes none.

    Raises:
        MossNotPrepared: it was not.
    """
    state = embedded_postgres(settings).status()
    if state.port is None and not state.is_running:
        raise MossNotPrepared(
            f"There is no embedded database in {state.directory} yet, and MOSS_DATABASE_URL is not set. "
            f"{words_about_dotenv()}".strip(),
            "Run `moss-jamf init` to make one, or `moss-jamf demo` to try it with a simulated fleet; or set "
            "MOSS_DATABASE_URL to use a database of your own.",
        )
