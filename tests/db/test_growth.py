"""No statement of a sync grows faster than n log n: a fleet ten times the size, and what each statement then handles.

Rows, loops and runs of sub-plans are counted, never time, on whatever PostgreSQL the tests run on
(`make test-other-postgres` runs them on the others). There is as little memory to sort and hash in as a fleet of many
times the size has by default: a plan that only a small fleet can afford is not chosen here either.

What PostgreSQL up to 17 expects is counted, too. A chain of joins of CTEs, of which it knows nothing up to 16, has it
expect many times the rows at each link, until that is more than the price that keeps it from loops, and a larger fleet
is looped over of which the one here is still hashed. (From 18 on, a loop that is switched off has no price.)
"""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES, MATCH_TABLES
from moss_jamf_pipeline.engine.extraction import capture_collection
from moss_jamf_pipeline.jamf import ClientCredentials, JamfClient
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.apply.outcome import run_outcome
from moss_jamf_pipeline.moss.capture.captures import newest_captures
from moss_jamf_pipeline.moss.capture.snapshots import stage_snapshot
from moss_jamf_pipeline.moss.integration.integrations import Integration, find_integration
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.moss.plan.conflicts import update_conflicts
from moss_jamf_pipeline.moss.plan.guard import choose_plan
from moss_jamf_pipeline.moss.plan.planning import make_plan, read_plan
from moss_jamf_pipeline.simulator import EvolveRequest, SimulatorConfig, SimulatorServer
from tests.support.databases import DatabaseServer
from tests.support.dialects import Dialect
from tests.support.explained import ExplainedConnection, Work, as_text

_SLOT: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
_SESSION: Final = {"timezone": "UTC", "jit": "off", "work_mem": "256kB"}
_GROUPS: Final = 20
# What a statement may handle besides, for each computer: of small numbers n log n says nothing, and statistics are
# samples, so that plans differ by a constant factor from one time to the next. What grows with the square is millions.
_FREELY: Final = 8
_LEEWAY: Final = 1.5
# What PostgreSQL may expect of a node: this share of the square of the fleet. A single guess is as far off as that.
_EXPECTED: Final = 0.1
_LOOPS_HAVE_NO_PRICE_FROM: Final = 180_000


@dataclass(frozen=True)
class Site:
    """A simulated fleet, and a M.O.S.S. whose statements are counted.

    Attributes:
        jamf: the server.
        connection: to the database.
    """

    jamf: SimulatorServer
    connection: ExplainedConnection

    def sync(self) -> dict[str, Work]:
        """A whole sync, as a run does it; what each statement of it handled."""
        connection, integration = self.connection, find_integration(self.connection)
        connection.work.clear()
        asyncio.run(self._capture(integration))
        captures = newest_captures(connection, integration.id)
        for collection, capture in captures.items():
            stage_snapshot(connection, integration.id, collection, capture.capture_id)
        for table in MATCH_TABLES:
            match(connection, table, integration, captures)
        run_id = str(uuid4())
        make_plan(connection, integration, captures, run_id=run_id)
        choice = choose_plan(connection, integration, run_id=run_id)
        update_conflicts(connection, integration, choice.plan)
        names = [kind.name.value for kind in APPLIED_OBJECT_TYPES]
        for name in names:
            apply_objects(connection, integration, choice.plan, name, since=choice.chosen_at)
        plan = read_plan(connection, choice.plan.plan_id, since=choice.chosen_at)
        run_outcome(connection, integration, plan, captures, names, choice.chosen_at)
        return dict(connection.work)

    async def _capture(self, integration: Integration) -> None:
        credentials = ClientCredentials(self.jamf.client_id, SecretStr(self.jamf.client_secret))
        async with JamfClient(self.jamf.base_url, credentials) as client:
            for collection in COLLECTION_NAMES:
                await capture_collection(
                    client, self.connection, integration.id, collection, [_SLOT]
                )

    def let_a_week_pass(self) -> None:
        """A twentieth of the computers changes, as between two syncs."""
        changed = len(self.jamf.fleet.computers) // 20
        self.jamf.evolve(
            EvolveRequest(
                enrolments=changed // 10,
                wipes=changed // 20,
                re_enrolments=changed // 20,
                reassignments=changed // 5,
                renames=changed // 10,
                os_updates=changed // 2,
                contacts=True,
                reports=True,
            )
        )


@contextmanager
def _site(server: DatabaseServer, template: str, computers: int) -> Iterator[Site]:
    name = server.create("moss", template=template)
    config = SimulatorConfig(computers=computers, groups=_GROUPS, seed=7)
    try:
        with (
            SimulatorServer(config) as jamf,
            ExplainedConnection.to(server.url_of(name), **_SESSION) as connection,
        ):
            yield Site(jamf, connection)
    finally:
        server.drop(name)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (300, 3_000),
        pytest.param(1_000, 10_000, marks=pytest.mark.nightly),
        pytest.param(5_000, 50_000, marks=pytest.mark.nightly),
    ],
)
def test_no_statement_of_a_sync_grows_faster_than_n_log_n(
    postgres_server: DatabaseServer,
    template_of: Callable[[Dialect], str],
    dialect: Dialect,
    small: int,
    large: int,
) -> None:
    template = template_of(dialect)
    with (
        _site(postgres_server, template, small) as few,
        _site(postgres_server, template, large) as many,
    ):
        loops_have_a_price = many.connection.info.server_version < _LOOPS_HAVE_NO_PRICE_FROM
        factor = large * math.log(large) / (small * math.log(small)) * _LEEWAY
        for phase in ("first import", "unchanged", "a week later"):
            if phase == "a week later":
                few.let_a_week_pass()
                many.let_a_week_pass()
            before, after = few.sync(), many.sync()
            for name, work in after.items():
                is_expected = work.expected <= large * large * _EXPECTED
                assert is_expected or not loops_have_a_price, "\n".join(
                    (
                        f"{phase}: of sql/{name}.sql PostgreSQL expects {work.expected:,} rows.",
                        *as_text(work.plan),
                    )
                )
                earlier = before.get(name, Work())
                for what in ("rows", "loops", "sub_plan_loops"):
                    handled, allowed = getattr(work, what), getattr(earlier, what) * factor
                    assert handled <= allowed + _FREELY * large, "\n".join(
                        (
                            f"{phase}: sql/{name}.sql grows from {getattr(earlier, what):,} to {handled:,} {what}.",
                            *as_text(work.plan),
                        )
                    )
