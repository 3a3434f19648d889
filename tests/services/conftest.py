"""Fixtures of the services' tests: a real M.O.S.S. database, a bench that fills it, and the workplace of a door."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.db.support import Bench
from tests.support.dialects import as_people_see_it

CHOICE = IntegrationChoice()


@pytest.fixture
def bench(moss_database: str) -> Iterator[Bench]:
    """A bench on the test's own database."""
    database = MossDatabase(as_people_see_it(moss_database))
    with database.connection() as connection:
        yield Bench(connection, find_integration(connection))
    database.dispose()


@pytest.fixture
def workplace(moss_database: str) -> Iterator[Workplace]:
    """The workplace of a door that is configured for the test's database."""
    with Workplace(Settings(moss_database_url=SecretStr(moss_database))) as workplace:
        yield workplace
