"""Fixtures for every test: an environment without surprises, PostgreSQL databases, Dagster
instances.

One server per session: the embedded one in a directory of its own, or the one that
MOSS_TEST_DATABASE_URL names (its role must be a superuser or may create databases and roles). One
template database per dialect of M.O.S.S. and session, cloned for tests that commit; those that put nothing but rows
into their clone share one, which becomes what it was after each (`support/shelf.py`).

A test under tests/db, tests/e2e or tests/failures that uses a M.O.S.S. database runs on the released M.O.S.S., which
is the one that people have. What the dialects do differently is tested on each of them, by the mark `every_dialect`:
the contract, what is applied and undone, roles and rights, text, the words of plans, whole syncs.
`dialects("strategy")` says which alone, where the others have nothing to show. `make nightly` runs everything on all.

What tests throw away lies in memory where there is room (tests/support/scratch.py); `TMPDIR=/tmp make test` keeps it on
the disk.
"""

import gc
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dagster import DagsterInstance

from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.orchestration.instance import open_instance
from moss_jamf_pipeline.scrubbing import known
from moss_jamf_pipeline.settings import Settings
from tests.support.databases import UNSAFE_BUT_FAST, DatabaseServer
from tests.support.dialects import DIALECTS, RELEASE, STRATEGY, Dialect
from tests.support.prepared import PLANNED_ONCE, keep_statements_prepared
from tests.support.properties import is_nightly, load_profile
from tests.support.scratch import take_scratch_directory

if TYPE_CHECKING:
    from tests.support.shelf import Shelf

_HERE = Path(__file__).parent
_OF_DIALECTS = tuple(_HERE / folder for folder in ("db", "e2e", "failures"))
_SECONDS_OF_A_NIGHT = 14_400
_FROM_THE_SHELF = tuple(
    _HERE / folder
    for folder in ("db", "e2e", "failures", "services", "cli", "companion", "dagster")
)
_SLOW_FIRST = tuple(_HERE / folder for folder in ("cli", "embedded", "e2e", "failures", "dagster"))


# Before any test module is imported: their decorators read it.
load_profile()
# Importing and collecting makes a million objects that stay: looking through them again and again for garbage took a
# quarter of that time, and some of every test's.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marks known, and finds a place for what tests throw away."""
    config.addinivalue_line(
        "markers", "dialects(*names): run only on the M.O.S.S. of these dialects (default: release)"
    )
    config.addinivalue_line("markers", "every_dialect: run on the M.O.S.S. of each dialect")
    config.addinivalue_line("markers", "nightly: takes long, run only by `make nightly`")
    config.addinivalue_line("markers", "own_database: in a database that no test had before")
    if not is_nightly():
        keep_statements_prepared()
    if not hasattr(config, "workerinput"):
        take_scratch_directory()


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: there is always a test that waits (a daemon's next look, a back-off)."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that start processes first: at the end, workers share what is left in small pieces.

    What takes long by intent, a test of the night or twenty times the examples, has hours, however it is run.
    """
    for item in items:
        if is_nightly() or item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.timeout(_SECONDS_OF_A_NIGHT), append=False)
    items.sort(
        key=lambda item: (
            not any(item.path.is_relative_to(folder) for folder in _SLOW_FIRST),
            # One worker takes them all, before another can: each that has one of them runs a demo.
            "demo_command_line" not in getattr(item, "fixturenames", ()),
        )
    )


def pytest_collection_finish() -> None:
    """Looks for garbage again, and not among what is there by now."""
    gc.freeze()
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test of the pipeline's statements once per dialect that it is for."""
    if "dialect" not in metafunc.fixturenames:
        return
    if not any(metafunc.definition.path.is_relative_to(folder) for folder in _OF_DIALECTS):
        return
    dialects = _dialects_of(metafunc.definition)
    metafunc.parametrize("dialect", dialects, indirect=True, scope="session", ids=str)


def _dialects_of(test: pytest.Item) -> list[Dialect]:
    if mark := test.get_closest_marker("dialects"):
        return [dialect for dialect in DIALECTS if dialect.name in mark.args]
    if is_nightly() or test.get_closest_marker("every_dialect"):
        return list(DIALECTS)
    return [RELEASE]


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
        # What was captured lately has slots; an installation of today would begin with the current one.
        patch.setenv("MOSS_JAMF_FIRST_SLOT", "2026-11-01-00:00")
        yield


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Let no test's secrets be taken out of the texts of the next one."""
    yield
    known.forget()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """The session's PostgreSQL server."""
    given = os.environ.get("MOSS_TEST_DATABASE_URL")
    if given:
        yield DatabaseServer(given)
        return
    with tempfile.TemporaryDirectory(prefix="moss-jamf-tests-") as directory:
        settings = UNSAFE_BUT_FAST if is_nightly() else {**UNSAFE_BUT_FAST, **PLANNED_ONCE}
        postgres = EmbeddedPostgres(Path(directory) / "postgres", settings)
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
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """The dialect of the test's M.O.S.S.; the strategy's where a test does not run on all of them."""
    chosen = getattr(request, "param", STRATEGY)
    assert isinstance(chosen, Dialect)
    return chosen


@pytest.fixture(scope="session")
def template_of(postgres_server: DatabaseServer) -> Iterator[Callable[[Dialect], str]]:
    """Names the database of a dialect with M.O.S.S.'s tables and our schema, to be cloned only.

    It is made when first asked for.
    """
    names: dict[str, str] = {}

    def name_of(dialect: Dialect) -> str:
        if dialect.name not in names:
            name = postgres_server.create("moss_template")
            create = import_module("tests.support.schema").create_moss
            create(postgres_server.url_of(name), dialect)
            names[dialect.name] = name
        return names[dialect.name]

    yield name_of
    for name in names.values():
        postgres_server.drop(name)


@pytest.fixture(scope="session")
def template_database(template_of: Callable[[Dialect], str]) -> str:
    """Name of the strategy's template."""
    return template_of(STRATEGY)


@pytest.fixture(scope="session")
def shelf(
    postgres_server: DatabaseServer, template_of: Callable[[Dialect], str]
) -> Iterator["Shelf"]:
    """The session's M.O.S.S. databases for tests that put nothing but rows into them."""
    shelf: Shelf = import_module("tests.support.shelf").Shelf(postgres_server, template_of)
    yield shelf
    shelf.clear()


@pytest.fixture
def moss_database(
    request: pytest.FixtureRequest,
    postgres_server: DatabaseServer,
    template_of: Callable[[Dialect], str],
    dialect: Dialect,
) -> Iterator[str]:
    """URL of a M.O.S.S. database in the test's dialect, as a new one is.

    Where several processes work on it, and by the mark `own_database`, it is a new one.
    """
    if _takes_from_the_shelf(request.node):
        shelf: Shelf = request.getfixturevalue("shelf")
        moss = shelf.take(dialect)
        yield moss.url
        shelf.give_back(moss, dialect)
        return
    name = postgres_server.create("moss", template=template_of(dialect))
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


def _takes_from_the_shelf(test: pytest.Item) -> bool:
    return not test.get_closest_marker("own_database") and any(
        test.path.is_relative_to(folder) for folder in _FROM_THE_SHELF
    )


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


@pytest.fixture
def recorder() -> Iterator[Callable[[], DagsterInstance]]:
    """Makes a Dagster instance in memory, for tests that may need none: making it takes 0.05 s."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(DagsterInstance.ephemeral())
