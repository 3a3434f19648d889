"""Programs of the machine that some tests need: Debian has them, and not every machine does."""

import os
import shutil
from typing import Final

import pytest

_PLACES: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"


def program(*names: str) -> str:
    """The path of a program.

    Skips the test where there is none, except in CI, which installs it.

    Args:
        names: what it may be called; the first is that of Debian's package.
    """
    for name in names:
        found = shutil.which(name, path=_PLACES)
        if found is not None:
            return found
    if os.environ.get("CI"):
        pytest.fail(f"{names[0]} is not installed; .ci/run installs it.")
    pytest.skip(f"{names[0]} is not installed (Debian's package {names[0]}).")
