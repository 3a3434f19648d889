"""An integration at a glance: how it stands in one sentence, what waits for whom, and what ran. Only looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from moss_jamf_pipeline.catalogue.collections import CollectionName
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.services.history import SyncRun, list_runs
from moss_jamf_pipeline.services.pages import Page, PageRequest
from moss_jamf_pipeline.services.quarantine import QuarantineReason, list_reasons
from moss_jamf_pipeline.services.requested_runs import DagsterNotAsked, RunAtWork, RunStarter
from moss_jamf_pipeline.services.status import IntegrationStatus, integration_status
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice


class Standing(StrEnum):
    """How an integration stands, the best first."""

    GOOD = "good"
    NEW = "new"
    WAITING = "waiting"
    TROUBLE = "trouble"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an integration stands, in words.

    Attributes:
        standing: in one.
        sentence: in one sentence.
        more: what else is to be said, one sentence each.
    """

    standing: Standing
    sentence: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """An integration at a glance.

    Attributes:
        choice: which.
        status: what is stored, open and due.
        verdict: all of it in words.
        at_work: runs that have not ended, the oldest first; None: Dagster cannot be asked.
        quarantine: why something of JAMF's newest data could not be used.
        runs: a page of the history.
    """

    choice: IntegrationChoice
    status: IntegrationStatus
    verdict: Verdict
    at_work: tuple[RunAtWork, ...] | None
    quarantine: tuple[QuarantineReason, ...]
    runs: Page[SyncRun]

    @property
    def held(self) -> int | None:
        """How many changes wait for an approval; None: no plan was made yet."""
        plan = self.status.plan
        return None if plan is None else sum(change.planned for change in self.status.held)

    @property
    def conflicts(self) -> int | None:
        """How many conflicts wait for a decision; None: no plan was made yet."""
        return None if self.status.plan is None else sum(self.status.open_conflicts.values())

    @property
    def computers(self) -> Capture | None:
        """The newest capture of computers, which says how old what is known of JAMF is; None: there is none."""
        return next(
            (
                stored.capture
                for stored in self.status.collections
                if stored.collection == CollectionName.COMPUTERS
            ),
            None,
        )

    @property
    def quarantined_records(self) -> int | None:
        """How many of JAMF's records cannot be used; None: nothing was captured yet."""
        return self._quarantined(whole=True)

    @property
    def quarantined_fields(self) -> int | None:
        """How many fields of usable records were left out; None: nothing was captured yet."""
        return self._quarantined(whole=False)

    def _quarantined(self, *, whole: bool) -> int | None:
        if all(stored.capture is None for stored in self.status.collections):
            return None
        return sum(reason.objects for reason in self.quarantine if reason.is_whole_record is whole)


_FIRST_PAGE: Final = PageRequest(limit=20)


def overview(
    workplace: Workplace,
    choice: IntegrationChoice,
    starter: RunStarter,
    page: PageRequest = _FIRST_PAGE,
) -> Overview:
    """An integration at a glance.

    Args:
        workplace: where.
        choice: which integration.
        starter: knows which runs are at work.
        page: of the history.

    Raises:
        DatabaseUnreachableError: a database does not answer.
        IntegrationMissing: there is no such integration.
    """
    try:
        at_work = tuple(starter.at_work(choice.slug))
    except DagsterNotAsked:
        at_work = None
    status = integration_status(workplace, choice)
    return Overview(
        choice=choice,
        status=status,
        verdict=verdict_of(status, at_work),
        at_work=at_work,
        quarantine=list_reasons(workplace, choice),
        runs=list_runs(workplace, choice, page),
    )


def verdict_of(status: IntegrationStatus, at_work: Sequence[RunAtWork] | None) -> Verdict:
    """What is to be said first of an integration, and what after that."""
    if not status.enabled:
        return Verdict(
            Standing.OFF, "The integration is switched off in M.O.S.S.: nothing is synced."
        )
    waits, obstacles = _waiting(status), _obstacles(status)
    if status.last_run is None:
        first = "The first sync is at work." if at_work else "Nothing was synced yet."
        return Verdict(Standing.NEW, first, (*waits, *obstacles))
    ended = _ending(status.last_run, at_work)
    if ended is not None:
        return Verdict(Standing.TROUBLE, ended, (*waits, *obstacles))
    said = (*waits, *obstacles)
    if said:
        return Verdict(Standing.WAITING, said[0], said[1:])
    if status.last_run.status == "partial":
        return Verdict(
            Standing.WAITING,
            "The last sync ended in part: some objects could not be used or written.",
        )
    return Verdict(Standing.GOOD, "All is well: the last sync ended well, and nothing waits.")


def _ending(run: SyncRun, at_work: Sequence[RunAtWork] | None) -> str | None:
    """What is bad about how the last run ended, if something is."""
    if run.status == "failed":
        return "The last sync failed. What it had written stays; the next one plans the rest anew."
    if run.status == "in_progress" and at_work is not None and not at_work:
        return "The last sync has not said how it ended, and no run is at work: its process may have died."
    return None


def _waiting(status: IntegrationStatus) -> tuple[str, ...]:
    found = []
    held = sum(change.planned for change in status.held)
    conflicts = sum(status.open_conflicts.values())
    if held:
        found.append(f"{held:,} {'change waits' if held == 1 else 'changes wait'} for an approval.")
    if conflicts:
        found.append(
            f"{conflicts:,} {'conflict waits' if conflicts == 1 else 'conflicts wait'} for a decision."
        )
    return tuple(found)


def _obstacles(status: IntegrationStatus) -> tuple[str, ...]:
    """What keeps the next sync from starting by itself."""
    schedule = status.schedule
    if schedule.next_tick is None:
        return (f"No sync is due: {schedule.why_not}",)
    if schedule.is_switched_off:
        return (
            "No sync starts by itself: the sensor that follows the schedule is switched off in the Dagster UI.",
        )
    if not schedule.daemon_is_running:
        return ("No sync starts by itself: no Dagster daemon runs.",)
    return ()
