"""Mail by SMTP: alerts, and reports with the whole as a file. With TLS, unless the server is this very machine."""

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Final, Literal

from moss_jamf_pipeline.engine.access import way_to
from moss_jamf_pipeline.notifying.errors import MailUnusable, NotTold
from moss_jamf_pipeline.notifying.messages import Message
from moss_jamf_pipeline.outputs import html_text, one_line
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.settings import Settings

_SECONDS: Final = 10.0
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LONGEST_SUBJECT: Final = 150
_OF_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FONT: Final = "font: 15px/1.5 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail.

    Attributes:
        name: of the file.
        content: of it, a page.
    """

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What is sent.

    Attributes:
        subject: what it is about.
        text: for who reads plain text.
        page: the same as HTML.
        attachment: a file with it.
    """

    subject: str
    text: str
    page: str
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, and between whom mails go.

    Attributes:
        settings: the environment.
        sender: who they are from.
        recipients: whom they are for.
    """

    settings: Settings
    sender: str
    recipients: tuple[str, ...]

    name: Literal["mail"] = "mail"

    @property
    def words(self) -> str:
        """Which one it is."""
        people = (
            "1 recipient" if len(self.recipients) == 1 else f"{len(self.recipients)} recipients"
        )
        return f"mail by {self.settings.smtp_host}:{self._port} to {people}"

    @property
    def _port(self) -> int:
        return self.settings.smtp_port or _PORTS[self.settings.smtp_security]

    def tell(self, message: Message) -> None:
        """Mails an alert; errors as of `send`."""
        self.send(alert_mail(message))

    def send(self, mail: Mail) -> None:
        """Sends a mail.

        Raises:
            NotTold: the server does not answer, or takes it not from us or for nobody.
            JamfAuthoritiesUnusable: SSL_CERT_FILE names no certificates.
        """
        letter = self._letter(mail)
        try:
            with self._connected() as server:
                refused = server.send_message(letter, self.sender, self.recipients)
        except (OSError, smtplib.SMTPException) as error:
            raise NotTold(
                f"The mail server {self.settings.smtp_host}:{self._port} does not take a mail: {_reason(error)}.",
                "Check MOSS_JAMF_SMTP_HOST, _PORT, _SECURITY and the log-in with whoever runs it.",
            ) from error
        if refused:
            raise NotTold(
                f"The mail server {self.settings.smtp_host} takes no mail for "
                f"{', '.join(sorted(map(one_line, refused)))}.",
                "Correct MOSS_JAMF_MAIL_TO. Others got the mail.",
            )

    def _letter(self, mail: Mail) -> EmailMessage:
        letter = EmailMessage()
        subject = one_line(scrubbed(mail.subject))
        letter["Subject"] = subject[:_LONGEST_SUBJECT]
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.recipients)
        letter["Date"] = formatdate(usegmt=True)
        letter["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or "localhost")
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(scrubbed(mail.text))
        letter.add_alternative(scrubbed(mail.page), subtype="html")
        if mail.attachment is not None:
            letter.add_attachment(
                mail.attachment.content, subtype="html", filename=mail.attachment.name
            )
        return letter

    def _connected(self) -> smtplib.SMTP:
        """The server, after hello, TLS and log-in."""
        settings = self.settings
        host = settings.smtp_host or ""
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._port, timeout=_SECONDS, context=self._tls()
            )
        else:
            server = smtplib.SMTP(host, self._port, timeout=_SECONDS)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=self._tls())
            if settings.smtp_username is not None and settings.smtp_password is not None:
                server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        return way_to(self.settings.smtp_host or "", self.settings).tls()


def mail_server_of(settings: Settings) -> MailServer | None:
    """The mail server that the environment names; None: none.

    Raises:
        MailUnusable: what it says is not enough, or would show a password on the network.
    """
    if settings.smtp_host is None:
        return None
    sender, recipients = settings.mail_sender, settings.mail_recipients
    if not recipients or sender is None:
        missing = "MOSS_JAMF_MAIL_TO" if not recipients else "MOSS_JAMF_MAIL_FROM"
        raise MailUnusable(
            f"MOSS_JAMF_SMTP_HOST is set and {missing} is not: no mail is sent.",
            f"Set {missing}, or unset MOSS_JAMF_SMTP_HOST.",
        )
    for address in (sender, *recipients):
        if not _is_address(address):
            raise MailUnusable(
                f"{address!r} is no mail address.",
                "Correct MOSS_JAMF_MAIL_FROM or MOSS_JAMF_MAIL_TO: addresses such as it@example.com, without names.",
            )
    is_elsewhere = settings.smtp_host.lower() not in _OF_THIS_MACHINE
    if settings.smtp_security == "none" and settings.smtp_password is not None and is_elsewhere:
        raise MailUnusable(
            "MOSS_JAMF_SMTP_SECURITY is none, and a password is to be sent to another machine: everybody in between "
            "could read it.",
            "Use starttls or tls, or a server that asks for no log-in.",
        )
    return MailServer(settings, sender, recipients)


def alert_mail(message: Message) -> Mail:
    """An alert as a mail."""
    addresses = [f"{link.label}: {link.address}" for link in message.links]
    paragraphs = [message.text, *filter(None, [message.remedy])]
    heading = f"{message.integration}: {message.headline}"
    linked = " &nbsp; ".join(
        f'<a href="{html_text(link.address)}">{html_text(link.label)}</a>' for link in message.links
    )
    inner = "".join(f"<p>{html_text(text)}</p>" for text in paragraphs)
    page = (
        f'<!DOCTYPE html><html lang="en"><body style="{_FONT}; max-width: 40em">'
        f'<h1 style="font-size: 19px">{html_text(heading)}</h1>{inner}<p>{linked}</p></body></html>'
    )
    return Mail(
        f"[moss-jamf] {heading}", "\n\n".join((heading, *paragraphs, *addresses)) + "\n", page
    )


def _is_address(text: str) -> bool:
    name, address = parseaddr(text)
    if name or address != text or not text.isascii():
        return False
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError):
        return False
    return bool(parsed.username and parsed.domain) and text.isprintable() and " " not in text


def _reason(error: Exception) -> str:
    """Why, without what was sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate does not verify ({error.verify_message})"
        case smtplib.SMTPResponseException():
            said = error.smtp_error
            text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            return one_line(scrubbed(f"it answered {error.smtp_code} {text}"))[:300]
        case smtplib.SMTPRecipientsRefused():
            return "it takes mail for none of the recipients"
        case TimeoutError():
            return f"it did not answer within {_SECONDS:.0f} seconds"
        case _:
            return one_line(scrubbed(str(error) or type(error).__name__))[:300]
