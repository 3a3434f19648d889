"""Generates the contract of each dialect: a function per relation, the vocabulary and the capabilities.

A relation is a set-returning SQL function whose body is a string. PostgreSQL records no dependency for what such a
body names, so M.O.S.S.'s own migrations alter and drop its columns as if we were not there; and it writes the body
into the statement that calls it, so that an index on a host name stays of use (docs/decisions/0008).
"""

from moss_jamf_pipeline.catalogue.contract import RELATIONS
from moss_jamf_pipeline.catalogue.dialects import DIALECTS, Dialect, Source
from moss_jamf_pipeline.catalogue.layout import comma_separated, comment


def contract_files() -> dict[str, str]:
    """The files of every dialect, path to text."""
    files = {}
    for dialect in DIALECTS:
        folder = f"sql/generated/{dialect.name}/contract"
        files[f"{folder}/relations.sql"] = _relations_file(dialect)
        files[f"{folder}/words.sql"] = _words_file(dialect)
    return files


def _relations_file(dialect: Dialect) -> str:
    header = comment(
        f"The relations of the contract over {dialect.title}, each a function without arguments. Reads nothing. "
        "The bodies are strings and the functions stable SQL, so PostgreSQL tracks no dependency on M.O.S.S.'s columns "
        "and still writes the bodies into the statements that use them. Each column is cast to the type that the "
        "contract declares: one whose type M.O.S.S. changes is read as before. They act with the caller's rights."
    )
    return header + "\n".join(_function(dialect, relation) for relation in RELATIONS)


def _function(dialect: Dialect, relation: str) -> str:
    columns = RELATIONS[relation]
    bodies = [_body(source, relation) for source in dialect.relations[relation]]
    body = "  union\n".join(bodies or [_empty_body(relation)])
    declared = comma_separated([f"{column} {type_}" for column, type_ in columns.items()], indent=2)
    return (
        f"create function moss_contract.{relation}() returns table (\n{declared}\n)\n"
        f"language sql stable as $$\n{body}$$;\n"
    )


def _body(source: Source, relation: str) -> str:
    """What a relation reads from one table.

    An optional column is looked for in the table first and then in `absent`, as SQL resolves a name without a
    qualifier: so the body holds whether the table has it or not.
    """
    read, absent = [], []
    for column, type_ in RELATIONS[relation].items():
        own = source.columns[column]
        if column in source.optional:
            absent.append(f"null::{type_} as {own}")
            read.append(f"coalesce({own}::{type_}, {source.optional[column]}) as {column}")
        else:
            read.append(f"{own}::{type_}" if own == column else f"{own}::{type_} as {column}")
    condition = [f"where {source.condition}"] if source.condition else []
    table = [f"from {source.table}", *condition]
    if not absent:
        return _indented(["select", comma_separated(read, indent=2), *table])
    lateral = ["  select", comma_separated(read, indent=4), *(f"  {line}" for line in table)]
    return _indented(
        [
            "select stored.*",
            f"from (select {', '.join(absent)}) as absent",
            *("cross join lateral (", *lateral, ") as stored"),
        ]
    )


def _empty_body(relation: str) -> str:
    nulls = [f"null::{type_}" for type_ in RELATIONS[relation].values()]
    return _indented([f"select {', '.join(nulls)} where false"])


def _indented(lines: list[str]) -> str:
    return "".join(f"  {line}\n" for line in "\n".join(lines).split("\n"))


def _words_file(dialect: Dialect) -> str:
    header = comment(
        f"The vocabulary and the capabilities of {dialect.title}: the words that it accepts, and what it can hold. "
        "Fills the tables of the contract, which are empty."
    )
    words = [
        f"({_quoted(domain)}, {_quoted(canonical)}, {_quoted(accepted)})"
        for (domain, canonical), accepted in dialect.vocabulary.items()
    ]
    capabilities = [
        f"({_quoted(known.name)}, {str(known.is_available).lower()},\n   {_quoted(known.meaning)})"
        for known in dialect.capabilities
    ]
    return (
        f"{header}"
        "insert into moss_contract.vocabulary (domain, canonical, accepted) values\n  "
        + ",\n  ".join(words)
        + ";\n\ninsert into moss_contract.capabilities (name, is_available, meaning) values\n  "
        + ",\n  ".join(capabilities)
        + ";\n"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
