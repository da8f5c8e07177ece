#!/usr/bin/env bash
# Sets up the machine and passes every test; stops at the first that fails. No process of a test may stay behind.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
  echo "+ $*"
  "$@"
}

run scripts/setup.sh
run cargo fmt --all --check
run cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
run env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
run cargo hack check --each-feature -p os-session -p os-session-macros --no-dev-deps
run tsc --project tests/client
run scripts/without-leftovers.sh scripts/with-postgres.sh scripts/with-redis.sh cargo test --workspace --all-features
run scripts/without-leftovers.sh cargo test --locked --manifest-path examples/leptos/Cargo.toml

echo "all tests passed"
