#!/usr/bin/env bash
# Runs a command with a PostgreSQL that the tests may use, and says where in OS_SESSION_TEST_POSTGRES. A server that
# answers on 127.0.0.1 is used as it is; otherwise there is one for as long as the command runs, and nothing stays.
# OS_SESSION_TEST_POSTGRES_PORT chooses another port than 5432.
set -euo pipefail

if [[ -n "${OS_SESSION_TEST_POSTGRES:-}" ]]; then
  exec "$@"
fi

# Debian keeps the server's programs apart by version.
versions=(/usr/lib/postgresql/*/bin)
PATH="$PATH:${versions[-1]}"

port="${OS_SESSION_TEST_POSTGRES_PORT:-5432}"
export OS_SESSION_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"

if psql --no-password --quiet --command 'select' "$OS_SESSION_TEST_POSTGRES" >/dev/null 2>&1; then
  exec "$@"
fi

directory="$(mktemp -d)"
# The server refuses to run as root.
as_server=()
if ((EUID == 0)); then
  chown postgres "$directory"
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
server() {
  (cd / && "${as_server[@]}" env PATH="$PATH" "$@")
}

finish() {
  server pg_ctl -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$directory"
}
trap finish EXIT
# A signal ends the script by way of its exit, which cleans up.
trap 'exit 130' INT
trap 'exit 143' TERM

echo "starting a PostgreSQL on port $port for the tests"
server initdb --auth=trust --username=postgres --no-sync --pgdata="$directory/data" >/dev/null
options="-p $port -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
if ! server pg_ctl -D "$directory/data" -w -o "$options" -l "$directory/log" start >/dev/null; then
  cat "$directory/log" >&2
  exit 1
fi
"$@"
