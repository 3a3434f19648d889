"""What the client says about a server and an account before anything is swept."""

import httpx
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    CollectionName,
    JamfAnswerInvalid,
    JamfClient,
    JamfTooOld,
    MissingPrivilege,
    ServerVersion,
    UserCredentials,
)
from moss_jamf_pipeline.moss.integration.integrations import SyncSettings
from moss_jamf_pipeline.simulator.configuration import READ_PRIVILEGES, SimulatorConfig
from moss_jamf_pipeline.simulator.server import SimulatorServer
from tests.jamf.support import (
    ODD_CREDENTIALS,
    ODD_SERVER,
    QUICK,
    OddNetwork,
    client_of,
    odd_client,
    read_now,
    run,
)


def account_of(server: SimulatorServer) -> JamfClient:
    """A client with a user account, as servers older than 10.49 need."""
    credentials = UserCredentials(server.username, SecretStr(server.password))
    return JamfClient(server.base_url, credentials, limits=QUICK)


async def privileges_missing_for(client: JamfClient) -> list[MissingPrivilege]:
    async with client:
        return await client.missing_privileges()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("11.30.1-t1784555528405", ServerVersion(11, 30, 1)),
        ("11.30", ServerVersion(11, 30)),
        (" 10.49.0 ", ServerVersion(10, 49)),
    ],
)
def test_a_version_is_compared_by_its_numbers(text: str, version: ServerVersion) -> None:
    parsed = ServerVersion.parse(text)
    assert parsed == version
    assert str(parsed) == text.strip()
    assert ServerVersion(9, 99) < parsed < ServerVersion(11, 30, 2)


@pytest.mark.parametrize("text", ["", "eleven", "11", "v11.30"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JAMF Pro version"):
        ServerVersion.parse(text)


def test_the_version_is_asked_once() -> None:
    async def ask_twice() -> tuple[ServerVersion, ServerVersion]:
        async with client_of(server) as client:
            return await client.server_version(), await client.server_version()

    with SimulatorServer(SimulatorConfig(computers=1)) as server:
        first, second = run(ask_twice())
        assert server.requests.of("jamf-pro-version") == 1
    assert first == second == ServerVersion(11, 30, 1)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(200, json={"version": "unknown"}),
        httpx.Response(200, json={}),
    ],
)
def test_a_server_that_is_no_jamf_pro_is_told_as_such(answer: httpx.Response) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if "token" in request.url.path:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
        return answer

    transport = OddNetwork(handle)
    client = JamfClient(ODD_SERVER, ODD_CREDENTIALS, limits=QUICK, transport=transport)
    with pytest.raises(JamfAnswerInvalid, match="base URL"):
        run(client.server_version())


@pytest.mark.parametrize("version", ["11.30.1", "11.20.0", "10.39.0"])
def test_an_account_with_all_privileges_misses_none_and_reads_a_record_of_each(
    version: str,
) -> None:
    with SimulatorServer(SimulatorConfig(computers=3, users=3, version=version)) as server:
        assert run(privileges_missing_for(account_of(server))) == []
        for endpoint in ("computers-inventory", "users", "computer-groups", "buildings"):
            assert server.requests.of(endpoint) >= 1
        assert server.requests.of("computers-inventory") == 1


@pytest.mark.parametrize("version", ["10.30.0", "10.38.2"])
def test_case_t11_a_jamf_pro_that_is_too_old_is_named_with_the_oldest_that_is_not(
    version: str,
) -> None:
    with SimulatorServer(SimulatorConfig(computers=3, version=version)) as server:
        client = account_of(server)
        with pytest.raises(JamfTooOld, match=f"JAMF Pro .{version}.* is too old") as looked:
            run(privileges_missing_for(client))
        with pytest.raises(JamfTooOld) as read:
            read_now(account_of(server))
    for told in (looked, read):
        assert "lists computers at none of the known endpoints" in told.value.happened
        assert told.value.remedy.startswith("The oldest JAMF Pro that can be synced is 10.39")


def test_an_endpoint_that_a_newer_jamf_pro_lacks_is_no_question_of_its_age() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/buildings":
            return httpx.Response(404, json={"httpStatus": 404, "errors": []})
        if request.url.path == "/api/v1/computer-groups":
            return httpx.Response(200, json=[])
        return httpx.Response(200, json={"totalCount": 0, "results": []})

    with pytest.raises(JamfAnswerInvalid, match="lists buildings at none of the known endpoints"):
        run(privileges_missing_for(odd_client(handle)))


@pytest.mark.parametrize("version", ["11.30.1", "11.20.0"])
def test_missing_privileges_are_named_with_collection_and_endpoint(version: str) -> None:
    privileges = READ_PRIVILEGES - {"Read Computers", "Read User", "Read Static Computer Groups"}
    config = SimulatorConfig(computers=1, privileges=privileges, version=version)
    with SimulatorServer(config) as server:
        missing = run(privileges_missing_for(client_of(server)))
    assert {(item.collection, item.privileges) for item in missing} == {
        (CollectionName.COMPUTERS, ("Read Computers",)),
        (CollectionName.USERS, ("Read User",)),
        (
            CollectionName.GROUPS,
            ("Read Smart Computer Groups", "Read Static Computer Groups"),
        ),
    }
    assert all(item.endpoint.startswith("/") for item in missing)


@pytest.mark.parametrize("is_on", [False, True])
def test_the_privilege_for_mobile_devices_is_missed_only_where_they_are_switched_on(
    is_on: bool,
) -> None:
    read = SyncSettings(sync_mobile_devices=is_on).read_collections
    config = SimulatorConfig(computers=1, privileges=READ_PRIVILEGES - {"Read Mobile Devices"})

    async def missing(client: JamfClient) -> list[MissingPrivilege]:
        async with client:
            return await client.missing_privileges(read)

    with SimulatorServer(config) as server:
        found = run(missing(client_of(server)))
        asked = any("mobile-devices" in path for path in server.requests.paths)
    assert [item.privileges for item in found] == [("Read Mobile Devices",)] * is_on
    assert asked is is_on


def test_privileges_that_jamf_does_not_list_are_tried() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/computer-groups":
            return httpx.Response(200, json=[])
        if request.url.path == "/api/v1/users":
            return httpx.Response(403, json={"httpStatus": 403, "errors": []})
        return httpx.Response(200, json={"totalCount": 0, "results": []})

    (missing,) = run(privileges_missing_for(odd_client(handle)))
    assert missing == MissingPrivilege(CollectionName.USERS, "/api/v1/users", ("Read User",))
