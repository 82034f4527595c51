import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork, type TestNetwork } from "../e2e/harness/network.ts";
import { type BlockAnswer, HttpError, type TestNode } from "../e2e/harness/node.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import type { Scenario } from "./scenario.ts";

const chainMs = 5_000;
/** Codes of answers that report damaged or missing data, in place of a wrong answer. */
const honestCodes = new Set(["DAMAGED", "BLOCK_NOT_FOUND"]);

/** The answers of an undamaged node. */
interface Truth {
  blocks: BlockAnswer[];
  total: bigint;
}

/**
 * Changes a file of the database while the node is down. The node must then refuse with a reason, or serve only correct
 * data.
 */
export const damagedDatabase: Scenario = {
  name: "damaged-database",
  short: 3,
  full: 500,
  async run(world, { rounds, seed, onRound }) {
    const random = createRandom(seed);
    const network = await createNetwork(world, { nodes: 1, periodMs: 100 });
    const node = network.nodes[0]!;
    const truth = await makeChain(network);
    const sound = `${node.paths.folder}-sound`;
    cpSync(node.paths.folder, sound, { recursive: true });
    world.onEnd(() => rmSync(sound, { recursive: true, force: true }));
    const seen = { refused: 0, aborted: 0, served: 0, shortened: 0 };
    for (let round = 1; round <= rounds; round++) {
      rmSync(node.paths.folder, { recursive: true });
      cpSync(sound, node.paths.folder, { recursive: true });
      const damage = damageOne(node.paths.db, random);
      try {
        seen[await tryToStart(node, network, truth)]++;
      } catch (error) {
        throw new Error(`round ${round}, ${damage}`, { cause: error });
      }
      onRound(round);
    }
    return `${rounds} damaged files: ${seen.refused} times refused, ${seen.aborted} times ended by an assertion of LevelDB, ${seen.served} times all was served right, ${seen.shortened} times a shorter chain; 0 wrong answers`;
  },
};

/** Makes a chain with transfers, certificates and several tables on disk. */
async function makeChain(network: TestNetwork): Promise<Truth> {
  const node = network.nodes[0]!;
  for (let life = 1; life <= 3; life++) {
    node.start("--no-mdns");
    await node.ready();
    const traffic = new Traffic(network, 10);
    await sleep(chainMs / 3);
    await traffic.stop();
    await node.stop();
  }
  node.start("--no-mdns", "--no-mine");
  const { head } = await node.ready();
  const blocks: BlockAnswer[] = [];
  for (let height = 0; height <= head!.height; height++) blocks.push(await node.block(height));
  await node.stop();
  return { blocks, total: network.total };
}

function damageOne(folder: string, random: () => number): string {
  const files = readdirSync(folder).filter((file) => file !== "LOCK" && !file.startsWith("LOG"));
  const name = files[Math.floor(random() * files.length)]!;
  const file = join(folder, name);
  const bytes = readFileSync(file);
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 5)) {
    case 0:
      rmSync(file);
      return `${name} deleted`;
    case 1:
      truncateSync(file, 0);
      return `${name} emptied`;
    case 2:
      truncateSync(file, at);
      return `${name} cut at byte ${at} of ${bytes.length}`;
    case 3:
      if (bytes.length > 0) bytes[at]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(file, bytes);
      return `${name}: one bit of byte ${at} of ${bytes.length}`;
    default:
      bytes.fill(0, at, Math.min(at + 512, bytes.length));
      writeFileSync(file, bytes);
      return `${name}: zeros from byte ${at} of ${bytes.length}`;
  }
}

async function tryToStart(
  node: TestNode,
  network: TestNetwork,
  truth: Truth,
): Promise<"refused" | "aborted" | "served" | "shortened"> {
  node.start("--no-mdns", "--no-mine", "--genesis", network.genesisId);
  const started = await until("the node has started or ended", async () => {
    if (node.process.end) return "ended";
    return (await node.status()) && "answers";
  });
  if (started === "ended") return refused(node);
  try {
    return await compare(node, network, truth);
  } catch (error) {
    // A node that finds the damage while it runs ends, and fetch throws a TypeError.
    if (!(error instanceof TypeError)) throw error;
    await until("the node has ended", () => node.process.end);
    return refused(node);
  } finally {
    await node.stop();
  }
}

function refused({ process }: TestNode): "refused" | "aborted" {
  const { code, signal, stderr } = process.end!;
  // classic-level cannot make LevelDB check its blocks before it reads them.
  if (signal === "SIGABRT" && /leveldb.*Assertion/.test(stderr)) return "aborted";
  const last = stderr.trimEnd().split("\n").at(-1)!;
  if (code !== 1 || !last.includes("database") || /^\s*at /m.test(stderr))
    throw new Error(`ended with ${code}: ${stderr}`);
  return "refused";
}

async function compare(node: TestNode, network: TestNetwork, truth: Truth): Promise<"served" | "shortened"> {
  const { head, genesisId } = await node.status();
  if (genesisId === null) return "shortened";
  if (genesisId !== network.genesisId) throw new Error(`the genesis is ${genesisId}`);
  const top = head!.height;
  if (top >= truth.blocks.length) throw new Error(`the head is ${top} of ${truth.blocks.length - 1}`);
  for (const expected of truth.blocks.slice(0, top + 1)) {
    const block = await honest(node.block(expected.height));
    // A truncated log may have lost the newest finality.
    if (block && JSON.stringify(essence(block)) !== JSON.stringify(essence(expected)))
      throw new Error(`block ${expected.height} is ${JSON.stringify(block)}`);
    for (const { id } of expected.transactions) await honest(node.transaction(id));
  }
  const balances = await Promise.all(
    network.wallets.map(({ address }) => honest(node.get<{ balance: string }>(`/v1/accounts/${address}`))),
  );
  const total = balances.reduce((sum, account) => sum + BigInt(account?.balance ?? 0), 0n);
  if (balances.every(Boolean) && total !== truth.total) throw new Error(`the balances add up to ${total}`);
  return top === truth.blocks.length - 1 ? "served" : "shortened";
}

function essence({ id, height, parent, stateRoot, transactions }: BlockAnswer): object {
  return { id, height, parent, stateRoot, transactions };
}

/** Resolves to the answer, or to undefined if the node says that it cannot give one. */
async function honest<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpError && error.code !== undefined && honestCodes.has(error.code))
      return undefined;
    throw error;
  }
}
