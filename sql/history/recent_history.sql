-- The latest runs of an integration. Parameters: integration_id, row_limit, row_offset.
-- Grain: one run; `total` is how many there are, however many are asked for. `error_message` also says what the run took over from
-- an integration whose place this one takes, who approved what, and what is gone from JAMF: M.O.S.S. has that in the details, for it
-- is no error. `plan_id`: the plan that the run applied, as long as it is kept. `unenrolled`, `held` and `approved` count objects and changes; null: it was not counted then.
select history.id, history.sync_started_at, history.sync_completed_at,
       history.duration_seconds, history.status, history.sync_type, history.items_processed,
       history.items_created, history.items_updated, history.items_skipped, history.items_failed,
       nullif(concat_ws(' ', history.error_details ->> 'took_over', told.sentences, history.error_message), '') as error_message,
       unenrolled.number as unenrolled, held.number as held, approved.number as approved, approved.by as approved_by,
       run.run_id, chosen.plan_id, run.triggered_by, history.triggered_by_user_id,
       count(*) over () as total
from moss_contract.integration_sync_history() as history
left join jamf_sync.sync_runs as run on run.history_id = history.id
left join jamf_sync.run_plans as chosen on chosen.run_id = run.run_id
left join lateral (
  select string_agg(sentence, ' ' order by position) as sentences
  from jsonb_array_elements_text(history.error_details -> 'told') with ordinality as one (sentence, position)
) as told on true
left join lateral (
  select coalesce(sum(number::integer), 0) as number
  from jsonb_each_text(history.error_details -> 'unenrolled') as one (object_type, number)
  having history.error_details ? 'unenrolled'
) as unenrolled on true
left join lateral (
  select coalesce(sum((one ->> 'changes')::integer), 0) as number
  from jsonb_array_elements(history.error_details -> 'held') as one
  having history.error_details ? 'held'
) as held on true
left join lateral (
  select coalesce(sum((one ->> 'changes')::integer), 0) as number, string_agg(distinct one ->> 'by', ', ') as by
  from jsonb_array_elements(history.error_details -> 'approved') as one
  having history.error_details ? 'approved'
) as approved on true
where history.integration_config_id = %(integration_id)s
order by history.sync_started_at desc
limit %(row_limit)s offset %(row_offset)s
