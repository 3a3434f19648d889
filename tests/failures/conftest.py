"""Fixtures of the failure tests: worlds as the end-to-end tests have them."""

from tests.e2e.conftest import make_world, separate_world, world

__all__ = ["make_world", "separate_world", "world"]
