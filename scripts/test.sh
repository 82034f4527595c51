#!/usr/bin/env bash
# Everything that must hold: packages, lint, types, floors, and the tests of all projects. The last line is
# "N passed, N failed": tests, and each check or run that fails without naming a test.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

reports="$(mktemp -d)"
end_to_end=
trap '[[ -z "$end_to_end" ]] || { kill -TERM -- "-$end_to_end"; wait "$end_to_end"; }; rm -rf "$reports"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check() {
  local name="$1"
  shift
  echo "== $name"
  "$@" || echo "0 1" >"$reports/$name.counts"
}

# run PROJECT [WRAPPER…]: notes how many tests have passed and failed.
run() {
  local project="$1" report="$reports/$1.json" code counts
  shift
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
  echo "$counts" >"$reports/$project.counts"
}

# Whole nodes mostly wait: the other tests run beside them, and give way. A process group of their own, to be ended as one.
set -m
run e2e scripts/in-netns.sh >"$reports/e2e.log" 2>&1 </dev/null &
end_to_end=$!
set +m
renice -n 5 $$ >/dev/null

check lint biome check .
check types tsc -p .
check "client types" tsc -p src/client
check "explorer types" tsc -p src/explorer
check "browser test types" tsc -p test/browser
check floors node scripts/check-floors.ts
run unit
run contract
run sim
# Where it has to be installed, that needs the network.
scripts/browser.sh >/dev/null
run browser scripts/in-netns.sh

echo "waiting for the end-to-end tests…"
wait "$end_to_end"
end_to_end=
cat "$reports/e2e.log"

read -r passed failed < <(cat "$reports"/*.counts | awk '{ passed += $1; failed += $2 } END { print passed, failed }')
# No test at all is no success.
((passed > 0)) || failed=$((failed + 1))
echo "$passed passed, $failed failed"
((failed == 0))
