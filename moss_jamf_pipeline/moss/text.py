"""How M.O.S.S. stores text: its web application escapes, its importers do not, so both forms coexist.

The same rule in SQL is `jamf_sync.unescaped`; tests/db/test_text_functions.py holds the two together.
"""

import re

_CHARACTERS = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#x27;": "'",
    "&#x2F;": "/",
}
_ENTITY = re.compile("|".join(_CHARACTERS))


def unescaped(stored: str) -> str:
    """Text as a person meant it: exactly the six entities of the M.O.S.S. web application are undone, once.

    Args:
        stored: text from a M.O.S.S. column, escaped or plain.

    Returns:
        The plain text. An escaped entity (`&amp;lt;`) becomes the entity (`&lt;`), not its character.
    """
    return _ENTITY.sub(lambda entity: _CHARACTERS[entity.group()], stored)
