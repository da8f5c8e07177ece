#!/usr/bin/env bash
# Runs a command with a Redis that the tests may use, and says where in OS_SESSION_TEST_REDIS. A server that answers on
# 127.0.0.1 is used as it is; otherwise there is one for as long as the command runs, and nothing stays.
# OS_SESSION_TEST_REDIS_PORT chooses another port than 6379.
set -euo pipefail

if [[ -n "${OS_SESSION_TEST_REDIS:-}" ]]; then
  exec "$@"
fi

port="${OS_SESSION_TEST_REDIS_PORT:-6379}"
export OS_SESSION_TEST_REDIS="redis://127.0.0.1:$port"

answers() {
  [[ "$(redis-cli -h 127.0.0.1 -p "$port" ping 2>/dev/null)" == PONG ]]
}

if answers; then
  exec "$@"
fi

directory="$(mktemp -d)"
server=

finish() {
  [[ -z "$server" ]] || kill "$server" 2>/dev/null || true
  [[ -z "$server" ]] || wait "$server" 2>/dev/null || true
  rm -rf "$directory"
}
trap finish EXIT
# A signal ends the script by way of its exit, which cleans up.
trap 'exit 130' INT
trap 'exit 143' TERM

echo "starting a Redis on port $port for the tests"
redis-server --bind 127.0.0.1 --port "$port" --dir "$directory" --save '' --logfile "$directory/log" &
server=$!
until answers; do
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$directory/log" >&2
    exit 1
  fi
  sleep 0.1
done
"$@"
