"""Names that act where they are shown, unless they are made fit for it."""

from typing import Final

PIXEL: Final = "http://evil.example/p.png"

HOSTILE_NAMES: Final = {
    "a formula": '=HYPERLINK("http://evil.example","x")',
    "a sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a command": "+cmd|' /C calc'!A0",
    "a difference": "-2+3+cmd",
    "a formula behind blanks": " \t=1+1",
    "a formula of wide letters": "\uff1d1+1",
    "an image": f"![p]({PIXEL})",
    "a link": f"[click]({PIXEL})",
    "a reference": f"[x]: {PIXEL}",
    "a bare address": f"Mac {PIXEL}",
    "an address of www": "www.evil.example",
    "an address in brackets": f"<{PIXEL}>",
    "HTML": f'<img src="{PIXEL}" onerror=alert(1)>',
    "a script": "</td><script>alert(1)</script>",
    "an entity": "&lt;b&gt; R&amp;D &#x202e;",
    "writing turned round": "Mac\u202egnp.exe",
    "isolated writing": "a\u2066b\u2069c",
    "nothing": "Mac\u200bBook\ufeff",
    "escape sequences": "\x1b[2J\x1b]0;owned\x07red",
    "the eight-bit escape": "\x9b31mred",
    "a line of its own": "Mac\n✓ Everything is fine\r\n| x | y |",
    "separators": "a\u2028b\u2029c\x85d",
    "columns": "a|b\\|c;d,e\"f'g",
    "emphasis": "_a_ *b* __c__ **d** ~~e~~ `f` ``g``",
    "a heading": "# h",
    "a list": "- x",
    "a number": "1. x",
    "a quotation": "> x",
    "a table": "| a | b |\n|---|---|",
    "markup of the terminal": "[bold red]x[/] [link=http://evil.example]y[/link] :boom:",
    "a mention": "<!channel> @channel @here <@U123>",
    "emoji": "👩\u200d💻 می\u200cخواهم ❤\ufe0f",
    "right to left": "מק של דנה",
}
"""By what they are."""
