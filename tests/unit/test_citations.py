"""Whatever a file of the repository points at is in the repository."""

import re
from collections.abc import Callable
from pathlib import Path

from moss_jamf_pipeline.settings import PROJECT_ROOT

_FOLDERS = ("docs", "documentation", "moss_jamf_pipeline", "sql", "tests")
_TEXTS = {".py", ".sql", ".md", ".toml", ".yaml", ".csv", ""}
# Never edited, whatever their comments say: databases have them, and upgrades from them are tried.
_AS_THEY_WERE = ("sql/migrations/", "tests/support/former_contract/")
# Made when the wheel is built.
_MADE_ELSEWHERE = "moss_jamf_pipeline/_project/"
# Made when the site is built, which looks where all of its links lead (documentation/).
_MADE_WITH_THE_SITE = "reference/"

_KEPT_ELSEWHERE = re.compile(r"\bDESIGN\b|\bSTRATEGY\.md\b|\bfacts/")
# A path below one of the folders, as comments, documents and messages write it.
_PATH = re.compile(
    rf"(?<![\w/.{{-])(?:{'|'.join(_FOLDERS)})/[\w./-]*\.(?:md|py|sql|csv|yaml|toml)\b"
)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _texts() -> dict[str, str]:
    """The text of each file that may cite another, by its path."""
    files = [file for file in PROJECT_ROOT.iterdir() if file.is_file()]
    for folder in _FOLDERS:
        files += [file for file in (PROJECT_ROOT / folder).rglob("*") if file.is_file()]
    named = {file.relative_to(PROJECT_ROOT).as_posix(): file for file in files}
    return {
        name: file.read_text(encoding="utf-8")
        for name, file in named.items()
        if file.suffix in _TEXTS
        and not name.startswith((".", *_AS_THEY_WERE))
        and file != Path(__file__)
    }


def _wrong(find: Callable[[str, str], list[str]]) -> dict[str, list[str]]:
    found = {name: find(name, text) for name, text in _texts().items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def test_no_file_cites_what_is_kept_elsewhere() -> None:
    assert _wrong(lambda _, text: _KEPT_ELSEWHERE.findall(text)) == {}


def test_every_path_that_is_named_exists() -> None:
    def missing(_: str, text: str) -> list[str]:
        return [
            path
            for path in sorted(set(_PATH.findall(text)))
            if not path.startswith(_MADE_ELSEWHERE) and not (PROJECT_ROOT / path).exists()
        ]

    assert _wrong(missing) == {}


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    def dead(name: str, text: str) -> list[str]:
        if not name.endswith(".md"):
            return []
        folder = (PROJECT_ROOT / name).parent
        links = [
            link
            for link in _LINK.findall(text)
            if "://" not in link and not link.startswith(_MADE_WITH_THE_SITE)
        ]
        return [link for link in links if not (folder / link).exists()]

    assert _wrong(dead) == {}
