"""Whether somebody follows the schedule: Dagster's daemon, and the sensor that people can switch off in its UI.

Read from Dagster's own tables, without Dagster: importing it takes a second, and opening its storage makes its tables.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from moss_jamf_pipeline.engine.databases import (
    DAGSTER_VARIABLE,
    MOSS_VARIABLE,
    connect_or_explain,
    find_dagster_url,
)
from moss_jamf_pipeline.engine.scopes import schedule_name
from moss_jamf_pipeline.moss.statements import fetch_one, fetch_value
from moss_jamf_pipeline.settings import Settings

# A daemon writes its heartbeat every 30 seconds.
_ALIVE: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Automation:
    """What Dagster says of scheduled syncs.

    Attributes:
        daemon_is_running: whether a daemon gave a sign of life within the last two minutes.
        is_switched_off: whether somebody switched the sensor off that follows the schedule.
    """

    daemon_is_running: bool
    is_switched_off: bool


_NOBODY_THERE: Final = Automation(daemon_is_running=False, is_switched_off=False)


def look_at_automation(settings: Settings, slug: str, now: datetime) -> Automation:
    """Looks whether somebody follows an integration's schedule. Where Dagster never ran, nobody does.

    Args:
        settings: the environment.
        slug: the integration's, as the names of its jobs and sensors have it.
        now: aware.

    Raises:
        DatabaseUrlError: a URL is malformed.
        DatabaseUnreachableError: Dagster's database does not answer.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    url = find_dagster_url(settings)
    with connect_or_explain(url, f"{DAGSTER_VARIABLE} or {MOSS_VARIABLE}") as connection:
        if not fetch_value(connection, "dagster/known_tables"):
            return _NOBODY_THERE
        seen = fetch_one(connection, "dagster/automation", {"sensor": schedule_name(slug)})
    if seen is None:
        return _NOBODY_THERE
    sign = seen["last_sign_of_life"]
    return Automation(
        daemon_is_running=sign is not None and now - sign < _ALIVE,
        is_switched_off=seen["is_switched_off"],
    )
