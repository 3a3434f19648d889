"""computers-inventory over HTTP: paging, sections, sorting, filtering, versions, errors, headers."""

import httpx
import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorServer, generate_fleet
from moss_jamf_pipeline.simulator.sections import SECTIONS
from tests.bench.servers import FatRecords
from tests.simulator.clients import StartServer, client_of, ids_of

PATH = "/api/v4/computers-inventory"
SYNC_SECTIONS = [
    "GENERAL",
    "HARDWARE",
    "OPERATING_SYSTEM",
    "USER_AND_LOCATION",
    "GROUP_MEMBERSHIPS",
]


def test_pages_by_id_are_the_whole_fleet_once(server: SimulatorServer, jamf: httpx.Client) -> None:
    pages = [
        ids_of(jamf.get(PATH, params={"sort": "id:asc", "page": page, "page-size": 60}))
        for page in range(5)
    ]
    assert [len(page) for page in pages] == [60, 60, 60, 60, 10]
    assert [identifier for page in pages for identifier in page] == sorted(
        server.fleet.computers, key=int
    )


def test_a_page_past_the_end_is_empty_and_still_tells_the_total(jamf: httpx.Client) -> None:
    assert jamf.get(PATH, params={"page": 99}).json() == {"totalCount": 250, "results": []}


def test_an_envelope_has_a_total_and_results_and_nothing_else(jamf: httpx.Client) -> None:
    assert set(jamf.get(PATH).json()) == {"totalCount", "results"}


def test_a_hundred_records_are_the_default_page(jamf: httpx.Client) -> None:
    assert len(ids_of(jamf.get(PATH))) == 100


@pytest.mark.parametrize("name", ["page-size", "size", "pagesize"])
def test_the_page_size_also_goes_by_its_deprecated_names(jamf: httpx.Client, name: str) -> None:
    assert len(ids_of(jamf.get(PATH, params={name: 3}))) == 3


def test_a_page_size_above_two_thousand_is_clamped_without_a_word(
    start_server: StartServer,
) -> None:
    server = start_server(computers=2100)
    with client_of(server) as client:
        document = client.get(PATH, params={"page-size": 5000}).json()
    assert document["totalCount"] == 2100
    assert len(document["results"]) == 2000


def test_general_is_the_default_section_and_the_rest_is_null(jamf: httpx.Client) -> None:
    record = jamf.get(PATH, params={"page-size": 1}).json()["results"][0]
    assert len(record) == 24
    assert {key for key, value in record.items() if value is not None} == {"id", "udid", "general"}


def test_requested_sections_are_filled_even_if_empty(jamf: httpx.Client) -> None:
    params: dict[str, list[str] | int] = {
        "section": [*SYNC_SECTIONS, "ATTACHMENTS"],
        "page-size": 1,
    }
    record = jamf.get(PATH, params=params).json()["results"][0]
    filled = {key for key, value in record.items() if value is not None} - {"id", "udid"}
    assert filled == {
        "general",
        "hardware",
        "operatingSystem",
        "userAndLocation",
        "groupMemberships",
        "attachments",
    }
    assert record["attachments"] == []


def test_records_can_be_as_heavy_as_real_ones_are(start_server: StartServer) -> None:
    def bytes_per_record(kilobytes: int) -> float:
        attributes = FatRecords(kilobytes, scale=1).further_attributes
        with client_of(start_server(further_attributes=attributes)) as client:
            answer = client.get(PATH, params={"section": SYNC_SECTIONS})
            return len(answer.content) / len(answer.json()["results"])

    assert bytes_per_record(5) == pytest.approx(5_000, rel=0.1)
    assert bytes_per_record(30) == pytest.approx(30_000, rel=0.1)


def test_an_unknown_section_is_refused(jamf: httpx.Client) -> None:
    answer = jamf.get(PATH, params={"section": "SOFTWARE"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "section"


def test_detail_has_every_section_and_ignores_the_parameter(jamf: httpx.Client) -> None:
    record = jamf.get("/api/v4/computers-inventory-detail/1", params={"section": "GENERAL"}).json()
    assert len(record) == 24
    assert None not in record.values()


def test_one_computer_takes_sections(jamf: httpx.Client) -> None:
    record = jamf.get(f"{PATH}/1", params={"section": "HARDWARE"}).json()
    assert record["general"] is None
    assert record["hardware"]["serialNumber"]


@pytest.mark.parametrize("path", [f"{PATH}/999999", "/api/v4/computers-inventory-detail/999999"])
def test_an_unknown_id_is_not_found(jamf: httpx.Client, path: str) -> None:
    answer = jamf.get(path)
    assert (answer.status_code, answer.json()["httpStatus"]) == (404, 404)


def test_an_id_that_is_no_number_is_refused(jamf: httpx.Client) -> None:
    answer = jamf.get(f"{PATH}/abc")
    assert answer.status_code == 400
    assert (answer.json()["errors"][0]["code"], answer.json()["errors"][0]["field"]) == (
        "INVALID_ID",
        "id",
    )


def test_the_default_order_is_by_name_without_regard_to_case(jamf: httpx.Client) -> None:
    records = jamf.get(PATH, params={"page-size": 250}).json()["results"]
    names = [record["general"]["name"].casefold() for record in records]
    assert names == sorted(names)


def test_sorting_takes_several_fields_and_directions(jamf: httpx.Client) -> None:
    records = jamf.get(
        PATH,
        params={
            "page-size": 250,
            "section": ["OPERATING_SYSTEM"],
            "sort": "operatingSystem.version:desc,id:asc",
        },
    ).json()["results"]
    keys = [(record["operatingSystem"]["version"], -int(record["id"])) for record in records]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("sort", ["hardware.serialNumber:asc", "id:sideways", "nonsense"])
def test_an_unknown_sort_is_refused(jamf: httpx.Client, sort: str) -> None:
    assert jamf.get(PATH, params={"sort": sort}).status_code == 400


@pytest.mark.parametrize("params", [{"page": "-1"}, {"page": "x"}, {"page-size": "many"}])
def test_a_page_that_is_no_number_is_refused(jamf: httpx.Client, params: dict[str, str]) -> None:
    assert jamf.get(PATH, params=params).status_code == 400


def test_a_serial_is_found_by_filter(server: SimulatorServer, jamf: httpx.Client) -> None:
    computer = server.fleet.computers["5"]
    answer = jamf.get(PATH, params={"filter": f'hardware.serialNumber=="{computer.serial_number}"'})
    assert "5" in ids_of(answer)


def test_ids_are_read_in_bulk_and_after_a_known_one(jamf: httpx.Client) -> None:
    assert ids_of(jamf.get(PATH, params={"filter": "id=in=(3,1,2)", "sort": "id:asc"})) == [
        "1",
        "2",
        "3",
    ]
    after = ids_of(jamf.get(PATH, params={"filter": 'id>"9"', "sort": "id:asc", "page-size": 2}))
    assert after == ["10", "11"]


def test_filters_reach_values_that_are_only_rendered(jamf: httpx.Client) -> None:
    answer = jamf.get(
        PATH, params={"filter": "security.firewallEnabled==false", "section": "SECURITY"}
    )
    records = answer.json()["results"]
    assert records
    assert not any(record["security"]["firewallEnabled"] for record in records)


@pytest.mark.parametrize(
    "expression", ["groupId==5", "general.site.id==1", "hardware.serialNumber", "id=like=3"]
)
def test_a_filter_that_jamf_does_not_know_is_refused(jamf: httpx.Client, expression: str) -> None:
    answer = jamf.get(PATH, params={"filter": expression})
    assert (answer.status_code, answer.json()["httpStatus"]) == (400, 400)


def test_versions_differ_in_contact_times_applications_and_sections(jamf: httpx.Client) -> None:
    records = {
        answer: jamf.get(f"/api/v{answer}/computers-inventory-detail/1").json()
        for answer in (1, 2, 3, 4)
    }
    assert {"plugins", "fonts"} <= set(records[1])
    assert {"plugins", "fonts"}.isdisjoint(records[2])
    assert "cfBundleVersion" not in records[2]["applications"][0]
    assert "cfBundleVersion" in records[3]["applications"][0]
    for answer in (1, 2, 3):
        assert {"lastContactTime", "lastReportedIp"} <= set(records[answer]["general"])
        assert {"lastContact", "lastCheckIn"}.isdisjoint(records[answer]["general"])
    assert {"lastContact", "lastCheckIn"} <= set(records[4]["general"])
    assert {"lastContactTime", "lastReportedIp"}.isdisjoint(records[4]["general"])


def test_contact_fields_of_filters_and_sorts_follow_the_version(jamf: httpx.Client) -> None:
    old = {"sort": "general.lastContactTime:desc"}
    new = {"filter": 'general.lastContact>"2020-01-01T00:00:00Z"', "sort": "general.lastCheckIn"}
    assert jamf.get("/api/v3/computers-inventory", params=old).status_code == 200
    assert jamf.get("/api/v4/computers-inventory", params=old).status_code == 400
    assert jamf.get("/api/v4/computers-inventory", params=new).status_code == 200
    assert jamf.get("/api/v3/computers-inventory", params=new).status_code == 400


@pytest.mark.parametrize(
    ("version", "inventories"),
    [("11.30.1", {1, 2, 3, 4}), ("11.29", {1, 2, 3}), ("11.20.0", {1, 2}), ("11.0", {1})],
)
def test_a_release_has_the_versions_of_its_time(
    start_server: StartServer, version: str, inventories: set[int]
) -> None:
    with client_of(start_server(version=version)) as client:
        statuses = {
            answer: client.get(f"/api/v{answer}/computers-inventory").status_code
            for answer in (1, 2, 3, 4)
        }
    assert {answer for answer, status in statuses.items() if status == 200} == inventories
    assert set(statuses.values()) <= {200, 404}


@pytest.mark.parametrize(("answer", "is_deprecated"), [(1, True), (2, True), (3, True), (4, False)])
def test_old_versions_say_that_they_are_deprecated(
    jamf: httpx.Client, answer: int, is_deprecated: bool
) -> None:
    headers = jamf.get(f"/api/v{answer}/computers-inventory", params={"page-size": 1}).headers
    assert ("deprecation" in headers) == is_deprecated


def test_a_release_does_not_deprecate_its_newest_version(start_server: StartServer) -> None:
    with client_of(start_server(version="11.29")) as client:
        assert "deprecation" not in client.get("/api/v3/computers-inventory").headers


def test_ownership_is_told_since_11_32(start_server: StartServer) -> None:
    fleet = generate_fleet(1, oddities=False)
    fleet.computers["1"].apple_enrollment_type = "user"
    with client_of(start_server(fleet, version="11.32.0")) as client:
        record = client.get(f"{PATH}/1", params={"section": ["GENERAL", "SECURITY"]}).json()
        assert record["general"]["appleEnrollmentType"] == "user"
        assert record["general"]["awaitingConfiguration"] is False
        assert record["security"]["lockdownModeEnabled"] is False
    with client_of(start_server(fleet)) as client:
        assert "appleEnrollmentType" not in client.get(f"{PATH}/1").json()["general"]


def test_logins_by_mdm_are_told_since_11_29(start_server: StartServer) -> None:
    with client_of(start_server(version="11.28.0")) as client:
        record = client.get("/api/v3/computers-inventory-detail/1").json()
    assert "lastLoggedInUsernameMdm" not in record["general"]
    assert "uuid" not in record["configurationProfiles"][0]


def test_a_change_shows_in_the_next_answer(start_server: StartServer) -> None:
    server = start_server()
    with client_of(server) as client:
        params = {"filter": 'general.name=="Brand new"'}
        assert ids_of(client.get(PATH, params=params)) == []
        server.fleet.computers["4"].name = "Brand new"
        assert ids_of(client.get(PATH, params=params)) == ["4"]
        server.fleet.remove_computer("4")
        assert ids_of(client.get(PATH, params=params)) == []


def test_odd_text_survives_the_wire(start_server: StartServer) -> None:
    fleet = Fleet()
    name = "Priya’s \u0000 Mac " + "x" * 400
    fleet.add_computer({"id": "1", "general": {"name": name}})
    fleet.add_computer({"id": "2", "general": {"name": "half \ud800", "lastContact": 10**30}})
    with client_of(start_server(fleet)) as client:
        answer = client.get(f"{PATH}/1")
        odder = client.get(f"{PATH}/2")
    assert answer.json()["general"]["name"] == name
    assert b"\\u0000" in answer.content
    assert odder.json()["general"]["name"] == "half \ud800"
    assert odder.json()["general"]["lastContact"] == 10**30


def test_every_answer_has_the_headers_of_jamf_cloud(server: SimulatorServer) -> None:
    answer = httpx.get(f"{server.base_url}/api/v1/health-check")
    assert answer.headers["server"] == "Jamf Cloud Node"
    assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "jpro-ingress" in answer.cookies
    again = httpx.get(f"{server.base_url}/api/v1/health-check", cookies=answer.cookies)
    assert "set-cookie" not in again.headers


def test_unknown_paths_and_methods_are_jamf_errors(jamf: httpx.Client) -> None:
    assert jamf.get("/api/v9/computers-inventory").json()["httpStatus"] == 404
    answer = jamf.post(PATH)
    assert (answer.status_code, answer.json()) == (405, {"httpStatus": 405, "errors": []})


def test_sections_are_named_as_jamf_names_them() -> None:
    assert len(SECTIONS) == 24
    assert sum(section.last_answer == 4 for section in SECTIONS) == 22
