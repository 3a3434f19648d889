-- What the statements that match devices leave each other, each table named like the statement that fills
-- it. Dropped with the end of the transaction.
do $$
begin
  drop table if exists pg_temp.seen_links, pg_temp.judged_computers, pg_temp.ranked_computers;
  create temporary table seen_links (
    jamf_id text not null,
    record_type text not null,
    device_id uuid not null,
    device_exists boolean not null,
    moss_serial text,
    saw_serial text,
    saw_udid text,
    saw_management_id text
  ) on commit drop;
  create temporary table judged_computers (
    jamf_id text not null,
    record_type text not null,
    version_id bigint not null,
    serial_number text,
    udid text,
    management_id text,
    is_managed boolean,
    enrolled_at timestamptz,
    building_id text,
    room text,
    username_key text,
    email_key text,
    last_contact_at timestamptz,
    linked_device_id uuid,
    device_exists boolean,
    saw_serial text,
    saw_udid text,
    saw_management_id text,
    serial_agrees boolean,
    udid_agrees boolean,
    management_id_agrees boolean
  ) on commit drop;
  create temporary table ranked_computers (
    jamf_id text not null,
    record_type text not null,
    version_id bigint not null,
    serial_number text,
    udid text,
    management_id text,
    building_id text,
    room text,
    username_key text,
    email_key text,
    linked_device_id uuid,
    device_exists boolean,
    saw_serial text,
    saw_udid text,
    saw_management_id text,
    saw_model text,
    model text,
    serial_agrees boolean,
    udid_agrees boolean,
    management_id_agrees boolean,
    standing text not null,
    winner text not null,
    other_record text,
    is_alive_beside_winner boolean not null,
    is_seeking boolean not null,
    is_holding boolean not null
  ) on commit drop;
end
$$
