-- The schema every dialect fills: one view per M.O.S.S. table under the strategy's names, a vocabulary
-- (canonical word -> the word this M.O.S.S. accepts) and its capabilities. Safe to run again.

create schema if not exists moss_contract;

create table if not exists moss_contract.vocabulary (
  domain text not null,
  canonical text not null,
  accepted text not null,
  primary key (domain, canonical)
);

create table if not exists moss_contract.capabilities (
  name text primary key,
  is_available boolean not null,
  meaning text not null
);

truncate moss_contract.vocabulary, moss_contract.capabilities;
