#!/usr/bin/env bash
# Runs a command in a network namespace of its own: loopback only, with multicast on it, so that mDNS works and no
# packet leaves the machine. Needs root or unprivileged user namespaces. Exits with the command's code; what the command
# leaves running in the namespace is killed, and the namespace goes with it.
# Usage: scripts/in-netns.sh COMMAND [ARGUMENT…]
set -uo pipefail

fail() {
  echo "in-netns: $*" >&2
  exit 125
}

(($# > 0)) || fail "usage: scripts/in-netns.sh COMMAND [ARGUMENT…]"
[[ "$(uname -s)" == Linux ]] || fail "network namespaces need Linux: run the command without this script where mDNS works"
command -v unshare >/dev/null || fail "unshare is missing: install util-linux"

if ! command -v ip >/dev/null; then
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq iproute2; } >/dev/null 2>&1
  fi
  command -v ip >/dev/null || fail "ip is missing: install iproute2"
fi

if unshare -n true 2>/dev/null; then
  enter=(unshare -n)
elif unshare -rn true 2>/dev/null; then
  enter=(unshare -rn)
else
  fail "this user may not make a network namespace: run as root, in a container with --privileged, or allow it with" \
    "'sysctl kernel.unprivileged_userns_clone=1' (Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0)"
fi

bin="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/node_modules/.bin"
export PATH="$bin:$PATH"

# Job control, so that the command gets a process group and the usual signal handlers.
set -m
note="$(mktemp)"
# shellcheck disable=SC2016 # expanded by the inner shell
"${enter[@]}" bash -c '
  ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo || exit 125
  readlink /proc/self/ns/net >"$1"
  shift
  exec "$@"
' in-netns "$note" "$@" &
child=$!

# From here on the shell has nothing to say: it would report a killed command.
exec 2>/dev/null
interrupted=false
forward() {
  interrupted=true
  kill "-$1" -- "-$child"
}
for signal in INT TERM HUP QUIT; do trap "forward $signal" "$signal"; done

# A trapped signal ends wait early, with a code of its own.
while
  wait "$child"
  code=$?
  kill -0 "$child"
do :; done
if $interrupted; then
  wait "$child"
  last=$?
  ((last == 127)) || code=$last
fi

trap '' INT TERM HUP QUIT
namespace="$(cat "$note")"
rm -f "$note"
own="$(readlink /proc/self/ns/net)"
if [[ -n "$namespace" && "$namespace" != "$own" ]]; then
  for link in /proc/[0-9]*/ns/net; do
    [[ "$(readlink "$link")" == "$namespace" ]] || continue
    pid="${link#/proc/}"
    kill -KILL "${pid%%/*}"
  done
fi
exit "$code"
