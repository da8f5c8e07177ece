#!/usr/bin/env bash
# Runs a command, and fails if a process that it started is still there when it has ended. Each one is named. What a
# daemon's double fork leaves counts as well: Linux hands all orphans to this process, and nothing else to it.
set -euo pipefail

# By `prctl(PR_SET_CHILD_SUBREAPER, 1)`, which survives the `exec`.
if [[ "${1:-}" != --adopts ]]; then
  case "$(uname -sm)" in
    'Linux x86_64') prctl=157 ;;
    'Linux aarch64' | 'Linux riscv64') prctl=167 ;;
    *)
      echo "without-leftovers: processes that stay behind are not looked for on $(uname -sm)" >&2
      exec "$@"
      ;;
  esac
  exec perl -e 'syscall(shift, 36, 1, 0, 0, 0) == 0 or die "prctl: $!"; exec @ARGV' "$prctl" "$0" --adopts "$@"
fi
shift

# The children of this process that are no zombies, without the subshell that asks.
left() {
  local self="$BASHPID"
  ps -o pid=,stat=,args= --ppid $$ | awk -v self="$self" '$1 != self && $2 !~ /^Z/'
}

status=0
"$@" || status=$?
# What was told to end has some seconds for it.
for _ in {1..100}; do
  left="$(left)"
  [[ -n "$left" ]] || exit "$status"
  sleep 0.1
done
echo "these processes were left behind:" >&2
echo "$left" >&2
((status)) || status=1
exit "$status"
