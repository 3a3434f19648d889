-- The two roles that every database of a server shared until their names carried the database's, and what they were granted on the
-- contract of views. For the test of the upgrade. No parameters.

do $$ begin
  if to_regrole('moss_jamf_reader') is null then create role moss_jamf_reader nologin; end if;
  if to_regrole('moss_jamf_writer') is null then create role moss_jamf_writer nologin; end if;
end $$;

grant usage on schema jamf_sync, moss_contract to moss_jamf_reader, moss_jamf_writer;
grant select, insert, update, delete on all tables in schema jamf_sync to moss_jamf_reader, moss_jamf_writer;
revoke insert, update, delete on jamf_sync.schema_migrations from moss_jamf_reader, moss_jamf_writer;
revoke insert, update, delete on jamf_sync.decisions from moss_jamf_reader, moss_jamf_writer;
grant usage on all sequences in schema jamf_sync to moss_jamf_reader, moss_jamf_writer;
grant execute on all functions in schema jamf_sync to moss_jamf_reader, moss_jamf_writer;
grant select on all tables in schema moss_contract to moss_jamf_reader, moss_jamf_writer;
revoke all on moss_contract.integration_credentials from moss_jamf_writer;
grant execute on function moss_contract.active_encryption_key to moss_jamf_reader;
grant execute on function moss_contract.fill_empty to moss_jamf_writer;
grant execute on function moss_contract.add_person_to_group to moss_jamf_writer;
grant execute on function moss_contract.remove_person_from_group to moss_jamf_writer;
grant execute on function moss_contract.write_decided to moss_jamf_writer;
grant execute on function moss_contract.carry_out_decisions to moss_jamf_writer;
grant execute on function moss_contract.restore_owned to moss_jamf_writer;
grant execute on function moss_contract.delete_link to moss_jamf_writer;
grant execute on function moss_contract.delete_created to moss_jamf_writer;
grant insert (integration_config_id, external_type, external_id, internal_type, internal_id, last_synced_at, sync_status, external_data)
  on moss_contract.integration_object_mappings to moss_jamf_writer;
grant update (external_type, external_id, internal_id, last_synced_at, sync_status, external_data)
  on moss_contract.integration_object_mappings to moss_jamf_writer;
grant insert (integration_config_id, sync_started_at, status, sync_type, triggered_by_user_id)
  on moss_contract.integration_sync_history to moss_jamf_writer;
grant update (status, sync_completed_at, items_processed, items_created, items_updated, items_skipped, items_failed, error_message, error_details, duration_seconds)
  on moss_contract.integration_sync_history to moss_jamf_writer;
grant insert (object_type, object_id, field_name, value)
  on moss_contract.custom_field_values to moss_jamf_writer;
grant update (value)
  on moss_contract.custom_field_values to moss_jamf_writer;
grant insert (group_id, device_id)
  on moss_contract.group_device_members to moss_jamf_writer;
grant delete on moss_contract.group_device_members to moss_jamf_writer;
grant update (last_sync_at, last_sync_status, last_sync_error)
  on moss_contract.integration_configs to moss_jamf_writer;
grant insert (id, name)
  on moss_contract.locations to moss_jamf_writer;
grant insert (id, location_id, name)
  on moss_contract.rooms to moss_jamf_writer;
grant insert (id, username, full_name, email_address, phone_number, job_title, person_type, notes)
  on moss_contract.people to moss_jamf_writer;
grant update (email_address, phone_number, job_title)
  on moss_contract.people to moss_jamf_writer;
grant insert (id, serial_number, hostname, model, manufacturer, operating_system, os_version, assigned_to_person_id, asset_tag, location_id, room_id, device_type, notes)
  on moss_contract.devices to moss_jamf_writer;
grant update (serial_number, hostname, model, manufacturer, operating_system, os_version, assigned_to_person_id)
  on moss_contract.devices to moss_jamf_writer;
grant insert (id, device_id, interface_name, interface_type, mac_address)
  on moss_contract.ios to moss_jamf_writer;
grant update (interface_name, interface_type)
  on moss_contract.ios to moss_jamf_writer;
grant insert (id, name, group_type, external_id)
  on moss_contract.groups to moss_jamf_writer;
grant update (name, group_type, external_id)
  on moss_contract.groups to moss_jamf_writer;
