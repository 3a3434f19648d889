"""Publishing a report: it is kept for the companion, written beside the other local files, and mailed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from moss_jamf_pipeline.jamf.errors import JamfAuthoritiesUnusable
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.notifying.errors import MailUnusable, NotTold
from moss_jamf_pipeline.notifying.mail import Attachment, Mail, mail_server_of
from moss_jamf_pipeline.notifying.messages import companion_address
from moss_jamf_pipeline.rendering.reports import report_mail, report_page, report_text
from moss_jamf_pipeline.services.reports.contents import Report
from moss_jamf_pipeline.services.reports.making import keep
from moss_jamf_pipeline.settings import IntegrationChoice, Settings, make_state_directory

_FOLDER: Final = "reports"


@dataclass(frozen=True, slots=True)
class Published:
    """Where a report is found.

    Attributes:
        report_id: its number.
        address: the companion's page of it; None: nobody said where the companion is.
        file: on this machine; None: it could not be written.
        mailed_to: how many people it was sent to.
        troubles: what went wrong, as sentences; the report is kept all the same.
    """

    report_id: int
    address: str | None
    file: Path | None
    mailed_to: int
    troubles: tuple[str, ...]


def publish(
    connection: psycopg.Connection,
    integration: Integration,
    choice: IntegrationChoice,
    settings: Settings,
    report: Report,
    run_id: str | None,
) -> Published:
    """Keeps a report, writes it to a file, and sends it.

    Args:
        connection: under the reading role, in autocommit mode.
        integration: whose.
        choice: the integration as the environment names it.
        settings: the environment.
        report: what it says.
        run_id: the Dagster run that made it.
    """

    def address(page: str) -> str | None:
        return companion_address(settings, choice, page)

    page = report_page(report, address)
    report_id = keep(connection, integration, report, page, run_id)
    whole = address(f"reports/{report_id}")
    troubles = []
    file = None
    try:
        file = _written(settings, choice, report, page)
    except OSError as error:
        troubles.append(f"The report is kept, and not as a file: {error}.")
    mailed_to = 0
    if _is_mailed(settings, report):
        try:
            mailed_to = _mailed(settings, report, page, whole, report_mail(report, address, whole))
        except (MailUnusable, NotTold, JamfAuthoritiesUnusable) as error:
            troubles.append(str(error))
    return Published(report_id, whole, file, mailed_to, tuple(troubles))


def _is_mailed(settings: Settings, report: Report) -> bool:
    return settings.report_mail == "each" or (settings.report_mail == "weekly" and report.is_weekly)


def _mailed(settings: Settings, report: Report, page: str, whole: str | None, body: str) -> int:
    server = mail_server_of(settings)
    if server is None:
        return 0
    kind = "weekly report" if report.is_weekly else "report"
    day = f"{report.made_at:%Y-%m-%d}"
    text = report_text(report) + (f"\nThe whole report: {whole}\n" if whole else "")
    attached = Attachment(f"jamf-report-{day}.html", page)
    server.send(Mail(f"[moss-jamf] {report.integration}: {kind} of {day}", text, body, attached))
    return len(server.recipients)


def _written(settings: Settings, choice: IntegrationChoice, report: Report, page: str) -> Path:
    """Writes the file of the newest report of its kind, for its owner only: it names people and devices."""
    folder = make_state_directory(settings) / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{choice.slug}-{'weekly' if report.is_weekly else 'newest'}.html"
    partial = file.with_suffix(".part")
    partial.touch(mode=0o600)
    partial.write_text(page, encoding="utf-8")
    partial.replace(file)
    return file
