"""A trial: applies a plan to M.O.S.S. for real, in a transaction that is always rolled back, and keeps what went wrong.

Only M.O.S.S. itself knows all of its constraints and triggers. Nothing of a trial stays but what it found; sequences
of M.O.S.S. may have moved on.
"""

from dataclasses import dataclass

import psycopg
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES
from moss_jamf_pipeline.moss.apply.applying import try_objects
from moss_jamf_pipeline.moss.contract.roles import writing
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.moss.integration.successors import make_links
from moss_jamf_pipeline.moss.plan.guard import release_for_trial
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.moss.statements import (
    Row,
    execute,
    fetch_all,
    reading_links_as_they_are,
)

_PREVIEW = 25


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial of a plan found.

    Attributes:
        tried: how many rows of the plan it tried, those included that the guard holds.
        problems: the number of rows that M.O.S.S. would not take as they are.
        by_problem: the same by what would become of them: `refused`, `failed`, `locked` or, of single fields,
            `left_out`.
        examples: the first of them.
    """

    tried: int
    problems: int
    by_problem: dict[str, int]
    examples: tuple[Row, ...]


def validate_plan(connection: psycopg.Connection, integration: Integration, plan: Plan) -> Trial:
    """Tries a plan and stores what M.O.S.S. would refuse of it in `jamf_sync.plan_problems`.

    Args:
        connection: one in autocommit mode, whose log-in may take on the writing role.
        integration: whose plan.
        plan: one that waits to be applied.
    """
    scope = {"plan_id": plan.plan_id}
    with (
        reading_links_as_they_are(connection) as has_presumed,
        connection.transaction(force_rollback=True),
    ):
        if has_presumed:
            # Here they are made, as the run makes them that applies the plan.
            with writing(connection):
                make_links(connection, integration.id)
        release_for_trial(connection, plan.plan_id)
        found = [
            row
            for kind in APPLIED_OBJECT_TYPES
            for row in try_objects(connection, integration, plan, kind.name)
        ]
        found += fetch_all(
            connection,
            "plan/trial_problems",
            {**scope, "object_type": None, "first_row": 0, "last_row": 0},
        )
    execute(connection, "plan/store_plan_problems", {**scope, "problems": Jsonb(found)})
    by_problem: dict[str, int] = {}
    for row in found:
        by_problem[row["problem"]] = by_problem.get(row["problem"], 0) + 1
    return Trial(
        tried=sum(
            count.created + count.updated + count.removed + count.held for count in plan.counts
        ),
        problems=len(found),
        by_problem=by_problem,
        examples=tuple(plan_problems(connection, plan.plan_id, limit=_PREVIEW)),
    )


def plan_problems(connection: psycopg.Connection, plan_id: int, *, limit: int) -> list[Row]:
    """The first problems that the last trial of a plan found; each row carries their `total`."""
    return fetch_all(connection, "plan/plan_problems", {"plan_id": plan_id, "row_limit": limit})
