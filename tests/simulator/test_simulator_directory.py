"""Users, places, groups and server state of the Pro API."""

import httpx
import pytest

from moss_jamf_pipeline.simulator import SimulatorServer
from tests.simulator.clients import StartServer, client_of, ids_of


def test_users_have_an_envelope_of_their_own(server: SimulatorServer, jamf: httpx.Client) -> None:
    document = jamf.get("/api/v1/users", params={"page": 1, "page-size": 30}).json()
    results = document.pop("results")
    total = len(server.fleet.users)
    assert document == {
        "page": 1,
        "pageSize": 30,
        "totalCount": total,
        "totalPages": -(-total // 30),
        "hasNext": True,
        "hasPrevious": True,
    }
    assert [user["id"] for user in results] == [str(number) for number in range(31, 61)]


def test_the_last_page_of_users_has_no_next(server: SimulatorServer, jamf: httpx.Client) -> None:
    document = jamf.get("/api/v1/users", params={"page-size": len(server.fleet.users)}).json()
    assert (document["hasNext"], document["hasPrevious"], document["totalPages"]) == (
        False,
        False,
        1,
    )


def test_a_page_of_users_is_at_most_a_thousand(start_server: StartServer) -> None:
    with client_of(start_server(users=1100)) as client:
        document = client.get("/api/v1/users", params={"page-size": 2000}).json()
    assert (document["pageSize"], len(document["results"])) == (1000, 1000)


def test_users_are_sorted_and_filtered(server: SimulatorServer, jamf: httpx.Client) -> None:
    user = server.fleet.users["7"]
    found = jamf.get("/api/v1/users", params={"filter": f'username=="{user.username}"'})
    assert ids_of(found) == ["7"]
    names = [
        entry["username"]
        for entry in jamf.get("/api/v1/users", params={"sort": "username:desc"}).json()["results"]
    ]
    assert names == sorted(names, reverse=True)


def test_one_user_is_read_by_id(server: SimulatorServer, jamf: httpx.Client) -> None:
    assert jamf.get("/api/v1/users/7").json()["username"] == server.fleet.users["7"].username
    assert jamf.get("/api/v1/users/99999").status_code == 404


def test_users_came_with_11_26(start_server: StartServer) -> None:
    with client_of(start_server(version="11.25.2")) as client:
        assert client.get("/api/v1/users").status_code == 404
        assert client.get("/JSSResource/users").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/buildings", "/api/v1/departments"])
def test_places_are_paged_by_id(jamf: httpx.Client, path: str) -> None:
    assert ids_of(jamf.get(path, params={"page-size": 2, "page": 1})) == ["3", "4"]


def test_buildings_are_filtered_by_address(jamf: httpx.Client) -> None:
    results = jamf.get("/api/v1/buildings", params={"filter": 'city=="new york"'}).json()["results"]
    assert [building["name"] for building in results] == ["Hudson House"]


def test_sites_are_a_bare_array_without_the_one_called_none(jamf: httpx.Client) -> None:
    sites = jamf.get("/api/v1/sites", params={"page": 5}).json()
    assert [site["name"] for site in sites] == ["Americas", "EMEA", "APAC"]
    assert all(site["divisionId"] is None for site in sites)


def test_all_computer_groups_are_a_bare_array_whatever_page_is_asked_for(
    server: SimulatorServer, jamf: httpx.Client
) -> None:
    groups = jamf.get("/api/v1/computer-groups", params={"page": 3, "page-size": 1}).json()
    assert len(groups) == len(server.fleet.groups)
    assert set(groups[0]) == {"id", "name", "description", "smartGroup"}


def test_smart_and_static_groups_are_listed_apart_and_count_their_members(
    server: SimulatorServer, jamf: httpx.Client
) -> None:
    smart = jamf.get("/api/v3/computer-groups/smart-groups", params={"page-size": 500}).json()
    static = jamf.get("/api/v3/computer-groups/static-groups", params={"page-size": 500}).json()
    assert smart["totalCount"] + static["totalCount"] == len(server.fleet.groups)
    for group in smart["results"]:
        members = jamf.get(f"/api/v3/computer-groups/smart-group-membership/{group['id']}").json()[
            "members"
        ]
        assert len(members) == group["membershipCount"]
        assert all(isinstance(member, int) for member in members)
    assert all(group["count"] >= 0 for group in static["results"])


def test_the_members_of_a_smart_group_carry_it_in_their_memberships(jamf: httpx.Client) -> None:
    members = jamf.get("/api/v3/computer-groups/smart-group-membership/1").json()["members"]
    records = jamf.get(
        "/api/v4/computers-inventory",
        params={"section": "GROUP_MEMBERSHIPS", "page-size": 500, "sort": "id:asc"},
    ).json()["results"]
    carriers = [
        int(record["id"])
        for record in records
        if any(entry["groupId"] == "1" for entry in record["groupMemberships"])
    ]
    assert carriers == members


def test_one_group_has_the_keys_of_its_kind(server: SimulatorServer, jamf: httpx.Client) -> None:
    static = next(group.id for group in server.fleet.groups.values() if not group.is_smart)
    assert set(jamf.get("/api/v3/computer-groups/smart-groups/1").json()) == {
        "name",
        "description",
        "criteria",
        "siteId",
    }
    assert set(jamf.get(f"/api/v3/computer-groups/static-groups/{static}").json()) == {
        "id",
        "name",
        "description",
        "siteId",
    }
    assert jamf.get(f"/api/v3/computer-groups/smart-groups/{static}").status_code == 404


def test_groups_of_a_release_before_11_28_are_v2_and_not_deprecated(
    start_server: StartServer,
) -> None:
    with client_of(start_server(version="11.27.0")) as client:
        assert client.get("/api/v3/computer-groups/smart-groups").status_code == 404
        assert client.get("/api/v2/groups").status_code == 404
        answer = client.get("/api/v2/computer-groups/smart-groups")
    assert answer.status_code == 200
    assert "deprecation" not in answer.headers


def test_the_older_group_endpoints_are_deprecated_beside_the_newer(jamf: httpx.Client) -> None:
    assert "deprecation" in jamf.get("/api/v2/computer-groups/static-groups").headers
    assert "deprecation" in jamf.get("/api/v1/groups").headers
    assert "deprecation" not in jamf.get("/api/v2/groups").headers


def test_all_groups_filter_by_a_key_that_is_not_in_the_answer(jamf: httpx.Client) -> None:
    results = jamf.get(
        "/api/v2/groups", params={"filter": 'isSmart=="true"', "page-size": 500}
    ).json()["results"]
    assert results
    assert all(group["smart"] for group in results)
    assert jamf.get("/api/v2/groups", params={"filter": "smart==true"}).status_code == 400


def test_inventory_information_counts_the_fleet(
    server: SimulatorServer, jamf: httpx.Client
) -> None:
    document = jamf.get("/api/v1/inventory-information").json()
    assert document["managedComputers"] + document["unmanagedComputers"] == 250
    assert document["unmanagedComputers"] == sum(
        not computer.managed for computer in server.fleet.computers.values()
    )


def test_the_version_carries_the_builds_epoch(jamf: httpx.Client) -> None:
    version = jamf.get("/api/v1/jamf-pro-version").json()["version"]
    assert version.partition("-")[0] == "11.30.1"
    assert version.partition("-")[2].startswith("t")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/v1/health-check", 204, ""),
        ("/healthCheck.html", 200, "[]"),
        ("/api/startup-status", 200, "SERVER_INIT_COMPLETE"),
    ],
)
def test_health_needs_no_token(server: SimulatorServer, path: str, status: int, body: str) -> None:
    answer = httpx.get(f"{server.base_url}{path}")
    assert answer.status_code == status
    assert body in answer.text
