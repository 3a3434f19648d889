"""Dagster's sessions with PostgreSQL, pinned as ours are (`moss.sessions`).

Dagster makes an engine of its own for each of its storages, and others for its webserver, all from one URL: so the
pinning is a driver, which that URL names.
"""

from typing import Any, Final

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from moss_jamf_pipeline.engine.databases import DAGSTER_VARIABLE, MOSS_VARIABLE, DatabaseUrlError
from moss_jamf_pipeline.moss.sessions import SessionSettings

_DRIVER: Final = "moss_jamf"


class PinnedPsycopg2(PGDialect_psycopg2):
    """psycopg2 with the settings of its sessions pinned; what the URL's `options` sets is set by a statement too."""

    driver = _DRIVER
    supports_statement_cache = True

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        """Opens a session; arguments are psycopg2's."""
        settings = SessionSettings(cparams, {})
        session: Any = super().connect(*cargs, **settings.parameters)
        try:
            with session.cursor() as cursor:
                cursor.execute(*settings.statement(session.server_version))
            # What a session sets in a transaction that is rolled back, it has not set.
            session.commit()
        except BaseException:
            session.close()
            raise
        return session


registry.register(f"postgresql.{_DRIVER}", __name__, PinnedPsycopg2.__name__)


def url_for_dagster(url: str) -> str:
    """A `postgresql://` URL as Dagster's storages need it, naming the driver.

    `postgresql://` alone does not work with SQLAlchemy 2.1: it takes psycopg 3 for it, whose server-side parameters
    dagster-postgres' NOTIFY does not survive.

    Raises:
        DatabaseUrlError: SQLAlchemy, which Dagster uses, cannot read this URL (libpq could).
    """
    try:
        return (
            make_url(url)
            .set(drivername=f"postgresql+{_DRIVER}")
            .render_as_string(hide_password=False)
        )
    except (ArgumentError, ValueError):
        raise DatabaseUrlError(
            f"Dagster cannot read the database URL ({DAGSTER_VARIABLE}, or {MOSS_VARIABLE} if that "
            "is not given), although PostgreSQL can: it may name one host only."
        ) from None
