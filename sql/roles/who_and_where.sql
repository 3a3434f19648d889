-- The database as the server calls it (a pooler in between may call it otherwise), the role this connection works under, and whose rights
-- the contract's definer functions have: the owner's of its schema, or, before there is one, this log-in's. Takes nothing.
select current_database()::text as database, current_user::text as log_in, coalesce(
  (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'moss_contract'), current_user)::text as contract_owner
