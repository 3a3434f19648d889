"""A Dagster daemon that looks at its backfills every second, not every 30; put this directory on its PYTHONPATH.

Everything else about the daemon is as in production. Python imports this module before the program that it runs.
"""

import sys

_SECONDS_BETWEEN_LOOKS = 1

if "dagster._daemon" in sys.orig_argv:
    import dagster._daemon.controller

    dagster._daemon.controller.DEFAULT_DAEMON_INTERVAL_SECONDS = _SECONDS_BETWEEN_LOOKS
