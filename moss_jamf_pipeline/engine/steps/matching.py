"""Matches what the newest snapshots hold: who is who."""

from collections.abc import Mapping
from dataclasses import dataclass

from moss_jamf_pipeline.engine.checks import Finding, findings_of_matches
from moss_jamf_pipeline.engine.context import RunContext
from moss_jamf_pipeline.moss.match.matching import match


@dataclass(frozen=True, slots=True)
class Matched:
    """A table of matches that is in step with the newest snapshots.

    Attributes:
        table: which.
        outcomes: outcome to the number of objects.
    """

    table: str
    outcomes: Mapping[str, int]


def match_objects(run: RunContext, table: str) -> Matched:
    """Brings one table of matches in step.

    Args:
        run: the run.
        table: one of `catalogue.object_types.MATCH_TABLES`.
    """
    with run.step() as connection:
        outcomes = match(connection, table, run.integration, run.captures)
        run.note(*look(run, table))
        return Matched(table, outcomes)


def look(run: RunContext, table: str) -> tuple[Finding, ...]:
    """What is so of a table of matches, as it is stored."""
    return findings_of_matches(run.connection, run.integration.id, table)
