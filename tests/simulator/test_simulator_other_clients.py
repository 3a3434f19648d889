"""What other clients of JAMF Pro ask, beside what a sync reads; `docs/simulator.md` names those that were tried."""

from xml.etree import ElementTree as ET

import httpx
import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorServer
from tests.simulator.clients import StartServer, client_of

JSON = {"Accept": "application/json"}


def _classic(client: httpx.Client, path: str, status: int = 200) -> dict[str, object]:
    answer = client.get(f"/JSSResource/{path}", headers=JSON)
    assert answer.status_code == status
    document: dict[str, object] = answer.json() if status == httpx.codes.OK else {}
    return document


@pytest.fixture
def one_mac(start_server: StartServer) -> SimulatorServer:
    fleet = Fleet()
    building = fleet.add_building("North / South")
    department = fleet.add_department("Design")
    fleet.add_group("Lab [1]", group_id="7")
    fleet.add_computer(
        {
            "id": "12",
            "general": {"name": "lab/mac 12", "assetTag": "AT-12"},
            "hardware": {"serialNumber": "C02AA0000012", "macAddress": "A1:B2:C3:D4:E5:F6"},
            "userAndLocation": {
                "username": "jdoe",
                "buildingId": building.id,
                "departmentId": department.id,
            },
        }
    )
    fleet.add_computer({"id": "13", "general": {"name": "other"}})
    return start_server(fleet)


def test_computers_are_listed_with_names_and_with_the_basic_columns(
    one_mac: SimulatorServer,
) -> None:
    with client_of(one_mac) as client:
        named = _classic(client, "computers")
        basic = _classic(client, "computers/subset/basic")["computers"]
        root = ET.fromstring(client.get("/JSSResource/computers").text)
    assert named == {"computers": [{"id": 12, "name": "lab/mac 12"}, {"id": 13, "name": "other"}]}
    assert isinstance(basic, list)
    assert set(basic[0]) == {
        *("id", "name", "managed", "username", "model", "department", "building"),
        *("mac_address", "udid", "serial_number", "report_date_utc", "report_date_epoch"),
    }
    assert (basic[0]["building"], basic[0]["serial_number"]) == ("North / South", "C02AA0000012")
    assert [root.findtext("size"), root.findtext("computer/name")] == ["2", "lab/mac 12"]


def test_a_computer_is_found_by_each_of_its_identifiers(one_mac: SimulatorServer) -> None:
    udid = one_mac.fleet.computer("12").udid
    with client_of(one_mac) as client:
        for path in (
            *("id/12", "name/lab%2Fmac%2012", "name/LAB/MAC 12", "serialnumber/c02aa0000012"),
            *(f"udid/{udid}", "macaddress/A1:B2:C3:D4:E5:F6", "macaddress/a1b2c3d4e5f6"),
        ):
            whole = _classic(client, f"computers/{path}")["computer"]
            assert isinstance(whole, dict)
            assert whole["general"]["id"] == 12
            part = _classic(client, f"computers/{path}/subset/General&ExtensionAttributes")
            assert part["computer"] == {
                key: whole[key] for key in ("general", "extension_attributes")
            }
        for path in ("id/14", "name/nobody", "serialnumber/", "udid/x", "macaddress/none"):
            _classic(client, f"computers/{path}", 404)
        _classic(client, "computers/id/12/subset/Nonsense", 400)


@pytest.mark.parametrize(
    ("text", "found"),
    [("jdoe", [12]), ("*MAC*", [12]), ("*o*", [12, 13]), ("AT-12", [12]), ("nobody", [])],
)
def test_computers_are_found_as_in_jamfs_search_field(
    one_mac: SimulatorServer, text: str, found: list[int]
) -> None:
    with client_of(one_mac) as client:
        computers = _classic(client, f"computers/match/{text}")["computers"]
    assert isinstance(computers, list)
    assert [computer["id"] for computer in computers] == found


def test_groups_and_places_are_found_by_their_names(one_mac: SimulatorServer) -> None:
    with client_of(one_mac) as client:
        group = _classic(client, "computergroups/name/lab [1]")["computer_group"]
        assert isinstance(group, dict)
        assert (group["id"], group["name"]) == (7, "Lab [1]")
        assert _classic(client, "buildings") == {"buildings": [{"id": 1, "name": "North / South"}]}
        building = _classic(client, "buildings/name/north / south")["building"]
        assert isinstance(building, dict)
        assert (building["id"], building["city"]) == (1, "")
        assert _classic(client, "departments/id/1")["department"] == {"id": 1, "name": "Design"}
        assert _classic(client, "sites")["sites"] == [
            {"id": int(site.id), "name": site.name} for site in one_mac.fleet.sites.values()
        ]
        for path in ("buildings/id/9", "departments/name/none", "computergroups/name/none"):
            _classic(client, path, 404)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("mobiledevices", "mobile_devices"),
        ("mobiledevices/match/*", "mobile_devices"),
        ("categories", "categories"),
        ("packages", "packages"),
        ("policies", "policies"),
        ("advancedcomputersearches", "advanced_computer_searches"),
    ],
)
def test_what_it_has_none_of_is_an_empty_list(jamf: httpx.Client, path: str, root: str) -> None:
    assert _classic(jamf, path) == {root: []}
    _classic(jamf, f"{path.partition('/')[0]}/id/1", 404)


@pytest.mark.parametrize("path", ["/api/v1/packages", "/api/v1/categories"])
def test_packages_and_categories_are_empty_pages(jamf: httpx.Client, path: str) -> None:
    answer = jamf.get(path, params={"page": 3, "page-size": 50})
    assert answer.json() == {"totalCount": 0, "results": []}


def test_without_a_token_only_the_log_in_page_and_the_interface_description_are_shown(
    server: SimulatorServer,
) -> None:
    with httpx.Client(base_url=server.base_url) as stranger:
        page = stranger.get("/")
        schema = stranger.get("/api/schema/").json()
        assert stranger.get("/JSSResource/computers").status_code == 401
        assert stranger.get("/api/v1/categories").status_code == 401
    assert page.headers["content-type"].startswith("text/html")
    assert "Jamf Pro" in page.text
    assert schema["openapi"].startswith("3.")
    assert "get" in schema["paths"]["/v4/computers-inventory"]
    assert not any("simulator" in path for path in schema["paths"])


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v4/computers-inventory", "/api/v1/users", "/api/v1/buildings", "/api/v1/packages"),
        *("/api/v2/mobile-devices", "/api/v2/computer-groups/smart-groups"),
    ],
)
@pytest.mark.parametrize(
    ("number", "status"),
    [("2147483647", 200), ("2147483648", 400), ("9" * 30, 400), ("9" * 5_000, 400), ("-1", 400)],
)
def test_page_numbers_beyond_any_page_break_nothing(
    jamf: httpx.Client, path: str, number: str, status: int
) -> None:
    for parameter in ("page", "page-size"):
        answer = jamf.get(path, params={parameter: number})
        assert answer.status_code == status
    if status == httpx.codes.OK:
        assert jamf.get(path, params={"page": number}).json()["results"] == []
