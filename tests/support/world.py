"""A whole world for end-to-end tests: a simulated JAMF Pro over HTTP, a M.O.S.S. database, and syncs between them.

A sync is the engine's, unless Dagster is the subject: it takes a tenth of the CPU, and `e2e/test_engine` holds that it
ends as a Dagster run does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

import dagster as dg
from psycopg.rows import dict_row

from moss_jamf_pipeline.definitions import build_definitions
from moss_jamf_pipeline.engine.scopes import SCOPES, job_name
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.engine.sync import Order, Outcome, sync
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.moss.plan.planning import ObjectCounts, newest_plan
from moss_jamf_pipeline.settings import IntegrationChoice, Settings
from moss_jamf_pipeline.simulator import Fleet, SimulatorServer
from tests.support.dialects import CORE_TABLES, STRATEGY, Dialect, as_people_see_it
from tests.support.shelf import PreparedMoss

PREFIX = "jamf_pro"
DEFINITIONS = build_definitions([IntegrationChoice()])

Row = dict[str, Any]
InstanceMaker = Callable[[], dg.DagsterInstance]


@cache
def definitions_of(choice: IntegrationChoice) -> dg.Definitions:
    """A code location with one integration; the default one's is `DEFINITIONS`."""
    return DEFINITIONS if choice == IntegrationChoice() else build_definitions([choice])


@dataclass
class World:
    """JAMF on one side, M.O.S.S. on the other, and a Dagster instance between them.

    Attributes:
        url: of the M.O.S.S. database, with its password.
        jamf: the simulated server; change its `fleet`, `evolve` it, set faults.
        database: the M.O.S.S. database, as the product sees it.
        people: the same as people see it: connections for the test's own statements, in the strategy's names.
        dialect: which M.O.S.S. it is.
        recorder: makes the Dagster instance in which its runs are recorded.
        outcomes: of the engine's syncs so far, newest last.
        runs: the results of Dagster's runs so far, newest last.
    """

    url: str
    jamf: SimulatorServer
    database: MossDatabase
    people: MossDatabase
    dialect: Dialect
    recorder: InstanceMaker
    outcomes: list[Outcome] = field(default_factory=list)
    runs: list[dg.ExecuteInProcessResult] = field(default_factory=list)

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """Where Dagster's runs are recorded; most tests need none."""
        return self.recorder()

    @property
    def fleet(self) -> Fleet:
        """What the simulated server serves."""
        return self.jamf.fleet

    @property
    def integration(self) -> Integration:
        """The integration that is synced."""
        with self.database.connection() as connection:
            return find_integration(connection, Settings().integration)

    def sync(
        self, scope: str = "everything", *, slot: str | None = None, may_fail: bool = False
    ) -> Outcome:
        """Runs a scope's steps for a slot (by default the one that contains now)."""
        slots = () if slot is None else (slot,)
        outcome = sync(SCOPES[scope], self.database, Settings(), order=Order(slots=slots))
        self.outcomes.append(outcome)
        if outcome.failures and not may_fail:
            raise outcome.failures[0].error
        return outcome

    def apply(self, plan_id: int, *approve: str, triggered_by: str = "engine") -> Outcome:
        """Applies a plan that was made before."""
        order = Order(plan_id=plan_id, approve=approve)
        outcome = sync(
            SCOPES["apply"], self.database, Settings(), order=order, triggered_by=triggered_by
        )
        self.outcomes.append(outcome)
        return outcome

    def sync_in_dagster(
        self, scope: str = "everything", *, slot: str | None = None, may_fail: bool = False
    ) -> dg.ExecuteInProcessResult:
        """Runs a scope's job for a slot (by default the one that contains now)."""
        choice = Settings().integration
        job = definitions_of(choice).resolve_job_def(job_name(choice.slug, SCOPES[scope]))
        slot = slot or slot_key_at(datetime.now(UTC))
        result = job.execute_in_process(
            instance=self.instance,
            partition_key=slot,
            run_config={**job.get_run_config_for_partition_key(slot), "loggers": _QUIET},
            raise_on_error=not may_fail,
        )
        self.runs.append(result)
        return result

    def apply_in_dagster(
        self, plan_id: int, *approve: str, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Runs the job that applies a plan, as from the launchpad."""
        choice = {"config": {"plan_id": plan_id, "approve": list(approve)}}
        result = DEFINITIONS.resolve_job_def(SCOPES["apply"].job).execute_in_process(
            instance=self.instance,
            run_config={"ops": {f"{PREFIX}__guarded_plan": choice}, "loggers": _QUIET},
            tags=tags,
            raise_on_error=False,
        )
        self.runs.append(result)
        return result

    def materialize(self, *names: str, slot: str | None = None) -> dg.ExecuteInProcessResult:
        """Materialises single assets, as from the UI."""
        result = DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            partition_key=slot,
            asset_selection=[dg.AssetKey([PREFIX, name]) for name in names],
            run_config={"loggers": _QUIET},
            raise_on_error=False,
        )
        self.runs.append(result)
        return result

    def query(self, statement: str, parameters: Sequence[Any] | None = None) -> list[Row]:
        """Rows of the M.O.S.S. database, each as column to value."""
        with (
            self.people.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(statement.encode(), parameters).fetchall()

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> int:
        """Changes the M.O.S.S. database as a person would; returns the rows touched."""
        with self.people.connection() as connection:
            return connection.execute(statement.encode(), parameters).rowcount

    def counts(self) -> dict[str, ObjectCounts]:
        """The counts of the newest plan by object type."""
        with self.database.connection() as connection:
            plan = newest_plan(connection, self.integration.id)
        return {count.object_type: count for count in plan.counts}

    def history(self) -> list[Row]:
        """The rows of integration_sync_history, oldest first."""
        return self.query("select * from integration_sync_history order by sync_started_at")

    def row_versions(self) -> dict[str, list[tuple[Any, ...]]]:
        """Identity of every stored row version of the core tables: equal before and after means nothing was written."""
        with self.database.connection() as connection:
            return {
                table: connection.execute(
                    f"select ctid::text, xmin::text from public.{table} order by 1, 2".encode()
                ).fetchall()
                for table in CORE_TABLES
            }


_QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


def recorder_in(stack: ExitStack) -> InstanceMaker:
    """Makes an instance in memory, which is closed with the stack."""
    return lambda: stack.enter_context(dg.DagsterInstance.ephemeral())


@contextmanager
def open_world(
    url: str,
    jamf: SimulatorServer,
    recorder: InstanceMaker,
    dialect: Dialect = STRATEGY,
    moss: PreparedMoss | None = None,
) -> Iterator[World]:
    """A world around a M.O.S.S. database and a running simulator; the environment must name both.

    Args:
        url: of the database.
        jamf: the simulator.
        recorder: makes the instance for what runs in Dagster.
        dialect: which M.O.S.S. it is.
        moss: the database, if it has sessions that outlast the test.
    """
    if moss is not None:
        yield World(url, jamf, moss.database, moss.people, dialect, recorder)
        return
    database, people = MossDatabase(url), MossDatabase(as_people_see_it(url))
    try:
        yield World(url, jamf, database, people, dialect, recorder)
    finally:
        database.dispose()
        people.dispose()
