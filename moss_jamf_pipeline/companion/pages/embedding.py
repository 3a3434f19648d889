"""The script that a reverse proxy adds to M.O.S.S.'s pages. Anybody may read it: all that is in it the package has.

Its address either says what is in it, and then it is kept for ever, or never changes, and then it is asked for again
after some minutes: the second one stands in the proxy's configuration, so that an update of ours needs none of it.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from moss_jamf_pipeline.companion.static_files import static_files

ROUTER = APIRouter(include_in_schema=False)

_SCRIPT: Final = Path(__file__).parents[1] / "script" / "embed.js"
_STYLE_HERE: Final = '"%STYLE%"'
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Script:
    """The script as it is served.

    Attributes:
        digest: of what is in it.
        content: it, with the style of fragments in it.
        compressed: the same, by gzip.
    """

    digest: str
    content: bytes
    compressed: bytes


@cache
def script() -> Script:
    """The script: one file, so that one request brings all of it."""
    style = static_files()["fragments.css"].content.decode()
    source = _SCRIPT.read_text(encoding="utf-8")
    if source.count(_STYLE_HERE) != 1:
        raise ValueError(f"{_SCRIPT.name} has to have {_STYLE_HERE} once")
    content = source.replace(_STYLE_HERE, json.dumps(style)).encode()
    return Script(
        hashlib.sha256(content).hexdigest()[:_DIGITS], content, gzip.compress(content, mtime=0)
    )


@ROUTER.get("/jamf/embed.js")
def newest(request: Request) -> Response:
    """The script at the address that never changes."""
    return _answer(request, "public, max-age=300")


@ROUTER.get("/jamf/{digest}/embed.js")
def this_one(request: Request, digest: str) -> Response:
    """The script at the address that says what is in it."""
    if digest != script().digest:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such script; /jamf/embed.js is.")
    return _answer(request, "public, max-age=31536000, immutable")


def _answer(request: Request, kept: str) -> Response:
    found = script()
    tag = f'"{found.digest}"'
    headers = {"Cache-Control": kept, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") in {tag, f"W/{tag}"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            found.compressed,
            headers={**headers, "Content-Encoding": "gzip"},
            media_type="text/javascript; charset=utf-8",
        )
    return Response(found.content, headers=headers, media_type="text/javascript; charset=utf-8")
