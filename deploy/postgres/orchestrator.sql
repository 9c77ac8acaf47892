-- Makes the user and the database of the service, when the cluster is made. The user owns its database, and nothing else.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/orchestrator-password`
create role orchestrator login nosuperuser nocreatedb nocreaterole noreplication password :'password';
create database orchestrator owner orchestrator encoding 'UTF8' template template0;
revoke all on database orchestrator from public;
