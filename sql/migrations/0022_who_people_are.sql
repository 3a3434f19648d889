-- Who a person is, by evidence: what agreed and what contradicted is kept with each match, in the words of the catalogue.
-- Matches that stand have no evidence; the next sync makes them anew.

alter table jamf_sync.person_matches add column evidence jsonb not null default '{}';
comment on column jamf_sync.person_matches.evidence is
  'What is known of the person beside what JAMF says: {"agreed": [piece], "contradicted": {piece: [known, said]}}. lost: the person whom the link led to and who is gone; reused: the one whose JAMF id this was; person_id, known_as: who a contradicted user seems to be, and the address or name that says otherwise.';
comment on column jamf_sync.person_matches.outcome is
  'contradicted: somebody has the user name and another e-mail address; nothing is matched until a person decides.';
alter table jamf_sync.location_matches add column lost_id uuid;
alter table jamf_sync.group_matches add column lost_id uuid;
comment on column jamf_sync.location_matches.lost_id is
  'The location that the building was linked to, and that was deleted in M.O.S.S.';
comment on column jamf_sync.group_matches.lost_id is
  'The group that the JAMF group was linked to, and that was deleted in M.O.S.S.';

create function jamf_sync.plain_username(username text, domains text[]) returns text
language sql immutable parallel safe as $$
  -- DOMAIN\user and user@domain without the domain, if it is one of these (in small letters) or {*} stands for all.
  select case
    when cardinality(domains) = 0 or username !~ '[\\@]' then username
    when username ~ '^[^\\@]+\\[^\\@]+$' and ('*' = any (domains)
      or jamf_sync.folded(split_part(username, '\', 1)) = any (domains))
      then split_part(username, '\', 2)
    when username ~ '^[^\\@]+@[^\\@]+$' and ('*' = any (domains)
      or jamf_sync.folded(split_part(username, '@', 2)) = any (domains))
      then split_part(username, '@', 1)
    else username end
$$;

create function jamf_sync.local_part(name_key text) returns text
language sql immutable parallel safe as $$
  -- A folded user name or e-mail address without its domain, whatever that is: what two spellings of one name have in common.
  select case
    when name_key !~ '[\\@]' then name_key
    when name_key ~ '^[^\\@]+\\[^\\@]+$' then split_part(name_key, '\', 2)
    when name_key ~ '^[^\\@]+@[^\\@]+$' then split_part(name_key, '@', 1)
    else name_key end
$$;

create function jamf_sync.is_nobody(username_key text, ignored text[]) returns boolean
language sql immutable parallel safe as $$
  -- Whether a folded user name is an account of the system, with a domain before it or not: one that is listed, one that
  -- begins with _ (macOS names its services so) or ends in $ (a directory names its computers so).
  select username_key like '\_%' or username_key like '%$' or username_key = any (ignored)
    or position('\' in username_key) > 0 and split_part(username_key, '\', 2) = any (ignored)
$$;
