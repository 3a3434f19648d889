"""The page of messages: whatever the code says to an operator when something is wrong, with what to do.

Taken from where errors are raised, so that it is complete. What a message names (a server, a host name) is shown as …
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import moss_jamf_pipeline
from documentation.markdown import first_sentences, plain, table
from moss_jamf_pipeline.engine.failures import EXPLAINED
from moss_jamf_pipeline.services.explanations import ProblemFound

_PACKAGE = Path(moss_jamf_pipeline.__file__).parent
_NOT_SYNC = ("simulator",)
_HEAD = """\
# Every message

What the sync, its commands and the companion say when something is wrong, by kind, and what to do.
[Troubleshooting](../troubleshooting.md) is about what comes up most. In these tables … stands for what a message names:
a server, an object, a number. The browser's search finds a message by words of it.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """What an error says.

    Attributes:
        what: what happened.
        remedy: what to do; empty if it says so itself, or the code works it out.
    """

    what: str
    remedy: str


def messages_page() -> str:
    """The page, complete."""
    parts = [_HEAD]
    said = messages_by_kind()
    for kind in sorted(said, key=lambda kind: kind.__name__):
        retried = " Tried again by itself." if getattr(kind, "is_transient", False) else ""
        about = plain(first_sentences(kind.__doc__))
        rows = [(plain(message.what), plain(message.remedy)) for message in said[kind]]
        parts.append(
            f"## {_words(kind.__name__)}\n\n{about}{retried}\n\n{table(('Message', 'What to do'), rows)}"
        )
    return "\n".join(parts)


def messages_by_kind() -> dict[type[BaseException], list[Message]]:
    """The errors that are written for operators, each with what it says, in the order of the code."""
    kinds = {kind.__name__: kind for kind in _kinds()}
    found: dict[type[BaseException], list[Message]] = {}
    for file in sorted(_PACKAGE.rglob("*.py")):
        if file.relative_to(_PACKAGE).parts[0] in _NOT_SYNC:
            continue
        for call in _calls(ast.parse(file.read_text(encoding="utf-8"))):
            name = (
                call.func.attr
                if isinstance(call.func, ast.Attribute)
                else getattr(call.func, "id", "")
            )
            message = _message(call)
            if name in kinds and message is not None:
                listed = found.setdefault(kinds[name], [])
                if message not in listed:
                    listed.append(message)
    return found


def _kinds() -> Iterator[type[BaseException]]:
    # What defines further kinds has to be imported before they are known.
    for file in sorted(_PACKAGE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if "(ProblemFound)" in text or "Failed(Exception)" in text:
            import_module(
                ".".join(("moss_jamf_pipeline", *file.relative_to(_PACKAGE).with_suffix("").parts))
            )
    failed = import_module("moss_jamf_pipeline.cli.output").CommandFailed
    waiting: list[type[BaseException]] = [*EXPLAINED, ProblemFound, failed]
    seen: set[type[BaseException]] = set()
    while waiting:
        kind = waiting.pop()
        if kind not in seen:
            seen.add(kind)
            waiting += kind.__subclasses__()
            yield kind


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def _message(call: ast.Call) -> Message | None:
    texts = [_text(argument) for argument in (*call.args, *(word.value for word in call.keywords))]
    sentences = [text for text in texts if text and " " in text.strip("… .")]
    if not sentences or not sentences[0].strip("… ."):
        return None
    return Message(sentences[0], sentences[1] if len(sentences) > 1 else "")


def _text(node: ast.AST) -> str:
    """A text as it is written, with … for what is put in; empty for what is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return _joined(parts)
        case ast.FormattedValue():
            return "…"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([left, right])
        case ast.IfExp(body=body):
            return _text(body)
    return ""


def _joined(parts: Iterable[ast.AST]) -> str:
    return "".join(_text(part) or "…" for part in parts)


def _words(name: str) -> str:
    letters = "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in name
    ).strip()
    return (
        letters.removesuffix(" error")
        .capitalize()
        .replace("jamf", "JAMF")
        .replace("Jamf", "JAMF")
        .replace(" url", " URL")
        .replace("Moss", "M.O.S.S.")
    )
