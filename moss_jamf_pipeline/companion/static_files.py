"""The files of the pages: served at addresses that say what is in them, so that a browser asks for each one once."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

ROUTER = APIRouter(include_in_schema=False)

_DIRECTORY: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
"""What else lies there (licences, where files come from) is not served."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served.

    Attributes:
        digest: of what is in it; part of its address.
        media_type: what it is.
        content: what is in it.
        compressed: the same, by gzip.
    """

    digest: str
    media_type: str
    content: bytes
    compressed: bytes


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The files that are served, by name."""
    return MappingProxyType(
        {
            path.name: _read(path)
            for path in sorted(_DIRECTORY.iterdir())
            if path.suffix in _MEDIA_TYPES
        }
    )


def address_of(name: str) -> str:
    """Where a file is served.

    Raises:
        KeyError: there is none of that name.
    """
    return f"/jamf/static/{static_files()[name].digest}/{name}"


@ROUTER.get("/jamf/static/{digest}/{name}")
def static_file(request: Request, digest: str, name: str) -> Response:
    """Serves a file, to anybody: there is nothing in it but what the package has."""
    found = static_files().get(name)
    if found is None or found.digest != digest:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    accepted = {
        each.partition(";")[0].strip()
        for each in request.headers.get("accept-encoding", "").split(",")
    }
    if "gzip" in accepted:
        return Response(
            found.compressed,
            headers={**headers, "Content-Encoding": "gzip"},
            media_type=found.media_type,
        )
    return Response(found.content, headers=headers, media_type=found.media_type)


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(
        digest=hashlib.sha256(content).hexdigest()[:_DIGITS],
        media_type=_MEDIA_TYPES[path.suffix],
        content=content,
        compressed=gzip.compress(content, mtime=0),
    )
