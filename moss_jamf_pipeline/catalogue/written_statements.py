"""Generates the statements that write M.O.S.S.'s tables, for each dialect, from one source each.

A source (`catalogue/statements/**.sql`) is SQL with words in `{{ }}` where dialects differ, or where the ownership
table decides which columns are written:

- `{{ devices }}`: the table that the relation of the contract stands on; `{{ devices.hostname }}`: a column of it;
- `{{ created columns of device }}`, `{{ created values of device }}`: what a new object gets, from the `after` of a
  plan's row;
- `{{ overwritten columns of device }}`, `{{ overwritten fields of device }}`: what JAMF may overwrite, of `stored`
  from `planned.after`;
- `{{ fillings of device }}`: what is filled while it is empty, from the `after` of a plan's row (null: nothing is);
  of `filling`, which has them, `{{ filled names of device }}`, `{{ filled values of device }}` (each with its name) and
  `{{ stored fillings of device }}` (as a JSON object's); of `filled`, which was made of that object,
  `{{ filled types of device }}` and `{{ filled columns of device }}`; `{{ filled fields of device }}`: their names;
- `{{ restorations of device }}`: those and the ones that follow their default, from `owned` where it names them;
  `{{ restored columns of device }}`: the same, of `wanted`, which has them;
- `{{ defaults of device }}`: the ones that follow their default, as a JSON object of `object`;
- `{{ fillable fields }}`, `{{ restored fields }}`: all of them, each as `device.room_id`;
- `{{ custom fields in a text }}`: all that the sync writes, inside a text of SQL;
- `{{ column of choices }}`, `{{ value of choices }}`, `{{ choices differ }}`, `{{ set choices }}`: the choices of a
  custom field (`wanted.choices`, text[]), with what joins them to what stands before; nothing where M.O.S.S. has none.
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
    words = {**_names(dialect), **_owned_fields(dialect), **_choices(dialect)}

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


def _choices(dialect: Dialect) -> dict[str, str]:
    """The choices of a custom field, where this M.O.S.S. has a column for them."""
    (known,) = dialect.relations["custom_fields"]
    own = known.columns["field_options"]
    given = "nullif(to_jsonb(wanted.choices), '[]')"
    words = {
        "column of choices": f", {own}",
        "value of choices": f", {given}",
        "choices differ": f" or stored.{own} is distinct from {given}",
        "set choices": f", {own} = {given}",
    }
    return dict.fromkeys(words, "") if "field_options" in known.optional else words


def _owned_fields(dialect: Dialect) -> dict[str, str]:
    """The columns of each object type that the ownership table has written."""
    words: dict[str, str] = {}
    fillable_fields: list[str] = []
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
        restored = [rule for rule in own if rule.on_update in ("fill", "follow")]
        following = [rule for rule in own if rule.on_update == "follow"]
        fillable_fields += [
            f"'{object_type}.{rule.field}'" for rule in own if rule.on_update == "fill"
        ]
        restored_fields += [f"'{object_type}.{rule.field}'" for rule in restored]
        words |= {
            f"created columns of {object_type}": _list(columns[rule.field] for rule in created),
            f"created values of {object_type}": ",\n".join(
                _value(rule, "after") for rule in created
            ),
            f"overwritten columns of {object_type}": ",\n".join(
                f"{columns[rule.field]} = {_kept_or_given(rule, columns, 'planned.after')}"
                for rule in overwritten
            ),
            f"overwritten fields of {object_type}": _list(
                f"'{rule.field}'" for rule in overwritten
            ),
            f"restorations of {object_type}": ",\n".join(
                f"{_kept_or_given(rule, columns, 'owned')} as {rule.field}" for rule in restored
            ),
            f"restored columns of {object_type}": ",\n".join(
                f"{columns[rule.field]} = wanted.{rule.field}" for rule in restored
            ),
            f"defaults of {object_type}": _json_object(
                (rule.field, f"object.{columns[rule.field]}") for rule in following
            ),
            **_filling(object_type, [rule for rule in own if rule.on_update == "fill"], columns),
        }
    custom_fields = [
        f"''{rule.object_type}.{rule.field}''" for rule in declared_rules() if not rule.is_column
    ]
    return words | {
        "fillable fields": ", ".join(fillable_fields),
        "restored fields": ", ".join(restored_fields),
        "custom fields in a text": _list(custom_fields),
    }


def _list(items: Iterable[str]) -> str:
    return comma_separated(items, indent=_DEEPEST).strip().replace(" " * _DEEPEST, "")


def _value(rule: OwnershipRule, document: str) -> str:
    """A field of a JSON document as its column takes it: text so that it reads back as it is meant."""
    type_ = _type(rule)
    if type_ == "text":
        return f"jamf_sync.storable({document} ->> '{rule.field}')"
    return f"({document} ->> '{rule.field}')::{type_}"


def _kept_or_given(rule: OwnershipRule, columns: Mapping[str, str], document: str) -> str:
    """A column's new value: the document's, if it names the field, else its own."""
    return (
        f"case when {document} ? '{rule.field}'\n"
        f"  then {_value(rule, document)} else stored.{columns[rule.field]} end"
    )


def _json_object(members: Iterable[tuple[str, str]]) -> str:
    """A JSON object of names and values; null if there is none."""
    listed = ", ".join(f"'{name}', {value}" for name, value in members)
    return f"jsonb_build_object({listed})" if listed else "null"


def _filling(
    object_type: str, rules: list[OwnershipRule], columns: Mapping[str, str]
) -> dict[str, str]:
    """The words for the fields of an object type that are filled while they are empty."""

    def storable(rule: OwnershipRule) -> str:
        value = f"filling.{rule.field}"
        return f"jamf_sync.storable({value})" if _type(rule) == "text" else value

    return {
        f"fillings of {object_type}": ",\n".join(
            f"case when {_is_empty(rule, columns)}\n"
            f"      and planned.rules ->> '{rule.field}' is distinct from 'decided_take_jamf'\n"
            f"  then planned.after ->> '{rule.field}' end as {rule.field}"
            for rule in rules
        ),
        f"filled names of {object_type}": _list(f"filling.{rule.field}" for rule in rules),
        f"filled values of {object_type}": _list(
            f"('{rule.field}', filling.{rule.field})" for rule in rules
        ),
        f"filled fields of {object_type}": _list(f"'{rule.field}'" for rule in rules),
        f"stored fillings of {object_type}": _list(
            f"'{rule.field}', {storable(rule)}" for rule in rules
        ),
        f"filled types of {object_type}": _list(
            f"{rule.field} pg_catalog.{_type(rule)}" for rule in rules
        ),
        f"filled columns of {object_type}": ",\n".join(
            f"{columns[rule.field]} = coalesce(filled.{rule.field}, stored.{columns[rule.field]})"
            for rule in rules
        ),
    }


def _is_empty(rule: OwnershipRule, columns: Mapping[str, str]) -> str:
    stored = f"stored.{columns[rule.field]}"
    return f"coalesce(btrim({stored}), '') = ''" if _type(rule) == "text" else f"{stored} is null"


def _type(rule: OwnershipRule) -> str:
    return RELATIONS[object_type_named(rule.object_type).relation][rule.field]
