"""What each asset says of itself before it is made: its columns in words, its owner, its code and its SQL."""

from pathlib import Path

import dagster as dg
import pytest

from moss_jamf_pipeline.moss import statements
from moss_jamf_pipeline.moss.capture import snapshots
from moss_jamf_pipeline.orchestration.assets.statements import STATEMENTS
from tests.support.world import DEFINITIONS, World

_SPECS = {
    spec.key.path[-1]: spec
    for asset in DEFINITIONS.assets or []
    if isinstance(asset, dg.AssetsDefinition)
    for spec in asset.specs
}
# What a fleet without buildings, rooms and members gives no cause for.
_IDLE = ["moss_group_members", "moss_locations", "moss_rooms"]
# The first asks, the second fills the tables of others.
_WITHOUT_A_TABLE = {"jamf_server", "named_records"}


def test_every_asset_tells_its_columns_with_types_and_in_words() -> None:
    for name, spec in _SPECS.items():
        assert spec.owners == ["team:it_asset_management"]
        schema = spec.metadata.get("dagster/column_schema")
        assert (schema is None) is (name in _WITHOUT_A_TABLE), name
        if schema is not None:
            assert isinstance(schema, dg.TableSchema)
            assert schema.columns
            assert all(column.description and column.type for column in schema.columns), name


def test_every_asset_leads_to_its_code_and_its_sql() -> None:
    assert set(STATEMENTS) <= set(_SPECS)
    for name, spec in _SPECS.items():
        value = spec.metadata["dagster/code_references"]
        assert isinstance(value, dg.CodeReferencesMetadataValue)
        references = [
            each for each in value.code_references if isinstance(each, dg.LocalFileCodeReference)
        ]
        assert all(Path(each.file_path).is_file() for each in references)
        assert len(references) == 1 + len(STATEMENTS.get(name, ()))
        assert ("sql" in spec.metadata) is (name in STATEMENTS)


def test_the_sql_that_assets_show_is_what_a_sync_runs(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: set[str] = set()
    found = statements.statement

    def noted(name: str, dialect: str | None = None) -> bytes:
        ran.add(name)
        return found(name, dialect)

    for module in (statements, snapshots):
        monkeypatch.setattr(module, "statement", noted)
    small_world.sync("plan")
    small_world.sync()
    idle = {
        step
        for step, names in STATEMENTS.items()
        if not {name.replace("generated/{dialect}/", "") for name in names} & ran
    }
    assert sorted(idle) == _IDLE
