"""The secrets that this process holds: remembered by whoever takes one in hand, for as long as the process lives.

Tokens come and go, so only the newest are kept.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

from moss_jamf_pipeline.scrubbing.spellings import Finder, SecretFinder, finder_of

SECRET_NAME: Final = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|authorization"
    r"|(?:api|private|encryption)[_-]?key)[\w-]{0,30}",
    re.IGNORECASE,
)
"""Finds the names under which secrets stand."""

_TOKENS_KEPT: Final = 64
_SHORTEST_PATH: Final = 12
_OPTION: Final = re.compile(r"(?:-c\s*|--)([\w.-]+)\s*=\s*((?:\\.|\S)*)")

_lock = Lock()
_secrets: dict[str, SecretFinder] = {}
_tokens: OrderedDict[str, SecretFinder] = OrderedDict()
_finders: tuple[SecretFinder, ...] = ()
_unmistakable: tuple[tuple[bytes, Finder], ...] = ()


def remember_secret(secret: str) -> None:
    """Has a secret removed from whatever leaves this process.

    Args:
        secret: a password, a client secret, a key. White space around it is taken for none of it.
    """
    for spelled in {secret, secret.strip()}:
        if spelled and spelled not in _secrets:
            with _lock:
                _secrets[spelled] = finder_of(spelled)
                _order()


def remember_token(token: str) -> None:
    """The same for a token, of which there will be many: the newest are remembered."""
    if not token:
        return
    with _lock:
        if token in _tokens:
            _tokens.move_to_end(token)
            return
        _tokens[token] = finder_of(token)
        while len(_tokens) > _TOKENS_KEPT:
            _tokens.popitem(last=False)
        _order()


def remember_address(address: str, *, path_is_secret: bool = False) -> None:
    """Has the secrets that an address holds removed: its password, and what stands under the name of a secret.

    Args:
        address: a URL, also one that is malformed, or a connection string of PostgreSQL's.
        path_is_secret: its path and its query are a secret as a whole, as a webhook's are.
    """
    for secret in {*_secrets_of_address(address)}:
        remember_secret(secret)
    if path_is_secret:
        path = address.partition("://")[2].partition("/")[2]
        if len(path) >= _SHORTEST_PATH:
            remember_secret(path)


def finders() -> tuple[SecretFinder, ...]:
    """What finds each secret; the longest first, for one may hold another."""
    return _finders


def repeats_a_secret(document: bytes) -> bool:
    """Whether JSON that a server sent holds a secret of this process.

    Only secrets that cannot be a word of the data by chance are looked for.
    """
    suspects = [finder for anchor, finder in _unmistakable if anchor in document]
    if not suspects:
        return False
    text = document.decode(errors="replace")
    return any(finder.found_in(text) for finder in suspects)


def forget() -> None:
    """Forgets every secret; for tests."""
    with _lock:
        _secrets.clear()
        _tokens.clear()
        _order()


def _order() -> None:
    global _finders, _unmistakable  # noqa: PLW0603 - replaced as a whole, so that readers need no lock
    found = {**_tokens, **_secrets}
    _finders = tuple(found[secret] for secret in sorted(found, key=len, reverse=True))
    # The tokens of one server begin alike, and are found by their beginning.
    alike = {
        finder.pattern.pattern: finder
        for known in _finders
        if known.is_unmistakable
        for finder in known.finders
    }
    _unmistakable = tuple((finder.anchor.encode(), finder) for finder in alike.values())


def _secrets_of_address(address: str) -> Iterator[str]:
    if "://" in address:
        # By hand: what is not quite a URL has a password too. It may hold an @ or a / of its own.
        user_information = address.partition("://")[2].rpartition("@")[0]
        password = user_information.partition(":")[2]
        yield from (password, unquote(password))
        try:
            query = urlsplit(address).query
        except ValueError:
            query = address.partition("?")[2]
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if SECRET_NAME.search(name):
                yield from (value, unquote(value), unquote_plus(value))
            if name == "options":
                yield from _secrets_of_options(unquote_plus(value))
    else:
        for name, value in re.findall(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)", address):
            plain = re.sub(r"\\(.)", r"\1", value.strip("'"))
            if SECRET_NAME.search(name):
                yield from (value, plain)
            if name == "options":
                yield from _secrets_of_options(plain)


def _secrets_of_options(options: str) -> Iterator[str]:
    """The values of a session's settings under the name of a secret: `-c vault.password=…`."""
    for name, value in _OPTION.findall(options):
        if SECRET_NAME.search(name):
            yield from (value, re.sub(r"\\(.)", r"\1", value))
