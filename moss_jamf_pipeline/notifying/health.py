"""Whether somebody would be told, for `moss-jamf doctor`."""

from moss_jamf_pipeline.notifying.alerts import channels_of
from moss_jamf_pipeline.notifying.errors import MailUnusable
from moss_jamf_pipeline.services.health import Finding
from moss_jamf_pipeline.settings import Settings


def look_at_alerts(settings: Settings) -> Finding:
    """What the environment says of alerts; nothing is sent."""
    try:
        channels = channels_of(settings)
    except MailUnusable as error:
        return Finding("Alerts", "problem", error.message, error.remedy)
    if not channels:
        return Finding(
            "Alerts",
            "warning",
            "nobody is told when a run fails, changes wait for an approval or a sync does not start",
            "Set MOSS_JAMF_ALERT_URL (Slack, Teams or any webhook) or MOSS_JAMF_SMTP_HOST (mail), or both.",
        )
    told = f"told by {' and '.join(channel.words for channel in channels)}"
    if settings.companion_link_url is None and settings.dagster_link_url is None:
        return Finding(
            "Alerts",
            "warning",
            f"{told}, without a link",
            "Set MOSS_JAMF_COMPANION_LINK_URL, MOSS_JAMF_DAGSTER_LINK_URL or both: where browsers find the companion "
            "and the Dagster UI.",
        )
    return Finding("Alerts", "ok", f"{told}; `moss-jamf alerts test` tries it")
