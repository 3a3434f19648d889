"""Promise 7: no secret and nothing outside the allow-list reaches a log, an event, a table or a message."""

import re

import pytest
from dagster import DagsterInstance
from dagster_shared.serdes import serialize_value

from moss_jamf_pipeline.simulator import Faults, Fleet, RejectedTokens, SimulatorConfig
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import add_mac, furnish
from tests.support.world import World

_SECRET = "s3cr3t-of-the-client"
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")
_PRIVATE = ("10.11.12.13", "local-admin", "recovery-key-1234")


def _stored_texts(world: World) -> dict[str, str]:
    """Every table of every schema, M.O.S.S.'s and ours, as text."""
    tables = world.query(
        "select table_schema as schema, table_name as name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema in ('public', 'jamf_sync')"
    )
    texts = {}
    for table in tables:
        name = f"{table['schema']}.{table['name']}"
        rows = world.query(f"select t::text as text from {name} as t")
        texts[name] = "\n".join(row["text"] for row in rows)
    return texts


def _event_texts(instance: DagsterInstance) -> str:
    """Everything that Dagster recorded: events with their metadata, errors and run configuration."""
    return "\n".join(
        f"{run} {run.run_config} {run.tags} {[serialize_value(entry) for entry in instance.all_logs(run.run_id)]}"
        for run in instance.get_runs()
    )


def test_no_secret_is_recorded_anywhere(
    make_world: WorldMaker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(SimulatorConfig(client_secret=_SECRET), fleet=Fleet())
    furnish(world)
    add_mac(world, "1", "C02SECR00001", user={"username": "jane"})
    world.fleet.update_computer(
        "1",
        {
            "general": {"lastIpAddress": _PRIVATE[0], "lastReportedIp": _PRIVATE[0]},
            "localUserAccounts": [{"username": _PRIVATE[1]}],
            "diskEncryption": {"individualRecoveryKeyValidityStatus": _PRIVATE[2]},
        },
    )
    caplog.set_level("DEBUG")
    world.jamf.set_faults(
        Faults(rejected_tokens=RejectedTokens(path="computers-inventory", count=1))
    )
    world.sync()
    world.jamf.clear_faults()
    world.jamf.set_faults(Faults(removed_privileges=frozenset({"Read Computers"})))
    world.sync(may_fail=True)
    monkeypatch.setenv("JAMF_CLIENT_SECRET", f"{_SECRET}-wrong")
    world.sync(may_fail=True)

    places = {**_stored_texts(world), "events": _event_texts(world.instance), "log": caplog.text}

    assert "C02SECR00001" in places["public.devices"]
    assert "raw_jamf_computers" in places["events"]
    password = world.database.engine.url.password
    for what in (_SECRET, *_PRIVATE, *([password] if password else [])):
        assert [name for name, text in places.items() if what in text] == []
    assert [name for name, text in places.items() if _TOKEN.search(text)] == []
