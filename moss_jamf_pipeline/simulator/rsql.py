"""RSQL, the filter language of the JAMF Pro API: parser and evaluator.

Grammar (JAMF: "Filtering with RSQL"): comparisons joined by `;` or ` and ` (binding tighter) and `,` or ` or `,
grouped with parentheses. Which fields a collection may be filtered by, and what their values are, is told by a
mapping of field names to readers; this module knows no records.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | float | bool | None"
Reader: TypeAlias = Callable[[Any], Value]
Predicate: TypeAlias = Callable[[Any], bool]


class RsqlError(ValueError):
    """A filter or sort expression that JAMF Pro would refuse with status 400."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a collection can be filtered or sorted by.

    Attributes:
        read: takes the field's value from a record.
        kind: how texts in a filter are compared with it: `text`, `number` (also ids), `boolean` or `instant`
            (UTC milliseconds in the record, ISO text in the filter).
    """

    read: Reader
    kind: str = "text"


_OPERATORS = {
    "=lt=": "<",
    "=le=": "<=",
    "=gt=": ">",
    "=ge=": ">=",
    "=in=": "in",
    "=out=": "out",
    "==": "==",
    "!=": "!=",
    "<=": "<=",
    ">=": ">=",
    "<": "<",
    ">": ">",
}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>=[a-zA-Z]+=|==|!=|<=|>=|<|>)
      | (?P<punctuation>[();,])
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | '(?P<single>(?:[^'\\]|\\.)*)'
      | (?P<word>[^\s"'();,=!~<>]+)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def compile_filter(expression: str, fields: Mapping[str, Field]) -> Predicate:
    """Turns a filter expression into a test of one record.

    A null value fulfils no comparison, not even `!=`, as in the SQL that JAMF makes of it.

    Args:
        expression: the decoded `filter` parameter.
        fields: the fields it may name.

    Returns:
        A function that tells whether a record passes.

    Raises:
        RsqlError: the expression is malformed, names an unknown field or compares it with an impossible value.
    """
    parser = _Parser(_tokens(expression), fields)
    predicate = parser.disjunction()
    parser.expect_end()
    return predicate


def _tokens(expression: str) -> list[_Token]:
    tokens, position = [], 0
    end = len(expression.rstrip())
    while position < end:
        match = _TOKEN.match(expression, position)
        if match is None:
            raise RsqlError(
                f"unexpected character at position {position}: {expression[position : position + 10]!r}"
            )
        position = match.end()
        kind = str(match.lastgroup)
        text = match[kind]
        if kind in {"double", "single"}:
            kind, text = "quoted", re.sub(r"\\(.)", r"\1", text)
        tokens.append(_Token(kind, text))
    return tokens


class _Parser:
    """A recursive-descent parser; each method consumes the tokens of one rule of the grammar."""

    def __init__(self, tokens: list[_Token], fields: Mapping[str, Field]) -> None:
        self._tokens = tokens
        self._position = 0
        self._fields = fields

    def disjunction(self) -> Predicate:
        branches = [self._conjunction()]
        while self._skip(",", "or"):
            branches.append(self._conjunction())
        return (
            branches[0]
            if len(branches) == 1
            else lambda record: any(branch(record) for branch in branches)
        )

    def expect_end(self) -> None:
        if self._position < len(self._tokens):
            raise RsqlError(f"unexpected {self._tokens[self._position].text!r}")

    def _conjunction(self) -> Predicate:
        branches = [self._constraint()]
        while self._skip(";", "and"):
            branches.append(self._constraint())
        return (
            branches[0]
            if len(branches) == 1
            else lambda record: all(branch(record) for branch in branches)
        )

    def _constraint(self) -> Predicate:
        if self._skip("("):
            predicate = self.disjunction()
            if not self._skip(")"):
                raise RsqlError("a closing parenthesis is missing")
            return predicate
        name = self._take("word", "a field name").text
        field = self._fields.get(name)
        if field is None:
            raise RsqlError(f"unknown field {name!r}")
        operator = self._take("operator", f"an operator after {name}").text.lower()
        if operator not in _OPERATORS:
            raise RsqlError(f"unknown operator {operator!r}")
        return _comparison(field, name, _OPERATORS[operator], self._arguments(_OPERATORS[operator]))

    def _arguments(self, operator: str) -> list[_Token]:
        if operator not in {"in", "out"}:
            return [self._argument()]
        if not self._skip("("):
            raise RsqlError("=in= and =out= need a list in parentheses")
        arguments = [self._argument()]
        while self._skip(","):
            arguments.append(self._argument())
        if not self._skip(")"):
            raise RsqlError("a closing parenthesis is missing after the list")
        return arguments

    def _argument(self) -> _Token:
        token = self._peek()
        if token is None or token.kind not in {"word", "quoted"}:
            raise RsqlError("a value is missing")
        self._position += 1
        return token

    def _take(self, kind: str, what: str) -> _Token:
        token = self._peek()
        if token is None or token.kind != kind:
            raise RsqlError(f"expected {what}")
        self._position += 1
        return token

    def _skip(self, punctuation: str, word: str | None = None) -> bool:
        token = self._peek()
        if token is None:
            return False
        is_word = word is not None and token.kind == "word" and token.text.lower() == word
        if is_word or (token.kind == "punctuation" and token.text == punctuation):
            self._position += 1
            return True
        return False

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None


def _comparison(field: Field, name: str, operator: str, arguments: list[_Token]) -> Predicate:
    texts = [argument.text for argument in arguments]
    if operator in {"==", "!="} and field.kind == "text" and "*" in texts[0]:
        return _wildcard_comparison(field.read, texts[0], negated=operator == "!=")
    comparable = [_comparable(text, field.kind, name) for text in texts]
    values = frozenset(comparable) if operator in {"in", "out"} else comparable
    test = _TESTS[operator]
    read, normalise = field.read, _NORMALISERS[field.kind]

    def passes(record: object) -> bool:
        value = read(record)
        if value is None:
            return False
        normal = normalise(value)
        return normal is not None and test(normal, values)

    return passes


def _wildcard_comparison(read: Reader, text: str, *, negated: bool) -> Predicate:
    pattern = re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE | re.DOTALL)

    def passes(record: object) -> bool:
        value = read(record)
        return value is not None and (pattern.fullmatch(str(value)) is not None) != negated

    return passes


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda value, values: bool(value == values[0]),
    "!=": lambda value, values: bool(value != values[0]),
    "<": lambda value, values: bool(value < values[0]),
    "<=": lambda value, values: bool(value <= values[0]),
    ">": lambda value, values: bool(value > values[0]),
    ">=": lambda value, values: bool(value >= values[0]),
    "in": lambda value, values: value in values,
    "out": lambda value, values: value not in values,
}


def _number(value: Value) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


_NORMALISERS: dict[str, Callable[[Value], Any]] = {
    "text": lambda value: str(value).casefold(),
    "number": _number,
    "boolean": lambda value: value,
    "instant": lambda value: value,
}


def _comparable(text: str, kind: str, name: str) -> object:
    """The value of a filter's text, in the form the record's value is normalised to."""
    if kind == "number":
        number = _number(text)
        if number is None:
            raise RsqlError(f"{name} is compared with numbers, not with {text!r}")
        return number
    if kind == "boolean":
        if text.lower() not in {"true", "false"}:
            raise RsqlError(f"{name} is true or false, not {text!r}")
        return text.lower() == "true"
    if kind == "instant":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise RsqlError(
                f"{name} is compared with instants like 2026-01-31T00:00:00Z, not {text!r}"
            ) from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return text.casefold()
