-- What the rows of a plan come to is asked two dozen times in a sync, and the rows of a large plan are hundreds of megabytes. So the
-- numbers are kept beside them, per plan, and counted anew where rows change (plan/count_outcomes).

create table jamf_sync.outcome_counts (
  plan_id bigint not null references jamf_sync.plans on delete cascade,
  object_type text not null,
  linked_type text,
  action text not null,
  outcome text,
  settled_at timestamptz,
  is_part boolean not null,
  rows integer not null
);
comment on table jamf_sync.outcome_counts is 'How many rows of a plan are of which action, and what became of them.';
comment on column jamf_sync.outcome_counts.linked_type is 'Of links: the type of object that they link.';
comment on column jamf_sync.outcome_counts.outcome is
  'As in change_plan; of a held row of which a part was written, applied.';
comment on column jamf_sync.outcome_counts.settled_at is 'When these rows were applied, refused or rejected.';
comment on column jamf_sync.outcome_counts.is_part is
  'Rows that were split off another one (split_from), whose object is counted with that one.';
create index outcome_counts_plan on jamf_sync.outcome_counts (plan_id, object_type);

alter table jamf_sync.plan_counts add column in_conflict integer not null default 0;
comment on column jamf_sync.plan_counts.in_conflict is 'Objects in conflict of which nothing is written.';

create index change_plan_parts on jamf_sync.change_plan (plan_id, split_from) where split_from is not null;

insert into jamf_sync.outcome_counts
  (plan_id, object_type, linked_type, action, outcome, settled_at, is_part, rows)
select change.plan_id, change.object_type,
       case change.object_type when 'mapping' then change.label end, change.action,
       case when change.outcome = 'held' and part.split_from is not null then 'applied'
            else change.outcome end,
       change.applied_at, change.split_from is not null, count(*)
from jamf_sync.change_plan as change
left join (
  select distinct split_from from jamf_sync.change_plan
  where split_from is not null and outcome = 'applied'
) as part on part.split_from = change.row_id
group by 1, 2, 3, 4, 5, 6, 7;

update jamf_sync.plan_counts as counts
set in_conflict = found.objects
from (
  select conflict.plan_id, conflict.object_type,
         count(distinct coalesce(conflict.object_id::text,
                                 conflict.external_type || '/' || conflict.external_id)) as objects
  from jamf_sync.plan_conflicts as conflict
  where conflict.kind not in ('twin_record', 'group_grants_rights')
    and not exists (
      select from jamf_sync.change_plan as change
      where change.plan_id = conflict.plan_id and change.object_type = conflict.object_type
        and change.object_id = conflict.object_id
        and change.action in ('create', 'update', 'link', 'move', 'return'))
  group by conflict.plan_id, conflict.object_type
) as found
where counts.plan_id = found.plan_id and counts.object_type = found.object_type;
