"""Failures 7, 8, 14, 27, 28, 31, 32 and 34: dry, second and dead runs, bad records, big plans, secrets, numbers."""

import base64
import json
import resource
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import dagster as dg
import psutil
import pytest
from psycopg import sql

from moss_jamf_pipeline.embedded.layout import ServerDirectory
from moss_jamf_pipeline.embedded.postgres import EmbeddedPostgres
from moss_jamf_pipeline.moss.contract.installation import READER
from moss_jamf_pipeline.moss.plan.plan_pages import ChangeFilter, all_changes, page_of_changes
from moss_jamf_pipeline.moss.plan.planning import count_outcomes, read_plan
from moss_jamf_pipeline.orchestration.presentation import changes_preview
from moss_jamf_pipeline.simulator import (
    EvolveRequest,
    Faults,
    Fleet,
    RejectedTokens,
    SimulatorConfig,
    SimulatorServer,
)
from tests.e2e.conftest import WorldMaker
from tests.e2e.inventory import (
    add_mac,
    assert_calm,
    assert_counts_add_up,
    devices,
    finding,
    furnish,
    last_message,
    stored_rows,
    tuples_written,
)
from tests.failures.plans import apply_plan
from tests.support.contract import role_of
from tests.support.databases import UNSAFE_BUT_FAST, connect_when_ready
from tests.support.dialects import CORE_TABLES, STRATEGY
from tests.support.hurried import run_hurriedly, sync_hurriedly, sync_impatiently
from tests.support.killable import SyncProcess, gate
from tests.support.schema import create_moss
from tests.support.secrets_found import places_with_secrets
from tests.support.world import World, open_world

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")
# What they show is shown on the M.O.S.S. with more constraints.
_RELEASED_MOSS = pytest.mark.dialects("release")

_UP_TO_THE_PLAN = (
    *(f"raw_jamf_{name}" for name in ("computers", "users", "groups", "buildings", "departments")),
    *("jamf_computers_snapshot", "jamf_users_snapshot", "jamf_groups_snapshot"),
    *("jamf_buildings_snapshot", "jamf_departments_snapshot"),
    *("location_matches", "room_matches", "person_matches", "device_matches", "group_matches"),
    "change_plan",
)

_REFUSE = """
create function refuse_bad_names() returns trigger language plpgsql as $$
begin
  if new.hostname like 'BAD%' then raise exception 'M.O.S.S. does not take it'; end if;
  return new;
end $$;
create trigger refuse_bad_names before insert or update on public.devices
  for each row execute function refuse_bad_names()
"""


def _inventory(world: World) -> dict[str, int]:
    return {
        table: world.query(f"select count(*) from {table}")[0]["count"]
        for table in (*CORE_TABLES, "integration_object_mappings")
    }


def _assert_no_doubles(world: World) -> None:
    keys = {
        "devices": "upper(serial_number)",
        "people": "lower(coalesce(email_address, username))",
        "locations": "lower(name)",
        "rooms": "location_id::text || lower(name)",
        "ios": "device_id::text || mac_address",
        "groups": "external_id",
        "integration_object_mappings": "external_type || external_id",
    }
    for table, key in keys.items():
        assert not world.query(f"select {key} from {table} group by 1 having count(*) > 1"), table


def _assert_no_history_is_open(world: World) -> None:
    assert not world.query("select 1 from integration_sync_history where status = 'in_progress'")


def _assert_as_if_nothing_had_happened(world: World) -> None:
    """Asserts that a calm sync brings in everything JAMF has, once, and that another one finds nothing to do."""
    assert sync_hurriedly(world).success
    serials = {
        computer.serial_number for computer in world.fleet.computers.values() if computer.managed
    }
    assert set(devices(world)) == serials
    _assert_no_doubles(world)
    assert_calm(world)
    _assert_no_history_is_open(world)
    assert world.history()[-1]["status"] == "success"


# 7 and 8: dry runs ---------------------------------------------------------------------------------------------


def test_failure_07_dry_run_writes_nothing(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02DRYRUN001", user={"username": "jane"})
    world.sync()
    before, runs = stored_rows(world), len(world.history())
    world.fleet.computer("1").name = "renamed"
    add_mac(world, "2", "C02DRYRUN002")

    world.sync("plan")

    assert (world.counts()["device"].updated, world.counts()["device"].created) == (1, 1)
    assert stored_rows(world) == before
    assert len(world.history()) == runs


@_RELEASED_MOSS
def test_failure_07_dry_run_needs_no_right_to_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(world)
    add_mac(world, "1", "C02DRYRUN003")
    written = tuples_written(world)
    with _a_log_in_that_only_reads(world) as url:
        # Dagster would keep its own tables in M.O.S.S.'s database.
        monkeypatch.setenv("DAGSTER_PG_URL", "postgresql://127.0.0.1:1/nobody-asks-it")
        monkeypatch.setenv("MOSS_DATABASE_URL", url)
        assert run_hurriedly(world.instance, *_UP_TO_THE_PLAN).success
        applying = ("guarded_plan", "conflicts", "moss_locations")
        assert not run_hurriedly(world.instance, *applying).success

    assert world.counts()["device"].created == 1
    assert tuples_written(world) == written


@contextmanager
def _a_log_in_that_only_reads(world: World) -> Iterator[str]:
    url = urlsplit(world.url)
    name, password = f"only_reads_{url.path.strip('/')}", "may-only-read"
    with world.database.connection() as connection:
        connection.execute(
            sql.SQL("create role {} login password {} in role {}").format(
                sql.Identifier(name),
                sql.Literal(password),
                sql.Identifier(role_of(connection, READER)),
            )
        )
    try:
        yield url._replace(netloc=f"{name}:{password}@{url.hostname}:{url.port}").geturl()
    finally:
        with world.database.connection() as connection:
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_failure_08_dry_run_tells_what_the_constraints_of_moss_would_reject(world: World) -> None:
    furnish(world)
    for number in range(1, 5):
        add_mac(world, str(number), f"C02TRIAL000{number}")
    world.fleet.computer("1").name = "BAD name"
    world.fleet.update_computer("2", {"hardware": {"model": "Unheard-of model"}})
    world.execute(_REFUSE)
    world.execute(
        "alter table public.devices add constraint known_model check (model not like 'Unheard-of%')"
    )
    before = stored_rows(world)

    world.sync("plan")

    assert not finding(world.outcomes[-1], "plan_validation", "plan_fits_moss").passed
    problems = world.query(
        """select change.external_id, problem.problem, problem.detail
           from jamf_sync.plan_problems as problem join jamf_sync.change_plan as change using (plan_id, row_id)
           where change.object_type = 'device' order by change.external_id"""
    )
    assert [(row["external_id"], row["problem"]) for row in problems] == [
        ("1", "failed"),
        ("2", "failed"),
    ]
    assert problems[0]["detail"] == "M.O.S.S. does not take it"
    assert "known_model" in problems[1]["detail"]
    assert stored_rows(world) == before

    # It was right: that is what happens.
    assert apply_plan(world).success
    assert set(devices(world)) == {"C02TRIAL0003", "C02TRIAL0004"}
    assert world.counts()["device"].failed == 2


# 14: second runs -----------------------------------------------------------------------------------------------


def test_failure_14_a_second_run_over_an_odd_fleet_writes_nothing(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=150, groups=20, seed=3))
    world.sync()
    assert all(world.row_versions()[table] for table in CORE_TABLES)
    before = stored_rows(world)
    written_before = tuples_written(world)
    assert written_before["devices"][0] == len(before["devices"])

    world.sync()

    assert stored_rows(world) == before
    assert tuples_written(world) == written_before
    assert all(
        (count.created, count.updated, count.removed) == (0, 0, 0)
        for count in world.counts().values()
    )
    assert_counts_add_up(world)
    assert world.query("select count(*) from jamf_sync.change_plan where action <> 'agree'"
                       " and plan_id = (select max(plan_id) from jamf_sync.plans)") == [{"count": 0}]  # fmt: skip


# 27: bad records -----------------------------------------------------------------------------------------------

_NULL, _LONE_SURROGATE = "\x00", "\ud800"
_POISON_TEXT = {
    "a NUL": (f"a{_NULL}b", "ab"),
    "a lone surrogate": (f"a{_LONE_SURROGATE}b", "a\ufffdb"),
    "right to left": ("مرحبا \u202eabc", None),
    "emoji": ("Priya’s 💻👩‍🚀", "Priya’s 💻👩‍🚀"),
    "a megabyte": ("x" * 1_000_000, None),
    "markup": ("'; drop table devices; -- %s %(name)s {0} <b>", "'; drop table devices; -- %s %(name)s {0} <b>"),
}  # fmt: skip
_POISON_VALUES: tuple[dict[str, object], ...] = (
    {"general": {"reportDate": "not a date", "lastContact": "9999-99-99T99:99:99Z"}},
    {"general": {"lastEnrolledDate": "0000-00-00T00:00:00Z", "name": 314}},
    {"general": {"lastContact": 10**30}},
    {"hardware": {"model": ["a", "list"]}, "operatingSystem": {"version": 15.5}},
    {"hardware": {"macAddress": "not a MAC"}, "userAndLocation": {"email": "no address"}},
    {"userAndLocation": {"room": {"floor": 3}, "buildingId": "no number"}},
)


@_RELEASED_MOSS
def test_failure_27_poison_stops_nobody_and_is_listed(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=60, users=20, groups=4, oddities=0, seed=27))
    good = set(world.fleet.computers)
    names = {}
    for number, (_, (name, expected)) in enumerate(_POISON_TEXT.items(), start=900_001):
        add_mac(world, str(number), f"C02PT{number}", name=name, user={"username": f"{name[:40]}@"})
        names[f"C02PT{number}"] = expected
    for number, document in enumerate(_POISON_VALUES, start=910_001):
        add_mac(world, str(number), f"C02PV{number}")
        world.fleet.update_computer(str(number), document)
    # What has no serial number, or more than fits, is no device at all.
    add_mac(world, "920001", f"C02{'X' * 500}")
    add_mac(world, "920002", _NULL)
    world.fleet.update_computer("920001", {"general": {"assetTag": 5}})
    add_mac(world, "920003", "C02REJECTED1", name="BAD name")
    world.execute(_REFUSE)

    world.sync()

    found = devices(world)
    # A list or an object where a text belongs makes a record one that cannot be read; anything else costs a field.
    unreadable = ["910004", "910006"]
    assert len(found) == len(good) + len(_POISON_TEXT) + len(_POISON_VALUES) - len(unreadable)
    for serial_number, expected in names.items():
        if expected is not None:
            assert found[serial_number]["hostname"] == expected
    assert world.history()[-1]["status"] == "partial"
    assert "5 of 75 devices" in last_message(world)
    assert world.counts()["device"].failed == 5
    assert_counts_add_up(world)
    listed = world.query(
        "select distinct jamf_id, is_whole_record from jamf_sync.quarantine where collection = 'computers'"
        " order by jamf_id"
    )
    whole = [row["jamf_id"] for row in listed if row["is_whole_record"]]
    assert whole == [*unreadable, "920001", "920002"]
    assert {row["jamf_id"] for row in listed} - set(whole) == {"900005", "910002", "910005"}
    (refused,) = world.query(
        "select outcome_detail from jamf_sync.change_plan where external_id = '920003' and object_type = 'device'"
    )
    assert refused["outcome_detail"] == "M.O.S.S. does not take it"
    assert_counts_add_up(world)


# 28: two at once, and dead ones ----------------------------------------------------------------------------------


@_ANY_MOSS
def test_failure_28_of_two_runs_at_once_one_gives_way(make_world: WorldMaker) -> None:
    world = make_world(SimulatorConfig(computers=15, users=8, groups=4, oddities=0, seed=28))
    with gate(world, "public.devices") as closed:
        first = SyncProcess()
        closed.wait_for_somebody(first)

        assert not sync_impatiently(world).success

        assert world.history()[-1]["status"] == "failed"
        assert "Another run is applying a plan" in last_message(world)
        closed.open()
        assert first.wait()

    assert [row["status"] for row in world.history()] == ["success", "failed"]
    _assert_as_if_nothing_had_happened(world)


@_RELEASED_MOSS
def test_failure_28_runs_killed_where_they_write_are_made_good_by_the_next(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=15, users=8, groups=4, oddities=0, seed=281))
    for table in (
        *("jamf_sync.raw_jamf", "jamf_sync.change_plan", "public.devices"),
        "public.ios",
    ):
        with gate(world, table) as closed:
            process = SyncProcess()
            closed.wait_for_somebody(process)
            process.kill()
    # Half of it is there, and the world goes on.
    assert devices(world)
    assert world.query("select from integration_sync_history where status = 'in_progress'")
    world.jamf.evolve(EvolveRequest(renames=2, wipes=1, re_enrolments=1))

    assert sync_hurriedly(world).success

    _assert_no_doubles(world)
    _assert_no_history_is_open(world)
    assert {row["status"] for row in world.history()} == {"failed", "success"}
    present = {computer.serial_number for computer in world.fleet.computers.values()}
    found = devices(world)
    assert present <= set(found)
    assert {row["enrollment"] for serial, row in found.items() if serial in present} == {"enrolled"}
    assert_calm(world)


class _OwnServer:
    """A world on a database server of its own, which may be maltreated."""

    def __init__(self, directory: Path, world: World, url: str) -> None:
        self.world, self._directory, self._url = world, directory, url

    @property
    def postmaster(self) -> psutil.Process:
        pid_file = ServerDirectory(self._directory).data / "postmaster.pid"
        return psutil.Process(int(pid_file.read_text(encoding="ascii").split()[0]))

    def kill(self) -> None:
        """SIGKILL to the server and all of its sessions; returns when its supervisor has started it again."""
        postmaster = self.postmaster
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=60)
        connect_when_ready(self._url).close()


@contextmanager
def _own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_OwnServer]:
    """A world of twelve Macs on its own server."""
    config = SimulatorConfig(computers=12, users=6, groups=4, oddities=0, seed=282)
    with tempfile.TemporaryDirectory(prefix="moss-jamf-tests-") as temporary:
        directory = Path(temporary) / "postgres"
        postgres = EmbeddedPostgres(directory, UNSAFE_BUT_FAST)
        try:
            with (
                postgres.connect_lease() as lease,
                SimulatorServer(config) as jamf,
                dg.DagsterInstance.ephemeral() as instance,
            ):
                url = lease.url("moss")
                create_moss(url, STRATEGY)
                monkeypatch.setenv("MOSS_DATABASE_URL", url)
                monkeypatch.setenv("JAMF_BASE_URL", jamf.base_url)
                monkeypatch.setenv("JAMF_CLIENT_ID", jamf.client_id)
                monkeypatch.setenv("JAMF_CLIENT_SECRET", jamf.client_secret)
                with open_world(url, jamf, lambda: instance, STRATEGY) as world:
                    yield _OwnServer(directory, world, url)
        finally:
            postgres.stop()


def test_failure_28_postgresql_killed_during_an_apply_is_made_good_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _own_server(monkeypatch) as server:
        with gate(server.world, "public.devices") as closed:
            process = SyncProcess()
            closed.wait_for_somebody(process)
            server.kill()
            assert not process.wait()

        assert devices(server.world) == {}
        _assert_as_if_nothing_had_happened(server.world)


# A segment of the server's log must fit; a temporary table may not become longer.
_LONGEST_FILE = 17 * 1024**2
_HEAVY_MACS = 160


@contextmanager
def _short_files() -> Iterator[None]:
    """Processes started in here cannot make a file longer than that, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LONGEST_FILE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_failure_28_a_disk_that_is_full_while_pages_are_copied_brings_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ExitStack() as stack:
        with _short_files():
            world = stack.enter_context(_own_server(monkeypatch)).world
        # What does not compress: the pages of such Macs are more than a file may hold.
        heavy = [str(number) for number in range(930_001, 930_001 + _HEAVY_MACS)]
        for number in heavy:
            name = base64.b64encode(Random(number).randbytes(90_000)).decode()
            add_mac(world, number, f"C02{number}", name=name)

        assert not sync_hurriedly(world).success

        assert "could not" in last_message(world)
        assert world.history()[-1]["status"] == "failed"
        assert devices(world) == {}
        assert world.query("select 1 from jamf_sync.raw_jamf where collection = 'computers'") == []
        for number in heavy:
            world.fleet.remove_computer(number)
        _assert_as_if_nothing_had_happened(world)


# 31: big plans -----------------------------------------------------------------------------------------------------

_MANY = 50_000


@_ANY_MOSS
def test_failure_31_a_plan_of_50_000_changes_is_small_by_the_row_and_read_by_the_page(
    make_world: WorldMaker,
) -> None:
    world = make_world(SimulatorConfig(computers=40, users=25, groups=6, seed=31))
    world.sync("plan")
    sizes = world.query(
        "select avg(pg_column_size(change)) as average, max(pg_column_size(change)) as largest"
        " from jamf_sync.change_plan as change"
    )
    assert sizes[0]["average"] < 1_024
    assert sizes[0]["largest"] < 2_048
    # As many as a large company's first import has.
    world.execute(
        """insert into jamf_sync.change_plan
             (plan_id, object_type, object_id, external_type, external_id, label, action, reason, after, rules)
           select plan_id, object_type, gen_random_uuid(), external_type, external_id || '-' || number, label, action,
                  reason, after, rules
           from (select * from jamf_sync.change_plan where object_type = 'device' and action = 'create' limit 1) change
           cross join generate_series(1, %s) as number""",
        [_MANY],
    )
    (plan,) = world.query("select max(plan_id) as plan_id from jamf_sync.plans")

    with world.database.connection() as connection:
        count_outcomes(connection, plan["plan_id"])
        page = page_of_changes(connection, plan["plan_id"], ChangeFilter("device"), limit=50)
        following = page_of_changes(
            connection,
            plan["plan_id"],
            ChangeFilter("device"),
            limit=50,
            after_row=page[-1]["row_id"],
        )
        preview = changes_preview(connection, read_plan(connection, plan["plan_id"]), "device")
        exported = list(islice(all_changes(connection, plan["plan_id"]), 1_500))

    assert (len(page), len(following)) == (50, 50)
    assert page[-1]["row_id"] < following[0]["row_id"]
    assert len(json.dumps(page, default=str)) < 200_000
    assert len(str(preview.value)) < 10_000
    assert len(exported) == 1_500
    assert world.counts()["device"].created > _MANY


# 32: secrets -----------------------------------------------------------------------------------------------------

_SECRET = "s3cr3t-of-the-client"
_PRIVATE = ("10.11.12.13", "local-admin", "recovery-key-1234")


@_ANY_MOSS
def test_failure_32_no_secret_is_recorded_anywhere(
    make_world: WorldMaker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(SimulatorConfig(client_secret=_SECRET), fleet=Fleet())
    furnish(world)
    add_mac(world, "1", "C02SECR00001", user={"username": "jane"})
    world.fleet.update_computer(
        "1",
        {
            "general": {"lastIpAddress": _PRIVATE[0], "lastReportedIp": _PRIVATE[0]},
            "localUserAccounts": [{"username": _PRIVATE[1]}],
            "diskEncryption": {"individualRecoveryKeyValidityStatus": _PRIVATE[2]},
        },
    )
    caplog.set_level("DEBUG")
    world.jamf.set_faults(
        Faults(rejected_tokens=RejectedTokens(path="computers-inventory", count=1))
    )
    world.sync_in_dagster()
    world.jamf.clear_faults()
    world.jamf.set_faults(Faults(removed_privileges=frozenset({"Read Computers"})))
    world.sync_in_dagster(may_fail=True)
    monkeypatch.setenv("JAMF_CLIENT_SECRET", f"{_SECRET}-wrong")
    world.sync_in_dagster(may_fail=True)

    assert "C02SECR00001" in devices(world)
    assert len(world.jamf.simulator.tokens.issued) > 2
    assert places_with_secrets(world, caplog.text, *_PRIVATE) == []


# 34: numbers -----------------------------------------------------------------------------------------------------

_RECORDS = ("devices", "people", "groups")


def _stored(world: World) -> dict[tuple[str, str], str]:
    """Every device, person and group, with the transaction that wrote it last."""
    return {
        (table, str(row["id"])): row["writer"]
        for table in _RECORDS
        for row in world.query(f"select id, xmin::text as writer from public.{table}")
    }


def test_failure_34_the_numbers_are_those_of_the_rows_written(world: World) -> None:
    furnish(world)
    computers = {
        number: add_mac(world, str(number), f"C02ROWS{number:05}", user={"username": "jane"})
        for number in range(1, 7)
    }
    empty = _stored(world)
    world.sync()
    imported = _stored(world)
    first = world.history()[-1]
    assert not empty
    assert first["items_created"] == len(imported) == 6 + 2 + 1
    assert (first["items_updated"], first["items_skipped"], first["items_failed"]) == (0, 0, 0)

    world.execute(
        """create function refuse() returns trigger language plpgsql as
           $$ begin raise exception 'M.O.S.S. does not take it'; end $$"""
    )
    world.execute(
        "create trigger refuse before insert or update on public.devices for each row"
        " when (new.hostname = 'BAD') execute function refuse()"
    )
    computers[1].name = "renamed 1"
    computers[2].operating_system_version = "99.9"
    computers[3].name = "BAD"
    add_mac(world, "7", "C02ROWS00007", user={"username": "new person"})
    add_mac(world, "8", "C02ROWS00007")  # a twin of the one before: one of them is left out
    add_mac(world, "9", "N/A")
    world.fleet.add_group("New group")
    world.sync()
    changed = _stored(world)
    second = world.history()[-1]

    assert second["status"] == "partial"
    assert second["items_created"] == len(changed.keys() - imported.keys()) == 3
    assert second["items_updated"] == 2
    assert second["items_updated"] == sum(
        changed[record] != writer for record, writer in imported.items()
    )
    assert (second["items_skipped"], second["items_failed"]) == (1, 2)
    counts = [world.counts()[name] for name in ("device", "person", "group")]
    assert second["items_processed"] == sum(count.seen for count in counts)
    assert all(count.adds_up for count in counts)
    assert second["error_details"]["objects"]["device"]["failed"] == 2

    world.sync()
    third = world.history()[-1]
    assert _stored(world) == changed
    assert (third["items_created"], third["items_updated"]) == (0, 0)
