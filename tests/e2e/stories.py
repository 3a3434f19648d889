"""Stories: what happens to one Mac, person, place or group around two syncs, and what must be true afterwards.

A sync takes most of a second however little it does, so all stories of a file happen in one world, side by side,
each with records of its own. That they do not disturb each other is part of what they show.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import assert_counts_add_up, stored_rows
from tests.support.world import World


class Story:
    """One case; its class name is its sentence. A story may keep what it saw in attributes of its own."""

    def begin(self, world: World) -> None:
        """What JAMF and M.O.S.S. hold before the first sync."""

    def meanwhile(self, world: World) -> None:
        """What happens between the first sync and the second."""

    def check(self, world: World) -> None:
        """Asserts what holds after the second sync."""
        raise NotImplementedError


@contextmanager
def told(separate_world: SeparateWorld, stories: Sequence[Story]) -> Iterator[World]:
    """A world in which all the stories have happened, and in which a third sync had nothing left to write.

    Args:
        separate_world: opens it.
        stories: the stories.
    """
    with separate_world() as world:
        for story in stories:
            story.begin(world)
        world.sync()
        assert_counts_add_up(world)
        for story in stories:
            story.meanwhile(world)
        world.sync()
        assert_counts_add_up(world)
        before = stored_rows(world)
        world.sync()
        assert stored_rows(world) == before
        assert_counts_add_up(world)
        yield world
