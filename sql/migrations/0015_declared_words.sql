-- Kinds of conflict, actions and outcomes are the catalogue's words: each column asks the function that has its
-- words (generated/vocabularies), which is run before the migrations and again by every init. So a new word needs no
-- migration, and a row with any other is refused.

alter table jamf_sync.conflicts
  add constraint conflicts_kind_check check (kind = any (jamf_sync.conflict_kinds())),
  drop constraint conflicts_resolution,
  add constraint conflicts_resolution_check
    check (resolution = any (jamf_sync.conflict_resolutions()));

alter table jamf_sync.plan_conflicts
  add constraint plan_conflicts_kind_check check (kind = any (jamf_sync.conflict_kinds()));

alter table jamf_sync.change_plan
  drop constraint change_plan_action_check,
  add constraint change_plan_action_check check (action = any (jamf_sync.plan_actions())),
  drop constraint change_plan_outcome_check,
  add constraint change_plan_outcome_check check (outcome = any (jamf_sync.plan_outcomes()));

alter table jamf_sync.location_matches
  drop constraint location_matches_outcome_check,
  add constraint location_matches_outcome_check
    check (outcome = any (jamf_sync.location_match_outcomes()));

alter table jamf_sync.room_matches
  drop constraint room_matches_outcome_check,
  add constraint room_matches_outcome_check
    check (outcome = any (jamf_sync.room_match_outcomes()));

alter table jamf_sync.person_matches
  drop constraint person_matches_outcome_check,
  add constraint person_matches_outcome_check
    check (outcome = any (jamf_sync.person_match_outcomes()));

alter table jamf_sync.device_matches
  drop constraint device_matches_outcome_check,
  add constraint device_matches_outcome_check
    check (outcome = any (jamf_sync.device_match_outcomes()));

alter table jamf_sync.group_matches
  drop constraint group_matches_outcome_check,
  add constraint group_matches_outcome_check
    check (outcome = any (jamf_sync.group_match_outcomes()));
