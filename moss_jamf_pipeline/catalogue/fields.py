"""The fields: where each stands in JAMF, how it is normalised, where M.O.S.S. keeps it, and who wins it.

They are the lines of `fields.csv`, typed here and checked when they are read. What follows from them is generated (the
allow-list of JAMF's answers, functions of the database, a page of the documentation) or asked for at run time
(staging, ownership).
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from moss_jamf_pipeline.catalogue.collections import COLLECTION_NAMES, collections_of

_DECLARED: Final = Path(__file__).with_name("fields.csv")

DESCRIBED: Final = "described"
"""The column of a snapshot that holds, by name, the fields that are only compared and written."""

_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\[\])?")


class CatalogueInvalid(ValueError):
    """A line of the catalogue cannot be used; the message names it and says what is wrong."""


class Rule(StrEnum):
    """How a value of JAMF's becomes a staged one; `staging.fields` has what each of them does."""

    AS_IS = "as_is"
    """Not at all: it stays in the document, as JAMF has it."""

    HOSTNAME = "hostname"
    DESCRIPTIVE = "descriptive"
    LABEL = "label"
    REFERENCE = "reference"
    UDID = "udid"
    MANAGEMENT_ID = "management_id"
    SERIAL_NUMBER = "serial_number"
    MAC_ADDRESS = "mac_address"
    EMAIL = "email"
    USERNAME = "username"
    PERSON_NAME = "person_name"
    PLACE_NAME = "place_name"
    GROUP_TEXT = "group_text"
    INTERFACE_TYPE = "interface_type"
    DATE = "date"
    TRUTH = "truth"
    IDS = "ids"
    DERIVED_TEXT = "derived_text"
    """Worked out by the stager from other fields."""
    DERIVED_TRUTH = "derived_truth"
    """The same, of a truth value."""

    @property
    def sql_type(self) -> str:
        """The PostgreSQL type of what it makes."""
        return _SQL_TYPES.get(self, "text")

    @property
    def is_derived(self) -> bool:
        """Whether it has no value of JAMF's own."""
        return self in (Rule.DERIVED_TEXT, Rule.DERIVED_TRUTH)

    @property
    def makes_text(self) -> bool:
        """Whether one text of JAMF's becomes one staged text."""
        return self is not Rule.AS_IS and not self.is_derived and self.sql_type == "text"


_SQL_TYPES: Final = {
    Rule.DATE: "timestamptz",
    Rule.TRUTH: "boolean",
    Rule.DERIVED_TRUTH: "boolean",
    Rule.IDS: "text[]",
}


@dataclass(frozen=True, slots=True)
class JamfPath:
    """Where a value stands in the records of one collection.

    Attributes:
        collection: the collection.
        keys: the keys down to the value; one that ends in `[]` holds a list of objects.
    """

    collection: str
    keys: tuple[str, ...]

    @property
    def section(self) -> str:
        """The keys above the value, joined by dots; empty: it stands in the record itself."""
        return ".".join(self.keys[:-1])

    @property
    def key(self) -> str:
        """The value's own key."""
        return self.keys[-1]


def _read_paths(text: object) -> object:
    """The paths in a cell: `<collection>.<key>.<key>`, several of them with a space between."""
    if text is None:
        return ()
    if not isinstance(text, str):
        return text
    paths = []
    for path in text.split():
        collection, *keys = path.split(".")
        if collection not in COLLECTION_NAMES:
            raise ValueError(f"{path} names no collection; known are {', '.join(COLLECTION_NAMES)}")
        if not keys or not all(_KEY.fullmatch(key) for key in keys):
            raise ValueError(f"{path} is no path of the form <collection>.<key>.<key>")
        paths.append(JamfPath(collection, tuple(keys)))
    return tuple(paths)


class FieldDeclaration(BaseModel):
    """One line of `fields.csv`.

    Attributes:
        object_type: the type of object that has it, or the kind of JAMF record that becomes none.
        field: its name, in the contract with M.O.S.S. and in plans.
        path: where JAMF has it; the same field may stand in several collections. Empty: JAMF has no such value.
        rule: how it is normalised; None: it is not staged.
        limit: the longest text that M.O.S.S. (or, for what stays with us, good sense) takes, in characters.
        staged: the column of the snapshot that holds it; `described`: that one, by the field's name; None: none does.
        place: where it ends: a `column` of M.O.S.S.'s table or the value of a `custom_field`, both with an owner;
            `snapshot`: it is staged to match by; `document`: it stays in the stored document; `contact`: it changes
            with every check-in and is kept beside the document.
        label: what M.O.S.S.'s pages call a custom field.
        description: what it holds, and what its NULL means where that is not plain.
        owner: who wins it; this and the rest only of what has an owner.
        on_create: `write` JAMF's value, write a `default`, or `never` write it.
        on_update: `overwrite` when JAMF differs, `fill` only while empty, `follow` only while it is still the default
            that was written, or `never`.
        on_null: what a JAMF null means: `keep` what is there, or `clear` it.
        records_conflict: whether a disagreement goes to the conflict queue.
        why: why it is so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    object_type: Literal[
        "location", "room", "person", "device", "io", "group", "group_member", "department"
    ]
    field: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    path: Annotated[tuple[JamfPath, ...], BeforeValidator(_read_paths)]
    rule: Rule | None
    limit: PositiveInt | None
    staged: str | None
    place: Literal["column", "custom_field", "snapshot", "document", "contact"]
    owner: Literal["JAMF", "M.O.S.S."] | None
    on_create: Literal["write", "default", "never"] | None
    on_update: Literal["overwrite", "fill", "follow", "never"] | None
    on_null: Literal["keep", "clear"] | None
    records_conflict: bool | None
    label: str | None
    description: Annotated[str, Field(pattern=r"\S")]
    why: str | None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, line: dict[str, object]) -> dict[str, object]:
        return {name: None if cell == "" else cell for name, cell in line.items()}

    @model_validator(mode="after")
    def _holds_together(self) -> "FieldDeclaration":
        for is_wrong, what in self._contradictions():
            if is_wrong:
                raise ValueError(what)
        return self

    def _contradictions(self) -> Iterator[tuple[bool, str]]:
        has_rule = self.rule is not None
        is_derived = self.rule is not None and self.rule.is_derived
        yield bool(self.path) and not has_rule, "what stands in JAMF needs a rule"
        yield is_derived and bool(self.path), "what is derived has no path of its own"
        yield has_rule and not is_derived and not self.path, f"the rule {self.rule} needs a path"
        yield self.staged is not None and not has_rule, "what is staged needs a rule"
        yield self.staged is not None and self.rule is Rule.AS_IS, "as_is is not staged"
        yield (
            self.limit is not None and not (self.rule and self.rule.makes_text),
            ("only a text has a limit"),
        )
        yield self.staged == DESCRIBED and not self.is_owned, "only what has an owner is described"
        yield (
            self.staged == DESCRIBED and self.object_type != "device",
            "only devices are described",
        )
        yield (
            (
                self.place == "custom_field"
                and self.on_update in ("overwrite", "fill")
                and self.object_type != "device"
            ),
            "only the custom fields of devices are compared",
        )
        yield (
            self.on_update == "follow" and self.on_create != "default",
            "only what is given a default follows it",
        )
        yield (
            (self.place == "custom_field") != (self.label is not None),
            ("a custom field, and nothing else, has a label"),
        )
        yield self.place == "snapshot" and self.staged is None, "its place says that it is staged"
        yield (
            self.place in ("document", "contact") and self.staged is not None,
            ("its place says that it is not staged"),
        )
        policies = (
            *(self.owner, self.on_create, self.on_update, self.on_null),
            *(self.records_conflict, self.why),
        )
        if self.is_owned:
            yield None in policies, "what M.O.S.S. has needs an owner, all policies and a reason"
        else:
            yield policies.count(None) < len(policies), "only what M.O.S.S. has has an owner"

    @property
    def name(self) -> str:
        """What it is called among all fields: `<object type>.<field>`."""
        return f"{self.object_type}.{self.field}"

    @property
    def is_owned(self) -> bool:
        """Whether M.O.S.S. has it, so that somebody wins it."""
        return self.place in ("column", "custom_field")

    @property
    def name_in_rows(self) -> str:
        """What staged rows and notes about them call it: its column, or its name among the described ones."""
        return self.field if self.staged in (None, DESCRIBED) else self.staged

    def is_of(self, collection: str) -> bool:
        """Whether the records of a collection have it, as they come or worked out from what they hold."""
        if self.path:
            return self.path_in(collection) is not None
        return any(declared.name == collection for declared in collections_of(self.object_type))

    def path_in(self, collection: str) -> JamfPath | None:
        """Where it stands in the records of a collection; None: it does not."""
        return next((path for path in self.path if path.collection == collection), None)


def read_fields(lines: Iterable[str]) -> tuple[FieldDeclaration, ...]:
    """Reads and checks fields.

    Args:
        lines: a CSV text with a header, line by line.

    Raises:
        CatalogueInvalid: a line cannot be used, or two contradict each other.
    """
    rows = csv.DictReader(lines)
    wanted = list(FieldDeclaration.model_fields)
    if rows.fieldnames is None or list(rows.fieldnames) != wanted:
        raise CatalogueInvalid(f"fields.csv must have the columns {', '.join(wanted)}")
    fields = []
    for row in rows:
        try:
            field = FieldDeclaration.model_validate(row)
        except ValidationError as error:
            faults = "; ".join(
                ": ".join((*map(str, fault["loc"]), fault["msg"])) for fault in error.errors()
            )
            raise CatalogueInvalid(
                f"fields.csv, line {rows.line_num} ({row['object_type']}.{row['field']}): {faults}"
            ) from error
        fields.append(field)
    _require_unique(field.name for field in fields)
    for collection in COLLECTION_NAMES:
        _require_unique(
            f"{collection}: {field.staged}"
            for field in fields
            if field.staged not in (None, DESCRIBED) and field.is_of(collection)
        )
    return tuple(fields)


def _require_unique(names: Iterable[str]) -> None:
    """Raises CatalogueInvalid if a name comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CatalogueInvalid(f"fields.csv declares {name} twice")
        seen.add(name)


def fields_of(collection: str) -> tuple[FieldDeclaration, ...]:
    """The fields of a collection's records, in the order of `fields.csv`."""
    return tuple(field for field in declared_fields() if field.is_of(collection))


@cache
def declared_fields() -> tuple[FieldDeclaration, ...]:
    """The lines of `fields.csv`, in its order."""
    with _DECLARED.open(encoding="utf-8", newline="") as file:
        return read_fields(file)
