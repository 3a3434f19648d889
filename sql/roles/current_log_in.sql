-- The role this connection works under.
select current_user::text as name
