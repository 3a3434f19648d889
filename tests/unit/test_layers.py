"""The rooms of the house: imports go down only, and what Dagster keeps private is touched in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import moss_jamf_pipeline
from tests.support.forks import IMPORT_IT, LOOKS_AT_THE_ENVIRONMENT

_PACKAGE = Path(moss_jamf_pipeline.__file__).parent
_PRIVATE_PARTS = ("dagster._", "dagster_shared", "dagster_postgres._")
_MAY_TOUCH_THEM = "orchestration/dagster_internals.py"

_FOR_ALL = {"settings", "scrubbing", "outputs", "__version__"}
# Room -> the rooms that it may use besides its own.
_BELOW = {
    "catalogue": set[str](),
    "jamf": {"catalogue"},
    "staging": {"catalogue"},
    "embedded": set[str](),
    # The types of credentials are JAMF's; M.O.S.S. keeps them.
    "moss": {"catalogue", "staging", "jamf"},
    "engine": {"catalogue", "jamf", "staging", "moss", "embedded"},
    "services": {"catalogue", "jamf", "staging", "moss", "embedded", "engine"},
    "rendering": {"catalogue", "moss", "services"},
    "notifying": {"catalogue", "jamf", "moss", "engine", "services", "rendering"},
    # A door that knows neither the command line nor Dagster: who starts runs is handed to it.
    "companion": {"catalogue", "jamf", "moss", "engine", "services", "rendering"},
}
_MODULES = sorted(path.relative_to(_PACKAGE).as_posix() for path in _PACKAGE.rglob("*.py"))


def _imported(module: str) -> Iterator[str]:
    """The full names of what a module imports."""
    for node in ast.walk(ast.parse((_PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", [name for name in _MODULES if name != _MAY_TOUCH_THEM])
def test_only_one_module_touches_what_dagster_keeps_private(module: str) -> None:
    assert [name for name in _imported(module) if name.startswith(_PRIVATE_PARTS)] == []


@pytest.mark.parametrize("module", [name for name in _MODULES if name.split("/")[0] in _BELOW])
def test_imports_go_down_only(module: str) -> None:
    room = module.partition("/")[0]
    used = {
        name.split(".")[1]
        for name in _imported(module)
        if name.startswith(f"{moss_jamf_pipeline.__name__}.")
    }
    assert used - {room, *_FOR_ALL} <= _BELOW[room]


def _run_by_an_import(node: ast.AST) -> Iterator[ast.AST]:
    """What of a piece of code runs when its module is imported: all but the bodies of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            beside = (
                *child.decorator_list,
                *child.args.defaults,
                *filter(None, child.args.kw_defaults),
            )
            for part in beside:
                yield from _run_by_an_import(part)
        elif not isinstance(child, ast.Lambda):
            yield from _run_by_an_import(child)


def _looks_at_the_environment(module: str) -> bool:
    code = ast.parse((_PACKAGE / module).read_text(encoding="utf-8"))
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "Settings")
        for node in _run_by_an_import(code)
    )


def _name(module: str) -> str:
    return f"{moss_jamf_pipeline.__name__}.{module.removesuffix('.py').replace('/', '.')}"


def test_only_a_code_location_looks_at_the_environment_when_it_is_imported() -> None:
    """Else the tests could not fork their commands off a process that has imported all others (support/forks.py)."""
    looking = {_name(module) for module in _MODULES if _looks_at_the_environment(module)}
    assert looking == {LOOKS_AT_THE_ENVIRONMENT}
    importing = {
        _name(module)
        for module in _MODULES
        if any(name.startswith((*looking, *IMPORT_IT)) for name in _imported(module))
    }
    assert importing == IMPORT_IT
