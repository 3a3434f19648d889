-- Says what was installed: for which dialect, and the names of the roles. Parameters: dialect, reader, writer.
insert into moss_contract.installation (dialect, reader, writer)
values (%(dialect)s, %(reader)s, %(writer)s)
