-- Runs once, on an empty volume, as the superuser of the container: the two roles of docs/operations.md and the database.
-- The owner may make roles, so that `migrate` makes arcadia_service by itself; it is no superuser.
\set owner_password `cat /run/secrets/database_owner_password`
\set app_password `cat /run/secrets/database_app_password`
set log_min_error_statement = 'panic'; -- the statements carry passwords
set log_statement = 'none';
create role arcadia_owner login nosuperuser nobypassrls createrole password :'owner_password';
create role arcadia_app login nosuperuser nobypassrls nocreaterole nocreatedb password :'app_password';
create database arcadia owner arcadia_owner template template0 encoding 'UTF8';
revoke connect on database arcadia from public;
grant connect on database arcadia to arcadia_app;
