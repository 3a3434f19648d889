"""The page `docs/catalogue.md`: what the catalogue declares, as tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.catalogue.conflict_kinds import CONFLICT_KINDS, Resolution
from moss_jamf_pipeline.catalogue.fields import FieldDeclaration, declared_fields
from moss_jamf_pipeline.catalogue.object_types import object_type_named
from moss_jamf_pipeline.catalogue.outcomes import MATCH_VOCABULARIES, Action, MatchOutcome, Outcome

_PATH: Final = "docs/catalogue.md"
_OTHER_PLACES: Final = {
    "snapshot": "its snapshot, to match by",
    "document": "the stored document",
    "contact": "beside the document: it changes with every check-in",
}
_HEADER: Final = """\
<!-- Generated from moss_jamf_pipeline/catalogue by `make generate`; edit it there. -->
# The catalogue

What the pipeline knows of JAMF's and M.O.S.S.'s objects is declared once, in `moss_jamf_pipeline/catalogue`; the code,
the statements and this page follow from it.
"""


def documentation_files() -> Mapping[str, str]:
    """The page, complete."""
    parts = (
        *(_HEADER, _collections(), _owned_fields(), _other_fields()),
        *(_conflict_kinds(), _actions(), _outcomes(), _match_outcomes()),
    )
    return {_PATH: "\n".join(parts)}


def _collections() -> str:
    rows = (
        (
            f"`{collection.name}`",
            f"{collection.contents}.",
            "–"
            if collection.object_type is None
            else object_type_named(collection.object_type).plural,
            f"`{collection.switch_key}`{' (off until switched on)' if collection.is_optional else ''}",
        )
        for collection in COLLECTIONS
    )
    return _section(
        "Collections",
        "What is pulled from JAMF. A collection that M.O.S.S. has switched off is not asked for.",
        _table(("Collection", "What it holds", "Becomes", "Switched by"), rows),
    )


def _owned_fields() -> str:
    rows = (
        (
            f"{field.object_type} `{field.field}`",
            field.description,
            _paths(field),
            (field.place or "").replace("_", " "),
            field.owner or "",
            field.on_create or "",
            field.on_update or "",
            "yes" if field.records_conflict else "–",
            field.why or "",
        )
        for field in declared_fields()
        if field.is_owned
    )
    columns = (
        *("Field", "What it holds", "In JAMF", "In M.O.S.S.", "Owner", "On create", "On update"),
        *("Conflict", "Why"),
    )
    return _section(
        "Fields that M.O.S.S. has",
        "Who wins a field ([how](who-wins.md#who-wins-a-field)). A JAMF null keeps what M.O.S.S. holds.",
        _table(columns, rows),
    )


def _other_fields() -> str:
    rows = (
        (
            f"{field.object_type} `{field.field}`",
            field.description,
            _paths(field),
            _OTHER_PLACES[field.place],
        )
        for field in declared_fields()
        if not field.is_owned
    )
    return _section(
        "Other fields that are kept",
        "Nothing else of JAMF's answers is stored.",
        _table(("Field", "What it holds", "In JAMF", "Where it is kept"), rows),
    )


def _paths(field: FieldDeclaration) -> str:
    paths = (f"`{'.'.join((path.collection, *path.keys))}`" for path in field.path)
    return ", ".join(paths) or "–"


def _conflict_kinds() -> str:
    rows = (
        (
            f"`{kind.name}`",
            f"{kind.title}. {kind.meaning} {kind.advice}",
            *(kind.resolutions.get(resolution, "–") for resolution in Resolution),
        )
        for kind in CONFLICT_KINDS
    )
    options = (f"`--{resolution.value.replace('_', '-')}`" for resolution in Resolution)
    return _section(
        "Kinds of conflict",
        "What M.O.S.S. and JAMF can disagree on, and what a decision "
        "(`moss-jamf conflicts resolve`) does.",
        _table(("Kind", "What it means, what to do", *options), rows),
    )


def _actions() -> str:
    return _section(
        "Actions",
        "What a row of a plan does (`change_plan.action`).",
        _table(("Action", "What it does"), ((f"`{word}`", word.meaning) for word in Action)),
    )


def _outcomes() -> str:
    return _section(
        "Outcomes",
        "What became of a row of a plan (`change_plan.outcome`); one without an outcome waits.",
        _table(("Outcome", "What happened"), ((f"`{word}`", word.meaning) for word in Outcome)),
    )


def _match_outcomes() -> str:
    rows = (
        (
            f"`{word}`",
            word.meaning,
            ", ".join(
                f"`{vocabulary.table}`"
                for vocabulary in MATCH_VOCABULARIES
                if word in vocabulary.outcomes
            ),
        )
        for word in MatchOutcome
    )
    return _section(
        "Outcomes of matching",
        "What matching found for a JAMF record (`outcome` in the tables of matches).",
        _table(("Outcome", "What was found", "Where it occurs"), rows),
    )


def _section(title: str, introduction: str, table: str) -> str:
    return f"## {title}\n\n{introduction}\n\n{table}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (columns, ("---",) * len(columns), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
