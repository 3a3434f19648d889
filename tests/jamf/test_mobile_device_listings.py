"""Mobile devices as the client reads them: ids of their own, whose they are, and records that JAMF stumbles over."""

import json

import pytest

from moss_jamf_pipeline.jamf import CollectionName, RejectionReason
from moss_jamf_pipeline.jamf.documents import COMPUTER_READER, MOBILE_DEVICE_READER
from moss_jamf_pipeline.jamf.listings import SOURCES
from moss_jamf_pipeline.simulator import Fleet, SimulatorConfig, SimulatorServer
from moss_jamf_pipeline.simulator.faults import Faults, Poison
from tests.jamf.support import client_of, read_now

MOBILE_DEVICES = CollectionName.MOBILE_DEVICES

_DEVICE = {
    "mobileDeviceId": "12",
    "deviceType": "iOS",
    "general": {
        "udid": "00008120-000000000000000C",
        "displayName": "Jane’s iPhone",
        "deviceOwnershipType": "Institutional",
        "ipAddress": "10.0.0.7",
        "lastLoggedInUsernameMdm": "secret-login",
        "lastContactDate": "2026-07-21T13:11:02.1Z",
        "lastInventoryUpdateDate": "2026-07-21T06:42:10Z",
        "extensionAttributes": [{"id": "4", "value": ["secret-value"]}],
    },
    "hardware": {"serialNumber": "MOB0000012", "batteryLevel": 60},
    "userAndLocation": {"username": "jane", "building": "Main"},
    "network": {"imei": "35 882334 083223 0", "iccid": "secret-sim"},
}


def _page(*records: object) -> bytes:
    return json.dumps({"totalCount": len(records), "results": records}).encode()


def test_a_document_has_the_allow_list_and_no_times_under_an_id_of_its_own() -> None:
    (record,) = MOBILE_DEVICE_READER.read_page(_page(_DEVICE)).records
    document = json.loads(record.document)
    assert record.jamf_id == document["id"] == "mobile:12"
    assert "mobileDeviceId" not in document
    assert record.last_contact_at is not None
    assert record.reported_at is not None
    assert not {"lastContactDate", "lastInventoryUpdateDate"} & document["general"].keys()
    assert document["network"]["imei"] == "35 882334 083223 0"
    for withheld in (b"secret", b"10.0.0.7", b"batteryLevel"):
        assert withheld not in record.document


@pytest.mark.parametrize(
    ("ownership", "is_kept"),
    [
        *(("Institutional", True), ("AccountDrivenDeviceEnrollment", True), (None, True)),
        *(("UserEnrollment", False), ("accountdrivenuserenrollment", False)),
        *(("PersonalDeviceProfile", False), ("SomethingOfNextYear", False)),
    ],
)
def test_of_a_personally_owned_device_nothing_but_its_id_is_kept(
    ownership: str | None, is_kept: bool
) -> None:
    device = {**_DEVICE, "general": {**_DEVICE["general"], "deviceOwnershipType": ownership}}  # type: ignore[dict-item]
    # Apple withholds its hardware: that is no reason to reject it, either.
    without = {**device, "hardware": None} if not is_kept else device
    (record,) = MOBILE_DEVICE_READER.read_page(_page(without)).records
    personal = {"id": "mobile:12", "personallyOwned": True}
    assert (json.loads(record.document) == personal) is not is_kept
    assert (record.last_contact_at is None) is not is_kept


def test_ids_of_one_inventory_are_never_those_of_the_other() -> None:
    """Whatever a server says: a computer cannot be called a mobile device, nor one be called twice."""
    hostile = COMPUTER_READER.read_page(_page({"id": "mobile:12", "general": {}}))
    assert [(each.jamf_id, each.reason) for each in hostile.rejected] == [
        (None, RejectionReason.ID_MISSING)
    ]
    nested = MOBILE_DEVICE_READER.read_page(_page({**_DEVICE, "mobileDeviceId": "mobile:12"}))
    assert not nested.records
    mistyped = MOBILE_DEVICE_READER.read_page(_page({**_DEVICE, "general": "none"}))
    assert [each.jamf_id for each in mistyped.rejected] == ["mobile:12"]


@pytest.mark.parametrize(("version", "is_complete"), [("11.30.1", True), ("11.28.0", False)])
def test_one_broken_record_costs_no_other(version: str, is_complete: bool) -> None:
    """New servers are asked to be lenient and say which it is; pages of old ones are split until it is found.

    Of one of which not even the id is known nobody can tell that another one is gone.
    """
    fleet = Fleet()
    for _ in range(30):
        fleet.add_mobile_device()
    with SimulatorServer(SimulatorConfig(version=version), fleet=fleet) as server:
        server.set_faults(Faults(poison=Poison(mobile_device_ids=frozenset({"17"}))))
        reading = read_now(client_of(server), MOBILE_DEVICES)
    assert {*reading.records} == {f"mobile:{number}" for number in range(1, 31) if number != 17}
    assert [each.reason for each in reading.rejected] == [RejectionReason.CANNOT_SERVE]
    assert reading.summary.is_complete is is_complete
    if is_complete:
        assert reading.rejected[0].jamf_id == "mobile:17"
        assert reading.summary.requests <= 4


def test_it_is_asked_for_with_leniency_where_the_server_knows_that() -> None:
    lenient, strict = SOURCES[MOBILE_DEVICES].listings
    asked = dict(lenient.page_parameters(0, 100))
    assert asked["exception-handling"] == "LENIENT"
    assert asked["sort"] == "mobileDeviceId:asc"
    assert "exception-handling" not in dict(strict.page_parameters(0, 100))
    assert SOURCES[MOBILE_DEVICES].privileges == ("Read Mobile Devices",)
