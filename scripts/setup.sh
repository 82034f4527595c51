#!/usr/bin/env bash
# Installs the packages where they are missing or older than package-lock.json. Says nothing where nothing is to do.
set -euo pipefail
for tool in node npm git; do
  command -v "$tool" >/dev/null || {
    echo "setup: $tool is missing: install Node.js >= 20 (https://nodejs.org), npm and git" >&2
    exit 1
  }
done
exec node "$(dirname "${BASH_SOURCE[0]}")/setup.mjs"
