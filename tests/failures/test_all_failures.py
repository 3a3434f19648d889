"""Every failure of docs/known-failures.md has a test that is named after its number."""

import ast
import re
from pathlib import Path

_HERE = Path(__file__).parent
_FAILURES = range(1, 37)


def test_every_known_failure_has_its_test() -> None:
    numbers = {
        int(match[1])
        for path in _HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (match := re.match(r"test_failure_(\d\d)_\w", node.name))
    }
    assert numbers == set(_FAILURES)
