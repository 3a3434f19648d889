"""How a run ended, in one word and three numbers: what a list of runs can be filtered by."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from moss_jamf_pipeline.moss.plan.planning import ObjectCounts


class EndedAs(StrEnum):
    """In one word, how a run ended. Of several that are true, the first is said."""

    FAILED = "failed"
    """A step failed, somebody ended it, or its process died."""
    HELD = "held"
    """Changes wait for an approval; everything else was done."""
    PARTIAL = "partial"
    """Something could not be used, written or seen whole; the history says what."""
    SUCCESS = "success"
    """Everything was seen and used."""


@dataclass(slots=True)
class Ending:
    """What the steps of a run leave behind of how it ended.

    Attributes:
        plan_id: the plan that it made or applied; None: it has to do with none.
        changes: how many objects that plan changes.
        held: how many of its changes wait for an approval.
        is_partial: whether something could not be used, written or seen whole.
    """

    plan_id: int | None = None
    changes: int = 0
    held: int = 0
    is_partial: bool = False

    def is_of_plan(
        self, plan_id: int, counts: Iterable[ObjectCounts], held: int, *, is_partial: bool
    ) -> None:
        """Takes note of a plan that was made, tried or applied.

        Args:
            plan_id: its number.
            counts: by object type, of what the run does.
            held: how many of its changes wait for an approval.
            is_partial: whether something of it could not be done.
        """
        self.plan_id, self.held, self.is_partial = plan_id, held, is_partial
        self.changes = sum(
            count.created + count.updated + count.removed + count.unenrolled for count in counts
        )

    @property
    def outcome(self) -> EndedAs:
        """How a run ended of which no step failed."""
        if self.held:
            return EndedAs.HELD
        return EndedAs.PARTIAL if self.is_partial else EndedAs.SUCCESS
