"""What the steps of one run share, each thing looked up once: connection, integration, captures, the chosen plan.

A run lives in one process or in several; each has a context of its own, and finds what it lacks in the database.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import psycopg

from moss_jamf_pipeline.catalogue.object_types import APPLIED_OBJECT_TYPES
from moss_jamf_pipeline.engine.checks import Finding
from moss_jamf_pipeline.engine.endings import Ending
from moss_jamf_pipeline.engine.scopes import MOSS_CHAIN
from moss_jamf_pipeline.moss.apply.applying import waiting_object_types
from moss_jamf_pipeline.moss.capture.captures import Capture, covered_slots, newest_captures
from moss_jamf_pipeline.moss.contract.schema import require_our_words
from moss_jamf_pipeline.moss.database import MossDatabase, is_alive
from moss_jamf_pipeline.moss.integration.history import close_history_of_dead_runs, open_history
from moss_jamf_pipeline.moss.integration.integrations import (
    Integration,
    find_integration,
    require_enabled,
)
from moss_jamf_pipeline.moss.integration.run_lock import RunLock
from moss_jamf_pipeline.moss.integration.successors import Succession, presumed
from moss_jamf_pipeline.moss.plan.guard import Choice, choose_plan
from moss_jamf_pipeline.moss.plan.planning import Plan
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """A run, whoever runs it.

    Attributes:
        run_id: its id.
        steps: the names of the steps that it consists of.
        triggered_by: who or what started it.
        sync_type: what M.O.S.S.'s history calls it; None: as its steps say.
        parent_run_id: the run that it continues.
    """

    run_id: str
    steps: frozenset[str]
    triggered_by: str
    sync_type: str | None = None
    parent_run_id: str | None = None

    @property
    def moss_steps(self) -> tuple[str, ...]:
        """Its steps that write M.O.S.S., in order; a run that has some has a row in M.O.S.S.'s history."""
        return tuple(name for name in MOSS_CHAIN if name in self.steps)

    @property
    def closing_step(self) -> str | None:
        """The step that closes the history row of a run that succeeds; None if there is no row.

        That is `moss_sync_history`. A selection of steps without it has nobody else than its last one.
        """
        return self.moss_steps[-1] if self.moss_steps else None

    @property
    def applied_object_types(self) -> tuple[str, ...]:
        """What it applies of a plan."""
        return tuple(kind.name for kind in APPLIED_OBJECT_TYPES if kind.asset in self.steps)

    @property
    def history_type(self) -> str:
        """What M.O.S.S.'s history calls it."""
        if self.sync_type:
            return self.sync_type
        return "full" if self.moss_steps == MOSS_CHAIN else "partial"


@dataclass(slots=True)
class _Known:
    """What a context has looked up; None, or empty: not yet."""

    integration: Integration | None = None
    captures: dict[str, Capture] | None = None
    slots: set[datetime] = field(default_factory=set)
    covered: dict[tuple[str, datetime], int] = field(default_factory=dict)
    choice: Choice | None = None
    waiting: frozenset[str] | None = None
    has_history: bool = False
    has_links: bool = False


class RunContext:
    """What the steps of one run work with, in one process.

    Everything is looked up when first asked for, and kept until it may have changed:

    - the settings: never, they are the environment at the run's beginning;
    - the integration: until the plan is chosen. That is before the first write, and a person may have switched the
      integration off, or changed the guard's limits, while JAMF was read. Up to there one run goes by one set of
      policies;
    - the captures: until a step captures or stages, and until a plan is made, for other runs capture too, and the
      matches that a plan is made from are everybody's;
    - the chosen plan: the choice for good; how the plan stands is what the step says that last applied some of it, and
      what waits of it is looked up anew then.

    After a step that failed all of it is looked up anew, on another connection: whoever tries again meets the world
    as it is then.

    Attributes:
        run: the run.
        settings: the environment.
        findings: what the steps in this process found true or not, by step and check.
        succession: what the integration took over with this run from one that was deleted in M.O.S.S.; None: nothing.
        writes: how many steps in this process have written M.O.S.S.
        ending: what its steps in this process leave behind of how it ended.
    """

    def __init__(
        self,
        run: Run,
        database: MossDatabase,
        settings: Settings,
        which: IntegrationChoice,
        run_lock: RunLock | None = None,
    ) -> None:
        """Takes what a run is given; connects when first asked.

        Args:
            run: the run.
            database: of M.O.S.S.
            settings: the environment.
            which: the integration that is synced.
            run_lock: what shows other runs that this one is alive; by default one of its own.
        """
        self.run = run
        self.settings = settings
        self.writes = 0
        self.findings: dict[tuple[str, str], Finding] = {}
        self.ending = Ending()
        self.succession: Succession | None = None
        self._database = database
        self._which = which
        self._lock = run_lock or RunLock(database)
        self._held = ExitStack()
        self._connection: psycopg.Connection | None = None
        self._known = _Known()

    @contextmanager
    def step(self) -> Iterator[psycopg.Connection]:
        """Surrounds the body of each step.

        A run that writes M.O.S.S. opens its history row before its first step, under a lock that says it is alive,
        and closes those of dead runs.

        Yields:
            A connection in autocommit mode under the role that cannot write M.O.S.S.; the same for all steps.

        Raises:
            MossUnreachable: the database does not answer, or ended the connection.
            IntegrationDisabled: the integration is switched off in M.O.S.S.
            MossError: as the looking up says.
        """
        with self.looking() as connection:
            require_enabled(self.integration)
            # The lock comes before the row: a row that nobody holds is a dead run's.
            self._lock.hold(self.run.run_id)
            if self.run.moss_steps:
                self._open_history(connection)
            else:
                self._presume_links(connection)
            yield connection

    @contextmanager
    def looking(self) -> Iterator[psycopg.Connection]:
        """Surrounds what only looks at what the steps did; the same connection.

        Raises:
            MossUnreachable: the database does not answer, or ended the connection.
        """
        try:
            connection = self.connection
            with self._database.explaining(connection):
                yield connection
        except BaseException:
            self.forget()
            raise

    @property
    def connection(self) -> psycopg.Connection:
        """The run's connection; another one if it was lost since the last step."""
        if self._connection is not None and not is_alive(self._connection):
            self.forget()
        if self._connection is None:
            self._connection = self._held.enter_context(self._database.reading())
        return self._connection

    @property
    def integration(self) -> Integration:
        """The JAMF server that is synced, with its policies."""
        if self._known.integration is None:
            found = find_integration(self.connection, self._which)
            require_our_words(self.connection)
            self._known.integration = found
        return self._known.integration

    @property
    def captures(self) -> Mapping[str, Capture]:
        """The newest usable capture of each collection that has one."""
        if self._known.captures is None:
            self._known.captures = newest_captures(self.connection, self.integration.id)
        return self._known.captures

    def captures_changed(self) -> None:
        """Says that the captures may be others by now."""
        self._known.captures = None

    def covered(self, collection: str, slots: Sequence[datetime]) -> dict[datetime, int]:
        """Which of these slots have a stored capture of a collection: slot to capture id."""
        if unknown := [slot for slot in slots if slot not in self._known.slots]:
            self._known.covered |= covered_slots(self.connection, self.integration.id, unknown)
            self._known.slots.update(unknown)
        covered = self._known.covered
        return {slot: covered[collection, slot] for slot in slots if (collection, slot) in covered}

    def covers(self, collection: str, slots: Sequence[datetime], capture_id: int) -> None:
        """Says that a capture covers these slots from now on."""
        self._known.covered.update({(collection, slot): capture_id for slot in slots})

    @property
    def choice(self) -> Choice:
        """The plan that this run applies. The first step that asks decides, as `choose_plan` does.

        Raises:
            PlanNotApplicable: the plan cannot be applied, or cannot be any more.
            NothingCaptured: there is no plan.
        """
        if self._known.choice is None:
            self.choose()
        if self._known.choice is None:
            raise LookupError(f"the choice of run {self.run.run_id} was not kept")
        return self._known.choice

    def choose(
        self,
        plan_id: int = 0,
        approve: Sequence[str] = (),
        approved_by: str = "",
        approval_reason: str = "",
    ) -> Choice:
        """Decides which plan this run applies; see `choose_plan`.

        Args:
            plan_id: the plan that is meant; 0: the one the run made, else its parent's choice, else the newest.
            approve: kinds of held changes that a person lets through.
            approved_by: that person.
            approval_reason: why, in their words.
        """
        self._known.integration = None
        require_enabled(self.integration)
        self._known.choice = choose_plan(
            self.connection,
            self.integration,
            run_id=self.run.run_id,
            plan_id=plan_id,
            approve=approve,
            approved_by=approved_by,
            approval_reason=approval_reason,
            parent_run_id=self.run.parent_run_id,
        )
        return self._known.choice

    @property
    def waiting(self) -> frozenset[str]:
        """The types of objects of which rows of the chosen plan wait to be applied."""
        if self._known.waiting is None:
            self._known.waiting = waiting_object_types(self.connection, self.choice.plan.plan_id)
        return self._known.waiting

    def applied(self, plan: Plan, *, has_written: bool) -> None:
        """Says how the chosen plan stands, now that a step has applied what waited of it.

        Args:
            plan: as it stands.
            has_written: whether anything waited.
        """
        self._known.choice = replace(self.choice, plan=plan)
        self._known.waiting = None
        self.writes += has_written

    def note(self, *findings: Finding) -> None:
        """Keeps what a step found true or not, for the checks that tell it."""
        self.findings.update({(finding.step, finding.check): finding for finding in findings})

    def forget(self) -> None:
        """Forgets what was looked up, and lets the connection go."""
        self._known = _Known()
        self._connection = None
        self._held.close()

    def close(self) -> None:
        """Lets the connection and the run's lock go; to be called when the process is done with the run."""
        self.forget()
        self._lock.release()

    def _open_history(self, connection: psycopg.Connection) -> None:
        if self._known.has_history:
            return
        close_history_of_dead_runs(connection, self.integration.id)
        opened = open_history(
            connection,
            self.integration.id,
            run_id=self.run.run_id,
            sync_type=self.run.history_type,
            triggered_by=self.run.triggered_by,
            server=self.settings.jamf_server,
        )
        self._take_note_of(opened.succession)
        self._known.has_history = True

    def _presume_links(self, connection: psycopg.Connection) -> None:
        """Lets a run that writes nothing go by the links that its integration's next writing run makes again."""
        if not self._known.has_links:
            self._known.has_links = True
            self._take_note_of(
                self._held.enter_context(
                    presumed(connection, self.integration.id, self.settings.jamf_server)
                )
            )

    def _take_note_of(self, succession: Succession | None) -> None:
        if succession is not None:
            self.succession = succession
            self._known.captures, self._known.slots, self._known.covered = None, set(), {}
            logger.warning(succession.sentence)
