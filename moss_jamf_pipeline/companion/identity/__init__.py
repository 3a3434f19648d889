"""Who a caller is: M.O.S.S. says. Its session cookie, its API tokens, and its table of users, read again each time."""
