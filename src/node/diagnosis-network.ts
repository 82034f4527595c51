import { clockFindings } from "./diagnosis-clocks.ts";
import { needsPeers } from "./diagnosis-measures.ts";
import { count } from "./diagnosis-text.ts";
import type { ChainInput, DiagnosisInput, Finding, ShownInput } from "./diagnosis-types.ts";

/** A chain that is this much higher has blocks that this node should have by now. */
const behindGap = 3;

/** The better chain that was shown, if it is clearly higher. Mere claims of peers do not count. */
export function behindBy({ shown }: DiagnosisInput, { head }: ChainInput): ShownInput | undefined {
  return shown && shown.height > head.height + behindGap ? shown : undefined;
}

/** `isLate`: something does not progress, so conditions that are usual for a moment count. */
export function networkFindings(input: DiagnosisInput, isLate: boolean): Finding[] {
  const { chain } = input;
  return [
    ...peerFindings(input),
    ...(chain ? behindFindings(input, chain) : []),
    ...(chain ? conflictFindings(chain) : []),
    ...(chain && isLate ? competingHeads(input, chain) : []),
    ...clockFindings(input),
  ];
}

function peerFindings(input: DiagnosisInput): Finding[] {
  if (input.peers.length > 0) return [];
  if (input.chain && !needsPeers(input)) return [];
  return [
    {
      code: "NO_PEERS",
      detail: "no other node is connected",
      remedy:
        "see that others run on this network; if it carries no multicast (mDNS), name one with " +
        "--bootstrap=/ip4/<address>/tcp/<port>; see that firewalls let the p2p port through; a node of another chain is left alone",
    },
  ];
}

function behindFindings(input: DiagnosisInput, chain: ChainInput): Finding[] {
  const best = behindBy(input, chain);
  if (!best) return [];
  return [
    {
      code: "BEHIND",
      detail: `peer ${best.peer} has shown a better chain up to height ${best.height}, this node is at ${chain.head.height}`,
      remedy:
        "wait: the blocks are being downloaded; if the height stays, the log says which are refused, and why",
    },
  ];
}

function conflictFindings({ conflicts }: ChainInput): Finding[] {
  const [first] = conflicts;
  if (!first) return [];
  const { height, own, otherHeight, other } = first;
  return [
    {
      code: "CONFLICTING_FINALITY",
      detail: `at height ${height} block ${own} is final here, and a quorum has signed for ${other} at height ${otherHeight}: this node keeps its own`,
      remedy:
        "a third of the authorities or more have signed for both (evidence in GET /v1/authorities): " +
        "agree with their operators which chain goes on, and start the nodes of the other one again without their data",
    },
  ];
}

/** Heads of one height that differ, among peers and this node. */
function competingHeads({ peers }: DiagnosisInput, { head }: ChainInput): Finding[] {
  const byHeight = new Map<number, Map<string, number>>([[head.height, new Map([[head.id, 1]])]]);
  for (const peer of peers) {
    if (!peer.head) continue;
    const { height, id } = peer.head;
    const heads = byHeight.get(height) ?? new Map<string, number>();
    byHeight.set(height, heads.set(id, (heads.get(id) ?? 0) + 1));
  }
  const split = [...byHeight].filter(([, heads]) => heads.size > 1).sort(([a], [b]) => b - a)[0];
  if (!split) return [];
  const [height, heads] = split;
  const list = [...heads].map(([id, nodes]) => `${id} on ${count(nodes, "node")}`).join(", ");
  return [
    {
      code: "COMPETING_HEADS",
      detail: `there are ${heads.size} heads at height ${height}: ${list}`,
      remedy:
        "wait for the next block, which decides; if this lasts, parts of the network do not reach each other (GET /v1/peers on each), " +
        "or an account signs on two nodes (evidence in GET /v1/authorities)",
    },
  ];
}
