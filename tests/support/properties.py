"""How many examples the property tests try, and whether they are the same each time.

`HYPOTHESIS_PROFILE` chooses:

- `ci`, the default: the same examples every time, so that a commit is red only for what it changed;
- `nightly` (`make nightly`): other examples each time, and many more of them. What it finds is mended and
  pinned with `@example`.
"""

import os

from hypothesis import settings

_ORDINARILY = 100
_NIGHTLY = 40
"""Times as many examples."""


def load_profile() -> None:
    """Makes the profiles known and loads the chosen one. No example has a deadline: machines are busy."""
    settings.register_profile(
        "ci",
        max_examples=_ORDINARILY,
        stateful_step_count=7,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=True,
    )
    settings.register_profile(
        "nightly",
        max_examples=_NIGHTLY * _ORDINARILY,
        stateful_step_count=30,
        deadline=None,
        print_blob=True,
    )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def is_nightly() -> bool:
    """Whether the profile of `make nightly` is loaded."""
    return settings().max_examples >= _NIGHTLY * _ORDINARILY


def examples(ordinarily: int) -> int:
    """How many examples a test tries under the loaded profile.

    Args:
        ordinarily: how many it tries under `ci`. A test that does not say tries 100.
    """
    return max(1, ordinarily * settings().max_examples // _ORDINARILY)
