"""A JAMF Pro that means harm: around the simulator, so that everything else about it is as ever."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_LISTINGS: Final = re.compile(r"/(computers-inventory|users|computer-groups|buildings|departments)")
_MEGABYTES_OF_BLANKS: Final = 256


def _packed_blanks() -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    blanks = b" " * 2**20
    pieces = [packer.compress(blanks) for _ in range(_MEGABYTES_OF_BLANKS)]
    return b"".join([*pieces, packer.flush()])


_JSON: Final = {"Content-Type": "application/json"}
ANSWERS: Final[Mapping[str, tuple[bytes, Mapping[str, str]]]] = {
    "gigabytes packed": (_packed_blanks(), {**_JSON, "Content-Encoding": "gzip"}),
    "deep nesting": (b"[" * 200_000, _JSON),
    "absurd counts": (json.dumps({"totalCount": 10**18, "results": []}).encode(), _JSON),
    "records that are none": (b'{"totalCount": 3, "results": [1, null, "x"]}', _JSON),
    "bytes": (bytes(range(256)) * 40, _JSON),
}
"""What a listing answers, with its headers."""


@dataclass
class Hostility:
    """Answers instead of the simulator's listings.

    Attributes:
        answer: which of `ANSWERS`; None: the simulator's own.
    """

    answer: str | None = None

    def around(self, application: ASGIApp) -> ASGIApp:
        """The application, with the hostility around it."""

        async def hostile(scope: Scope, receive: Receive, send: Send) -> None:
            if (
                self.answer is None
                or scope["type"] != "http"
                or not _LISTINGS.search(scope["path"])
            ):
                await application(scope, receive, send)
                return
            body, headers = ANSWERS[self.answer]
            await Response(body, headers=dict(headers))(scope, receive, send)

        return hostile
