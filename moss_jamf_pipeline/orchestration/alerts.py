"""Alerts: one sentence to a webhook that Slack and its like understand. Knows neither Dagster nor M.O.S.S."""

from typing import Final

import httpx

from moss_jamf_pipeline.outputs import webhook_text
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.settings import Settings

_SECONDS: Final = 10.0
_ATTEMPTS: Final = 3
_LONGEST: Final = 3_000


class AlertNotPosted(Exception):
    """The webhook does not take the alert; the message never repeats its address, which is a secret."""


def post_alert(settings: Settings, text: str, *, link: str | None = None) -> bool:
    """Posts `{"text": …}` to MOSS_JAMF_ALERT_URL, if it is set.

    Args:
        settings: the environment.
        text: what happened and what to do; secrets are taken out, what is too long is cut.
        link: where to look.

    Returns:
        Whether there was a webhook to post to.

    Raises:
        AlertNotPosted: it did not answer, or refused, three times.
    """
    url = settings.alert_url
    if url is None:
        return False
    message = webhook_text(scrubbed(text))
    if len(message) > _LONGEST:
        message = message[: _LONGEST - 1] + "…"
    body = {"text": f"{message} {link}" if link else message}
    reason = ""
    for _ in range(_ATTEMPTS):
        try:
            answer = httpx.post(url.get_secret_value(), json=body, timeout=_SECONDS)
        except httpx.HTTPError as error:
            reason = type(error).__name__
            continue
        if answer.is_success:
            return True
        reason = f"HTTP {answer.status_code}"
    raise AlertNotPosted(
        f"The webhook of MOSS_JAMF_ALERT_URL did not take an alert ({reason}). Check the address with its service. "
        f"The alert was: {message}"
    )


def run_link(settings: Settings, run_id: str) -> str | None:
    """Where a run is seen in the Dagster UI; None unless MOSS_JAMF_UI_URL says where that is."""
    base = settings.ui_url
    return f"{base.rstrip('/')}/runs/{run_id}" if base else None
