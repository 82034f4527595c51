#!/usr/bin/env bash
# Everything that must hold: packages, lint, types, floors, and the tests of all projects. The last line is
# "N passed, N failed": tests, and each check or run that fails without naming a test.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

reports="$(mktemp -d)"
trap 'rm -rf "$reports"' EXIT
passed=0
failed=0

check() {
  local name="$1"
  shift
  echo "== $name"
  "$@" || failed=$((failed + 1))
}

# run PROJECT [WRAPPER…]
run() {
  local project="$1" report="$reports/$1.json" code counts
  shift
  if [[ -z "$(find "test/$project" -name '*.test.ts' -print -quit 2>/dev/null)" ]]; then return; fi
  echo "== $project tests"
  "$@" vitest run --project "$project" --reporter=default --reporter=json --outputFile.json="$report"
  code=$?
  counts="$(node -e '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const broken = report.testResults.filter((file) => file.status === "failed" &&
      !file.assertionResults.some((test) => test.status === "failed")).length;
    console.log(report.numPassedTests, report.numFailedTests + broken);
  ' "$report" 2>/dev/null)" || counts="0 0"
  # An error outside of any test, or a crash.
  if ((code != 0)) && [[ "${counts#* }" == 0 ]]; then counts="${counts% *} 1"; fi
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

check lint biome check .
check types tsc -p .
check "client types" tsc -p src/client
check "explorer types" tsc -p src/explorer
check "browser test types" tsc -p test/browser
check floors node scripts/check-floors.ts
run unit
run contract
run sim
run e2e scripts/in-netns.sh
# Where it has to be installed, that needs the network.
scripts/browser.sh >/dev/null
run browser scripts/in-netns.sh

# No test at all is no success.
((passed > 0)) || failed=$((failed + 1))
echo "$passed passed, $failed failed"
((failed == 0))
