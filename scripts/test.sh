#!/usr/bin/env bash
# Everything that must hold: packages, lint, types, floors, and the tests of all projects. The last line is
# "N passed, N failed": tests, and each check or run that fails without naming a test.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

reports="$(mktemp -d)"
# All processes share their compiled code.
export NODE_COMPILE_CACHE="$reports/compiled"
beside=()
trap 'end_beside; rm -rf "$reports"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

end_beside() {
  for group in "${beside[@]}"; do kill -TERM -- "-$group" 2>/dev/null; done
  wait
}

check() {
  local name="$1"
  shift
  echo "== $name"
  "$@" || printf '%s\n' "0 1" "$name" >"$reports/$name.result"
}

# run NAME COMMAND… runs vitest. Its result: how many tests have passed and failed, then what failed.
run() {
  local name="$1" report="$reports/$1.json" result="$reports/$1.result" code passed
  shift
  echo "== $name tests"
  "$@" --reporter=default --reporter=json --outputFile.json="$report"
  code=$?
  node scripts/read-report.ts "$name" "$report" >"$result" || echo "0 0" >"$result"
  # An error outside of any test, or a crash.
  if ((code != 0)) && [[ "$(head -n 1 "$result")" == *" 0" ]]; then
    read -r passed _ <"$result"
    printf '%s\n' "$passed 1" "$name: ended with code $code" >"$result"
  fi
}

# Whole nodes mostly wait, so the end-to-end tests run in the background in two halves, each in a network and a process
# group of its own; the browser's tests follow the second one. The other tests run meanwhile at a lower priority.
export E2E_PATIENCE=5
whole_nodes() {
  run "e2e-$1" scripts/in-netns.sh vitest run --project e2e --shard="$1/2"
  (($1 == 2)) || return
  # Installing a browser needs the network.
  scripts/browser.sh >/dev/null
  run browser scripts/in-netns.sh vitest run --project browser
  check lighthouse npm run --silent lighthouse
}
set -m
for half in 1 2; do
  whole_nodes "$half" >"$reports/half-$half.log" 2>&1 </dev/null &
  beside+=("$!")
done
set +m
renice -n 5 $$ >/dev/null

check lint biome check .
check types tsc -p .
check "client types" tsc -p src/client
check "explorer types" tsc -p src/explorer
check "browser test types" tsc -p test/browser
check floors node scripts/check-floors.ts
run unit vitest run --project unit --project transformed
run contract vitest run --project contract
run sim vitest run --project sim

echo "waiting for the tests of whole nodes…"
wait
beside=()
cat "$reports"/half-*.log

read -r passed failed < <(awk 'FNR == 1 { passed += $1; failed += $2 } END { print passed, failed }' "$reports"/*.result)
# No test at all is no success.
((passed > 0)) || failed=$((failed + 1))
((failed == 0)) || tail -q -n +2 "$reports"/*.result
echo "$passed passed, $failed failed"
((failed == 0))
