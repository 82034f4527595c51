#!/usr/bin/env bash
# Installs the packages where they are missing or older than package-lock.json. Says nothing where nothing is to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "setup: $*" >&2
  exit 1
}

# Only to install: the packages bring the Node that runs the project.
least=20
for tool in node npm git; do
  command -v "$tool" >/dev/null || fail "$tool is missing: install Node.js >= $least (https://nodejs.org), npm and git"
done
major="$(node -p 'process.versions.node.split(".")[0]')"
((major >= least)) || fail "Node.js $(node -v) is too old to install the packages: install >= $least (https://nodejs.org)"

# npm writes this file last.
installed=node_modules/.package-lock.json
if [[ ! -f $installed || package-lock.json -nt $installed || ! -x node_modules/.bin/node ]]; then
  echo "installing packages…" >&2
  log="$(mktemp)"
  if ! npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "npm ci failed: see above"
  fi
  rm -f "$log"
  touch "$installed"
fi
