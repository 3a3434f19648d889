"""A webhook that is told: Slack's, a workflow of Teams, or any that takes JSON with a `text`.

What others have named stands where neither service looks for markup: Slack's `plain_text`, the `TextRun` of an Adaptive
Card. In the text that stands for the whole, which Slack takes for its own markup, it is escaped.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx

from moss_jamf_pipeline.engine.access import way_to
from moss_jamf_pipeline.jamf.network import Network
from moss_jamf_pipeline.notifying.errors import NotTold
from moss_jamf_pipeline.notifying.messages import Message
from moss_jamf_pipeline.outputs import webhook_text
from moss_jamf_pipeline.settings import Settings

Format = Literal["slack", "teams", "text"]

_SECONDS: Final = 10.0
_ATTEMPTS: Final = 3
_TEAMS_HOSTS: Final = (
    ".webhook.office.com",
    ".logic.azure.com",
    ".powerplatform.com",
    ".azure-apim.net",
)
_SLACK_HOSTS: Final = ("hooks.slack.com", "hooks.slack-gov.com")
_HEADER_OF_SLACK: Final = 150
_SECTION_OF_SLACK: Final = 3_000
_CONTEXT_OF_SLACK: Final = 2_000
_COLOURS: Final = {
    "begins": "Attention",
    "lasts": "Warning",
    "is over": "Good",
    "is a test": "Accent",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook.

    Attributes:
        url: its address, which is a secret.
        form: what it takes.
        network: the way to it.
    """

    url: str
    form: Format
    network: Network

    name: Literal["webhook"] = "webhook"

    @property
    def words(self) -> str:
        """Which one it is, without its secret."""
        forms = {"slack": "Slack's", "teams": "a workflow of Teams", "text": "JSON with a text"}
        return f"the webhook of MOSS_JAMF_ALERT_URL ({urlsplit(self.url).hostname}; {forms[self.form]})"

    def tell(self, message: Message) -> None:
        """Posts a message.

        Raises:
            NotTold: it did not answer, or refused, three times.
            JamfAuthoritiesUnusable: SSL_CERT_FILE names no certificates.
        """
        body = payload(self.form, message)
        tls = self.network.tls()
        reason = ""
        for _ in range(_ATTEMPTS):
            try:
                answer = httpx.post(
                    self.url,
                    json=body,
                    timeout=_SECONDS,
                    verify=tls,
                    proxy=self.network.proxy,
                    trust_env=False,
                )
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = type(error).__name__
                continue
            if answer.is_success:
                return
            reason = f"HTTP {answer.status_code}"
        raise NotTold(
            f"The webhook of MOSS_JAMF_ALERT_URL did not take an alert ({reason}). The alert was: {message.text}",
            "Check the address, and MOSS_JAMF_ALERT_FORMAT, with its service.",
        )


def webhook_of(settings: Settings) -> Webhook | None:
    """The webhook that the environment names; None: none."""
    if settings.alert_url is None:
        return None
    url = settings.alert_url.get_secret_value()
    form = settings.alert_format
    way = way_to(urlsplit(url).hostname or "", settings)
    return Webhook(url, _form_of(url) if form == "auto" else form, way)


def _form_of(url: str) -> Format:
    host = (urlsplit(url).hostname or "").lower()
    if host in _SLACK_HOSTS:
        return "slack"
    return "teams" if host.endswith(_TEAMS_HOSTS) else "text"


def payload(form: Format, message: Message) -> dict[str, Any]:
    """A message as a webhook of a form takes it."""
    match form:
        case "slack":
            return _for_slack(message)
        case "teams":
            return _for_teams(message)
        case "text":
            return {
                "text": _text(message),
                "integration": message.integration,
                "kind": message.kind,
                "cause": message.cause,
                "turn": message.turn,
                "links": {link.label: link.address for link in message.links},
            }


def _text(message: Message) -> str:
    """All of it in one text, for what shows no more than that."""
    said = webhook_text(
        f"{message.integration}: {message.headline}. {message.text} {message.remedy}".strip()
    )
    return " ".join((said, *(link.address for link in message.links)))


def _for_slack(message: Message) -> dict[str, Any]:
    def plain(text: str, longest: int) -> dict[str, Any]:
        shown = text if len(text) <= longest else text[: longest - 1] + "…"
        return {"type": "plain_text", "text": shown, "emoji": False}

    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": plain(f"{message.integration}: {message.headline}", _HEADER_OF_SLACK),
        },
        {"type": "section", "text": plain(message.text, _SECTION_OF_SLACK)},
    ]
    if message.remedy:
        blocks.append({"type": "section", "text": plain(message.remedy, _SECTION_OF_SLACK)})
    if message.links:
        blocks.append(
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": plain(link.label, 75), "url": link.address}
                    for link in message.links
                ],
            }
        )
    return {"text": _text(message)[:_CONTEXT_OF_SLACK], "blocks": blocks}


def _for_teams(message: Message) -> dict[str, Any]:
    def run(text: str, **look: object) -> dict[str, Any]:
        return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}

    body = [
        run(
            f"{message.integration}: {message.headline}",
            weight="Bolder",
            size="Medium",
            color=_COLOURS[message.turn],
        ),
        run(message.text),
    ]
    if message.remedy:
        body.append(run(message.remedy, isSubtle=True))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": _text(message),
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": link.label, "url": link.address}
            for link in message.links
        ],
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }
