"""The page of our own tables, from a database that `moss-jamf init` prepared, and what their comments say."""

from itertools import groupby

import psycopg
from psycopg.rows import dict_row

from documentation.markdown import plain, table

_HEAD = """\
# Data model

What `moss-jamf init` makes beside M.O.S.S.'s tables: the schema `jamf_sync`, and the schema `moss_contract`, by which
statements read and write M.O.S.S. (`\\d+` in psql shows the same comments). It may be read by anybody who is given
the right; what is written is the sync's ([who may](../security.md)).
"""
_RELATIONS = """
select relation.oid, relation.relname as name, relation.relkind::text as kind,
       obj_description(relation.oid, 'pg_class') as comment
from pg_class as relation
where relation.relnamespace = 'jamf_sync'::regnamespace and relation.relkind in ('r', 'p', 'v', 'm')
order by relation.relname
"""
_COLUMNS = """
select attribute.attrelid as oid, attribute.attname as name,
       format_type(attribute.atttypid, attribute.atttypmod) as type,
       attribute.attnotnull as is_required, col_description(attribute.attrelid, attribute.attnum) as comment
from pg_attribute as attribute
join pg_class as relation on relation.oid = attribute.attrelid
where relation.relnamespace = 'jamf_sync'::regnamespace and relation.relkind in ('r', 'p', 'v', 'm')
  and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attrelid, attribute.attnum
"""
_FUNCTIONS = """
select proc.proname as name, pg_get_function_identity_arguments(proc.oid) as arguments,
       obj_description(proc.oid, 'pg_proc') as comment
from pg_proc as proc
where proc.pronamespace = 'moss_contract'::regnamespace
order by proc.proname, arguments
"""


def data_model_page(moss_url: str) -> str:
    """The page, complete.

    Args:
        moss_url: of a prepared database.
    """
    with psycopg.connect(moss_url, row_factory=dict_row) as connection:
        relations = connection.execute(_RELATIONS).fetchall()
        columns = {
            oid: list(rows)
            for oid, rows in groupby(
                connection.execute(_COLUMNS).fetchall(), lambda row: row["oid"]
            )
        }
        functions = connection.execute(_FUNCTIONS).fetchall()
    overview = [
        (
            f"[`{one['name']}`](#{one['name']})",
            "view" if one["kind"] == "v" else "table",
            plain(one["comment"] or ""),
        )
        for one in relations
    ]
    parts = [
        _HEAD,
        "## Tables and views of `jamf_sync`\n\n"
        + table(("Name", "Kind", "What it holds"), overview),
    ]
    for one in relations:
        rows = [
            (
                f"`{column['name']}`",
                f"`{column['type']}`",
                "" if column["is_required"] else "may be null",
                plain(column["comment"] or ""),
            )
            for column in columns.get(one["oid"], ())
        ]
        parts.append(
            f"### {one['name']}\n\n{plain(one['comment'] or '')}\n\n"
            + table(("Column", "Type", "", "Meaning"), rows)
        )
    called = [
        (f"`{one['name']}({one['arguments']})`", plain(one["comment"] or "")) for one in functions
    ]
    parts.append("## Functions of `moss_contract`\n\n" + table(("Function", "Does"), called))
    return "\n".join(parts)
