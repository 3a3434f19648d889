"""The page `docs/catalogue.md`: what the catalogue declares, as tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS
from moss_jamf_pipeline.catalogue.conflict_kinds import CONFLICT_KINDS, Resolution
from moss_jamf_pipeline.catalogue.object_types import object_type_named
from moss_jamf_pipeline.catalogue.outcomes import MATCH_VOCABULARIES, Action, MatchOutcome, Outcome

_PATH: Final = "docs/catalogue.md"
_HEADER: Final = """\
<!-- Generated from moss_jamf_pipeline/catalogue by `make generate`; edit it there. -->
# The catalogue

What the pipeline knows of JAMF's and M.O.S.S.'s objects is declared once, in `moss_jamf_pipeline/catalogue`; the code,
the statements and this page follow from it.
"""


def documentation_files() -> Mapping[str, str]:
    """The page, complete."""
    parts = (_HEADER, _collections(), _conflict_kinds(), _actions(), _outcomes(), _match_outcomes())
    return {_PATH: "\n".join(parts)}


def _collections() -> str:
    rows = (
        (
            f"`{collection.name}`",
            f"{collection.contents}.",
            "–"
            if collection.object_type is None
            else object_type_named(collection.object_type).plural,
            f"`{collection.switch_key}`",
        )
        for collection in COLLECTIONS
    )
    return _section(
        "Collections",
        "What is pulled from JAMF. A collection that M.O.S.S. has switched off is not asked for.",
        _table(("Collection", "What it holds", "Becomes", "Switched off by"), rows),
    )


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
