"""A report as people read it: a page that needs nothing else, the body of a mail, Markdown, lines of a terminal.

The page has its style and its charts in it and loads nothing; it says so to the browser. Links lead into the companion,
where somebody said where that is.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from moss_jamf_pipeline import __version__
from moss_jamf_pipeline.outputs import markdown_text
from moss_jamf_pipeline.rendering.charts import history_chart
from moss_jamf_pipeline.rendering.report_charts import column_chart, line_chart
from moss_jamf_pipeline.rendering.templating import TEMPLATES, environment_of
from moss_jamf_pipeline.scrubbing import scrubbed
from moss_jamf_pipeline.services.reports.contents import (
    Bars,
    Block,
    Columns,
    Grid,
    Lines,
    Report,
    Runs,
)

Address = Callable[[str], str | None]
"""Where a page of the companion is found, by what stands below `/jamf/`; None: nobody knows."""


def nowhere(page: str) -> str | None:  # noqa: ARG001 - an `Address`
    """Where pages are found if nobody said where the companion is."""
    return None


def _kind(block: Block) -> str:
    match block:
        case Bars():
            return "bars"
        case Lines():
            return "lines"
        case Columns():
            return "columns"
        case Grid():
            return "grid"
        case Runs():
            return "runs"


def _made() -> Environment:
    environment = environment_of()
    environment.globals |= {
        "kind_of": _kind,
        "line_chart": line_chart,
        "column_chart": column_chart,
        "history_chart": history_chart,
        "version": __version__,
    }
    return environment


_ENVIRONMENT: Final = _made()
_STYLE: Final = (TEMPLATES / "report.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
"""What a browser may do with the page: show it, in the style that is in it, and nothing else."""


def report_page(report: Report, address: Address = nowhere) -> str:
    """A report as a page."""
    return scrubbed(_rendered("report.html", report, address, style=Markup(_STYLE), policy=POLICY))  # noqa: S704 - ours


def report_mail(report: Report, address: Address = nowhere, whole: str | None = None) -> str:
    """The beginning of a report as the body of a mail, which shows no SVG and little style.

    Args:
        report: what it says.
        address: where pages are found.
        whole: where the report itself is found; None: only in the file that goes with the mail.
    """
    return _rendered("report_mail.html", report, address, whole=whole)


def report_text(report: Report) -> str:
    """The same for who reads plain text."""
    lines = [f"{report.integration}: how the sync with JAMF Pro stands", ""]
    if report.attention:
        lines.append("What needs somebody")
        lines += [f"- {each.heading}: {each.text}" for each in report.attention]
    else:
        lines.append("Nothing needs anybody.")
    lines.append("")
    lines += [
        f"{'not known' if figure.count is None else format(figure.count, ',')} {figure.label}"
        for figure in report.figures
    ]
    lines += ["", *(f"{s.heading}: {s.sentence}" for s in report.sections if s.sentence)]
    return "\n".join(lines) + "\n"


def report_markdown(report: Report) -> str:
    """The beginning of a report for the Dagster UI."""
    lines = [
        f"- **{markdown_text(each.heading)}**: {markdown_text(each.text)}"
        for each in report.attention
    ] or ["Nothing needs anybody."]
    figures = " · ".join(
        f"{'—' if figure.count is None else format(figure.count, ',')} {markdown_text(figure.label)}"
        for figure in report.figures
    )
    told = [
        f"**{markdown_text(section.heading)}**: {markdown_text(section.sentence)}"
        for section in report.sections
        if section.sentence
    ]
    return scrubbed("\n\n".join((figures, "\n".join(lines), *told)))


def _rendered(template: str, report: Report, address: Address, **shown: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(
        report=report, address=address, now=report.made_at, **shown
    )
