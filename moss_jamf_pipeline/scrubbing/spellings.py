"""Finding one secret in texts, however it is written there.

A server that repeats what it was sent writes it as its language does: percent-encoded in an address or a form, escaped
in JSON, HTML or a repr, in base64 alone or behind a name. Who escapes which characters differs, so a secret is looked
for letter by letter, each in any of its spellings, instead of in a list of whole spellings.

In base64 the same bytes look different at each of three places in a triple; one of the three fragments stands in the
text, whatever stands before the secret (`id:secret`) and behind it.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_SHORTEST_ANYWHERE: Final = 8
_LONGEST_WORD: Final = 12
"""A secret of fewer letters, and of letters only, may be a word."""

_SHORTEST_FRAGMENT: Final = 4
_SHORTEST_CUT: Final = 32
_HEAD: Final = 24

# What a word is a part of: moss in moss-jamf, moss_devices, moss.example.org, /moss/api.
_GLUE: Final = r"\w.@/-"
_BEHIND_AN_ESCAPE: Final = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])"
_NAMED_IN_HTML: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "\xa0": "nbsp"}
_NAMED_IN_JSON: Final = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_PLAIN: Final = re.compile(r"[\w.~+/=-]+", re.ASCII)
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Za-z]+")
_LAST_OF_LATIN_1: Final = 0xFF
_ALIGNMENTS: Final = 3


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds one spelling of a secret, or a family of spellings.

    Attributes:
        anchor: what stands in all of them as it is; empty if nothing does. Looked for first, for it is found fast.
        pattern: finds them.
    """

    anchor: str
    pattern: re.Pattern[str]

    def found_in(self, text: str) -> bool:
        """Whether the text holds it."""
        return self.anchor in text and self.pattern.search(text) is not None

    def masked(self, text: str, mask: str) -> str:
        """The text with a mask in its place."""
        return self.pattern.sub(mask, text) if self.anchor in text else text


@dataclass(frozen=True, slots=True)
class SecretFinder:
    """Finds one secret in all its spellings.

    Attributes:
        finders: one for each family of spellings.
        is_unmistakable: whether it is found inside other words too, as none of them holds it by chance.
    """

    finders: tuple[Finder, ...]
    is_unmistakable: bool

    def found_in(self, text: str) -> bool:
        """Whether a text holds the secret."""
        return any(finder.found_in(text) for finder in self.finders)

    def masked(self, text: str, mask: str) -> str:
        """The text with a mask in the secret's place."""
        for finder in self.finders:
            text = finder.masked(text, mask)
        return text


def finder_of(secret: str) -> SecretFinder:
    """What finds a secret.

    One of fewer than eight letters, or a short word, is found only where it stands alone: else it would be cut out of
    the middle of other words.
    """
    is_unmistakable = len(secret) >= _SHORTEST_ANYWHERE and not (
        len(secret) < _LONGEST_WORD and secret.isalpha()
    )
    families = _anywhere(secret, _letter) if is_unmistakable else [_alone(secret)]
    for fragment in _fragments(secret):
        families += _anywhere(fragment, _letter_of_base64)
    return SecretFinder(tuple(families), is_unmistakable)


def _alone(secret: str) -> Finder:
    whole = "".join(map(_letter, secret))
    begins = rf"(?:(?<![{_GLUE}])|{_BEHIND_AN_ESCAPE})"
    return Finder(_anchor(secret), re.compile(rf"{begins}(?:{whole})(?![\w@/-]|[.]\w)"))


def _anywhere(text: str, spelled: Callable[[str], str]) -> list[Finder]:
    """What finds a text of some length; of a long one also a part from its beginning, as somebody may have cut it."""
    found = [] if _PLAIN.fullmatch(text) and len(text) >= _SHORTEST_CUT else [text]
    families = [Finder(_anchor(part), re.compile("".join(map(spelled, part)))) for part in found]
    if len(text) >= _SHORTEST_CUT:
        head = text[:_HEAD]
        pattern = "".join(map(spelled, head)) + r"[\w.~+/=%\\-]*"
        families.append(Finder(_anchor(head), re.compile(pattern)))
    return families


def _anchor(text: str) -> str:
    return max(_ALPHANUMERIC.findall(text), key=len, default="")


def _fragments(secret: str) -> Iterator[str]:
    """What of the secret stands in base64 whatever is around it, at each of the three places in a triple."""
    octets = _octets(secret)
    for before in range(_ALIGNMENTS):
        encoded = b64encode(bytes(before) + octets).decode()
        fragment = encoded[-(-before * 8 // 6) : (before + len(octets)) * 8 // 6]
        if len(fragment) >= _SHORTEST_FRAGMENT:
            yield fragment


def _octets(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")  # as the environment had them
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def _letter_of_base64(letter: str) -> str:
    """One letter of base64: of either alphabet, and as an address or JSON writes it."""
    match letter:
        case "+":
            return r"(?:[+-]|%(?:25)*2[Bb]|\\+u002[Bb])"
        case "/":
            return r"(?:\\*[/_]|%(?:25)*2[Ff]|&\#x2[Ff];)"
        case _:
            return letter


def _letter(letter: str) -> str:
    """One letter of a secret, in any spelling."""
    if letter.isascii() and letter.isalnum():
        return letter
    return f"(?:{'|'.join(_spellings(letter))})"


def _spellings(letter: str) -> Iterator[str]:
    """Patterns for one letter that is neither a letter nor a digit of ASCII."""
    # An address or a form, encoded once or more.
    yield "".join(map(_percent, _octets(letter)))
    # A form.
    if letter == " ":
        yield r"\+"
    # JSON, a repr, and either inside another text.
    code = ord(letter)
    if letter in _NAMED_IN_JSON:
        yield rf"\\+{_NAMED_IN_JSON[letter]}"
    units = letter.encode("utf-16-be", errors="surrogatepass").hex()
    yield "".join(rf"\\+u{_hex(units[at : at + 4])}" for at in range(0, len(units), 4))
    if code <= _LAST_OF_LATIN_1:
        yield rf"\\+x{_hex(f'{code:02x}')}"
    else:
        yield rf"\\+U{_hex(f'{code:08x}')}"
    # HTML, escaped once or more.
    if letter in _NAMED_IN_HTML:
        yield rf"&(?:amp;)*{_NAMED_IN_HTML[letter]};"
    yield rf"&(?:amp;)*\#0*{code};"
    yield rf"&(?:amp;)*\#[xX]0*{_hex(f'{code:x}')};"
    # As it is, or behind a backslash.
    yield r"\\+" if letter == "\\" else rf"\\*{re.escape(letter)}"


def _percent(octet: int) -> str:
    return f"%(?:25)*{_hex(f'{octet:02x}')}"


def _hex(digits: str) -> str:
    """Hexadecimal digits in either case."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
