import { clockFindings } from "./diagnosis-clocks.ts";
import { reachFindings } from "./diagnosis-reach.ts";
import type { ChainInput, DiagnosisInput, Finding, ShownInput } from "./diagnosis-types.ts";

const maxListed = 8;
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
    ...reachFindings(input),
    ...(chain ? behindFindings(input, chain) : []),
    ...(chain ? conflictFindings(chain) : []),
    ...(chain && isLate ? competingHeads(chain) : []),
    ...clockFindings(input),
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

/** Blocks of authorities that others may have as their heads. Which peers say so does not count. */
function competingHeads({ head, rivals }: ChainInput): Finding[] {
  if (rivals.length === 0) return [];
  const list = rivals.slice(-maxListed).map(({ height, id }) => `${id} at ${height}`);
  return [
    {
      code: "COMPETING_HEADS",
      detail: `there are ${rivals.length + 1} heads: ${head.id} at height ${head.height}, which is this node's, and ${list.join(", ")}`,
      remedy:
        "wait for the next block, which decides; if this lasts, parts of the network do not reach each other (GET /v1/peers on each), " +
        "or an account signs on two nodes (evidence in GET /v1/authorities)",
    },
  ];
}
