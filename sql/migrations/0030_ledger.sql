-- The ledger: what the sync did to M.O.S.S., as the functions of moss_contract saw it themselves. They take it for evidence; the two
-- roles can read it and write none of it (docs/security.md). Keeps all data.

create table jamf_sync.created_objects (
  object_id uuid not null,
  object_type text not null,
  defaults jsonb,
  seen_at timestamp,
  next_at timestamp,
  primary key (object_id, object_type)
) with (fillfactor = 90);
comment on table jamf_sync.created_objects is
  'Ledger: the objects of M.O.S.S. that the sync created. Written by moss_contract.note_creations and note_writing.';
comment on column jamf_sync.created_objects.defaults is
  'Field -> the default it was given, of the fields that follow their default.';
comment on column jamf_sync.created_objects.seen_at is
  'M.O.S.S.''s updated_at when the sync last prepared to write the object, if nobody else had changed it until then.';
comment on column jamf_sync.created_objects.next_at is
  'What updated_at becomes if that transaction does write it.';

create table jamf_sync.creations_under_way (
  transaction_id xid8 not null,
  object_type text not null,
  object_ids uuid[] not null
);
comment on table jamf_sync.creations_under_way is
  'Ledger: objects that were not in M.O.S.S. when a transaction began to create them. Empty but for that transaction.';

create table jamf_sync.owned_writes (
  write_id bigint generated always as identity primary key,
  object_type text not null,
  object_id uuid not null,
  field text not null,
  replaced text,
  written text,
  written_at timestamptz not null default now()
);
create index owned_writes_of_field on jamf_sync.owned_writes (object_id, field, write_id);
comment on table jamf_sync.owned_writes is
  'Ledger: what the sync wrote into fields that M.O.S.S. owns, and what that replaced. What is put back is taken out.';

comment on table jamf_sync.group_member_additions is
  'Ledger: the group members we added; only these may be removed again.';

-- What earlier versions recorded goes into the ledger once. Until now these very rows of change_plan, which the roles could write,
-- were what the functions took for evidence: a row that was forged before this upgrade could have been used before it, and none that is
-- forged after it counts. Whoever suspects that a role was misused before empties the three tables: the sync then undoes less, no more.

insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written, written_at)
with written as (
  select change.row_id, change.object_type, change.object_id, field.key as field, change.before ->> field.key as replaced,
         field.value as written, change.applied_at, change.reason in ('reverted', 'link_declined') as is_undoing
  from jamf_sync.change_plan as change
  cross join lateral jsonb_each_text(change.after) as field
  where change.outcome = 'applied' and change.action <> 'create' and change.object_type in ('device', 'person')
    and change.object_type || '.' || field.key in (
      'person.username', 'person.full_name', 'device.asset_tag', 'device.location_id', 'device.room_id', 'device.device_type')
),
undone as (
  -- What was written before a field was put back was put back with it.
  select object_type, object_id, field, max(row_id) as row_id from written where is_undoing
  group by object_type, object_id, field
)
select written.object_type, written.object_id, written.field, written.replaced, written.written,
       coalesce(written.applied_at, now())
from written
left join undone using (object_type, object_id, field)
where undone.row_id is null or written.row_id > undone.row_id
order by written.row_id;

-- Of objects whose plan is not kept any more the base knows two things, each of none but those that the sync created: which interface
-- one is, and the default kind of a device.
insert into jamf_sync.created_objects (object_id, object_type)
select distinct object_id, 'io' from jamf_sync.applied_values
where object_type = 'io' and values ? 'mac_address';

insert into jamf_sync.owned_writes (object_type, object_id, field, replaced, written)
select distinct 'device', base.object_id, 'device_type', base.values ->> 'device_type', base.values ->> 'device_type'
from jamf_sync.applied_values as base
where base.object_type = 'device' and base.values ->> 'device_type' is not null
  and not exists (
    select from jamf_sync.change_plan as known
    where known.object_type = 'device' and known.object_id = base.object_id and known.outcome = 'applied'
      and known.after ? 'device_type');

do $$
declare
  kind record;
begin
  for kind in
    select * from (values
      ('location', 'public.locations'), ('room', 'public.rooms'), ('person', 'public.people'),
      ('device', 'public.devices'), ('io', 'public.ios'), ('group', 'public.groups')) as known (object_type, relation)
    where to_regclass(relation) is not null
  loop
    begin
      execute format(
        'insert into jamf_sync.created_objects (object_id, object_type, defaults, seen_at)
         select distinct on (object.id) object.id, $1,
                case when created.after ? ''device_type''
                     then jsonb_build_object(''device_type'', created.after -> ''device_type'') end,
                (select own.applied_at at time zone ''UTC''
                 from jamf_sync.change_plan as own
                 where own.object_type = $1 and own.object_id = object.id and own.outcome = ''applied''
                   and own.applied_at at time zone ''UTC'' = (to_jsonb(object) ->> ''updated_at'')::timestamp
                 limit 1)
         from jamf_sync.change_plan as created
         join %s as object on object.id = created.object_id
         where created.object_type = $1 and created.action = ''create'' and created.outcome = ''applied''
         order by object.id, created.row_id
         on conflict (object_id, object_type) do update
         set defaults = excluded.defaults, seen_at = excluded.seen_at', kind.relation)
      using kind.object_type;
    exception when insufficient_privilege then
      -- The owner of the contract may not read this table whole: then it may not delete from it either.
      null;
    end;
  end loop;
end $$;

-- A trigger calls these; a role that could would give them tables of its own.
revoke all on function jamf_sync.delete_rows_of_plans from public;
revoke all on function jamf_sync.refresh_statistics from public;
