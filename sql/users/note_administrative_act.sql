-- Notes in M.O.S.S. what an administrator did by way of the companion, as M.O.S.S. notes it of its own pages.
-- Writes admin_audit_log, whose created_at is filled in the zone of the caller's transaction (roles/begin_writing).
-- Parameters: user_id (uuid; null: the companion's own administrator), action, target_type, target_id (uuid or null), details (jsonb),
-- address, user_agent.
insert into public.admin_audit_log
  (user_id, action, category, target_type, target_id, details, ip_address, user_agent)
values
  (%(user_id)s, left(%(action)s::text, 100), 'integrations', left(%(target_type)s::text, 50), %(target_id)s, %(details)s,
   left(%(address)s::text, 50), left(%(user_agent)s::text, 500))
