"""Reading only the computers that changed: how it is planned, and what becomes of filters that fail."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from moss_jamf_pipeline.jamf import (
    ChangedComputers,
    CollectionName,
    FetchedPage,
    JamfClient,
    JamfFilterUnusable,
    JamfUnreachable,
    RejectionReason,
    computer_document_shape,
    plan_of_reading,
)
from moss_jamf_pipeline.jamf.documents import COMPUTER_LISTING_READER, COMPUTER_READER
from moss_jamf_pipeline.jamf.fetching import IDS_PER_REQUEST, RecordFetch
from moss_jamf_pipeline.simulator import (
    DroppedConnection,
    Faults,
    FilterFault,
    PageLimit,
    Poison,
    ServerError,
    SimulatorConfig,
    SimulatorServer,
)
from tests.jamf.computers import computer
from tests.jamf.support import client_of, odd_client, run

_PATH = "/api/v4/computers-inventory"
_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    """1,000 computers that reported at different times."""
    with SimulatorServer(SimulatorConfig(computers=1_000, oddities=0)) as running:
        for number, record in enumerate(running.fleet.computers.values()):
            record.report_date = _milliseconds(_MOMENT + timedelta(seconds=number))
        yield running


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class _Result:
    def __init__(self, fetch: RecordFetch, pages: list[FetchedPage]) -> None:
        self.fetch = fetch
        self.ids = sorted((r.jamf_id for page in pages for r in page.records), key=int)
        self.records = {record.jamf_id: record for page in pages for record in page.records}
        self.rejected = {r.jamf_id: r for page in pages for r in page.rejected}


def _fetch(
    client: JamfClient, wanted: set[str], since: datetime | None = None, path: str = _PATH
) -> _Result:
    async def read() -> _Result:
        async with client:
            fetch = client.fetch_computers(path, wanted, since=since)
            return _Result(fetch, [page async for page in fetch])

    return run(read())


def _ids(*numbers: int) -> set[str]:
    return {str(number) for number in numbers}


# -- the plan --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reads_all", "by_report", "requests"),
    [
        (ChangedComputers(100_000, 0, _MOMENT, 1, 0), False, False, 0),
        (ChangedComputers(100_000, 1, _MOMENT, 1, 0), False, False, 1),
        (ChangedComputers(100_000, 150, None), False, False, 1),
        (ChangedComputers(100_000, 151, None), False, False, 2),
        # 5 % that reported since: 10 pages of 500 and two looks, where ids would take 34 requests.
        (ChangedComputers(100_000, 5_000, _MOMENT, 5_050, 4_950), False, True, 14),
        # The same by an administrator's edits: nobody reported, so ids it is.
        (ChangedComputers(100_000, 5_000, _MOMENT, 100, 0), False, False, 34),
        (ChangedComputers(10_000, 500, _MOMENT, 499, 490), False, True, 2),
        (ChangedComputers(100_000, 34_000, _MOMENT, 34_000, 34_000), True, False, 202),
        # Few, but one page has them all.
        (ChangedComputers(400, 1, None), True, False, 1),
        (ChangedComputers(400, 0, None), False, False, 0),
        (ChangedComputers(1_200, 390, None), False, False, 3),
        (ChangedComputers(0, 0, None), False, False, 0),
    ],
)
def test_changed_computers_are_read_in_the_way_that_takes_the_fewest_requests(
    changed: ChangedComputers, reads_all: bool, by_report: bool, requests: int
) -> None:
    plan = plan_of_reading(changed, page_size=500)
    assert plan.reads_all is reads_all
    assert (plan.since is not None) is by_report
    assert plan.requests == requests
    assert f"{changed.wanted:,} of {changed.listed:,}" in plan.reason


def test_ids_in_a_url_stay_short_enough_for_any_server() -> None:
    assert IDS_PER_REQUEST * len("1234567,") < 2_000


# -- the documents ---------------------------------------------------------------------------------


def test_a_listed_computer_has_the_same_general_part_and_times_as_one_read_whole() -> None:
    whole, general = computer(), computer(purchasing=None)
    for section in ("hardware", "operatingSystem", "userAndLocation", "groupMemberships"):
        general[section] = None
    (listed,) = COMPUTER_LISTING_READER.read_page(_page(general)).records
    (read,) = COMPUTER_READER.read_page(_page(whole)).records
    assert orjson.loads(listed.document).keys() == {"id", "udid", "general"}
    for key in ("id", "udid", "general"):
        assert orjson.loads(listed.document)[key] == orjson.loads(read.document)[key]
    assert listed.last_contact_at == read.last_contact_at
    assert listed.reported_at == read.reported_at


def test_of_a_listed_personally_owned_mac_the_same_is_kept_as_of_one_read_whole() -> None:
    body = _page(computer(general={"appleEnrollmentType": "user"}))
    (listed,) = COMPUTER_LISTING_READER.read_page(body).records
    (read,) = COMPUTER_READER.read_page(body).records
    assert listed == read


def test_a_listed_computer_without_its_section_or_id_is_rejected() -> None:
    page = COMPUTER_LISTING_READER.read_page(
        orjson.dumps({"totalCount": 2, "results": [computer(general=None), computer(None)]})
    )
    assert [record.reason for record in page.rejected] == [
        RejectionReason.SECTION_MISSING,
        RejectionReason.ID_MISSING,
    ]


def test_the_shape_of_documents_is_a_name_that_stays() -> None:
    assert computer_document_shape() == computer_document_shape()
    assert len(computer_document_shape()) == 32


def _page(record: dict[str, Any]) -> bytes:
    return orjson.dumps({"totalCount": 1, "results": [record]})


# -- reading ---------------------------------------------------------------------------------------


def test_a_listing_asks_for_one_section_in_larger_pages(server: SimulatorServer) -> None:
    async def read() -> tuple[set[str], bool, int, int]:
        async with client_of(server, page_size=60) as client:
            listing, sweep = client.computer_listing(), client.sweep(CollectionName.COMPUTERS)
            ids = {record.jamf_id async for page in listing for record in page.records}
            async for _ in sweep:
                pass
            first, second = listing.summary, sweep.summary
            assert first.bytes_received < second.bytes_received / 2
            return ids, first.is_complete, first.requests, second.requests

    ids, is_complete, listing_requests, sweep_requests = run(read())
    assert (ids, is_complete) == (set(server.fleet.computers), True)
    assert (listing_requests, sweep_requests) == (5 + 2, 17 + 2)


def test_computers_are_read_by_their_ids_and_no_other_comes(server: SimulatorServer) -> None:
    wanted = _ids(*range(3, 1_000, 3))
    result = _fetch(client_of(server), wanted)
    assert set(result.ids) == wanted
    assert len(result.ids) == len(wanted)
    assert result.fetch.requests == 3
    assert result.fetch.fetched == len(wanted)
    assert result.fetch.bytes_received > 0
    assert "hardware" in orjson.loads(result.records["3"].document)


def test_what_was_reported_since_comes_in_pages_and_the_rest_by_ids(
    server: SimulatorServer,
) -> None:
    wanted = _ids(*range(902, 1_001), 7)
    since = _MOMENT + timedelta(seconds=900.7)
    result = _fetch(client_of(server, page_size=40), wanted, since)
    assert set(result.ids) == wanted
    # Three pages and two looks for those who reported, who are in no order that ids would follow; one for the other.
    assert result.fetch.requests == 3 + 2 + 1


def test_nobody_wanted_is_nothing_asked(server: SimulatorServer) -> None:
    result = _fetch(client_of(server), set())
    assert (result.ids, result.fetch.requests) == ([], 0)


def test_who_vanished_since_the_listing_does_not_come(server: SimulatorServer) -> None:
    server.fleet.remove_computer("5")
    result = _fetch(client_of(server), _ids(4, 5, 6))
    assert result.ids == ["4", "6"]
    assert not result.rejected


def test_a_computer_that_jamf_cannot_serve_is_found_and_named(server: SimulatorServer) -> None:
    server.set_faults(Faults(poison=Poison(computer_ids=frozenset({"77"}))))
    for since in (None, _MOMENT):
        result = _fetch(client_of(server), _ids(*range(50, 120)), since)
        assert set(result.ids) == _ids(*range(50, 120)) - {"77"}
        assert result.rejected.keys() == {"77"}
        assert result.rejected["77"].reason == RejectionReason.CANNOT_SERVE


def test_a_server_that_caps_its_pages_still_sends_every_computer(server: SimulatorServer) -> None:
    server.set_faults(Faults(page_limit=PageLimit(largest=30)))
    assert set(_fetch(client_of(server), _ids(*range(1, 101))).ids) == _ids(*range(1, 101))


@pytest.mark.parametrize(
    "fault",
    [
        Faults(server_error=ServerError(status=503, path="inventory", count=2)),
        Faults(server_error=ServerError(status=502, path="inventory", count=2)),
        Faults(dropped_connection=DroppedConnection(path="inventory", count=2)),
    ],
    ids=["503", "502", "dropped connection"],
)
@pytest.mark.parametrize("since", [None, _MOMENT + timedelta(seconds=899)])
def test_passing_faults_cost_no_computer(
    server: SimulatorServer, fault: Faults, since: datetime | None
) -> None:
    wanted = _ids(*range(901, 1_001))
    server.set_faults(fault)
    assert set(_fetch(client_of(server), wanted, since).ids) == wanted


def test_a_server_that_is_down_is_an_error(server: SimulatorServer) -> None:
    server.set_faults(Faults(dropped_connection=DroppedConnection(path="inventory")))
    with pytest.raises(JamfUnreachable):
        _fetch(client_of(server, max_attempts=2), _ids(*range(1, 200)))


# -- filters that cannot be relied on --------------------------------------------------------------


@pytest.mark.parametrize("mode", ["ignored", "refused", "finds_nothing"])
@pytest.mark.parametrize("since", [None, _MOMENT + timedelta(seconds=500)])
def test_a_filter_that_does_not_do_its_work_is_an_error_and_no_result(
    server: SimulatorServer, mode: Any, since: datetime | None
) -> None:
    server.set_faults(Faults(filter_fault=FilterFault(mode=mode)))
    with pytest.raises(JamfFilterUnusable) as error:
        _fetch(client_of(server), _ids(*range(600, 700)), since)
    assert "All" in error.value.remedy or "all" in error.value.remedy
    assert not error.value.is_transient


def test_a_filter_by_report_that_finds_too_few_is_made_up_for_by_ids(
    server: SimulatorServer,
) -> None:
    server.set_faults(Faults(filter_fault=FilterFault(mode="finds_nothing", count=1)))
    wanted = _ids(*range(901, 1_001))
    result = _fetch(client_of(server), wanted, _MOMENT + timedelta(seconds=899))
    assert set(result.ids) == wanted


def _answering(records: Callable[[str], list[dict[str, Any]]]) -> Callable[[httpx.Request], Any]:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = parse_qs(request.url.query.decode())["filter"][0]
        found = records(asked)
        return httpx.Response(200, json={"totalCount": len(found), "results": found})

    return answer


def test_the_filters_are_written_as_jamf_documents_them() -> None:
    asked: list[str] = []

    def records(expression: str) -> list[dict[str, Any]]:
        asked.append(expression)
        return [] if "reportDate" in expression else [computer("7"), computer("12")]

    since = datetime(2026, 7, 1, 8, 30, 15, 999_000, tzinfo=UTC)
    result = _fetch(odd_client(_answering(records)), {"12", "7"}, since)
    assert result.ids == ["7", "12"]
    assert asked == ['general.reportDate>="2026-07-01T08:30:15Z"', "id=in=(7,12)"]


def test_a_server_that_sends_the_same_page_for_ever_is_asked_by_ids_instead() -> None:
    def records(expression: str) -> list[dict[str, Any]]:
        if "reportDate" in expression:
            return [computer(str(number)) for number in range(100)]
        return [computer("7000")]

    result = _fetch(odd_client(_answering(records)), {"3", "7000"}, _MOMENT - timedelta(days=365))
    assert result.ids == ["3", "7000"]


def test_an_id_that_is_no_number_is_quoted() -> None:
    asked: list[str] = []

    def records(expression: str) -> list[dict[str, Any]]:
        asked.append(expression)
        return [computer('a"b')]

    async def read() -> list[str]:
        async with odd_client(_answering(records)) as client:
            fetch = client.fetch_computers(_PATH, {'a"b'})
            return [record.jamf_id async for page in fetch for record in page.records]

    assert run(read()) == ['a"b']
    assert asked == ['id=in=("a\\"b")']
