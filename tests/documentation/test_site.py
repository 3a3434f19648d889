"""The documentation's site: it is built strictly, and what it links to is there."""

from pathlib import Path

from documentation.links import dead_links
from documentation.messages_page import messages_by_kind
from documentation.site import build, pages_in_no_menu
from moss_jamf_pipeline.moss.errors import IntegrationDisabled


def test_the_site_is_built_and_every_link_of_it_leads_somewhere(
    tmp_path: Path, moss_database: str
) -> None:
    site = build(tmp_path / "work", moss_database)
    pages = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    # One thing of each page that follows from the code.
    for page, shown in {
        "api.html": "/api/integrations/jamf/sync-status",
        "assets.html": "guarded_plan",
        "commands.html": "moss-jamf conflicts resolve",
        "data-model.html": "plan_approvals",
        "messages.html": "moss-jamf init --enable",
        "settings.html": "MOSS_JAMF_RETENTION_DAYS",
    }.items():
        assert shown in pages[page], page


def test_a_link_to_a_page_a_picture_or_a_heading_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one.html").write_text(
        '<h2 id="here">x</h2><a href="#here"></a><a href="#gone"></a><a href="below/two.html#there"></a>'
        '<a href="below/two.html#elsewhere"></a><img src="none.png"><a href="https://example.org/x"></a>'
    )
    (tmp_path / "below" / "two.html").write_text('<p id="there"><a href="../one.html"></a></p>')
    assert dead_links(tmp_path) == [
        "one.html: #gone",
        "one.html: below/two.html#elsewhere",
        "one.html: none.png",
    ]


def test_a_page_that_no_menu_leads_to_is_found(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "decisions").mkdir(parents=True)
    (docs / "decisions" / "index.md").write_text("[one](0001-one.md)")
    for page in ("index.md", "lost.md", "decisions/0001-one.md", "decisions/0002-two.md"):
        (docs / page).write_text("# page")
    (tmp_path / "mkdocs.yml").write_text(
        "nav:\n  - Start: index.md\n  - More:\n      - Decisions: decisions/index.md\n"
    )
    (docs / "decisions" / "index.md").write_text("[one](0001-one.md)")
    assert pages_in_no_menu(tmp_path) == ["decisions/0002-two.md", "lost.md"]


def test_what_an_error_says_is_known_with_its_remedy() -> None:
    said = messages_by_kind()[IntegrationDisabled]
    assert any("switched off" in message.what and "--enable" in message.remedy for message in said)
