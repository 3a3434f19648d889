"""The SQL functions by which text is compared and values are overlaid."""

import unicodedata
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.moss.text import unescaped

# Functions of jamf_sync are the same beside any M.O.S.S.
pytestmark = pytest.mark.dialects("strategy")

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_ENTITIES = st.lists(
    st.sampled_from(
        ["&", "amp;", "&lt;", "&gt;", "&quot;", "&#x27;", "&#x2F;", "lt;", "#x27;", "x"]
    ),
    max_size=8,
).map("".join)

_on_one_connection = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _call(connection: psycopg.Connection, function: str, *arguments: Any) -> Any:
    places = ", ".join(["%s"] * len(arguments))
    row = connection.execute(
        f"select jamf_sync.{function}({places})".encode(), arguments
    ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ("R&amp;D", "R&D"),
        ("&lt;none&gt;", "<none>"),
        ("&quot;HQ&quot;", '"HQ"'),
        ("O&#x27;Brien", "O'Brien"),
        ("https:&#x2F;&#x2F;jamf.example.org", "https://jamf.example.org"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("&nbsp;", "&nbsp;"),
        ("&#39;", "&#39;"),
        ("&#x27", "&#x27"),
        ("&LT;", "&LT;"),
        ("AT&T", "AT&T"),
        ("plain", "plain"),
        ("", ""),
        (None, None),
    ],
)
def test_exactly_the_six_entities_of_the_web_application_are_unescaped(
    rolled_back: psycopg.Connection, stored: str | None, plain: str | None
) -> None:
    assert _call(rolled_back, "unescaped", stored) == plain


def _escaped(text: str) -> str:
    """As the web application escapes: the ampersand first."""
    for plain, entity in (
        *(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")),
        *(('"', "&quot;"), ("'", "&#x27;"), ("/", "&#x2F;")),
    ):
        text = text.replace(plain, entity)
    return text


@_on_one_connection
@given(_TEXT | _ENTITIES)
def test_what_was_escaped_once_comes_back_whole(rolled_back: psycopg.Connection, text: str) -> None:
    assert _call(rolled_back, "unescaped", _escaped(text)) == text


@_on_one_connection
@given(_TEXT | _ENTITIES)
def test_python_and_sql_unescape_alike(rolled_back: psycopg.Connection, text: str) -> None:
    assert unescaped(text) == _call(rolled_back, "unescaped", text)
    assert unescaped(_escaped(text)) == text


@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("  Jane   DOE ", "jane doe"),
        ("Jane\tDoe\n", "jane doe"),
        ("R&amp;D", "r&d"),
        ("ÉCOLE", "école"),
        ("   ", None),
        ("", None),
        (None, None),
    ],
)
def test_names_are_compared_unescaped_in_one_case_and_with_single_spaces(
    rolled_back: psycopg.Connection, stored: str | None, key: str | None
) -> None:
    assert _call(rolled_back, "match_key", stored) == key


@pytest.mark.parametrize("locale", ["C", "default", "POSIX"])
@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("JÖRG.MÜLLER", "jörg.müller"),
        ("ÉMILE@EXÄMPLE.COM", "émile@exämple.com"),
        ("INGE", "inge"),
        ("ΣΟΦΙΑ", "σοφια"),
        ("ЁЖ", "ёж"),
        ("Zo\u00a0Ë", "zo ë"),
    ],
)
def test_case_t06_names_are_folded_alike_whatever_the_locale(
    rolled_back: psycopg.Connection, locale: str, stored: str, key: str
) -> None:
    row = rolled_back.execute(
        f'select jamf_sync.match_key(%s collate "{locale}")'.encode(), (stored,)
    ).fetchone()
    assert row == (key,)


@_on_one_connection
@given(st.characters(min_codepoint=0x80, max_codepoint=0x1C7F, exclude_categories=["Cs"]))
def test_every_letter_that_has_one_small_form_gets_it(
    rolled_back: psycopg.Connection, letter: str
) -> None:
    letter = unicodedata.normalize("NFC", letter)
    expected = "".join(each.lower() if len(each.lower()) == 1 else each for each in letter)
    assert _call(rolled_back, "folded", letter) == expected


@_on_one_connection
@given(_TEXT)
def test_a_match_key_has_no_edges_no_double_spaces_and_no_capitals_to_fold(
    rolled_back: psycopg.Connection, text: str
) -> None:
    key = _call(rolled_back, "match_key", text)
    if key is not None:
        assert key
        assert key == key.strip(" ")
        assert "  " not in key
        if "&" not in key:
            assert _call(rolled_back, "match_key", key) == key


@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("c02xk1abcd", "C02XK1ABCD"),
        (" C02 XK1\tABCD ", "C02XK1ABCD"),
        ("   ", None),
        ("", None),
        (None, None),
    ],
)
def test_serial_numbers_are_compared_in_capitals_without_white_space(
    rolled_back: psycopg.Connection, stored: str | None, key: str | None
) -> None:
    assert _call(rolled_back, "serial_key", stored) == key


@pytest.mark.parametrize("locale", ["C", "default", "POSIX", "tr-x-icu"])
@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("c02xi1abcd", "C02XI1ABCD"),
        ("fi\u00a0jörg", "FIJöRG"),
        ("FI JÖRG", "FIJöRG"),
    ],
)
def test_case_t06_serial_numbers_are_folded_alike_whatever_the_locale(
    rolled_back: psycopg.Connection, locale: str, stored: str, key: str
) -> None:
    if not rolled_back.execute(
        "select exists (select from pg_collation where collname = %s)", (locale,)
    ).fetchall()[0][0]:
        pytest.skip("This PostgreSQL was built without ICU.")
    row = rolled_back.execute(
        f'select jamf_sync.serial_key(%s collate "{locale}")'.encode(), (stored,)
    ).fetchone()
    assert row == (key,)


@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("a1:b2:c3:d4:e5:f6", "A1B2C3D4E5F6"),
        ("A1-B2-C3-D4-E5-F6", "A1B2C3D4E5F6"),
        ("a1b2.c3d4.e5f6", "A1B2C3D4E5F6"),
        ("a1b2c3d4e5f6", "A1B2C3D4E5F6"),
        ("a1:b2:c3:d4:e5", None),
        ("a1:b2:c3:d4:e5:f6:07", None),
        ("none", None),
        ("", None),
        (None, None),
    ],
)
def test_mac_addresses_are_compared_by_their_twelve_digits(
    rolled_back: psycopg.Connection, stored: str | None, key: str | None
) -> None:
    assert _call(rolled_back, "mac_key", stored) == key


@pytest.mark.parametrize("function", ["serial_key", "mac_key"])
@_on_one_connection
@given(text=_TEXT | st.text("0123456789abcdefABCDEF:-. ", max_size=20))
def test_a_key_is_its_own_key(rolled_back: psycopg.Connection, function: str, text: str) -> None:
    key = _call(rolled_back, function, text)
    assert _call(rolled_back, function, key) == key


@pytest.mark.parametrize(
    ("ids", "ordered"),
    [
        (["10", "9", "100"], ["9", "10", "100"]),
        (["2", "guid", "1"], ["guid", "1", "2"]),
        (["007", "8", "9" * 30], ["007", "8", "9" * 30]),
        (["1", "9" * 31], ["9" * 31, "1"]),
        (["1", "-1", ""], ["-1", "", "1"]),
    ],
)
def test_jamf_ids_are_ordered_as_numbers_and_others_come_first(
    rolled_back: psycopg.Connection, ids: list[str], ordered: list[str]
) -> None:
    rows = rolled_back.execute(
        "select id from unnest(%s::text[]) with ordinality as ids (id, place) "
        "order by jamf_sync.jamf_id_order(id), place",
        (ids,),
    ).fetchall()
    assert [row[0] for row in rows] == ordered


def test_a_missing_jamf_id_sorts_first(rolled_back: psycopg.Connection) -> None:
    assert _call(rolled_back, "jamf_id_order", None) == -1


@pytest.mark.parametrize(
    ("moss", "jamf", "clearable", "expected"),
    [
        pytest.param({"a": "1"}, {"a": "2"}, [], {"a": "2"}, id="JAMF's value lies on top"),
        pytest.param({"a": "1"}, {"a": None}, [], {"a": "1"}, id="a JAMF null says nothing"),
        pytest.param(
            {"a": "1"}, {"a": None}, ["a"], {"a": None}, id="unless the field is clearable"
        ),
        pytest.param(
            {"a": "1"}, {"a": "2"}, ["a"], {"a": "2"}, id="a value is a value, clearable or not"
        ),
        pytest.param(
            {"a": "1", "b": "2"}, {"b": "3"}, [], {"a": "1", "b": "3"}, id="the rest stays"
        ),
        pytest.param(
            {"a": "1"}, {}, ["a"], {"a": "1"}, id="what JAMF does not name is not cleared"
        ),
        pytest.param(None, {"a": "1", "b": None}, [], {"a": "1"}, id="a new object has no nulls"),
        pytest.param({"a": None}, {"a": None}, ["a"], {"a": None}, id="nothing over nothing"),
    ],
)
def test_jamf_is_overlaid_on_moss(
    rolled_back: psycopg.Connection,
    moss: dict[str, Any] | None,
    jamf: dict[str, Any],
    clearable: list[str],
    expected: dict[str, Any],
) -> None:
    given_moss = Jsonb(moss) if moss is not None else None
    assert _call(rolled_back, "overlaid", given_moss, Jsonb(jamf), clearable) == expected


_VALUES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", None]), max_size=4)


@_on_one_connection
@given(_VALUES, _VALUES, st.lists(st.sampled_from("abcd"), unique=True))
def test_overlaying_twice_changes_nothing_more(
    rolled_back: psycopg.Connection,
    moss: dict[str, Any],
    jamf: dict[str, Any],
    clearable: list[str],
) -> None:
    once = _call(rolled_back, "overlaid", Jsonb(moss), Jsonb(jamf), clearable)
    assert _call(rolled_back, "overlaid", Jsonb(once), Jsonb(jamf), clearable) == once


# White space of Unicode; which of it the class \s means, depends on the locale.
_SPACES = r"[ \t\n\v\f\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
# What each function means, without its short cuts.
_DEFINITIONS = {
    "match_key": (
        f"nullif(lower(btrim(regexp_replace(jamf_sync.unescaped(%(text)s), '{_SPACES}', ' ', 'g'))), '')"
    ),
    "serial_key": f"nullif(upper(jamf_sync.folded(regexp_replace(%(text)s, '{_SPACES}', '', 'g')) collate \"C\"), '')",
    "mac_key": (
        "case when length(regexp_replace(%(text)s, '[^0-9A-Fa-f]', '', 'g')) = 12 "
        "then upper(regexp_replace(%(text)s, '[^0-9A-Fa-f]', '', 'g')) end"
    ),
}
_SPACED = st.lists(
    st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", "&amp;", "&", "Aé", "0A", "1b", ":", "-"]),
    max_size=14,
).map("".join)


@pytest.mark.parametrize("function", sorted(_DEFINITIONS))
@given(text=_SPACED | _TEXT)
@_on_one_connection
def test_the_short_cuts_give_what_the_definition_says(
    rolled_back: psycopg.Connection, function: str, text: str
) -> None:
    row = rolled_back.execute(
        f"select jamf_sync.{function}(%(text)s::text) is not distinct from {_DEFINITIONS[function]}".encode(),
        {"text": text},
    ).fetchone()
    assert row == (True,)


@pytest.mark.parametrize(
    "call",
    [
        *(
            "unescaped(column1)",
            "storable(column1)",
            "match_key(column1)",
            "serial_key(column1)",
            "mac_key(column1)",
        ),
        "overlaid(to_jsonb(column1), to_jsonb(column1), '{}')",
    ],
)
def test_postgresql_writes_the_functions_into_the_statements_that_use_them(
    rolled_back: psycopg.Connection, call: str
) -> None:
    plan = rolled_back.execute(
        f"explain (verbose, costs off) select jamf_sync.{call} from (values ('a'), ('b')) as texts".encode()
    ).fetchall()
    name = call.partition("(")[0]
    assert not any(f"jamf_sync.{name}(" in line for (line,) in plan)
