"""One source becomes a statement for each dialect, with the columns that the declared rules have written."""

import pytest

from moss_jamf_pipeline.catalogue.dialects import DIALECTS, RELEASE, STRATEGY, Dialect
from moss_jamf_pipeline.catalogue.object_types import OBJECT_TYPES
from moss_jamf_pipeline.catalogue.ownership import declared_rules
from moss_jamf_pipeline.catalogue.privileges import owner_privileges, writer_privileges
from moss_jamf_pipeline.catalogue.written_statements import statement_for, written_statement_files
from moss_jamf_pipeline.moss.statements import statement

_FIELDS = [kind for kind in OBJECT_TYPES if kind.identity]


def test_a_table_and_a_column_are_called_as_the_dialect_calls_them() -> None:
    source = "update {{ group_device_members }} set {{ devices.assigned_to_person_id }} = null"
    assert statement_for(STRATEGY, source) == (
        "update public.group_members set assigned_to_person_id = null"
    )
    assert statement_for(RELEASE, source) == (
        "update jamf_sync.group_device_members set assigned_to_id = null"
    )


def test_a_list_of_several_lines_keeps_the_indent_of_its_place() -> None:
    statement = statement_for(RELEASE, "select\n    {{ created values of room }},\n  x")
    assert statement == "select\n    jamf_sync.storable(after ->> 'name'),\n  x"
    lines = statement_for(RELEASE, "set {{ overwritten columns of person }}").splitlines()
    assert lines[0] == "set email = case when planned.after ? 'email_address'"
    assert {line[:4] for line in lines[1:]} == {"    "}


def test_a_word_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="gadgets"):
        statement_for(STRATEGY, "select from {{ gadgets }}")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("kind", _FIELDS, ids=lambda kind: kind.name.value)
def test_what_is_written_is_what_the_roles_may_write(dialect: Dialect, kind: object) -> None:
    (object_type,) = [known for known in _FIELDS if known is kind]
    (source,) = dialect.relations[object_type.relation]
    writer = writer_privileges(dialect)[source.table]
    created = statement_for(dialect, f"{{{{ created columns of {object_type.name.value} }}}}")
    identity = {source.columns[column] for column in object_type.identity}
    assert {*created.replace("\n", " ").split(", ")} | identity == writer.inserts
    for rule in declared_rules():
        if rule.object_type == object_type.name and rule.is_column and rule.on_update == "fill":
            assert source.columns[rule.field] in owner_privileges(dialect)[source.table].updates
            assert source.columns[rule.field] not in writer.updates


def test_no_generated_file_has_a_word_left_to_replace() -> None:
    files = written_statement_files()
    assert len(files) > 20
    assert not [path for path, text in files.items() if "{{" in text or "}}" in text]


@pytest.mark.parametrize("name", ["apply/write_decided", "revert/restore_owned"])
def test_statements_that_name_what_moss_owns_name_all_of_it(name: str) -> None:
    text = statement(name).decode()
    filled = {
        rule.field
        for rule in declared_rules()
        if rule.is_column and rule.on_update == "fill" and rule.object_type in ("person", "device")
    }
    assert {field for field in filled if f"'{field}'" not in text} == set()
