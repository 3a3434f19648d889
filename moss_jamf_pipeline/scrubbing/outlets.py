"""Where text leaves a process without being asked: logs, and tracebacks of what nobody caught."""

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from moss_jamf_pipeline.scrubbing.cleaning import scrubbed, scrubbed_error


def keep_secrets_out_of_logs() -> None:
    """Scrubs every record that anything in this process logs from now on, whoever shows or keeps it."""
    make = logging.getLogRecordFactory()
    if isinstance(make, _CleanRecords):
        return
    logging.setLogRecordFactory(_CleanRecords(make))


class _CleanRecords:
    """Makes log records without secrets.

    Args:
        make: what makes them as they are.
    """

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """A record; arguments as of `logging.LogRecord`."""
        record: logging.LogRecord = self._make(*args, **kwargs)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a message that does not fit its arguments: logging itself tells of it
            return record
        clean = scrubbed(message)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[1] is not None:
            error = scrubbed_error(record.exc_info[1])
            record.exc_info = (type(error), error, error.__traceback__)
        return record


def keep_secrets_out_of_tracebacks() -> None:
    """Scrubs what Python prints of an error that nobody caught, in any thread of this process."""
    show, show_of_thread = sys.excepthook, threading.excepthook

    def show_clean(
        _kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        clean = scrubbed_error(error)
        show(type(clean), clean, clean.__traceback__ or traceback)

    def show_clean_of_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            clean = scrubbed_error(told.exc_value)
            told = threading.ExceptHookArgs(
                (type(clean), clean, clean.__traceback__ or told.exc_traceback, told.thread)
            )
        show_of_thread(told)

    sys.excepthook, threading.excepthook = show_clean, show_clean_of_thread
