/**
 * Kills one of five authorities with SIGKILL at random moments under transfers, restarts it each time, and collects
 * every header and vote of its key from gossip, from the databases of the others and from their evidence. In the last
 * third two others are down: blocks continue without finality, so that the node returns to the round in which it has
 * voted with another head. Exits with 1 if two signatures conflict, one is missing in the node's own record, or nodes
 * ban each other.
 * Usage: scripts/in-netns.sh node test/faults/kill-node.ts [--rounds 200] [--seed 1]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { noEvidence } from "../e2e/harness/finality.ts";
import { createNetwork, startAll } from "../e2e/harness/network.ts";
import { closeOnSignal, openWorld, type World } from "../e2e/harness/open-world.ts";
import { createRandom } from "../e2e/harness/random.ts";
import { scriptArgs } from "../e2e/harness/script-args.ts";
import { recordedBy, SignatureWatch, signaturesIn } from "../e2e/harness/signature-watch.ts";
import { Traffic } from "../e2e/harness/traffic.ts";
import { until } from "../e2e/harness/until.ts";
import { conflictsAmong } from "./kill-signer.ts";

const periodMs = 300;
/** The longest life after its first signature: some blocks and rounds. */
const longestLifeMs = 1_500;
/** The share of lives that end before their first signature, in the start or while the node catches up. */
const partKilledEarly = 0.2;
const partWithQuorum = 2 / 3;
const longestStartMs = 2_000;
/** Long enough for a busy machine. */
const signsWithinMs = 90_000;

export interface KillNodeResult {
  rounds: number;
  headers: number;
  votes: number;
  /** The number of lives in which others saw a signature. */
  livesThatSigned: number;
  conflicts: [string, string][];
  /** Signatures that others saw but that are not in the node's own record, which covers some hundred rounds. */
  unrecorded: string[];
  /** How often a node banned the killed one, or that one another. */
  bans: number;
}

export async function killNode(
  world: World,
  { rounds, seed, onRound }: { rounds: number; seed: number; onRound?: (round: number) => void },
): Promise<KillNodeResult> {
  const random = createRandom(seed);
  const network = await createNetwork(world, { nodes: 5, periodMs });
  const { nodes, wallets, genesisId } = network;
  const [victim, ...others] = nodes as [(typeof nodes)[0], ...typeof nodes];
  const chain = { genesisId, periodMs, publicKey: wallets[0]!.signer.publicKey };
  await startAll(network);
  const watch = await SignatureWatch.start(nodes, chain);
  world.onEnd(() => watch.stop());
  const traffic = new Traffic(network, 100);

  const signs = async (more: number) => {
    const before = watch.lines.size;
    await until(
      "the node has signed in this life",
      () => watch.lines.size >= before + more || !victim.process.running,
      { timeoutMs: signsWithinMs, everyMs: 5 },
    );
    if (!victim.process.running) throw new Error("the node ended by itself");
  };

  const down = others.slice(-2);
  let livesThatSigned = 0;
  for (let round = 1; round <= rounds; round++) {
    const before = watch.lines.size;
    if (round === Math.ceil(rounds * partWithQuorum) + 1) await Promise.all(down.map((node) => node.kill()));
    if (round > 1 && random() < partKilledEarly) {
      await sleep(random() * longestStartMs);
    } else {
      await signs(1);
      await sleep(random() * longestLifeMs);
    }
    await victim.kill();
    if (watch.lines.size > before) livesThatSigned++;
    victim.start();
    onRound?.(round);
  }

  // The last life starts from what the earlier lives have left.
  await signs(2);
  for (const node of down) node.start();
  for (const node of nodes) await node.finalizes((await victim.status()).head!.height, signsWithinMs);
  await traffic.stop();
  await noEvidence(nodes);
  await Promise.all(nodes.map((node) => node.stop()));
  await watch.stop();
  const { headers, votes } = watch.counts();
  const seen = new Set(watch.lines);
  for (const node of others) for (const line of await signaturesIn(node, chain)) seen.add(line);
  const recorded = await recordedBy(victim, chain);
  const kept = { header: lowest(recorded, "header", 1), vote: lowest(recorded, "vote", 2) };
  const isKept = (line: string) => {
    const [kind, a, b] = line.split(" ");
    return kind === "header" ? Number(a) >= kept.header : Number(b) >= kept.vote;
  };
  return {
    rounds,
    headers,
    votes,
    livesThatSigned,
    conflicts: conflictsAmong([...seen]),
    unrecorded: [...seen].filter((line) => isKept(line) && !recorded.includes(line)),
    bans: nodes.reduce((sum, node) => sum + node.timesLogged("peer banned"), 0),
  };
}

function lowest(lines: readonly string[], kind: string, field: number): number {
  const numbers = lines.filter((line) => line.startsWith(kind)).map((line) => Number(line.split(" ")[field]));
  return Math.min(...numbers);
}

if (import.meta.main) {
  const { values } = scriptArgs(import.meta.filename, {
    options: { rounds: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
  });
  const { world, close } = openWorld();
  closeOnSignal(close);
  let failed = true;
  try {
    const { rounds, headers, votes, livesThatSigned, conflicts, unrecorded, bans } = await killNode(world, {
      rounds: Number(values.rounds),
      seed: Number(values.seed),
      onRound: (round) => round % 20 === 0 && console.log(`${round} kills`),
    });
    for (const [a, b] of conflicts) console.error(`conflict:\n  ${a}\n  ${b}`);
    for (const line of unrecorded) console.error(`not recorded: ${line}`);
    console.log(
      `${rounds} kills, ${livesThatSigned} of lives that signed; ${headers} headers and ${votes} votes seen: ` +
        `${conflicts.length} conflicting, ${unrecorded.length} not recorded; ${bans} peers banned`,
    );
    failed = conflicts.length + unrecorded.length + bans > 0;
  } finally {
    await close(failed);
  }
  process.exitCode = failed ? 1 : 0;
}
