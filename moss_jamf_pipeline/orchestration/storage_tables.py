"""Dagster's own tables: which revision the installed Dagster needs, and bringing them up to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

from moss_jamf_pipeline.orchestration.dagster_internals import alembic_scripts
from moss_jamf_pipeline.services.dagster_tables import DagsterRevisions

_is_migrating: Final = ContextVar("_is_migrating", default=False)


@cache
def dagster_revisions() -> DagsterRevisions:
    """The revisions that the installed Dagster knows."""
    scripts = alembic_scripts()
    (newest,) = scripts.get_heads()
    return DagsterRevisions(
        newest, frozenset(script.revision for script in scripts.walk_revisions())
    )


def is_migrating() -> bool:
    """Whether the storage is opened to bring its tables up to date, and so whatever they are."""
    return _is_migrating.get()


@contextmanager
def migrating() -> Iterator[None]:
    """Lets the storage be opened with tables of an older Dagster inside the block."""
    token = _is_migrating.set(True)
    try:
        yield
    finally:
        _is_migrating.reset(token)
