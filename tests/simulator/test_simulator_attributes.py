"""Extension attributes of the simulated fleet: definitions, odd values, and what happens to them."""

import httpx

from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorServer
from tests.simulator.clients import StartServer, client_of

_PATH = "/api/v1/computer-extension-attributes"
_INVENTORY = "/api/v4/computers-inventory"


def _values(client: httpx.Client, definition_id: str) -> dict[str, list[str]]:
    answer = client.get(_INVENTORY, params={"section": ["GENERAL", "EXTENSION_ATTRIBUTES"]}).json()
    return {
        record["id"]: value["values"]
        for record in answer["results"]
        for value in (*record["extensionAttributes"], *record["general"]["extensionAttributes"])
        if value["definitionId"] == definition_id
    }


def test_definitions_and_values_tell_the_same_attributes(start_server: StartServer) -> None:
    with client_of(start_server(computers=20)) as client:
        found = {each["id"]: each for each in client.get(_PATH).json()["results"]}
        assert found["13"]["ldapExtensionAttributeAllowed"]
        assert not found["14"]["enabled"]
        assert max(map(len, _values(client, "13").values())) > 1
        assert ["Never"] in _values(client, "15").values()


def test_an_inventory_moves_the_uptime_and_a_wipe_takes_all(start_server: StartServer) -> None:
    server: SimulatorServer = start_server(computers=20, oddities=0)
    with client_of(server) as client:
        uptime, lifecycle = _values(client, "12"), _values(client, "4")
        server.evolve(EvolveRequest(contacts=True))
        assert _values(client, "12") != uptime
        assert _values(client, "4") == lifecycle
        report = server.evolve(EvolveRequest(attribute_wipes=3, attribute_changes=2))
        changed = _values(client, "4")
        assert {change.id for change in report.attribute_wipes} <= {
            jamf_id for jamf_id, values in changed.items() if not values
        }
        for change in report.attribute_changes:
            assert changed[change.id] == change.after["Lifecycle State"] != lifecycle[change.id]
