"""Trying the ways by which people are told, from the command line, and what `doctor` says of them."""

from collections.abc import Iterator

import pytest

from moss_jamf_pipeline.cli.application import app
from moss_jamf_pipeline.notifying.health import look_at_alerts
from moss_jamf_pipeline.settings import Settings
from tests.support.receivers import WebhookReceiver, mail_receiver, webhook_receiver


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        monkeypatch.setenv("MOSS_JAMF_ALERT_URL", receiver.url)
        yield receiver


def _try() -> int:
    """What the command ends with."""
    return int(app(["alerts", "test"], standalone_mode=False) or 0)


def test_every_way_is_told_that_it_is_a_test(
    webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_receiver() as mail:
        monkeypatch.setenv("MOSS_JAMF_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("MOSS_JAMF_SMTP_PORT", str(mail.port))
        monkeypatch.setenv("MOSS_JAMF_SMTP_SECURITY", "none")
        monkeypatch.setenv("MOSS_JAMF_MAIL_FROM", "moss-jamf@example.org")
        monkeypatch.setenv("MOSS_JAMF_MAIL_TO", "it@example.org")
        monkeypatch.setenv("MOSS_JAMF_COMPANION_LINK_URL", "https://moss.example.org")
        assert _try() == 0
        finding = look_at_alerts(Settings())
    assert "Nothing has happened" in webhook.texts[0]
    assert webhook.texts[0].endswith("https://moss.example.org/jamf/")
    assert mail.letters[0]["Subject"] == "[moss-jamf] JAMF Pro: A test"
    said = capsys.readouterr().out
    assert "2 messages were taken." in said
    assert "secret-path" not in said
    assert finding.state == "ok"
    assert f"mail by 127.0.0.1:{mail.port} to 1 recipient" in finding.message


def test_a_way_that_does_not_take_it_fails_the_command(
    webhook: WebhookReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    webhook.status = 404
    assert _try() == 1
    said = capsys.readouterr()
    assert "HTTP 404" in said.err
    assert "secret-path" not in said.err + said.out


def test_where_nobody_is_told_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert _try() == 1
    assert "Nobody would be told" in capsys.readouterr().err
    finding = look_at_alerts(Settings())
    assert (finding.state, "MOSS_JAMF_SMTP_HOST" in finding.remedy) == ("warning", True)


def test_an_alert_without_a_link_and_half_a_mail_server_are_found(
    webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look_at_alerts(Settings()).state == "warning"
    monkeypatch.setenv("MOSS_JAMF_SMTP_HOST", "mail.example.org")
    finding = look_at_alerts(Settings())
    assert (finding.state, "MOSS_JAMF_MAIL_TO is not" in finding.message) == ("problem", True)
