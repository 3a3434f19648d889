"""What Dagster stores, without secrets: events with their metadata and errors, ticks, backfills."""

from typing import Any, Final, TypeVar, cast

import dagster as dg
import orjson

from moss_jamf_pipeline.scrubbing import scrubbed

_T = TypeVar("_T")

# By these Dagster tells its records apart and finds them again; a short password may read like one of them.
_NAMES: Final = frozenset(
    {
        *("__class__", "__enum__", "path", "run_id", "step_key", "job_name", "pipeline_name"),
        *("handle_id", "check_name", "asset_check_name", "event_type_value", "backfill_id"),
        *("partition", "partition_key", "logging_tags", "node_handle", "step_handle"),
    }
)


def without_secrets(record: _T) -> _T:
    """A record that Dagster stores, without secrets.

    Args:
        record: anything that Dagster serialises.

    Returns:
        The record itself if there is none in it: nearly always.
    """
    written = dg.serialize_value(cast("Any", record))
    if scrubbed(written) == written:
        return record
    clean = orjson.dumps(_clean(orjson.loads(written))).decode()
    return cast("_T", dg.deserialize_value(clean))


def _clean(value: Any) -> Any:
    match value:
        case str():
            return scrubbed(value)
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {
                key: content if key in _NAMES else _clean(content) for key, content in value.items()
            }
        case _:
            return value
