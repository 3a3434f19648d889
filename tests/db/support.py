"""A M.O.S.S. database with JAMF's records put straight into `jamf_sync`, for tests of single statements.

What JAMF "has" is written as staged rows of one capture per collection; no JAMF, no staging and no
Dagster take part.
"""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES, collection_named
from moss_jamf_pipeline.catalogue.fields import DESCRIBED
from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES, OBJECT_TYPE_NAMES
from moss_jamf_pipeline.moss.apply.applying import apply_objects
from moss_jamf_pipeline.moss.capture.captures import Capture
from moss_jamf_pipeline.moss.database import MossDatabase
from moss_jamf_pipeline.moss.integration.integrations import (
    Integration,
    SyncSettings,
    create_integration,
    find_integration,
)
from moss_jamf_pipeline.moss.match.matching import match
from moss_jamf_pipeline.moss.plan.conflicts import update_conflicts
from moss_jamf_pipeline.moss.plan.planning import (
    ObjectCounts,
    Plan,
    make_plan,
    read_plan,
)
from moss_jamf_pipeline.settings import IntegrationChoice
from moss_jamf_pipeline.staging import STAGING_RULES
from moss_jamf_pipeline.staging.fields import described_fields
from tests.support.dialects import STRATEGY, Dialect

Row = dict[str, Any]

EARLY = datetime(2026, 11, 20, 8, tzinfo=UTC)
LATE = datetime(2026, 11, 22, 8, tzinfo=UTC)

_PARTS = {"person": "people", "location": "locations", "group": "groups", "device": "devices"}


@dataclass
class Bench:
    """A M.O.S.S. and what JAMF has of it; the helpers are named for what they put there.

    Attributes:
        connection: to the database, in autocommit mode or inside a transaction that the test rolls back.
        integration: whose records these are; replace it to change policies.
        dialect: which M.O.S.S. it is; statements without a schema are in the strategy's names on either.
    """

    connection: psycopg.Connection
    integration: Integration
    dialect: Dialect = STRATEGY
    captures: dict[str, Capture] = field(init=False)
    _serials: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _versioned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.captures = {
            collection: self.new_capture(collection) for collection in COLLECTION_NAMES
        }

    # -- policies ------------------------------------------------------------------------------

    def policies(self, **settings: Any) -> None:
        """Sets the integration's policies; those not named are the defaults."""
        self.integration = Integration(
            id=self.integration.id,
            name=self.integration.name,
            is_enabled=True,
            settings=SyncSettings.model_validate(settings),
        )

    # -- JAMF ----------------------------------------------------------------------------------

    def new_capture(self, collection: str, status: str = "complete") -> Capture:
        """A finished capture that holds what is current; later records belong to it."""
        (row,) = self.query(
            """insert into jamf_sync.captures (integration_id, collection, status, captured_at, server,
                                             captured_count, changed_count, removed_count, rejected_count)
               values (%s, %s, %s, now(), 'jamf.example.org', 0, 0, 0, 0) returning capture_id, captured_at""",
            self.integration.id,
            collection,
            status,
        )
        return Capture(
            capture_id=row["capture_id"],
            collection=collection,
            status=status,
            captured_at=row["captured_at"],
            captured=0,
        )

    def cover(self, collection: str, capture_id: int, slots: Sequence[datetime]) -> None:
        """Says that a capture covers these slots."""
        self.execute(
            "insert into jamf_sync.slot_captures (integration_id, collection, slot, capture_id)"
            " select %s, %s, unnest(%s::timestamptz[]), %s",
            *(self.integration.id, collection, list(slots), capture_id),
        )

    def incomplete(self, collection: str) -> None:
        """JAMF's newest capture of a collection proves no absence."""
        self.captures[collection] = self.new_capture(collection, "incomplete")

    def computer(
        self,
        jamf_id: str,
        serial_number: str | None = None,
        *,
        contact: datetime | None = None,
        **columns: Any,
    ) -> str:
        """A computer in JAMF, in place of the one of that id; usable unless the columns say otherwise."""
        serial_number = serial_number or f"SERIAL{jamf_id}"
        given = {"serial_number": serial_number, "is_managed": True, "is_personally_owned": False}
        self._record("computers", jamf_id, given | columns)
        if contact is not None:
            self.execute(
                """insert into jamf_sync.jamf_computer_contacts (integration_id, jamf_id, last_contact_at)
                   values (%s, %s, %s)
                   on conflict (integration_id, jamf_id) do update set last_contact_at = excluded.last_contact_at""",
                self.integration.id,
                jamf_id,
                contact,
            )
        return jamf_id

    def mobile_device(self, jamf_id: str, serial_number: str, **columns: Any) -> str:
        """A mobile device in JAMF, in place of the one of that id; yields the id under which it is stored."""
        given = {"is_managed": True, "is_personally_owned": False, "form_factor": "mobile_device"}
        stored_id = f"mobile:{jamf_id}"
        values = {"serial_number": serial_number, **given, **columns}
        return self._record("mobile_devices", stored_id, values)

    def personal_computer(self, jamf_id: str) -> str:
        """A personally-owned computer in JAMF, of which nothing but its id is kept."""
        return self._record(
            "computers",
            jamf_id,
            {"is_usable": False, "is_personally_owned": True},
            {"personallyOwned": True},
        )

    def computer_out_of_scope(self, jamf_id: str, *, udid: str, management_id: str) -> str:
        """A computer in JAMF that is in none of the groups that the sync is confined to."""
        known_by = {"udid": udid, "management_id": management_id}
        return self._record(
            "computers",
            jamf_id,
            {"is_usable": False, "is_out_of_scope": True, **known_by},
            {"outOfScope": True, "udid": udid, "general": {"managementId": management_id}},
        )

    def user(self, jamf_id: str, **columns: Any) -> str:
        """A user record in JAMF."""
        return self._record("users", jamf_id, columns)

    def computer_group(self, jamf_id: str, name: str, *, is_smart: bool | None = False) -> str:
        """A computer group in JAMF."""
        return self._record("groups", jamf_id, {"name": name, "is_smart": is_smart})

    def building(self, jamf_id: str, name: str) -> str:
        """A building in JAMF."""
        return self._record("buildings", jamf_id, {"name": name})

    def capture_again(self, collection: str) -> Capture:
        """A further capture: what JAMF says otherwise from now on is another version, beside those before."""
        self.captures[collection] = self.new_capture(collection)
        self._versioned.add(collection)
        return self.captures[collection]

    def gone(self, collection: str, jamf_id: str) -> None:
        """JAMF no longer lists a record."""
        if collection in self._versioned:
            capture_id = self.captures[collection].capture_id
            self.execute(
                """update jamf_sync.raw_jamf set valid_to_capture = %s
                   where collection = %s and integration_id = %s and jamf_id = %s
                     and valid_to_capture is null""",
                *(capture_id, collection, self.integration.id, jamf_id),
            )
            return
        self.execute(
            sql.SQL(
                """with gone as (
                     delete from {} where integration_id = %s and jamf_id = %s returning version_id)
                   delete from {} where version_id in (select version_id from gone)"""
            ).format(
                sql.Identifier("jamf_sync", f"raw_jamf_{collection}"),
                sql.Identifier("jamf_sync", collection_named(collection).row_table),
            ),
            self.integration.id,
            jamf_id,
        )

    def _record(
        self,
        collection: str,
        jamf_id: str,
        columns: Mapping[str, Any],
        stored: Mapping[str, Any] | None = None,
    ) -> str:
        self.gone(collection, jamf_id)
        document = {"id": jamf_id, **(_document(collection, columns) if stored is None else stored)}
        content = orjson.dumps(document)
        (row,) = self.query(
            """insert into jamf_sync.raw_jamf
                 (collection, integration_id, jamf_id, content_hash, document, valid_from_capture)
               values (%s, %s, %s, %s, %s, %s) returning version_id""",
            collection,
            self.integration.id,
            jamf_id,
            hashlib.sha256(content).digest(),
            Jsonb(document),
            self.captures[collection].capture_id,
        )
        values = {
            "version_id": row["version_id"],
            "jamf_id": jamf_id,
            "is_usable": True,
            "staging_rules": STAGING_RULES,
            **columns,
        }
        if described := described_fields(collection):
            values[DESCRIBED] = Jsonb({name: values.pop(name, None) for name in described})
        self._insert(f"jamf_sync.{collection_named(collection).row_table}", values, "version_id")
        return jamf_id

    # -- M.O.S.S. ------------------------------------------------------------------------------

    def location(self, name: str) -> UUID:
        """A location in M.O.S.S."""
        return self._moss("locations", {"name": name})

    def room(self, location_id: UUID, name: str) -> UUID:
        """A room in M.O.S.S."""
        return self._moss("rooms", {"location_id": location_id, "name": name})

    def person(self, **columns: Any) -> UUID:
        """A person in M.O.S.S."""
        return self._moss("people", {"full_name": "Somebody", **columns})

    def device(self, **columns: Any) -> UUID:
        """A device in M.O.S.S."""
        return self._moss("devices", {"device_type": self.dialect.laptop, **columns})

    def moss_group(self, name: str, **columns: Any) -> UUID:
        """A group in M.O.S.S."""
        return self._moss("groups", {"name": name, **columns})

    def interface(self, device_id: UUID, mac_address: str, **columns: Any) -> UUID:
        """A network interface in M.O.S.S."""
        given = {"interface_name": "en0", "interface_type": "ethernet"}
        return self._moss(
            "ios", {"device_id": device_id, "mac_address": mac_address, **given, **columns}
        )

    def mapping(
        self,
        external_type: str,
        external_id: str,
        internal_type: str,
        internal_id: UUID,
        **columns: Any,
    ) -> UUID:
        """A link between a JAMF record and a M.O.S.S. object."""
        given = {"sync_status": "synced", "external_data": Jsonb({})}
        mapping_id: UUID = self._insert(
            "integration_object_mappings",
            {
                "integration_config_id": self.integration.id,
                "external_type": external_type,
                "external_id": external_id,
                "internal_type": internal_type,
                "internal_id": internal_id,
                **given,
                **columns,
            },
            "id",
        )
        return mapping_id

    def linked_device(
        self, jamf_id: str, *, document: Mapping[str, Any] | None = None, **columns: Any
    ) -> UUID:
        """A device that is linked to a computer."""
        device_id = self.device(**columns)
        self.mapping("computer", jamf_id, "device", device_id, external_data=Jsonb(document or {}))
        return device_id

    def delete(self, table: str, object_id: UUID) -> None:
        """A person deletes an object in M.O.S.S."""
        self.execute(
            sql.SQL("delete from {} where id = %s").format(sql.Identifier(table)), object_id
        )

    def _moss(self, table: str, values: Mapping[str, Any]) -> UUID:
        object_id: UUID = self._insert(table, values, "id")
        return object_id

    # -- plans that nobody made ------------------------------------------------------------------

    def made_up_row(self, **columns: Any) -> Row:
        """A waiting row of a plan as a role of the pipeline may put there, by defect or on purpose; it with its ids.

        Args:
            columns: of `change_plan`; dicts are JSON, and without a `plan_id` it has a plan of its own.
        """
        if "plan_id" not in columns:
            columns["plan_id"] = self.value(
                """insert into jamf_sync.plans (integration_id, run_id, object_types, captures)
                   values (%s, 'made up', '{device}', '{}') returning plan_id""",
                self.integration.id,
            )
        values = {"object_type": "device", "action": "update", "reason": "made_up", **columns}
        (row,) = self.query(
            sql.SQL(
                "insert into jamf_sync.change_plan ({}) values ({}) returning plan_id, row_id"
            ).format(
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.Placeholder() * len(values)),
            ),
            *(Jsonb(value) if isinstance(value, dict) else value for value in values.values()),
        )
        return row

    # -- the sync ------------------------------------------------------------------------------

    def match(self, *tables: str) -> dict[str, dict[str, int]]:
        """Matches the given tables (all of them by default); outcome to number, per table."""
        return {
            table: match(self.connection, table, self.integration, self.captures)
            for table in (tables or MATCH_TABLES)
        }

    def plan(self, object_types: Iterable[str] = OBJECT_TYPE_NAMES) -> Plan:
        """Matches and plans."""
        self.match()
        # It ends with its transaction, which on a bench that is rolled back is the test's own.
        self.execute("drop table if exists compared_objects")
        return make_plan(
            self.connection,
            self.integration,
            self.captures,
            run_id="a-run",
            object_types=object_types,
        )

    def apply(self, plan: Plan) -> Plan:
        """Applies a plan in the order of the assets, and returns it as it stands then."""
        update_conflicts(self.connection, self.integration, plan)
        for object_type in (*OBJECT_TYPE_NAMES, "mapping"):
            apply_objects(self.connection, self.integration, plan, object_type)
            self.assert_counted(plan)
        return read_plan(self.connection, plan.plan_id)

    def assert_counted(self, plan: Plan) -> None:
        """What is kept of a plan's rows as numbers is what they come to: whoever changed rows has counted them."""
        miscounted = self.query(
            """with counted as (
                 select object_type, action, settled_at, rows,
                        case when outcome in ('held', 'applied') then 'held or applied' else outcome end as outcome
                 from jamf_sync.outcome_counts where plan_id = %s
                 union all
                 select object_type, action, applied_at, -1,
                        case when outcome in ('held', 'applied') then 'held or applied' else outcome end
                 from jamf_sync.change_plan where plan_id = %s
               )
               select object_type, action, outcome, sum(rows) as off from counted
               group by object_type, action, outcome, settled_at having sum(rows) <> 0""",
            *(plan.plan_id, plan.plan_id),
        )
        assert not miscounted, miscounted

    def sync(self) -> Plan:
        """Matches, plans and applies everything."""
        return self.apply(self.plan())

    def outcomes(self, table: str) -> dict[str, str]:
        """JAMF id to outcome, of one table of matches."""
        key = "external_id" if table == "person_matches" else "jamf_id"
        statement = sql.SQL("select {} as id, outcome from {} where integration_id = %s").format(
            sql.Identifier(key), sql.Identifier("jamf_sync", table)
        )
        rows = self.query(statement, self.integration.id)
        return {row["id"]: row["outcome"] for row in rows}

    def match_of(self, table: str, jamf_id: str) -> Row:
        """One row of a table of matches."""
        key = "external_id" if table == "person_matches" else "jamf_id"
        statement = sql.SQL("select * from {} where integration_id = %s and {} = %s").format(
            sql.Identifier("jamf_sync", table), sql.Identifier(key)
        )
        (row,) = self.query(statement, self.integration.id, jamf_id)
        return row

    # -- SQL -----------------------------------------------------------------------------------

    def query(self, statement: str | sql.Composed, *parameters: Any) -> list[Row]:
        """Rows, each as column to value."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            text = statement.encode() if isinstance(statement, str) else statement
            return cursor.execute(text, parameters or None).fetchall()

    def execute(self, statement: str | sql.Composed, *parameters: Any) -> int:
        """Changes something; returns the rows touched."""
        text = statement.encode() if isinstance(statement, str) else statement
        return self.connection.execute(text, parameters or None).rowcount

    def value(self, statement: str, *parameters: Any) -> Any:
        """The one value of the one row."""
        (row,) = self.query(statement, *parameters)
        (value,) = row.values()
        return value

    def _insert(self, table: str, values: Mapping[str, Any], returning: str) -> Any:
        statement = sql.SQL("insert into {} ({}) values ({}) returning {}").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
            sql.Identifier(returning),
        )
        row = self.connection.execute(statement, values).fetchone()
        assert row is not None
        return row[0]


def _document(collection: str, columns: Mapping[str, Any]) -> Row:
    """What a capture would have stored of a record, as far as a sync looks at it."""
    document: Row = {
        name: value for name, value in columns.items() if isinstance(value, str | bool | list)
    }
    if "management_id" in columns:
        document["general"] = {"managementId": columns["management_id"]}
    if "is_smart" in columns:
        document["smartGroup"] = document.pop("is_smart", None)
    if collection == "users" and "full_name" in document:
        document["realname"] = document.pop("full_name")
    if collection == "mobile_devices" and "udid" in document:
        document.setdefault("general", {})["udid"] = document.pop("udid")
    if collection in ("computers", "mobile_devices"):
        document["hardware"] = {
            "serialNumber": columns["serial_number"],
            "model": columns.get("model"),
            "modelIdentifier": columns.get("model_identifier"),
        }
    return document


def second_server(bench: Bench, name: str = "JAMF Lab", **settings: Any) -> Bench:
    """Another JAMF server of the same M.O.S.S., on the same connection, with settings in its row."""
    create_integration(bench.connection, name, base_url=None)
    bench.execute(
        "update integration_configs set sync_settings = %s where name = %s", Jsonb(settings), name
    )
    integration = find_integration(bench.connection, IntegrationChoice(name=name))
    return Bench(bench.connection, integration, bench.dialect)


def rows_of(bench: Bench, table: str) -> dict[str, str]:
    """Identity of every stored row version of a table: equal before and after means nothing was written."""
    schema, _, name = table.rpartition(".")
    statement = sql.SQL("select ctid::text as place, xmin::text as version from {}").format(
        sql.Identifier(schema or "public", name)
    )
    return {row["place"]: row["version"] for row in bench.query(statement)}


def terminate(database: MossDatabase, connection: psycopg.Connection) -> None:
    """Kills a connection's server process for real, and waits until it is gone."""
    with database.connection() as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))


def counts_of(plan: Plan) -> dict[str, ObjectCounts]:
    """A plan's counts by object type."""
    return {count.object_type: count for count in plan.counts}


@dataclass(frozen=True)
class Record:
    """A JAMF record as a capture stores it."""

    jamf_id: str
    content: Any
    last_contact_at: datetime | None = None
    reported_at: datetime | None = None
    future_times: Sequence[tuple[str, str]] = ()

    @property
    def document(self) -> bytes:
        return orjson.dumps({"id": self.jamf_id, "content": self.content})

    @property
    def content_hash(self) -> bytes:
        return hashlib.sha256(self.document).digest()


def records(contents: Mapping[str, Any]) -> Sequence[Record]:
    """Records from JAMF id to content."""
    return [Record(jamf_id, content) for jamf_id, content in contents.items()]
