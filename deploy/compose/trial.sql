-- The inventory of a trial (prepare.sh --trial). Elsewhere it stays empty: M.O.S.S. has its own database.
create database trial;
