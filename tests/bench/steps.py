"""Where the time of a Dagster run went, step by step, from Dagster's own event log."""

from dataclasses import dataclass
from typing import Final

import psycopg

_STEPS: Final = """
select step_key,
  extract(epoch from min(timestamp) filter (where dagster_event_type = 'STEP_START'))::float8,
  extract(epoch from max(timestamp) filter (where dagster_event_type in ('STEP_SUCCESS', 'STEP_FAILURE')))::float8
from event_logs
where run_id = %(run_id)s and dagster_event_type in ('STEP_START', 'STEP_SUCCESS', 'STEP_FAILURE')
group by step_key
having count(*) filter (where dagster_event_type <> 'STEP_START') > 0
order by 2
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes:
        name: of the asset or check, without the integration's prefix.
        seconds: from its (first) start to its end.
    """

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunTime:
    """How the time of a run is made up; the three parts are the whole.

    Attributes:
        steps: in the order in which they began.
        between_steps: seconds between the first step and the last in which none ran: Dagster's own.
        around_steps: seconds before the first and after the last.
    """

    steps: tuple[Step, ...]
    between_steps: float
    around_steps: float


def read_run_time(dagster_url: str, run_id: str, seconds: float) -> RunTime:
    """Reads what a run's time went into.

    Args:
        dagster_url: Dagster's database.
        run_id: the run.
        seconds: how long it took altogether.
    """
    with psycopg.connect(dagster_url) as connection:
        rows = connection.execute(_STEPS, {"run_id": run_id}).fetchall()
    if not rows:
        return RunTime((), 0.0, seconds)
    steps = tuple(Step(key.partition("__")[2] or key, end - start) for key, start, end in rows)
    span = max(end for _, _, end in rows) - min(start for _, start, _ in rows)
    return RunTime(
        steps=steps,
        between_steps=span - sum(step.seconds for step in steps),
        around_steps=seconds - span,
    )
