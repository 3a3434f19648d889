-- Names this database among all: the cluster, by the number that `initdb` gave it, and the database
-- in it. Two databases of one name, or one database under two addresses, are told apart.
-- Yields one row.
select control.system_identifier || '/' || database.oid as place
from pg_control_system() as control
cross join pg_database as database
where database.datname = current_database()
