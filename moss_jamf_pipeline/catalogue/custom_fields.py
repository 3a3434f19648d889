"""The custom fields as the strategy's M.O.S.S. has to know them before it takes a value.

They stand in the file that creates its tables, between two marks, and once more in a file of their own for a database
that was created before one of them was declared.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moss_jamf_pipeline.catalogue.dialects import STRATEGY
from moss_jamf_pipeline.catalogue.fields import declared_fields

_SCHEMA: Final = "sql/moss/create_strategy_schema.sql"
_LATER: Final = f"sql/generated/{STRATEGY.name}/contract/custom_fields.sql"
_HEADER: Final = """\
-- Generated from moss_jamf_pipeline/catalogue/fields.csv by `make generate`; edit it there.
-- Defines the custom fields that the sync writes where this M.O.S.S. does not know them: it takes no value of
-- another. Writes custom_fields. What is defined there already, a person may have named otherwise: it stays.
"""
_MARKED: Final = re.compile(
    r"(?<=-- Generated from moss_jamf_pipeline/catalogue/fields\.csv by `make generate`:\n).*?"
    r"(?=-- End of what is generated\.\n)",
    re.DOTALL,
)


def custom_field_files() -> Mapping[str, str]:
    """The statement that defines them, and the file that creates the strategy's tables with that statement in it."""
    rows = ",\n".join(
        f"  ('{field.object_type}', '{field.field}', '{field.label}')"
        for field in declared_fields()
        if field.place == "custom_field"
    )
    insert = (
        f"insert into public.custom_fields (object_type, field_name, field_label) values\n{rows}"
    )
    schema = Path(__file__).parents[2].joinpath(_SCHEMA).read_text(encoding="utf-8")
    return {
        _SCHEMA: _MARKED.sub(lambda _: f"{insert};\n", schema),
        _LATER: f"{_HEADER}{insert}\non conflict (object_type, field_name) do nothing;\n",
    }
