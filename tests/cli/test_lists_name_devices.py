"""Every list of devices, and of what belongs to them, names each by host name and serial number."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest

from moss_jamf_pipeline.cli.application import app
from moss_jamf_pipeline.moss.apply.validation import plan_problems
from moss_jamf_pipeline.moss.integration.integrations import find_integration
from moss_jamf_pipeline.moss.plan.planning import newest_plan
from moss_jamf_pipeline.orchestration.presentation import changes_preview, suppressed_metadata
from moss_jamf_pipeline.settings import IntegrationChoice
from tests.cli.conftest import CommandLine, query

_EDITS = """
update devices set asset_tag = 'OTHER', hostname = 'edited-here', assigned_to_person_id = (
  select id from people where id <> devices.assigned_to_person_id order by id limit 1)
where id::text = %(device)s;
update integration_configs set sync_settings = coalesce(sync_settings, '{}') || %(guard)s::jsonb;
"""


@dataclass(frozen=True)
class World:
    """A synced fleet in which a person edited one Mac, and a second sync.

    Attributes:
        device_id: the Mac's.
        host_name: what it is called.
        serial_number: its serial number.
        connection: to M.O.S.S.
        said: runs a command in this process; what it prints.
    """

    device_id: str
    host_name: str
    serial_number: str
    connection: psycopg.Connection
    said: Callable[..., str]


@pytest.fixture
def world(
    moss_command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """Every kind of list has something to show of the Mac in it."""
    moss_command_line.sync_by_engine()
    url = moss_command_line.environment["MOSS_DATABASE_URL"]
    (mac,) = query(
        url,
        """select id::text, hostname, serial_number from devices
           where assigned_to_person_id is not null and asset_tag is not null and hostname ~ '^M' order by id limit 1""",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        guard = json.dumps({"guard": {"reassign": {"absolute": 0, "percentage": 0}}})
        with psycopg.ClientCursor(connection) as cursor:
            cursor.execute(_EDITS, {"device": mac["id"], "guard": guard})
        moss_command_line.sync_by_engine()
        # What a revert would leave, for M.O.S.S. holds another value by now.
        connection.execute(
            "update devices set hostname = %s where id::text = %s", ("again", mac["id"])
        )
        for name, value in moss_command_line.environment.items():
            monkeypatch.setenv(name, value)

        def said(*arguments: str) -> str:
            capsys.readouterr()
            app(prog_name="moss-jamf", args=list(arguments), standalone_mode=False)
            return capsys.readouterr().out

        yield World(mac["id"], mac["hostname"], mac["serial_number"], connection, said)


def _lines(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if all(word in line for word in words)]


def test_every_list_names_a_device_by_host_name_and_serial_number(world: World) -> None:
    both = f"{world.host_name} · {world.serial_number}"
    for arguments in (
        ("plan", "show"),
        ("plan", "show", "--by", "field"),
        ("plan", "show", "--by", "rule"),
        ("plan", "show", "--held", "reassign"),
        ("conflicts", "list"),
        ("conflicts", "list", "--grouped"),
    ):
        assert _lines(world.said(*arguments), both), arguments
    # What is not written, and what belongs to a device: its interfaces.
    assert _lines(world.said("plan", "show"), both, "asset_tag", "OTHER")
    interfaces = world.said("plan", "show", "1", "--type", "io", "--limit", "500")
    assert _lines(interfaces, world.host_name, world.serial_number)
    (conflict, *_) = json.loads(world.said("conflicts", "list", "--json"))["conflicts"]
    assert conflict["serial_number"] == world.serial_number
    shown = world.said("conflicts", "show", str(conflict["conflict_id"]))
    assert both in shown.splitlines()[0]
    # The story of the Mac, with its conflicts.
    assert _lines(world.said("device", world.serial_number), "owned_field_differs")
    # Columns of their own.
    assert _lines(world.said("devices"), "again", world.serial_number)
    rows = list(csv.DictReader(io.StringIO(world.said("plan", "show", "1", "--csv"))))
    assert {row["serial_number"] for row in rows if row["name"] == world.host_name} == {
        world.serial_number
    }
    assert {row["object_type"] for row in rows if row["serial_number"] == world.serial_number} >= {
        "device",
        "io",
    }
    _previews(world, both)
    # A revert is confined to what people know the Mac by, and says what it leaves.
    for known_by in (world.serial_number, "again", world.device_id):
        left = world.said("revert", "2", "--object", known_by, "--dry-run")
        assert _lines(left, both, "again (was written"), left


def _previews(world: World, both: str) -> None:
    """What the Dagster UI shows of the same plan."""
    connection = world.connection
    integration = find_integration(connection, IntegrationChoice())
    plan = newest_plan(connection, integration.id)
    assert both in str(changes_preview(connection, plan, "device").value)
    suppressed = suppressed_metadata(connection, plan.plan_id)["suppressed_changes"]
    assert world.serial_number in str(getattr(suppressed, "value", ""))
    connection.execute(
        """insert into jamf_sync.plan_problems (plan_id, row_id, problem, detail)
           select plan_id, min(row_id), 'failed', 'for the test' from jamf_sync.change_plan
           where plan_id = %s and object_type = 'device' and action <> 'agree' group by plan_id""",
        (plan.plan_id,),
    )
    (problem, *_) = plan_problems(connection, plan.plan_id, limit=1)
    assert problem["label"] == both
