"""S4: what somebody puts into the schema public runs with nobody's rights but his own (docs/security.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.moss.apply.reverting import make_revert_plan
from moss_jamf_pipeline.moss.contract.installation import WRITER
from moss_jamf_pipeline.moss.contract.readiness import require_contract
from moss_jamf_pipeline.moss.contract.roles import names_for, writing
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.services.explanations import ProblemFound
from moss_jamf_pipeline.services.moss_checks import look_at_security
from tests.db.support import Bench
from tests.support.contract import as_role, role_of

pytestmark = pytest.mark.every_dialect

# Each fits a call or an operator of ours, or of a trigger of M.O.S.S.'s, better than PostgreSQL's own does.
_TRAPS = (
    "function public.format(text, text) returns text",
    "function public.format(text, regclass) returns text",
    "function public.jsonb_build_object(text, text) returns jsonb",
    "function public.unnest(uuid[], uuid[]) returns uuid",
    "function public.count(uuid) returns bigint",
    "function public.btrim(varchar) returns text",
    "function public.set_config(text, text, boolean) returns text",
    "function public.trap(jsonb, jsonb) returns text",
    "function public.trap(jsonb, text) returns boolean",
    "function public.trap(varchar, varchar) returns boolean",
    "function public.trap(text, uuid) returns boolean",
    "function public.trap(text, text[]) returns boolean",
)
_OPERATORS = (
    "operator public.->> (leftarg = jsonb, rightarg = jsonb, function = public.trap)",
    "operator public.? (leftarg = jsonb, rightarg = text, function = public.trap)",
    "operator public.= (leftarg = varchar, rightarg = varchar, function = public.trap)",
    "operator public.= (leftarg = text, rightarg = uuid, function = public.trap)",
    "operator public.?| (leftarg = jsonb, rightarg = jsonb, function = public.trap)",
)


@pytest.fixture
def stranger(trial: Bench) -> str:
    """An ordinary log-in that may create in public, as everybody may in a database of PostgreSQL 14."""
    name = f"stranger of {trial.connection.info.dbname}"
    trial.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
    trial.execute(sql.SQL("grant create on schema public to {}").format(sql.Identifier(name)))
    return name


@contextmanager
def _as(bench: Bench, role: str) -> Iterator[None]:
    with bench.connection.transaction():
        bench.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield
        bench.execute("set local role none")


def _set_traps(bench: Bench, role: str) -> None:
    """Functions and operators that would say under whose rights they were called."""
    with _as(bench, role):
        bench.execute("create table public.caught (who text)")
        bench.execute("grant insert on public.caught to public")
        for function in _TRAPS:
            bench.execute(
                f"""create {function} language plpgsql as $$
                    begin
                      insert into public.caught values (current_user);
                      raise exception 'trapped';
                    end $$"""
            )
        for operator in _OPERATORS:
            with bench.connection.transaction():
                bench.execute(f"create {operator}")


def _as_a_session_begins(bench: Bench) -> None:
    """The path that the pipeline's sessions have (`moss/database.py`), and not that of the tests."""
    bench.execute("set local search_path = pg_catalog")


def _jamf(bench: Bench, hostname: str, **columns: Any) -> None:
    bench.building("1", "North")
    bench.computer_group("7", "Lab")
    bench.user("1", username="ada", full_name="Ada Nyberg", email="ada@example.org")
    bench.computer(
        *("1", "C02ABC"),
        hostname=hostname,
        username="ada",
        building_id="1",
        room="R1",
        **{"mac_address": "AC:BB:CC:DD:EE:01", "static_group_ids": ["7"], **columns},
    )


def test_case_s04_what_others_put_into_public_is_not_called_by_a_sync_nor_by_what_undoes_it(
    trial: Bench, stranger: str
) -> None:
    """All that acts with its owner's rights: creating, filling, members, a revert that restores and deletes."""
    trial.device(serial_number="C02OLD", hostname="old")
    _set_traps(trial, stranger)
    _as_a_session_begins(trial)
    trial.computer("2", "C02OLD", hostname="old", asset_tag="IT-2")
    _jamf(trial, "mac-1", asset_tag="IT-1")
    first = trial.sync()
    _jamf(trial, "mac-2", asset_tag="IT-1", form_factor="laptop")
    second = trial.sync()
    for undone in (second, first):
        revert = make_revert_plan(
            trial.connection, trial.integration, undone.plan_id, run_id="a-revert"
        )
        applied = trial.apply(revert)
        assert all(count.failed == 0 for count in applied.counts)
    assert trial.query("select serial_number, asset_tag from public.devices") == [
        {"serial_number": "C02OLD", "asset_tag": None}
    ]
    assert trial.query("select * from public.caught") == []


def test_case_s04_a_policy_of_a_strangers_table_is_not_asked_with_the_owners_rights(
    trial: Bench, stranger: str
) -> None:
    """Whether something refers to what a revert would delete is looked for in every table that could."""
    device = trial.device(serial_number="C02ABC")
    owner = sql.Identifier(f"owner of {trial.connection.info.dbname}")
    trial.execute(sql.SQL("create role {}").format(owner))
    for schema in ("public", "jamf_sync", "moss_contract"):
        trial.execute(
            sql.SQL(
                "grant all on schema {0} to {1}; grant select on all tables in schema {0} to {1}"
            ).format(sql.Identifier(schema), owner)
        )
    trial.execute(
        sql.SQL(
            "alter function moss_contract.references_to(regclass, uuid, text, uuid) owner to {}"
        ).format(owner)
    )
    asked = "select moss_contract.references_to('public.devices', %s, 'device', %s)"
    assert trial.value(asked, device, trial.integration.id) is None
    with _as(trial, stranger):
        trial.execute("create table public.caught (who text)")
        trial.execute("grant insert on public.caught to public")
        trial.execute(
            """create table public.baits (object_id uuid);
               grant select on public.baits to public;
               create function public.ask_policy() returns boolean language plpgsql as $$
                 begin insert into public.caught values (current_user); return true; end $$;
               alter table public.baits enable row level security;
               create policy bait on public.baits using (public.ask_policy())"""
        )
    trial.execute("insert into public.baits values (%s)", device)
    assert trial.value(asked, device, trial.integration.id) is None
    assert trial.query("select * from public.caught") == []


def test_case_s04_nothing_is_written_for_a_role_that_put_something_into_public(
    trial: Bench, stranger: str
) -> None:
    """M.O.S.S.'s triggers are not ours to qualify: they would find it, and run with the owner's rights."""
    device = trial.device(serial_number="C02ABC")
    row = trial.made_up_row(object_id=device, after={"asset_tag": "IT-1"})
    fill = "select moss_contract.fill_empty('device', %s, %s, %s)"
    span = (row["plan_id"], row["row_id"], row["row_id"])
    _set_traps(trial, stranger)
    writer = sql.Identifier(role_of(trial.connection, WRITER))
    trial.execute(sql.SQL("grant {} to {}").format(writer, sql.Identifier(stranger)))
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"has the (function|operator)"),
        as_role(trial.connection, WRITER),
    ):
        trial.execute(fill, *span)
    with pytest.raises(MossNotPrepared, match="The sync writes nothing"):
        require_contract(trial.connection)
    with pytest.raises(ProblemFound, match="Somebody who may take on the roles"):
        look_at_security(trial.connection)
    # To whom M.O.S.S. belongs it is entrusted anyway.
    trial.execute(
        sql.SQL("alter table public.devices owner to {}").format(sql.Identifier(stranger))
    )
    with writing(trial.connection):
        trial.execute(fill, *span)
    assert trial.value("select asset_tag from devices") == "IT-1"


def test_case_s04_a_public_in_which_everybody_may_create_is_warned_of(trial: Bench) -> None:
    # The database of a test is a copy, of which doctor warns as well.
    own = names_for(trial.connection)
    trial.execute(
        "update moss_contract.installation set reader = %s, writer = %s", own.reader, own.writer
    )
    trial.execute("revoke create on schema public from public")
    assert look_at_security(trial.connection)[1]
    trial.execute("grant create on schema public to public")
    with pytest.raises(ProblemFound, match="Everybody who may log in to this database") as caught:
        look_at_security(trial.connection)
    script = caught.value.remedy.partition("run:\n")[2]
    trial.execute(script)
    assert look_at_security(trial.connection)[1]


def test_case_s04_whoever_else_may_create_in_public_is_named(trial: Bench, stranger: str) -> None:
    own = names_for(trial.connection)
    trial.execute(
        "update moss_contract.installation set reader = %s, writer = %s", own.reader, own.writer
    )
    trial.execute("revoke create on schema public from public")
    with pytest.raises(ProblemFound, match=f"{stranger} may put functions into") as caught:
        look_at_security(trial.connection)
    trial.execute(caught.value.remedy.partition("run:\n")[2])
    assert look_at_security(trial.connection)[1]


@pytest.mark.parametrize("table", ["devices", "people"])
def test_a_trigger_that_names_its_tables_without_a_schema_finds_them_when_a_field_is_filled(
    trial: Bench, table: str
) -> None:
    """A neighbour: the organisation's own trigger, as it works for every other change of M.O.S.S."""
    trial.execute("create table public.audit (id uuid, operation text)")
    trial.execute("grant insert on public.audit to public")
    trial.execute(
        """create function public.note_audit() returns trigger language plpgsql as $$
           begin
             insert into audit values (new.id, tg_op);
             return new;
           end $$"""
    )
    trial.execute(
        f"create trigger audit before insert or update on public.{table}"
        " for each row execute function public.note_audit()"
    )
    if table == "devices":
        trial.device(serial_number="C02ABC", hostname="mac-1")
        trial.computer("1", "C02ABC", hostname="mac-1", asset_tag="IT-1")
    else:
        trial.person(full_name="Ada", email_address="ada@example.org")
        trial.user("1", username="ada", full_name="Ada", email="ada@example.org")
    trial.sync()
    assert trial.query("select operation from public.audit") == [
        {"operation": "INSERT"},
        {"operation": "UPDATE"},
    ]


@pytest.mark.parametrize(
    "bait",
    [
        "create index on public.baits (object_id) where public.seem_harmless(1)",
        "create index on public.baits ((public.seem_harmless(1)))",
        "create statistics public.bait on (public.seem_harmless(1)), object_id from public.baits",
        "alter table public.baits add constraint bait check (public.seem_harmless(1))",
        """create table public.more_baits (check (public.seem_harmless(1) and object_id is not null))
           inherits (public.baits)""",
        "alter table public.baits add other boolean generated always as (public.seem_harmless(1)) stored",
    ],
    ids=[
        "part of an index",
        "index",
        "statistics",
        "constraint",
        "inheritance",
        "generated column",
    ],
)
def test_case_s04_what_belongs_to_a_strangers_table_is_not_run_with_the_owners_rights(
    trial: Bench, stranger: str, bait: str
) -> None:
    """A neighbour: PostgreSQL works out an immutable function of constants while it plans, for whoever asks."""
    device = trial.device(serial_number="C02ABC")
    with _as(trial, stranger):
        trial.execute("create table public.caught (who text)")
        trial.execute("grant insert on public.caught to public")
        trial.execute(
            """create table public.baits (object_id uuid);
               grant select on public.baits to public;
               create function public.note() returns boolean language plpgsql volatile as $$
                 begin insert into public.caught values (current_user); return true; end $$;
               create function public.seem_harmless(integer) returns boolean language plpgsql immutable as $$
                 begin return public.note(); end $$"""
        )
        trial.execute(bait)
        trial.execute("insert into public.baits values (%s)", device)
        trial.execute("delete from public.caught")
    trial.value(
        "select moss_contract.references_to('public.devices', %s, 'device', %s)",
        *(device, trial.integration.id),
    )
    assert trial.query("select * from public.caught") == []


def test_a_foreign_key_of_a_strangers_table_keeps_an_object_without_being_looked_into(
    trial: Bench, stranger: str
) -> None:
    device = trial.device(serial_number="C02ABC")
    trial.execute(
        sql.SQL("grant references on public.devices to {}").format(sql.Identifier(stranger))
    )
    with _as(trial, stranger):
        trial.execute("create table public.baits (mac uuid references public.devices (id))")
    assert trial.value(
        "select moss_contract.references_to('public.devices', %s, 'device', %s)",
        *(device, trial.integration.id),
    ) == ("public.baits.mac (of another owner, not looked into)")
