"""What somebody relies on who is new here: lists that are complete, recipes that work, commands that there are."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from moss_jamf_pipeline.catalogue.generation import generated_files
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


# What somebody does who follows docs/adding-a-field.md, in a copy: the generated files are renewed, then a computer of
# JAMF's is read and staged with them. The modules are imported when the files are as they will be.
_FOLLOW_THE_RECIPE = """
import json, sys
from moss_jamf_pipeline.catalogue.generation import main
assert main([]) == 0
from pydantic import TypeAdapter
from moss_jamf_pipeline.jamf.allow_list import Hardware
from moss_jamf_pipeline.staging import RawVersion, stage
kept = TypeAdapter(Hardware).validate_python({"bootRom": "13822.1.2", "unknown": 1})
staged = stage("computers", [RawVersion(1, "1", {"id": "1", "hardware": kept})])
print(json.dumps([kept.get("bootRom"), staged.rows.to_dict("records")[0]["described"]]))
"""


def test_a_field_that_is_added_as_the_page_says_is_kept_staged_and_generated(
    tmp_path: Path,
) -> None:
    page = _read("docs/adding-a-field.md")
    (line,) = re.findall(r"```csv\n\s*(.+)\n", page)
    for folder in ("moss_jamf_pipeline", "sql", "docs"):
        shutil.copytree(
            PROJECT_ROOT / folder,
            tmp_path / folder,
            ignore=shutil.ignore_patterns("__pycache__", "migrations", "images"),
        )
    with (tmp_path / "moss_jamf_pipeline/catalogue/fields.csv").open("a") as fields:
        fields.write(line + "\n")

    done = subprocess.run(
        [sys.executable, "-B", "-c", _FOLLOW_THE_RECIPE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    kept, described = json.loads(done.stdout)
    assert kept == "13822.1.2"
    assert json.loads(described)["boot_rom"] == "13822.1.2"
    followed = {
        path for path, text in generated_files().items() if (tmp_path / path).read_text() != text
    }
    (told,) = re.findall(r"\| Follows \|.*?\n\n", page, re.DOTALL)
    assert followed == set(re.findall(r"`([^`]+/[^`]+)`", told))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/adding-a-field.md", "docs/extending.md"])
def test_whatever_a_recipe_names_is_where_it_says(page: str) -> None:
    text = _read(page)
    named = {path for path in re.findall(r"`([\w.-]*/[\w./-]*)`", text) if not path.startswith("/")}
    assert named
    assert {path for path in named if not (PROJECT_ROOT / path).exists()} == set()
    inside = re.findall(r"`(\w+)` (?:in|of) `([\w./-]+\.py)`", text)
    inside += [(name, path) for path, name in re.findall(r"(tests/\S+\.py)::(\w+)", text)]
    assert [(name, path) for name, path in inside if not _defines(path, name)] == []
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", " ".join(re.findall(r"`[^`]+`", text))))
    assert {name for name in targets if f"\n{name}: " not in _read("Makefile")} == set()


def test_the_workflow_runs_what_ci_runs_on_every_python_that_is_supported() -> None:
    job = yaml.safe_load(_read(".github/workflows/ci.yml"))["jobs"]["ci"]
    classifiers = tomllib.loads(_read("pyproject.toml"))["project"]["classifiers"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers))
    assert job["strategy"]["matrix"]["python"] == supported
    assert job["steps"][-1]["run"] == ".ci/run"
    assert "services" not in job


def test_the_hooks_are_what_make_check_runs_and_fetch_nothing() -> None:
    repositories = yaml.safe_load(_read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = {hook["entry"].removeprefix(".venv/bin/") for hook in repositories[0]["hooks"]}
    (recipes,) = re.findall(
        r"^lint: .*?(?=^generate: )", _read("Makefile"), re.MULTILINE | re.DOTALL
    )
    checked = re.findall(r"^\t\$\(BIN\)/(.*?)(?: \.)?$", recipes, re.MULTILINE)
    assert hooks == set(checked)


def _defines(path: str, name: str) -> bool:
    """Whether a module has a class, function or constant of a name, at its top or in a class."""
    return bool(re.search(rf"^ *(?:class |def )?{name}\b *[:=(]", _read(path), re.MULTILINE))
