"""What is looked at before a sync: typed findings with a state, a sentence and a remedy. Nothing is written."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.orchestration.storage_tables import dagster_revisions
from moss_jamf_pipeline.services.health import Finding, Health, examine
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import Settings
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.services.conftest import CHOICE


@pytest.fixture(scope="module")
def jamf() -> Iterator[SimulatorServer]:
    """A simulated JAMF Pro."""
    with SimulatorServer(SimulatorConfig(computers=5)) as server:
        yield server


def _settings(url: str, jamf: SimulatorServer | None = None) -> Settings:
    if jamf is None:
        return Settings(moss_database_url=SecretStr(url))
    return Settings(
        moss_database_url=SecretStr(url),
        jamf_base_url=jamf.base_url,
        jamf_client_id=jamf.client_id,
        jamf_client_secret=SecretStr(jamf.client_secret),
    )


def _examined(settings: Settings) -> Health:
    with Workplace(settings) as workplace:
        return examine(workplace, CHOICE, dagster_revisions())


def _by_check(health: Health) -> dict[str, Finding]:
    return {finding.check: finding for finding in health.findings}


def test_nothing_is_wrong_where_nothing_is_and_nothing_is_made(
    moss_database: str, jamf: SimulatorServer
) -> None:
    health = _examined(_settings(moss_database, jamf))
    assert health.problems == ()
    assert all(finding.state == "ok" and finding.message for finding in health.findings)
    assert "its user may create it" in _by_check(health)["Dagster database"].message
    with psycopg.connect(moss_database) as connection:
        schema = connection.execute("select to_regnamespace('dagster')").fetchone()
    assert schema == (None,)


def test_every_problem_has_a_sentence_and_a_remedy_and_the_rest_is_looked_at(
    empty_database: Callable[[], str],
) -> None:
    health = _examined(_settings(empty_database()))
    found = _by_check(health)
    assert found["M.O.S.S. database"].state == "ok"
    assert found["M.O.S.S. tables"].state == "problem"
    assert {found[name].state for name in ("Contract", "Integration", "Sweeps")} == {"skipped"}
    assert found["JAMF configuration"].state == "problem"
    for problem in health.problems:
        assert problem.message
        assert problem.remedy
        assert "Traceback" in problem.trace


def test_an_integration_that_is_switched_off_is_a_problem_of_its_own(
    moss_database: str, jamf: SimulatorServer
) -> None:
    with psycopg.connect(moss_database) as connection:
        connection.execute("update public.integration_configs set is_enabled = false")
    found = _by_check(_examined(_settings(moss_database, jamf)))
    assert found["Contract"].state == "ok"
    assert found["Integration"].state == "problem"
    assert "moss-jamf init --enable" in found["Integration"].remedy
    assert found["Sweeps"].state == "skipped"
    assert found["JAMF Pro"].state == "ok"
