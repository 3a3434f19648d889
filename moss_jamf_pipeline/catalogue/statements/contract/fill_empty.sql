-- The one way to write a field that M.O.S.S. owns: only while it is empty (docs/how-it-works.md, "Who wins
-- a field"). Runs with its owner's rights, because the writing role has none to update these columns; it can
-- change nothing that holds a value. The columns are those that the ownership table fills.

create function moss_contract.fill_empty(object_type text, object_id uuid, fields jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  case object_type
  when 'device' then
    update {{ devices }} as stored
    set {{ filled columns of device }}
    where stored.{{ devices.id }} = fill_empty.object_id
      and ({{ fillable columns of device }});
  when 'person' then
    update {{ people }} as stored
    set {{ filled columns of person }}
    where stored.{{ people.id }} = fill_empty.object_id
      and ({{ fillable columns of person }});
  else
    raise invalid_parameter_value using message = format('no field of a %s is filled', object_type);
  end case;
end $$;

revoke all on function moss_contract.fill_empty from public;
