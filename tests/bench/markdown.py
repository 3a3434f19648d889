"""The results as Markdown tables, for a terminal and for the documentation."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from tabulate import tabulate

from tests.bench.against_dlt import DltLoad
from tests.bench.measurement import RowWrites, Usage
from tests.bench.results import Results
from tests.bench.series import Measurement, Series
from tests.support.dialects import CORE_TABLES

T = TypeVar("T")
Columns = Mapping[str, Callable[[Series, T], str]]
"""Header to the text of its cells."""

# Steps that in every phase take less than this share of the longest phase have one line together.
_SHARE_WORTH_A_LINE: Final = 0.01
_STATEMENTS_SHOWN: Final = 25

_ABOUT_WRITES: Final = (
    "Rows are row versions as PostgreSQL counts them, those of a rolled-back transaction included: a dry run tries its "
    "plan on M.O.S.S.'s tables and takes it back. WAL is the whole server's, Dagster's own database included."
)

_CORE: Final = frozenset(f"public.{table}" for table in CORE_TABLES)


def render(results: Results) -> str:
    """The whole report, to end with a line break.

    Args:
        results: with at least one measurement.
    """
    return "\n\n".join(_sections(results)) + "\n"


def _sections(results: Results) -> Iterator[str]:
    measured = [(series, one) for series in results.series for one in series.measurements]
    yield _circumstances(results)
    yield f"### Time and memory\n\n{_table(_TIME, measured)}"
    yield f"### Requests and writes\n\n{_table(_WRITES, measured)}\n\n{_ABOUT_WRITES}"
    if len({series.fleet.computers for series in results.series}) > 1:
        yield f"### Linearity\n\n{_linearity(results.series)}"
    for series in results.series:
        yield f"### Steps: {_name(series)}, seconds\n\n{_steps(series)}"
        yield f"### Statements: {_name(series)}, seconds (calls)\n\n{_statements(series)}"
    if loads := [(series, load) for series in results.series for load in series.dlt]:
        yield (
            "### dlt, the raw load alone\n\n"
            "Computers, users and groups of the same fleet, merged by id: no matching, no plan, nothing in M.O.S.S. "
            "Peak RSS is that of its largest process.\n\n"
            f"{_table(_DLT, loads)}"
        )
    if notes := [_note(series, one) for series, one in measured if one.notes]:
        yield "### What the runs said\n\n" + "\n".join(notes)


def _circumstances(results: Results) -> str:
    machine = results.machine
    commit = f" on commit {machine.commit}" if machine.commit else ""
    jamf = f"{results.jamf}\n\n" if results.jamf else ""
    return (
        f"{jamf}Measured at {machine.began_at}{commit}, dialect {results.dialect}. "
        f"{machine.cpus} cores ({machine.system}, load before: {machine.load}) for run, database and simulator "
        f"together. Python {machine.python}, "
        f"PostgreSQL {machine.postgres}, Dagster {machine.dagster}.\n\n"
        "Seconds are from the start of the Dagster run to its end; CPU and memory are of the process that ran it. "
        "Others' CPU is what the rest of the machine used meanwhile: if it is much, the seconds are too many."
    )


def _name(series: Series) -> str:
    late = f", {series.latency_ms} ms latency" if series.latency_ms else ""
    return f"{series.fleet.computers:,} computers, {series.fleet.users:,} users, {series.fleet.groups:,} groups{late}"


def _note(series: Series, one: Measurement) -> str:
    return f"- {_name(series)}, {one.phase}: {one.status}. {' '.join(one.notes)}"


# Tables -----------------------------------------------------------------------------------------------------------


def _table(columns: Columns[T], lines: Iterable[tuple[Series, T]]) -> str:
    rows = [[text(series, one) for text in columns.values()] for series, one in lines]
    return _markdown(list(columns), rows)


def _markdown(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of words are aligned to the left, all others to the right."""
    sides = ["left" if header in _WORDS else "right" for header in headers]
    return tabulate(rows, headers, tablefmt="pipe", colalign=sides, disable_numparse=True)


_WORDS: Final = frozenset({"phase", "status", "step", "statement", "dlt", "load"})

_FLEET: Final[Columns[object]] = {
    "computers": lambda series, _: f"{series.fleet.computers:,}",
    "latency ms": lambda series, _: str(series.latency_ms),
}
_TIME: Final[Columns[Measurement]] = {
    **_FLEET,
    "phase": lambda _, one: one.phase,
    "status": lambda _, one: one.status,
    "seconds": lambda _, one: f"{one.seconds:.1f}",
    "whole process": lambda _, one: f"{one.usage.process_seconds:.1f}",
    "CPU s": lambda _, one: f"{one.usage.cpu_seconds:.1f}",
    "peak RSS MB": lambda _, one: str(one.usage.peak_rss_mb),
    "PostgreSQL CPU s": lambda _, one: f"{one.usage.postgres_cpu_seconds:.1f}",
    "simulator CPU s": lambda _, one: f"{one.usage.simulator_cpu_seconds:.1f}",
    "others' CPU s": lambda _, one: f"{one.usage.other_cpu_seconds:.1f}",
}
_WRITES: Final[Columns[Measurement]] = {
    **_FLEET,
    "phase": lambda _, one: one.phase,
    "requests": lambda _, one: str(one.usage.requests),
    "pages": lambda _, one: str(one.usage.pages),
    "received MB": lambda _, one: f"{one.received_mb:.1f}",
    "core rows ins / upd / del": lambda _, one: _writes(one.usage, _is_core),
    "other M.O.S.S. rows": lambda _, one: _writes(one.usage, _is_other_moss),
    "jamf_sync rows": lambda _, one: _writes(one.usage, _is_ours),
    "updates in place": lambda _, one: _in_place(one.usage),
    "WAL MB": lambda _, one: f"{one.usage.wal_mb:.1f}",
}
_DLT: Final[Columns[DltLoad]] = {
    **_FLEET,
    "dlt": lambda _, load: load.variant,
    "load": lambda _, load: load.load,
    "seconds": lambda _, load: f"{load.seconds:.1f}",
    "whole process": lambda _, load: f"{load.usage.process_seconds:.1f}",
    "CPU s": lambda _, load: f"{load.usage.cpu_seconds:.1f}",
    "peak RSS MB": lambda _, load: str(load.usage.peak_rss_mb),
    "PostgreSQL CPU s": lambda _, load: f"{load.usage.postgres_cpu_seconds:.1f}",
    "others' CPU s": lambda _, load: f"{load.usage.other_cpu_seconds:.1f}",
    "computers stored": lambda _, load: f"{load.computers:,}",
    "rows ins / upd / del": lambda _, load: _writes(load.usage, lambda _: True),
    "WAL MB": lambda _, load: f"{load.usage.wal_mb:.1f}",
}


def _linearity(several: Sequence[Series]) -> str:
    """Per phase and latency a line, per size two columns; equal seconds per 1,000 in a line mean linear cost."""
    measured = {
        (str(series.latency_ms), one.phase, series.fleet.computers): one
        for series in several
        for one in series.measurements
    }
    sizes = sorted({series.fleet.computers for series in several})
    rows = []
    for line in dict.fromkeys((latency, phase) for latency, phase, _ in measured):
        of_line = [(size, measured.get((*line, size))) for size in sizes]
        rows.append(
            [
                *line,
                *(f"{one.seconds * 1000 / size:.2f}" if one else "" for size, one in of_line),
                *(str(one.usage.peak_rss_mb) if one else "" for _, one in of_line),
            ]
        )
    headers = ["latency ms", "phase", *(f"s per 1,000 of {size:,}" for size in sizes)]
    return _markdown([*headers, *(f"RSS MB of {size:,}" for size in sizes)], rows)


def _steps(series: Series) -> str:
    """Per step a line, the longest first; per phase a column, which adds up to the phase's seconds."""
    columns = [_seconds_by_step(one) for one in series.measurements]
    longest: dict[str, float] = {}
    for column in columns:
        for name, seconds in column.items():
            longest[name] = max(longest.get(name, 0.0), seconds)
    names = sorted(longest, key=lambda name: -longest[name])
    enough = _SHARE_WORTH_A_LINE * max((one.seconds for one in series.measurements), default=0)
    listed = [name for name in names if longest[name] >= enough]
    short = [name for name in names if longest[name] < enough]
    rows = [[name, *(_seconds(column, [name]) for column in columns)] for name in listed]
    if short:
        rows.append([f"{len(short)} others", *(_seconds(column, short) for column in columns)])
    parts = {
        "**between the steps**": [one.run_time.between_steps for one in series.measurements],
        "**before and after them**": [one.run_time.around_steps for one in series.measurements],
        "**the whole run**": [one.seconds for one in series.measurements],
    }
    rows += [[name, *(f"{part:.2f}" for part in several)] for name, several in parts.items()]
    return _markdown(["step", *(one.phase for one in series.measurements)], rows)


def _statements(series: Series) -> str:
    """Per statement a line, the longest first; per phase a column."""
    columns = [{time.name: time for time in one.statements} for one in series.measurements]
    longest: dict[str, float] = {}
    for column in columns:
        for name, time in column.items():
            longest[name] = max(longest.get(name, 0.0), time.seconds)
    names = sorted(longest, key=lambda name: -longest[name])[:_STATEMENTS_SHOWN]
    rows = [
        [
            name,
            *(
                f"{column[name].seconds:.2f} ({column[name].calls})" if name in column else ""
                for column in columns
            ),
        ]
        for name in names
    ]
    return _markdown(["statement", *(one.phase for one in series.measurements)], rows)


def _seconds_by_step(one: Measurement) -> dict[str, float]:
    return {step.name: step.seconds for step in one.run_time.steps}


def _seconds(column: Mapping[str, float], names: Iterable[str]) -> str:
    """The sum of some steps; empty if the phase has none of them."""
    found = [column[name] for name in names if name in column]
    return f"{sum(found):.2f}" if found else ""


# Cells ------------------------------------------------------------------------------------------------------------


def _is_core(table: str) -> bool:
    return table in _CORE


def _is_ours(table: str) -> bool:
    return table.startswith("jamf_sync.")


def _is_other_moss(table: str) -> bool:
    return table.startswith("public.") and not _is_core(table)


def _writes(usage: Usage, counts: Callable[[str], bool]) -> str:
    total = RowWrites.total(written for table, written in usage.rows.items() if counts(table))
    return f"{total.inserted:,} / {total.updated:,} / {total.deleted:,}"


def _in_place(usage: Usage) -> str:
    """The share of all updates that touched no index (HOT)."""
    total = RowWrites.total(usage.rows.values())
    return f"{total.updated_in_place / total.updated:.0%}" if total.updated else ""
