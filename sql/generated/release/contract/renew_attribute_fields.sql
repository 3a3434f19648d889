-- The one way to change a custom field's definition: only one that bears a name which the sync gives to extension
-- attributes (`jamf_ea_…`); every other definition is M.O.S.S.'s own. Runs with its owner's rights, because the
-- writing role has none to update the table; it could not tell the two apart.

-- Keeps label, type and choices of the fields of an integration's mapped attributes. Two integrations may share one:
-- it is as the first of them says.
create function moss_contract.renew_attribute_fields(integration uuid)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  with wanted as materialized (
    select distinct on (attribute.field_name) attribute.field_name, attribute.field_type,
           jamf_sync.storable(attribute.label) as field_label, attribute.choices
    from jamf_sync.extension_attributes as attribute
    where attribute.integration_id = integration and attribute.is_mapped and not attribute.is_adopted
      and attribute.field_name ~ '^jamf_ea_[0-9]'
      and not exists (
        select from jamf_sync.extension_attributes as other
        where other.field_name = attribute.field_name and other.is_mapped and not other.is_adopted
          and other.integration_id < attribute.integration_id)
    order by attribute.field_name
  )
  update public.custom_fields as stored
  set field_label = wanted.field_label, field_type = wanted.field_type, field_options = nullif(to_jsonb(wanted.choices), '[]')
  from wanted
  where (select moss_contract.open_public())
    and stored.object_type = 'device'
    and stored.field_name = wanted.field_name
    and (stored.field_label is distinct from wanted.field_label
      or stored.field_type is distinct from wanted.field_type or stored.field_options is distinct from nullif(to_jsonb(wanted.choices), '[]'));
end $$;

revoke all on function moss_contract.renew_attribute_fields from public;
