"""Every file under sql/: it is used, it says what it takes, and PostgreSQL accepts it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.contract.schema import pending_migrations
from moss_jamf_pipeline.settings import PROJECT_ROOT, project_file
from tests.db.support import EARLY, Bench
from tests.support.explained import Plan, nodes_of

_SQL = project_file("sql")
_FILES = {
    file.relative_to(_SQL).with_suffix("").as_posix(): file for file in sorted(_SQL.rglob("*.sql"))
}
_PARAMETER = re.compile(r"%\((\w+)\)s")


def _name_in_the_code(name: str) -> str:
    """What the code calls a file; of one that is generated for a dialect without saying for which."""
    return re.sub(r"^generated/\w+/", "", name)


# Schema files hold many statements and take no parameters; `schema.prepare` runs them all.
_SCHEMA_FOLDERS = ("migrations", "contract", "moss")
_STATEMENTS = {
    name for name in map(_name_in_the_code, _FILES) if not name.startswith(_SCHEMA_FOLDERS)
}
# These read what the strategy's M.O.S.S. does not have.
_FOR_THE_RELEASE = frozenset(
    {
        "catalogue/release_migration",
        "users/note_administrative_act",
        "users/note_use_of_token",
        "users/usable_tokens",
        "users/user_by_id",
    }
)
# These read Dagster's tables, in another schema or database: tests/services and tests/cli run them.
_OF_DAGSTER = frozenset(
    {
        "dagster/automation",
        "dagster/open_runs",
        "dagster/revision",
        "dagster/oldest_slot",
        "dagster/forget_checks",
        "dagster/forget_events",
    }
)


_EXPLAINABLE = re.compile(rb"(?:\s*--[^\n]*\n)*\s*(?:with|select|insert|update|delete)\b")
# What takes a row's own JSON or array apart.
_OF_THE_ROW_ITSELF = {"Function Scan", "Subquery Scan", "Values Scan"}
# Why these may: what they look at is few, or has to be looked at one by one.
_LOOKED_UP_ROW_BY_ROW = {
    "apply/refuse_moved_objects": "one look-up by key per changed row; the values of a fleet would cost more",
    "apply/update_mappings": "of what an UPDATE returned, nobody knows how much it is: NOT IN is hashed",
    "capture/finish_targeted_capture": "one capture",
    "conflicts/conflict_by_id": "one conflict",
    "conflicts/reopen_conflicts": "the conflicts that a person names",
    "conflicts/resolve_conflicts": "the conflicts that a person names",
    "guard/first_import": "the plans of an integration",
    "plan/insert_plan": "plans that wait",
    "plan/plan_by_id": "one plan",
    "plan/recent_plans": "a page of plans",
    "quarantine/quarantine_entry": "one entry",
    "retention/delete_captures": "captures that are too old",
    "removal/dependents": "the catalogue of one database, once in its life",
    "removal/our_roles": "two roles",
    "removal/rights_of_log_in": "the catalogue of one database, once in its life",
    "revert/plan_declined_links": "links that people declined; the values of a fleet would cost more",
    "revert/plan_revert": "one look-up by key per undone row; the values of a fleet would cost more",
    "revert/relink": "links that a revert gives back",
    "revert/undone_plan": "one plan",
}


def _header(file: Path) -> str:
    lines: list[str] = []
    for line in file.read_text().splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def _named_parameters(header: str) -> set[str]:
    """The names after `Parameters:`, up to the end of that clause; remarks in brackets left out."""
    _, found, rest = header.partition("Parameters:")
    if not found:
        return set()
    clause = re.split(r"[.:;]", re.sub(r"\([^)]*\)", "", rest), maxsplit=1)[0]
    return {name.strip() for name in clause.split(",") if name.strip()}


def _used_parameters(file: Path) -> set[str]:
    return set(_PARAMETER.findall(file.read_text()))


@pytest.fixture(scope="module")
def python_sources() -> str:
    package = PROJECT_ROOT / "moss_jamf_pipeline"
    return "\n".join(file.read_text() for file in sorted(package.rglob("*.py")))


@pytest.mark.parametrize("name", [name for name in _FILES if not name.startswith("migrations/")])
def test_every_sql_file_is_named_by_the_code(name: str, python_sources: str) -> None:
    folder, _, stem = _name_in_the_code(name).rpartition("/")
    # Some names are put together from a folder and a stem that stands in a table of steps or of matches.
    quoted = re.compile(rf"""["']({re.escape(folder)}/)?{re.escape(stem)}["']""")
    assert quoted.search(python_sources), f"nothing runs sql/{name}.sql"


@pytest.mark.parametrize("name", sorted(_FILES))
def test_every_sql_file_says_what_it_is_and_which_parameters_it_takes(name: str) -> None:
    header = _header(_FILES[name])
    assert header, "begin the file with a comment that says what it yields or does"
    assert _named_parameters(header) == _used_parameters(_FILES[name])


@pytest.mark.dialects("strategy")
def test_migrations_have_a_number_each_and_are_all_applied(
    rolled_back: psycopg.Connection,
) -> None:
    names = [name.removeprefix("migrations/") for name in _FILES if name.startswith("migrations/")]
    numbers = [int(name[:4]) for name in names]
    assert len(set(numbers)) == len(numbers)
    assert pending_migrations(rolled_back) == []


@pytest.fixture
def parameters(trial: Bench) -> dict[str, Any]:
    """A value of the right type for every parameter of every statement."""
    (plan,) = trial.query(
        "insert into jamf_sync.plans (integration_id, run_id, object_types, captures) "
        "values (%s, 'a-run', '{device}', '{}') returning plan_id",
        trial.integration.id,
    )
    captures = {f"{name}_capture": capture.capture_id for name, capture in trial.captures.items()}
    return {
        **captures,
        "integration_id": trial.integration.id,
        "capture_id": trial.captures["computers"].capture_id,
        "plan_id": plan["plan_id"],
        "row_id": 1,
        "collection": "computers",
        "object_type": "device",
        "external_type": "computer",
        "internal_type": "device",
        "object_types": ["device"],
        "first_row": 1,
        "many": 1000,
        "last_row": 9,
        "fields": ["os_build"],
        "clearable": ["assigned_to_person_id"],
        "rejected": 0,
        "rejected_ids": ["7"],
        "is_complete": True,
        "flag_adopted": True,
        "keep_human_edits": True,
        "add_to_privileged": False,
        "roles": ["moss_jamf_reader_moss", "moss_jamf_writer_moss"],
        "owner": trial.value("select current_user::text"),
        "installs": True,
        "schemas": ["jamf_sync"],
        "retention_days": 30,
        "plan_retention_days": 365,
        "wanted": Jsonb([]),
        "hold_unlinked": True,
        "recreate_deleted": True,
        "former_id": uuid4(),
        "successor": trial.value("select current_user::text"),
        "username_domains": ["corp"],
        "ignored_usernames": ["root"],
        "create_missing_locations": True,
        "staging_rules": 1,
        "version_ids": [1, 2],
        "slots": [EARLY],
        "server": "jamf.example.org",
        "server_version": "11.30.0",
        "endpoint": "/api/v4/computers-inventory",
        "total_count": 1,
        "captured_count": 1,
        "changed_count": 1,
        "removed_count": 0,
        "rejected_count": 0,
        "requests": 1,
        "bytes_received": 1,
        "incomplete_reasons": ["one page is missing"],
        "sweep": "incremental",
        "fetched_count": 1,
        "document_shape": "0123456789abcdef",
        "jamf_id": "7",
        "reason": "cannot_serve",
        "not_lost": ["cut_to_fit"],
        "detail": "JAMF answered 500.",
        "run_id": f"run-{uuid4()}",
        "sync_type": "full",
        "triggered_by": "ada@example.org",
        "status": "complete",
        "processed": 1,
        "created": 1,
        "updated": 0,
        "skipped": 0,
        "failed": 0,
        "error_message": None,
        "error_details": Jsonb({"step": "moss_devices"}),
        "captures": Jsonb({"computers": 1}),
        "rules": Jsonb([]),
        "kind": None,
        "conflict_id": 1,
        "conflict_ids": [1, 2],
        "field": "asset_tag",
        "rule": "jamf_owns",
        "approval_reason": "they were sold",
        "label_pattern": "LAB-%",
        "resolution": "take_jamf",
        "decided_by": "ada@example.org",
        "undone_plan_id": plan["plan_id"],
        "only_type": "device",
        "only_object": uuid4(),
        "object_id": uuid4(),
        "external_id": "7",
        "sought": "a name",
        "without_person": True,
        "unenrolled": False,
        "in_conflict": True,
        "changed_since": EARLY,
        "collections": Jsonb({"device": "computers"}),
        "linked_collections": ["computers", "mobile_devices"],
        "row_limit": 5,
        "row_offset": 0,
        "like_conflict": 1,
        "quarantine_id": 1,
        "whole_records_only": True,
        "quiet_days": 90,
        "table": "jamf_sync.captures",
        "tables": ["jamf_sync.captures", "moss_contract.devices"],
        "name": "JAMF Pro",
        "role": "none",
        "ids": [uuid4()],
        "log_in": trial.value("select current_user::text"),
        "names": ["moss_jamf_reader"],
        "config": Jsonb({}),
        "sync_schedule": "0 */6 * * *",
        "users_are_synced": True,
        "keys": ["connection", "base_url"],
        "route": Jsonb({"base_url": "https://jamf.example.org"}),
        "credentials_encrypted": "iv:tag:ciphertext",
        "new_key": "a key",
        "plan_kind": "sync",
        "slot": None,
        "since": EARLY,
        "problems": Jsonb([{"row_id": 1, "problem": "failed", "detail": "No."}]),
        "guarded_kind": "unenroll",
        "guarded_kinds": ["unenroll", "rename"],
        "guarded_changes": Jsonb([]),
        "attributes": ["jamf_ea_8"],
        "definitions": Jsonb(
            [
                {
                    "definition_id": "8",
                    "name": "Cost Centre",
                    "data_type": "STRING",
                    "input_type": "TEXT",
                    "is_multi_valued": False,
                    "is_enabled": True,
                    "choices": [],
                }
            ]
        ),
        "mapped": Jsonb([{"definition_id": "8", "field_name": "jamf_ea_8", "is_adopted": False}]),
        "counts": Jsonb({"8": 3}),
        "judged": ["8"],
        "changed_share": 0.2,
        "fewest": 5,
        "captures_in_a_row": 3,
        "tolerated": 25,
        "after_row": 0,
        "approved_by": "ada@example.org",
        "outcome": "failed",
        "run_ids": ["a-run"],
        "held_by": "session 4711 of ada",
        "is_enabled": True,
        "auto_sync_enabled": True,
        "sync_settings": Jsonb({}),
        "access_scope": Jsonb({}),
        "integration_ids": [uuid4()],
        "person_id": uuid4(),
        "external_ids": ["7", "8"],
        "is_targeted": False,
        "with_targeted": True,
        "base_capture": trial.captures["computers"].capture_id,
        "added_count": 0,
        "event": "ComputerAdded",
        "event_at": EARLY,
        "record_type": "computer",
        "jamf_ids": ["7", "8"],
        "absent_ids": ["7"],
        "most_stored": 10,
        "most_known": 10,
        "most_unknown": 10,
        "most_attempts": 6,
        "looks": 2,
        "is_switched_off": False,
        "secret_id": 1,
        "secret_hash": bytes(32),
        "retired_by": "ada",
        "idempotency_key": "8f1c",
        "request_id": uuid4(),
        "scope": "everything",
        "requested_by": "ada@example.org",
        "days": 7,
        "causes": Jsonb(
            [{"kind": "run_failed", "cause": "full", "summary": "No.", "remedy": "", "hours": 24}]
        ),
        "kinds": ["changes_held"],
        "sync_types": ["full"],
        "succeeded": Jsonb([{"cause": "forget_old_captures", "at": EARLY.isoformat()}]),
        "seen_at": EARLY,
        "now": EARLY,
        "moments": [EARLY],
        "times": 3,
        "channel": "mail",
        "patience": timedelta(minutes=5),
        "alert_id": 1,
        "is_end": False,
        "report_id": 1,
        "is_weekly": True,
        "made_at": EARLY,
        "summary": "All is well.",
        "page": b"a page",
        "token_hash": bytes(32),
        "made_by": "ada",
        "user_id": None,
        "prefix": "moss_abcde",
        "token_id": uuid4(),
        "address": "192.0.2.7",
        "user_agent": "a browser",
        "action": "trigger_sync",
        "target_type": "integration",
        "target_id": None,
        "details": Jsonb({}),
    }


@pytest.fixture
def temporary_tables(trial: Bench) -> Iterator[None]:
    """The temporary tables that some statements work on."""
    for name in (
        *("capture/create_working_tables", "plan/create_compared_objects"),
        *("integration/create_presumed_links", "matching/create_device_tables"),
        "matching/create_person_tables",
    ):
        trial.execute(_FILES[name].read_text())
    yield
    trial.execute(
        "drop table if exists incoming_records, listed_records, wanted_records, compared_objects,"
        " presumed_links"
    )


def _node_types(plan: Plan) -> set[str]:
    return {node["Node Type"] for node in nodes_of(plan)}


def _file(name: str, bench: Bench) -> Path:
    """A statement's file; where it is generated for each dialect, that of the bench's."""
    return _FILES.get(f"generated/{bench.dialect.name}/{name}") or _FILES[name]


def _run(name: str, bench: Bench, parameters: dict[str, Any]) -> None:
    file = _file(name, bench)
    given = {parameter: parameters[parameter] for parameter in _used_parameters(file)}
    bench.connection.execute(file.read_bytes(), given or None)


@pytest.mark.parametrize("name", sorted(_STATEMENTS - _FOR_THE_RELEASE - _OF_DAGSTER))
@pytest.mark.usefixtures("temporary_tables")
def test_postgresql_runs_every_statement_with_parameters_of_their_types(
    name: str, trial: Bench, parameters: dict[str, Any]
) -> None:
    _run(name, trial, parameters)


@pytest.mark.parametrize(
    "name", sorted(_STATEMENTS - _FOR_THE_RELEASE - _OF_DAGSTER - set(_LOOKED_UP_ROW_BY_ROW))
)
@pytest.mark.usefixtures("temporary_tables")
def test_no_statement_looks_into_a_table_anew_for_every_row(
    name: str, trial: Bench, parameters: dict[str, Any]
) -> None:
    # A sub-query inside an OR, a CASE or a list of columns cannot become a join. PostgreSQL may hash it, if it thinks
    # that it is asked often and that it fits; of what a CTE holds it thinks nothing, and goes through it each time.
    file = _file(name, trial)
    statement = file.read_bytes()
    if not _EXPLAINABLE.match(statement):
        pytest.skip("it is no query")
    given = {parameter: parameters[parameter] for parameter in _used_parameters(file)}
    row = trial.connection.execute(b"explain (format json) " + statement, given or None).fetchone()
    assert row is not None
    (explained,) = row[0]
    sub_plans = [
        node for node in nodes_of(explained["Plan"]) if node.get("Parent Relationship") == "SubPlan"
    ]
    looking = [
        node["Subplan Name"]
        for node in sub_plans
        if {kind for kind in _node_types(node) if kind.endswith("Scan")} - _OF_THE_ROW_ITSELF
    ]
    assert not looking, "make it a join"


@pytest.mark.parametrize("name", sorted(_FOR_THE_RELEASE))
@pytest.mark.dialects("release")
def test_postgresql_runs_every_statement_that_is_for_the_released_moss(
    name: str, trial: Bench, parameters: dict[str, Any]
) -> None:
    _run(name, trial, parameters)


# What these do to a letter follows the locale that a database was made with: under Turkish rules i becomes İ.
_OF_THE_LOCALE = re.compile(
    r"\b(?:lower|upper|initcap)\(|\bilike\b|\bcitext\b|~\*|\\[swSW]|\[\[:", re.IGNORECASE
)
# Hexadecimal digits, folded by the same rules on both sides.
_HEXADECIMAL = re.compile(r"\blower\([\w.]*[^()]*(?:udid|management_id|managementId)'?\)")


def test_case_t06_no_statement_folds_by_the_rules_of_a_locale() -> None:
    asking = [
        f"{name}: {line.strip()}"
        for name, file in _FILES.items()
        if not name.startswith("migrations/")
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("--")
        and 'collate "C"' not in line
        and _OF_THE_LOCALE.search(_HEXADECIMAL.sub("", line))
    ]
    assert asking == []
