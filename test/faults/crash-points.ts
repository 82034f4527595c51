import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { signerFromSeed } from "../../src/accounts/signer.ts";
import { headerEvidence } from "../../src/consensus/index.ts";
import { Evidence, noVote, zero32 } from "../../src/types/index.ts";
import { fromHex } from "../../src/util/bytes.ts";
import { createNetwork, startAll, type TestNetwork } from "../e2e/harness/network.ts";
import { TestNode } from "../e2e/harness/node.ts";
import type { World } from "../e2e/harness/open-world.ts";
import { nodeFlags } from "../e2e/harness/process.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Rogue } from "../e2e/harness/rogue.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { Wallet } from "../e2e/harness/wallet.ts";
import { signHeader } from "../sign-header.ts";
import type { CrashPhase } from "./crash-at.ts";
import { checkPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";

interface Point {
  /** The commit point in the form of `crash-at.ts`. */
  at: string;
  /** The crash comes at one of the first this many writes. */
  among: number;
  /** True if a node without data reaches the point. */
  isNew?: true;
  /** A request that makes the node reach the point. */
  ask?(node: TestNode, network: TestNetwork): Promise<unknown>;
}

const points: readonly Point[] = [
  { at: "header", among: 10 },
  { at: "protection", among: 12 },
  { at: "certificate", among: 10 },
  { at: "mempoolBatch", among: 10 },
  { at: "event", among: 4 },
  { at: "rename", among: 1 },
  { at: "proposal", among: 1, ask: propose },
  { at: "evidence", among: 1, ask: accuse },
  { at: "waitingBlock", among: 2, ask: fillBlock },
  { at: "addressBook", among: 1, isNew: true },
  { at: "meta", among: 2, isNew: true },
  { at: "link", among: 4, isNew: true },
];
const phases: readonly CrashPhase[] = ["before", "during", "after"];
const periodMs = 200;
const crashTimeoutMs = 120_000;
/** First ids of new nodes and of authorities. */
const firstNewId = 100;
const firstAuthorityId = 500;
/** A third account, for `fillBlock`: nobody else sends from it, so its nonces have no gap. */
const filler = signerFromSeed(new Uint8Array(32).fill(1));

/**
 * Kills one of two authorities under transfers, or a new node, at each point at which it writes, and then up to three
 * times while it starts again; after that the node must continue by itself. The points take turns.
 */
export const crashPoints: Scenario = {
  name: "crash-points",
  short: 1,
  full: 20 * points.length,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    let crashes = 0;
    let transactions = 0;
    for (let done = 0; done < rounds; done += points.length) {
      const last = Math.min(done + points.length, rounds);
      const result = await crashInTurn(world, { done, last, random, onRound });
      crashes += result.crashes;
      transactions += result.transactions;
    }
    return `${rounds} crashes at ${points.length} points, ${crashes - rounds} more in the recovery; ${transactions} transactions, 0 acknowledged ones missing`;
  },
};

/**
 * Runs rounds `done + 1` to `last`, each point at most once, on a new chain, so that new nodes have little to download.
 */
async function crashInTurn(
  world: World,
  {
    done,
    last,
    random,
    onRound,
  }: { done: number; last: number; random(): number; onRound(round: number): void },
): Promise<{ crashes: number; transactions: number }> {
  const balances = [{ address: filler.address, balance: "1000" }];
  const network = await createNetwork(world, {
    ...{ nodes: 2, periodMs, balances },
    firstId: firstAuthorityId + done,
  });
  network.wallets.push(new Wallet(filler, network.genesisId));
  await startAll(network);
  const traffic = new Traffic(network, 20);
  world.onEnd(() => traffic.stop().catch(() => undefined));
  const [, authority] = network.nodes as [TestNode, TestNode];
  let crashes = 0;
  for (let round = done + 1; round <= last; round++) {
    const index = round - done - 1;
    const point = points[index]!;
    // The phase changes each time that the point has its turn.
    const phase = phases[(index + done / points.length) % phases.length]!;
    const nth = 1 + Math.floor(random() * point.among);
    const node = point.isNew ? new TestNode(world, firstNewId + round) : authority;
    try {
      crashes += await crash(node, network, { point, phase, nth }, random);
      await goesOn(node, network, traffic);
    } catch (error) {
      throw new Error(`round ${round}: ${phase} write ${nth} of ${point.at}`, { cause: error });
    }
    if (point.isNew) {
      await node.stop();
      rmSync(node.paths.folder, { recursive: true });
    }
    onRound(round);
  }
  await traffic.stop();
  const { transactions } = await checkPromises(network, traffic.accepted);
  await Promise.all(network.nodes.map((node) => node.stop()));
  return { crashes, transactions };
}

/** Crashes the node, which is down afterwards, and returns the number of crashes. */
async function crash(
  node: TestNode,
  network: TestNetwork,
  { point, phase, nth }: { point: Point; phase: CrashPhase; nth: number },
  random: () => number,
): Promise<number> {
  if (!point.isNew) await node.kill();
  await crashOnce(node, { at: point.at, phase, nth }, () => point.ask?.(node, network));
  const again = Math.floor(random() * 4);
  for (let time = 1; time <= again; time++) {
    const at = {
      at: "any",
      phase: phases[Math.floor(random() * phases.length)]!,
      nth: 1 + Math.floor(random() * 8),
    };
    await crashOnce(node, at);
  }
  return 1 + again;
}

async function crashOnce(
  node: TestNode,
  { at, phase, nth }: { at: string; phase: CrashPhase; nth: number },
  ask: () => unknown = () => undefined,
): Promise<void> {
  const url = new URL(`crash-at.ts?at=${at}&phase=${phase}&nth=${nth}`, import.meta.url);
  node.flags = [...nodeFlags, "--import", url.href];
  node.start();
  const hasEnded = () => node.process.end;
  const crash = until(`a crash ${phase} write ${nth} of ${at}`, hasEnded, { timeoutMs: crashTimeoutMs });
  const asked = until("it answers", async () => hasEnded() || (await node.status())).then(ask);
  // The request also fails if the node is killed in the meantime, which becomes known a little later.
  const failed = asked.then(
    () => crash,
    (error) => sleep(1_000).then(() => hasEnded() ?? Promise.reject(error)),
  );
  const end = await Promise.race([crash, failed]);
  if (end.signal !== "SIGKILL") throw new Error(`it ended with ${end.code}: ${end.stderr}`);
}

/** Checks that the node is in step and has everything that it acknowledged. */
async function goesOn(node: TestNode, { nodes }: TestNetwork, traffic: Traffic): Promise<void> {
  const accepted = [...traffic.accepted].slice(-20);
  node.flags = nodeFlags;
  node.start();
  const { head } = await until("another answers", () => nodes[0]!.status());
  await node.height(head!.height + 2, crashTimeoutMs);
  for (const id of accepted) await until(`${id} is known`, () => node.transaction(id));
}

/** Proposes an authority that no other node proposes. */
async function propose(node: TestNode, { wallets, world }: TestNetwork): Promise<unknown> {
  await until("it has its chain", () => node.authorities());
  return world.ccoin(["propose", "remove", wallets[0]!.address, "--force", `--nodeid=${node.id}`]);
}

/** Sends the other node so many transfers that the index of their block is written after it. */
async function fillBlock(_node: TestNode, { nodes, wallets }: TestNetwork): Promise<unknown> {
  const [receiver, , wallet] = wallets as [Wallet, Wallet, Wallet];
  const transfers = await Promise.all(
    Array.from({ length: 100 }, () => wallet.transfer(receiver.address, 1n, 1n)),
  );
  const bodies = transfers.map(({ body }) => body);
  return until("the transfers are taken", () => nodes[0]!.post("/v1/transactions", bodies));
}

/** Sends the node evidence that the other authority has signed two blocks in one slot. */
async function accuse(node: TestNode, { wallets, genesisId }: TestNetwork): Promise<void> {
  const { signer } = wallets[0]!;
  const sign = (timestamp: number) => {
    const message = {
      height: 1,
      parent: zero32,
      timestamp,
      proposer: signer.publicKey,
      difficulty: 1,
      vote: noVote,
      transactionsRoot: zero32,
      stateRoot: zero32,
    };
    return signHeader(signer, message, fromHex(genesisId));
  };
  const evidence = headerEvidence(await sign(periodMs), await sign(periodMs + 1), periodMs)!;
  const rogue = await Rogue.connect(node);
  await rogue.publish("evidence", genesisId, Evidence.serialize(evidence));
  const isTaken = async () => node.process.end || (await node.authorities()).evidence.length > 0;
  await until("the evidence is taken", isTaken).finally(() => rogue.leave());
}
