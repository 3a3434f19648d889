"""What servers say is shown message by message, whole, and without the stacks of Python errors."""

from moss_jamf_pipeline.cli.messages import Messages

_WHEN = "\x1b[32m2026-11-28 06:35:50 +0000\x1b[0m"
_DAGSTERS_CHAIN = f"""\
{_WHEN} - dagster.daemon.SensorDaemon - \x1b[34mERROR\x1b[0m - Sensor tick caught an error
Traceback (most recent call last):
  File "sensor.py", line 7, in _process_tick
    yield from evaluate()
dagster._core.errors.DagsterUserCodeUnreachableError: Could not reach user code server. gRPC Error code: UNAVAILABLE

The above exception was caused by the following exception:
grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:
	status = StatusCode.UNAVAILABLE
>

Stack Trace:
  File "client.py", line 205, in _get_response
    return getattr(stub, method)(request)
"""
_PYTHONS_CHAIN = """\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    raise KeyError
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in <module>
    main()
moss_jamf_pipeline.settings.SettingsContradictory: MOSS_JAMF_INTEGRATION is 'X', which nobody names. Unset it.
"""


def _shown(text: str) -> list[str]:
    messages = Messages()
    shown = [messages.take(line) for line in text.splitlines(keepends=True)]
    return [message for message in (*shown, messages.end()) if message]


def test_case_s15_an_error_is_shown_with_its_reason_and_never_as_a_bare_traceback() -> None:
    (message,) = _shown(_DAGSTERS_CHAIN)
    assert message.splitlines()[0] == "ERROR Sensor tick caught an error"
    assert "Could not reach user code server. gRPC Error code: UNAVAILABLE" in message
    assert "Traceback" not in message
    assert "File" not in message


def test_case_s15_of_an_error_that_nobody_caught_its_last_words_are_shown() -> None:
    (message,) = _shown(_PYTHONS_CHAIN)
    assert message == (
        "moss_jamf_pipeline.settings.SettingsContradictory: MOSS_JAMF_INTEGRATION is 'X', which nobody names. Unset it."
    )


def test_a_message_of_several_lines_is_shown_whole() -> None:
    text = f"{_WHEN} - dagster - WARNING - The database is away.\nWhat to do: start it.\n"
    assert _shown(text) == ["WARNING The database is away.\n  What to do: start it."]


def test_what_is_no_trouble_is_not_shown() -> None:
    lines = (
        f"{_WHEN} - dagster.daemon - INFO - Checking for new runs",
        "  a line of it with the word ERROR",
        f"{_WHEN} - dagster - WARNING - x.py:232: BetaWarning: Parameter `backfill_policy` of function `asset` is beta",
        "  return fn(*args, **kwargs)",
        f"{_WHEN} - dagster.daemon - WARNING - No cursor for event type RUN_FAILURE, ignoring older events",
        f"{_WHEN} - dagster - ERROR - sync_jamf - cd62410a-4048-4bc2-bc8b-6fba568fbb9b - 6075 - RUN_FAILURE - failed",
        "a line that belongs to nothing",
    )
    assert _shown("\n".join(lines)) == []


def test_what_is_said_over_and_over_is_shown_once() -> None:
    line = f"{_WHEN} - dagster.daemon - ERROR - It is away.\n"
    assert _shown(line * 5) == ["ERROR It is away."]
    assert len(_shown(line * 2 + f"{_WHEN} - dagster - ERROR - Other.\n" + line)) == 3


def test_a_warning_of_pythons_is_shown_without_its_line_of_source() -> None:
    text = "/site-packages/context.py:1174: UserWarning: Error loading a location\n  warnings.warn(f'x')\n"
    assert _shown(text) == ["WARNING Error loading a location"]


def test_a_long_message_is_cut_and_says_where_the_rest_is() -> None:
    text = f"{_WHEN} - dagster - ERROR - first\n" + "".join(f"line {n}\n" for n in range(40))
    (message,) = _shown(text)
    assert message.splitlines()[-1] == "  … 29 more lines are in the log."
