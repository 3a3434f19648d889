"""A JAMF Pro that repeats everything it was sent, everywhere: in headers, errors, pages and records."""

import html
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.spellings import SPELLINGS

_TEXTS_OF_RECORDS = frozenset(
    {"name", "username", "realname", "email", "assetTag", "room", "barcode1", "description"}
)


@dataclass
class Echo:
    """What the server does with what it was sent.

    Attributes:
        refused: which paths it refuses, as a regular expression; empty: none.
        status: with which status.
        kind: what the refusal looks like: `jamf`, `oauth`, `gateway`, `html`, `text`.
        spelling: how it spells what it repeats, by the name in `SPELLINGS`.
        in_records: whether it writes it into records too.
    """

    refused: str = ""
    status: int = 403
    kind: str = "jamf"
    spelling: str = "plain"
    in_records: bool = False
    _heard: list[str] = field(default_factory=list)

    def around(self, application: ASGIApp) -> ASGIApp:
        """The application, with the echo around it."""

        async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return
            body = await Request(scope, receive).body()
            said = self._said(scope, body)
            if self.refused and re.search(self.refused, scope["path"]):
                await self._refusal(said)(scope, receive, send)
                return
            await application(scope, _again(body), self._adding(said, send))

        return echoing

    def _said(self, scope: Scope, body: bytes) -> str:
        """Everything that came with a request, and every secret in it, in the spelling of the moment."""
        spelled = SPELLINGS[self.spelling]
        heard = [value.decode("latin-1") for _, value in scope["headers"]]
        secrets = [value for _, value in parse_qsl(body.decode("latin-1"))]
        for header in heard:
            scheme, _, credentials = header.partition(" ")
            if scheme.lower() == "bearer":
                secrets.append(credentials)
            elif scheme.lower() == "basic":
                secrets.append(b64decode(credentials).decode().partition(":")[2])
        whole = [*heard, body.decode("latin-1"), *map(spelled, secrets)]
        return " ".join(text for text in whole if text)

    def _refusal(self, said: str) -> Response:
        line = said.replace("\r", " ").replace("\n", " ")
        bodies: dict[str, tuple[str, str]] = {
            "jamf": (
                json.dumps(
                    {
                        "httpStatus": self.status,
                        "errors": [{"code": said, "description": said, "field": said}],
                    }
                ),
                "application/json",
            ),
            "oauth": (
                json.dumps({"error": "invalid_client", "error_description": said}),
                "application/json",
            ),
            "gateway": (
                json.dumps({"fault": {"faultstring": said, "detail": said}}),
                "application/json",
            ),
            "html": (
                f"<html><title>Oops {html.escape(said)}</title><body>{said}</body></html>",
                "text/html",
            ),
            "text": (said, "text/plain"),
        }
        content, media_type = bodies[self.kind]
        headers = {
            "Location": f"https://elsewhere.example/{line}?q={line}".encode().decode("latin-1"),
            "Retry-After": line[:200].encode(errors="replace").decode("latin-1"),
            "X-Echo": line.encode(errors="replace").decode("latin-1"),
        }
        return Response(content, status_code=self.status, media_type=media_type, headers=headers)

    def _adding(self, said: str, send: Send) -> Send:
        """Hands on an answer with the echo in its headers and, if asked for, in its records."""
        pieces: list[bytes] = []
        start: Message = {}

        async def adding(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            pieces.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(pieces)
            if self.in_records and start["status"] == 200:
                body = _with_echo(body, said)
            line = said.replace("\r", " ").replace("\n", " ").encode(errors="replace")
            headers = [
                (name, value) for name, value in start["headers"] if name != b"content-length"
            ]
            headers += [(b"content-length", str(len(body)).encode()), (b"x-echo", line)]
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return adding


def _again(body: bytes) -> Receive:
    """Yields a body that was read already."""
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> Message:
        return next(messages)

    return receive


def _with_echo(body: bytes, said: str) -> bytes:
    """An answer whose every third record repeats what was said, in each of its texts and in keys of its own."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    records = document.get("results") if isinstance(document, dict) else document
    if isinstance(records, list):
        for number, record in enumerate(records):
            if isinstance(record, dict) and number % 3 == 0:
                _write_into(record, said)
    if isinstance(document, dict):
        document["echo"] = said
    return json.dumps(document).encode()


def _write_into(record: dict[str, Any], said: str) -> None:
    for key, value in list(record.items()):
        if isinstance(value, dict):
            _write_into(value, said)
        elif key in _TEXTS_OF_RECORDS:
            record[key] = f"{value} {said}"
    record["echo"] = said
