"""Generates the statements that write M.O.S.S.'s tables, for each dialect, from one source each.

A source (`catalogue/statements/**.sql`) is SQL with words in `{{ }}` where dialects differ, or where the ownership
table decides which columns are written:

- `{{ devices }}`: the table that the relation of the contract stands on; `{{ devices.hostname }}`: a column of it;
- `{{ created columns of device }}`, `{{ created values of device }}`: what a new object gets, from the `after` of a
  plan's row;
- `{{ overwritten columns of device }}`, `{{ overwritten fields of device }}`: what JAMF may overwrite, of `stored`
  from `planned.after`;
- `{{ filled columns of device }}`, `{{ fillable columns of device }}`: what is filled from `fields` while it is empty,
  and the condition that there is something to fill;
- `{{ restored columns of device }}`: those and the ones that follow their default, put back from `owned`;
  `{{ restored fields }}`: all of them, each as `device.room_id`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.catalogue.contract import RELATIONS
from moss_jamf_pipeline.catalogue.dialects import DIALECTS, Dialect
from moss_jamf_pipeline.catalogue.layout import comma_separated
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPES, object_type_named
from moss_jamf_pipeline.catalogue.ownership import OwnershipRule, declared_rules

_SOURCES: Final = Path(__file__).with_name("statements")
# How far in a list may stand in a source.
_DEEPEST: Final = 8
_PLACEHOLDER: Final = re.compile(r"\{\{ ([\w. ]+) \}\}")


def written_statement_files() -> dict[str, str]:
    """The files of every dialect, path to text."""
    sources = {
        file.relative_to(_SOURCES).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(_SOURCES.rglob("*.sql"))
    }
    return {
        f"sql/generated/{dialect.name}/{path}": statement_for(dialect, source)
        for dialect in DIALECTS
        for path, source in sources.items()
    }


def statement_for(dialect: Dialect, source: str) -> str:
    """A source as it is run against the M.O.S.S. of a dialect.

    Raises:
        KeyError: a word in `{{ }}` that is not one of those above.
    """
    words = {**_names(dialect), **_owned_fields(dialect)}

    def put_in(found: re.Match[str]) -> str:
        indent = found.start() - source.rfind("\n", 0, found.start()) - 1
        return words[found[1]].replace("\n", "\n" + " " * indent)

    return _PLACEHOLDER.sub(put_in, source)


def _names(dialect: Dialect) -> dict[str, str]:
    """The tables and columns that stand for the relations of the contract."""
    names = {}
    for relation, sources in dialect.relations.items():
        for source in sources:
            names[relation] = source.table
            names |= {f"{relation}.{column}": own for column, own in source.columns.items()}
    return names


def _owned_fields(dialect: Dialect) -> dict[str, str]:
    """The columns of each object type that the ownership table has written."""
    words: dict[str, str] = {}
    restored_fields: list[str] = []
    for kind in OBJECT_TYPES:
        object_type, sources = kind.name.value, dialect.relations[kind.relation]
        columns = sources[0].columns if sources else {}
        own = [
            rule
            for rule in declared_rules()
            if rule.object_type == object_type and rule.is_column and rule.field in columns
        ]
        created = [rule for rule in own if rule.on_create != "never"]
        overwritten = [rule for rule in own if rule.on_update == "overwrite"]
        filled = [rule for rule in own if rule.on_update == "fill"]
        restored = [rule for rule in own if rule.on_update in ("fill", "follow")]
        restored_fields += [f"'{object_type}.{rule.field}'" for rule in restored]
        words |= {
            f"created columns of {object_type}": _list(columns[rule.field] for rule in created),
            f"created values of {object_type}": ",\n".join(
                _value(rule, "after") for rule in created
            ),
            f"overwritten columns of {object_type}": _assignments(
                overwritten, columns, "planned.after"
            ),
            f"overwritten fields of {object_type}": _list(
                f"'{rule.field}'" for rule in overwritten
            ),
            f"filled columns of {object_type}": _filling(filled, columns),
            f"fillable columns of {object_type}": _fillable(filled, columns),
            f"restored columns of {object_type}": _assignments(restored, columns, "owned"),
        }
    return words | {"restored fields": ", ".join(restored_fields)}


def _list(items: Iterable[str]) -> str:
    return comma_separated(items, indent=_DEEPEST).strip().replace(" " * _DEEPEST, "")


def _value(rule: OwnershipRule, document: str) -> str:
    """A field of a JSON document as its column takes it: text so that it reads back as it is meant."""
    type_ = _type(rule)
    if type_ == "text":
        return f"jamf_sync.storable({document} ->> '{rule.field}')"
    return f"({document} ->> '{rule.field}')::{type_}"


def _assignments(rules: list[OwnershipRule], columns: Mapping[str, str], document: str) -> str:
    """Each column with the document's value, if it names the field, else with its own."""
    return ",\n".join(
        f"{columns[rule.field]} = case when {document} ? '{rule.field}'\n"
        f"  then {_value(rule, document)} else stored.{columns[rule.field]} end"
        for rule in rules
    )


def _filling(rules: list[OwnershipRule], columns: Mapping[str, str]) -> str:
    """Each column with the value of `fields`, if it is empty and there is one, else with its own."""
    assignments = []
    for rule in rules:
        stored = f"stored.{columns[rule.field]}"
        given = _value(rule, "fields")
        filled = f"coalesce({stored}, {given})"
        if _type(rule) == "text":
            filled = (
                f"case when btrim({stored}) <> '' then {stored}\n"
                f"  else coalesce({given}, {stored}) end"
            )
        assignments.append(f"{columns[rule.field]} = {filled}")
    return ",\n".join(assignments)


def _fillable(rules: list[OwnershipRule], columns: Mapping[str, str]) -> str:
    """Whether one of the columns is empty and `fields` has a value for it."""
    conditions = []
    for rule in rules:
        stored = f"stored.{columns[rule.field]}"
        is_empty = (
            f"coalesce(btrim({stored}), '') = ''" if _type(rule) == "text" else f"{stored} is null"
        )
        conditions.append(f"{is_empty} and fields ->> '{rule.field}' is not null")
    return "\nor ".join(conditions)


def _type(rule: OwnershipRule) -> str:
    return RELATIONS[object_type_named(rule.object_type).relation][rule.field]
