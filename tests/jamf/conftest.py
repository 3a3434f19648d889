"""Fixtures of the client's tests: asyncio as the only event loop."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The project runs on asyncio; the plugin would try every loop it knows."""
    return "asyncio"
