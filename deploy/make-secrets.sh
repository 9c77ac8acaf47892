#!/bin/sh
# Makes the passwords of deploy/compose.yaml, once. Containers run as users of their own and must be able to read the
# files; on this machine, the mode of the directory keeps others out.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "deploy/secrets is there already: the database was made with its passwords" >&2
  exit 1
fi
new_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
mkdir -m 700 secrets
umask 022
new_password > secrets/postgres-password
new_password > secrets/orchestrator-password
printf 'db:5432:orchestrator:orchestrator:%s\n' "$(cat secrets/orchestrator-password)" > secrets/pgpass
