"""The simulated inventory of mobile devices, asked over HTTP and changed."""

import httpx
import pytest

from moss_jamf_pipeline.simulator import EvolveRequest, Fleet, SimulatorServer, generate_fleet
from moss_jamf_pipeline.simulator.faults import Faults, Poison
from tests.simulator.clients import StartServer, client_of

DETAIL = "/api/v2/mobile-devices/detail"
LENIENT = {"exception-handling": "LENIENT"}
BY_ID = {"sort": "mobileDeviceId:asc"}


def _ids(answer: httpx.Response) -> list[str]:
    answer.raise_for_status()
    return [record["mobileDeviceId"] for record in answer.json()["results"]]


def test_a_fleet_has_every_oddity_and_is_the_same_without_mobile_devices(
    server: SimulatorServer,
) -> None:
    fleet = server.fleet
    for oddity in (
        *("broken", "unsupervised", "shared_ipad", "personally_owned", "without_serial"),
        *("serial_of_computer", "unknown_model"),
    ):
        assert fleet.oddities[f"mobile_{oddity}"], oddity
    (shared,) = fleet.oddities["mobile_serial_of_computer"]
    assert fleet.mobile_devices[shared].serial_number in {
        computer.serial_number for computer in fleet.computers.values()
    }
    without = generate_fleet(20, groups=4, seed=3)
    with_them = generate_fleet(20, groups=4, seed=3, mobile_devices=15)
    assert [*with_them.computers] == [*without.computers]
    assert with_them.computers["7"].serial_number == without.computers["7"].serial_number
    assert len(with_them.snapshot().mobile_devices) == 15


def test_sections_that_were_not_asked_for_are_null_and_others_of_its_kind(
    start_server: StartServer,
) -> None:
    fleet = Fleet()
    fleet.add_mobile_device({"deviceType": "tvOS", "general": {"displayName": "ATV-1"}})
    fleet.add_mobile_device({"network": {"imei": "35 123"}, "hardware": {"batteryLevel": 7}})
    with client_of(start_server(fleet)) as jamf:
        television, phone = jamf.get(
            DETAIL, params={**BY_ID, "section": ["NETWORK", "HARDWARE"]}
        ).json()["results"]
    assert television["general"] is None
    assert "network" not in television
    assert phone["network"]["imei"] == "35 123"
    assert phone["hardware"]["batteryLevel"] == 7


def test_pages_are_sorted_by_flat_names_and_filtered_by_them(jamf: httpx.Client) -> None:
    numbers = [
        int(each) for each in _ids(jamf.get(DETAIL, params={**LENIENT, **BY_ID, "page-size": 100}))
    ]
    assert numbers == sorted(numbers)
    assert len(numbers) == 60
    tablets = jamf.get(
        DETAIL, params={**LENIENT, "filter": 'modelIdentifier=="iPad*"', "section": "HARDWARE"}
    )
    models = {
        record["hardware"]["modelIdentifier"]
        for record in tablets.json()["results"]
        if record["hardware"] is not None
    }
    assert models
    assert all(model.startswith("iPad") for model in models)
    assert jamf.get(DETAIL, params={"filter": 'hardware.serialNumber=="x"'}).status_code == 400


@pytest.mark.parametrize(("version", "is_lenient"), [("11.30.1", True), ("11.28.0", False)])
def test_a_broken_record_fails_its_page_or_comes_without_what_cannot_be_read(
    start_server: StartServer, version: str, is_lenient: bool
) -> None:
    fleet = Fleet()
    for _ in range(3):
        fleet.add_mobile_device()
    server = start_server(fleet, version=version)
    server.set_faults(Faults(poison=Poison(mobile_device_ids=frozenset({"2"}))))
    with client_of(server) as jamf:
        strict = jamf.get(DETAIL, params=BY_ID)
        lenient = jamf.get(DETAIL, params={**BY_ID, **LENIENT, "section": ["GENERAL", "HARDWARE"]})
    assert strict.status_code == 500
    assert lenient.status_code == (200 if is_lenient else 500)
    if is_lenient:
        told = [record["hardware"] is not None for record in lenient.json()["results"]]
        assert told == [True, False, True]


def test_evolution_changes_as_many_mobile_devices_as_it_says() -> None:
    fleet = generate_fleet(5, groups=2, mobile_devices=60)
    with SimulatorServer(fleet=fleet) as server:
        report = server.evolve(
            EvolveRequest(
                mobile_enrolments=2,
                mobile_wipes=3,
                mobile_reassignments=4,
                mobile_updates=5,
                contacts=True,
            )
        )
    assert len(fleet.mobile_devices) == 59
    assert all(change.id not in fleet.mobile_devices for change in report.mobile_wipes)
    for change in report.mobile_reassignments:
        assert change.before["username"] != change.after["username"]
        assert fleet.mobile_devices[change.id].username == change.after["username"]
    assert {fleet.mobile_devices[change.id].os_version for change in report.mobile_updates} == {
        "26.2"
    }
    assert report.mobile_contacts == 59
