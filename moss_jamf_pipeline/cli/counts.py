"""The counts of a plan, by type of object, as a table and as JSON. Without Dagster, so that looking is quick."""

from collections.abc import Iterable

from moss_jamf_pipeline.catalogue.object_types import plural_of
from moss_jamf_pipeline.cli.output import print_table
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts

_COUNTS = ("seen", "created", "updated", "unchanged", "conflicts", "skipped", "failed")
_MORE = (
    *("held", "locked", "removed", "linked", "moved", "returned"),
    *("unenrolled", "unenrolments_held", "deleted_internal"),
)
_IN_WORDS = {"unenrolments_held": "unenrolments held", "deleted_internal": "deleted in M.O.S.S."}


def counts_document(counts: Iterable[ObjectCounts]) -> list[dict[str, object]]:
    """The counts of each object type as JSON."""
    return [
        {name: getattr(count, name) for name in ("object_type", *_COUNTS, *_MORE)}
        for count in counts
    ]


def print_counts(counts: Iterable[ObjectCounts], title: str) -> None:
    """Prints the counts of each object type as a table; the last column holds what is rare."""
    print_table(
        ["objects", *_COUNTS, "of which"],
        [
            [
                plural_of(count.object_type),
                *(getattr(count, name) for name in _COUNTS),
                ", ".join(
                    f"{getattr(count, name):,} {_IN_WORDS.get(name, name)}"
                    for name in _MORE
                    if getattr(count, name)
                ),
            ]
            for count in counts
        ],
        title=title,
        numbers=_COUNTS,
    )
