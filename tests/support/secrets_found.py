"""Looking for secrets in everything that a sync leaves behind: tables, Dagster's events, logs."""

import re
from urllib.parse import urlsplit

from dagster import DagsterInstance, serialize_value

from tests.support.world import World

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")


def stored_texts(world: World) -> dict[str, str]:
    """Every table of every schema, M.O.S.S.'s and ours, as text."""
    tables = world.query(
        "select table_schema as schema, table_name as name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema in ('public', 'jamf_sync')"
    )
    texts = {}
    for table in tables:
        name = f"{table['schema']}.{table['name']}"
        rows = world.query(f"select t::text as text from {name} as t")
        texts[name] = "\n".join(row["text"] for row in rows)
    return texts


def event_texts(instance: DagsterInstance) -> str:
    """Everything that Dagster recorded: events with their metadata, errors and run configuration."""
    return "\n".join(
        f"{run} {run.run_config} {run.tags} {[serialize_value(entry) for entry in instance.all_logs(run.run_id)]}"
        for run in instance.get_runs()
    )


def places_with_secrets(world: World, log: str, *private: str) -> list[tuple[str, str]]:
    """Where a secret of the world was left behind, and the beginning of that secret; empty if none was.

    Searched for are the client's secret, every token that JAMF handed out, anything like a token, and the password of
    the database.

    Args:
        world: whose tables and events are searched.
        log: what was logged.
        private: what else may not be found.
    """
    places = {**stored_texts(world), "events": event_texts(world.instance), "log": log}
    password = urlsplit(world.url).password
    secrets = [world.jamf.client_secret, *world.jamf.simulator.tokens.issued, *private]
    secrets += [password] if password else []
    found = [
        (name, secret[:12]) for name, text in places.items() for secret in secrets if secret in text
    ]
    return found + [(name, "a token") for name, text in places.items() if _TOKEN.search(text)]
