"""The words of the catalogue and those of the database: the same lists, and no row with any other."""

import re
from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from moss_jamf_pipeline.catalogue.conflict_kinds import CONFLICT_KINDS, ConflictKindName
from moss_jamf_pipeline.catalogue.object_types import MATCH_TABLES
from moss_jamf_pipeline.catalogue.outcomes import (
    MATCH_VOCABULARIES,
    Action,
    MatchOutcome,
    Outcome,
)
from moss_jamf_pipeline.catalogue.vocabularies import VOCABULARIES, Vocabulary
from moss_jamf_pipeline.moss.contract.schema import pending_changes, prepare, require_our_words
from moss_jamf_pipeline.moss.errors import MossNotPrepared
from moss_jamf_pipeline.settings import project_file

_COLUMNS = [(vocabulary, column) for vocabulary in VOCABULARIES for column in vocabulary.columns]

pytestmark = pytest.mark.dialects("strategy")


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda each: each.function)
def test_the_database_has_the_words_of_the_catalogue(
    rolled_back: psycopg.Connection, vocabulary: Vocabulary
) -> None:
    query = sql.SQL("select {}()").format(sql.Identifier("jamf_sync", vocabulary.function))
    row = rolled_back.execute(query).fetchone()
    assert row is not None
    assert row[0] == [str(word) for word in vocabulary.words]


def test_a_database_with_the_words_of_another_version_is_not_synced(
    empty_database: Callable[[], str],
) -> None:
    with psycopg.connect(empty_database(), autocommit=True) as connection:
        assert "generated/vocabularies" in pending_changes(connection)
        prepare(connection, may_create_moss=True)
        assert pending_changes(connection) == []
        require_our_words(connection)
        connection.execute(
            "create or replace function jamf_sync.vocabularies_version() returns text "
            "language sql immutable as $$ select 'another' $$"
        )
        assert pending_changes(connection) == ["generated/vocabularies"]
        with pytest.raises(MossNotPrepared) as caught:
            require_our_words(connection)
        assert caught.value.remedy == "Run `moss-jamf init`."
        prepare(connection, may_create_moss=True)
        require_our_words(connection)


@pytest.mark.parametrize(("vocabulary", "column"), _COLUMNS, ids=lambda each: str(each)[:40])
def test_a_row_with_another_word_is_refused(
    rolled_back: psycopg.Connection, vocabulary: Vocabulary, column: str
) -> None:
    table, name = column.split(".")
    constraint = rolled_back.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = %s::regclass and contype = 'c' and pg_get_constraintdef(oid) like %s",
        (f"jamf_sync.{table}", f"%{vocabulary.function}()%"),
    ).fetchone()
    assert constraint is not None
    # The constraint stands alone on a copy of the table, where no other column has to be filled.
    rolled_back.execute(
        sql.SQL("create temporary table words as select {name} from {table} with no data").format(
            name=sql.Identifier(name), table=sql.Identifier("jamf_sync", table)
        )
    )
    rolled_back.execute(
        sql.SQL("alter table words add constraint {name} {definition}").format(
            name=sql.Identifier(constraint[0]), definition=sql.SQL(constraint[1])
        )
    )
    insert = sql.SQL("insert into words ({}) values (%s)").format(sql.Identifier(name))
    for word in (*vocabulary.words, None):
        rolled_back.execute(insert, (word,))
    with pytest.raises(psycopg.errors.CheckViolation):
        rolled_back.execute(insert, ("another_word",))


def test_every_word_has_its_sentences() -> None:
    assert [kind.name for kind in CONFLICT_KINDS] == list(ConflictKindName)
    for kind in CONFLICT_KINDS:
        assert not kind.title.endswith(".")
        assert kind.meaning.endswith(".")
        assert kind.advice.endswith(".")
        assert all(meaning.endswith(".") for meaning in kind.resolutions.values())
    words: list[Action | Outcome | MatchOutcome] = [*Action, *Outcome, *MatchOutcome]
    assert all(word.meaning.endswith(".") for word in words)


def test_every_table_of_matches_has_its_outcomes_and_none_is_without_a_table() -> None:
    assert [vocabulary.table for vocabulary in MATCH_VOCABULARIES] == list(MATCH_TABLES)
    used = {word for vocabulary in MATCH_VOCABULARIES for word in vocabulary.outcomes}
    assert used == set(MatchOutcome)


@pytest.mark.parametrize("kind", ConflictKindName)
def test_every_kind_of_conflict_is_raised_by_a_statement(kind: str) -> None:
    quoted = re.compile(rf"'{kind}'")
    statements = project_file("sql").glob("*/*.sql")
    raised = [file for file in statements if file.parent.name not in ("migrations", "generated")]
    assert any(quoted.search(file.read_text()) for file in raised)
