"""Reads what a workbook shows, without the library that wrote it."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets_of(workbook: bytes | Path) -> list[list[dict[str, str]]]:
    """Each sheet's rows: of each cell that is not empty, its column to its text; what is a formula begins with `=`."""
    with zipfile.ZipFile(BytesIO(workbook) if isinstance(workbook, bytes) else workbook) as file:
        names = [name for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
        return [_rows(file.read(name)) for name in sorted(names, key=_number)]


def links_of(workbook: bytes) -> list[str]:
    """What a workbook refers to outside itself."""
    with zipfile.ZipFile(BytesIO(workbook)) as file:
        parts = [file.read(name).decode() for name in file.namelist() if name.endswith(".rels")]
    return [part for part in parts if 'TargetMode="External"' in part]


def _number(name: str) -> int:
    return int(re.sub(r"\D", "", name))


def _rows(sheet: bytes) -> list[dict[str, str]]:
    rows = []
    for row in ET.fromstring(sheet).iter(f"{_MAIN}row"):
        cells = {}
        for cell in row.iter(f"{_MAIN}c"):
            formula = cell.find(f"{_MAIN}f")
            text = f"={formula.text}" if formula is not None else "".join(cell.itertext())
            cells[re.sub(r"\d", "", cell.attrib["r"])] = text
        rows.append(cells)
    return rows
