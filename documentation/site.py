"""Puts the pages together and has Zensical build them, strictly."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from documentation.api_page import api_page
from documentation.assets_page import assets_page
from documentation.commands_page import commands_page
from documentation.data_model_page import data_model_page
from documentation.links import dead_links
from documentation.messages_page import messages_page
from documentation.settings_page import settings_page
from moss_jamf_pipeline.settings import PROJECT_ROOT

PAGES: Mapping[str, Callable[[str], str]] = {
    "api.md": lambda _: api_page(),
    "assets.md": lambda _: assets_page(),
    "commands.md": lambda _: commands_page(),
    "data-model.md": data_model_page,
    "messages.md": lambda _: messages_page(),
    "settings.md": lambda _: settings_page(),
}
"""The pages below `reference/`, each with what makes it of the URL of a prepared database."""
_CONFIGURATION = "mkdocs.yml"
_PAGE = re.compile(r"\]\(([\w-]+\.md)\)")


class SiteUnsound(Exception):
    """The site cannot be built, or links of it lead nowhere; the message names them."""


def lay_out(target: Path, moss_url: str) -> None:
    """Puts everything that a build reads into a folder: the pages of `docs/`, and those that follow from the code."""
    shutil.copytree(PROJECT_ROOT / "docs", target / "docs", dirs_exist_ok=True)
    shutil.copy(PROJECT_ROOT / _CONFIGURATION, target)
    reference = target / "docs" / "reference"
    reference.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (reference / name).write_text(make(moss_url), encoding="utf-8")


def build(target: Path, moss_url: str) -> Path:
    """Builds the site.

    Args:
        target: a folder to do it in; what an earlier build left there is replaced.
        moss_url: of a prepared database, whose tables are described.

    Returns:
        The folder with the site.

    Raises:
        SiteUnsound: a page is in no menu, Zensical warns of something, or a link leads nowhere.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    lay_out(target, moss_url)
    if lost := pages_in_no_menu(target):
        raise SiteUnsound(f"No menu of {_CONFIGURATION} leads to {', '.join(lost)}.")
    zensical = Path(sys.executable).with_name("zensical")
    built = subprocess.run(  # noqa: S603 - our own environment's program
        [zensical, "build", "--strict"], cwd=target, capture_output=True, text=True, check=False
    )
    if built.returncode:
        raise SiteUnsound(f"{built.stdout}{built.stderr}")
    site = target / "site"
    if dead := dead_links(site):
        raise SiteUnsound("These links lead nowhere:\n" + "\n".join(dead))
    return site


def pages_in_no_menu(target: Path) -> list[str]:
    """The pages that nobody finds by the menu, or by the list of decisions, which is a page of it."""
    menu = yaml.safe_load((target / _CONFIGURATION).read_text(encoding="utf-8"))["nav"]
    docs = target / "docs"
    listed = set(_listed(menu))
    decisions = docs / "decisions" / "index.md"
    listed |= {f"decisions/{page}" for page in _PAGE.findall(decisions.read_text(encoding="utf-8"))}
    return sorted({file.relative_to(docs).as_posix() for file in docs.rglob("*.md")} - listed)


def _listed(entry: object) -> list[str]:
    match entry:
        case str(page):
            return [page]
        case dict():
            return [page for below in entry.values() for page in _listed(below)]
        case list():
            return [page for below in entry for page in _listed(below)]
    raise TypeError(f"a menu holds {entry!r}")
