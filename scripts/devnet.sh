#!/usr/bin/env bash
# A network of N nodes (default 4) on this machine, all of them authorities, with a block every second. Ctrl-C stops it.
# CCOIN_DATADIR keeps its data in that folder and continues from there; CCOIN_PERIOD is the period in ms.
# Usage: scripts/devnet.sh [N]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$root/scripts/setup.sh"
export PATH="$root/node_modules/.bin:$PATH"
exec node "$root/scripts/devnet/main.ts" "$@"
