-- Which group and which location a JAMF record is, by evidence: the name that its link last saw, beside what the record says
-- now (and, of a group, whether it is smart). Matches that stand have no evidence; the next sync makes them anew.

create function jamf_sync.group_name(jamf_name text) returns text
language sql immutable parallel safe as $$
  -- What a JAMF group is called in M.O.S.S.: the prefix is added once, and the name cut to the 255 characters that fit.
  select left(case when jamf_name like '[JAMF] %' then jamf_name else '[JAMF] ' || jamf_name end, 255)
$$;

alter table jamf_sync.location_matches
  add column previous_jamf_id text,
  add column left_location_id uuid,
  add column guarded_as text check (guarded_as = 'relink'),
  add column evidence jsonb not null default '{}';
alter table jamf_sync.group_matches
  add column previous_jamf_id text,
  add column left_group_id uuid,
  add column guarded_as text check (guarded_as = 'relink'),
  add column evidence jsonb not null default '{}';
comment on column jamf_sync.location_matches.left_location_id is
  'The location that the record is linked to, and is not any more, where no other record is it.';
comment on column jamf_sync.group_matches.left_group_id is
  'The group that the record is linked to, and is not any more, where no other record is it.';
comment on column jamf_sync.location_matches.previous_jamf_id is 'The record that a link which moves was of.';
comment on column jamf_sync.group_matches.previous_jamf_id is 'The record that a link which moves was of.';
comment on column jamf_sync.location_matches.guarded_as is
  'relink: the id of a link is another building''s by now; what follows from it is guarded as one.';
comment on column jamf_sync.group_matches.guarded_as is
  'relink: the id of a link is another group''s by now; what follows from it is guarded as one.';
comment on column jamf_sync.location_matches.evidence is
  'What the link saw beside what the record says: {"agreed": [piece], "contradicted": {piece: [saw, says]}}';
comment on column jamf_sync.group_matches.evidence is
  'What the link saw beside what the record says: {"agreed": [piece], "contradicted": {piece: [saw, says]}}';
