"""Where the links of a built site lead: to a page, a picture or a heading that is there.

Zensical looks at links between Markdown files; this looks at what was built, so at anchors, pictures and what
templates add, too.
"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit


class _Page(HTMLParser):
    """The anchors of a page, and what its content links to."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element's id, and where it leads."""
        given = dict(attrs)
        for name in ("id", "name"):
            if given.get(name):
                self.anchors.add(str(given[name]))
        where = given.get("href") if tag in ("a", "link") else given.get("src")
        if where:
            self.links.append(where)


def dead_links(site: Path) -> list[str]:
    """The links of a site that lead nowhere, as `page: link`.

    Args:
        site: the folder that was built.
    """
    pages = {file: _read(file) for file in sorted(site.rglob("*.html"))}
    return [
        f"{file.relative_to(site).as_posix()}: {link}"
        for file, page in pages.items()
        # The page of a server for what it does not have names everything from the root.
        if file.name != "404.html"
        for link in dict.fromkeys(page.links)
        if not _leads_somewhere(link, file, pages)
    ]


def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _leads_somewhere(link: str, file: Path, pages: dict[Path, _Page]) -> bool:
    address, anchor = urldefrag(link)
    if urlsplit(link).scheme or link.startswith("//"):
        return True
    target = file if not address else (file.parent / unquote(address)).resolve()
    if target.is_dir():
        target /= "index.html"
    if target in pages:
        return not anchor or unquote(anchor) in pages[target].anchors
    return target.exists() and not anchor
