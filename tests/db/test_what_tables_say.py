"""Every table and column of our schemas says what it holds, in the catalogue and in the database alike."""

import psycopg

from moss_jamf_pipeline.catalogue.tables import contract_relations, tables
from moss_jamf_pipeline.moss.statements import statement

_STORED = """
select namespace.nspname || '.' || class.relname, attribute.attname,
       format_type(attribute.atttypid, attribute.atttypmod), not attribute.attnotnull,
       col_description(class.oid, attribute.attnum)
from pg_class as class
join pg_namespace as namespace on namespace.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid
where namespace.nspname in ('jamf_sync', 'moss_contract') and class.relkind in ('r', 'p', 'v', 'm')
  and attribute.attnum > 0 and not attribute.attisdropped
order by 1, attribute.attnum
"""
_RELATIONS = """
select namespace.nspname || '.' || class.relname, obj_description(class.oid, 'pg_class')
from pg_class as class
join pg_namespace as namespace on namespace.oid = class.relnamespace
where namespace.nspname in ('jamf_sync', 'moss_contract') and class.relkind in ('r', 'p', 'v', 'm')
"""


def test_every_table_and_column_of_ours_says_what_it_holds(rolled_back: psycopg.Connection) -> None:
    """A new column is a line of `catalogue/tables.csv`, in its place; then `make generate`."""
    declared = {(table.name, *column) for table in tables().values() for column in table.columns}
    stored = set(rolled_back.execute(_STORED).fetchall())
    assert sorted(stored - declared, key=str) == []
    assert sorted(declared - stored, key=str) == []
    described = {table.name: table.description for table in tables().values()}
    assert dict(rolled_back.execute(_RELATIONS).fetchall()) == described


def test_what_is_said_is_said() -> None:
    for table in (*tables().values(), *contract_relations().values()):
        assert table.columns, table.name
        for column in table.columns:
            assert column.description.strip(), (table.name, column.name)


def test_a_comment_that_is_right_is_not_written_again(rolled_back: psycopg.Connection) -> None:
    versions = "select xmin::text, ctid::text from pg_description order by 2"
    before = rolled_back.execute(versions).fetchall()
    rolled_back.execute(statement("generated/comments"))
    assert rolled_back.execute(versions).fetchall() == before
    rolled_back.execute("comment on column jamf_sync.plans.status is 'other words'")
    rolled_back.execute(statement("generated/comments"))
    (said,) = rolled_back.execute(
        "select col_description('jamf_sync.plans'::regclass, attnum) from pg_attribute "
        "where attrelid = 'jamf_sync.plans'::regclass and attname = 'status'"
    ).fetchone() or ("",)
    assert said.startswith("planned, applying")
