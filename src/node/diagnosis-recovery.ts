import { count } from "./diagnosis-text.ts";
import type { Finding, RecoveryInput } from "./diagnosis-types.ts";

/** More than the addresses that an attacker is likely to have: each counts for one claim. */
const maxListed = 8;

export function recoveryFindings({ awaited, unknown, without }: RecoveryInput): Finding[] {
  const findings: Finding[] = [];
  if (awaited) {
    findings.push({
      code: "RECOVERY_AWAITED",
      detail: `this node was given the recovery ${awaited.id}, whose block ${awaited.height} (${awaited.block}) is not here yet: until it comes, it signs nothing`,
      remedy:
        "wait: it is downloaded from nodes that were given the same recovery; if none is connected, name one with --bootstrap",
    });
  }
  if (unknown.length > 0) {
    const listed = unknown.slice(0, maxListed).map(claimText);
    const more = unknown.length > maxListed ? [`${unknown.length - maxListed} more`] : [];
    findings.push({
      code: "NOT_RECOVERED",
      detail: `this node was not given, and does not follow, what peers claim: ${[...listed, ...more].join("; ")}`,
      remedy:
        "if you have agreed on one of these ids with the other operators, take their recovery file (GET /v1/recoveries of their nodes) and start this node once with " +
        "--recovery=<file>; if not, there is nothing to do: no node can prove it",
    });
  }
  if (without > 0) {
    findings.push({
      code: "PEERS_NOT_RECOVERED",
      detail: `peers at ${count(without, "address")} were not given the recovery that this node follows`,
      remedy: "give their operators the recovery file: each node is started with it once",
    });
  }
  return findings;
}

function claimText({ id, height, authorities, addresses }: RecoveryInput["unknown"][number]): string {
  return `that this chain went on from block ${height} with ${count(authorities, "authority")} by the recovery ${id} (peers at ${count(addresses, "address")})`;
}
