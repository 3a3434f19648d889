"""The one process that tests fork theirs off: it has imported what is not ours, and nothing that is.

A worker of pytest has one such process, whoever asks first; so what it has imported must suit everybody. What is ours
looks at the environment when it is imported, and each test has one of its own.
"""

import multiprocessing
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("dagster", "dagster._core.execution.api", "dagster_postgres"),
        *("dagster._daemon.asset_daemon", "httpx", "orjson", "pandas", "psycopg_pool"),
        *("pydantic_settings", "rich.progress", "sqlalchemy.dialects.postgresql.psycopg"),
        *("tabulate", "typer.main"),
    ]
)
