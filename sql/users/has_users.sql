-- Whether this M.O.S.S. has log-ins, API tokens and an audit log: the companion asks them who a caller is.
-- Reads the catalogue. Yields one row: has_users, has_tokens, has_audit_log.
select to_regclass('public.users') is not null as has_users,
       to_regclass('public.api_tokens') is not null as has_tokens,
       to_regclass('public.admin_audit_log') is not null as has_audit_log
