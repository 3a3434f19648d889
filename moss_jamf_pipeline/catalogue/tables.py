"""The tables and views of our schemas, column by column: what each holds, in words.

The lines of `tables.csv`. What means the same wherever it stands is said once, here; what JAMF has of an object is said
in `fields.csv`. From all of it follow the comments that psql shows (`sql/generated/comments.sql`) and the column
descriptions of the assets in the Dagster UI. A test holds that the database has these columns and no others.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES, COLLECTIONS
from moss_jamf_pipeline.catalogue.contract import RELATIONS
from moss_jamf_pipeline.catalogue.fields import DESCRIBED, declared_fields, fields_of
from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES

_DECLARED: Final = Path(__file__).with_name("tables.csv")
_PATH: Final = "sql/generated/comments.sql"
_RAW: Final = "jamf_sync.raw_jamf"

_EVERYWHERE: Final[Mapping[str, str]] = {
    "integration_id": "The JAMF server: a row of integration_configs.",
    "object_id": "The M.O.S.S. object.",
    "object_type": "The type of M.O.S.S. object: location, room, person, device, io, group or group_member.",
    "external_type": "The type of JAMF record, as links have it.",
    "external_id": "The id of the JAMF record.",
    "label": "What people call the object: a host name, a person, a group.",
    "plan_id": "The plan.",
    "capture_id": "The capture.",
    "run_id": "The Dagster run.",
    "version_id": "The stored version of the JAMF document.",
    "jamf_id": "The object's id in JAMF.",
    "collection": "The JAMF collection: computers, users, groups, buildings or departments.",
    "field": "The field, by its name in the contract; null: the object as a whole.",
    "jamf_value": "What JAMF says, as text.",
    "moss_value": "What M.O.S.S. has, as text.",
    "base_value": "What both sides agreed on last, as text; null: nothing is known.",
    "rule": "The ownership rule that decided.",
    "detail": "What there is to say about it, as a sentence.",
    "matched_by": "By which evidence the M.O.S.S. object was found.",
    "previous_jamf_id": "The record that a link which moves was of.",
    "outcome": "What became of it; the words are those of the catalogue.",
    "staging_rules": "The version of the rules by which the row was staged; of other rules it is staged anew.",
    "content_hash": "Hash of the stable content; another one makes a new version.",
    "document": "JAMF's document, as far as the allow-list goes.",
    "valid_from_capture": "The first capture that showed the object like this.",
    "valid_to_capture": "The first capture that no longer did; null: this is how it is now.",
    "is_usable": "False: quarantined; neither to be matched nor written, yet present in JAMF.",
    "kind": "The kind of change that the guard counts: a key of sync_settings.guard.",
    "group_id": "The M.O.S.S. group.",
    "device_id": "The M.O.S.S. device.",
    "person_id": "The M.O.S.S. person.",
    "location_id": "The M.O.S.S. location.",
    "room_id": "The M.O.S.S. room.",
    "username": "User name.",
    "full_name": "Full name.",
    "email": "E-mail address.",
    "phone": "Telephone number.",
    "job_title": "Job title.",
    "name": "Its name in JAMF.",
}
"""Column -> what it holds, in every table that says nothing else."""

_HEADER: Final = """\
-- Generated from moss_jamf_pipeline/catalogue (tables.py) by `make generate`; edit it there.
-- Says of every table and column of our schemas what it holds, where the database says something
-- else or nothing. Run by every `moss-jamf init`, after the migrations; a second time it writes
-- nothing. No parameters.
"""
_STATEMENT: Final = """\
do $comments$
declare
  said record;
begin
  for said in
  with declared (relation, attribute, words) as (values
{values}
  )
  select declared.*, class.relkind
  from declared
  join pg_class as class on class.oid = to_regclass(declared.relation)
  left join pg_attribute as attribute
    on attribute.attrelid = class.oid and attribute.attname = declared.attribute
   and not attribute.attisdropped
  where case when declared.attribute is null then obj_description(class.oid, 'pg_class')
             else col_description(class.oid, attribute.attnum) end is distinct from declared.words
    and (declared.attribute is null or attribute.attnum is not null)
  loop
    if said.attribute is null then
      execute format('comment on %s %s is %L',
                     case said.relkind when 'v' then 'view' else 'table' end,
                     said.relation::regclass, said.words);
    else
      execute format('comment on column %s.%I is %L',
                     said.relation::regclass, said.attribute, said.words);
    end if;
  end loop;
end
$comments$
"""


class Column(NamedTuple):
    """A column.

    Attributes:
        name: its name.
        type: its PostgreSQL type.
        is_nullable: whether it may be null.
        description: what it holds, as a sentence.
    """

    name: str
    type: str
    is_nullable: bool
    description: str


class Table(NamedTuple):
    """A table, a view or a relation of the contract.

    Attributes:
        name: `schema.name`; of a relation of the contract, which is a function, without its parentheses.
        description: what it holds, as a sentence.
        columns: in order.
    """

    name: str
    description: str
    columns: tuple[Column, ...]


@cache
def tables() -> Mapping[str, Table]:
    """Every table and view of our schemas by its name."""
    declared = _declared()
    found = {
        name: Table(
            name,
            lines[""]["description"],
            tuple(
                Column(
                    column,
                    line["type"],
                    line["is_nullable"] == "yes",
                    line["description"] or _said_elsewhere(name, column),
                )
                for column, line in lines.items()
                if column
            ),
        )
        for name, lines in declared.items()
        if not name.endswith("()")
    }
    return found | {
        f"{_RAW}_{collection}": Table(
            f"{_RAW}_{collection}",
            f"Versions of the allow-listed JAMF documents of {collection.replace('_', ' ')}.",
            found[_RAW].columns,
        )
        for collection in COLLECTION_NAMES
    }


@cache
def contract_relations() -> Mapping[str, Table]:
    """What the contract reads of M.O.S.S. and assets write, by `moss_contract.<relation>`."""
    declared = _declared()
    found = {}
    for kind in (*APPLIED_OBJECT_TYPES, None):
        relation = "integration_sync_history" if kind is None else kind.relation
        said = declared.get(f"moss_contract.{relation}()", {})
        fields = {
            field.field: field.description
            for field in declared_fields()
            if kind is not None and field.object_type == kind.name
        }
        found[f"moss_contract.{relation}"] = Table(
            f"moss_contract.{relation}",
            "" if kind is None else kind.contents,
            tuple(
                Column(
                    column,
                    type_,
                    is_nullable=True,
                    description=said[column]["description"]
                    if column in said
                    else fields.get(column) or _EVERYWHERE[column],
                )
                for column, type_ in RELATIONS[relation].items()
            ),
        )
    return found


def table_files() -> Mapping[str, str]:
    """The comments of all tables and columns, as one statement of SQL."""
    values = ",\n".join(
        f"    ({_literal(name)}, {_literal(column) if column else 'null'}, {_literal(text)})"
        for table in tables().values()
        for name, column, text in _comments(table)
    )
    return {_PATH: _HEADER + _STATEMENT.replace("{values}", values)}


def _comments(table: Table) -> Iterator[tuple[str, str, str]]:
    yield table.name, "", table.description
    for column in table.columns:
        yield table.name, column.name, column.description


@cache
def _declared() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The lines: relation -> column (empty: the relation itself) -> cell by its heading."""
    lines: dict[str, dict[str, Mapping[str, str]]] = {}
    with _DECLARED.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            lines.setdefault(line["relation"], {})[line["column"]] = line
    return lines


def _said_elsewhere(table: str, column: str) -> str:
    """What `fields.csv` says of a column of typed rows; what is said once, of any other."""
    staged = {
        field.staged: field.description
        for collection in COLLECTIONS
        if table == f"jamf_sync.{collection.row_table}" and collection.rows_of is None
        for field in fields_of(collection.name)
        if field.staged not in (None, DESCRIBED)
    }
    return staged.get(column) or _EVERYWHERE[column]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
