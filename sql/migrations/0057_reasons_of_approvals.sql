-- Why a person let held changes through, in their words.
alter table jamf_sync.plan_approvals add column reason text;
comment on column jamf_sync.plan_approvals.reason is 'Why, in the person''s words; null: none was given.';
