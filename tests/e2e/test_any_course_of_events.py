"""Whatever happens in whatever order, a calm sync brings it into step, and what people wrote stays."""

import logging
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES
from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.engine.slots import slot_key_at
from moss_jamf_pipeline.simulator import Faults, Poison, RateLimited
from tests.e2e.conftest import SeparateWorld
from tests.support.hints import let_time_pass, tell
from tests.support.hurried import sync_hurriedly
from tests.support.killable import SyncProcess, gate
from tests.support.life import FLEET, Life
from tests.support.properties import examples
from tests.support.world import World

_PLACES_TO_DIE = (
    *("jamf_sync.raw_jamf", "jamf_sync.change_plan", "public.people", "public.devices"),
    *("public.ios", "public.integration_object_mappings"),
)


class _CourseOfEvents(RuleBasedStateMachine):
    """One course of events in a world of its own; at its end everything has to come into step."""

    open_world: ClassVar[SeparateWorld]
    log: ClassVar[pytest.LogCaptureFixture]

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._world: World = self._stack.enter_context(self.open_world(FLEET))
        self._life = Life(self._world, Random(0))

    @initialize(seed=st.integers(0, 10**6))
    def begin(self, seed: int) -> None:
        self._life.random.seed(seed)

    @rule()
    def the_fleet_evolves(self) -> None:
        self._life.evolve()

    @rule()
    def a_person_edits_what_moss_owns(self) -> None:
        self._life.edit_owned_fields()

    @rule()
    def a_person_edits_what_jamf_owns(self) -> None:
        self._life.edit_fields_of_jamf()

    @rule()
    def a_person_enters_and_deletes_devices(self) -> None:
        self._life.enter_a_device()
        self._life.delete_a_device()

    @rule()
    def everything_is_synced(self) -> None:
        with self._life.watched():
            assert sync_hurriedly(self._world).success

    @rule(scope=st.sampled_from(["computers", "users", "groups"]))
    def a_part_is_synced(self, scope: str) -> None:
        with self._life.watched():
            sync_hurriedly(self._world, scope=scope)

    @rule()
    def a_plan_is_made(self) -> None:
        with self._life.watched():
            sync_hurriedly(self._world, scope="plan")

    @rule(last=st.integers(1, len(MOSS_CHAIN)))
    def the_newest_plan_is_applied_in_part(self, last: int) -> None:
        if self._world.query("select 1 from jamf_sync.plans limit 1"):
            with self._life.watched():
                self._world.materialize("guarded_plan", "conflicts", *MOSS_CHAIN[:last])

    @rule(number=st.integers(0, 24), invented=st.integers(0, 2), times=st.integers(1, 2))
    def webhooks_name_records(self, number: int, invented: int, times: int) -> None:
        """Those that changed and others, some that JAMF never had, in no order and more than once; the rest is lost."""
        computers = sorted(self._world.fleet.computers, key=int)
        named = [*computers[number::3], *(str(9_000_000 + each) for each in range(invented))]
        users = sorted(self._world.fleet.users, key=int)[number::4]
        for _ in range(times):
            tell(self._world, *reversed(named))
            tell(self._world, *users, event="RestAPIOperation", record_type="user")

    @rule()
    def what_webhooks_named_is_synced(self) -> None:
        let_time_pass(self._world)
        with self._life.watched():
            sync_hurriedly(self._world, scope="webhooks")

    @rule(place=st.sampled_from(_PLACES_TO_DIE))
    def a_run_is_killed(self, place: str) -> None:
        with self._life.watched(), gate(self._world, place) as closed:
            process = SyncProcess()
            closed.has_stopped(process)
            process.kill()

    @rule(collection=st.sampled_from(COLLECTION_NAMES))
    def a_collection_is_captured_and_nothing_else(self, collection: str) -> None:
        slot = slot_key_at(datetime.now(UTC))
        with self._life.watched():
            self._world.materialize(f"raw_jamf_{collection}", slot=slot)

    @rule()
    def everything_is_staged_anew(self) -> None:
        self._life.stage_anew()

    @rule(number=st.integers(0, 24))
    def jamf_is_ill_during_a_sync(self, number: int) -> None:
        computers = sorted(self._world.fleet.computers, key=int)
        bad = frozenset(computers[number % len(computers) :][:2])
        self._world.jamf.set_faults(
            Faults(rate_limited=RateLimited(every=4), poison=Poison(computer_ids=bad))
        )
        with self._life.watched():
            sync_hurriedly(self._world)
        self._world.jamf.clear_faults()

    def teardown(self) -> None:
        with self._stack:
            self._life.settle(lambda: sync_hurriedly(self._world).success)
            self._life.look_for_secrets(self.log.text)
            assert not self._life.broken, self._life.details
            self.log.clear()


@pytest.mark.hypothesis
def test_any_course_of_events_comes_into_step(
    separate_world: SeparateWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    class Course(_CourseOfEvents):
        open_world = staticmethod(separate_world)
        log = caplog

    run_state_machine_as_test(
        Course,
        settings=settings(
            max_examples=examples(2),
            suppress_health_check=list(HealthCheck),
        ),
    )
