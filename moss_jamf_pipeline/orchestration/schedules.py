"""The schedules that show in the UI when each integration is synced next: as ticks to come, on the timeline too.

They start nothing. A Dagster schedule cannot make up for what was missed, waits for no other run, and takes a new cron
expression for a reason to run at once; the sensor that follows the schedule in M.O.S.S. (`sensors`) does it right, and
stays the only thing that starts a sync by itself. Yet only of a schedule does Dagster show when it ticks next.
"""

from typing import Final

import dagster as dg

from moss_jamf_pipeline.engine.scopes import SCOPES, job_name, name_for, schedule_name
from moss_jamf_pipeline.moss.integration.integrations import DEFAULT_SCHEDULE
from moss_jamf_pipeline.orchestration.remembered import remembered
from moss_jamf_pipeline.settings import IntegrationChoice, Settings

_NAME: Final = "next_sync"


class FollowingSchedule(dg.ScheduleDefinition):
    """A schedule whose cron expression is the one that M.O.S.S. has now, as the sensor last saw it.

    Dagster asks for it each time that the code location is described to a webserver or a daemon.

    Args:
        slug: of the integration.
        settings: where it is remembered.
        sensor: what starts the syncs.
    """

    def __init__(self, slug: str, settings: Settings, sensor: str) -> None:
        self._slug = slug
        self._settings = settings
        super().__init__(
            name=name_for(slug, _NAME),
            # By its name: Dagster makes a plain copy of a schedule whose job it has to give resources.
            job_name=job_name(slug, SCOPES["everything"]),
            cron_schedule=DEFAULT_SCHEDULE,
            execution_timezone="UTC",
            execution_fn=lambda _context: dg.SkipReason(
                f"The sensor {sensor} starts this sync within half a minute, or says why not."
            ),
            description=(
                "Shows when the integration's row in M.O.S.S. has everything synced next; on the timeline too. It "
                f"starts nothing itself: the sensor {sensor} does, which also makes up for what was missed. To stop "
                "scheduled syncs, switch that off."
            ),
        )

    @property
    def cron_schedule(self) -> str:
        """When M.O.S.S. has it synced; the usual, where that is never."""
        return remembered(self._settings).cron_of(self._slug) or DEFAULT_SCHEDULE

    @property
    def default_status(self) -> dg.DefaultScheduleStatus:
        """Whether M.O.S.S. has it synced at all, unless somebody switched the schedule on or off in the UI."""
        is_ever = remembered(self._settings).cron_of(self._slug) is not None
        return dg.DefaultScheduleStatus.RUNNING if is_ever else dg.DefaultScheduleStatus.STOPPED


def build_schedule(choice: IntegrationChoice, settings: Settings) -> dg.ScheduleDefinition:
    """The schedule of one integration."""
    return FollowingSchedule(choice.slug, settings, schedule_name(choice.slug))
