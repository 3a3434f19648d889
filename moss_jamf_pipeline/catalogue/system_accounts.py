"""Accounts that stand where JAMF names a user, and that are nobody: what inventories report from a log-in window.

Beside these, an account whose name begins with `_` (macOS names its services so) or ends in `$` (a directory names its
computers so) is nobody either; an organisation's own are in `sync_settings.ignored_usernames`.
"""

from typing import Final

SYSTEM_ACCOUNTS: Final = (
    # macOS: the superuser, what runs before anybody has logged in, and the guest.
    *("root", "daemon", "nobody", "system", "loginwindow", "setup", "guest"),
    # The account that Windows and its directories make for whoever sets them up.
    "administrator",
)
"""Folded user names."""
