-- What the statements that match people leave each other, each table named like the statement that fills
-- it (named_computers: person_sources). Dropped with the end of the transaction.
do $$
begin
  drop table if exists pg_temp.person_sources, pg_temp.named_computers, pg_temp.judged_people;
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
