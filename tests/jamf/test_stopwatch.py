"""JAMF's time is told apart from our own."""

from moss_jamf_pipeline.jamf.stopwatch import AnswerStopwatch, OwnWork
from tests.jamf.support import run


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_measured_without_what_this_process_does_meanwhile() -> None:
    clock = Clock()
    work = OwnWork(clock)
    with work.counted():
        clock.now += 7
        stopwatch = AnswerStopwatch(work, clock)
        clock.now += 1
    clock.now += 2
    with work.counted():
        clock.now += 4
        assert stopwatch.seconds == 2
    assert stopwatch.seconds == 2
    clock.now += 0.5
    assert stopwatch.seconds == 2.5


def test_work_within_work_counts_once() -> None:
    clock = Clock()
    work = OwnWork(clock)
    with work.counted():
        clock.now += 1
        with work.counted():
            clock.now += 1
        clock.now += 1
    clock.now += 10
    assert work.seconds == 3


def test_connecting_is_no_part_of_an_answer() -> None:
    clock = Clock()
    stopwatch = AnswerStopwatch(OwnWork(clock), clock)
    clock.now += 3
    run(stopwatch.trace("connection.connect_tcp.complete", {}))
    assert stopwatch.seconds == 3
    run(stopwatch.trace("http11.send_request_headers.started", {}))
    clock.now += 1
    run(stopwatch.trace("http11.receive_response_headers.complete", {}))
    assert stopwatch.seconds == 1
