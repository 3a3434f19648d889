"""The columns of the staged rows of every collection, in the order in which they are COPYed.

The snapshot tables (DDL) and the column schemas shown in the Dagster UI must agree with this table.
How a column gets its value is not here: see `fields` and the stagers.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS, Collection
from moss_jamf_pipeline.catalogue.fields import DESCRIBED, fields_of


class SnapshotColumn(NamedTuple):
    """One column of a snapshot.

    Attributes:
        name: the column's name in the frame and in PostgreSQL.
        type: its PostgreSQL type: `bigint`, `text`, `boolean`, `timestamptz`, `text[]` or `jsonb`.
        description: what it holds, and what its NULL means where that is not plain.
    """

    name: str
    type: str
    description: str


_KEYS: Final = (
    SnapshotColumn(
        "version_id", "bigint", "The stored version of the document this row was staged from."
    ),
    SnapshotColumn("jamf_id", "text", "The object's id in JAMF."),
)

_IS_USABLE: Final = SnapshotColumn(
    "is_usable",
    "boolean",
    "False: quarantined; neither to be matched nor written, yet present in JAMF.",
)


def _columns(declared: Collection) -> Sequence[SnapshotColumn]:
    collection = (declared.rows_of or declared.name).value
    staged = [field for field in fields_of(collection) if field.staged is not None]
    columns = {
        field.staged: SnapshotColumn(field.staged, field.rule.sql_type, field.description)
        for field in staged
        if field.staged is not None and field.staged != DESCRIBED and field.rule is not None
    }
    described = [field.field for field in staged if field.staged == DESCRIBED]
    if described:
        columns[DESCRIBED] = SnapshotColumn(
            DESCRIBED, "jsonb", f"What is only compared and written: {', '.join(described)}."
        )
    return (*_KEYS, *columns.values(), _IS_USABLE)


SNAPSHOT_COLUMNS: Final[Mapping[str, Sequence[SnapshotColumn]]] = {
    collection.name.value: _columns(collection) for collection in COLLECTIONS
}
"""Collection -> its columns in COPY order, as the catalogue has them."""
