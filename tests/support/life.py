"""A world in which things happen, and what must be true of it whatever happens: for properties and for the soak.

What happens is seeded. What must be true is counted rather than asserted, so that a long run can tell how often.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.simulator import EvolutionError, EvolveRequest, SimulatorConfig
from tests.e2e.inventory import devices, insert_device, stored_rows
from tests.support.secrets_found import places_with_secrets
from tests.support.world import Row, World

FLEET: Final = SimulatorConfig(computers=25, users=15, groups=6, oddities=0)
"""Small, so that a sync is short, and clean, so that what JAMF has is what M.O.S.S. must come to have."""

# Fields that only people write once they hold something, by table; the first of each list are filled while empty.
_FILLED: Final = {
    "devices": ("asset_tag", "location_id", "room_id"),
    "people": ("username", "full_name"),
}
_OWNED: Final = {
    "devices": ("device_type", "notes", "status", "warranty_expiration"),
    "people": ("person_type", "notes"),
    "locations": ("name", "notes"),
    "rooms": ("name", "location_id", "notes"),
    "groups": ("notes",),
}

FALSE_UNENROLMENT: Final = "false unenrolments"
OWNED_FIELD: Final = "owned fields changed"
LOST_UPDATE: Final = "lost updates"
DOUBLE: Final = "doubles"
OPEN_HISTORY: Final = "history rows left open"
NEEDLESS_WRITE: Final = "writes of a second calm sync"
WRONG_COUNT: Final = "counts that do not add up"
FAILED_CALM: Final = "calm syncs that failed"
SECRET: Final = "secrets left behind"
RUN_LEFT: Final = "runs left STARTED"
LONG_WAIT: Final = "syncs that waited more than their bound"
HALF_WRITTEN: Final = "rows half-written"
TRACEBACK: Final = "tracebacks"

BROKEN_PROMISES: Final = (
    *(FALSE_UNENROLMENT, OWNED_FIELD, LOST_UPDATE, DOUBLE, OPEN_HISTORY, NEEDLESS_WRITE),
    *(WRONG_COUNT, FAILED_CALM, SECRET, RUN_LEFT, LONG_WAIT, HALF_WRITTEN, TRACEBACK),
)
"""All that is counted."""


@dataclass
class Life:
    """A world, and how often a promise was broken in it.

    Attributes:
        world: where it happens.
        random: chooses what happens to whom.
        broken: promise to how often it was broken.
        details: what was seen, for the first of them.
        deleted: the ids of the devices that a person deleted in M.O.S.S.
    """

    world: World
    random: Random
    broken: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)

    # What happens ------------------------------------------------------------------------------------------------

    def evolve(self) -> None:
        """The fleet changes, as between two syncs."""
        choose = self.random.randrange
        request = EvolveRequest(
            enrolments=choose(3),
            wipes=choose(2),
            re_enrolments=choose(2),
            board_swaps=choose(2),
            reassignments=choose(3),
            renames=choose(3),
            os_updates=choose(3),
            user_changes=choose(2),
            building_renames=choose(2),
            group_changes=choose(4),
            renumber_ids=2 * choose(2),
            replace_hardware=choose(2),
            reuse_username=choose(2),
            share_mailbox=choose(2),
            future_contact=choose(2),
            renumber_groups=2 * choose(2),
            renumber_buildings=2 * choose(2),
            contacts=bool(choose(2)),
            seed=choose(10**6),
        )
        # The fleet may have become too small for it.
        with suppress(EvolutionError):
            self.world.jamf.evolve(request)

    def edit_owned_fields(self) -> None:
        """A person writes into what M.O.S.S. owns."""
        device_id = self._some_device()
        if device_id is not None:
            number = self.random.randrange(10**6)
            self.world.execute(
                "update devices set asset_tag = %s, notes = %s, status = 'repair', device_type = %s,"
                " warranty_expiration = '2030-01-01', location_id = null, room_id = null where id = %s",
                [f"LABEL-{number}", f"by hand {number}", self.world.dialect.other_type, device_id],
            )

    def edit_fields_of_jamf(self) -> None:
        """A person writes into what JAMF owns."""
        device_id = self._some_device()
        if device_id is not None:
            self.world.execute(
                "update devices set hostname = %s, os_version = '0', assigned_to_person_id = null where id = %s",
                [f"edited {self.random.randrange(10**6)}", device_id],
            )
        self.world.execute(
            "update people set job_title = 'edited' where id = (select min(id::text)::uuid from people)"
        )

    def enter_a_device(self) -> None:
        """A person enters a device that JAMF does not know."""
        insert_device(self.world, f"BYHAND{self.random.randrange(10**9)}", notes="ours")

    def delete_a_device(self) -> None:
        """A person deletes a device in M.O.S.S."""
        device_id = self._some_device()
        if device_id is not None:
            self.world.execute("delete from devices where id = %s", [device_id])
            self.deleted.add(device_id)

    def stage_anew(self) -> None:
        """Every typed row looks as if it had been staged by older rules."""
        for collection in COLLECTION_NAMES:
            self.world.execute(f"update jamf_sync.jamf_{collection}_snapshot set staging_rules = 0")

    def _some_device(self) -> str | None:
        known = self.world.query("select id from devices order by serial_number, id")
        return str(self.random.choice(known)["id"]) if known else None

    # What must be true ---------------------------------------------------------------------------------------------

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Whatever a run does in here, it keeps its hands off what M.O.S.S. owns, and calls nobody gone who is not."""
        before = self._owned()
        yield
        after = self._owned()
        for key, values in before.items():
            for name, value in values.items():
                now = after.get(key, values)[name]
                if now != value and not (value is None and name in _FILLED.get(key[0], ())):
                    self._break(OWNED_FIELD, f"{key} {name}: {value!r} became {now!r}")
        # A record behind which another machine stands may still be linked to the one that is gone.
        listed = {computer.serial_number for computer in self.world.fleet.computers.values()}
        for row in self.world.query(
            "select d.serial_number, m.external_id from integration_object_mappings m"
            " join devices d on d.id = m.internal_id"
            " where m.external_type = 'computer' and m.sync_status = 'deleted_external'"
        ):
            if row["serial_number"] in listed:
                self._break(FALSE_UNENROLMENT, f"{row['serial_number']}, {row['external_id']}")
        self._look_for_doubles()

    def settle(self, sync: Callable[[], bool]) -> None:
        """A calm sync brings everything into step and closes every history row; another one finds nothing to do.

        Args:
            sync: runs a sync and says whether it succeeded; nothing may hinder it.
        """
        with self.watched():
            if not sync():
                history = self.world.history()
                self._break(FAILED_CALM, str(history[-1]["error_message"] if history else ""))
        if any(not count.adds_up for count in self.world.counts().values()):
            self._break(WRONG_COUNT, str(self.world.counts()))
        for row in self.world.query(
            "select id from integration_sync_history where status = 'in_progress'"
        ):
            self._break(OPEN_HISTORY, str(row["id"]))
        self._compare_with_jamf()
        self._look_for_halves()
        before = stored_rows(self.world)
        with self.watched():
            sync()
        after = stored_rows(self.world)
        for table, versions in before.items():
            for version in set(versions) ^ set(after[table]):
                self._break(NEEDLESS_WRITE, f"{table} {version}")

    def look_for_secrets(self, log: str = "") -> None:
        """No secret is in any table, event or log."""
        for place, beginning in places_with_secrets(self.world, log):
            self._break(SECRET, f"{place}: {beginning}…")

    def _compare_with_jamf(self) -> None:
        """Every Mac that JAMF manages is there as JAMF has it, unless a person deleted its device, and no other is."""
        found = {str(row["id"]): row for row in devices(self.world).values()}
        links = {
            row["external_id"]: row
            for row in self.world.query(
                "select external_id, internal_id, sync_status from integration_object_mappings"
                " where external_type = 'computer'"
            )
        }
        undecided = {
            row["username"]
            for row in self.world.query(
                "select username from jamf_sync.person_matches where outcome = 'contradicted'"
            )
        }
        # A machine whose device a person deleted stays without one, under whatever id JAMF lists it by now.
        left_out = {
            row["jamf_id"]
            for row in self.world.query(
                "select jamf_id, lost_id::text as lost_id from jamf_sync.device_matches"
                " where outcome = 'deleted_internal'"
            )
            if row["lost_id"] in self.deleted
        }
        for jamf_id, computer in self.world.fleet.computers.items():
            link = links.get(jamf_id)
            if not computer.managed or jamf_id in left_out:
                continue
            row = found.get(str(link["internal_id"])) if link else None
            is_name_taken = any(
                other["hostname"] == computer.name and other["enrollment"] == "unenrolled"
                for other in found.values()
            )
            # What a machine left behind keeps, and M.O.S.S. allows once; who is somebody else's namesake.
            name = row["hostname"] if row and is_name_taken else computer.name
            person = row["person"] if row and computer.username in undecided else computer.username
            wanted = (
                *(name, computer.serial_number, computer.operating_system_version),
                *(person, "enrolled"),
            )
            if row is None:
                self._break(LOST_UPDATE, f"computer {jamf_id} is not there")
            elif (seen := self._as_seen(row)) != wanted:
                self._break(LOST_UPDATE, f"computer {jamf_id}: {seen} is not {wanted}")
        for jamf_id, link in links.items():
            row = found.get(str(link["internal_id"]))
            if (
                jamf_id not in self.world.fleet.computers
                and row
                and row["enrollment"] == "enrolled"
            ):
                self._break(LOST_UPDATE, f"computer {jamf_id} is gone and still enrolled")

    @staticmethod
    def _as_seen(row: Row) -> tuple[object, ...]:
        return tuple(
            row[name]
            for name in ("hostname", "serial_number", "os_version", "person", "enrollment")
        )

    def _look_for_doubles(self) -> None:
        for table, key in (
            ("devices", "upper(serial_number)"),
            ("people", "lower(concat_ws(' ', username, email_address))"),
            ("locations", "lower(name)"),
            ("integration_object_mappings", "external_type || external_id"),
            ("integration_object_mappings", "internal_type || internal_id"),
        ):
            for row in self.world.query(
                f"select {key} as key from {table} group by 1 having count(*) > 1"
            ):
                self._break(DOUBLE, f"{table} {row['key']}")

    def _look_for_halves(self) -> None:
        """What the newest plan says it created is there with its link and its base, or not at all."""
        for row in self.world.query(
            "select change.external_id, change.object_type from jamf_sync.change_plan change"
            " left join integration_object_mappings mapping on mapping.internal_id = change.object_id"
            " left join jamf_sync.applied_values base on base.object_id = change.object_id"
            " where change.plan_id = (select max(plan_id) from jamf_sync.plans where kind = 'sync')"
            " and change.object_type in ('device', 'person', 'group') and change.action = 'create'"
            " and change.outcome = 'applied' and (mapping.id is null or base.object_id is null)"
        ):
            self._break(HALF_WRITTEN, f"{row['object_type']} {row['external_id']}")
        for row in self.world.query(
            "select change.external_id, change.object_type from jamf_sync.change_plan change"
            " join devices device on device.id = change.object_id"
            " where change.plan_id = (select max(plan_id) from jamf_sync.plans where kind = 'sync')"
            " and change.object_type = 'device' and change.action = 'create'"
            " and change.outcome is distinct from 'applied'"
        ):
            self._break(HALF_WRITTEN, f"{row['object_type']} {row['external_id']} was not to be")

    def _owned(self) -> dict[tuple[str, str], Row]:
        owned: dict[tuple[str, str], Row] = {}
        for table, names in _OWNED.items():
            columns = ", ".join((*names, *_FILLED.get(table, ())))
            for row in self.world.query(f"select id, {columns} from {table}"):
                owned[table, str(row.pop("id"))] = row
        return owned

    def broke(self, promise: str, detail: str) -> None:
        """Counts a broken promise that somebody else has seen."""
        self._break(promise, detail)

    def _break(self, promise: str, detail: str) -> None:
        self.broken[promise] += 1
        self.details.append(f"{promise}: {detail}")
