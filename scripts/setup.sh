#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian packages and one cargo subcommand.
# Safe to run again: what is there is left alone.
set -euo pipefail

# Each Debian package, after the command it brings.
needs=(
  "cc build-essential"
  "curl curl"
  "chromium chromium"
  "chromedriver chromium-driver"
  "psql postgresql-client"
  "redis-server redis-server"
  "tsc node-typescript"
  "perl perl"
  "ps procps"
)

missing=()
for need in "${needs[@]}"; do
  read -r command package <<<"$need"
  command -v "$command" >/dev/null || missing+=("$package")
done
# The server's programs are not on the PATH of Debian.
if ! command -v initdb >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  missing+=(postgresql)
fi

if ((${#missing[@]})); then
  if ! command -v apt-get >/dev/null; then
    echo "setup: please install ${missing[*]} (this script knows only apt-get)" >&2
    exit 1
  fi
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
fi

if ! command -v cargo >/dev/null; then
  echo "setup: cargo is missing; https://rustup.rs says how to install it" >&2
  exit 1
fi

if ! cargo hack --version >/dev/null 2>&1; then
  echo "setup: installing cargo-hack"
  cargo install --locked cargo-hack
fi
