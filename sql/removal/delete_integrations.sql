-- Deletes rows of M.O.S.S.'s integration_configs; M.O.S.S.'s foreign keys take their credentials, links and
-- history along. Parameters: ids (uuid[]).
delete from public.integration_configs where id = any (%(ids)s)
