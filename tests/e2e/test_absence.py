"""Promise 3: only a complete capture proves that something is gone."""

import pytest

from tests.e2e.inventory import (
    add_mac,
    device,
    furnish,
    mappings,
)
from tests.support.hurried import sync_impatiently
from tests.support.world import World

# What these show does not depend on the tables of M.O.S.S.
_ANY_MOSS = pytest.mark.dialects("strategy")


@_ANY_MOSS
def test_users_whom_the_account_may_not_list_are_not_gone(world: World) -> None:
    furnish(world)
    add_mac(world, "1", "C02USERS0001", user={"username": "someone"})
    world.sync()
    before = mappings(world, "user")
    world.fleet.remove_user("999999")

    sync_impatiently(world)

    assert mappings(world, "user") == before
    assert device(world, "C02USERS0001")["person"] == "someone"
