import { count } from "./diagnosis-text.ts";
import type { Finding, RecoveryInput } from "./diagnosis-types.ts";

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
  const [first, ...others] = unknown;
  if (first) {
    const more = others.length > 0 ? `, and ${others.length} more` : "";
    findings.push({
      code: "NOT_RECOVERED",
      detail:
        `${count(first.peers, "peer")} ${first.peers === 1 ? "says" : "say"} that this chain went on from block ${first.height} with ${count(first.authorities, "authority")}, ` +
        `by the recovery ${first.id}${more}; this node was not given it and does not follow`,
      remedy:
        "if you have agreed on this id with the other operators, take their recovery file (GET /v1/recoveries of their nodes) and start this node once with " +
        "--recovery=<file>; if not, there is nothing to do: no node can prove it",
    });
  }
  if (without > 0) {
    findings.push({
      code: "PEERS_NOT_RECOVERED",
      detail: `${count(without, "peer")} of this chain ${without === 1 ? "was" : "were"} not given the recovery that this node follows`,
      remedy: "give their operators the recovery file: each node is started with it once",
    });
  }
  return findings;
}
