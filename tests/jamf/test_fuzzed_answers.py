"""Answers damaged in every way that we could think of: each reading ends in records or in a sentence."""

import json
import subprocess
import sys

import pytest

from tests.jamf.fuzzing import HEAVY, Conversation, read_heavy, recorded, run_cases

_MANY = 10_000
_MEGABYTES = 400
_LOT = 60


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    """Real answers of servers of three versions."""
    return recorded()


@pytest.mark.parametrize("first", range(0, 5 * _LOT, _LOT))
def test_case_s08_no_damaged_answer_ends_in_anything_but_a_sentence(
    conversations: list[Conversation], first: int
) -> None:
    assert run_cases(first, _LOT, conversations) == []


def test_a_heavy_answer_ends_in_a_sentence() -> None:
    assert "999,001 records in one answer" in read_heavy("as many groups as may be")


@pytest.mark.nightly
def test_case_s08_ten_thousand_damaged_answers_and_the_heaviest_take_little_memory() -> None:
    command = [sys.executable, "-m", "tests.jamf.fuzzing", str(_MANY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["failures"] == []
    assert set(found["heavy"]) == set(HEAVY)
    assert all(found["heavy"].values())
    assert found["megabytes"] < _MEGABYTES
