-- What stands open beside the rights that the sync needs. Takes nothing. Yields one row: whether everybody may create in the schema
-- public; who else was allowed to, and is not entrusted with M.O.S.S. anyway; who owns M.O.S.S.'s tables (its migrations create there); what strangers have put there (each in words, with its owner);
-- the roles that the contract was made for.
select has_schema_privilege('public', 'public', 'CREATE') as everybody_may_create,
       array(select pg_get_userbyid(granted.grantee)::text
             from pg_namespace as namespace cross join lateral aclexplode(namespace.nspacl) as granted
             where namespace.nspname = 'public' and granted.privilege_type = 'CREATE' and granted.grantee <> 0
               and not moss_contract.is_trusted(granted.grantee)
             order by 1) as creators,
       (select pg_get_userbyid(relowner)::text from pg_class where oid = to_regclass('public.devices')) as moss_owner,
       array(select found.owner || ': ' || found.what from moss_contract.strangers_in_public() as found
             order by 1) as strangers,
       installed.reader, installed.writer
from moss_contract.installation as installed
