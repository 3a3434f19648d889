-- Takes nothing. Drops what create_presumed_links made.
drop table if exists pg_temp.presumed_links
