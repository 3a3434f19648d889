"""Who is told, on this machine: a webhook that takes JSON over HTTP, and a mail server that speaks SMTP."""

import json
import ssl
import threading
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_HOST = "127.0.0.1"


@dataclass
class WebhookReceiver:
    """A service that takes messages as chats do.

    Attributes:
        url: its address, with a secret in it.
        status: what it answers with.
        bodies: what it was sent.
    """

    url: str = ""
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A webhook that listens."""
    hook = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            hook.bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer((_HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        hook.url = f"http://{_HOST}:{server.server_port}/services/T000/secret-path"
        yield hook
        server.shutdown()
        thread.join()


@dataclass
class MailReceiver:
    """A mail server.

    Attributes:
        port: that it listens on.
        letters: what it took.
        recipients: whom each was for.
        log_ins: names and passwords that it was given.
        refused: a recipient that it does not take mail for.
        was_secret: of each letter, whether it came through TLS.
    """

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[tuple[str, ...]] = field(default_factory=list)
    log_ins: list[tuple[str, str]] = field(default_factory=list)
    refused: str = ""
    was_secret: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address == self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.append(tuple(envelope.rcpt_tos))
        assert server.transport is not None
        self.was_secret.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def page(self, number: int = -1) -> str:
        """The HTML of a letter."""
        part = self.letters[number].get_body(("html",))
        assert part is not None
        content: str = part.get_content()
        return content

    def text(self, number: int = -1) -> str:
        """The plain text of a letter."""
        part = self.letters[number].get_body(("plain",))
        assert part is not None
        content: str = part.get_content()
        return content


class _OnAnyPort(Controller):
    """A controller that knows its port when it has one."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_receiver(
    tls: ssl.SSLContext | None = None, password: str | None = None, *, at_once: bool = False
) -> Iterator[MailReceiver]:
    """A mail server that listens.

    Args:
        tls: its certificate; None: it has none.
        password: that whoever sends has to know; None: it asks for none.
        at_once: whether TLS begins with the connection, and not by STARTTLS.
    """
    receiver = MailReceiver()

    def judge(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        receiver.log_ins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    controller = _OnAnyPort(
        receiver,
        hostname=_HOST,
        port=0,
        ssl_context=tls if at_once else None,
        tls_context=None if at_once else tls,
        require_starttls=tls is not None and not at_once,
        authenticator=judge if password is not None else None,
        auth_required=password is not None,
        # With TLS from the beginning nothing is left to be asked for.
        auth_require_tls=not at_once,
    )
    controller.start()
    try:
        receiver.port = controller.port
        yield receiver
    finally:
        controller.stop(no_assert=True)
