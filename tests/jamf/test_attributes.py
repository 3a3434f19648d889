"""Extension attributes as the client reads them: out of six places, what is wanted and nothing else."""

import json
from typing import Any

from moss_jamf_pipeline.jamf import (
    AttributeDefinition,
    AttributeTaking,
    JamfClient,
    computer_document_shape,
)
from moss_jamf_pipeline.simulator import SimulatorConfig, SimulatorServer
from tests.jamf.support import client_of, run


def _value(definition_id: object, *values: object, **changes: object) -> dict[str, object]:
    return {"definitionId": definition_id, "values": list(values), **changes}


def _page(**changes: Any) -> bytes:
    record = {
        "id": "7",
        "udid": "U",
        "general": {"name": "MAC", "extensionAttributes": [_value("1", "b", "a", "a", " ")]},
        "hardware": {"extensionAttributes": [_value(2, 42), _value("99", "secret-99")]},
        "operatingSystem": {"extensionAttributes": [_value("3", "off", enabled=False)]},
        "userAndLocation": {"extensionAttributes": [_value("4")]},
        "purchasing": {"poNumber": "secret-po", "extensionAttributes": [_value("5", "p")]},
        "groupMemberships": [],
        "extensionAttributes": ["no object", _value("6", {"no": "text"}), _value("7", "seven")],
    }
    return json.dumps({"totalCount": 1, "results": [record | changes]}).encode()


def test_the_wanted_values_are_taken_from_all_six_places_and_sorted() -> None:
    taking = AttributeTaking(frozenset("1234567"))
    reader = taking.reader()
    for _ in range(2):
        (record,) = reader.read_page(_page()).records
    document = json.loads(record.document)
    assert document["extensionAttributes"] == {
        "1": ["a", "b"],
        "2": ["42"],
        "4": [],
        "5": ["p"],
        "7": ["seven"],
    }
    assert b"secret" not in record.document
    assert "purchasing" not in document
    # Of what is not wanted it is counted that there is a value; of a record that is read twice, once.
    assert taking.counts == {"1": 1, "2": 1, "3": 1, "5": 1, "7": 1, "99": 1}


def test_what_is_delivered_for_no_attribute_is_no_loss_of_a_record() -> None:
    taking = AttributeTaking(frozenset({"1"}))
    page = _page(extensionAttributes=None, purchasing=None, hardware={"extensionAttributes": "?"})
    (record,) = taking.reader().read_page(page).records
    assert json.loads(record.document)["extensionAttributes"] == {"1": ["a", "b"]}


def test_of_a_personally_owned_or_foreign_mac_nothing_is_taken_or_counted() -> None:
    taking = AttributeTaking(frozenset({"1"}))
    owned = {"appleEnrollmentType": "user", "extensionAttributes": [_value("1", "secret")]}
    for page, scope in ((_page(general=owned), frozenset[str]()), (_page(), frozenset({"12"}))):
        (record,) = taking.reader(scope).read_page(page).records
        assert "extensionAttributes" not in json.loads(record.document)
    assert not taking.counts


def test_with_nothing_wanted_a_document_is_what_it_was() -> None:
    (record,) = AttributeTaking().reader().read_page(_page()).records
    assert "extensionAttributes" not in json.loads(record.document)
    assert computer_document_shape(frozenset()) == computer_document_shape()
    assert computer_document_shape(frozenset("1")) != computer_document_shape()


async def _definitions(client: JamfClient) -> tuple[AttributeDefinition, ...]:
    async with client:
        return await client.attribute_definitions()


def test_definitions_are_read_in_pages_without_their_scripts() -> None:
    with SimulatorServer(SimulatorConfig(computers=1, users=1, groups=1)) as jamf:
        found = run(_definitions(client_of(jamf)))
    by_name = {definition.name: definition for definition in found}
    assert len(by_name) == 12
    assert by_name["Lifecycle State"].choices == ("In use", "Spare", "Retired")
    assert by_name["Projects"].is_multi_valued
    assert by_name["Legacy Agent"].is_enabled is False
    assert not any("result" in repr(definition) for definition in found)
