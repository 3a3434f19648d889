-- Two JAMF servers, one object: which of the integrations that link a M.O.S.S. object writes it. Only objects that several
-- of them link, or linked, have a row; any other is led by the one that links it. The rows are made by matching: of links
-- that stood before there was this table, the one that was made first leads (matching/object_leads).

create table jamf_sync.object_leads (
  object_type text not null check (object_type in ('person', 'device', 'group')),
  object_id uuid not null,
  integration_id uuid not null,
  previous_integration_id uuid,
  since timestamptz not null default now(),
  primary key (object_type, object_id)
);
comment on table jamf_sync.object_leads is
  'Of M.O.S.S. objects that several JAMF servers know: the integration that leads them. The others write nothing to them.';
comment on column jamf_sync.object_leads.previous_integration_id is
  'Who led until now, while what it last wrote (applied_values) is yet to be taken over as base (plan/inherit_bases).';
