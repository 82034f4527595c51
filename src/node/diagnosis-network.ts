import { duration } from "../util/duration.ts";
import { clockFindings } from "./diagnosis-clocks.ts";
import { isAlone } from "./diagnosis-measures.ts";
import { count } from "./diagnosis-text.ts";
import type { ChainInput, DiagnosisInput, Finding, ShownInput } from "./diagnosis-types.ts";

const maxListed = 8;
/** The time in which nodes have told each other of their peers. */
const singleLinkMs = 60_000;
/** With fewer authorities, a network of two nodes is complete. */
const leastForOthers = 3;
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

/** Findings about which other nodes this one reaches, and which of them reach it. */
function reachFindings(input: DiagnosisInput): Finding[] {
  return [
    ...peerFindings(input),
    ...singleLinkFindings(input),
    ...otherChainFindings(input),
    ...unreachedFindings(input),
    ...placeFindings(input),
  ];
}

function peerFindings(input: DiagnosisInput): Finding[] {
  if (!isAlone(input)) return [];
  const others = input.peers.length;
  return [
    {
      code: "NO_PEERS",
      detail:
        others === 0
          ? "no other node is connected"
          : `none of the ${count(others, "connection")} is with a node that follows this chain`,
      remedy:
        "see that others run on this network; if it carries no multicast (mDNS), name one with " +
        "--bootstrap=/ip4/<address>/tcp/<port>; see that firewalls let the p2p port through; a node of another chain is left alone",
    },
  ];
}

function singleLinkFindings({ peers, chain, nowMs }: DiagnosisInput): Finding[] {
  const [only, ...others] = peers;
  if (!only || others.length > 0 || (chain?.snapshot.authorities.length ?? 0) < leastForOthers) return [];
  const forMs = nowMs - only.connectedAtMs;
  if (forMs < singleLinkMs) return [];
  return [
    {
      code: "SINGLE_LINK",
      detail: `everything reaches this node through one other, ${only.id} at ${only.address}, for ${duration(forMs)}: when that one stops, this node is alone`,
      remedy:
        "name a second node with --bootstrap; nodes tell each other only of nodes whose p2p port can be reached: " +
        "forward it and tell its address (--announce) on at least one more",
    },
  ];
}

function otherChainFindings({ unreached, ownChain }: DiagnosisInput): Finding[] {
  const others = unreached.flatMap(({ address, otherChain }) =>
    otherChain ? { address, ...otherChain } : [],
  );
  if (others.length === 0) return [];
  const chainText = (genesisId: string, name: string | undefined) =>
    name === undefined ? genesisId : `${JSON.stringify(name)}, ${genesisId}`;
  const list = others
    .slice(0, maxListed)
    .map(({ address, peer, genesisId, name }) => `${address} (${peer}) is of ${chainText(genesisId, name)}`);
  const own = ownChain ? `; this node is of ${chainText(ownChain.genesisId, ownChain.name)}` : "";
  return [
    {
      code: "OTHER_CHAIN",
      detail: `of the addresses that this node was given, these are of another chain: ${list.join("; ")}${own}`,
      remedy:
        "correct --bootstrap, or --genesis on the node that is wrong; a node that has begun on the wrong chain needs another --nodeid or --datadir; " +
        "each init makes another chain, also from the same file",
    },
  ];
}

function unreachedFindings({ unreached }: DiagnosisInput): Finding[] {
  const silent = unreached.filter(({ otherChain }) => otherChain === undefined);
  if (silent.length === 0) return [];
  const listed = silent.slice(0, maxListed).map(({ address, reason }) => `${address}: ${reason}`);
  const more = silent.length > maxListed ? [`and ${silent.length - maxListed} more`] : [];
  return [
    {
      code: "UNREACHED",
      detail: `of the addresses that this node was given, these are not reached: ${[...listed, ...more].join("; ")}`,
      remedy:
        "see that a node runs there, that its address and peer id are these, and that firewalls let its p2p port through; " +
        "one that ends connections at once may have no more places for nodes of this address (its --max-per-address), " +
        "or lets in only those with its key or on its list (--network-key-file, --allow-peers); " +
        "take an address that is gone out of --bootstrap",
    },
  ];
}

function placeFindings({ places: { inbound, crowded, outbound } }: DiagnosisInput): Finding[] {
  const findings: Finding[] = [];
  if (inbound.taken >= inbound.limit) {
    findings.push({
      code: "NO_PLACE",
      detail: `all ${inbound.limit} places for nodes that connect to this one are taken: a new one gets that of another, or is refused`,
      remedy:
        "give new nodes the address of another node (--bootstrap); those that this node was given are let in at any time",
    });
  }
  if (crowded.length > 0) {
    findings.push({
      code: "CROWDED_ADDRESS",
      detail: `${crowded.slice(0, maxListed).join(", ")} ${crowded.length === 1 ? "has" : "have"} as many connections as one address may have: more nodes behind it are refused`,
      remedy:
        "if they are yours, such as a class behind one router, start this node with a larger --max-per-address",
    });
  }
  if (outbound.taken >= outbound.limit) {
    findings.push({
      code: "ENOUGH_DIALLED",
      detail: `this node has dialled ${count(outbound.taken, "other node")}, and dials no more that it finds by itself`,
      remedy:
        "nothing to do: this is enough; nodes that it is given with --bootstrap are dialled all the same",
    });
  }
  return findings;
}
