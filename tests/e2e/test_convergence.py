"""Whatever happens in whatever order, syncs converge, and what people wrote into fields of their own stays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from moss_jamf_pipeline.assets.layout import MOSS_CHAIN
from moss_jamf_pipeline.moss.captures import COLLECTIONS
from moss_jamf_pipeline.partitions import slot_key_at
from moss_jamf_pipeline.simulator import EvolutionError, EvolveRequest, SimulatorConfig
from tests.e2e.conftest import separate_world
from tests.e2e.inventory import assert_counts_add_up, devices, mappings, stored_rows
from tests.support.databases import DatabaseServer
from tests.support.world import Row, World

_OWNED = "asset_tag, notes, status, device_type, warranty_expiration, location_id, room_id"


@dataclass
class Life:
    """A world in which things happen, and what a person has written into fields that M.O.S.S. owns."""

    world: World
    written_by_hand: dict[str, Row] = field(default_factory=dict)

    def device_ids(self) -> list[str]:
        """The devices there are, in a lasting order."""
        return [
            str(row["id"])
            for row in self.world.query("select id from devices order by created_at, id")
        ]

    def remember(self, device_id: str) -> None:
        """Notes the owned fields of a device as they are now."""
        (row,) = self.world.query(f"select {_OWNED} from devices where id = %s", [device_id])
        self.written_by_hand[device_id] = row


Happening = Callable[[Life, int], None]


def _sync(life: Life, _: int) -> None:
    life.world.sync()
    assert_counts_add_up(life.world)


def _plan_only(life: Life, _: int) -> None:
    life.world.sync("plan")


def _apply_in_part(life: Life, number: int) -> None:
    """Applies the newest plan up to some asset, as a run that died there."""
    if life.world.query("select 1 from jamf_sync.plans limit 1"):
        life.world.materialize("conflicts", *MOSS_CHAIN[: 1 + number % len(MOSS_CHAIN)])


def _apply_one_asset(life: Life, number: int) -> None:
    if life.world.query("select 1 from jamf_sync.plans limit 1"):
        life.world.materialize(MOSS_CHAIN[number % len(MOSS_CHAIN)])


def _capture_one_collection(life: Life, number: int) -> None:
    collection = COLLECTIONS[number % len(COLLECTIONS)]
    life.world.materialize(f"raw_jamf_{collection}", slot=slot_key_at(datetime.now(UTC)))


def _evolve(life: Life, number: int) -> None:
    request = EvolveRequest(
        enrolments=number % 3,
        wipes=number % 2,
        re_enrolments=number % 3,
        board_swaps=number % 2,
        reassignments=2,
        renames=number % 3,
        os_updates=1,
        user_changes=number % 2,
        building_renames=number % 2,
        group_changes=number % 6,
        contacts=bool(number % 2),
        seed=number,
    )
    try:
        life.world.jamf.evolve(request)
    except EvolutionError:
        return  # the fleet has become too small for it


def _write_owned_fields(life: Life, number: int) -> None:
    known = life.device_ids()
    if not known:
        return
    device_id = known[number % len(known)]
    life.world.execute(
        "update devices set asset_tag = %s, notes = 'by hand', status = 'repair', device_type = 'Other',"
        " warranty_expiration = '2030-01-01', location_id = null, room_id = null where id = %s",
        [f"LABEL-{number}", device_id],
    )
    life.remember(device_id)


def _write_fields_of_jamf(life: Life, number: int) -> None:
    known = life.device_ids()
    if known:
        life.world.execute(
            "update devices set hostname = %s, os_version = '0', assigned_to_person_id = null where id = %s",
            [f"edited {number}", known[number % len(known)]],
        )
    life.world.execute(
        "update people set email_address = 'edited@example.org' where id = (select min(id::text)::uuid from people)"
    )


def _delete_a_device(life: Life, number: int) -> None:
    known = life.device_ids()
    if known:
        device_id = known[number % len(known)]
        life.world.execute("delete from devices where id = %s", [device_id])
        life.written_by_hand.pop(device_id, None)


def _stage_anew(life: Life, _: int) -> None:
    """Makes every typed row look as if staged by older rules."""
    for collection in COLLECTIONS:
        life.world.execute(f"update jamf_sync.jamf_{collection}_snapshot set staging_rules = 0")


_HAPPENINGS: tuple[Happening, ...] = (
    _sync,
    _plan_only,
    _apply_in_part,
    _apply_one_asset,
    _capture_one_collection,
    _evolve,
    _write_owned_fields,
    _write_fields_of_jamf,
    _delete_a_device,
    _stage_anew,
)
_SCRIPTS = st.lists(
    st.tuples(st.sampled_from(_HAPPENINGS), st.integers(0, 20)), min_size=2, max_size=7
)


def _assert_as_jamf_has_it(world: World) -> None:
    """Asserts what JAMF says of every device that is linked to a Mac, and that no serial number came twice."""
    found = devices(world)
    for jamf_id, (device_id, status) in mappings(world, "computer").items():
        if status == "deleted_internal":
            continue
        (row,) = [row for row in found.values() if str(row["id"]) == device_id]
        computer = world.fleet.computers.get(jamf_id)
        assert (
            (computer is None)
            is (status == "deleted_external")
            is (row["enrollment"] == "unenrolled")
        )
        if computer is not None:
            assert (row["hostname"], row["serial_number"]) == (
                computer.name,
                computer.serial_number,
            )
            assert row["person"] == computer.username
    assert len(world.query("select * from devices")) == len(found)


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=_SCRIPTS)
@example(
    script=[
        (_plan_only, 0),
        (_apply_in_part, 2),
        (_evolve, 5),
        (_apply_one_asset, 3),
        (_sync, 0),
        (_evolve, 3),
    ]
)
@example(
    script=[(_sync, 0), (_sync, 0), (_write_owned_fields, 1), (_delete_a_device, 2), (_write_fields_of_jamf, 3),
            (_evolve, 5), (_sync, 0), (_stage_anew, 0)]
)  # fmt: skip
def test_any_course_of_events_converges(
    postgres_server: DatabaseServer, template_database: str, script: list[tuple[Happening, int]]
) -> None:
    config = SimulatorConfig(computers=25, users=15, groups=6, oddities=0, seed=21)
    with separate_world(postgres_server, template_database, config) as world:
        life = Life(world)
        for happening, number in script:
            happening(life, number)

        world.sync()
        assert_counts_add_up(world)
        _assert_as_jamf_has_it(world)
        before = stored_rows(world)
        world.sync()

        assert stored_rows(world) == before
        assert_counts_add_up(world)
        for device_id, row in life.written_by_hand.items():
            assert world.query(f"select {_OWNED} from devices where id = %s", [device_id]) == [row]
