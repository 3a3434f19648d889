-- Which of the wanted privileges a role lacks. Parameters: wanted (jsonb array of role, relation, column or null, privilege).
-- Grain: one privilege. A relation or column that does not exist counts as another finding, not as a missing privilege.
select wanted.role, wanted.relation, wanted.column, wanted.privilege
from jsonb_to_recordset(%(wanted)s) as wanted (role text, relation text, "column" text, privilege text)
where to_regclass(wanted.relation) is not null
  and case
    when wanted.column is null then not has_table_privilege(wanted.role, wanted.relation, wanted.privilege)
    else exists (
      select from pg_attribute as attribute
      where attribute.attrelid = to_regclass(wanted.relation) and attribute.attname = wanted.column and attribute.attnum > 0)
      and not has_column_privilege(wanted.role, wanted.relation, wanted.column, wanted.privilege)
  end
order by wanted.relation, wanted.privilege, wanted.column
