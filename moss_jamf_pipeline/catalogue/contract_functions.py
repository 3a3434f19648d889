"""Generates the contract of each dialect: a function per relation, the vocabulary and the capabilities.

A relation is a set-returning SQL function whose body is a string. PostgreSQL records no dependency for what such a
body names, so M.O.S.S.'s own migrations alter and drop its columns as if we were not there; and it writes the body
into the statement that calls it, so that an index on a host name stays of use (docs/decisions/0008).
"""

from collections.abc import Iterable

from moss_jamf_pipeline.catalogue.contract import RELATIONS
from moss_jamf_pipeline.catalogue.dialects import DIALECTS, Dialect

_WIDTH = 100


def contract_files() -> dict[str, str]:
    """The files of every dialect, path to text."""
    files = {}
    for dialect in DIALECTS:
        folder = f"sql/generated/{dialect.name}/contract"
        files[f"{folder}/relations.sql"] = _relations_file(dialect)
        files[f"{folder}/words.sql"] = _words_file(dialect)
    return files


def _relations_file(dialect: Dialect) -> str:
    header = _comment(
        f"The relations of the contract over {dialect.title}, each a function without arguments. Reads nothing. "
        "The bodies are strings and the functions stable SQL, so PostgreSQL tracks no dependency on M.O.S.S.'s columns "
        "and still writes the bodies into the statements that use them. Each column is cast to the type that the "
        "contract declares: one whose type M.O.S.S. changes is read as before. They act with the caller's rights."
    )
    return "\n".join([header, *(_function(dialect, relation) for relation in RELATIONS)])


def _function(dialect: Dialect, relation: str) -> str:
    columns = RELATIONS[relation]
    body = _body(relation) if dialect.relations[relation] else _empty_body(relation)
    declared = _wrapped([f"{column} {type_}" for column, type_ in columns.items()], indent=2)
    return (
        f"create function moss_contract.{relation}() returns table (\n{declared}\n)\n"
        f"language sql stable as $$\n{body}$$;\n"
    )


def _body(relation: str) -> str:
    read = [f"{column}::{type_}" for column, type_ in RELATIONS[relation].items()]
    return f"  select\n{_wrapped(read, indent=4)}\n  from moss_contract.{relation}\n"


def _empty_body(relation: str) -> str:
    nulls = [f"null::{type_}" for type_ in RELATIONS[relation].values()]
    return f"  select {', '.join(nulls)} where false\n"


def _words_file(dialect: Dialect) -> str:
    header = _comment(
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
    return "\n".join(
        [
            header,
            "insert into moss_contract.vocabulary (domain, canonical, accepted) values",
            "  " + ",\n  ".join(words) + ";\n",
            "insert into moss_contract.capabilities (name, is_available, meaning) values",
            "  " + ",\n  ".join(capabilities) + ";\n",
        ]
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _comment(text: str) -> str:
    return "\n".join(f"-- {line}" for line in _lines(text.split(" "), " ", _WIDTH - 3)) + "\n"


def _wrapped(items: Iterable[str], *, indent: int) -> str:
    """Items separated by commas, in lines of at most a hundred columns."""
    lines = _lines(list(items), ", ", _WIDTH - indent - 1)
    return ",\n".join(" " * indent + line for line in lines)


def _lines(items: list[str], separator: str, width: int) -> list[str]:
    lines = [items[0]]
    for item in items[1:]:
        longer = f"{lines[-1]}{separator}{item}"
        if len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(item)
    return lines
