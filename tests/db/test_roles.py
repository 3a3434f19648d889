"""Field ownership, enforced: what each of the two roles can do to M.O.S.S. is what the ownership table says."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from moss_jamf_pipeline.catalogue.dialects import DIALECT_BY_NAME
from moss_jamf_pipeline.catalogue.dialects import Dialect as DeclaredDialect
from moss_jamf_pipeline.catalogue.object_types import object_type_named
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule, declared_rules
from moss_jamf_pipeline.catalogue.privileges import (
    TablePrivileges,
    reader_privileges,
    writer_privileges,
)
from moss_jamf_pipeline.moss.contract.installation import READER, WRITER, Role
from moss_jamf_pipeline.moss.contract.roles import role_name, writing
from moss_jamf_pipeline.moss.database import MossDatabase
from tests.db.support import Bench
from tests.support.contract import ROLES, as_role, role_of
from tests.support.dialects import Dialect

pytestmark = pytest.mark.every_dialect

_COLUMNS = [rule for rule in declared_rules() if rule.is_column]
_PRIVILEGES: dict[Role, Callable[[DeclaredDialect], TablePrivileges]] = {
    READER: reader_privileges,
    WRITER: writer_privileges,
}


def _touch(table: str, column: str) -> sql.Composed:
    """An UPDATE that would write a column of every row of a table, `schema.name`."""
    return sql.SQL("update {} set {} = {}").format(
        sql.Identifier(*table.split(".")), sql.Identifier(column), sql.Identifier(column)
    )


@pytest.mark.parametrize("rule", _COLUMNS, ids=lambda rule: f"{rule.object_type}.{rule.field}")
def test_the_writing_role_can_change_a_field_only_if_jamf_may_overwrite_it(
    rule: OwnershipRule, rolled_back: psycopg.Connection, dialect: Dialect
) -> None:
    declared = DIALECT_BY_NAME[dialect.name]
    (source,) = declared.relations[object_type_named(rule.object_type).relation]
    update = _touch(source.table, source.columns[rule.field])
    with as_role(rolled_back, WRITER) as connection:
        if rule.on_update == "overwrite" and not object_type_named(rule.object_type).only_created:
            connection.execute(update)
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(update)


def _columns_of_moss(connection: psycopg.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        """select 'public.' || class.relname, attribute.attname
           from pg_class as class join pg_attribute as attribute on attribute.attrelid = class.oid
           where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p', 'v')
             and attribute.attnum > 0 and not attribute.attisdropped"""
    ).fetchall()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", ["select", "insert", "update"])
def test_a_role_may_do_to_the_columns_of_moss_what_is_declared_and_nothing_else(
    role: Role, verb: str, rolled_back: psycopg.Connection, dialect: Dialect
) -> None:
    every = _columns_of_moss(rolled_back)
    declared = {
        (table, column)
        for table, rights in _PRIVILEGES[role](DIALECT_BY_NAME[dialect.name]).items()
        for column in rights.columns()[verb]
    }
    held = {
        (table, column)
        for table, column in every
        if rolled_back.execute(
            "select has_column_privilege(%s, %s, %s, %s)",
            (role_of(rolled_back, role), table, column, verb),
        ).fetchone()
        == (True,)
    }
    assert held == declared & set(every)
    assert len(every) > 100
    if verb == "select" or role == WRITER:
        assert len(held) > 30
    else:
        assert not held


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", ["select", "insert", "update", "delete", "truncate", "trigger"])
def test_no_role_may_do_anything_to_a_table_of_moss_as_a_whole(
    role: Role, verb: str, rolled_back: psycopg.Connection
) -> None:
    for table in {table for table, _ in _columns_of_moss(rolled_back)}:
        assert rolled_back.execute(
            "select has_table_privilege(%s, %s, %s)", (role_of(rolled_back, role), table, verb)
        ).fetchone() == (False,)


def test_the_writing_role_cannot_read_credentials(rolled_back: psycopg.Connection) -> None:
    for read in (
        "select * from moss_contract.integration_credentials()",
        "select credentials_encrypted from public.integration_configs",
    ):
        with (
            as_role(rolled_back, WRITER) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(read)
        with as_role(rolled_back, READER) as connection:
            connection.execute(read)


@given(
    database=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
)
def test_a_role_has_a_name_that_fits_and_another_one_in_every_database(database: str) -> None:
    name = database.encode()[:63].decode(errors="ignore")
    names = {role_name(role, known) for role in ROLES for known in (name, name + "2", "x" + name)}
    assert len(names) == 6
    assert max(len(role.encode()) for role in names) <= 63


def test_a_short_name_of_a_database_is_read_in_the_names_of_its_roles() -> None:
    assert role_name(READER, "moss") == "moss_jamf_reader_moss"
    assert role_name(WRITER, "Moss-Test") == "moss_jamf_writer_Moss-Test"


_FILL = "select moss_contract.fill_empty('device', %s, %s, %s)"


def _ask_to_fill(bench: Bench, device: UUID, **after: object) -> None:
    """Has a plan ask for it, and the writing role do it."""
    row = bench.made_up_row(object_id=device, after=after)
    with writing(bench.connection):
        bench.execute(_FILL, row["plan_id"], row["row_id"], row["row_id"])


def test_a_field_that_is_filled_is_never_overwritten_even_by_the_filling_function(
    trial: Bench,
) -> None:
    here, there = trial.location("Here"), trial.location("There")
    full = trial.device(asset_tag="TAG-1", location_id=here)
    empty = trial.device(asset_tag="  ", serial_number="EMPTY")
    for device in (full, empty):
        _ask_to_fill(
            trial,
            device,
            asset_tag="TAG-2",
            location_id=str(there),
            hostname="not-mine",
            notes="not mine",
        )
    columns = (
        "select asset_tag, location_id, hostname, notes from moss_contract.devices() where id = %s"
    )
    assert tuple(trial.query(columns, full)[0].values()) == ("TAG-1", here, None, None)
    assert tuple(trial.query(columns, empty)[0].values()) == ("TAG-2", there, None, None)


def test_filling_what_is_full_writes_no_row(trial: Bench) -> None:
    device = trial.device(asset_tag="TAG-1")
    before = trial.value("select xmin::text from public.devices where id = %s", device)
    _ask_to_fill(trial, device, asset_tag="TAG-2")
    assert trial.value("select xmin::text from public.devices where id = %s", device) == before


def test_writing_leaves_the_role_that_was_in_force(database: MossDatabase) -> None:
    with database.reading() as connection:
        with connection.transaction():
            with writing(connection):
                assert connection.execute("select current_user").fetchone() == (
                    role_of(connection, WRITER),
                )
            assert connection.execute("select current_user").fetchone() == (
                role_of(connection, READER),
            )
        with pytest.raises(psycopg.errors.DivisionByZero), writing(connection):
            connection.execute("select 1 / 0")
        assert connection.execute("select current_user").fetchone() == (
            role_of(connection, READER),
        )
    with database.connection() as connection:
        assert connection.execute("select current_user = session_user").fetchone() == (True,)
