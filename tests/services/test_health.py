"""What is looked at before a sync: typed findings with a state, a sentence and a remedy. Nothing is written."""

import base64
from collections.abc import Callable, Iterator

import orjson
import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey, encrypt_a
from moss_jamf_pipeline.orchestration.storage_tables import dagster_revisions
from moss_jamf_pipeline.services.health import Finding, Health, examine
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.services.conftest import CHOICE
from tests.support.databases import DatabaseServer


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
    assert all(finding.message for finding in health.findings)
    # The database of a test is a copy, and is warned of as one.
    warned = [finding for finding in health.findings if finding.state != "ok"]
    assert [(finding.check, finding.state) for finding in warned] == [("Security", "warning")]
    assert "was renamed or copied" in warned[0].message
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


def _rows(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


_SECOND_ROW = (
    "insert into public.integration_configs (name, integration_type, config) "
    "values ('Second', 'jamf', '{\"base_url\": \"https://two.example.com\"}')"
)


@pytest.mark.parametrize(
    ("statements", "row", "configuration"),
    [
        (("drop schema moss_contract cascade",), "skipped", "skipped"),
        (("drop schema jamf_sync cascade",), "skipped", "skipped"),
        ((_SECOND_ROW,), "problem", "skipped"),
        (
            (
                'update public.integration_configs set sync_settings = \'{"sync_users": "perhaps"}\'',
            ),
            "problem",
            "skipped",
        ),
        # It is there, only off: what it says of JAMF can be told.
        (("update public.integration_configs set is_enabled = false",), "problem", "problem"),
        (("delete from public.integration_configs",), "problem", "skipped"),
        ((), "ok", "problem"),
    ],
    ids=["no contract", "no schema", "several", "unreadable", "off", "none", "incomplete"],
)
def test_case_t12_nothing_is_said_of_jamf_that_is_not_known(
    moss_database: str, statements: tuple[str, ...], row: str, configuration: str
) -> None:
    _rows(
        moss_database,
        'update public.integration_configs set config = \'{"base_url": "https://one.example.com"}\'',
        *statements,
    )
    found = _by_check(_examined(_settings(moss_database)))
    assert (found["Integration"].state, found["JAMF configuration"].state) == (row, configuration)
    assert "No JAMF Pro server is configured" not in found["JAMF configuration"].message
    if configuration == "problem":
        assert found["JAMF configuration"].message.startswith("No credentials for JAMF Pro")


def test_case_t12_a_database_that_cannot_be_asked_says_nothing_of_jamf(
    jamf: SimulatorServer, postgres_server: DatabaseServer
) -> None:
    nowhere = postgres_server.url_of("no_such_database")
    found = _by_check(_examined(_settings(nowhere)))
    assert found["JAMF configuration"].state == "skipped"
    found = _by_check(_examined(_settings(nowhere, jamf)))
    assert found["JAMF privileges"].state == "ok"


def test_case_t13_a_row_that_was_saved_through_mosss_api_is_enough(
    moss_database: str, jamf: SimulatorServer
) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    credentials = orjson.dumps(
        {"jamf_client_id": jamf.client_id, "jamf_client_secret": jamf.client_secret}
    ).decode()
    with psycopg.connect(moss_database) as connection:
        # As its handler stores what was posted: escaped, with a time limit of its own, and encrypted.
        connection.execute(
            "update public.integration_configs set name = 'HQ &amp; Lab', environment = 'production', "
            "config = %s, credentials_encrypted = %s, sync_settings = %s",
            (
                Jsonb({"base_url": jamf.base_url.replace("/", "&#x2F;"), "timeout_ms": 30000}),
                encrypt_a(credentials, EncryptionKey.from_text(key)),
                Jsonb({"sync_computers": True, "sync_users": True, "sync_groups": True}),
            ),
        )
    settings = Settings(moss_database_url=SecretStr(moss_database), encryption_key=SecretStr(key))
    with Workplace(settings) as workplace:
        health = examine(workplace, IntegrationChoice(), dagster_revisions())
    assert health.problems == ()
    found = _by_check(health)
    assert found["Integration"].message == "'HQ & Lab', enabled"
    assert f"{jamf.base_url}; credentials: saved in M.O.S.S." in found["JAMF configuration"].message
