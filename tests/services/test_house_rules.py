"""What services promise to every door: frozen typed results, no presentation, nothing that only one door may do."""

import ast
import dataclasses
import pkgutil
import typing
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moss_jamf_pipeline import services

_FORBIDDEN = {"typer", "rich", "signal", "dagster", "pandas", "sys"}
_MODULES = [
    import_module(f"{services.__name__}.{module.name}")
    for module in pkgutil.iter_modules(services.__path__)
]
_RESULTS = sorted(
    {
        kind
        for module in _MODULES
        for kind in vars(module).values()
        if isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and kind.__module__ == module.__name__
        and not kind.__name__.startswith("_")
    },
    key=lambda kind: f"{kind.__module__}.{kind.__name__}",
)


def _parts(annotation: object) -> set[object]:
    """An annotation and all that it is made of."""
    return {annotation}.union(*map(_parts, typing.get_args(annotation)))


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_service_neither_presents_nor_handles_signals_nor_knows_dagster(
    module: ModuleType,
) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported & _FORBIDDEN == set()
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & {"print", "input"} == set()


@pytest.mark.parametrize("kind", _RESULTS, ids=lambda kind: kind.__name__)
def test_a_result_is_frozen_and_typed_through_and_through(kind: type[Any]) -> None:
    assert kind.__dataclass_params__.frozen
    for annotation in typing.get_type_hints(kind).values():
        parts = _parts(annotation)
        assert Any not in parts
        assert not {dict, list} & {typing.get_origin(part) or part for part in parts}
