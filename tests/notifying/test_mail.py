"""Mail to a real SMTP server: with TLS and a log-in, and what becomes of one that does not take it."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from moss_jamf_pipeline.notifying.errors import MailUnusable, NotTold
from moss_jamf_pipeline.notifying.mail import Attachment, Mail, mail_server_of
from moss_jamf_pipeline.notifying.messages import Link, Message
from moss_jamf_pipeline.settings import Settings
from tests.support.networks import OwnAuthority, own_authority
from tests.support.receivers import MailReceiver, mail_receiver

_PASSWORD = "a password of the mail server"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    return own_authority(tmp_path_factory.mktemp("mail"), "localhost")


def _tls(authority: OwnAuthority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server)
    return context


def _settings(receiver: MailReceiver | None = None, **more: Any) -> Settings:
    given: dict[str, Any] = {
        "smtp_host": "localhost",
        "smtp_port": None if receiver is None else receiver.port,
        "mail_from": "moss-jamf@example.org",
        "mail_to": "it@example.org, ada@example.org",
    }
    return Settings(**(given | more))


def _send(settings: Settings, mail: Mail) -> None:
    server = mail_server_of(settings)
    assert server is not None
    server.send(mail)


_MAIL = Mail("A subject", "A text.\n", "<p>A page.</p>")


@pytest.mark.parametrize("at_once", [False, True])
def test_it_is_sent_through_tls_with_the_log_in(authority: OwnAuthority, at_once: bool) -> None:
    with mail_receiver(_tls(authority), _PASSWORD, at_once=at_once) as receiver:
        settings = _settings(
            receiver,
            smtp_security="tls" if at_once else "starttls",
            smtp_username="robot",
            smtp_password=SecretStr(_PASSWORD),
            ssl_cert_file=authority.certificate,
        )
        report = Attachment("report.html", "<!DOCTYPE html><p>Ümläute</p>")
        _send(settings, Mail("A subject", "A text.\n", "<p>A page.</p>", report))
    (letter,) = receiver.letters
    assert receiver.log_ins == [("robot", _PASSWORD)]
    assert receiver.was_secret == [True]
    assert receiver.recipients == [("it@example.org", "ada@example.org")]
    assert (letter["From"], letter["Subject"]) == ("moss-jamf@example.org", "A subject")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert (receiver.text().strip(), receiver.page().strip()) == ("A text.", "<p>A page.</p>")
    (attachment,) = letter.iter_attachments()
    assert attachment.get_filename() == "report.html"
    assert attachment.get_content().rstrip() == report.content


def test_an_alert_is_a_mail_in_both_forms_in_which_no_name_acts() -> None:
    message = Message(
        "JAMF Pro",
        "run_failed",
        "full",
        "begins",
        "A run failed",
        'The Mac <img src="http://evil.example/p.png"> fails.',
        "Look.",
        (Link("The run", "https://dagster.example.org/runs/1"),),
    )
    with mail_receiver() as receiver:
        server = mail_server_of(_settings(receiver, smtp_security="none"))
        assert server is not None
        server.tell(message)
    assert receiver.letters[0]["Subject"] == "[moss-jamf] JAMF Pro: A run failed"
    assert "<img" not in receiver.page()
    assert "&lt;img" in receiver.page()
    assert '<a href="https://dagster.example.org/runs/1">The run</a>' in receiver.page()
    assert "The run: https://dagster.example.org/runs/1" in receiver.text()


def test_a_name_adds_no_header_and_no_recipient() -> None:
    with mail_receiver() as receiver:
        mail = Mail("Mac\r\nBcc: eve@evil.example\r\n\r\nx", "A text.\n", "<p>A page.</p>")
        _send(_settings(receiver, smtp_security="none"), mail)
    (letter,) = receiver.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == r"Mac\r\nBcc: eve@evil.example\r\n\r\nx"
    assert receiver.recipients == [("it@example.org", "ada@example.org")]


def test_a_certificate_that_does_not_verify_is_never_taken(authority: OwnAuthority) -> None:
    with mail_receiver(_tls(authority), _PASSWORD) as receiver:
        settings = _settings(receiver, smtp_username="robot", smtp_password=SecretStr(_PASSWORD))
        with pytest.raises(NotTold, match="certificate does not verify"):
            _send(settings, _MAIL)
    assert (receiver.log_ins, receiver.letters) == ([], [])


def test_a_server_without_tls_gets_no_mail_that_was_to_be_secret() -> None:
    with mail_receiver() as receiver, pytest.raises(NotTold, match="STARTTLS"):
        _send(_settings(receiver), _MAIL)
    assert receiver.letters == []


def test_a_wrong_password_is_a_sentence_that_does_not_repeat_it(authority: OwnAuthority) -> None:
    with mail_receiver(_tls(authority), _PASSWORD) as receiver:
        settings = _settings(
            receiver,
            smtp_username="robot",
            smtp_password=SecretStr("another password, which is wrong"),
            ssl_cert_file=authority.certificate,
        )
        with pytest.raises(NotTold, match="it answered 535") as caught:
            _send(settings, _MAIL)
    assert "another password" not in str(caught.value)


def test_one_recipient_that_is_refused_keeps_it_from_no_other() -> None:
    with mail_receiver() as receiver:
        receiver.refused = "ada@example.org"
        with pytest.raises(NotTold, match=r"no mail for ada@example\.org"):
            _send(_settings(receiver, smtp_security="none"), _MAIL)
    assert receiver.recipients == [("it@example.org",)]


def test_nobody_who_answers_is_a_sentence() -> None:
    with pytest.raises(NotTold, match="Check MOSS_JAMF_SMTP_HOST"):
        _send(_settings(smtp_port=1), _MAIL)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"mail_to": None}, "MOSS_JAMF_MAIL_TO is not"),
        ({"mail_from": None}, "MOSS_JAMF_MAIL_FROM is not"),
        ({"mail_to": "Ada <ada@example.org>"}, "is no mail address"),
        ({"mail_to": "ada"}, "is no mail address"),
        ({"mail_from": "a b@example.org"}, "is no mail address"),
        (
            {
                "smtp_security": "none",
                "smtp_host": "mail.example.org",
                "smtp_username": "robot",
                "smtp_password": SecretStr(_PASSWORD),
            },
            "everybody in between could read it",
        ),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_sent(
    given: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(MailUnusable, match=wrong):
        mail_server_of(_settings(**given))


def test_without_a_server_there_is_no_mail(tmp_path: Path) -> None:
    assert mail_server_of(_settings(smtp_host=None)) is None
