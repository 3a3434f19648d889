-- Whose rights the contract's views have on M.O.S.S.'s tables: their owner's, or, before there are any, this log-in's.
select coalesce(
  (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'moss_contract'), current_user)::text as owner
