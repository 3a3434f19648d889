"""`make bench`: times the sync end to end, against a simulated JAMF Pro and a real PostgreSQL on this machine.

- `phases.py`: what is timed; begin there.
- `servers.py`: the servers it is timed against; `series.py` takes a fleet through the phases.
- `measurement.py`, `steps.py`, `statements.py`: how it is measured, from outside, from Dagster's log and PostgreSQL's.
- `against_dlt.py` and the script it runs, `dlt_pipeline.py`: a peer's time for part of the work.
- `results.py` and `markdown.py`: what comes of it.

Each fleet gets servers of its own and goes through all phases. The results are printed and written as JSON and as
Markdown, after every fleet anew. Measures; asserts nothing.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from moss_jamf_pipeline.cli.options import DemoFleet
from tests.bench.against_dlt import dlt_python, measure_dlt
from tests.bench.markdown import render
from tests.bench.phases import PHASES, Phase, chosen_phases
from tests.bench.results import Machine, Results
from tests.bench.series import Series, measure_phases
from tests.bench.servers import FatRecords, open_workbench
from tests.support.dialects import DIALECTS, STRATEGY
from tests.support.other_servers import installation_in, other_installations

_DIALECTS = {dialect.name: dialect for dialect in DIALECTS}
_USUAL_FLEET = 10_000
_LARGE_FLEET = 100_000
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what the command line asks for.

    Args:
        arguments: of the command line; this process's own by default.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    # However we are told to end, what we started ends first; also in the background, where SIGINT would be ignored.
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, signal.default_int_handler)
    fat = _fat_records(options)
    results = Results(Machine.now(options.postgres), options.dialect, fat.in_words if fat else "")
    file = options.result or _default_file(results, options.sizes)
    try:
        python = dlt_python(file.parent) if options.vs_dlt else None
        for computers, latency_ms in product(options.sizes, options.latency_ms):
            series = Series(_fleet(computers, options), latency_ms)
            results.series.append(series)
            try:
                _measure(series, options, python)
            finally:
                _keep(results, file)
    except KeyboardInterrupt:
        _say("Interrupted; everything that was started has been stopped.")
        return _INTERRUPTED
    except RuntimeError as error:
        _say(str(error))
        return 1
    sys.stdout.write(render(results))
    _say(f"Kept in {file} and {file.with_suffix('.md')}.")
    return 0


def _measure(series: Series, options: argparse.Namespace, dlt: Path | None) -> None:
    """Takes a series' fleet through the phases, and through dlt if its Python is given."""
    fleet, dialect = series.fleet, _DIALECTS[options.dialect]
    with open_workbench(
        fleet, dialect, series.latency_ms, options.postgres, _fat_records(options)
    ) as workbench:
        _say(f"{fleet.computers:,} computers at {series.latency_ms} ms latency")
        for one in measure_phases(workbench, options.phases):
            series.measurements.append(one)
            _say(f"  {one.phase}: {one.status}, {one.seconds:.1f} s")
        if dlt is not None:
            for load in measure_dlt(dlt, workbench):
                series.dlt.append(load)
                _say(f"  dlt {load.variant}, {load.load}: {load.seconds:.1f} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="Times the sync end to end, against a simulated JAMF Pro and a real PostgreSQL.",
    )
    parser.add_argument(
        "--computers",
        "--sizes",
        dest="sizes",
        type=_numbers,
        default=[_USUAL_FLEET],
        help="the fleets to measure, one after the other: 10000, or 1000,10000,100000",
    )
    parser.add_argument("--users", type=int, help="default: four for every five computers")
    parser.add_argument(
        "--groups", type=int, help=f"default: 200; from {_LARGE_FLEET:,} computers on 500"
    )
    parser.add_argument("--seed", type=int, default=7, help="names the fleet")
    parser.add_argument(
        "--dialect",
        choices=list(_DIALECTS),
        default=STRATEGY.name,
        help="which M.O.S.S. is synced",
    )
    parser.add_argument(
        "--postgres",
        type=_binaries,
        metavar="embedded|system|DIRECTORY",
        help="which PostgreSQL: the embedded one (default), the newest other one of this machine, or the one whose "
        "programs are in a directory; each with the settings of the embedded one",
    )
    parser.add_argument(
        "--latency-ms",
        type=_numbers,
        default=[0],
        help="by how much later JAMF answers; several are measured one after the other",
    )
    parser.add_argument(
        "--phases",
        type=_phases,
        default=PHASES,
        help=f"besides the first import, of: {', '.join(phase.key for phase in PHASES[1:])}",
    )
    parser.add_argument(
        "--fat",
        type=int,
        metavar="KILOBYTES",
        help="computers of this weight, from a server as slow as real ones; instead of --latency-ms",
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        default=0.1,
        help="of --fat: how many seconds here stand for one there (default: 0.1)",
    )
    parser.add_argument("--vs-dlt", action="store_true", help="let dlt load the same fleet")
    parser.add_argument("--result", type=Path, help="the JSON file; the Markdown goes beside it")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _binaries(text: str) -> Path | None:
    """The directory of a PostgreSQL's programs; None for the embedded one."""
    if text == "embedded":
        return None
    if text == "system":
        others = other_installations()
        if not others:
            raise argparse.ArgumentTypeError("there is no other PostgreSQL on this machine")
        return others[-1].binaries
    directory = Path(text)
    if installation_in(directory) is None:
        raise argparse.ArgumentTypeError(f"there is no PostgreSQL in {directory}")
    return directory


def _phases(text: str) -> tuple[Phase, ...]:
    try:
        return chosen_phases(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fleet(computers: int, options: argparse.Namespace) -> DemoFleet:
    groups = 500 if computers >= _LARGE_FLEET else 200
    return DemoFleet(
        computers=computers,
        users=computers * 4 // 5 if options.users is None else options.users,
        groups=groups if options.groups is None else options.groups,
        seed=options.seed,
    )


def _fat_records(options: argparse.Namespace) -> FatRecords | None:
    return None if options.fat is None else FatRecords(options.fat, options.time_scale)


def _default_file(results: Results, sizes: Sequence[int]) -> Path:
    began_at = results.machine.began_at.replace(":", "")
    major = results.machine.postgres.partition(".")[0]
    name = f"{began_at}-postgresql-{major}-{results.dialect}-{'-'.join(map(str, sizes))}.json"
    return Path("bench-results") / name


def _keep(results: Results, file: Path) -> None:
    """Writes what was measured so far, if anything was."""
    if not any(series.measurements for series in results.series):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(results.as_json(), encoding="utf-8")
    file.with_suffix(".md").write_text(render(results), encoding="utf-8")


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
