-- The schema every dialect fills: a function per relation of M.O.S.S. under the strategy's names, a vocabulary (canonical word
-- -> the word this M.O.S.S. accepts) and its capabilities. Made anew each time: nothing is kept in it.
-- Nothing in it depends on a table of M.O.S.S. (docs/decisions/0008).

drop schema if exists moss_contract cascade;
create schema moss_contract;

create table moss_contract.installation (
  is_the_only boolean primary key default true check (is_the_only),
  dialect text not null,
  reader text not null,
  writer text not null
);
comment on table moss_contract.installation is
  'Which dialect of M.O.S.S. the contract was made for, and the names of the roles that the sync works under.';

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
