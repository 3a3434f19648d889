"""Stories: what happens to one Mac, person, place or group around two syncs, and what must be true afterwards.

A sync takes most of a second however little it does, so all stories of a file happen in one world, side by side,
each with records of its own. That they do not disturb each other is part of what they show.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.e2e.conftest import SeparateWorld
from tests.e2e.inventory import assert_calm, assert_counts_add_up, stored_rows
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


Life = Generator[None, None, None]
"""What happens to some records, told day by day: each `yield` is a sync, and what follows the last one the verdict."""


class Lives:
    """Cases that are lived side by side in one world, each with records of its own, and each told by a test of its own.

    A sync costs the same for one case as for twenty. `case` makes the test of a life; `live` lives all of them, once.
    """

    def __init__(self) -> None:
        self._cases: dict[str, Callable[[World], Life]] = {}

    def case(self, life: Callable[[World], Life]) -> Callable[..., None]:
        """A test that fails where this life does; it asks for the fixture `lived`."""
        name = life.__name__
        self._cases[name] = life

        def test(lived: Mapping[str, Exception | None]) -> None:
            if (error := lived[name]) is not None:
                raise error

        test.__name__, test.__doc__ = name, life.__doc__
        return test

    def live(self, world: World) -> dict[str, Exception | None]:
        """Lives all cases; after the last day one more sync has nothing to write.

        Returns:
            By the name of its test, what a case failed with.
        """
        ends: dict[str, Exception | None] = {}
        living = {name: case(world) for name, case in self._cases.items()}
        while living:
            for name, life in list(living.items()):
                try:
                    next(life)
                except StopIteration:
                    ends[name] = None
                except Exception as error:  # noqa: BLE001 - its own test raises it; the others live on
                    ends[name] = error
            living = {name: life for name, life in living.items() if name not in ends}
            if living:
                world.sync()
                assert_counts_add_up(world)
        assert_calm(world)
        return ends
