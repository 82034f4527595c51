#!/usr/bin/env bash
# Prints the path of a Chromium or Chrome for the explorer's tests; installs Debian's where there is none and apt-get
# may.
set -euo pipefail

find_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v "$name" && return; done
  return 1
}

if ! find_browser >/dev/null && command -v apt-get >/dev/null; then
  as_root=()
  if ((EUID != 0)); then as_root=(sudo -n); fi
  echo "installing chromium…" >&2
  {
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  } >/dev/null 2>&1 || true
fi
find_browser || {
  echo "browser: no Chromium or Chrome here: install one for the explorer's tests" >&2
  exit 1
}
