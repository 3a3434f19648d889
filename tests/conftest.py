"""Fixtures for every test: an environment without surprises, PostgreSQL databases, Dagster
instances.

One server per session: the embedded one in a directory of its own, or the one that
MOSS_TEST_DATABASE_URL names (its role must be a superuser or may create databases and roles). One
template database per session, cloned for each test that commits.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from dagster import DagsterInstance

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.instance import open_instance
from moss_jamf_pipeline.settings import Settings
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer


@pytest.fixture(scope="session", autouse=True)
def interruptible_processes() -> None:
    """Let the processes that tests start be interrupted, also when this one was started in the background.

    A shell without job control starts background commands with SIGINT ignored, and what is ignored is inherited.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep a developer's environment and `.env` (their databases!) out of every test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, setting in Settings.model_fields.items():
            for variable in filter(None, (name, setting.alias)):
                patch.delenv(variable.upper(), raising=False)
        patch.delenv("DAGSTER_HOME", raising=False)
        patch.setitem(Settings.model_config, "env_file", None)
        patch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """The session's PostgreSQL server."""
    given = os.environ.get("MOSS_TEST_DATABASE_URL")
    if given:
        yield DatabaseServer(given)
        return
    with tempfile.TemporaryDirectory(prefix="moss-jamf-tests-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres", UNSAFE_BUT_FAST)
        try:
            with postgres.connect_lease() as lease:
                yield DatabaseServer(lease.url("moss"))
        finally:
            postgres.stop()


@pytest.fixture
def empty_database(postgres_server: DatabaseServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases: each call returns the URL of a new one, dropped after the test."""
    names: list[str] = []

    def make() -> str:
        names.append(postgres_server.create("empty"))
        return postgres_server.url_of(names[-1])

    yield make
    for name in names:
        postgres_server.drop(name)


@pytest.fixture(scope="session")
def template_database(postgres_server: DatabaseServer) -> Iterator[str]:
    """Name of a database with the strategy's M.O.S.S. tables and our schema, to be cloned only."""
    name = postgres_server.create("moss_template")
    import_module("tests.support.schema").create_strategy_moss(postgres_server.url_of(name))
    yield name
    postgres_server.drop(name)


@pytest.fixture
def moss_database(postgres_server: DatabaseServer, template_database: str) -> Iterator[str]:
    """URL of a fresh M.O.S.S. database in the strategy's dialect, dropped after the test."""
    name = postgres_server.create("moss", template=template_database)
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def dagster_template_database(
    postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with Dagster's tables, to be cloned only (making them takes a second)."""
    name = postgres_server.create("dagster_template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_PG_URL", postgres_server.url_of(name))
        patch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path_factory.mktemp("dagster_template")))
        open_instance(Settings()).dispose()
    yield name
    postgres_server.drop(name)


@pytest.fixture
def dagster_instance(
    postgres_server: DatabaseServer,
    dagster_template_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DagsterInstance]:
    """The configured Dagster instance (the project's dagster.yaml) on a PostgreSQL database of its
    own.

    It is in the environment too, for processes that the test starts.
    """
    name = postgres_server.create("dagster", template=dagster_template_database)
    monkeypatch.setenv("DAGSTER_PG_URL", postgres_server.url_of(name))
    monkeypatch.setenv("MOSS_JAMF_STATE_DIR", str(tmp_path / "state"))
    with open_instance(Settings()) as instance:
        yield instance
    postgres_server.drop(name)


@pytest.fixture
def ephemeral_instance() -> Iterator[DagsterInstance]:
    """A Dagster instance in memory: quicker, for tests that do not look at what is stored."""
    with DagsterInstance.ephemeral() as instance:
        yield instance
