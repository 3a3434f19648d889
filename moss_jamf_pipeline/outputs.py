"""Other people's text, fit for where it is shown: a terminal, JSON, a spreadsheet, Markdown, HTML, a webhook.

Names come from JAMF and from M.O.S.S., and so from whoever names a Mac. Nothing in them may act: no formula, link,
image, mention or escape sequence, and nothing that turns round the text behind it. One function for each place; what a
name is otherwise stays as it is.
"""

import html
import re
from datetime import datetime
from decimal import Decimal
from typing import Final

# Controls, bidirectional ones too, and what has no width; between letters that are not ASCII, joiners and variation
# selectors make emoji and words of several scripts.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d\ufe00-\ufe0f]|[\u200c\u200d](?![^\x00-\x7f])"
)
_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_TWO_DIGITS, _FOUR_DIGITS = 0xFF, 0xFFFF

_FORMULA: Final = re.compile(
    r"[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe63\ufe62\ufe66\ufe6b]"
)

_ADDRESS: Final = re.compile(
    r"\w[\w+.-]{0,30}:/|www\.|\b(?:mailto|xmpp|data|javascript):", re.IGNORECASE
)
_BACKTICKS: Final = re.compile("`+")
_MARKUP: Final = re.compile(r"[\\`*\[\]<~|]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w])")
_ESCAPED_BAR: Final = re.compile(r"(?<=\\)\|")
_BLOCK: Final = re.compile(r"^([#+=>-]|\d{1,9}(?=[.)](?:\s|$)))")

_MENTION: Final = re.compile(r"@(?=channel|here|all|everyone|team|\[)", re.IGNORECASE)
_LINK_OF_MARKDOWN: Final = re.compile(r"\](?=[(\[])")


def one_line(text: str) -> str:
    """A text on one line, in which everything can be seen: what has no form of its own stands as its code."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub(_code, text)


def terminal_text(text: str) -> str:
    """A text for a terminal: the same, with its line breaks."""
    return "\n".join(map(one_line, text.split("\n"))) if "\n" in text else one_line(text)


def json_text(document: str) -> str:
    """A JSON document in which everything can be seen, too; whoever parses it gets what it held."""
    return "\n".join(_UNSEEN.sub(_code_in_json, line) for line in document.split("\n"))


def spreadsheet_cell(value: object) -> object:
    """A value for a cell of CSV or a workbook; a text that would be a formula there gets a `'` in front."""
    match value:
        case None:
            return ""
        case bool() | int() | float() | Decimal():
            return value
        case datetime():
            return value.isoformat()
        case _:
            text = one_line(str(value))
            return f"'{text}" if _FORMULA.match(text) else text


def markdown_text(text: str) -> str:
    """A text as Markdown shows it, on one line, in a table too: no markup, link, image or HTML.

    What looks like an address stands as code: a renderer that makes links of bare addresses makes none there.
    """
    shown = " ".join(one_line(text.replace("\n", " ")).split(" "))
    if _ADDRESS.search(shown):
        fence = "`" * (1 + max(map(len, _BACKTICKS.findall(shown)), default=0))
        padding = " " if shown[0] == "`" or shown[-1] == "`" else ""
        code = _ESCAPED_BAR.sub(
            "\N{BROKEN BAR}", shown
        )  # in code nothing escapes the backslash of a table's \\|
        return f"{fence}{padding}{code}{padding}{fence}".replace("|", "\\|")
    return _BLOCK.sub(_escaped, _MARKUP.sub(_escaped, shown))


def html_text(text: str) -> str:
    """A text for a page, also inside an attribute's quotes."""
    return html.escape(terminal_text(text))


def webhook_text(text: str) -> str:
    """A message to a chat, which may take it for Slack's markup or for Markdown: it calls nobody and hides no link."""
    shown = html.escape(terminal_text(text), quote=False)
    return _LINK_OF_MARKDOWN.sub("] ", _MENTION.sub("@ ", shown))


def _code(found: re.Match[str]) -> str:
    letter = found[0]
    code = ord(letter)
    if letter in _NAMED:
        return _NAMED[letter]
    if code <= _TWO_DIGITS:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _FOUR_DIGITS else f"\\U{code:08x}"


def _code_in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escaped(found: re.Match[str]) -> str:
    match found[0]:
        case "<":
            return "&lt;"
        case "&":
            return "&amp;"
        case number if number.isdigit():
            return f"{number}\\"
        case letter:
            return f"\\{letter}"
