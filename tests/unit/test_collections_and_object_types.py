"""The collections and object types of the catalogue, against the statements and each other."""

import re

import pytest

from moss_jamf_pipeline.catalogue.collections import (
    COLLECTION_NAMES,
    COLLECTIONS,
    CollectionName,
    collection_named,
    collections_of,
    jamf_id_in,
)
from moss_jamf_pipeline.catalogue.object_types import (
    APPLIED_OBJECT_TYPES,
    MATCH_TABLES,
    OBJECT_TYPE_NAMES,
    OBJECT_TYPES,
    ObjectTypeName,
    object_type_named,
    plural_of,
)
from moss_jamf_pipeline.catalogue.ownership import declared_rules
from moss_jamf_pipeline.jamf.documents import READERS
from moss_jamf_pipeline.jamf.listings import SOURCES
from moss_jamf_pipeline.moss.integration.integrations import SyncSettings
from moss_jamf_pipeline.settings import project_file
from moss_jamf_pipeline.staging import SNAPSHOT_COLUMNS
from moss_jamf_pipeline.staging.stages import STAGERS


def test_every_name_is_declared_once_and_found() -> None:
    assert set(COLLECTION_NAMES) == set(CollectionName)
    assert {kind.name for kind in APPLIED_OBJECT_TYPES} == set(ObjectTypeName)
    assert [collection_named(name).name for name in COLLECTION_NAMES] == list(COLLECTION_NAMES)
    assert [object_type_named(name).name for name in OBJECT_TYPE_NAMES] == list(OBJECT_TYPE_NAMES)
    assert plural_of("mapping") == "links"


def test_every_collection_can_be_read_and_staged() -> None:
    declared = set(COLLECTION_NAMES)
    assert set(SOURCES) == set(READERS) == set(STAGERS) == set(SNAPSHOT_COLUMNS) == declared


def test_typed_rows_of_every_collection_are_deleted_with_their_versions() -> None:
    text = project_file("sql/retention/delete_versions.sql").read_text(encoding="utf-8")
    for collection in COLLECTIONS:
        (deleted,) = re.findall(rf"jamf_sync\.{collection.row_table} as .*\n(.*)", text)
        assert f"'{collection.name.value}'" in deleted


def test_a_collection_feeds_an_object_type_by_linking_its_records() -> None:
    fed = [collection.object_type for collection in COLLECTIONS if collection.object_type]
    assert set(fed) <= set(OBJECT_TYPE_NAMES)
    for collection in COLLECTIONS:
        assert (collection.object_type is None) == (collection.external_type is None)
        assert collection.proves_absence == (collection.object_type is not None)
        if collection.object_type is not None:
            assert collection in collections_of(collection.object_type)
    assert collections_of("group_member") == ()


def test_records_of_one_object_type_cannot_be_taken_for_each_other() -> None:
    """Each collection numbers its records for itself: where two become one type, their ids say which."""
    for object_type in OBJECT_TYPE_NAMES:
        prefixes = [collection.id_prefix for collection in collections_of(object_type)]
        assert len(set(prefixes)) == len(prefixes)
    assert jamf_id_in("mobile:12") == "12" == jamf_id_in("12")


@pytest.mark.parametrize("name", COLLECTION_NAMES)
def test_a_collection_is_switched_off_by_its_switch(name: str) -> None:
    declared = collection_named(name)
    off = SyncSettings.model_validate({declared.switch_key: False})
    assert f"sync_settings.{declared.switch_key}" in (off.switched_off(declared.name) or "")
    assert (SyncSettings().switched_off(declared.name) is None) != declared.is_optional
    on = SyncSettings.model_validate({declared.switch_key: True})
    assert on.switched_off(declared.name) is None
    assert (declared.name in SyncSettings().read_collections) != declared.is_optional


def test_what_mobile_devices_name_is_pulled_without_computers() -> None:
    only_mobile = SyncSettings(sync_computers=False, sync_mobile_devices=True)
    assert only_mobile.switched_off("computers") is not None
    assert only_mobile.switched_off("buildings") is None


def test_every_table_of_matches_has_its_statement() -> None:
    assert all(project_file(f"sql/matching/{table}.sql").exists() for table in MATCH_TABLES)


def test_types_with_fields_say_what_a_new_row_needs_besides() -> None:
    with_fields = {rule.object_type for rule in declared_rules()}
    assert {kind.name for kind in OBJECT_TYPES if kind.identity} == with_fields
