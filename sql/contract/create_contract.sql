-- The schema every dialect fills: one view per M.O.S.S. table under the strategy's names, a vocabulary
-- (canonical word -> the word this M.O.S.S. accepts) and its capabilities. Made anew each time: nothing is kept in it.

drop schema if exists moss_contract cascade;
create schema moss_contract;

create table moss_contract.vocabulary (
  domain text not null,
  canonical text not null,
  accepted text not null,
  primary key (domain, canonical)
);

create table moss_contract.capabilities (
  name text primary key,
  is_available boolean not null,
  meaning text not null
);
comment on column moss_contract.capabilities.meaning is 'What it means for this M.O.S.S. that the capability is there, or is not.';
