"""The body of an answer, read no further than it may reach.

A few megabytes can unpack to gigabytes. So a body is unpacked here piece by piece, as it arrives, and reading stops
where the limit is passed; the HTTP library would unpack each piece whole. Only what was asked for is unpacked:
`ACCEPTED_ENCODINGS`.
"""

import zlib
from collections.abc import Callable
from typing import Final

import httpx

ACCEPTED_ENCODINGS: Final = "gzip, deflate"
"""What may be sent compressed how; the standard library unpacks both, and can be told to stop."""

_GZIP: Final = zlib.MAX_WBITS | 16
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
_HEADER: Final = 2
"""Bytes by which zlib knows its own format."""
_LONGEST_NAME: Final = 40


class BodyTooLargeError(Exception):
    """The body is longer than it may be; the message says so, to continue the sentence "JAMF Pro …"."""


class BodyUnreadableError(Exception):
    """The body is compressed in a way nobody asked for, or damaged; the message continues the same sentence."""


async def read_body(response: httpx.Response, most: int, *, cut: bool = False) -> bytes:
    """Reads and unpacks the body of a response that is a stream.

    Args:
        response: the response; nothing of its body has been read.
        most: how many bytes it may have, unpacked. As it comes it may have no more either.
        cut: keep the beginning of a longer one instead of refusing it.

    Raises:
        BodyTooLargeError: it is longer.
        BodyUnreadableError: it cannot be unpacked.
        httpx.HTTPError: it does not arrive.
    """
    unpack = _unpacking(response.headers.get("content-encoding", ""))
    pieces: list[bytes] = []
    received = unpacked = 0
    async for packed in response.aiter_raw():
        received += len(packed)
        pieces.append(unpack(packed, most + 1 - unpacked))
        unpacked += len(pieces[-1])
        if max(received, unpacked) > most:
            if cut:
                break
            raise BodyTooLargeError(f"sends more than {most:,} bytes in one answer")
    return b"".join(pieces)[:most]


_Unpack = Callable[[bytes, int], bytes]


def _unpacking(encoding: str) -> _Unpack:
    """What unpacks the next piece of a body, to no more than so many bytes."""
    match encoding.strip().lower():
        case "" | "identity":
            return _as_it_comes
        case "gzip" | "x-gzip":
            return _Unpacking(_GZIP)
        case "deflate":
            return _Unpacking(zlib.MAX_WBITS)
        case _:
            named = encoding.strip()[:_LONGEST_NAME]
            raise BodyUnreadableError(
                f"compresses its answer as {named!r}, though asked for {ACCEPTED_ENCODINGS} only"
            )


def _as_it_comes(piece: bytes, most: int) -> bytes:
    return piece[:most]


class _Unpacking:
    """Unpacks what zlib has packed.

    Args:
        window: which of its formats, as zlib numbers them.
    """

    def __init__(self, window: int) -> None:
        self._may_be_raw = window == zlib.MAX_WBITS
        self._zlib = zlib.decompressobj(window)
        self._begun = b""

    def __call__(self, piece: bytes, most: int) -> bytes:
        """Unpacks the next piece to at most so many bytes."""
        if self._zlib.eof:  # what follows the end is nobody's
            return b""
        try:
            unpacked = self._zlib.decompress(piece, most)
        except zlib.error as error:
            if not self._may_be_raw:
                raise BodyUnreadableError(f"sends a damaged answer ({error})") from None
            # Some servers call it deflate and leave out zlib's header.
            self._may_be_raw, self._zlib = False, zlib.decompressobj(_RAW_DEFLATE)
            return self(self._begun + piece, most)
        self._begun += piece[:_HEADER]
        self._may_be_raw = self._may_be_raw and len(self._begun) < _HEADER
        return unpacked
