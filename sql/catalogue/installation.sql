-- What is installed in this database. Takes nothing. Grain: one row.
select dialect, reader, writer from moss_contract.installation
