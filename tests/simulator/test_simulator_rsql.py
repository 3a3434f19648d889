"""The filter language: what it accepts, what it refuses, what it means."""

from collections.abc import Mapping

import pytest

from moss_jamf_pipeline.simulator.rsql import Field, RsqlError, Value, compile_filter

Row = Mapping[str, Value]


def key(name: str, kind: str = "text") -> Field:
    def read(row: Row) -> Value:
        return row[name]

    return Field(read, kind)


FIELDS = {
    "general.name": key("name"),
    "id": key("id", "number"),
    "supervised": key("supervised", "boolean"),
    "reportDate": key("reportDate", "instant"),
}
ROWS: list[Row] = [
    {"id": "2", "name": "Lab Mac (2)", "supervised": True, "reportDate": 1_000_000},
    {"id": "10", "name": "MBP-10", "supervised": False, "reportDate": None},
    {"id": "3", "name": None, "supervised": True, "reportDate": 2_000_000},
]


def matching(expression: str) -> list[Value]:
    return [row["id"] for row in ROWS if compile_filter(expression, FIELDS)(row)]


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ('general.name=="mbp-10"', ["10"]),
        ("general.name=='MBP-10'", ["10"]),
        ("general.name==MBP-10", ["10"]),
        ('general.name=="*mac*"', ["2"]),
        ('general.name!="*mac*"', ["10"]),
        ('general.name=="Lab Mac (2)"', ["2"]),
        ("id>3", ["10"]),
        ("id=gt=3", ["10"]),
        ('id>"2"', ["10", "3"]),
        ("id=le=3", ["2", "3"]),
        ("id=in=(2, 3)", ["2", "3"]),
        ("id=out=(2,3)", ["10"]),
        ("supervised==true", ["2", "3"]),
        ("supervised!=true", ["10"]),
        ('reportDate>="1970-01-01T00:20:00Z"', ["3"]),
        ("reportDate<1970-01-02", ["2", "3"]),
        ("id==2,id==3", ["2", "3"]),
        ("id==2 or id==3", ["2", "3"]),
        ("supervised==true;id>2", ["3"]),
        ("supervised==true and id>2", ["3"]),
        ("id==10,supervised==true;id==3", ["10", "3"]),
        ("(id==10,supervised==true);id!=3", ["2", "10"]),
    ],
)
def test_expressions_mean_what_jamf_documents(expression: str, ids: list[str]) -> None:
    assert matching(expression) == ids


def test_a_null_passes_no_comparison() -> None:
    assert matching('general.name!="x"') == ["2", "10"]


def test_an_escaped_quote_is_part_of_the_value() -> None:
    rows: list[Row] = [{"id": "1", "name": 'the "big" one'}]
    predicate = compile_filter(r'general.name=="the \"big\" one"', FIELDS)
    assert predicate(rows[0])


@pytest.mark.parametrize(
    "expression",
    [
        "unknown==1",
        "id",
        "id==",
        "id=like=2",
        "id==x",
        "supervised==perhaps",
        "reportDate>yesterday",
        "id=in=2",
        "id=in=(2",
        "(id==2",
        "id==2)",
        "id==2;",
        "id==2 id==3",
        'general.name=="open',
        "==2",
    ],
)
def test_malformed_expressions_are_refused(expression: str) -> None:
    with pytest.raises(RsqlError):
        compile_filter(expression, FIELDS)
