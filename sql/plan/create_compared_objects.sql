-- Where a plan gathers the objects in which JAMF, M.O.S.S. and the base are not all alike, whatever their type.
-- jamf: what JAMF wants, by contract field; moss: what M.O.S.S. holds; base: what we last wrote or saw agreed.
create temporary table if not exists compared_objects (
  object_type text not null,
  object_id uuid not null,
  external_type text,
  external_id text,
  label text,
  action text not null,
  reason text not null,
  jamf jsonb not null,
  moss jsonb not null,
  base jsonb not null,
  details jsonb not null default '{}'
) on commit drop
