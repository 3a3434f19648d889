"""The one process that tests fork theirs off: it has imported what they need, and looked at no environment.

A worker of pytest has one such process, whoever asks first; so what it has imported must suit everybody. Of what is
ours, only the module that a code location begins with looks at the environment when it is imported, and each test has
an environment of its own: those that import it are not there (`unit/test_layers` holds that no other looks).
"""

import multiprocessing
import pkgutil
from typing import Final

import moss_jamf_pipeline

LOOKS_AT_THE_ENVIRONMENT: Final = "moss_jamf_pipeline.definitions"
IMPORT_IT: Final = frozenset(
    f"moss_jamf_pipeline.cli.{command}"
    for command in ("sync", "apply", "approve", "demo", "replay", "revert")
)
"""The modules that import it, or one of these."""


def modules_of_ours() -> list[str]:
    """Every module of the project that can be imported before a process has its environment."""
    found = pkgutil.walk_packages(moss_jamf_pipeline.__path__, f"{moss_jamf_pipeline.__name__}.")
    return [
        module.name
        for module in found
        if module.name not in {LOOKS_AT_THE_ENVIRONMENT, *IMPORT_IT}
        and not module.name.endswith(".__main__")
    ]


FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("dagster", "dagster._core.execution.api", "dagster_postgres"),
        *("dagster._daemon.asset_daemon", "httpx", "orjson", "pandas", "psycopg_pool"),
        *("pydantic_settings", "rich.progress", "sqlalchemy.dialects.postgresql.psycopg"),
        *("tabulate", "typer.main"),
        # What these import when they are first used.
        *("dagster._core.executor.in_process", "dagster._core.instance.factory"),
        *("dagster._core.instance.runs.run_domain", "dagster._core.secrets.env_file"),
        *("dagster._core.storage.migration", "dagster._core.storage.noop_compute_log_manager"),
        *("dagster._core.storage.root", "dagster._core.system_config.composite_descent"),
        *("anyio._backends._asyncio", "certifi", "fsspec.implementations.local", "httpcore"),
        *(
            "psycopg2.extras",
            "rich.markdown",
            "rich.rule",
            "typer.rich_utils",
            "upath.implementations.local",
        ),
        *modules_of_ours(),
    ]
)
