"""Takes secrets out of texts before they are stored where people read them.

Nobody can promise what the message of an exception holds. Two kinds of things are removed: the secrets that this
process knows, wherever and however written they occur, and what looks like a secret: bearer tokens, `password=…`, the
password of a URL. In doubt a word too many is removed.
"""

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pydantic import SecretStr

from moss_jamf_pipeline.settings import Settings

MASK: Final = "***"
"""What stands in a secret's place."""

# Inside other words, something shorter would make every message unreadable (a password `a`).
_SHORTEST_INSIDE_WORDS: Final = 4

_NAMES: Final = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|authorization"
    r"|(?:api|private|encryption)[_-]?key)[\w-]{0,30}"
)
_VALUE: Final = r"""(?:\\*'(?:[^'\\]|\\.)*'|\\*"(?:[^"\\]|\\.)*"|[^\s&]+)"""
_SHAPES: Final = (
    # JSON Web Tokens, which JAMF's bearer tokens are.
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), MASK),
    # Not "basic authentication": a digit, or longer than a word.
    (
        re.compile(
            r"\b(bearer|basic)(\s+)(?=[\w.~+/=-]*\d|\S{20})[\w.~+/=-]{6,}", flags=re.IGNORECASE
        ),
        rf"\1\2{MASK}",
    ),
    # A password may hold an @ of its own: up to the last one.
    (re.compile(r"([a-z][a-z0-9+.-]{0,30}://[^\s:/@?#]*):\S*@", re.IGNORECASE), rf"\1:{MASK}@"),
    # password=…, "client_secret": …, password: …; but not "no token: HTTP 401".
    (
        re.compile(
            rf"""({_NAMES}\\*["']?\s{{0,3}}(?:=>|:=|={{1,3}})\s{{0,3}}"""
            rf"""|{_NAMES}\\*["']\s{{0,3}}:\s{{0,3}}"""
            rf"""|(?:password|passphrase|secret)\s{{0,3}}:\s{{0,3}}){_VALUE}""",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
_SECRET_NAME: Final = re.compile(_NAMES, re.IGNORECASE)

_remembered: Final[set[str]] = set()


def remember_secret(secret: str) -> None:
    """Lets `scrubbed` remove a secret that is not in the environment, e.g. one that was decrypted."""
    if secret:
        _remembered.add(secret)


def scrubbed(text: str) -> str:
    """A text without secrets: those this process knows, and what is shaped like one.

    Args:
        text: any text, e.g. an exception's message.

    Returns:
        The text with `***` in their place; scrubbed again, it stays the same.
    """
    return _scrubbed(text, _known_secrets())


def _scrubbed(text: str, known: re.Pattern[str] | None) -> str:
    if known:
        text = known.sub(MASK, text)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def scrubbed_document(value: object) -> Any:
    """A document (mappings, sequences, plain values) without secrets, fit to become JSON.

    Args:
        value: the document. What a mapping keeps under the name of a secret (`client_secret`) is one, whatever it is;
            what JSON has no form for becomes its text.
    """
    return _scrubbed_document(value, _known_secrets())


def _scrubbed_document(value: object, known: re.Pattern[str] | None) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {
                _scrubbed(str(name), known): MASK
                if isinstance(content, str | bytes) and _SECRET_NAME.search(str(name))
                else _scrubbed_document(content, known)
                for name, content in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_scrubbed_document(content, known) for content in value]
        case _:
            return _scrubbed(str(value), known)


def _known_secrets() -> re.Pattern[str] | None:
    """A pattern that finds each known secret in each of its spellings; the longest first, for one may hold another."""
    secrets = {*_remembered, *_configured_secrets()}
    spellings = {spelling for secret in secrets for spelling in _spellings(secret) if spelling}
    if not spellings:
        return None
    ordered = sorted(spellings, key=len, reverse=True)
    return re.compile("|".join(map(_finding, ordered)))


def _finding(spelling: str) -> str:
    literal = re.escape(spelling)
    return literal if len(spelling) >= _SHORTEST_INSIDE_WORDS else rf"(?<!\w){literal}(?!\w)"


def _configured_secrets() -> Iterator[str]:
    """The secrets of the environment, and the passwords inside its URLs."""
    try:
        settings = Settings()
    except ValueError:
        # A `.env` that is no text: whoever needs the settings says so. What is shaped like a secret is removed as ever.
        return
    for _, value in settings:
        if isinstance(value, SecretStr):
            secret = value.get_secret_value()
            yield secret
            yield from _passwords_of_url(secret)


def _passwords_of_url(text: str) -> Iterator[str]:
    if "://" not in text:
        return
    # By hand: what is not quite a URL has a password too.
    user_information = text.partition("://")[2].rpartition("@")[0]
    password = user_information.partition(":")[2]
    yield from (password, unquote(password))
    try:
        query = urlsplit(text).query
    except ValueError:
        return
    yield from (value for name, value in parse_qsl(query) if _SECRET_NAME.search(name))


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, and as it looks in a URL, a form, JSON, HTML and Python's repr."""
    yield secret
    for encoded in (quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda octet: octet[0].lower(), encoded)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield repr(secret)[1:-1]
