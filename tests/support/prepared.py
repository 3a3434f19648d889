"""Statements stay prepared, and their plans are kept, for as long as a session lives.

A sync is some two hundred statements, few of which run twice in it; on a handful of rows planning them takes longer
than running them. Sessions of tests live through hundreds of syncs. By itself psycopg prepares no more than a hundred
statements and forgets all of them at every rollback, which is how many tests end; and PostgreSQL plans anew for the
values of each execution. At night, and in every process that a test starts, all is as in production.
"""

from collections.abc import Mapping
from typing import Final

from psycopg._preparing import PrepareManager

PLANNED_ONCE: Final[Mapping[str, str]] = {"plan_cache_mode": "force_generic_plan"}
"""Settings of a server: a prepared statement is planned once, for whatever values."""

_MORE_THAN_A_SYNC_HAS: Final = 1_000


def keep_statements_prepared() -> None:
    """Has every connection of this process keep what it has prepared, whatever is rolled back or dropped."""
    PrepareManager.prepared_max = _MORE_THAN_A_SYNC_HAS
    # PostgreSQL itself notices when a table of a plan has changed, or is another one of its name.
    PrepareManager._should_discard = _never  # type: ignore[method-assign]


def _never(*_: object, **__: object) -> bool:
    return False
