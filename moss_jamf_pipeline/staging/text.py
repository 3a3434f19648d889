"""What is done to every text before a field's own rule sees it, and the words for "nothing".

Nothing here knows a field; which words count for which field is said in `fields`.
"""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BIDIRECTIONAL_CONTROLS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

# Every character for which str.isspace() is true. Spelled out, since str.strip() trims either white
# space or the characters it is given, and both kinds may stand mixed.
_WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_EDGES: Final = _WHITE_SPACE + _INVISIBLE

_LINE_BREAKS: Final = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_UNSEEN: Final = re.compile(f"[{_INVISIBLE}{_BIDIRECTIONAL_CONTROLS}]")

NOTHING: Final = frozenset(
    {
        *("", "-", "--", "---", "?", "??", "???", "(null)", "<null>"),
        *("n/a", "n.a.", "not available", "not_available", "not applicable", "not_applicable"),
    }
)
"""Case-folded texts that nobody chooses as a name: JAMF's conventions, and what scripts print."""

NOBODY: Final = NOTHING | {"none", "unknown", "undefined", "unassigned", "not assigned"}
"""What stands for no person. `null`, `nil` and `na` stay: people are called so."""

NO_VALUE: Final = NOBODY | {"null", "nil", "not collected", "not_collected", "not set"}
"""What stands for no value in fields that describe something."""


def clean_text(text: str) -> str:
    """Make a text storable, printable on one line and equal to itself, and change nothing else.

    Line breaks and tabs become a space and other control characters (NUL among them) go; lone
    surrogates become U+FFFD, since PostgreSQL stores neither; the text becomes Unicode NFC, so that
    one name typed on two systems is one name; white space of every kind and zero-width characters
    are trimmed from the ends. Inside, spaces, joiners (emoji, Persian), quotes and right-to-left
    text stay as they are.

    Args:
        text: any text.

    Returns:
        The clean text; `""` if nothing is left. Cleaning it again changes nothing.
    """
    # Nearly every text of a fleet takes this way; the other costs ten times as much.
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _LINE_BREAKS.sub(" ", text)
    text = _CONTROLS.sub("", text)
    text = _SURROGATES.sub("\ufffd", text)
    return unicodedata.normalize("NFC", text).strip(_EDGES)


def clean_identifier(text: str) -> str:
    """Clean a text that is compared or dialled, in which an unseen character is never meant.

    Zero-width characters and writing-direction marks, which spreadsheets and address books wrap
    around what is copied from them, are removed everywhere, not only at the ends.

    Args:
        text: any text.

    Returns:
        The clean text; `""` if nothing is left. Cleaning it again changes nothing.
    """
    return clean_text(text if text.isascii() else _UNSEEN.sub("", text))
