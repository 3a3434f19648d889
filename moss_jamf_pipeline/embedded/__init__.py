"""The embedded PostgreSQL: a real server for people who have none, kept inside the state directory.

Begin with `postgres.py` (what the rest of the project uses). Below it:

- `supervised.py` is the small process that owns the server and ends it when nobody uses it any
  more; `supervisor.py` is how it waits, and how the command line's servers are ended, too;
- `cluster.py` knows PostgreSQL: its binaries, `initdb`, settings, readiness, what a crash leaves
  behind;
- `launcher.py` is the last step before a PostgreSQL program runs: user, privileges, parent;
- `account.py` says which operating-system account that is; `layout.py` names the files; `locks.py`
  locks them.

No polling and no reference counts: who uses the server holds a lock that the kernel frees when the
process dies, however it dies. Nothing here knows M.O.S.S., JAMF or Dagster.
"""
