"""Databases for tests: fresh ones, clones of a template, and waiting for a server to answer."""

import itertools
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

UNSAFE_BUT_FAST: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
}
"""Server settings for data that may be lost: a power cut ruins them (a killed process does not)."""

_SECONDS_TO_ANSWER: Final = 60.0


@dataclass(frozen=True)
class DatabaseServer:
    """A PostgreSQL server on which tests make and drop databases.

    Attributes:
        url: one of its databases, for administration, with a role that may create databases.
    """

    url: str = field(repr=False)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count, repr=False)

    def url_of(self, database: str) -> str:
        """The URL of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create(self, purpose: str, *, template: str | None = None) -> str:
        """Create a database and return its name, unique on the server.

        Args:
            purpose: goes into the name.
            template: name of the database to copy; nobody may be connected to it.
        """
        name = f"test_{os.getpid()}_{purpose}_{next(self._numbers)}"
        # In memory half the price of the other strategy: its checkpoints have nothing to wait for.
        statement = sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        self._execute(statement)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, disconnecting whoever still uses it."""
        self._execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def connect_when_ready(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect to a server that is about to answer; fail if it does not within a minute."""
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while True:
        try:
            return psycopg.connect(url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)
