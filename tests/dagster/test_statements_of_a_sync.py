"""How much an unchanged sync asks of the database and of the environment, counted where psycopg sends it."""

import re
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.settings import Settings
from tests.e2e.inventory import add_mac, furnish
from tests.support.world import World

_MOST_STATEMENTS = 148
_SETTINGS = re.compile(r"set |reset |select pg_catalog\.pg_backend_pid\(\)")


def _text(query: str | sql.Composable) -> str:
    return query if isinstance(query, str) else query.as_string()


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Counts statements, files and others alike, COPYs too.

    Beginning and ending transactions is none, nor is setting how a session works: neither reads or writes anything.
    """
    counted: Counter[str] = Counter()

    def counting(method: Any) -> Any:
        def send(self: object, query: Any, *arguments: Any, **options: Any) -> Any:
            text = query.decode() if isinstance(query, bytes) else _text(query)
            if not _SETTINGS.match(text):
                counted[text[:80]] += 1
            return method(self, query, *arguments, **options)

        return send

    with pytest.MonkeyPatch.context() as patch:
        for kind, name in (
            (psycopg.Cursor, "execute"),
            (psycopg.ServerCursor, "execute"),
            (psycopg.Cursor, "copy"),
        ):
            patch.setattr(kind, name, counting(getattr(kind, name)))
        yield counted


@pytest.fixture
def one_mac(small_world: World) -> World:
    """A world of one Mac with its user, place and group, synced twice."""
    for jamf_id in ("1", "2"):
        small_world.fleet.remove_computer(jamf_id)
    furnish(small_world)
    small_world.fleet.add_building("Main", building_id="1")
    add_mac(
        small_world,
        "7",
        "C02ONLY00001",
        place={"buildingId": "1", "room": "1"},
        user={"username": "jane"},
    )
    small_world.fleet.add_group("Ours", group_id="77", members=["7"])
    assert small_world.sync().success
    assert small_world.sync_in_dagster().success
    return small_world


def test_an_unchanged_sync_of_one_mac_runs_few_statements(one_mac: World) -> None:
    with _counted() as statements:
        assert one_mac.sync_in_dagster().success
    assert statements.total() <= _MOST_STATEMENTS, statements.most_common()


def test_a_run_reads_the_environment_once(one_mac: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the harness, which reads it too."""
    readers: list[str] = []
    begin = Settings.__init__

    def noted(self: Settings, **values: Any) -> None:
        readers.append(Path(traceback.extract_stack(limit=2)[0].filename).name)
        begin(self, **values)

    monkeypatch.setattr(Settings, "__init__", noted)
    assert one_mac.sync_in_dagster().success
    ours = [reader for reader in readers if reader != "world.py"]
    assert ours == ["resources.py"]
