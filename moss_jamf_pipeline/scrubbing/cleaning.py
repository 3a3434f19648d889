"""Texts, documents and errors without secrets."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from moss_jamf_pipeline.scrubbing.known import SECRET_NAME, finders

MASK: Final = "***"
"""What stands in a secret's place."""

_NAMES: Final = SECRET_NAME.pattern
# Bounded, so that no text takes more than linear time.
_VALUE: Final = (
    r"""(?:\\{0,8}'(?:[^'\\]|\\.){0,4096}'|\\{0,8}"(?:[^"\\]|\\.){0,4096}"|[^\s&]{1,4096})"""
)
_NAMES_BEGIN: Final = (
    *("passw", "passphrase", "pwd", "secret", "token", "credential", "authorization"),
    *(f"{whose}{gap}key" for whose in ("api", "private", "encryption") for gap in ("", "_", "-")),
)
# With what a text must hold, in small letters, to be worth looking at: most hold nothing of the kind.
_SHAPES: Final = (
    # JSON Web Tokens, which JAMF's bearer tokens are.
    (("eyj",), re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), MASK),
    # Not "basic authentication": a digit, or longer than a word.
    (
        ("bearer", "basic"),
        re.compile(
            r"\b(bearer|basic)(\s{1,8})(?=[\w.~+/=-]{0,4096}\d|\S{20})[\w.~+/=-]{6,}",
            flags=re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
    # A password may hold an @ of its own: up to the last one. But not `password` itself, which stands in examples.
    (
        ("://",),
        re.compile(
            r"([a-z][a-z0-9+.-]{0,30}://[^\s:/@?#]{0,256}):(?!password@)\S{0,1024}@", re.IGNORECASE
        ),
        rf"\1:{MASK}@",
    ),
    # password=…, "client_secret": …, password: …; but not "no token: HTTP 401".
    (
        _NAMES_BEGIN,
        re.compile(
            rf"""({_NAMES}\\{{0,8}}["']?\s{{0,3}}(?:=>|:=|={{1,3}})\s{{0,3}}"""
            rf"""|{_NAMES}\\{{0,8}}["']\s{{0,3}}:\s{{0,3}}"""
            rf"""|(?:password|passphrase|secret)\s{{0,3}}:\s{{0,3}}){_VALUE}""",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)


def scrubbed(text: str) -> str:
    """A text without secrets: those this process knows, and what is shaped like one.

    Args:
        text: any text, e.g. an exception's message.

    Returns:
        The text with `***` in their place; scrubbed again, it stays the same.
    """
    for finder in finders():
        text = finder.masked(text, MASK)
    small = text.lower()
    for signs, shape, replacement in _SHAPES:
        if any(sign in small for sign in signs):
            text = shape.sub(replacement, text)
    return text


def scrubbed_document(value: object) -> Any:
    """A document (mappings, sequences, plain values) without secrets, fit to become JSON.

    Args:
        value: the document. What a mapping keeps under the name of a secret (`client_secret`) is one, whatever it is;
            what JSON has no form for becomes its text.
    """
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {
                scrubbed(str(name)): MASK
                if isinstance(content, str | bytes) and SECRET_NAME.search(str(name))
                else scrubbed_document(content)
                for name, content in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [scrubbed_document(content) for content in value]
        case _:
            return scrubbed(str(value))


class SecretsRemoved(Exception):
    """Stands for an error whose text cannot be changed; its own text is that one's without secrets."""


def scrubbed_error(error: BaseException) -> BaseException:
    """An error without secrets, and its causes and contexts, notes and groups likewise.

    Args:
        error: any error. What is text in it is changed where it holds a secret.

    Returns:
        The error itself; one that stands for it (`SecretsRemoved`) if its text cannot be changed.
    """
    return _Cleaner().cleaned(error)


class _Cleaner:
    """Cleans errors that refer to one another, each once."""

    def __init__(self) -> None:
        # The errors themselves are kept with what became of them: the number of one that is gone is used again.
        self._done: dict[int, tuple[BaseException, BaseException]] = {}

    def cleaned(self, error: BaseException) -> BaseException:
        if id(error) in self._done:
            return self._done[id(error)][1]
        self._done[id(error)] = (error, error)
        _clean_texts(error)
        stands_for_it = error
        if isinstance(error, BaseExceptionGroup):
            inner = [self.cleaned(one) for one in error.exceptions]
            changed = any(one is not was for one, was in zip(inner, error.exceptions, strict=True))
            if changed or scrubbed(error.message) != error.message:
                stands_for_it = BaseExceptionGroup(scrubbed(error.message), inner)
                stands_for_it = stands_for_it.with_traceback(error.__traceback__)
        elif _holds_secrets(error):
            text = scrubbed(f"{type(error).__name__}: {_text_of(error)}")
            stands_for_it = SecretsRemoved(text).with_traceback(error.__traceback__)
        self._done[id(error)] = (error, stands_for_it)
        cause, context, hides = error.__cause__, error.__context__, error.__suppress_context__
        stands_for_it.__cause__ = None if cause is None else self.cleaned(cause)
        stands_for_it.__context__ = None if context is None else self.cleaned(context)
        stands_for_it.__suppress_context__ = hides
        return stands_for_it


def _clean_texts(error: BaseException) -> None:
    """Takes secrets out of what an error was made of, where that can be changed."""
    error.args = tuple(scrubbed(part) if isinstance(part, str) else part for part in error.args)
    for name, value in list(vars(error).items()):
        if isinstance(value, str) and scrubbed(value) != value:
            vars(error)[name] = scrubbed(value)
    if hasattr(error, "__notes__"):
        error.__notes__ = [scrubbed(str(note)) for note in error.__notes__]


def _holds_secrets(error: BaseException) -> bool:
    texts = [_text_of(error), *map(repr, error.args)]
    return any(scrubbed(text) != text for text in texts)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - whatever cannot be shown must not end what shows it
        return f"its text cannot be shown ({type(failure).__name__})"
