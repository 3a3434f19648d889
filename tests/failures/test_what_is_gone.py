"""Failures 1 to 6, 23, 29 and 35: what a sync takes for gone, and what it does about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.jamf import ClientCredentials
from moss_jamf_pipeline.moss.integration.ciphers import EncryptionKey
from moss_jamf_pipeline.moss.integration.credentials import (
    GivenKeys,
    save_credentials,
)
from moss_jamf_pipeline.moss.integration.integrations import create_integration, find_integration
from moss_jamf_pipeline.moss.integration.routes import Route, save_route
from moss_jamf_pipeline.settings import IntegrationChoice
from moss_jamf_pipeline.simulator import (
    EmptyListing,
    EvolveRequest,
    Faults,
    Fleet,
    LogInPage,
    MissingListing,
    Poison,
    ServerError,
    SimulatorConfig,
    SimulatorServer,
)
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    device,
    devices,
    furnish,
    insert,
    insert_device,
    last_message,
    mappings,
    stored_rows,
)
from tests.failures.plans import apply_plan
from tests.support.hurried import sync_hurriedly, sync_impatiently
from tests.support.world import Row, World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")
# What they show is shown on the M.O.S.S. with more constraints.
_RELEASED_MOSS = pytest.mark.dialects("release")

_NO_LISTING = {
    "empty, and says so": Faults(empty_listing=EmptyListing(path="inventory", total_count=0)),
    "empty, and says otherwise": Faults(empty_listing=EmptyListing(path="inventory")),
    "404": Faults(missing_listing=MissingListing(path="inventory", status=404)),
    "405": Faults(missing_listing=MissingListing(path="inventory", status=405)),
    "a log-in page": Faults(log_in_page=LogInPage(path="inventory")),
    "users answer 500": Faults(server_error=ServerError(path="/users", status=500)),
}


def _unenrolled(world: World) -> set[str]:
    return {serial for serial, row in devices(world).items() if row["enrollment"] == "unenrolled"}


def _make_by_hand(world: World) -> None:
    """What people keep in M.O.S.S. that JAMF knows nothing of, some of it like what the sync makes."""
    place = insert(world, "locations", name="By hand")
    insert(world, "rooms", name="By hand", location_id=place)
    person = insert(world, "people", full_name="By hand", username="by.hand")
    insert_device(world, "BYHAND000001", hostname="by hand", assigned_to_person_id=person)
    spare = insert_device(world, "C02BYHAND002", hostname="MAC-0", location_id=place)
    insert(world, "ios", device_id=spare, interface_name="Wi-Fi", interface_type="wifi")
    group = insert(world, "groups", name="[JAMF] by hand", group_type="custom")
    world.execute(
        "insert into group_members (group_id, person_id) values (%s, %s)", [group, person]
    )


_BY_HAND = (*("devices", "people", "locations", "rooms", "ios", "groups", "group_members"),)


def _rows(world: World) -> dict[str, list[Row]]:
    return {
        table: world.query(f"select ctid::text, xmin::text, to_jsonb(t) as row from public.{table} t order by 1")
        for table in _BY_HAND
    }  # fmt: skip


@_ANY_MOSS
def test_failure_01_no_listing_is_never_an_empty_fleet(world: World) -> None:
    furnish(world)
    _make_by_hand(world)
    add_mac(world, "1", "C02EMPTY0001", user={"username": "someone"})
    add_mac(world, "2", "C02EMPTY0002")
    world.sync()
    before = stored_rows(world)

    for faults in _NO_LISTING.values():
        world.jamf.set_faults(faults)
        assert not sync_impatiently(world).success
        assert stored_rows(world) == before
        history = world.history()[-1]
        assert history["status"] == "failed"
        assert history["error_message"]
        assert history["sync_completed_at"] is not None
    world.jamf.clear_faults()

    world.sync()

    assert stored_rows(world) == before
    assert world.history()[-1]["status"] == "success"


@_ANY_MOSS
def test_failure_02_a_page_that_never_arrives_proves_no_absence(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=24, users=5, groups=3, oddities=0, seed=2))
    world.sync()
    known = set(devices(world))
    ids = sorted(world.fleet.computers, key=int)
    gone = world.fleet.remove_computer(ids[20])
    world.fleet.computer(ids[21]).name = "renamed"
    world.jamf.set_faults(Faults(poison=Poison(computer_ids=frozenset(ids[8:16]))))

    assert sync_hurriedly(world).success

    assert _unenrolled(world) == set()
    assert "renamed" in {row["hostname"] for row in devices(world).values()}
    (capture,) = world.query(
        "select status, rejected_count from jamf_sync.captures where collection = 'computers'"
        " order by capture_id desc limit 1"
    )
    assert capture == {"status": "incomplete", "rejected_count": 8}
    assert world.history()[-1]["status"] == "partial"
    assert "nothing counts as gone" in last_message(world)

    # More than a page: then it is JAMF that is broken, not a few of its records.
    world.jamf.set_faults(Faults(poison=Poison(computer_ids=frozenset(ids[4:]))))
    before = stored_rows(world)
    assert not sync_hurriedly(world).success
    assert stored_rows(world) == before

    world.jamf.clear_faults()
    world.sync()

    assert _unenrolled(world) == {gone.serial_number}
    assert set(devices(world)) == known
    assert_calm(world)


@_ANY_MOSS
def test_failure_04_a_third_of_the_fleet_is_held_and_a_few_macs_are_not(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=100, users=10, groups=3, oddities=0, seed=4))
    world.sync()
    wiped = {change.id for change in world.jamf.evolve(EvolveRequest(wipes=1)).wipes}
    world.sync()
    assert len(_unenrolled(world)) == 1

    report = world.jamf.evolve(EvolveRequest(wipes=30, renames=3))
    world.sync()

    assert len(_unenrolled(world)) == 1
    assert world.counts()["device"].unenrolments_held == 30
    assert world.counts()["device"].updated == 3
    assert_counts_add_up(world)
    assert world.history()[-1]["status"] == "partial"
    assert "30 of 99 linked devices are gone from JAMF" in last_message(world)

    assert apply_plan(world, approve=["unenroll"]).success

    gone = {world_id for world_id, (_, status) in mappings(world, "computer").items()
            if status == "deleted_external"}  # fmt: skip
    assert gone == wiped | {change.id for change in report.wipes}
    assert len(_unenrolled(world)) == 31
    assert len(devices(world)) == 100
    assert_calm(world)


@_RELEASED_MOSS
def test_failure_05_what_the_sync_never_made_is_never_touched(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=20, users=12, groups=6, oddities=0, seed=5))
    _make_by_hand(world)
    by_hand = _rows(world)
    world.sync()
    for request in (
        EvolveRequest(wipes=5, re_enrolments=2, board_swaps=2, reassignments=3, group_changes=6),
        EvolveRequest(enrolments=2, renames=3, building_renames=1, group_changes=5, seed=9),
    ):
        world.jamf.evolve(request)
        world.sync()
    world.fleet.users.clear()
    for group_id in list(world.fleet.groups):
        world.fleet.remove_group(group_id)
    sync_impatiently(world)

    now = _rows(world)
    for table, rows in by_hand.items():
        assert rows
        assert [row for row in rows if row not in now[table]] == [], table


class _Server:
    """A JAMF server with an integration of its own in a shared M.O.S.S."""

    def __init__(
        self, world: World, name: str, jamf: SimulatorServer, patch: pytest.MonkeyPatch
    ) -> None:
        self._world, self.jamf, self._name, self._patch = world, jamf, name, patch
        with world.database.connection() as connection:
            create_integration(connection, name, jamf.base_url)
            integration = find_integration(connection, IntegrationChoice(name))
            save_route(connection, integration.id, Route(jamf.base_url))
            save_credentials(
                connection,
                integration,
                ClientCredentials(jamf.client_id, SecretStr(jamf.client_secret)),
                GivenKeys(encryption_key=SecretStr(_KEY)),
            )
        self.id = integration.id

    def sync(self) -> None:
        self._patch.setenv("MOSS_JAMF_INTEGRATION", self._name)
        assert self._world.sync().success

    def links(self) -> dict[str, tuple[str, str]]:
        return {
            row["external_id"]: (str(row["internal_id"]), row["sync_status"])
            for row in self._world.query(
                "select external_id, internal_id, sync_status from integration_object_mappings"
                " where integration_config_id = %s and external_type = 'computer'",
                [self.id],
            )
        }


_KEY = EncryptionKey(b"k" * 32).as_text()


@contextmanager
def _two_servers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[_Server, _Server]]:
    for variable in ("JAMF_BASE_URL", "JAMF_CLIENT_ID", "JAMF_CLIENT_SECRET"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("ENCRYPTION_KEY", _KEY)
    with SimulatorServer(fleet=Fleet()) as other:
        yield (
            _Server(world, "JAMF Pro", world.jamf, monkeypatch),
            _Server(world, "Subsidiary", other, monkeypatch),
        )


@_RELEASED_MOSS
def test_failure_06_two_servers_with_the_same_ids_and_serials_leave_each_other_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _two_servers(world, monkeypatch) as (ours, theirs):
        for server, names in ((ours, "ABC"), (theirs, "XYZ")):
            fleet = server.jamf.fleet
            fleet.add_user(id="1", username="jane", email=f"jane@{names.lower()}.example.org")
            fleet.add_group(f"Group {names}", group_id="1")
            for number, name in enumerate(names, start=1):
                fleet.add_computer(
                    {
                        "id": str(number),
                        "general": {"name": f"MAC-{name}"},
                        "hardware": {"serialNumber": f"C02TENANT00{name}"},
                    }
                )
        # One Mac that both servers have, under ids that the other has given to another Mac.
        ours.jamf.fleet.add_computer({"id": "9", "hardware": {"serialNumber": "C02TENANTALL"}})
        theirs.jamf.fleet.add_computer({"id": "4", "hardware": {"serialNumber": "C02TENANTALL"}})
        ours.sync()
        theirs.sync()
        before = ours.links(), theirs.links()
        assert len(devices(world)) == 3 + 3 + 1
        assert {jamf_id: status for jamf_id, (_, status) in before[0].items()}.keys() == {
            *("1", "2", "3", "9")
        }

        theirs.jamf.fleet.remove_computer("2")
        theirs.jamf.fleet.remove_computer("4")
        theirs.jamf.fleet.computer("1").name = "renamed"
        theirs.sync()

        assert ours.links() == before[0]
        assert _unenrolled(world) >= {"C02TENANT00Y"}
        assert "C02TENANT00B" not in _unenrolled(world)
        assert device(world, "C02TENANT00A")["hostname"] == "MAC-A"
        assert device(world, "C02TENANT00X")["hostname"] == "renamed"
        rows = stored_rows(world)
        theirs.sync()
        assert stored_rows(world) == rows


@_ANY_MOSS
def test_failure_23_a_record_that_jamf_cannot_serve_lets_changes_land_and_nothing_count_as_gone(
    world: World,
) -> None:
    furnish(world)
    for number in range(1, 6):
        add_mac(world, str(number), f"C02POIS0000{number}")
    world.sync()
    world.fleet.remove_computer("1")
    world.fleet.computer("2").name = "renamed"
    add_mac(world, "6", "C02POIS00006")
    add_mac(world, "7", "C02POIS00007")
    # One that M.O.S.S. knows, one that it has never seen.
    world.jamf.set_faults(Faults(poison=Poison(computer_ids=frozenset({"3", "7"}))))

    assert sync_impatiently(world).success

    assert device(world, "C02POIS00002")["hostname"] == "renamed"
    assert "C02POIS00006" in devices(world)
    assert "C02POIS00007" not in devices(world)
    assert _unenrolled(world) == set()
    count = world.counts()["device"]
    assert (count.failed, count.unenrolled) == (2, 0)
    assert_counts_add_up(world)
    assert world.history()[-1]["status"] == "partial"
    assert "nothing counts as gone" in last_message(world)

    world.jamf.clear_faults()
    world.sync()

    assert _unenrolled(world) == {"C02POIS00001"}
    assert world.history()[-1]["status"] == "success"
    assert_calm(world)


@_ANY_MOSS
def test_failure_29_deleted_macs_cost_no_request_and_are_not_asked_for_again(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=30, users=5, groups=3, oddities=0, seed=29))
    world.jamf.reset_requests()
    world.sync()
    calm = world.jamf.requests.total
    world.jamf.evolve(EvolveRequest(wipes=10))

    for _ in range(2):
        world.jamf.reset_requests()
        world.sync()
        assert world.jamf.requests.total == calm
        assert all(
            404 not in count.statuses for path, count in world.jamf.requests.paths.items()
        ), world.jamf.requests.paths
    assert len(_unenrolled(world)) == 10


@_ANY_MOSS
def test_failure_35_a_mac_that_never_checks_in_is_shown_and_stays(world: World) -> None:
    furnish(world)
    for number, last_contact in enumerate((world.fleet.now_milliseconds, 0, None), start=1):
        computer = add_mac(world, str(number), f"C02QUIET000{number}")
        computer.last_contact = computer.last_check_in = computer.report_date = last_contact
    world.sync()
    before = stored_rows(world)

    world.sync_in_dagster()

    assert stored_rows(world) == before
    assert {row["enrollment"] for row in devices(world).values()} == {"enrolled"}
    assert {status for _, status in mappings(world, "computer").values()} == {"synced"}
    (snapshot,) = [
        event.materialization
        for event in world.runs[-1].get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["jamf_pro", "jamf_computers_snapshot"])
    ]
    assert snapshot.metadata["not_seen_for_90_days"].value == 2
    assert "C02QUIET0002" in str(snapshot.metadata["longest_not_seen"].value)
