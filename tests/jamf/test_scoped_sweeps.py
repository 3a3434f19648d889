"""A sync that is confined to a group of computers: what the client reads, and what of the others it keeps."""

import json
from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.jamf import CollectionName, JamfScopeInvalid, RejectionReason
from moss_jamf_pipeline.jamf.documents import computer_reader
from moss_jamf_pipeline.simulator.fleet import Fleet
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.jamf.computers import computer
from tests.jamf.support import Reading, client_of, run

_SMART, _STATIC = "41", "42"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    """Computer 1 is in both groups, 2 in the smart one, 3 in none."""
    fleet = Fleet()
    fleet.add_group("Design Macs", group_id=_SMART, smart=True)
    fleet.add_group("Loaners", group_id=_STATIC)
    fleet.add_group("Twice")
    fleet.add_group("twice ")
    for jamf_id, groups in (("1", (_SMART, _STATIC)), ("2", (_SMART,)), ("3", ())):
        fleet.add_computer({"id": jamf_id, "general": {"name": f"MAC-{jamf_id}"}})
        for group in groups:
            fleet.assign_to_group(jamf_id, group)
    with SimulatorServer(fleet=fleet) as running:
        yield running


def _group_ids(server: SimulatorServer, *references: str) -> frozenset[str]:
    async def ask() -> frozenset[str]:
        async with client_of(server) as client:
            return await client.computer_group_ids(references)

    return run(ask())


def _read(server: SimulatorServer, scope: frozenset[str]) -> Reading:
    async def read() -> Reading:
        async with client_of(server) as client:
            sweep = client.sweep(CollectionName.COMPUTERS, scope_group_ids=scope)
            pages = [page async for page in sweep]
            return Reading(pages, sweep.summary)

    return run(read())


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        ({_SMART}, {"1", "2"}),
        ({_STATIC}, {"1"}),
        ({_SMART, _STATIC}, {"1"}),
        (set[str](), {"1", "2", "3"}),
    ],
    ids=["smart", "static", "both", "none"],
)
def test_only_members_are_read_and_the_others_are_known_to_be_there(
    server: SimulatorServer, scope: set[str], inside: set[str]
) -> None:
    reading = _read(server, frozenset(scope))
    assert reading.summary.is_complete
    assert set(reading.records) == {"1", "2", "3"}
    outside = {"1", "2", "3"} - inside
    for jamf_id in outside:
        record = reading.records[jamf_id]
        mac = server.fleet.computer(jamf_id)
        assert json.loads(record.document) == {
            "id": jamf_id,
            "outOfScope": True,
            "udid": mac.udid,
            "general": {"managementId": mac.management_id},
        }
        assert (record.last_contact_at, record.reported_at) == (None, None)
    for jamf_id in inside:
        document = json.loads(reading.records[jamf_id].document)
        assert document["general"]["name"] == f"MAC-{jamf_id}"
        assert "groupMemberships" not in document


@pytest.mark.parametrize("reference", [_SMART, f" {_SMART} ", "Design Macs", "design macs"])
def test_a_group_is_found_by_id_or_by_name(server: SimulatorServer, reference: str) -> None:
    assert _group_ids(server, reference) == {_SMART}


@pytest.mark.parametrize(
    ("reference", "said"), [("4711", "no computer group"), ("TWICE", "2 computer groups")]
)
def test_a_group_that_is_not_there_or_not_alone_is_refused(
    server: SimulatorServer, reference: str, said: str
) -> None:
    with pytest.raises(JamfScopeInvalid, match=said) as refusal:
        _group_ids(server, _STATIC, reference)
    assert repr(reference) in str(refusal.value)
    assert "access_scope" in refusal.value.remedy
    assert not refusal.value.is_transient


def test_a_personally_owned_mac_is_that_whatever_its_groups() -> None:
    reader = computer_reader(frozenset({_SMART}))
    body = {"totalCount": 1, "results": [computer(general={"appleEnrollmentType": "user"})]}
    (record,) = reader.read_page(json.dumps(body).encode()).records
    assert json.loads(record.document) == {"id": "412", "personallyOwned": True}


def test_groups_that_were_not_delivered_put_nobody_out_of_scope() -> None:
    reader = computer_reader(frozenset({_SMART}))
    body = {"totalCount": 1, "results": [computer(groupMemberships=None)]}
    page = reader.read_page(json.dumps(body).encode())
    assert page.records == []
    assert [record.reason for record in page.rejected] == [RejectionReason.SECTION_MISSING]
