"""Fixtures of the services' tests: a real M.O.S.S. database, a bench that fills it, and the workplace of a door."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.db.support import Bench
from tests.support.shelf import Shelf

CHOICE = IntegrationChoice()


@pytest.fixture
def bench(moss_database: str, shelf: Shelf) -> Iterator[Bench]:
    """A bench on the test's own database."""
    moss = shelf.taken(moss_database)
    assert moss is not None
    with moss.people.connection() as connection:
        yield Bench(connection, find_integration(connection))


@pytest.fixture
def workplace(moss_database: str) -> Iterator[Workplace]:
    """The workplace of a door that is configured for the test's database."""
    with Workplace(Settings(moss_database_url=SecretStr(moss_database))) as workplace:
        yield workplace
