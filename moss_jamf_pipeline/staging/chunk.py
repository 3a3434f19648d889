"""The versions of one call of `stage` while they become columns, and the quarantine they fill.

What every collection needs is here: finding sections, telling right types from wrong ones, running
a text field's rule, noting what could not be used. What is special to a collection is in its
stager.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import pandas as pd

from moss_jamf_pipeline.staging.columns import SNAPSHOT_COLUMNS
from moss_jamf_pipeline.staging.copying import python_values
from moss_jamf_pipeline.staging.fields import TextField, TextRule, text_fields, truth_fields
from moss_jamf_pipeline.staging.forms import parse_date
from moss_jamf_pipeline.staging.reasons import Reason
from moss_jamf_pipeline.staging.text import clean_identifier

if TYPE_CHECKING:
    Texts = pd.Series[str]
    Times = pd.Series[pd.Timestamp]
    Truths = pd.Series[bool]


class RawVersion(NamedTuple):
    """One stored version of an object.

    Attributes:
        version_id: its id.
        jamf_id: the object's id in JAMF.
        document: the allow-listed document.
        captured_at: when it was captured first; None: not known, so no time counts as one of the future.
    """

    version_id: int
    jamf_id: str
    document: dict[str, Any]
    captured_at: datetime | None = None


QUARANTINE_COLUMNS: Final = ("version_id", "jamf_id", "field", "reason", "detail")
"""The columns of the quarantine.

`field` is a staged column's name, or a section's key where the whole section has the wrong type.
"""

_DTYPES: Final = {
    "bigint": "int64",
    "text": "str",
    "boolean": "boolean",
    "timestamptz": "datetime64[us, UTC]",
    "text[]": "object",
    "jsonb": "str",
}
_TOLERATED: Final = timedelta(days=1)
"""How much later than the capture a time of JAMF's may be: clocks and zones differ."""
_SHOWN_CHARACTERS: Final = 60
_LONGEST_NUMBER_BITS: Final = 64


@dataclass(frozen=True)
class Staged:
    """What became of the versions of one call.

    Attributes:
        rows: one row per version, in the given order, with the columns of `SNAPSHOT_COLUMNS`.
        quarantine: what could not be used: `QUARANTINE_COLUMNS`, in the order of the versions; a
            version may have several. The record itself is out only where its row says `is_usable` =
            false, and then it has at least one row here.
    """

    rows: pd.DataFrame
    quarantine: pd.DataFrame


class Chunk:
    """The versions of one call; its methods make columns of them and note what is wrong.

    A column has one value per version, in the order of the versions.
    """

    def __init__(
        self, versions: Sequence[RawVersion], *, withheld: Iterable[bool] | None = None
    ) -> None:
        """Take the versions.

        Args:
            versions: what to stage.
            withheld: whether a version's document must not be read; None: all may be read.
        """
        self._version_ids = [version.version_id for version in versions]
        self._jamf_ids = [version.jamf_id for version in versions]
        self._captured_at = [version.captured_at for version in versions]
        documents: list[Any] = [version.document for version in versions]
        if withheld is not None:
            documents = [
                {} if hidden else document
                for hidden, document in zip(withheld, documents, strict=True)
            ]
        self._notes: list[tuple[int, str, str, str]] = []
        self._sections = {"": self._objects("document", documents)}

    @cached_property
    def index(self) -> pd.RangeIndex:
        """The index that all columns of this chunk share."""
        return pd.RangeIndex(len(self._version_ids))

    @cached_property
    def _latest(self) -> "Times":
        """The latest time that each version can tell of."""
        return pd.Series(
            [None if moment is None else moment + _TOLERATED for moment in self._captured_at],
            index=self.index,
            dtype=_DTYPES["timestamptz"],
        )

    def values(self, section: str, key: str) -> list[Any]:
        """The raw values of a key, None where it or its section is absent.

        Args:
            section: a section's key, keys joined by a dot for one inside another, or `""` for the
                document itself.
            key: the key in it.
        """
        return [found.get(key) for found in self._section(section)]

    def texts(self, field: TextField) -> "Texts":
        """Make a text column by its field's rule, and note what is lost on the way.

        Args:
            field: what to read and how.

        Returns:
            The column; NULL is NaN.
        """
        rule = field.rule
        values = self.values(field.section, field.key)
        if not {str, type(None)}.issuperset(map(type, values)):
            values = self._numbers_as_text(field, values)
        made = _cleaned(rule, values)
        column = pd.Series([made[value] for value in values], index=self.index, dtype="str")
        if rule.form is not None:
            formed = rule.form(column)
            self._note_malformed(field, column, column.notna() & formed.isna())
            column = formed
        return column if field.limit is None else self._fitting(column, field.column, field.limit)

    def declared(self, collection: str) -> "dict[str, pd.Series[Any]]":
        """Make the columns of all fields that the catalogue gives a place in JAMF and a rule for one value.

        Args:
            collection: whose versions these are.

        Returns:
            Column to values; of a described field, its name to values.
        """
        columns: dict[str, pd.Series[Any]] = {
            field.column: self.times(field) if field.is_date else self.texts(field)
            for field in text_fields(collection)
        }
        for field in truth_fields(collection):
            path = field.path_in(collection)
            if path is not None:
                columns[field.name_in_rows] = self.truths(
                    field.name_in_rows, path.section, path.key
                )
        return columns

    def described(self, columns: "Mapping[str, pd.Series[Any]]") -> "Texts":
        """Put columns together to one of JSON objects, each value under its column's name, NULL as null."""
        names = tuple(columns)
        rows = zip(*map(python_values, columns.values()), strict=True)
        documents = [orjson.dumps(dict(zip(names, row, strict=True))).decode() for row in rows]
        return pd.Series(documents, index=self.index, dtype="str")

    def times(self, field: TextField) -> "Times":
        """Make a column of times by its field's rule, and note what is no date and what is yet to come.

        A time more than a day after the capture is unknown: whatever decides by the latest would decide by it for ever.
        """
        texts = self.texts(field)
        times, is_malformed = parse_date(texts)
        advice = "is no date that can be right; ignored"
        self.note_values(is_malformed, field.column, Reason.MALFORMED_DATE, texts, advice)
        is_to_come = times > self._latest
        advice = "is in the future; it counts as unknown"
        self.note_values(is_to_come, field.column, Reason.TIME_IN_FUTURE, texts, advice)
        return times.mask(is_to_come)

    def truths(self, column: str, section: str, key: str) -> "pd.Series[bool]":
        """Make a boolean column: true and false as they are; anything else is NULL, with a note."""
        values = self.values(section, key)
        is_wrong = [value is not None and not isinstance(value, bool) for value in values]
        self._note_wrong_types(is_wrong, values, column, expected="true or false")
        told = [value if isinstance(value, bool) else None for value in values]
        return pd.Series(told, index=self.index, dtype="boolean")

    def id_lists(self, column: str, section: str, key: str) -> "pd.Series[Any]":
        """Make a column of id lists: each id once, as text, in the given order.

        A list that cannot be read in full is NULL (unknown) with a note, not a shorter list: nobody
        may be taken out of a group because of it.
        """
        values = self.values(section, key)
        lists = [None if value is None else _ids(value) for value in values]
        is_wrong = [
            value is not None and ids is None for value, ids in zip(values, lists, strict=True)
        ]
        self._note_wrong_types(is_wrong, values, column, expected="a list of ids")
        return pd.Series(lists, index=self.index, dtype="object")

    def note(self, is_meant: "Truths", field: str, reason: Reason, detail: str) -> None:
        """Put versions into the quarantine with one and the same detail.

        Args:
            is_meant: which versions.
            field: the staged column that is concerned.
            reason: why.
            detail: one sentence for an operator.
        """
        if is_meant.any():
            for position in compress(self.index, is_meant):
                self._notes.append((position, field, reason.value, detail))

    def note_values(
        self, is_meant: "Truths", field: str, reason: Reason, values: "Texts", advice: str
    ) -> None:
        """Put versions into the quarantine, each with the beginning of its unusable value.

        Args:
            is_meant: which versions.
            field: the staged column that is concerned.
            reason: why.
            values: the values before they were dropped.
            advice: what follows the value in the detail.
        """
        if is_meant.any():
            positions = compress(self.index, is_meant)
            for position, value in zip(positions, values[is_meant], strict=True):
                detail = f"{_shown(value)} {advice}."
                self._notes.append((position, field, reason.value, detail))

    def noted(self, field: str) -> "Truths":
        """Which versions already have a note about a field."""
        positions = {note[0] for note in self._notes if note[1] == field}
        return pd.Series([position in positions for position in self.index], dtype="bool")

    def staged(self, collection: str, columns: "Mapping[str, pd.Series[Any]]") -> Staged:
        """Put the finished columns together.

        Args:
            collection: whose rows these are; a key of `SNAPSHOT_COLUMNS`.
            columns: every column but the keys, in any order.
        """
        made: dict[str, pd.Series[Any]] = {
            "version_id": pd.Series(self._version_ids, index=self.index, dtype="int64"),
            "jamf_id": pd.Series(self._jamf_ids, index=self.index, dtype="str"),
            **columns,
        }
        declared = SNAPSHOT_COLUMNS[collection]
        rows = pd.DataFrame({column.name: made[column.name] for column in declared})
        rows = rows.astype({column.name: _DTYPES[column.type] for column in declared})
        return Staged(rows=rows, quarantine=self._quarantine())

    def _quarantine(self) -> pd.DataFrame:
        notes = sorted(self._notes, key=lambda note: note[0])
        records = [
            (self._version_ids[position], self._jamf_ids[position], field, reason, detail)
            for position, field, reason, detail in notes
        ]
        frame = pd.DataFrame.from_records(records, columns=list(QUARANTINE_COLUMNS))
        return frame.astype(
            {name: "int64" if name == "version_id" else "str" for name in QUARANTINE_COLUMNS}
        )

    def _section(self, name: str) -> list[dict[str, Any]]:
        if name not in self._sections:
            parent, _, key = name.rpartition(".")
            self._sections[name] = self._objects(key, self.values(parent, key))
        return self._sections[name]

    def _objects(self, name: str, values: list[Any]) -> list[dict[str, Any]]:
        is_wrong = [value is not None and not isinstance(value, dict) for value in values]
        self._note_wrong_types(is_wrong, values, name, expected="an object")
        return [value if isinstance(value, dict) else {} for value in values]

    def _numbers_as_text(self, field: TextField, values: list[Any]) -> list[str | None]:
        texts = [value if isinstance(value, str) else _number_as_text(value) for value in values]
        is_wrong = [
            value is not None and text is None for value, text in zip(values, texts, strict=True)
        ]
        self._note_wrong_types(is_wrong, values, field.column, expected="a text")
        return texts

    def _note_wrong_types(
        self, is_wrong: list[bool], values: list[Any], field: str, *, expected: str
    ) -> None:
        for position in compress(self.index, is_wrong):
            detail = f"JAMF sent {_json_type(values[position])} where {expected} belongs; ignored."
            self._notes.append((position, field, Reason.WRONG_TYPE.value, detail))

    def _note_malformed(self, field: TextField, column: "Texts", is_malformed: "Truths") -> None:
        rule = field.rule
        if rule.malformed is None:
            return
        if rule.is_personal:
            detail = f"The value {rule.advice}."
            self.note(is_malformed, field.column, rule.malformed, detail)
        else:
            self.note_values(is_malformed, field.column, rule.malformed, column, rule.advice)

    def _fitting(self, column: "Texts", name: str, limit: int) -> "Texts":
        is_too_long = column.str.len() > limit
        if not is_too_long.any():
            return column
        detail = f"The value has more than {limit} characters and is left out; shorten it in JAMF."
        self.note(is_too_long, name, Reason.TOO_LONG, detail)
        return column.mask(is_too_long)


def _cleaned(rule: TextRule, values: Iterable[str | None]) -> dict[str | None, str | None]:
    """What a rule's cleaning makes of each of these texts, each done once: a fleet has few models and many Macs."""
    cleaned: dict[str | None, str | None] = {None: None}
    for text in set(values):
        if text is not None:
            clean = rule.clean(text)
            cleaned[text] = None if clean.casefold() in rule.words_for_nothing else clean
    return cleaned


def _number_as_text(value: object) -> str | None:
    """A number as text (5.0 is "5", as an id is written); None for what is no sensible number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _LONGEST_NUMBER_BITS else None
    # nan and the infinities are no JSON; is_integer() is false for them.
    return str(value) if isinstance(value, float) and abs(value) < float("inf") else None


def _ids(value: object) -> list[str] | None:
    """The ids in a list, less the ids of nothing; None if it is no list or holds anything else."""
    if not isinstance(value, list):
        return None
    texts = [
        clean_identifier(item) if isinstance(item, str) else _number_as_text(item) for item in value
    ]
    if None in texts:
        return None
    return [text for text in dict.fromkeys(texts) if text and text != "-1"]


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number out of range"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…")
