"""Whoever looks cannot write M.O.S.S. and creates nothing; what is not prepared is said with what to do."""

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.engine.databases import DatabaseUnreachableError
from moss_jamf_pipeline.moss.errors import IntegrationMissing, MossNotPrepared
from moss_jamf_pipeline.services.history import list_runs
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from tests.services.conftest import CHOICE


def _schemas(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("select nspname from pg_namespace")}


def test_a_connection_for_reading_cannot_write_moss(workplace: Workplace) -> None:
    with workplace.reading(CHOICE) as desk:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk.connection.execute("insert into public.devices (device_type) values ('Laptop')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk.connection.execute("update jamf_sync.schema_migrations set name = name")


def test_the_role_is_given_back_with_the_connection(workplace: Workplace) -> None:
    with workplace.reading(CHOICE) as desk:
        reader = desk.connection.execute("select current_user, session_user").fetchone()
    with workplace.deciding(CHOICE) as desk:
        login = desk.connection.execute("select current_user, session_user").fetchone()
    assert reader is not None
    assert login is not None
    assert reader[0] != reader[1]
    assert login[0] == login[1] == reader[1]


def test_looking_at_a_database_leaves_no_schema_behind(workplace: Workplace) -> None:
    url = workplace.settings.moss_database_url
    assert url is not None
    before = _schemas(url.get_secret_value())
    list_runs(workplace, CHOICE)
    assert _schemas(url.get_secret_value()) == before
    assert "dagster" not in before


def test_a_database_that_is_not_prepared_is_left_alone(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    before = _schemas(url)
    with (
        Workplace(Settings(moss_database_url=SecretStr(url))) as workplace,
        pytest.raises(MossNotPrepared, match="moss-jamf init"),
    ):
        list_runs(workplace, CHOICE)
    assert _schemas(url) == before


def test_looking_makes_no_embedded_database(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with (
        Workplace(Settings(state_directory=state)) as workplace,
        pytest.raises(MossNotPrepared, match="no embedded database"),
    ):
        list_runs(workplace, CHOICE)
    assert not state.exists()


def test_an_integration_that_is_not_there_is_an_error_in_words(workplace: Workplace) -> None:
    with pytest.raises(IntegrationMissing, match="no JAMF integration named 'Elsewhere'"):
        list_runs(workplace, IntegrationChoice(name="Elsewhere"))


def test_several_threads_share_a_workplace(workplace: Workplace) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(list_runs(workplace, CHOICE).total))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 8


def test_a_database_that_is_away_is_named_without_its_password() -> None:
    url = "postgresql://moss:hidden-word@127.0.0.1:1/moss"
    with (
        Workplace(Settings(moss_database_url=SecretStr(url))) as workplace,
        pytest.raises(
            DatabaseUnreachableError, match=r"127\.0\.0\.1:1, database moss"
        ) as unreachable,
    ):
        list_runs(workplace, CHOICE)
    assert "hidden-word" not in str(unreachable.value)
