"""A whole sync through the Jamf Platform gateway ends as one from the JAMF Pro server itself does."""

import pytest

from moss_jamf_pipeline.jamf import JamfEnvironmentRefused
from moss_jamf_pipeline.simulator import GatewayConfig, SimulatorConfig, SimulatorServer
from tests.e2e.conftest import WorldMaker

_CAPTURED = """
    select collection, jamf_id, document::text, encode(content_hash, 'hex') as content_hash
    from jamf_sync.raw_jamf where valid_to_capture is null order by 1, 2
"""


def test_the_gateway_and_the_server_lead_to_the_same_moss(
    make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = GatewayConfig()
    config = SimulatorConfig(computers=40, users=30, groups=12, seed=5, gateway=gateway)
    world = make_world(config)
    monkeypatch.setenv("JAMF_CONNECTION", "platform")
    monkeypatch.setenv("JAMF_ENVIRONMENT_ID", gateway.scope_id)
    world.execute("update integration_configs set sync_settings = '{\"sync_departments\": true}'")
    world.sync()
    asked = world.jamf.requests.paths
    assert asked
    assert all(" /pro/" in path or path == "POST /auth/token" for path in asked)
    captured, stored = world.query(_CAPTURED), world.row_versions()
    assert len(captured) > 80
    assert sum(map(len, stored.values())) > 80

    # The same fleet, asked itself: not one document is another one, and not one row of M.O.S.S. is written.
    with SimulatorServer(SimulatorConfig(), fleet=world.fleet) as server:
        monkeypatch.setenv("JAMF_BASE_URL", server.base_url)
        monkeypatch.delenv("JAMF_CONNECTION")
        monkeypatch.delenv("JAMF_ENVIRONMENT_ID")
        world.sync()
        assert server.requests.of("/api/v4/computers-inventory")
    assert world.query(_CAPTURED) == captured
    assert world.row_versions() == stored
    newest = world.query(
        "select changed_count, removed_count from jamf_sync.captures order by capture_id desc limit 5"
    )
    assert {(row["changed_count"], row["removed_count"]) for row in newest} == {(0, 0)}

    # Another environment is another fleet: nothing is captured, and M.O.S.S. keeps what it has.
    monkeypatch.setenv("JAMF_BASE_URL", world.jamf.base_url)
    monkeypatch.setenv("JAMF_CONNECTION", "platform")
    monkeypatch.setenv("JAMF_ENVIRONMENT_ID", "00000000-1111-2222-3333-444444444444")
    outcome = world.sync(may_fail=True)
    assert isinstance(outcome.failures[0].error, JamfEnvironmentRefused)
    assert world.row_versions() == stored
