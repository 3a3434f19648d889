"""Failures 3, 21, 22, 24 to 26 and 33: a JAMF Pro that truncates, forgets tokens, sheds load, changes while it is read.

What happens between client and server is shown with the client alone, against the simulator over HTTP; that a whole
sync then ends where a calm one ends, once for all of it.
"""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import (
    ClientCredentials,
    CollectionName,
    JamfClient,
    JamfCredentialsRejected,
    UserCredentials,
)
from moss_jamf_pipeline.simulator import (
    Churn,
    DroppedConnection,
    EvolveRequest,
    Faults,
    Latency,
    PageLimit,
    RateLimited,
    RejectedTokens,
    ServerError,
    SimulatorConfig,
    SimulatorServer,
    TruncatedBody,
    WrongContentType,
)
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import add_mac, assert_calm, devices, furnish, stored_rows
from tests.jamf.support import QUICK, Reading, client_of, read_now, run
from tests.support.hurried import sync_hurriedly
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")

_INVENTORY = "computers-inventory"
_UUID = "2f0cf3b6-71ab-4a3e-9f0e-7b2a64d1c908"

_PASSING = {
    "429": Faults(rate_limited=RateLimited(path=_INVENTORY, count=5)),
    "429 with Retry-After": Faults(
        rate_limited=RateLimited(path=_INVENTORY, count=5, retry_after_seconds=1)
    ),
    "502": Faults(server_error=ServerError(path=_INVENTORY, status=502, body="html", every=3)),
    "503": Faults(server_error=ServerError(path=_INVENTORY, status=503, every=3, count=5)),
    "504": Faults(server_error=ServerError(path=_INVENTORY, status=504, body="empty", every=4)),
    "500": Faults(server_error=ServerError(path=_INVENTORY, status=500, body="no_causes", every=4)),
    "a gateway's quota": Faults(
        server_error=ServerError(path=_INVENTORY, status=500, body="apigee_quota", every=2)
    ),
    "503 for a token": Faults(server_error=ServerError(path="token", status=503, count=3)),
    "dropped bodies": Faults(dropped_connection=DroppedConnection(path=_INVENTORY, every=3)),
    "truncated bodies": Faults(truncated_body=TruncatedBody(path=_INVENTORY, every=3)),
    "wrong content types": Faults(wrong_content_type=WrongContentType()),
}


@pytest.fixture(scope="module")
def shared_server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimulatorConfig(computers=240, groups=20)) as server:
        yield server


@pytest.fixture
def server(shared_server: SimulatorServer) -> Iterator[SimulatorServer]:
    """The shared server, healthy and with fresh counts; tests that change its fleet start their own."""
    shared_server.reset_requests()
    yield shared_server
    shared_server.clear_faults()


@pytest.fixture(scope="module")
def calm(shared_server: SimulatorServer) -> Reading:
    """What a sweep yields when nothing goes wrong."""
    return read_now(client_of(shared_server))


def _assert_as_calm(reading: Reading, calm: Reading) -> None:
    assert reading.records == calm.records
    assert reading.summary.is_complete, reading.summary.incomplete_reasons


def test_failure_03_no_listing_is_truncated_in_silence() -> None:
    with SimulatorServer(SimulatorConfig(computers=4_500, users=10, groups=3)) as server:
        # Above JAMF's own largest page of 2,000, and with pages clamped without a word.
        for page_size, largest in ((2_000, None), (500, 300)):
            server.set_faults(Faults(page_limit=PageLimit(largest=largest)))
            reading = read_now(client_of(server, page_size=page_size))
            assert set(reading.records) == set(server.fleet.computers)
            assert (len(reading.ids), reading.summary.total_count) == (4_500, 4_500)
            assert reading.summary.is_complete, reading.summary.incomplete_reasons


def test_failure_21_a_sweep_outlives_many_tokens(server: SimulatorServer, calm: Reading) -> None:
    # 60 seconds in a sweep of five minutes, a hundred times as fast.
    server.set_faults(Faults(token_lifetime_seconds=1, latency=Latency(milliseconds=80)))

    reading = read_now(client_of(server, page_size=10, max_in_flight=1))

    _assert_as_calm(reading, calm)
    assert server.requests.of("oauth/token") >= 3


def test_failure_21_a_refused_token_is_renewed_once_and_the_pages_are_repeated(
    server: SimulatorServer, calm: Reading
) -> None:
    server.set_faults(
        Faults(
            rejected_tokens=RejectedTokens(path=_INVENTORY, after=3, count=1),
            latency=Latency(milliseconds=20),
        )
    )

    reading = read_now(client_of(server, page_size=20))

    _assert_as_calm(reading, calm)
    assert server.requests.of("oauth/token") == 2
    assert 401 in server.requests.paths[f"GET /api/v4/{_INVENTORY}"].statuses


def test_failure_21_a_token_refused_twice_is_an_error_and_no_loop(server: SimulatorServer) -> None:
    server.set_faults(Faults(rejected_tokens=RejectedTokens(path=_INVENTORY)))
    with pytest.raises(JamfCredentialsRejected, match="just issued to the API client"):
        read_now(client_of(server))
    assert server.requests.of(_INVENTORY) == 2


@pytest.mark.parametrize("trouble", _PASSING)
def test_failure_22_after_passing_trouble_a_sweep_is_as_if_it_had_been_calm(
    server: SimulatorServer, calm: Reading, trouble: str
) -> None:
    server.set_faults(_PASSING[trouble])
    _assert_as_calm(read_now(client_of(server, page_size=30)), calm)


@_ANY_MOSS
def test_failure_22_a_sync_through_all_troubles_ends_where_a_calm_one_ends(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=40, users=25, groups=6, seed=22))
    world.jamf.set_faults(
        Faults(
            rate_limited=RateLimited(every=4),
            server_error=ServerError(path=_INVENTORY, status=502, body="html", every=3),
            dropped_connection=DroppedConnection(path="/users", every=3),
            truncated_body=TruncatedBody(path="buildings|departments|groups", every=2, count=2),
            rejected_tokens=RejectedTokens(after=4, every=9, count=2),
        )
    )

    assert sync_hurriedly(world).success

    assert world.jamf.requests.of("inventory") > 10
    assert {row["status"] for row in world.query("select status from jamf_sync.captures")} == {
        "complete"
    }
    world.jamf.clear_faults()
    # A calm sync finds nothing that the other one lost or made up.
    assert_calm(world)


def test_failure_24_pages_shrink_to_what_the_server_can_serve(
    server: SimulatorServer, calm: Reading
) -> None:
    server.set_faults(Faults(page_limit=PageLimit(gateway_timeout_above=60)))

    reading = read_now(client_of(server, page_size=200))

    _assert_as_calm(reading, calm)
    refused = server.requests.paths[f"GET /api/v4/{_INVENTORY}"].statuses[504]
    assert refused < 10


def test_failure_25_records_inserted_between_pages_are_read_too() -> None:
    with SimulatorServer(SimulatorConfig(computers=220)) as server:
        server.set_faults(Faults(churn=Churn(inserted=2, count=3)))
        reading = read_now(client_of(server, page_size=50))
        assert set(reading.records) == set(server.fleet.computers)
    assert reading.summary.is_complete, reading.summary.incomplete_reasons


@pytest.mark.parametrize("inserted", [0, 1])
def test_failure_25_records_deleted_between_pages_lose_nothing_else_and_are_told(
    inserted: int,
) -> None:
    with SimulatorServer(SimulatorConfig(computers=220)) as server:
        before = set(server.fleet.computers)
        server.set_faults(Faults(churn=Churn(inserted=inserted, deleted=1)))
        reading = read_now(client_of(server, page_size=25, max_in_flight=1))
        lasting = before & set(server.fleet.computers)
    assert lasting <= set(reading.records)
    assert len(reading.ids) == len(set(reading.ids))
    assert not reading.summary.is_complete


@_ANY_MOSS
def test_failure_25_a_fleet_that_changes_while_it_is_read_makes_nobody_unenrolled_by_mistake(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=40, users=5, groups=3, oddities=0))
    world.sync()
    world.jamf.set_faults(Faults(churn=Churn(deleted=1, inserted=1, count=2)))
    assert sync_hurriedly(world).success
    world.jamf.clear_faults()
    assert _unenrolled(world) <= set(devices(world)) - _present(world)

    world.sync()

    assert _unenrolled(world) == set(devices(world)) - _present(world)
    assert len(devices(world)) == 42
    assert_calm(world)


def _unenrolled(world: World) -> set[str]:
    return {serial for serial, row in devices(world).items() if row["enrollment"] == "unenrolled"}


def _present(world: World) -> set[str]:
    return {str(computer.serial_number) for computer in world.fleet.computers.values()}


@_ANY_MOSS
def test_failure_26_computers_without_any_date_are_synced_and_stay_in_step(world: World) -> None:
    furnish(world)
    computers = [add_mac(world, str(number), f"C02DATE0000{number}") for number in range(1, 4)]
    for computer in computers[:2]:
        computer.report_date = computer.last_contact = computer.last_check_in = None
        computer.last_enrolled_date = None
    world.sync()
    assert len(devices(world)) == 3

    computers[0].name = "renamed"
    world.jamf.evolve(EvolveRequest(contacts=True))
    world.sync()

    assert devices(world)["C02DATE00001"]["hostname"] == "renamed"
    before = stored_rows(world)
    world.sync()
    assert stored_rows(world) == before


async def _version_of(client: JamfClient) -> str:
    async with client:
        return str(await client.server_version())


@pytest.mark.parametrize(
    ("credentials", "hint"),
    [
        (ClientCredentials("jdoe", SecretStr("wrong")), "looks like a user name"),
        (ClientCredentials(_UUID, SecretStr("wrong")), "API client"),
        (UserCredentials(_UUID, SecretStr("wrong")), "looks like the client id"),
        (UserCredentials("jdoe", SecretStr("wrong")), "SSO"),
    ],
)
def test_failure_33_the_wrong_kind_of_credentials_is_told_as_such(
    server: SimulatorServer, credentials: ClientCredentials | UserCredentials, hint: str
) -> None:
    with pytest.raises(JamfCredentialsRejected, match=hint) as caught:
        run(_version_of(JamfClient(server.base_url, credentials, limits=QUICK)))
    assert not caught.value.is_transient
    assert "wrong" not in str(caught.value).replace("wrong ", "")


@pytest.mark.parametrize("version", ["10.48.0", "11.30.1"])
def test_failure_33_a_token_of_a_user_account_works_where_there_are_no_api_clients_yet(
    version: str,
) -> None:
    with SimulatorServer(SimulatorConfig(computers=10, version=version)) as server:
        credentials = UserCredentials(server.username, SecretStr(server.password))
        client = JamfClient(server.base_url, credentials, limits=QUICK)
        assert len(read_now(client, CollectionName.COMPUTERS).records) == 10
        if version == "10.48.0":
            own = ClientCredentials(server.client_id, SecretStr(server.client_secret))
            with pytest.raises(Exception, match=r"10\.49"):
                run(_version_of(JamfClient(server.base_url, own, limits=QUICK)))


@_ANY_MOSS
def test_failure_33_client_credentials_come_first(
    make_world: WorldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(SimulatorConfig(computers=3, users=3, groups=3, oddities=0))
    monkeypatch.setenv("JAMF_USERNAME", "jdoe")
    monkeypatch.setenv("JAMF_PASSWORD", "of somebody who may not do that")
    assert world.materialize("jamf_server").success
    assert world.jamf.requests.of("oauth/token") == 1
    assert world.jamf.requests.of("v1/auth/token") == 0
