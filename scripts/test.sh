#!/usr/bin/env bash
# Everything that must hold: packages, lint, types, floors, and the tests of all projects. The last line is
# "N passed, N failed": tests, and each check or run that fails without naming a test.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

reports="$(mktemp -d)"
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
  "$@" || echo "0 1" >"$reports/$name.counts"
}

# run NAME COMMAND… runs vitest, and notes how many tests have passed and failed.
run() {
  local name="$1" report="$reports/$1.json" code counts
  shift
  echo "== $name tests"
  "$@" --reporter=default --reporter=json --outputFile.json="$report"
  code=$?
  counts="$(node -e '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const broken = report.testResults.filter((file) => file.status === "failed" &&
      !file.assertionResults.some((test) => test.status === "failed")).length;
    console.log(report.numPassedTests, report.numFailedTests + broken);
  ' "$report" 2>/dev/null)" || counts="0 0"
  # An error outside of any test, or a crash.
  if ((code != 0)) && [[ "${counts#* }" == 0 ]]; then counts="${counts% *} 1"; fi
  echo "$counts" >"$reports/$name.counts"
}

# Whole nodes mostly wait. So the end-to-end tests run in two halves, each in a network of its own and in a process group, to be
# ended as one; the other tests run beside them, and give way.
halves=2
export CCOIN_E2E_PATIENCE=5
set -m
for ((half = 1; half <= halves; half++)); do
  name="e2e-$half"
  run "$name" scripts/in-netns.sh vitest run --project e2e --shard="$half/$halves" >"$reports/$name.log" 2>&1 </dev/null &
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
run unit vitest run --project unit
run contract vitest run --project contract
run sim vitest run --project sim
# Where it has to be installed, that needs the network.
scripts/browser.sh >/dev/null
run browser scripts/in-netns.sh vitest run --project browser

echo "waiting for the end-to-end tests…"
wait
beside=()
cat "$reports"/e2e-*.log

read -r passed failed < <(cat "$reports"/*.counts | awk '{ passed += $1; failed += $2 } END { print passed, failed }')
# No test at all is no success.
((passed > 0)) || failed=$((failed + 1))
echo "$passed passed, $failed failed"
((failed == 0))
