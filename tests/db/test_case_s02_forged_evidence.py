"""S2: what a role of the pipeline may write proves nothing (docs/security.md).

Every function that acts with its owner's rights is asked to do what it must not, with everything forged that a role can
forge.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.contract.installation import READER, WRITER, Role
from moss_jamf_pipeline.moss.contract.roles import LEDGER, OF_THE_COMPANION, take_on
from moss_jamf_pipeline.moss.contract.schema import prepare
from moss_jamf_pipeline.moss.plan.planning import Plan
from tests.db.support import Bench, Row, rows_of, second_server
from tests.support.contract import ROLES, as_role, role_of

pytestmark = pytest.mark.every_dialect

# Every function that acts with its owner's rights, and which roles may call it.
_CALLERS: Final[Mapping[str, tuple[Role, ...]]] = {
    "jamf_sync.delete_rows_of_plans": (),
    "jamf_sync.refresh_statistics": (READER, WRITER),
    "moss_contract.active_encryption_key": (READER,),
    "moss_contract.add_group_members": (WRITER,),
    "moss_contract.announce_creations": (WRITER,),
    "moss_contract.carry_out_decisions": (WRITER,),
    "moss_contract.delete_created": (WRITER,),
    "moss_contract.delete_link": (WRITER,),
    "moss_contract.fill_empty": (WRITER,),
    "moss_contract.follow_default": (WRITER,),
    "moss_contract.forget_ledger": (READER,),
    "moss_contract.keep_encryption_key": (),
    "moss_contract.lock_interfaces": (WRITER,),
    "moss_contract.note_creations": (WRITER,),
    "moss_contract.note_integration": (WRITER,),
    "moss_contract.note_links_made": (WRITER,),
    "moss_contract.note_writing": (WRITER,),
    "moss_contract.overwrite_interfaces": (WRITER,),
    "moss_contract.references_to": (),
    "moss_contract.remove_group_members": (WRITER,),
    "moss_contract.renew_attribute_fields": (WRITER,),
    "moss_contract.restore_owned": (WRITER,),
    "moss_contract.share_group_members": (WRITER,),
    "moss_contract.succeed_integration": (WRITER,),
    "moss_contract.write_decided": (WRITER,),
}
_forged: set[str] = set()
TestT = TypeVar("TestT")


def forging(*functions: str) -> Callable[[TestT], TestT]:
    """Says of a test which functions it asks, with forged evidence, for what they must not do."""
    _forged.update(functions)
    return lambda test: test


@contextmanager
def acting_as(bench: Bench, role: Role) -> Iterator[None]:
    """The same connection under a role; what it did stays."""
    with bench.connection.transaction():
        take_on(bench.connection, role, for_transaction=True)
        yield
        bench.execute("set local role none")


@contextmanager
def refused(bench: Bench, role: Role) -> Iterator[None]:
    """Statements under a role, the last of which raises; what they did is rolled back."""
    with pytest.raises(psycopg.Error) as caught, as_role(bench.connection, role):
        yield
    assert caught.value.sqlstate in {"42501", "P0001"}, caught.value


def ask(bench: Bench, function: str, *before: Any, row: Row) -> list[Any]:
    """Has a function do what a row of a plan asks for."""
    arguments = (*before, row["plan_id"], row["row_id"], row["row_id"])
    return _call(bench, function, *arguments)


def _call(bench: Bench, function: str, *arguments: Any) -> list[Any]:
    statement = sql.SQL("select * from {}({})").format(
        sql.Identifier("moss_contract", function), sql.SQL(", ").join(map(sql.Literal, arguments))
    )
    return [next(iter(row.values())) for row in bench.query(statement)]


def _written(bench: Bench) -> list[dict[str, str]]:
    """Every row version of M.O.S.S. that a function could have written."""
    return [rows_of(bench, table) for table in bench.dialect.synced_tables]


def _revert(bench: Bench, undone: Plan, **options: Any) -> Plan:
    return make_revert_plan(
        bench.connection, bench.integration, undone.plan_id, run_id="a-revert", **options
    )


def _everything_forged(bench: Bench, object_type: str, object_id: UUID, **values: Any) -> None:
    """Puts into every table that a role may write what would prove that the sync made and wrote an object."""
    for action in ("create", "update", "link"):
        bench.made_up_row(
            object_type=object_type,
            object_id=object_id,
            action=action,
            before=dict.fromkeys(values),
            after=values,
            outcome="applied",
            external_type="computer",
            external_id="1",
        )
        # As if it had been written when M.O.S.S. says that the object was.
        bench.execute(
            "update jamf_sync.change_plan set applied_at = now() where object_id = %s", object_id
        )
    bench.execute(
        """insert into jamf_sync.applied_values (integration_id, object_type, object_id, values)
           values (%s, %s, %s, %s)
           on conflict (integration_id, object_type, object_id) do update set values = excluded.values""",
        *(bench.integration.id, object_type, object_id, Jsonb(values)),
    )
    bench.execute(
        """insert into jamf_sync.field_ownership
             (integration_id, object_type, field, owner, on_create, on_update, on_null, records_conflict, why)
           select %s, %s, field, 'JAMF', 'write', 'overwrite', 'clear', false, ''
           from unnest(%s::text[]) as field
           on conflict do nothing""",
        *(bench.integration.id, object_type, list(values)),
    )


# -- who may do what --------------------------------------------------------------------------------


def test_case_s02_every_function_that_acts_for_its_owner_is_tried_with_forged_evidence(
    rolled_back: psycopg.Connection,
) -> None:
    found = rolled_back.execute(
        """select routine.pronamespace::regnamespace || '.' || routine.proname
           from pg_proc as routine
           where routine.prosecdef and routine.pronamespace <> all (
             array['pg_catalog', 'information_schema']::regnamespace[])
           order by 1"""
    ).fetchall()
    assert [name for (name,) in found] == sorted(_CALLERS)
    assert _forged == set(_CALLERS)


def test_case_s02_each_is_closed_to_everybody_but_the_role_that_needs_it(
    rolled_back: psycopg.Connection,
) -> None:
    roles: dict[str, str] = {role: role_of(rolled_back, role) for role in ROLES}
    found = rolled_back.execute(
        """select routine.pronamespace::regnamespace || '.' || routine.proname, routine.proconfig,
                  routine.proowner = namespace.nspowner,
                  has_function_privilege('public', routine.oid, 'EXECUTE'),
                  has_function_privilege(%(reader)s, routine.oid, 'EXECUTE'),
                  has_function_privilege(%(writer)s, routine.oid, 'EXECUTE')
           from pg_proc as routine join pg_namespace as namespace on namespace.oid = routine.pronamespace
           where routine.prosecdef and namespace.nspname in ('jamf_sync', 'moss_contract')""",
        roles,
    ).fetchall()
    for name, settings, is_owners, for_all, for_the_reader, for_the_writer in found:
        assert "search_path=pg_catalog, pg_temp" in settings, name
        assert (is_owners, for_all) == (True, False), name
        may = {READER: for_the_reader, WRITER: for_the_writer}
        assert tuple(role for role in ROLES if may[role]) == _CALLERS[name], name


@pytest.mark.parametrize("role", ROLES)
def test_case_s02_the_roles_write_no_table_that_proves_something(
    rolled_back: psycopg.Connection, role: Role
) -> None:
    found = rolled_back.execute(
        """select relation.relname
           from pg_class as relation
           where relation.relnamespace = 'jamf_sync'::regnamespace and relation.relkind in ('r', 'p', 'v')
             and not has_table_privilege(%s, relation.oid, 'INSERT')
             and not has_table_privilege(%s, relation.oid, 'UPDATE')
             and not has_table_privilege(%s, relation.oid, 'DELETE')""",
        [role_of(rolled_back, role)] * 3,
    ).fetchall()
    assert {name for (name,) in found} == {
        *(*LEDGER, "schema_migrations", "decisions"),
        *OF_THE_COMPANION,
    }
    for table in LEDGER:
        for verb in ("TRUNCATE", "REFERENCES", "TRIGGER"):
            assert rolled_back.execute(
                "select has_table_privilege(%s, %s, %s)",
                (role_of(rolled_back, role), f"jamf_sync.{table}", verb),
            ).fetchone() == (False,)
    for schema in ("jamf_sync", "moss_contract"):
        assert rolled_back.execute(
            "select has_schema_privilege(%s, %s, 'CREATE')", (role_of(rolled_back, role), schema)
        ).fetchone() == (False,)


@forging("moss_contract.active_encryption_key", "moss_contract.keep_encryption_key")
@forging("moss_contract.references_to", "jamf_sync.delete_rows_of_plans")
def test_case_s02_what_a_role_has_no_business_with_it_cannot_call(trial: Bench) -> None:
    calls = (
        (WRITER, "select moss_contract.active_encryption_key()"),
        *((role, "select moss_contract.keep_encryption_key('mine')") for role in ROLES),
        *(
            (
                role,
                "select moss_contract.references_to('public.devices', gen_random_uuid(), 'device', gen_random_uuid())",
            )
            for role in ROLES
        ),
    )
    for role, statement in calls:
        with refused(trial, role):
            trial.execute(statement)
    for role in ROLES:
        with refused(trial, role):
            # A trigger of a role's own table would have it delete the rows of plans that this table names.
            trial.execute("create temporary table deleted_plans (plan_id bigint)")
            trial.execute(
                """create trigger mine after delete on deleted_plans referencing old table as deleted_plans
                   for each statement execute function jamf_sync.delete_rows_of_plans()"""
            )


def test_case_s02_the_reader_calls_nothing_that_writes_moss(trial: Bench) -> None:
    row = trial.made_up_row(object_id=trial.device())
    span = (row["plan_id"], row["row_id"], row["row_id"])
    calls: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("restore_owned", "delete_link", "delete_created"), (row["row_id"],)),
        **dict.fromkeys(("announce_creations", "note_writing", "fill_empty"), ("device", *span)),
        **dict.fromkeys(("add_group_members", "remove_group_members", "share_group_members"), span),
        "carry_out_decisions": (row["plan_id"], "device", *span[1:]),
        **dict.fromkeys(("follow_default", "overwrite_interfaces"), span),
        "note_creations": ("device",),
        "lock_interfaces": ([uuid4()],),
        "write_decided": ("device", uuid4(), "asset_tag", "MINE"),
        "note_integration": (uuid4(), "https://jamf.example.org"),
        "note_links_made": (uuid4(),),
        "renew_attribute_fields": (uuid4(),),
        "succeed_integration": (uuid4(), uuid4()),
    }
    theirs = {name for name, roles in _CALLERS.items() if roles == (WRITER,)}
    assert {f"moss_contract.{name}" for name in calls} == theirs
    for name, arguments in calls.items():
        with refused(trial, READER):
            _call(trial, name, *arguments)


@forging("jamf_sync.refresh_statistics")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "table", ["public.devices", "pg_temp.captures", "moss_contract.vocabulary"]
)
def test_case_s02_statistics_are_of_our_own_tables_only(
    trial: Bench, role: Role, table: str
) -> None:
    with refused(trial, role):
        trial.execute("create temporary table captures (id integer)")
        trial.execute(f"select jamf_sync.refresh_statistics('{table}')")


# -- values that M.O.S.S. owns ----------------------------------------------------------------------


@forging("moss_contract.restore_owned")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_moss_own_value_is_not_restored_over_by_what_a_plan_says(
    trial: Bench, forger: Role
) -> None:
    person = trial.person(full_name="Grace", username="grace")
    device = trial.device(serial_number="C02ABC", asset_tag="MINE")
    before = _written(trial)
    with acting_as(trial, forger):
        _everything_forged(trial, "device", device, asset_tag="MINE")
        _everything_forged(trial, "person", person, username="grace")
        rows = [
            trial.made_up_row(
                object_id=device,
                reason="reverted",
                before={"asset_tag": "MINE"},
                after={"asset_tag": "YOURS"},
            ),
            trial.made_up_row(
                object_type="person",
                object_id=person,
                reason="reverted",
                before={"username": "grace"},
                after={"username": "eve"},
            ),
        ]
    for row in rows:
        with refused(trial, WRITER):
            _call(trial, "restore_owned", row["row_id"])
    assert _written(trial) == before


def _filled_by_the_sync(bench: Bench) -> tuple[UUID, Plan]:
    """A device of M.O.S.S.'s whose asset tag the sync filled, and the plan in which it did."""
    device = bench.device(serial_number="C02ABC", hostname="mac-1")
    bench.computer("1", "C02ABC", hostname="mac-1", asset_tag="IT-1")
    plan = bench.sync()
    assert _tag(bench) == "IT-1"
    return device, plan


def _tag(bench: Bench) -> Any:
    return bench.value("select asset_tag from devices where serial_number = 'C02ABC'")


def test_case_s02_the_plan_of_a_revert_is_of_no_use_a_second_time(trial: Bench) -> None:
    """Replaying an old plan: what it put back is M.O.S.S.'s again, and what it wrote no longer the sync's."""
    device, plan = _filled_by_the_sync(trial)
    revert = _revert(trial, plan, object_id=device)
    (row,) = trial.query(
        """select row_id, plan_id, before, after from jamf_sync.change_plan
           where plan_id = %s and object_type = 'device' and after ? 'asset_tag'""",
        revert.plan_id,
    )
    trial.apply(revert)
    assert _tag(trial) is None
    for tag in (None, "IT-1", "OURS"):
        # Empty, as the sync wrote it once, and as a person did meanwhile.
        trial.execute("update devices set asset_tag = %s where id = %s", tag, device)
        with acting_as(trial, WRITER):
            again = trial.made_up_row(
                object_id=device, reason="reverted", before=row["before"], after=row["after"]
            )
            flipped = trial.made_up_row(
                object_id=device, reason="reverted", before=row["after"], after=row["before"]
            )
        for forged in (again, flipped):
            with refused(trial, WRITER):
                _call(trial, "restore_owned", forged["row_id"])
        assert _tag(trial) == tag


def test_case_s02_a_chain_that_a_person_broke_proves_nothing(trial: Bench) -> None:
    """The sync filled the field, a person changed it and a decision took JAMF's value: only that may be undone."""
    device, _ = _filled_by_the_sync(trial)
    trial.execute("update devices set asset_tag = 'OURS' where id = %s", device)
    trial.execute(
        """insert into jamf_sync.conflicts
             (integration_id, object_type, object_id, kind, field, jamf_value, moss_value, detail,
              status, opened_by_plan, resolution, resolved_by, resolved_at)
           values (%s, 'device', %s, 'owned_field_differs', 'asset_tag', 'IT-1', 'OURS', '',
                   'resolved', 1, 'take_jamf', 'ada', now())""",
        *(trial.integration.id, device),
    )
    with acting_as(trial, WRITER):
        assert _call(trial, "write_decided", "device", device, "asset_tag", "IT-1") == [True]
        emptying, restoring = (
            trial.made_up_row(object_id=device, reason="reverted", after={"asset_tag": former})
            for former in (None, "OURS")
        )
    with refused(trial, WRITER):
        _call(trial, "restore_owned", emptying["row_id"])
    assert _tag(trial) == "IT-1"
    with acting_as(trial, WRITER):
        _call(trial, "restore_owned", restoring["row_id"])
    assert _tag(trial) == "OURS"


@forging("moss_contract.fill_empty")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_only_what_is_empty_is_filled_whatever_a_plan_says(
    trial: Bench, forger: Role
) -> None:
    here, there = trial.location("Here"), trial.location("There")
    device = trial.device(asset_tag="MINE", location_id=here)
    person = trial.person(full_name="Grace", username="grace")
    elsewhere = str(trial.room(there, "Elsewhere"))
    before = _written(trial)
    with acting_as(trial, forger):
        _everything_forged(trial, "device", device, asset_tag="MINE")
        after = {"asset_tag": "YOURS", "location_id": str(there), "room_id": elsewhere}
        rows = {
            "device": trial.made_up_row(object_id=device, before={"asset_tag": None}, after=after),
            "person": trial.made_up_row(
                object_type="person", object_id=person, after={"username": "eve"}
            ),
        }
    with acting_as(trial, WRITER):
        for object_type, row in rows.items():
            ask(trial, "fill_empty", object_type, row=row)
    assert _written(trial) == before
    assert trial.query("select * from jamf_sync.owned_writes") == []


@forging("moss_contract.renew_attribute_fields")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_a_custom_field_of_moss_is_not_described_anew(trial: Bench, forger: Role) -> None:
    trial.execute(
        "insert into public.custom_fields (object_type, field_name, field_label, field_type)"
        " values ('device', 'cost_centre', 'Cost centre', 'text'), ('device', 'jamf_ea_7', 'Old', 'text')"
    )
    with acting_as(trial, forger):
        for definition, name in (("6", "cost_centre"), ("7", "jamf_ea_7")):
            trial.execute(
                """insert into jamf_sync.extension_attributes
                     (integration_id, record_type, definition_id, name, data_type, input_type, is_multi_valued,
                      is_enabled, choices, is_mapped, field_name, label, field_type, is_adopted)
                   values (%s, 'computer', %s, 'forged', 'STRING', 'TEXT', false, true, '{}', true, %s,
                           'Forged', 'number', false)""",
                *(trial.integration.id, definition, name),
            )
    with acting_as(trial, WRITER):
        trial.query("select moss_contract.renew_attribute_fields(%s)", trial.integration.id)
    labels = trial.query(
        "select field_name, field_label from public.custom_fields"
        " where field_name in ('cost_centre', 'jamf_ea_7') order by 1"
    )
    assert [row["field_label"] for row in labels] == ["Cost centre", "Forged"]
    with refused(trial, WRITER):
        trial.execute("update public.custom_fields set field_label = 'Forged'")


@forging("moss_contract.follow_default")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_a_kind_that_merely_equals_a_default_is_moss_own(
    trial: Bench, forger: Role
) -> None:
    device = trial.device(device_type=trial.dialect.laptop)
    (wanted,) = trial.query(
        "select accepted from moss_contract.vocabulary where domain = 'device_type' and canonical = 'mobile_device'"
    )
    before = _written(trial)
    with acting_as(trial, forger):
        _everything_forged(trial, "device", device, device_type=trial.dialect.laptop)
        row = trial.made_up_row(object_id=device, after={"device_type": wanted["accepted"]})
    with acting_as(trial, WRITER):
        assert ask(trial, "follow_default", row=row) == [row["row_id"]]
    assert _written(trial) == before


@forging("moss_contract.write_decided")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_what_nobody_decided_is_not_written(trial: Bench, forger: Role) -> None:
    device = trial.device(asset_tag="MINE")
    opened = """insert into jamf_sync.conflicts
                  (integration_id, object_type, object_id, kind, field, jamf_value, moss_value,
                   detail, opened_by_plan{})
                select integration_id, 'device', %s, 'owned_field_differs', 'asset_tag', 'YOURS', 'MINE', '', 1{}
                from jamf_sync.captures limit 1"""
    decided = (
        ", status, resolution, resolved_by, resolved_at",
        ", 'resolved', 'take_jamf', 'ada', now()",
    )
    with refused(trial, forger):
        trial.execute(opened.format(*decided), device)
    with acting_as(trial, forger):
        # Only a person answers what a role asks.
        trial.execute(opened.format("", ""), device)
    with refused(trial, forger):
        trial.execute(
            """update jamf_sync.conflicts
               set status = 'resolved', resolution = 'take_jamf', resolved_by = 'ada', resolved_at = now()"""
        )
    with acting_as(trial, WRITER):
        assert _call(trial, "write_decided", "device", device, "asset_tag", "YOURS") == [False]
    assert trial.value("select asset_tag from devices") == "MINE"
    trial.execute(
        """update jamf_sync.conflicts
           set status = 'resolved', resolution = 'take_jamf', resolved_by = 'ada', resolved_at = now()"""
    )
    with acting_as(trial, forger):
        for statement in (
            "update jamf_sync.conflicts set jamf_value = 'ANYTHING'",
            "delete from jamf_sync.conflicts",
        ):
            assert trial.execute(statement) == 0
    with acting_as(trial, WRITER):
        assert _call(trial, "write_decided", "device", device, "asset_tag", "ANYTHING") == [False]
        assert _call(trial, "write_decided", "device", device, "notes", "YOURS") == [False]
        assert _call(trial, "write_decided", "device", device, "asset_tag", "YOURS") == [True]


@forging("moss_contract.carry_out_decisions")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_a_decision_is_over_only_when_moss_shows_it(trial: Bench, forger: Role) -> None:
    device = trial.linked_device("1", serial_number="C02ABC", asset_tag="MINE", hostname="theirs")
    decide = """insert into jamf_sync.conflicts
                  (integration_id, object_type, object_id, external_type, external_id, kind, field, jamf_value,
                   moss_value, detail, status, opened_by_plan, resolution, resolved_by, resolved_at)
                values (%s, 'device', %s, 'computer', '1', %s, %s, %s, %s, '', 'resolved', 1, %s, 'ada', now())"""
    for kind, field, jamf_value, moss_value, resolution in (
        ("owned_field_differs", "asset_tag", "YOURS", "MINE", "take_jamf"),
        ("human_edit_overwritten", "hostname", "theirs", "ours", "keep_moss"),
        ("serial_not_linked", "serial_number", "C02ABC", "C02ABC", "keep_moss"),
    ):
        values = (trial.integration.id, device, kind, field, jamf_value, moss_value, resolution)
        trial.execute(decide, *values)
    with acting_as(trial, forger):
        rows = [
            trial.made_up_row(
                object_id=device,
                after={"asset_tag": "YOURS", "hostname": "ours"},
                rules={"asset_tag": "decided_take_jamf", "hostname": "decided_keep_moss"},
            ),
            trial.made_up_row(
                object_type="mapping",
                label="device",
                object_id=device,
                action="unlink",
                external_type="computer",
                external_id="1",
            ),
        ]
    with acting_as(trial, WRITER):
        for row, object_type in zip(rows, ("device", "mapping"), strict=True):
            arguments = (row["plan_id"], object_type, row["row_id"], row["row_id"])
            _call(trial, "carry_out_decisions", *arguments)
    counted = """select count(*) from jamf_sync.conflicts
                 where status = 'resolved' and carried_out_by_plan is null"""
    assert trial.value(counted) == 3


@forging("moss_contract.overwrite_interfaces", "moss_contract.lock_interfaces")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_an_interface_that_a_person_made_is_not_changed(
    trial: Bench, forger: Role
) -> None:
    interface = trial.interface(trial.device(), "AC:BB:CC:DD:EE:01")
    before = _written(trial)
    with acting_as(trial, forger):
        _everything_forged(trial, "io", interface, interface_name="en0")
        row = trial.made_up_row(
            object_type="io", object_id=interface, after={"interface_name": "mine"}
        )
    with acting_as(trial, WRITER):
        # Having locked it, the role has no more rights than before.
        assert _call(trial, "lock_interfaces", [interface]) == [interface]
        assert ask(trial, "overwrite_interfaces", row=row) == [row["row_id"]]
    with refused(trial, forger):
        trial.execute("update public.ios set interface_name = 'mine'")
    assert _written(trial) == before


# -- objects and links -----------------------------------------------------------------------------


@forging("moss_contract.delete_created", "moss_contract.announce_creations")
@forging("moss_contract.note_creations")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_what_a_person_made_is_not_deleted_whatever_a_plan_says(
    trial: Bench, forger: Role
) -> None:
    location = trial.location("Here")
    made = {
        "location": location,
        "room": trial.room(location, "Room"),
        "person": trial.person(full_name="Grace"),
        "device": trial.device(hostname="by-hand"),
        "io": trial.interface(trial.device(), "AC:BB:CC:DD:EE:01"),
        "group": trial.moss_group("Board", group_type="custom"),
    }
    before = _written(trial)
    with acting_as(trial, forger):
        asking = {}
        for object_type, object_id in made.items():
            _everything_forged(trial, object_type, object_id)
            given = {"object_type": object_type, "object_id": object_id}
            asking[object_type] = (
                trial.made_up_row(**given, action="create"),
                trial.made_up_row(**given, action="delete", reason="reverted"),
            )
    for object_type, (creating, deleting) in asking.items():
        with refused(trial, WRITER):
            # It is there before it is announced, so touching it in between does not make it the sync's.
            ask(trial, "announce_creations", object_type, row=creating)
            if object_type == "device":
                trial.execute(
                    "update public.devices set hostname = hostname where id = %s",
                    made[object_type],
                )
            _call(trial, "note_creations", object_type)
            _call(trial, "delete_created", deleting["row_id"])
    assert _written(trial) == before


@forging("moss_contract.forget_ledger")
def test_case_s02_the_ledger_of_what_is_there_is_not_forgotten_whatever_a_role_deletes(
    trial: Bench,
) -> None:
    """Without it the sync could undo less; of what is gone, nothing is left to be proven."""
    trial.user("1", username="user1")
    trial.computer_group("7", "Lab")
    trial.computer("1", hostname="mac-1", username="user1", static_group_ids=["7"])
    trial.device(serial_number="C02ABC", hostname="mac-2")
    trial.computer("2", "C02ABC", hostname="mac-2", asset_tag="IT-2")
    trial.sync()
    tables = ("created_objects", "owned_writes", "group_member_additions")
    before = [rows_of(trial, f"jamf_sync.{table}") for table in tables]
    assert all(before)
    with as_role(trial.connection, READER):
        trial.execute("delete from jamf_sync.plans")
        trial.execute("delete from jamf_sync.applied_values")
        trial.execute("create temporary table devices (id uuid)")
        trial.execute(
            "create function pg_temp.devices() returns setof uuid language sql as 'select null::uuid'"
        )
        trial.execute("set local search_path = pg_temp, public")
        assert _call(trial, "forget_ledger") == [0]
    assert [rows_of(trial, f"jamf_sync.{table}") for table in tables] == before
    with refused(trial, WRITER):
        _call(trial, "forget_ledger")


def test_case_s02_what_was_announced_and_not_made_is_not_the_syncs(bench: Bench) -> None:
    """A person may enter an object later under an id that somebody announced."""
    object_id = uuid4()
    with acting_as(bench, WRITER):
        row = bench.made_up_row(object_id=object_id, action="create")
        ask(bench, "announce_creations", "device", row=row)
    bench.execute(
        "insert into devices (id, hostname, device_type) values (%s, 'by-hand', %s)",
        *(object_id, bench.dialect.laptop),
    )
    with acting_as(bench, WRITER):
        _call(bench, "note_creations", "device")
        ask(bench, "announce_creations", "device", row=row)
        _call(bench, "note_creations", "device")
    assert bench.query("select * from jamf_sync.created_objects") == []
    assert bench.query("select * from jamf_sync.creations_under_way") == []


@forging("moss_contract.note_writing")
@pytest.mark.parametrize("is_noted", [True, False])
def test_case_s02_a_change_of_a_person_is_not_covered_up_by_a_later_one(
    bench: Bench, is_noted: bool
) -> None:
    bench.computer("1", "C02ABC", hostname="mac-1")
    bench.sync()
    device = bench.value("select id from devices")
    bench.execute("update devices set notes = 'a person''s', warranty_expiration = '2030-01-01'")
    with acting_as(bench, WRITER):
        row = bench.made_up_row(object_id=device, after={"hostname": "mac-2"})
        if is_noted:
            ask(bench, "note_writing", "device", row=row)
        bench.execute("update public.devices set hostname = 'mac-2' where id = %s", device)
        _everything_forged(bench, "device", device)
        deleting = bench.made_up_row(object_id=device, action="delete", reason="reverted")
    with acting_as(bench, WRITER):
        (why,) = _call(bench, "delete_created", deleting["row_id"])
    assert why == "It stays: somebody changed it in M.O.S.S. since it was created."


def test_case_s02_a_change_of_a_person_after_ours_keeps_the_object(bench: Bench) -> None:
    """A neighbour: the sync wrote it again, with all that belongs to it, and then a person did."""
    bench.computer("1", "C02ABC", hostname="mac-1")
    created = bench.sync()
    bench.computer("1", "C02ABC", hostname="mac-2")
    bench.sync()
    bench.execute("update devices set notes = 'a person''s'")
    bench.computer("1", "C02ABC", hostname="mac-3")
    bench.sync()
    bench.apply(_revert(bench, created))
    assert bench.value("select hostname from devices") == "mac-3"


@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_what_a_link_and_our_own_marks_say_proves_nothing(
    trial: Bench, forger: Role
) -> None:
    """A neighbour: the link's document, and the mark of what the sync created, say that the device is ours."""
    device = trial.linked_device("1", serial_number="C02ABC", asset_tag="MINE")
    forged = Jsonb({"imported_from_jamf": "true", "_moss": {"imported": True}, "assetTag": "MINE"})
    with suppress(psycopg.errors.InsufficientPrivilege), acting_as(trial, forger):
        trial.execute("update public.integration_object_mappings set external_data = %s", forged)
    with suppress(psycopg.errors.InsufficientPrivilege), acting_as(trial, forger):
        trial.execute(
            sql.SQL(
                "insert into {} (object_type, object_id, field_name, value) values ('person', %s, %s, 'true')"
            ).format(sql.Identifier(*trial.dialect.custom_field_values.split("."))),
            *(device, "imported_from_jamf"),
        )
    with acting_as(trial, WRITER):
        deleting = trial.made_up_row(object_id=device, action="delete", reason="reverted")
        restoring = trial.made_up_row(
            object_id=device,
            reason="reverted",
            before={"asset_tag": "MINE"},
            after={"asset_tag": None},
        )
    for function, row in (("delete_created", deleting), ("restore_owned", restoring)):
        with refused(trial, WRITER):
            _call(trial, function, row["row_id"])


@forging("moss_contract.delete_link")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_no_link_of_another_kind_of_integration_is_deleted(
    trial: Bench, forger: Role
) -> None:
    device = trial.device()
    other = trial.value(
        "insert into public.integration_configs (integration_type, name) values ('okta', 'Okta') returning id"
    )
    trial.mapping("computer", "1", "device", device, integration_config_id=other)
    own = trial.linked_device("2")
    with acting_as(trial, forger):
        plan = trial.value(
            """insert into jamf_sync.plans (integration_id, run_id, object_types, captures)
               values (%s, 'made up', '{device}', '{}') returning plan_id""",
            other,
        )
        _everything_forged(trial, "device", device)
        given = {"object_type": "mapping", "label": "device", "external_type": "computer"}
        asking = (
            trial.made_up_row(
                **given, plan_id=plan, object_id=device, external_id="1", action="unlink"
            ),
            # One that no row of the log made and nobody declined.
            trial.made_up_row(**given, object_id=own, external_id="2", action="unlink"),
        )
    with acting_as(trial, WRITER):
        for row in asking:
            assert _call(trial, "delete_link", row["row_id"]) == [False]
    assert trial.value("select count(*) from public.integration_object_mappings") == 2


# -- members of groups -----------------------------------------------------------------------------


def _asked_member(bench: Bench, group: UUID, member: UUID, **columns: Any) -> Row:
    """A row of a plan that asks for a member; a person to be added unless it says otherwise."""
    given = {"external_type": "person", "action": "add", **columns}
    return bench.made_up_row(
        object_type="group_member", object_id=group, external_id=str(member), **given
    )


def _members(bench: Bench) -> set[tuple[UUID, UUID | None, UUID | None]]:
    rows = bench.query("select group_id, person_id, device_id from group_members")
    return {(row["group_id"], row["person_id"], row["device_id"]) for row in rows}


@forging("moss_contract.add_group_members")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_nobody_joins_a_group_that_is_not_jamfs(trial: Bench, forger: Role) -> None:
    person, device = trial.person(), trial.device()
    board = trial.moss_group("Board", group_type="security")
    smart = trial.moss_group("[JAMF] Smart", group_type=trial.dialect.smart_group)
    trial.mapping("computer_group", "7", "group", smart)
    linked = trial.moss_group("[JAMF] Lab", group_type="custom")
    trial.mapping("computer_group", "8", "group", linked)
    with acting_as(trial, forger):
        rows = [_asked_member(trial, group, person) for group in (board, smart)]
        rows += [
            _asked_member(trial, group, device, external_type="device") for group in (board, smart)
        ]
        rows += [
            _asked_member(trial, linked, uuid4()),
            _asked_member(trial, linked, device),
            _asked_member(trial, linked, person, external_type="anything"),
        ]
    with acting_as(trial, WRITER):
        for row in rows:
            assert ask(trial, "add_group_members", row=row) == [row["row_id"]]
    assert _members(trial) == set()
    assert trial.query("select * from jamf_sync.group_member_additions") == []


@pytest.mark.dialects("release")
@pytest.mark.parametrize("forger", ROLES)
@pytest.mark.parametrize("granted", ["role_assignments", "object_permissions"])
def test_case_s02_nobody_joins_a_group_that_grants_rights(
    trial: Bench, forger: Role, granted: str
) -> None:
    person = trial.person()
    group = trial.moss_group("[JAMF] Lab", group_type="custom")
    trial.mapping("computer_group", "7", "group", group)
    if granted == "role_assignments":
        trial.execute(
            """with role as (insert into public.roles (role_name) values ('admin') returning id)
               insert into public.role_assignments (role_id, group_id) select id, %s from role""",
            group,
        )
    else:
        trial.execute(
            """insert into public.object_permissions (group_id, object_type, object_id, permission_type)
               values (%s, 'device', gen_random_uuid(), 'edit')""",
            group,
        )
    allow = """update public.integration_configs
               set sync_settings = '{"add_members_to_privileged_groups": true}'"""
    with refused(trial, forger):
        trial.execute(allow)
    with acting_as(trial, forger):
        row = _asked_member(trial, group, person)
    with acting_as(trial, WRITER):
        assert ask(trial, "add_group_members", row=row) == [row["row_id"]]
    assert _members(trial) == set()
    # Who may change M.O.S.S.'s settings may allow it.
    trial.execute(allow)
    with acting_as(trial, WRITER):
        assert ask(trial, "add_group_members", row=row) == []
    assert _members(trial) == {(group, person, None)}


@forging("moss_contract.remove_group_members")
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_a_member_that_a_person_added_stays(trial: Bench, forger: Role) -> None:
    person = trial.person()
    group = trial.moss_group("[JAMF] Lab", group_type="custom")
    trial.mapping("computer_group", "7", "group", group)
    trial.execute("insert into group_members (group_id, person_id) values (%s, %s)", group, person)
    note = """insert into jamf_sync.group_member_additions (integration_id, group_id, member_type, member_id)
              values (%s, %s, 'person', %s)"""
    with refused(trial, forger):
        trial.execute(note, trial.integration.id, group, person)
    with acting_as(trial, forger):
        adding = _asked_member(trial, group, person, outcome="applied")
        again = _asked_member(trial, group, person)
        sharing = _asked_member(
            trial, group, person, action="agree", reason="added_by_other_server"
        )
        removing = _asked_member(trial, group, person, action="remove")
    with acting_as(trial, WRITER):
        for row in (adding, again, sharing):
            # It is a member already, and no other server says that it added it.
            ask(trial, "add_group_members", row=row)
            ask(trial, "share_group_members", row=row)
        ask(trial, "remove_group_members", row=removing)
    assert _members(trial) == {(group, person, None)}


@forging("moss_contract.share_group_members")
def test_case_s02_a_member_is_shared_only_with_a_server_that_added_it(trial: Bench) -> None:
    lab = second_server(trial)
    person = trial.person()
    group = trial.moss_group("[JAMF] Lab", group_type="custom")
    trial.mapping("computer_group", "7", "group", group)
    shared = {"action": "agree", "reason": "added_by_other_server"}
    let_go = {"action": "agree", "reason": "listed_by_other_server"}
    with acting_as(trial, WRITER):
        ask(trial, "add_group_members", row=_asked_member(trial, group, person))
        for columns in (shared, let_go):
            # Its own note is no other server's, and the last one is not let go.
            ask(trial, "share_group_members", row=_asked_member(trial, group, person, **columns))
        ask(lab, "share_group_members", row=_asked_member(lab, group, uuid4(), **shared))
    notes = "select integration_id, member_id from jamf_sync.group_member_additions"
    own = {"integration_id": trial.integration.id, "member_id": person}
    assert trial.query(notes) == [own]
    with acting_as(trial, WRITER):
        ask(lab, "share_group_members", row=_asked_member(lab, group, person, **shared))
        # Whom two servers added only leaves when both let go.
        removing = _asked_member(trial, group, person, action="remove")
        ask(trial, "remove_group_members", row=removing)
    assert trial.query(notes) == [{**own, "integration_id": lab.integration.id}]
    assert _members(trial) == {(group, person, None)}


# -- integrations ----------------------------------------------------------------------------------


def _gone_integration(bench: Bench) -> UUID:
    """One that synced once, and whose row was deleted in M.O.S.S."""
    gone: UUID = bench.value(
        """insert into jamf_sync.known_integrations (integration_id, name, server)
           values (gen_random_uuid(), 'Gone', 'gone.example.org') returning integration_id"""
    )
    return gone


@forging(
    *("moss_contract.note_integration", "moss_contract.note_links_made"),
    "moss_contract.succeed_integration",
)
@pytest.mark.parametrize("forger", ROLES)
def test_case_s02_what_an_integration_knew_goes_to_no_other_than_its_successor(
    trial: Bench, forger: Role
) -> None:
    lab = second_server(trial, "JAMF Lab")
    dead = _gone_integration(trial)
    with refused(trial, forger):
        trial.execute(
            "update jamf_sync.known_integrations set name = 'JAMF Lab' where integration_id = %s",
            dead,
        )
    with acting_as(trial, forger):
        trial.execute("delete from jamf_sync.plans")
    with acting_as(trial, WRITER):
        own = _call(trial, "note_integration", trial.integration.id, "https://pro.example.org")
        assert own == [None]
        assert _call(trial, "note_integration", lab.integration.id, None) == [None]
        assert _call(trial, "note_integration", uuid4(), "https://gone.example.org") == [None]
        for former, successor in (
            (trial.integration.id, lab.integration.id),  # it is there
            (dead, lab.integration.id),  # of another name and server
            (dead, uuid4()),  # nobody
            (dead, dead),
        ):
            assert _call(trial, "succeed_integration", former, successor) == [None]
        # Of what took no place there are no links to make.
        before = rows_of(trial, "jamf_sync.known_integrations")
        for successor in (lab.integration.id, dead, uuid4()):
            _call(trial, "note_links_made", successor)
        assert rows_of(trial, "jamf_sync.known_integrations") == before


def test_case_s02_an_integration_with_links_is_nobodys_successor_whatever_became_of_its_plans(
    trial: Bench,
) -> None:
    dead = _gone_integration(trial)
    trial.linked_device("1")
    with acting_as(trial, WRITER):
        trial.execute("delete from jamf_sync.plans")
        noted = _call(trial, "note_integration", trial.integration.id, "https://gone.example.org")
        assert noted == [None]
        assert _call(trial, "succeed_integration", dead, trial.integration.id) == [None]


# -- shadows ---------------------------------------------------------------------------------------


def test_case_s02_temporary_tables_and_functions_of_a_role_shadow_nothing(trial: Bench) -> None:
    device, plan = _filled_by_the_sync(trial)
    revert = _revert(trial, plan, object_id=device)
    (row,) = trial.query(
        "select row_id from jamf_sync.change_plan where plan_id = %s and after ? 'asset_tag'",
        revert.plan_id,
    )
    hand_made = trial.device(serial_number="BY-HAND", asset_tag="MINE")
    with acting_as(trial, WRITER):
        for table in ("change_plan", "plans", "conflicts", *LEDGER):
            trial.execute(
                sql.SQL("create temporary table {0} (like jamf_sync.{0})").format(
                    sql.Identifier(table)
                )
            )
        for table in ("devices", "people", "installation", "vocabulary"):
            trial.execute(
                sql.SQL("create temporary table {} (id uuid)").format(sql.Identifier(table))
            )
        trial.execute(
            """insert into pg_temp.owned_writes (write_id, object_type, object_id, field, replaced, written, written_at)
               values (1, 'device', %s, 'asset_tag', 'YOURS', 'MINE', now())""",
            hand_made,
        )
        trial.execute("create domain pg_temp.uuid as text")
        trial.execute(
            """create function pg_temp.storable(text) returns text language sql as 'select ''YOURS''';
               create function pg_temp.format(text, text) returns text language sql as 'select ''select 1/0''';
               create function pg_temp.never(jsonb, jsonb) returns text language sql as 'select ''YOURS''';
               create operator pg_temp.->> (leftarg = jsonb, rightarg = jsonb, function = pg_temp.never)"""
        )
        forged = trial.made_up_row(
            object_id=hand_made,
            reason="reverted",
            before={"asset_tag": "MINE"},
            after={"asset_tag": "YOURS"},
        )
        trial.execute("set local search_path = pg_temp, jamf_sync, public")
        _call(trial, "restore_owned", row["row_id"])
    tag = "select asset_tag from public.devices where id = %s"
    assert trial.value(tag, device) is None
    with refused(trial, WRITER):
        trial.execute("set local search_path = pg_temp, jamf_sync, public")
        _call(trial, "restore_owned", forged["row_id"])
    assert trial.value(tag, hand_made) == "MINE"


# -- the upgrade -----------------------------------------------------------------------------------


def test_case_s02_what_an_earlier_version_recorded_is_in_the_ledger_once(bench: Bench) -> None:
    """An installation goes on with its data: what it wrote before can be undone, and followed, as before."""
    bench.device(serial_number="C02OLD", hostname="old")
    bench.computer("2", "C02OLD", hostname="old", asset_tag="IT-2")
    bench.computer_group("7", "Lab")
    mac: dict[str, Any] = {
        "hostname": "mac-1",
        "mac_address": "AC:BB:CC:DD:EE:01",
        "mac_interface_type": "ethernet",
        "static_group_ids": ["7"],
    }
    bench.computer("1", "C02ABC", **mac)
    first = bench.sync()
    mac |= {"hostname": "mac-2", "mac_interface_type": "wifi"}
    bench.computer("1", "C02ABC", **mac)
    bench.sync()
    assert bench.value("select interface_type from ios") == "wifi"
    bench.computer("3", "C02XYZ", hostname="a person's by now")
    third = bench.sync()
    bench.execute("update devices set notes = 'mine' where serial_number = 'C02XYZ'")
    bench.execute(
        """drop table jamf_sync.created_objects, jamf_sync.creations_under_way, jamf_sync.owned_writes;
           delete from jamf_sync.schema_migrations where name in ('0030_ledger', '0050_rows_left_out')"""
    )
    prepare(bench.connection, may_create_moss=False)
    # The kind of the Mac is still the sync's to follow.
    bench.computer("1", "C02ABC", **mac, form_factor="laptop")
    bench.sync()
    kinds = "select device_type from devices where serial_number = 'C02ABC'"
    assert bench.value(kinds) == bench.dialect.laptop
    for undone in (third, first):
        bench.apply(_revert(bench, undone))
    assert bench.query("select serial_number, asset_tag from devices order by 1") == [
        {"serial_number": "C02OLD", "asset_tag": None},
        {"serial_number": "C02XYZ", "asset_tag": None},
    ]
    assert bench.query("select id from ios") == []
    assert bench.query("select id from groups") == []
    # After it a forged row of the log is worth nothing.
    forged = bench.device(serial_number="BY-HAND")
    with acting_as(bench, WRITER):
        _everything_forged(bench, "device", forged)
        row = bench.made_up_row(object_id=forged, action="delete", reason="reverted")
    with refused(bench, WRITER):
        _call(bench, "delete_created", row["row_id"])
