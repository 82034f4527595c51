#!/usr/bin/env bash
# A lesson about a chain, on machines and switches that exist inside this one: it shows what happens, explains it, and
# ends by itself.
# Usage: scripts/class.sh partition|clone|vote [--pause SECONDS] [--period MS]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$root/scripts/setup.sh"
export PATH="$root/node_modules/.bin:$PATH"
exec node "$root/scripts/class/main.ts" "$@"
