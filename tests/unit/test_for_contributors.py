"""What somebody relies on who is new here: lists that are complete, recipes that work, commands that there are."""

import ast
import re

from moss_jamf_pipeline.settings import PROJECT_ROOT

_DECISIONS = PROJECT_ROOT / "docs" / "decisions"


def _read(path: str) -> str:
    return (PROJECT_ROOT / path).read_text(encoding="utf-8")


def test_every_decision_is_in_the_list_under_its_own_heading() -> None:
    listed = re.findall(
        r"^\| (\d{4}) \| \[(.+)\]\((.+)\) \|$", _read("docs/decisions/index.md"), re.MULTILINE
    )
    there = [
        (file.name[:4], file.read_text(encoding="utf-8").partition("\n")[0][2:], file.name)
        for file in sorted(_DECISIONS.glob("0*.md"))
    ]
    assert listed == there


def test_every_known_failure_is_described_once_and_has_a_test() -> None:
    described = re.findall(r"^\| (\d+) \|", _read("docs/known-failures.md"), re.MULTILINE)
    tried = {
        int(found[1])
        for file in (PROJECT_ROOT / "tests" / "failures").glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (found := re.match(r"test_failure_(\d\d)_", node.name))
    }
    assert [int(number) for number in described] == sorted(tried)
