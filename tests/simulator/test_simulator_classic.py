"""The Classic API: XML by default, JSON labelled as text, HTML errors."""

from xml.etree import ElementTree as ET

import httpx
import pytest

from moss_jamf_pipeline.simulator import Fleet, SimulatorServer, generate_fleet
from tests.simulator.clients import StartServer, client_of

JSON = {"Accept": "application/json"}


def test_json_is_labelled_as_plain_text(jamf: httpx.Client) -> None:
    answer = jamf.get("/JSSResource/users", headers=JSON)
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"


def test_xml_is_the_default(jamf: httpx.Client) -> None:
    answer = jamf.get("/JSSResource/users")
    assert answer.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(answer.text)
    assert root.tag == "users"
    assert int(str(root.findtext("size"))) == len(root.findall("user"))


def test_all_users_come_at_once_with_id_and_name_only(
    server: SimulatorServer, jamf: httpx.Client
) -> None:
    users = jamf.get("/JSSResource/users", headers=JSON).json()["users"]
    assert len(users) == len(server.fleet.users)
    assert all(set(user) == {"id", "name"} and isinstance(user["id"], int) for user in users)
    names = [user["name"].casefold() for user in users]
    assert names == sorted(names)


def test_a_user_has_its_computers_and_empty_texts(start_server: StartServer) -> None:
    fleet = Fleet()
    fleet.add_user(id="5", username="priya.raman", email="priya.raman@example.org")
    fleet.add_computer(
        {"id": "412", "general": {"name": "A"}, "userAndLocation": {"username": "priya.raman"}}
    )
    with client_of(start_server(fleet)) as client:
        user = client.get("/JSSResource/users/id/5", headers=JSON).json()["user"]
    assert user["id"] == 5
    assert user["email"] == user["email_address"] == "priya.raman@example.org"
    assert (user["phone_number"], user["position"]) == ("", "")
    assert user["links"]["computers"] == [{"id": 412, "name": "A"}]
    assert user["ldap_server"] == {"id": -1, "name": "None"}


def test_users_are_found_by_name_and_by_e_mail(start_server: StartServer) -> None:
    fleet = Fleet()
    fleet.add_user(id="5", username="o'brien/x", email="o.brien@example.org")
    with client_of(start_server(fleet)) as client:
        by_name = client.get("/JSSResource/users/name/O'Brien%2Fx", headers=JSON).json()["user"]
        by_email = client.get("/JSSResource/users/email/o.brien@example.org", headers=JSON).json()
    assert by_name["id"] == 5
    assert [user["id"] for user in by_email["users"]] == [5]


def test_a_static_group_lists_its_members_here(start_server: StartServer) -> None:
    fleet = generate_fleet(3, groups=0, oddities=False)
    group = fleet.add_group("Data team Macs", members=["1", "3"])
    with client_of(start_server(fleet)) as client:
        document = client.get(f"/JSSResource/computergroups/id/{group.id}", headers=JSON).json()[
            "computer_group"
        ]
        groups = client.get("/JSSResource/computergroups", headers=JSON).json()["computer_groups"]
    assert [computer["id"] for computer in document["computers"]] == [1, 3]
    assert set(document["computers"][0]) == {
        "id",
        "name",
        "mac_address",
        "alt_mac_address",
        "serial_number",
    }
    assert groups == [{"id": int(group.id), "name": "Data team Macs", "is_smart": False}]


def test_a_computer_has_names_of_places_and_three_forms_of_each_instant(
    server: SimulatorServer, jamf: httpx.Client
) -> None:
    computer = server.fleet.computers["2"]
    document = jamf.get("/JSSResource/computers/id/2", headers=JSON).json()["computer"]
    building = server.fleet.buildings[str(computer.building_id)]
    assert document["location"]["building"] == building.name
    assert document["general"]["report_date_epoch"] == computer.report_date
    assert document["general"]["report_date_utc"].endswith("+0000")
    assert len(document["general"]["report_date"]) == len("2026-07-21 06:42:10")


def test_control_characters_never_reach_xml(start_server: StartServer) -> None:
    fleet = Fleet()
    fleet.add_computer({"id": "1", "general": {"name": "Tom & Jerry\u0000 <Mac>"}})
    with client_of(start_server(fleet)) as client:
        root = ET.fromstring(client.get("/JSSResource/computers/id/1").text)
    assert root.findtext("general/name") == "Tom & Jerry <Mac>"


@pytest.mark.parametrize(
    ("path", "status", "phrase"),
    [
        ("/JSSResource/users/id/99999", 404, "Not Found"),
        ("/JSSResource/users/id/abc", 404, "Not Found"),
        ("/JSSResource/nothing", 404, "Not Found"),
    ],
)
def test_errors_are_html_status_pages(
    jamf: httpx.Client, path: str, status: int, phrase: str
) -> None:
    answer = jamf.get(path, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert phrase in answer.text


def test_an_invalid_token_is_an_html_page_too(server: SimulatorServer) -> None:
    answer = httpx.get(f"{server.base_url}/JSSResource/users", headers=JSON)
    assert answer.status_code == 401
    assert "The request requires user authentication" in answer.text
