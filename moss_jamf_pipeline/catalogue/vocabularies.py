"""The catalogue's words as PostgreSQL has them: one function for each list that a column or a statement goes by.

A constraint asks its function, so a new word is a new line here and no migration. PostgreSQL folds the call into a
constant list when it plans a statement: the check costs what one written out would.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from moss_jamf_pipeline.catalogue.conflict_kinds import ConflictKindName, Resolution
from moss_jamf_pipeline.catalogue.evidence import evidence_function
from moss_jamf_pipeline.catalogue.outcomes import MATCH_VOCABULARIES, Action, Outcome
from moss_jamf_pipeline.catalogue.ownership import declared_rules

_PATH: Final = "sql/generated/vocabularies.sql"
_COLUMNS: Final = 100
_HEADER: Final = """\
-- Generated from moss_jamf_pipeline/catalogue (vocabularies.py) by `make generate`; edit it there.
-- The words that columns may hold and statements go by, one function for each list.
-- Run before the migrations, which name these functions, and again by every `moss-jamf init`.
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list of words.

    Attributes:
        function: the function of `jamf_sync` that yields them.
        columns: the columns that may hold one of them and nothing else, as `table.column`.
        words: all of them.
    """

    function: str
    columns: tuple[str, ...]
    words: tuple[str, ...]


VOCABULARIES: Final = (
    Vocabulary(
        "conflict_kinds", ("plan_conflicts.kind", "conflicts.kind"), tuple(ConflictKindName)
    ),
    Vocabulary(
        "device_custom_fields",
        (),
        tuple(
            rule.field
            for rule in declared_rules()
            if rule.object_type == "device" and not rule.is_column and rule.on_update != "never"
        ),
    ),
    Vocabulary("conflict_resolutions", ("conflicts.resolution",), tuple(Resolution)),
    Vocabulary("plan_actions", ("change_plan.action",), tuple(Action)),
    Vocabulary("plan_outcomes", ("change_plan.outcome",), tuple(Outcome)),
    *(
        Vocabulary(
            f"{vocabulary.table.removesuffix('es')}_outcomes",
            (f"{vocabulary.table}.outcome",),
            vocabulary.outcomes,
        )
        for vocabulary in MATCH_VOCABULARIES
    ),
)
"""Every list of words that the database knows."""


def vocabulary_files() -> Mapping[str, str]:
    """The functions of all vocabularies, of evidence in words and of their version, as one file of SQL."""
    version = (
        "create or replace function jamf_sync.vocabularies_version() returns text\n"
        f"language sql immutable parallel safe as $$ select '{vocabularies_version()}' $$;\n"
    )
    functions = (*map(_function, VOCABULARIES), evidence_function())
    return {_PATH: "\n".join((_HEADER, *functions, version))}


def vocabularies_version() -> str:
    """Names the words of all vocabularies: other words are another name."""
    words = [(vocabulary.function, list(map(str, vocabulary.words))) for vocabulary in VOCABULARIES]
    said = (words, evidence_function())
    return blake2b(repr(said).encode(), digest_size=8).hexdigest()


def _function(vocabulary: Vocabulary) -> str:
    return (
        f"create or replace function jamf_sync.{vocabulary.function}() returns text[]\n"
        "language sql immutable parallel safe as $$\n"
        f"  select array[\n{_wrapped(vocabulary.words)}\n  ]::text[]\n"
        "$$;\n"
    )


def _wrapped(words: Iterable[str]) -> str:
    """Words as SQL literals, as many to a line as fit."""
    lines = [""]
    for word in words:
        literal = f"'{word}'"
        if len(lines[-1]) + len(literal) + len("    , ,") > _COLUMNS:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else ''}{literal}"
    return ",\n".join(f"    {line}" for line in lines)
