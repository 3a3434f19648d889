-- What the statements of one matching leave each other, each table named like the statement that fills
-- it (named_computers: person_sources). Dropped with the end of the transaction.
do $$
begin
  drop table if exists pg_temp.seen_links, pg_temp.judged_computers, pg_temp.ranked_computers,
    pg_temp.person_sources, pg_temp.named_computers, pg_temp.judged_people;
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
  create temporary table person_sources (
    external_type text not null,
    external_id text not null,
    username text,
    full_name text,
    email text,
    phone text,
    job_title text,
    username_key text,
    email_key text,
    address_key text,
    place bigint not null,
    is_shared boolean not null
  ) on commit drop;
  create temporary table named_computers (
    jamf_id text not null,
    full_name text,
    username_key text,
    address_key text
  ) on commit drop;
  create temporary table judged_people (
    external_type text not null,
    external_id text not null,
    person_id uuid not null,
    person_exists boolean not null,
    seen_username text,
    seen_email text,
    username_agrees boolean,
    email_agrees boolean,
    name_agrees boolean,
    holds boolean,
    lost_id uuid
  ) on commit drop;
end
$$
