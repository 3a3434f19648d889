"""Writes the files that follow from the catalogue: `make generate`; `make lint` says when they differ.

A generator is a function without arguments that returns the files it makes: path below the project's top level to
text. What it makes is committed, so that a reader and psql find plain SQL, and a change of the catalogue shows in the
diff as what it means. Nothing here runs in a sync.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from moss_jamf_pipeline.catalogue.allow_list import allow_list_files
from moss_jamf_pipeline.catalogue.contract_functions import contract_files
from moss_jamf_pipeline.catalogue.custom_fields import custom_field_files
from moss_jamf_pipeline.catalogue.documentation import documentation_files
from moss_jamf_pipeline.catalogue.tables import table_files
from moss_jamf_pipeline.catalogue.vocabularies import vocabulary_files
from moss_jamf_pipeline.catalogue.written_statements import written_statement_files

Generator = Callable[[], Mapping[str, str]]

GENERATORS: tuple[Generator, ...] = (
    allow_list_files,
    contract_files,
    custom_field_files,
    documentation_files,
    table_files,
    vocabulary_files,
    written_statement_files,
)
"""Everything that is generated."""


def generated_files(generators: Sequence[Generator] = GENERATORS) -> dict[str, str]:
    """What the generators make, path to text.

    Raises:
        ValueError: two of them make the same file.
    """
    files: dict[str, str] = {}
    for path, text in chain.from_iterable(generator().items() for generator in generators):
        if path in files:
            raise ValueError(f"{path} is generated twice")
        files[path] = text
    return files


def differing_files(root: Path, files: Mapping[str, str]) -> list[str]:
    """The files below a folder that are not as they are generated, and those of `sql/generated` that nothing makes."""
    stale = [
        path
        for path, text in files.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]
    left_over = [
        found
        for file in sorted(root.glob("sql/generated/**/*.sql"))
        if (found := file.relative_to(root).as_posix()) not in files
    ]
    return [*stale, *left_over]


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Brings the files below a folder to what is generated; what nothing makes any more is removed."""
    for path in differing_files(root, files):
        file = root / path
        if path in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(files[path], encoding="utf-8")
        else:
            file.unlink()


def main(arguments: Sequence[str]) -> int:
    """Generates, or with `--check` only says what differs.

    Returns:
        0: all is as generated; 1: with `--check`, something differs.
    """
    root = Path(__file__).resolve().parent.parent.parent
    files = generated_files()
    if "--check" not in arguments:
        write_files(root, files)
        return 0
    differing = differing_files(root, files)
    for path in differing:
        sys.stderr.write(f"{path} differs from what the catalogue says: run `make generate`.\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
