"""The allow-list of JAMF's answers as types: what `fields.csv` gives a path, and nothing else."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from moss_jamf_pipeline.catalogue.collections import COLLECTIONS, Collection, CollectionName
from moss_jamf_pipeline.catalogue.fields import FieldDeclaration, JamfPath, Rule, declared_fields

_PATH: Final = "moss_jamf_pipeline/jamf/allow_list.py"
_LIST: Final = "[]"
_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HEADER: Final = '''\
"""The allow-list: the only fields of JAMF's answers that are held, under JAMF's names.

Generated from moss_jamf_pipeline/catalogue/fields.csv by `make generate`; edit it there.

A key that is not written here is dropped while the answer is parsed, so a field is stored only if it is a line of the
catalogue. Local accounts, recovery keys, last-logged-in users, IP addresses and extension attributes are left out on
purpose.

These are `TypedDict`s and not models: pydantic turns a page's bytes into them almost twice as fast, and a plain dict is
what gets written as JSON. JAMF returns null for any scalar, leaves out keys that its version does not know, and writes
some ids as integers; hence every field accepts null, has the default null, and takes numbers as text.
"""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

Text = Annotated[str | None, Field(default=None)]
Flag = Annotated[bool | None, Field(default=None)]

LENIENT = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
'''


@dataclass(slots=True)
class _Object:
    """A JSON object of an answer while its keys are gathered.

    Attributes:
        name: of its type.
        description: of its type, for people.
        keys: key to the type of its value, as Python source.
        inner: the objects in it, by key.
        taken: names that other types have, each to what this record's own is called instead.
    """

    name: str
    description: str
    keys: dict[str, str] = field(default_factory=dict)
    inner: dict[str, "_Object"] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)

    def add(self, keys: tuple[str, ...], leaf: str) -> None:
        """Takes in a value that stands below these keys."""
        key, *rest = keys
        name = key.removesuffix(_LIST)
        if not rest:
            self.keys[name] = leaf
            return
        if name not in self.inner:
            is_list = key.endswith(_LIST)
            singular = name.removesuffix("s") if is_list else name
            type_name = singular[0].upper() + singular[1:]
            type_name = self.taken.get(type_name, type_name)
            what = "An item of the list" if is_list else "The part"
            self.inner[name] = _Object(type_name, f"{what} `{name}`.", taken=self.taken)
            value = f"list[{type_name}]" if is_list else type_name
            self.keys[name] = f"Annotated[{value} | None, Field(default=None)]"
        self.inner[name].add(tuple(rest), leaf)

    def type_names(self) -> Iterable[str]:
        """The names of its own type and of those of the objects in it."""
        yield self.name
        for part in self.inner.values():
            yield from part.type_names()

    def source(self) -> Iterable[str]:
        """The types of the objects in it and then its own, as Python source."""
        for part in self.inner.values():
            yield from part.source()
        lines = (f"    {key}: {value}\n" for key, value in self.keys.items())
        yield (
            f"@with_config(LENIENT)\nclass {self.name}(TypedDict):\n"
            f'    """{self.description}"""\n\n{"".join(lines)}'
        )


def allow_list_files() -> Mapping[str, str]:
    """The module of the types, complete."""
    types: list[str] = []
    names: set[str] = set()
    for collection in COLLECTIONS:
        record = _record(collection, {name: f"{collection.record}{name}" for name in names})
        types += record.source()
        names |= set(record.type_names())
    return {_PATH: "\n\n".join((_HEADER, *types))}


def sections(collection: CollectionName) -> tuple[str, ...]:
    """The parts of a record, by key in alphabetical order, that JAMF delivers only if they are asked for."""
    found = {
        path.keys[0].removesuffix(_LIST) for _, path in _paths(collection) if len(path.keys) > 1
    }
    return tuple(sorted(found))


def section_parameter(section: str) -> str:
    """What a section is called in a request: `operatingSystem` is asked for as `OPERATING_SYSTEM`."""
    return _WORD_BEGINS.sub("_", section).upper()


def _record(collection: Collection, taken: Mapping[str, str]) -> _Object:
    contents = collection.name.replace("_", " ")
    record = _Object(
        collection.record,
        f"A record of JAMF's {contents}.",
        {collection.id_key: "Text"},
        taken=taken,
    )
    for declared, path in _paths(collection.name):
        record.add(path.keys, "Flag" if declared.rule is Rule.TRUTH else "Text")
    return record


def _paths(collection: CollectionName) -> Iterable[tuple[FieldDeclaration, JamfPath]]:
    for declared in declared_fields():
        path = declared.path_in(collection)
        if path is not None:
            yield declared, path
