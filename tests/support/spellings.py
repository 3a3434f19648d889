"""The ways in which programs write a secret that they were handed."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus


def _java_form(secret: str) -> str:
    """How Java's URLEncoder writes a form, which JAMF Pro is written in."""
    return quote_plus(secret, safe="*").replace("~", "%7E")


def _in_base64(alphabet: Callable[[bytes], bytes], before: str) -> Callable[[str], str]:
    """A secret in base64 behind something else, without the letters that neighbours share."""

    def written(secret: str) -> str:
        whole, first = f"{before}{secret}".encode(), len(before.encode())
        return alphabet(whole).decode()[-(-first * 8 // 6) : len(whole) * 8 // 6]

    return written


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in a URL of small letters": lambda secret: re.sub(
        "%[0-9A-F]{2}", lambda octet: octet[0].lower(), quote(secret, safe="")
    ),
    "as JavaScript encodes it": lambda secret: quote(secret, safe="!'()*~"),
    "in a URL in a URL": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in a form": quote_plus,
    "in a form of Java's": _java_form,
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in JSON as PHP writes it": lambda secret: json.dumps(secret)[1:-1].replace("/", r"\/"),
    "in JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "in HTML": html.escape,
    "in HTML, as M.O.S.S. escapes": lambda secret: (
        html.escape(secret).replace("/", "&#x2F;").replace("\\", "&#x5C;")
    ),
    "in HTML by numbers": lambda secret: "".join(
        letter if letter.isalnum() and letter.isascii() else f"&#{ord(letter)};"
        for letter in secret
    ),
    "in a repr": lambda secret: repr(secret)[1:-1],
    "in base64": _in_base64(b64encode, ""),
    "in base64 behind an id": _in_base64(b64encode, "id:"),
    "in base64 behind a longer id": _in_base64(b64encode, "ids:"),
    "in base64 of addresses": _in_base64(urlsafe_b64encode, ""),
    "in base64 of addresses behind an id": _in_base64(urlsafe_b64encode, "id:"),
    "in base64 of addresses behind a longer id": _in_base64(urlsafe_b64encode, "ids:"),
    "in base64 in a form": lambda secret: quote_plus(_in_base64(b64encode, "")(secret)),
}
"""By where it is written so."""
