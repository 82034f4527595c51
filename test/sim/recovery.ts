import { authorityIndex, nextRecoveryRound, recoveryId } from "../../src/consensus/index.ts";
import { type ChainParameters, type Recovery, zero32 } from "../../src/types/index.ts";
import { compareBytes, toHex } from "../../src/util/bytes.ts";
import type { SimNetwork } from "./network.ts";
import type { SimNode } from "./node.ts";
import type { Oracle } from "./oracle.ts";
import type { Random } from "./random.ts";
import { isCalm, settleMs, standing } from "./standing.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";
import { lastSender, type Transfers } from "./transfers.ts";

/** Time until all messages have arrived that were under way when the authorities were destroyed. */
const quietMs = 5_000;
/** The longest time that an operator takes to start a node with the recovery. */
const lateMs = 20_000;
/** Time until a node has asked a peer with other recoveries, which it does once a minute. */
const toldMs = 70_000;

export interface RecoveryRunOptions {
  nodes: readonly SimNode[];
  random: Random;
  network: SimNetwork;
  timeline: Timeline;
  trace: Trace;
  oracle: Oracle;
  transfers: Transfers;
  until(timeMs: number, done?: () => boolean): Promise<void>;
  start(node: SimNode): void;
}

/** The nodes of a chain that has lost its majority. */
interface Remains {
  /** The honest nodes that were not destroyed. */
  left: readonly SimNode[];
  /** Destroyed authorities whose machines return with the old chain; too few to continue it. */
  back: readonly SimNode[];
  destroyed: readonly SimNode[];
}

/**
 * The end of some runs: a majority of the authorities is destroyed, people agree on a recovery from the newest
 * remaining final block, and start the nodes with it one after another. Some of the destroyed authorities return with
 * the old chain, and get the recovery last.
 */
export async function recoverChain(options: RecoveryRunOptions): Promise<void> {
  const { nodes, random, network, timeline, trace, oracle, until, start } = options;
  const { left, back, destroyed } = drawRemains(nodes, random);
  if (left.length === 0) return;
  // A node that is alone with old data makes nothing final until another one answers (docs/slashing-protection.md).
  if (left.length === 1 && left[0]!.restores > 0) return;
  for (const node of left) dropProposals(node);
  for (const node of destroyed) node.crash();
  // A node that has lost all its neighbours can connect to others.
  network.wire(() => true);
  await until(timeline.nowMs + quietMs);
  const recovery = await makeRecovery(
    left,
    random.pick([{}, { blockReward: 9n }, { maxBlockTransactions: 3 }]),
  );
  const { height } = recovery.block;
  trace.add("net", `recovery from ${height}, ${destroyed.length} destroyed, ${back.length} come back`);
  oracle.recover(recovery);
  const give = async (node: SimNode) => {
    node.crash();
    const code = await node.giveRecovery(recovery).then(
      () => undefined,
      (error) => String(error.code ?? error.stack),
    );
    // A destroyed authority may have finalized a later block. If it returns, it may refuse the recovery, because its
    // final block stays.
    if (code !== undefined && (code !== "OTHER_FINAL_BLOCK" || (await node.finalHeight()) <= height))
      oracle.report("recovery refused", `${node.name}: ${code}`);
    if (code === undefined) start(node);
  };
  const soonMs = random.chance(0.5) ? 500 : lateMs;
  for (const node of left) timeline.after(random.between(0, soonMs), () => void give(node));
  for (const node of back) timeline.after(random.between(0, lateMs), () => start(node));
  await until(timeline.nowMs + lateMs);
  await requireCalm(options, left, height);
  await requireTold(options, back, recovery);
  if (oracle.violation) return;
  for (const node of back) void give(node);
  await until(timeline.nowMs + quietMs);
  await requireCalm(options, [...left, ...back.filter(({ recovered }) => recovered)], height);
}

function drawRemains(nodes: readonly SimNode[], random: Random): Remains {
  const honest = nodes.filter(({ faulty }) => !faulty);
  const { authorities } = honest[0]!.services!.chain.snapshot;
  const isMember = ({ publicKey }: SimNode) => authorityIndex(authorities, publicKey) >= 0;
  const members = random.shuffle(honest.filter(isMember));
  /** This many authorities cannot continue the chain, with or without those that return. */
  const most = Math.ceil(authorities.length / 2) - 1;
  const others = honest.filter((node) => !isMember(node));
  const least = Math.min(most, others.length > 0 ? 0 : 1);
  const survivors = members.slice(0, random.int(least, most));
  const gone = members.slice(survivors.length);
  const left = [...others, ...survivors];
  const back = gone.slice(0, random.int(0, most - survivors.length));
  return { left, back, destroyed: nodes.filter((node) => !left.includes(node)) };
}

/** Makes the recovery like `ccoin recover` on the node with the newest final block. */
async function makeRecovery(left: readonly SimNode[], set: Partial<ChainParameters>): Promise<Recovery> {
  const [best] = left.toSorted((a, b) => finalized(b).height - finalized(a).height);
  const { chain, voter } = best!.services!;
  const { height, block: id } = finalized(best!);
  const { parameters } = await chain.tree.snapshotAfter(id);
  return {
    genesisId: chain.genesis.id,
    previous: zero32,
    block: { height, id },
    round: nextRecoveryRound(Math.max(chain.finality.justified.round, voter?.round ?? 0)),
    authorities: left.map(({ publicKey }) => publicKey).sort(compareBytes),
    parameters: { ...parameters, ...set },
  };
}

/** Waits until all are on one chain and a new transfer is final on it. */
async function requireCalm(
  options: RecoveryRunOptions,
  nodes: readonly SimNode[],
  height: number,
): Promise<void> {
  const { timeline, oracle, transfers, until } = options;
  let last: Uint8Array | undefined;
  let calm = false;
  const endMs = timeline.nowMs + settleMs(nodes);
  const poll = async () => {
    if (calm || timeline.nowMs > endMs) return;
    timeline.after(50, () => void poll());
    if (nodes.some(({ services }) => !services)) return;
    last ??= await transfers.send(nodes[0]!, lastSender);
    if (last) calm = await isCalm(nodes, last, height);
  };
  void poll();
  await until(endMs, () => calm);
  if (!calm) oracle.report("not settled", `after the recovery: ${nodes.map(standing).join("; ")}`);
}

/** Waits until nodes without the recovery report that others have one; their chain must not grow. */
async function requireTold(
  { timeline, oracle, until }: RecoveryRunOptions,
  nodes: readonly SimNode[],
  recovery: Recovery,
) {
  const id = toHex(recoveryId(recovery));
  const isTold = ({ services }: SimNode) =>
    services?.otherRecoveries.claims().unknown.some((claim) => claim.id === id) === true;
  await until(timeline.nowMs + toldMs, () => nodes.every(isTold));
  const untold = nodes.find((node) => !isTold(node));
  if (untold) oracle.report("not told of the recovery", standing(untold));
}

function dropProposals({ services }: SimNode): void {
  const { proposals } = services!;
  for (const { vote } of proposals.list()) void proposals.drop(vote).catch(() => undefined);
}

function finalized({ services }: SimNode) {
  return services!.chain.finality.finalized;
}
