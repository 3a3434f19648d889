"""What a webhook is sent: as Slack, as Teams and as any other takes it, over HTTP; and what no name can do there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.notifying.errors import NotTold
from moss_jamf_pipeline.notifying.messages import Link, Message
from moss_jamf_pipeline.notifying.webhook import payload, webhook_of
from moss_jamf_pipeline.settings import Settings
from tests.support.hostile_names import HOSTILE_NAMES
from tests.support.receivers import WebhookReceiver, webhook_receiver

_LINK = Link("Look at it", "https://moss.example.org/jamf/plans/12/held")


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        yield receiver


def _settings(url: str, **more: Any) -> Settings:
    return Settings(alert_url=SecretStr(url), **more)


def _message(text: str = "30 of 40 Macs would be renamed.") -> Message:
    return Message(
        "JAMF Pro",
        "changes_held",
        "rename",
        "begins",
        "Changes wait for an approval",
        text,
        "Look at them.",
        (_LINK,),
    )


def _tell(settings: Settings, message: Message) -> None:
    webhook = webhook_of(settings)
    assert webhook is not None
    webhook.tell(message)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", "slack"),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke", "teams"),
        ("https://x.environment.api.powerplatform.com/powerautomate/automations/y", "teams"),
        ("https://hooks.slack.com.example.org/services/x", "text"),
        ("https://chat.example.org/hooks/x", "text"),
    ],
)  # fmt: skip
def test_the_form_is_what_the_address_looks_like_unless_it_is_said(url: str, form: str) -> None:
    webhook = webhook_of(_settings(url))
    assert webhook is not None
    assert webhook.form == form
    said = webhook_of(_settings(url, alert_format="teams"))
    assert said is not None
    assert said.form == "teams"
    assert "/" not in webhook.words


def test_any_webhook_gets_a_text_and_the_same_in_parts(receiver: WebhookReceiver) -> None:
    _tell(_settings(receiver.url), _message())
    assert receiver.bodies == [
        {
            "text": "JAMF Pro: Changes wait for an approval. 30 of 40 Macs would be renamed. Look at them. "
            + _LINK.address,
            "integration": "JAMF Pro",
            "kind": "changes_held",
            "cause": "rename",
            "turn": "begins",
            "links": {"Look at it": _LINK.address},
        }
    ]


def test_slack_gets_blocks_with_a_button(receiver: WebhookReceiver) -> None:
    _tell(_settings(receiver.url, alert_format="slack"), _message())
    (body,) = receiver.bodies
    header, *sections, actions = body["blocks"]
    assert header["text"] == {
        "type": "plain_text",
        "text": "JAMF Pro: Changes wait for an approval",
        "emoji": False,
    }
    assert [each["text"]["text"] for each in sections] == [
        "30 of 40 Macs would be renamed.",
        "Look at them.",
    ]
    assert [each["url"] for each in actions["elements"]] == [_LINK.address]
    assert body["text"].startswith("JAMF Pro: Changes wait")


def test_teams_gets_an_adaptive_card_with_a_button(receiver: WebhookReceiver) -> None:
    _tell(_settings(receiver.url, alert_format="teams"), _message())
    (body,) = receiver.bodies
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    texts = [run["text"] for block in card["body"] for run in block["inlines"]]
    assert texts == [
        "JAMF Pro: Changes wait for an approval",
        "30 of 40 Macs would be renamed.",
        "Look at them.",
    ]
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Look at it", "url": _LINK.address}
    ]


def test_case_s10_no_name_is_markup_in_a_chat() -> None:
    """They stand only where a chat shows text as it is; in the text for the whole they call nobody and hide no link."""
    for name in HOSTILE_NAMES.values():
        message = _message(" ".join(name.split()))
        slack = payload("slack", message)
        assert {block["text"]["type"] for block in slack["blocks"][:-1]} == {"plain_text"}
        teams = payload("teams", message)["attachments"][0]["content"]
        assert {block["type"] for block in teams["body"]} == {"RichTextBlock"}
        for text in (slack["text"], teams["fallbackText"], payload("text", message)["text"]):
            assert "<" not in text
            assert "](" not in text
            assert "@channel" not in text
            assert json.dumps(text)


def test_one_that_refuses_is_asked_three_times_and_never_named(receiver: WebhookReceiver) -> None:
    receiver.status = 500
    with pytest.raises(NotTold) as caught:
        _tell(_settings(receiver.url), _message())
    assert len(receiver.bodies) == 3
    assert "secret-path" not in str(caught.value)
    assert "HTTP 500" in str(caught.value)
    assert "30 of 40 Macs" in str(caught.value)


def test_one_that_does_not_answer_is_a_sentence_without_its_address() -> None:
    with pytest.raises(NotTold) as caught:
        _tell(_settings("http://127.0.0.1:1/services/secret-path"), _message())
    assert "ConnectError" in str(caught.value)
    assert "secret-path" not in str(caught.value)
