"""Looks at everything a sync needs, and says of each problem what to do. Writes nothing.

The order matters: what an earlier problem leaves nothing to look at is skipped. The looks themselves are `moss_checks`
and `jamf_checks`.
"""

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar

import psycopg

from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.errors import MossError
from moss_jamf_pipeline.moss.integration.integrations import Integration
from moss_jamf_pipeline.services.dagster_tables import DagsterRevisions
from moss_jamf_pipeline.services.explanations import explanation_of
from moss_jamf_pipeline.services.jamf_checks import (
    ask_everything,
    ask_version,
    environment_says_all,
    look_at_access,
    look_for_expiry,
    require_lasting,
    require_readable,
)
from moss_jamf_pipeline.services.moss_checks import (
    look_at_contract,
    look_at_dagster,
    look_at_dagster_home,
    look_at_integration,
    look_at_project_files,
    look_at_rights,
    look_at_rights_for_init,
    look_at_schema,
    look_at_security,
    look_at_server,
    look_at_sweeps,
    look_at_tables,
    look_for_databases,
)
from moss_jamf_pipeline.services.workplace import Workplace
from moss_jamf_pipeline.settings import IntegrationChoice

State = Literal["ok", "warning", "problem", "skipped"]
_ResultT = TypeVar("_ResultT")

# What is looked at in M.O.S.S.'s database, in order; a problem with one leaves nothing to look at in the next.
_MOSS_CHECKS: Final = (
    "M.O.S.S. database",
    "M.O.S.S. tables",
    "Schema jamf_sync",
    "Contract",
    "Rights",
    "Security",
    "Integration",
    "Sweeps",
)


_JAMF_CHECKS: Final = ("JAMF configuration", "JAMF Pro", "JAMF privileges")
_INIT_FIRST: Final = "not looked at: `moss-jamf init` comes first"
_SETTLE_FIRST: Final = (
    "not looked at: M.O.S.S. may have it saved; first see to the integration's row"
)


# What is looked at for each integration.
_OWN_CHECKS: Final = frozenset({"Integration", "Sweeps", "JAMF credentials", *_JAMF_CHECKS})


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: what was looked at.
        state: `ok`, `warning` when something should be put right though a sync works, `problem`, or `skipped` when an
            earlier problem leaves nothing to look at.
        message: what was found, as a sentence.
        remedy: what to do about a problem or warning.
        trace: the Python error behind a problem, for a developer.
        integration: whose it is, where several integrations were looked at and it is not everybody's.
    """

    check: str
    state: State
    message: str
    remedy: str = ""
    trace: str = ""
    integration: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What all checks found.

    Attributes:
        findings: in the order in which things were looked at.
    """

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What has to be put right before a sync can work."""
        return tuple(finding for finding in self.findings if finding.state == "problem")


def examine_all(
    workplace: Workplace, choices: Sequence[IntegrationChoice], revisions: DagsterRevisions
) -> Health:
    """Looks at everything that the syncs of some integrations need; what they share is looked at once.

    Args:
        workplace: where.
        choices: which integrations.
        revisions: of Dagster's tables, that the installed Dagster knows.
    """
    first, *others = choices
    found = examine(workplace, first, revisions)
    if not others:
        return found
    findings = [
        replace(finding, integration=first.name) if finding.check in _OWN_CHECKS else finding
        for finding in found.findings
    ]
    # Where the row of the first is not looked at, M.O.S.S. is not ready: there is no more to say of the others.
    if any(each.check == "Integration" and each.state != "skipped" for each in found.findings):
        findings += (
            replace(finding, integration=choice.name)
            for choice in others
            for finding in _examine_another(workplace, choice)
        )
    return Health(tuple(findings))


def _examine_another(workplace: Workplace, choice: IntegrationChoice) -> list[Finding]:
    """Looks at what is an integration's own, in a M.O.S.S. that is ready."""
    examination = _Examination()

    def look_at_row() -> tuple[str, Integration]:
        with workplace.reading(choice) as (connection, _):
            return look_at_integration(connection, choice)

    def look_at_its_sweeps() -> tuple[str, object]:
        with workplace.reading(choice) as (connection, integration):
            return look_at_sweeps(connection, integration)

    integration = examination.check("Integration", look_at_row)
    if integration is None:
        examination.skip(("Sweeps",), "not looked at: there is no integration to sync")
        examination.unasked = _SETTLE_FIRST
    else:
        examination.check("Sweeps", look_at_its_sweeps)
    asks_moss = integration is not None or _is_found(workplace, choice)
    _examine_jamf(examination, workplace, choice, asks_moss=asks_moss)
    return examination.findings


def _is_found(workplace: Workplace, choice: IntegrationChoice) -> bool:
    """Whether M.O.S.S. has the integration's row, be it switched off."""
    try:
        with workplace.reading(choice):
            return True
    except MossError:
        return False


def examine(workplace: Workplace, choice: IntegrationChoice, revisions: DagsterRevisions) -> Health:
    """Looks at everything a sync of an integration needs; a check that cannot be made is a finding, not the end.

    Arguments as of `examine_all`.
    """
    examination = _Examination()
    examination.check("Project files", look_at_project_files)
    examination.check("Dagster home", lambda: look_at_dagster_home(workplace.settings))
    integration = _examine_moss(examination, workplace, choice, revisions)
    asks_moss = integration is not None or (
        examination.unasked == _SETTLE_FIRST and _is_found(workplace, choice)
    )
    _examine_jamf(examination, workplace, choice, asks_moss=asks_moss)
    return Health(tuple(examination.findings))


@dataclass(slots=True)
class _Examination:
    """Makes checks one after the other, and keeps what they found.

    Attributes:
        findings: so far.
        unasked: why it cannot be known what M.O.S.S. has saved of JAMF; empty if it can, or there is no M.O.S.S.
    """

    findings: list[Finding] = field(default_factory=list)
    unasked: str = ""

    def check(
        self,
        name: str,
        look: Callable[[], tuple[str, _ResultT]],
        *,
        otherwise: State = "problem",
    ) -> _ResultT | None:
        """Makes a check.

        Args:
            name: what is looked at.
            look: returns what it found and what later checks need; raises an explained error on a problem.
            otherwise: what such an error is.

        Returns:
            What `look` found for later checks; None on a problem.
        """
        try:
            message, result = look()
        except Exception as error:
            explanation = explanation_of(error)
            if explanation is None:
                raise
            self.findings.append(
                Finding(
                    name,
                    otherwise,
                    explanation.message,
                    explanation.remedy,
                    trace=traceback.format_exc().rstrip(),
                )
            )
            return None
        self.findings.append(Finding(name, "ok", message))
        return result

    def skip(self, names: Iterable[str], because: str) -> None:
        """Notes checks that an earlier problem makes pointless."""
        self.findings += [Finding(name, "skipped", because) for name in names]


def _examine_moss(
    examination: _Examination,
    workplace: Workplace,
    choice: IntegrationChoice,
    revisions: DagsterRevisions,
) -> Integration | None:
    settings = workplace.settings
    databases = examination.check("Databases", lambda: look_for_databases(settings))
    if databases is None:
        examination.skip(("Dagster database", *_MOSS_CHECKS), "not looked at: no database")
        return None
    examination.check("Dagster database", lambda: look_at_dagster(databases.dagster_url, revisions))
    database = MossDatabase(databases.moss_url)
    try:
        return _examine_moss_database(examination, workplace, choice, database)
    finally:
        database.dispose()


def _examine_moss_database(
    examination: _Examination,
    workplace: Workplace,
    choice: IntegrationChoice,
    database: MossDatabase,
) -> Integration | None:
    if examination.check("M.O.S.S. database", lambda: look_at_server(database)) is None:
        examination.skip(_MOSS_CHECKS[1:], "not looked at: the database cannot be used")
        examination.unasked = "not looked at: M.O.S.S. may have it saved, and cannot be asked"
        return None
    with database.connection() as connection:
        dialect = examination.check(
            "M.O.S.S. tables", lambda: look_at_tables(connection, workplace.settings)
        )
        if dialect is None:
            examination.skip(_MOSS_CHECKS[2:], "not looked at: M.O.S.S.'s tables are not there")
            return None
        return _examine_our_own(examination, choice, connection)


def _examine_our_own(
    examination: _Examination, choice: IntegrationChoice, connection: psycopg.Connection
) -> Integration | None:
    is_prepared = examination.check("Schema jamf_sync", lambda: look_at_schema(connection))
    if is_prepared is None:
        examination.skip(("Contract",), "not looked at: the schema jamf_sync is not ready")
    else:
        is_prepared = examination.check("Contract", lambda: look_at_contract(connection))
    if is_prepared is None:
        examination.check("Rights", lambda: look_at_rights_for_init(connection))
        examination.unasked = _INIT_FIRST
        examination.skip(("Security", "Integration", "Sweeps"), _INIT_FIRST)
        return None
    examination.check("Rights", lambda: look_at_rights(connection))
    examination.check("Security", lambda: look_at_security(connection), otherwise="warning")
    integration = examination.check("Integration", lambda: look_at_integration(connection, choice))
    if integration is None:
        examination.skip(("Sweeps",), "not looked at: there is no integration to sync")
        examination.unasked = _SETTLE_FIRST
    else:
        examination.check("Sweeps", lambda: look_at_sweeps(connection, integration))
    return integration


def _examine_jamf(
    examination: _Examination,
    workplace: Workplace,
    choice: IntegrationChoice,
    *,
    asks_moss: bool,
) -> None:
    if examination.unasked and not asks_moss and not environment_says_all(workplace.settings):
        # M.O.S.S. may well name the server, or have the credentials: "not configured" would be a guess.
        examination.skip(_JAMF_CHECKS, examination.unasked)
        return
    access = examination.check(
        "JAMF configuration", lambda: look_at_access(workplace, choice, asks_moss=asks_moss)
    )
    if access is None:
        examination.skip(_JAMF_CHECKS[1:], "not looked at: JAMF is not configured")
        return

    expiry = look_for_expiry(workplace, choice, asks_moss=asks_moss)
    if expiry is not None:
        examination.check(
            "JAMF credentials", lambda: (require_lasting(expiry), True), otherwise="warning"
        )

    def look_at_version() -> tuple[str, bool]:
        return f"version {ask_version(access)} accepts the credentials", True

    def look_at_privileges() -> tuple[str, bool]:
        answer = ask_everything(access)
        require_readable(access, answer.gaps)
        return answer.readable, True

    if examination.check("JAMF Pro", look_at_version) is None:
        examination.skip(("JAMF privileges",), "not looked at: JAMF cannot be used")
        return
    examination.check("JAMF privileges", look_at_privileges)
